import { counted } from "../lib/format.js";
import { recall, remember } from "../lib/memory.js";
import { isFetch, withRow } from "../lib/server-timing.js";
import { build } from "./build.js";
import { buttonsOf, cycleItem, replaceItems, walkItems } from "./cycle-item.js";
import { CycleLatest } from "./cycle-latest.js";

/** @typedef {import("../lib/server-timing.js").Row} Row */
/** @typedef {import("../lib/server-timing.js").Seen} Seen */

/**
 * The cycles of this page, with the redirects before it and the fetches after it, and the latest
 * of the site: a button with their number, and what it opens. Choosing one sends `cycle-choose`;
 * nothing is ever chosen by itself, unless the person has asked to follow.
 */
export class CycleList extends HTMLElement {
  /** @type {Seen[]} */
  #cycles = [];
  /** What the server knows of them. @type {Map<string, Row>} */
  #rows = new Map();
  #chosen = "";
  #known = 0;
  #button = build("button", { type: "button", class: "quiet-button", "aria-expanded": "false" });
  #follow = build("input", { type: "checkbox" });
  #list = build("ul", { class: "cycles", "aria-label": "Cycles of this page" });
  #latest = /** @type {CycleLatest} */ (document.createElement("cycle-latest"));
  #popup = build(
    "div",
    { class: "cycle-popup", hidden: "" },
    build(
      "div",
      { class: "popup-head" },
      build("h2", {}, "This page"),
      build("label", { class: "follow" }, this.#follow, "Follow: show each new one"),
    ),
    this.#list,
    this.#latest,
  );

  static define(tag = "cycle-list", registry = customElements) {
    CycleLatest.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#latest.setAttribute("base", this.base);
    this.#follow.checked = recall().follow === true;
    this.#follow.addEventListener("change", () => remember({ follow: this.#follow.checked }));
    this.#button.addEventListener("click", () => this.toggle());
    this.#popup.addEventListener("click", (event) => this.#choose(event));
    this.#popup.addEventListener("keydown", (event) => walkItems(this.#popup, event));
    this.append(this.#button, this.#popup);
    this.#write();
  }

  get base() {
    return this.getAttribute("base") ?? "";
  }

  get isOpen() {
    return !this.#popup.hidden;
  }

  /** @param {Seen[]} value in the order in which they began */
  set cycles(value) {
    const newest = value.at(-1);
    const isMore = this.#cycles.length > 0 && value.length > this.#cycles.length;
    this.#cycles = value;
    this.#write();
    if (isMore && newest && this.#follow.checked && this.checkVisibility()) this.#tell(newest.id);
  }

  /** @param {string} value */
  set chosen(value) {
    this.#chosen = value;
    this.#latest.chosen = value;
    this.#write();
  }

  /** @param {boolean} open */
  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    const hadFocus = this.#popup.matches(":focus-within");
    this.#popup.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) {
      this.#latest.load();
      this.#learn();
      const buttons = buttonsOf(this.#list);
      (buttons.find((one) => one.value === this.#chosen) ?? buttons[0])?.focus();
    } else if (hadFocus) this.#button.focus();
    if (!open) this.#known = this.#cycles.length;
    this.#write();
  }

  /** Ask the server for what the browser does not tell of a request: its method, and findings. */
  async #learn() {
    const ids = this.#cycles.map(({ id }) => id).filter((id) => !this.#rows.has(id));
    if (!ids.length) return;
    try {
      const response = await fetch(`${this.base}cycles.json?ids=${ids.slice(-200).join()}`);
      /** @type {Row[]} */
      const rows = (await response.json()).cycles ?? [];
      for (const row of rows) this.#rows.set(row.id, row);
      this.#write();
    } catch (reason) {
      console.info("Cycle Inspector:", reason);
    }
  }

  #write() {
    const fetches = this.#cycles.filter(isFetch).length;
    const redirects = this.#cycles.filter((one) => one.how === "redirect").length;
    const others = [
      ...(redirects ? [counted(redirects, "redirect", "redirects")] : []),
      ...(fetches ? [`${fetches} fetch`] : []),
    ];
    const isNew = fetches > 0 && this.#cycles.length > this.#known;
    const isOfPage = this.#cycles.some(({ id }) => id === this.#chosen);
    const words = isOfPage || !this.#chosen ? "This page" : "Another page";
    this.#button.replaceChildren(
      ...(others.length
        ? [build("span", { class: "roomy" }, `${words} and `), others.join(", ")]
        : [words]),
      ...(isNew && !this.isOpen ? [build("span", { class: "new" }, "new")] : []),
      build("span", { class: "opens", "aria-hidden": "true" }, "▾"),
    );
    const marks = { chosen: this.#chosen, newest: fetches ? this.#cycles.at(-1)?.id : undefined };
    const items = this.#cycles.map((one) => cycleItem(withRow(one, this.#rows.get(one.id)), marks));
    replaceItems(this.#list, items);
  }

  /** @param {Event} event */
  #choose(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    this.toggle(false);
    this.#tell(button.value);
  }

  /** @param {string} id */
  #tell(id) {
    this.dispatchEvent(new CustomEvent("cycle-choose", { bubbles: true, detail: id }));
  }
}
