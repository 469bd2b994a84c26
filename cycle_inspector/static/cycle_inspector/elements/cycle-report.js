import { nextIndex } from "../lib/rail.js";
import { build } from "./build.js";
import { CycleExplain } from "./cycle-explain.js";
import { CycleMenu } from "./cycle-menu.js";
import { CycleMore } from "./cycle-more.js";
import { CyclePin } from "./cycle-pin.js";
import { CycleSearch } from "./cycle-search.js";
import { CycleTimeline } from "./cycle-timeline.js";
import { pour } from "./pour.js";

const OVERVIEW = "overview";

/**
 * A report of a cycle as the server wrote it: the rail becomes a list of tabs, of which one is
 * shown. Stages that are still empty are fetched when they are first shown. Without this script a
 * report is one long page with links to its sections.
 */
export class CycleReport extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;
  #view = "";

  static define(tag = "cycle-report", registry = customElements) {
    CycleExplain.define();
    CycleMenu.define();
    CycleMore.define();
    CyclePin.define();
    CycleSearch.define();
    CycleTimeline.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.addEventListener("click", (event) => this.#follow(event), { signal });
    this.rail?.addEventListener("keydown", (event) => this.#walk(event), { signal });
    this.addEventListener("beforematch", (event) => this.#uncover(event), { signal });
    if (this.#isPage) window.addEventListener("hashchange", () => this.#obeyHash(), { signal });
    this.#dress();
    const wanted = this.#isPage ? location.hash.slice(1) : this.getAttribute("view");
    this.show(wanted && this.#section(wanted) ? wanted : OVERVIEW);
  }

  disconnectedCallback() {
    this.#leaving?.abort();
  }

  get rail() {
    return /** @type {HTMLElement | null} */ (this.querySelector(".rail"));
  }

  get tabs() {
    return /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".rail [data-view]")]);
  }

  get view() {
    return this.#view;
  }

  /** A stand-alone page has the address bar to itself; inside other pages it is theirs. */
  get #isPage() {
    return this.getRootNode() === document;
  }

  focusRail() {
    this.tabs.find((tab) => tab.dataset["view"] === this.#view)?.focus();
  }

  /** @param {string} view */
  show(view) {
    const section = this.#section(view);
    if (!section || view === this.#view) return;
    this.#view = view;
    for (const tab of this.tabs) {
      const chosen = tab.dataset["view"] === view;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) this.#reveal(tab);
    }
    for (const one of this.#sections) {
      if (one === section) one.removeAttribute("hidden");
      else one.setAttribute("hidden", one.dataset["src"] ? "" : "until-found");
    }
    const scroller = section.parentElement;
    if (scroller) scroller.scrollTop = 0;
    this.#fill(section);
    this.dispatchEvent(
      new CustomEvent("cycle-view", { bubbles: true, composed: true, detail: view }),
    );
  }

  /** @param {HTMLElement} section */
  async #fill(section) {
    const source = section.dataset["src"];
    if (!source || section.ariaBusy === "true") return;
    section.ariaBusy = "true";
    try {
      const response = await fetch(source, { signal: this.#leaving?.signal ?? null });
      const text = await response.text();
      const parsed = new DOMParser().parseFromString(text, "text/html");
      pour(parsed, section, this.#leaving?.signal);
      if (response.ok) delete section.dataset["src"];
    } catch (reason) {
      if (this.#leaving?.signal.aborted) return;
      section.replaceChildren(
        build("p", { class: "problem" }, "The server did not answer. Choose this stage again."),
      );
      console.info("Cycle Inspector:", reason);
    } finally {
      section.ariaBusy = null;
    }
  }

  get #sections() {
    return /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".views > [data-view]")]);
  }

  /** @param {string} view */
  #section(view) {
    return this.#sections.find((one) => one.dataset["view"] === view);
  }

  #dress() {
    this.rail?.setAttribute("role", "tablist");
    this.rail?.setAttribute("aria-orientation", "vertical");
    for (const tab of this.tabs) {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", tab.dataset["view"] ?? "");
    }
    for (const section of this.#sections) {
      section.setAttribute("role", "tabpanel");
      section.removeAttribute("aria-label");
      section.setAttribute("aria-labelledby", `tab-${section.dataset["view"]}`);
      section.tabIndex = -1;
    }
  }

  /** @param {Event} event */
  #follow(event) {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const view = link?.getAttribute("href")?.slice(1);
    if (!link || !view || !this.#section(view)) return;
    event.preventDefault();
    this.show(view);
    if (this.#isPage) history.replaceState(history.state, "", `#${view}`);
    if (!link.closest(".rail")) this.focusRail();
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const tabs = this.tabs;
    const now = tabs.findIndex((tab) => tab.dataset["view"] === this.#view);
    if (event.key === " ") {
      event.preventDefault();
      return;
    }
    const next = nextIndex(event.key, now, tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    tabs[next]?.click();
    tabs[next]?.focus();
  }

  /** Find-in-page found something in a section that is not shown. @param {Event} event */
  #uncover(event) {
    const section = event.target instanceof HTMLElement ? event.target.closest(".view") : null;
    if (section instanceof HTMLElement) this.show(section.dataset["view"] ?? OVERVIEW);
  }

  #obeyHash() {
    this.show(location.hash.slice(1) || OVERVIEW);
  }

  /** On a narrow screen the rail scrolls sideways. @param {HTMLElement} tab */
  #reveal(tab) {
    const rail = this.rail;
    if (!rail || rail.scrollWidth <= rail.clientWidth) return;
    rail.scrollLeft = tab.offsetLeft - rail.offsetLeft - (rail.clientWidth - tab.offsetWidth) / 2;
  }
}
