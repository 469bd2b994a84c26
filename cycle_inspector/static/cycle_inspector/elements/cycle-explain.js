import { build } from "./build.js";

/**
 * A button that asks the server how the database runs a query; the answer stands below it, and may
 * have a button of its own.
 */
export class CycleExplain extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;

  static define(tag = "cycle-explain", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    this.addEventListener("click", (event) => this.#press(event), this.#leaving);
  }

  disconnectedCallback() {
    this.#leaving?.abort();
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button) this.#ask(button.value === "measure");
  }

  /** @param {boolean} measure */
  async #ask(measure) {
    if (this.ariaBusy === "true") return;
    this.ariaBusy = "true";
    try {
      const address = this.getAttribute("src") + (measure ? "?measure=1" : "");
      const signal = this.#leaving?.signal ?? null;
      const response = await fetch(address, { method: "POST", signal });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      const part = parsed.querySelector("[data-part], .problem");
      if (!(part instanceof HTMLElement)) throw new Error(`${response.status} ${address}`);
      this.#show(part);
    } catch (reason) {
      if (this.#leaving?.signal.aborted) return;
      this.#show(build("p", { class: "problem" }, "The server did not answer. Try it again."));
      console.info("Cycle Inspector:", reason);
    } finally {
      this.ariaBusy = null;
    }
  }

  /** @param {HTMLElement} part */
  #show(part) {
    part.tabIndex = -1;
    for (const one of [...this.children].slice(1)) one.remove();
    this.append(part);
    part.focus({ preventScroll: true });
  }
}
