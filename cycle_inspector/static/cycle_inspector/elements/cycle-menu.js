/**
 * Links and buttons behind a `<details>`: it closes by Escape, when another place is clicked and when
 * the focus leaves it, and the arrow keys walk through it.
 */
export class CycleMenu extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;

  static define(tag = "cycle-menu", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.addEventListener("keydown", (event) => this.#obey(event), { signal });
    this.addEventListener("focusout", (event) => this.#leave(event), { signal });
    document.addEventListener("pointerdown", (event) => this.#click(event), { signal });
  }

  disconnectedCallback() {
    this.#leaving?.abort();
  }

  get details() {
    return this.querySelector("details");
  }

  /** @param {{ takeFocus?: boolean }} [how] */
  close({ takeFocus = false } = {}) {
    const details = this.details;
    if (!details?.open) return;
    details.open = false;
    if (takeFocus) details.querySelector("summary")?.focus();
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    const details = this.details;
    if (!details || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && details.open) {
      // Whatever it stands in would take Escape for itself.
      event.preventDefault();
      this.close({ takeFocus: true });
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    details.open = true;
    const items = /** @type {HTMLElement[]} */ ([...details.querySelectorAll("a, button")]);
    const now = items.findIndex((one) => one === event.target);
    items.at(now < 0 && step < 0 ? -1 : (now + step) % items.length)?.focus();
  }

  /** @param {FocusEvent} event */
  #leave(event) {
    if (event.relatedTarget instanceof Node && !this.contains(event.relatedTarget)) this.close();
  }

  /** @param {PointerEvent} event */
  #click(event) {
    if (!event.composedPath().includes(this)) this.close();
  }
}
