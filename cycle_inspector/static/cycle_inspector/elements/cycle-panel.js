import { sendTimings } from "../beacon.js";
import { focusedElement, watchFocus } from "../focus.js";
import { recall, remember } from "../lib/memory.js";
import { fetchPatiently } from "../lib/patience.js";
import { cycleId, isFetch } from "../lib/server-timing.js";
import { watchRequests } from "../watch.js";
import { CycleLine } from "./cycle-line.js";

/** @typedef {import("../lib/line.js").Summary} Summary */
/** @typedef {import("../lib/server-timing.js").Seen} Seen */
/** @typedef {import("./cycle-drawer.js").CycleDrawer} Drawer */

/** What a report looks like: the same as in the template sheets.html, in the same order. */
const SHEETS = [
  ...["report.css", "actions.css", "overview.css", "timeline.css", "controls.css"],
  ...["loop.css", "stages.css"],
  ...["onion.css", "exception.css", "routing.css", "queries.css", "events.css"],
];

/**
 * The panel in a page: finds out which cycle made it, shows the closed line and opens the drawer.
 * Its `base` attribute is the address below which the server answers, with a slash at the end.
 */
export class CyclePanel extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;
  /** @type {Map<string, Seen>} */
  #cycles = new Map();
  /** @type {Drawer | undefined} */
  #drawer;
  /** @type {Promise<Drawer> | undefined} */
  #opening;
  #hasFailed = false;
  #hasFinding = false;
  #isAway = recall().away === true;
  #own = "";
  /** What had the focus before the drawer took it. @type {HTMLElement | undefined} */
  #before;
  #line = /** @type {CycleLine} */ (document.createElement("cycle-line"));
  #root = this.attachShadow({ mode: "open" });

  static define(tag = "cycle-panel", registry = customElements) {
    CycleLine.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.#leaving) return; // moved, by a script that rebuilds the page
    this.#leaving = new AbortController();
    this.start(this.#leaving.signal).catch((reason) => {
      if (!this.#leaving?.signal.aborted) console.info("Cycle Inspector:", reason);
    });
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) this.#leaving?.abort();
    });
  }

  get base() {
    return this.getAttribute("base") ?? "/__cycle__/";
  }

  get isOpen() {
    return this.#drawer !== undefined && !this.#drawer.hidden;
  }

  /** @param {AbortSignal} signal */
  async start(signal) {
    const [navigation] = performance.getEntriesByType("navigation");
    const entry = /** @type {PerformanceNavigationTiming | undefined} */ (navigation);
    const known = cycleId(entry);
    const id = known ?? (await this.#askForId(signal));
    if (!id) return;
    const response = await fetchPatiently(`${this.base}${id}/summary.json`, { signal });
    if (!response.ok) throw new Error((await response.json()).error);
    /** @type {Summary} */
    const summary = await response.json();
    await this.#adopt(["tokens.css", "panel.css"], signal);
    this.#own = id;
    this.#hasFailed = summary.finding?.severity === "error";
    this.#hasFinding = summary.finding !== null;
    for (const { path, ...one } of summary.redirects) {
      const address = new URL(path, location.href).href;
      this.#cycles.set(one.id, { ...one, address, how: "redirect", startTime: 0 });
    }
    this.#cycles.set(id, {
      id,
      address: location.href,
      how: "page",
      method: summary.method ?? "",
      startTime: 0,
      duration_ms: summary.duration_ms,
      status: summary.status ?? undefined,
    });
    this.#line.summary = summary;
    this.#line.addEventListener("click", (event) => this.#openByLine(event), { signal });
    this.#line.addEventListener("cycle-hide", () => this.toggleLine(), { signal });
    this.#showLine();
    this.#root.append(this.#line);
    watchFocus(this, (focused) => this.#line.stepAside(focused), signal);
    window.addEventListener("keydown", (event) => this.#obey(event), { signal });
    this.#keepKeys(signal);
    // Without Server-Timing the id is a guess, too weak to write to that cycle.
    const tell =
      known && entry ? sendTimings(`${this.base}${id}/browser`, entry, signal) : () => {};
    watchRequests((found) => {
      tell(found.id);
      this.#add(found);
    }, signal);
    if (recall().open) await this.open({ takeFocus: false });
  }

  async open({ takeFocus = true } = {}) {
    const signal = this.#leaving?.signal;
    if (!signal || !this.#own) return;
    if (document.activeElement !== this) this.#before = focusedElement();
    const drawer = await this.#drawerOrNone(signal);
    if (!drawer) return;
    drawer.hidden = false;
    if (takeFocus) drawer.focusRail(); // at once: its keys work while the report is on its way
    this.#showLine();
    this.#tell();
    remember({ open: true });
    // What is wrong comes first, whatever was looked at last. In a drawer that stayed open from
    // page to page only a failure is worth it.
    const isWrong = takeFocus ? this.#hasFinding : this.#hasFailed;
    await drawer.show(this.#own, isWrong ? "overview" : undefined);
    if (takeFocus) drawer.focusRail();
  }

  close() {
    if (!this.#drawer) return;
    const hadFocus = this.#root.activeElement !== null;
    this.#drawer.hidden = true;
    this.#showLine();
    if (hadFocus) this.#giveFocusBack();
    remember({ open: false });
  }

  /** Hide the closed line on this site until a key brings it back. */
  toggleLine(away = !this.#isAway) {
    this.#isAway = away;
    remember({ away });
    this.#showLine();
  }

  #showLine() {
    this.#line.hidden = this.isOpen || this.#isAway;
    this.#line.expanded = this.isOpen;
  }

  #giveFocusBack() {
    const before = this.#before;
    if (before?.isConnected) before.focus();
    else this.#line.focus();
  }

  /** @param {MouseEvent} event */
  #openByLine(event) {
    if (event.target instanceof Element && event.target.closest(".line")) this.open();
  }

  /** @param {AbortSignal} signal */
  async #drawerOrNone(signal) {
    try {
      return await (this.#opening ??= this.#makeDrawer(signal));
    } catch (reason) {
      this.#opening = undefined; // a server that is away for a moment is asked again
      if (!signal.aborted) console.info("Cycle Inspector:", reason);
      return undefined;
    }
  }

  /** @param {AbortSignal} signal */
  async #makeDrawer(signal) {
    const [{ CycleDrawer }] = await Promise.all([
      import("./cycle-drawer.js"),
      this.#adopt(["drawer.css", "cycles.css", "keys.css", ...SHEETS], signal),
    ]);
    CycleDrawer.define();
    const drawer = /** @type {Drawer} */ (document.createElement("cycle-drawer"));
    drawer.setAttribute("base", this.base);
    drawer.addEventListener("cycle-close", () => this.close(), { signal });
    this.#root.append(drawer);
    this.#drawer = drawer;
    return drawer;
  }

  /** @param {AbortSignal} signal */
  async #askForId(signal) {
    const path = encodeURIComponent(location.pathname);
    const response = await fetchPatiently(`${this.base}latest.json?path=${path}`, { signal });
    return response.ok ? /** @type {string} */ ((await response.json()).id) : undefined;
  }

  /** @param {Seen} found */
  #add(found) {
    if (found.id === this.#own) return;
    this.#cycles.set(found.id, found);
    this.#tell();
  }

  #tell() {
    const cycles = [...this.#cycles.values()];
    this.#line.fetchCount = cycles.filter(isFetch).length;
    if (this.#drawer) this.#drawer.cycles = cycles;
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    // Ctrl and the key left of 1: no browser uses it and no layout types a letter with it.
    const others = event.altKey || event.metaKey;
    if (event.code !== "Backquote" || !event.ctrlKey || others || event.defaultPrevented) return;
    event.preventDefault();
    if (event.shiftKey) this.toggleLine();
    else if (this.isOpen) this.close();
    else this.open();
  }

  /**
   * What is typed in the panel is not meant for the page, whose shortcuts cannot see into what.
   *
   * @param {AbortSignal} signal
   */
  #keepKeys(signal) {
    this.addEventListener("keydown", (event) => this.#obey(event), { signal });
    for (const type of ["keydown", "keypress", "keyup"]) {
      this.addEventListener(type, (event) => event.stopPropagation(), { signal });
    }
  }

  /**
   * Styles come as constructed sheets, which a policy against inline styles lets pass.
   *
   * @param {string[]} names
   * @param {AbortSignal} signal
   */
  async #adopt(names, signal) {
    const sheets = await Promise.all(
      names.map(async (name) => {
        const response = await fetch(new URL(name, this.base), { signal });
        return new CSSStyleSheet().replace(await response.text());
      }),
    );
    this.#root.adoptedStyleSheets.push(...sheets);
  }
}
