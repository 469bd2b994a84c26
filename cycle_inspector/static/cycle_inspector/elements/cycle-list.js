import { counted, formatMs, shortAddress } from "../lib/format.js";
import { markOf, statusKind } from "../lib/line.js";
import { nextIndex } from "../lib/rail.js";
import { isFetch } from "../lib/server-timing.js";
import { build } from "./build.js";

/** @typedef {import("../lib/server-timing.js").Seen} Seen */

/**
 * The cycles of this page, with the redirects before it and the fetches after it: a button with
 * their number, and the list it opens. Choosing one sends `cycle-choose`; nothing is ever chosen by
 * itself.
 */
export class CycleList extends HTMLElement {
  /** @type {Seen[]} */
  #cycles = [];
  #chosen = "";
  #known = 0;
  #button = build("button", { type: "button", class: "quiet-button", "aria-expanded": "false" });
  #list = build("ul", { class: "cycles", hidden: "" });

  static define(tag = "cycle-list", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#button.addEventListener("click", () => this.toggle());
    this.#list.addEventListener("click", (event) => this.#choose(event));
    this.#list.addEventListener("keydown", (event) => this.#walk(event));
    this.append(this.#button, this.#list);
    this.#write();
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  /** @param {Seen[]} value in the order in which they began */
  set cycles(value) {
    this.#cycles = value;
    this.#write();
  }

  /** @param {string} value */
  set chosen(value) {
    this.#chosen = value;
    this.#write();
  }

  /** @param {boolean} open */
  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    this.#list.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#buttons.find((one) => one.value === this.#chosen)?.focus();
    else if (this.contains(/** @type {ShadowRoot} */ (this.getRootNode()).activeElement)) {
      this.#button.focus();
    }
    if (!open) this.#known = this.#cycles.length;
    this.#write();
  }

  get #buttons() {
    return [...this.#list.querySelectorAll("button")];
  }

  #write() {
    const fetches = this.#cycles.filter(isFetch).length;
    const redirects = this.#cycles.filter((one) => one.how === "redirect").length;
    const others = [
      ...(redirects ? [counted(redirects, "redirect", "redirects")] : []),
      ...(fetches ? [`${fetches} fetch`] : []),
    ];
    const isNew = fetches > 0 && this.#cycles.length > this.#known;
    this.hidden = this.#cycles.length === 0;
    this.#button.replaceChildren(
      ...(others.length
        ? [build("span", { class: "roomy" }, "This page and "), others.join(", ")]
        : ["This page"]),
      ...(isNew && !this.isOpen ? [build("span", { class: "new" }, "new")] : []),
    );
    this.#button.disabled = others.length === 0;
    const focused = /** @type {ShadowRoot} */ (this.getRootNode()).activeElement;
    const kept = focused instanceof HTMLButtonElement ? focused.value : undefined;
    const newest = fetches ? this.#cycles.at(-1)?.id : undefined;
    this.#list.replaceChildren(...this.#cycles.map((one) => this.#item(one, one.id === newest)));
    if (kept && this.isOpen) this.#buttons.find((one) => one.value === kept)?.focus();
  }

  /**
   * @param {Seen} one
   * @param {boolean} newest
   */
  #item(one, newest) {
    const status = one.status
      ? build("span", { class: statusKind(one.status) }, String(one.status))
      : build("span", { class: "status" }, "");
    const address = shortAddress(one.address, location.href);
    const mark = markOf(one.severity);
    return build(
      "li",
      {},
      build(
        "button",
        {
          type: "button",
          value: one.id,
          ...(one.id === this.#chosen ? { "aria-current": "true" } : {}),
        },
        build("span", { class: "how" }, one.how),
        status,
        build(
          "span",
          { class: "address", title: address },
          ...(mark ? [build("span", { class: `severity-${one.severity}` }, `${mark} `)] : []),
          `${one.method ?? ""} ${address}`.trim(),
        ),
        newest ? build("span", { class: "new" }, "newest") : "",
        build("span", { class: "figure" }, formatMs(one.duration_ms)),
      ),
    );
  }

  /** @param {Event} event */
  #choose(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    this.toggle(false);
    this.dispatchEvent(new CustomEvent("cycle-choose", { bubbles: true, detail: button.value }));
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const buttons = this.#buttons;
    const now = buttons.findIndex((one) => one === event.target);
    const next = nextIndex(event.key, now, buttons.length);
    if (next === undefined) return;
    event.preventDefault();
    buttons[next]?.focus();
  }
}
