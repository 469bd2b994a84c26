import { build } from "./build.js";

/**
 * Something in short, with a link to a page that shows all of it: the link brings the part of that
 * page that matters into this place. Without this script it leads to the page.
 */
export class CycleMore extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;

  static define(tag = "cycle-more", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    this.addEventListener("click", (event) => this.#follow(event), this.#leaving);
  }

  disconnectedCallback() {
    this.#leaving?.abort();
  }

  /** @param {MouseEvent} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
    if (!link || isElsewhere) return;
    event.preventDefault();
    this.#load(link);
  }

  /** @param {HTMLAnchorElement} link */
  async #load(link) {
    if (this.ariaBusy === "true") return;
    this.ariaBusy = "true";
    this.querySelector(".problem")?.remove();
    try {
      const response = await fetch(link.href, { signal: this.#leaving?.signal ?? null });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      const part = parsed.querySelector("[data-part]");
      if (!(part instanceof HTMLElement)) throw new Error(`${response.status} ${link.href}`);
      part.tabIndex = -1;
      this.replaceChildren(part);
      part.focus({ preventScroll: true });
    } catch (reason) {
      if (this.#leaving?.signal.aborted) return;
      link.after(build("p", { class: "problem" }, "The server did not answer. Try it again."));
      console.info("Cycle Inspector:", reason);
    } finally {
      this.ariaBusy = null;
    }
  }
}
