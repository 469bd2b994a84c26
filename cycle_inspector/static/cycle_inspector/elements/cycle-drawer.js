import { fetchPatiently } from "../lib/patience.js";
import { recall, remember } from "../lib/memory.js";
import { build } from "./build.js";
import { CycleCopy } from "./cycle-copy.js";
import { CycleList } from "./cycle-list.js";
import { CycleReport } from "./cycle-report.js";

/** @typedef {import("../lib/server-timing.js").Seen} Seen */

const OVERVIEW = "overview";

/** The open panel: a bar with the cycle's head and the page's other cycles, and its report. */
export class CycleDrawer extends HTMLElement {
  /** Ends the fetch under way, so that two cycles are never mixed. */
  #loading = new AbortController();
  #shown = "";
  #list = /** @type {CycleList} */ (document.createElement("cycle-list"));
  #head = build("div", { class: "bar-head" });
  #main = build("div", { class: "drawer-main" });

  static define(tag = "cycle-drawer", registry = customElements) {
    CycleCopy.define();
    CycleList.define();
    CycleReport.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.className = "drawer";
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-label", "Cycle Inspector");
    const close = build(
      "button",
      { type: "button", class: "close", title: "Close (Esc)", "aria-label": "Close" },
      "×",
    );
    close.addEventListener("click", () => this.#close());
    this.addEventListener("keydown", (event) => this.#stepBack(event));
    this.addEventListener("cycle-choose", (event) => {
      this.show(/** @type {CustomEvent<string>} */ (event).detail);
    });
    this.addEventListener("click", (event) => this.#follow(event));
    this.addEventListener("cycle-view", (event) => {
      remember({ view: /** @type {CustomEvent<string>} */ (event).detail });
    });
    this.append(build("div", { class: "bar" }, this.#head, this.#list, close), this.#main);
  }

  disconnectedCallback() {
    this.#loading.abort();
  }

  get base() {
    return this.getAttribute("base") ?? "";
  }

  /** @returns {CycleReport | null} */
  get report() {
    return this.querySelector("cycle-report");
  }

  /** @param {Seen[]} value */
  set cycles(value) {
    this.#list.cycles = value;
  }

  focusRail() {
    this.report?.focusRail();
  }

  /**
   * @param {string} id
   * @param {string} [first] the view to begin with; else the one that was shown last
   */
  async show(id, first) {
    this.#list.chosen = id;
    if (id === this.#shown) return;
    this.#shown = id;
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const view = first ?? this.report?.view ?? recall().view ?? OVERVIEW;
    const hadFocus = this.#main.matches(":focus-within");
    this.#main.ariaBusy = "true";
    try {
      const response = await fetchPatiently(`${this.base}${id}/report`, { signal });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      signal.throwIfAborted();
      this.#put(parsed, view);
      if (hadFocus) this.focusRail();
    } catch (reason) {
      if (signal.aborted) return;
      this.#shown = "";
      this.#head.replaceChildren();
      this.#main.replaceChildren(build("p", { class: "problem" }, "The server did not answer."));
      console.info("Cycle Inspector:", reason);
    } finally {
      if (!signal.aborted) this.#main.ariaBusy = null;
    }
  }

  /**
   * @param {Document} parsed
   * @param {string} view
   */
  #put(parsed, view) {
    const report = parsed.querySelector("cycle-report");
    report?.setAttribute("view", view);
    this.#head.replaceChildren(...(report?.querySelectorAll(":scope > .head") ?? []));
    this.#main.replaceChildren(...parsed.body.childNodes);
  }

  /** A link to another cycle leads there in this drawer, a new tab apart. @param {MouseEvent} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a[data-cycle]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.show(link.getAttribute("data-cycle") ?? "", OVERVIEW);
  }

  /** @param {KeyboardEvent} event */
  #stepBack(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    const report = this.report;
    if (this.#list.isOpen) this.#list.toggle(false);
    else if (report && report.view !== OVERVIEW) {
      report.show(OVERVIEW);
      report.focusRail();
    } else this.#close();
  }

  #close() {
    this.dispatchEvent(new CustomEvent("cycle-close", { bubbles: true }));
  }
}
