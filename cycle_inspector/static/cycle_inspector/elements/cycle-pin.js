import { build } from "./build.js";

const SAID_FOR_MS = 1600;

/**
 * A button that pins a cycle, so that the history keeps it, or lets it go. The server is asked at
 * the address in `src`; `pinned` says how it stands.
 */
export class CyclePin extends HTMLElement {
  #button = build("button", {
    type: "button",
    class: "quiet-button",
    title: "A pinned cycle stays when older ones are removed",
  });
  /** @type {number | undefined} */
  #timer;

  static define(tag = "cycle-pin", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#button.addEventListener("click", () => this.#toggle());
    this.append(this.#button);
    this.#write();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  get pinned() {
    return this.hasAttribute("pinned");
  }

  async #toggle() {
    if (this.ariaBusy === "true") return;
    this.ariaBusy = "true";
    try {
      const address = `${this.getAttribute("src")}?on=${this.pinned ? 0 : 1}`;
      const response = await fetch(address, { method: "POST" });
      if (!response.ok) throw new Error(`${response.status} ${address}`);
      this.toggleAttribute("pinned", (await response.json()).pinned);
      this.#write();
    } catch (reason) {
      this.#button.textContent = "Failed";
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#write(), SAID_FOR_MS);
      console.info("Cycle Inspector:", reason);
    } finally {
      this.ariaBusy = null;
    }
  }

  #write() {
    // The name stays the same: that it is pressed is what a screen reader says of it.
    this.#button.textContent = "Pin";
    this.#button.setAttribute("aria-pressed", String(this.pinned));
  }
}
