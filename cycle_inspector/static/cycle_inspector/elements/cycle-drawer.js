import { dockOf, sizeOf } from "../lib/dock.js";
import { fetchPatiently } from "../lib/patience.js";
import { recall, remember } from "../lib/memory.js";
import { build, draw } from "./build.js";
import { CycleCopy } from "./cycle-copy.js";
import { CycleEdge } from "./cycle-edge.js";
import { CycleKeys } from "./cycle-keys.js";
import { CycleList } from "./cycle-list.js";
import { CycleReport } from "./cycle-report.js";

/** @typedef {import("../lib/server-timing.js").Seen} Seen */

const OVERVIEW = "overview";
const WRITTEN_INTO = "input, textarea, select, [contenteditable]";

/** The open panel: a bar with the cycle's head and the page's other cycles, and its report. */
export class CycleDrawer extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;
  /** Ends the fetch under way, so that two cycles are never mixed. */
  #loading = new AbortController();
  #shown = "";
  #kept = recall();
  #edge = /** @type {CycleEdge} */ (document.createElement("cycle-edge"));
  #keys = /** @type {CycleKeys} */ (document.createElement("cycle-keys"));
  #list = /** @type {CycleList} */ (document.createElement("cycle-list"));
  #head = build("div", { class: "bar-head" });
  #main = build("div", { class: "drawer-main" });
  #turn = button("bar-button turn", "", "");
  #close = button("bar-button close", "Close", "Close (Esc)", "×");

  static define(tag = "cycle-drawer", registry = customElements) {
    CycleCopy.define();
    CycleEdge.define();
    CycleKeys.define();
    CycleList.define();
    CycleReport.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.#leaving) return;
    this.#leaving = new AbortController();
    this.className = "drawer";
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-label", "Cycle Inspector");
    const help = button("bar-button help", "Keys", "Keys (?)", "?");
    help.addEventListener("click", () => this.#keys.open());
    this.#close.addEventListener("click", () => this.#tellToClose());
    this.#turn.addEventListener("click", () => {
      this.#keep({ dock: this.#dock === "right" ? "bottom" : "right" });
    });
    this.addEventListener("keydown", (event) => this.#obey(event));
    this.addEventListener("cycle-choose", (event) => {
      this.show(/** @type {CustomEvent<string>} */ (event).detail);
    });
    this.addEventListener("click", (event) => this.#follow(event));
    this.addEventListener("cycle-view", (event) => {
      remember({ view: /** @type {CustomEvent<string>} */ (event).detail });
    });
    this.addEventListener("cycle-size", (event) => {
      const size = /** @type {CustomEvent<number>} */ (event).detail;
      this.#keep(this.#dock === "right" ? { width: size } : { height: size });
    });
    window.addEventListener("resize", () => this.#lay(), { signal: this.#leaving.signal });
    const bar = build("div", { class: "bar" }, this.#head, this.#list, this.#turn, help);
    bar.append(this.#close);
    this.#list.setAttribute("base", this.base);
    this.append(this.#edge, bar, this.#main, this.#keys);
    this.#lay();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected) return; // moved with the panel
      this.#leaving?.abort();
      this.#loading.abort();
    });
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
    if (this.report) this.report.focusRail();
    else this.#close.focus();
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
    const hadFocus = this.matches(":focus-within");
    this.#main.ariaBusy = "true";
    try {
      const response = await fetchPatiently(`${this.base}${id}/report`, { signal });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      signal.throwIfAborted();
      this.#put(parsed, view);
    } catch (reason) {
      if (signal.aborted) return;
      this.#shown = "";
      this.#head.replaceChildren();
      this.#main.replaceChildren(build("p", { class: "problem" }, "The server did not answer."));
      console.info("Cycle Inspector:", reason);
    } finally {
      if (!signal.aborted) this.#main.ariaBusy = null;
    }
    // What had the focus may have made room for what is shown now.
    if (hadFocus && !this.matches(":focus-within")) this.focusRail();
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

  get #dock() {
    return dockOf(this.#kept.dock, innerWidth);
  }

  /** @param {import("../lib/memory.js").Remembered} change */
  #keep(change) {
    this.#kept = { ...this.#kept, ...change };
    remember(change);
    this.#lay();
  }

  /** Stand where and as large as was chosen, as far as the window has room. */
  #lay() {
    const dock = this.#dock;
    const size = sizeOf(dock === "right" ? this.#kept.width : this.#kept.height, dock);
    this.dataset["dock"] = dock;
    this.style.setProperty("--size", String(size));
    this.#edge.dock = dock;
    this.#edge.size = size;
    const words = dock === "right" ? "Dock at the bottom" : "Dock at the right";
    this.#turn.title = this.#turn.ariaLabel = words;
    const [x, y, width, height] =
      dock === "right" ? ["2", "10", "14", "4"] : ["11", "2", "5", "12"];
    this.#turn.replaceChildren(
      draw(
        "svg",
        { viewBox: "0 0 18 16", "aria-hidden": "true" },
        draw("rect", { class: "page", x: "1.5", y: "1.5", width: "15", height: "13", rx: "2" }),
        draw("rect", { class: "dock", x, y, width, height }),
      ),
    );
  }

  /** A link to another cycle leads there in this drawer, a new tab apart. @param {MouseEvent} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a[data-cycle]") : null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.show(link.getAttribute("data-cycle") ?? "", OVERVIEW);
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    const isWriting = event.target instanceof Element && event.target.matches(WRITTEN_INTO);
    if (event.key === "Escape") this.#stepBack();
    else if (event.key === "?" && !isWriting) this.#keys.open();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #stepBack() {
    const report = this.report;
    if (this.#keys.isOpen) this.#keys.close();
    else if (this.#list.isOpen) this.#list.toggle(false);
    else if (report && report.view !== OVERVIEW) {
      report.show(OVERVIEW);
      report.focusRail();
    } else this.#tellToClose();
  }

  #tellToClose() {
    this.dispatchEvent(new CustomEvent("cycle-close", { bubbles: true }));
  }
}

/**
 * @param {string} kind
 * @param {string} name
 * @param {string} title
 * @param {...string} words
 */
function button(kind, name, title, ...words) {
  return build("button", { type: "button", class: kind, title, "aria-label": name }, ...words);
}
