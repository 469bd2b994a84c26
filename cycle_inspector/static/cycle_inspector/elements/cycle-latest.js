import { clockTime } from "../lib/format.js";
import { build } from "./build.js";
import { cycleItem, replaceItems } from "./cycle-item.js";

/** @typedef {import("../lib/server-timing.js").Row} Row */

const PAUSE_MS = 150;

/** The latest cycles of the whole site, and a field to search them. */
export class CycleLatest extends HTMLElement {
  #asking = new AbortController();
  #timer = 0;
  /** @type {Row[]} */
  #rows = [];
  #chosen = "";
  #words = build("input", {
    type: "search",
    class: "words",
    "aria-label": "Search the latest cycles",
    placeholder: "Search: words, 404, time:>100",
    spellcheck: "false",
  });
  #list = build("ul", { class: "cycles latest", "aria-label": "Latest cycles" });
  #said = build("p", { class: "quiet", role: "status" });

  static define(tag = "cycle-latest", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#words.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.load(), PAUSE_MS);
    });
    const head = build("div", { class: "popup-head" }, build("h2", {}, "Latest cycles"));
    head.append(this.#words);
    this.append(head, this.#list, this.#said);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#asking.abort();
  }

  get base() {
    return this.getAttribute("base") ?? "";
  }

  /** @param {string} value */
  set chosen(value) {
    this.#chosen = value;
    this.#write();
  }

  async load() {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const search = encodeURIComponent(this.#words.value);
    try {
      const response = await fetch(`${this.base}cycles.json?search=${search}`, { signal });
      const answer = await response.json();
      this.#rows = answer.cycles ?? [];
      this.#said.textContent = answer.error ?? (this.#rows.length ? "" : "No cycle is like that.");
    } catch (reason) {
      if (signal.aborted) return;
      this.#rows = [];
      this.#said.textContent = "The server did not answer.";
      console.info("Cycle Inspector:", reason);
    }
    this.#write();
  }

  #write() {
    const items = this.#rows.map(({ path, started_at, status, ...row }) =>
      cycleItem(
        { ...row, address: path, how: clockTime(started_at), startTime: 0, status: status ?? undefined },
        { chosen: this.#chosen },
      ),
    );
    replaceItems(this.#list, items);
  }
}
