import { build } from "./build.js";

const SAID_FOR_MS = 1600;

/** A button that copies the text in its `text` attribute. */
export class CycleCopy extends HTMLElement {
  /** @type {number | undefined} */
  #timer;

  static define(tag = "cycle-copy", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    const button = build("button", { type: "button", class: "quiet-button" }, "Copy");
    button.addEventListener("click", () => this.#copy(button));
    this.append(button);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  /** @param {HTMLButtonElement} button */
  async #copy(button) {
    button.textContent = (await this.write(this.getAttribute("text") ?? "")) ? "Copied" : "Failed";
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (button.textContent = "Copy"), SAID_FOR_MS);
  }

  /**
   * The clipboard's own interface is only there in a secure context.
   *
   * @param {string} text
   */
  async write(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = build("textarea", { readonly: "", class: "unseen" });
      area.value = text;
      this.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }
}
