import { build } from "./build.js";

const PAUSE_MS = 150; // after the last key

/**
 * Searches the cycle of the report that it stands in: what is found takes the place of the views.
 * Its `src` attribute is the address that answers `?q=`.
 */
export class CycleSearch extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;
  /** @type {AbortController | undefined} */
  #asking;
  /** @type {number | undefined} */
  #timer;
  #input = build("input", {
    type: "search",
    placeholder: "Search this cycle: words, sql:, table:, time:>10, file:, stage:",
    "aria-label": "Search this cycle",
    "aria-keyshortcuts": "/",
    autocomplete: "off",
    spellcheck: "false",
  });
  #found = build("div", {
    class: "found-list",
    role: "region",
    "aria-label": "What was found",
    "aria-live": "polite",
  });

  static define(tag = "cycle-search", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.replaceChildren(this.#input, this.#found);
    this.#input.addEventListener("input", () => this.#wait(), { signal });
    this.#input.addEventListener("keydown", (event) => this.#press(event), { signal });
    this.#found.addEventListener("click", (event) => this.#leave(event), { signal });
    const root = this.getRootNode();
    const heard = root === document ? document : this.closest("cycle-report");
    heard?.addEventListener("keydown", (event) => this.#call(event), { signal });
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#leaving?.abort();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#input.value = "";
    this.#show();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#ask(), PAUSE_MS);
  }

  async #ask() {
    const asked = this.#input.value.trim();
    this.#asking?.abort();
    if (!asked) {
      this.#show();
      return;
    }
    const { signal } = (this.#asking = new AbortController());
    try {
      const address = `${this.getAttribute("src")}?q=${encodeURIComponent(asked)}`;
      const response = await fetch(address, { signal });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      this.#show(...parsed.body.childNodes);
    } catch (reason) {
      if (signal.aborted) return;
      this.#show(build("p", { class: "problem" }, "The server did not answer. Try it again."));
      console.info("Cycle Inspector:", reason);
    }
  }

  /** @param {...Node} nodes */
  #show(...nodes) {
    this.#found.replaceChildren(...nodes);
    this.parentElement?.classList.toggle("is-searching", nodes.length > 0);
  }

  /**
   * Escape leaves the search first, and then whatever it stands in.
   *
   * @param {KeyboardEvent} event
   */
  #press(event) {
    if (event.key !== "Escape" || !this.#input.value) return;
    event.preventDefault();
    event.stopPropagation();
    this.clear();
  }

  /** A link leads to the view of what was found. @param {Event} event */
  #leave(event) {
    if (event.target instanceof Element && event.target.closest('a[href^="#"]')) this.clear();
  }

  /** @param {Event} event */
  #call(event) {
    if (!(event instanceof KeyboardEvent) || event.key !== "/") return;
    const [target] = event.composedPath();
    const isWriting = target instanceof HTMLElement && target.matches("input, textarea, select");
    if (isWriting || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#input.focus();
  }
}
