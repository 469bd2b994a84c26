import { build } from "./build.js";

const SAID_FOR_MS = 1600;

/**
 * A button that copies a text: that of its `text` attribute, the one at the address in `src`, or the
 * address in `href` in full. `label` is what it says, `about` what stands beside that.
 */
export class CycleCopy extends HTMLElement {
  /** @type {number | undefined} */
  #timer;

  static define(tag = "cycle-copy", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    const label = build("span", { "aria-live": "polite" }, this.label);
    const button = build("button", { type: "button", class: "quiet-button" }, label);
    const about = this.getAttribute("about");
    if (about) button.append(" ", build("span", { class: "menu-about" }, about));
    button.addEventListener("click", () => this.#copy(label));
    this.append(button);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  get label() {
    return this.getAttribute("label") ?? "Copy";
  }

  /** @param {HTMLElement} label */
  async #copy(label) {
    const done = await this.#text().then(
      (text) => this.write(text),
      () => false,
    );
    label.textContent = done ? "Copied" : "Failed";
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (label.textContent = this.label), SAID_FOR_MS);
  }

  async #text() {
    const source = this.getAttribute("src");
    if (source) {
      const response = await fetch(source);
      if (!response.ok) throw new Error(`${response.status} ${source}`);
      return response.text();
    }
    const address = this.getAttribute("href");
    return address ? new URL(address, location.href).href : (this.getAttribute("text") ?? "");
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
