import { CORNERS } from "../lib/corners.js";
import { nextIndex } from "../lib/rail.js";
import { build, draw } from "./build.js";

/** @typedef {import("../lib/corners.js").Corner} Corner */

/**
 * The menu of the closed line: in which corner it stands, how small it is, whether it is there.
 * Sends `cycle-corner`, `cycle-small` and `cycle-hide`, and changes nothing by itself.
 */
export class CyclePlace extends HTMLElement {
  #button = build(
    "button",
    {
      type: "button",
      class: "more",
      title: "Place and size",
      "aria-label": "Place and size of this line",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    },
    "⋮",
  );
  #corners = CORNERS.map((one) => cornerItem(one));
  #small = item("menuitemcheckbox", "small", "Only the time", "M");
  #menu = build(
    "div",
    { class: "place-menu", role: "menu", "aria-label": "Place and size", hidden: "" },
    build("div", { class: "corners", role: "group", "aria-label": "Corner" }, ...this.#corners),
    this.#small,
    item("menuitem", "hide", "Hide", "Ctrl Shift `"),
  );

  static define(tag = "cycle-place", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#button.addEventListener("click", () => this.toggle());
    this.#menu.addEventListener("click", (event) => this.#choose(event));
    this.addEventListener("keydown", (event) => this.#obey(event));
    this.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.contains(relatedTarget))) this.toggle(false);
    });
    this.append(this.#button, this.#menu);
  }

  /** @param {Corner} value */
  set corner(value) {
    for (const one of this.#corners) one.ariaChecked = String(one.value === value);
  }

  /** @param {boolean} value */
  set isSmall(value) {
    this.#small.ariaChecked = String(value);
  }

  get #items() {
    return [...this.#menu.querySelectorAll("button")];
  }

  /** @param {boolean} open */
  toggle(open = this.#menu.hidden) {
    if (open !== this.#menu.hidden) return;
    this.#menu.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#items.find((one) => one.ariaChecked === "true")?.focus();
  }

  #close() {
    this.#button.focus();
    this.toggle(false);
  }

  /** @param {Event} event */
  #choose(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    // The corners stay in reach, to try one after the other.
    const isCorner = button.role === "menuitemradio";
    if (!isCorner) this.#close();
    const [type, detail] = isCorner ? ["corner", button.value] : [button.value, undefined];
    this.dispatchEvent(new CustomEvent(`cycle-${type}`, { bubbles: true, detail }));
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    if (this.#menu.hidden) return;
    event.stopPropagation(); // the arrows move the line where no menu is open
    const items = this.#items;
    const now = items.findIndex((one) => one === event.target);
    const next = nextIndex(event.key, now, items.length);
    if (event.key === "Escape") this.#close();
    else if (next === undefined) return;
    else items[next]?.focus();
    event.preventDefault();
  }
}

/** @param {Corner} corner */
function cornerItem(corner) {
  const name = corner.replace("-", " ");
  const mark = draw("rect", {
    x: corner.endsWith("left") ? "2" : "11",
    y: corner.startsWith("top") ? "2" : "10",
    width: "9",
    height: "4",
  });
  const button = item("menuitemradio", corner, "");
  button.title = button.ariaLabel = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  button.replaceChildren(draw("svg", { viewBox: "0 0 22 16", "aria-hidden": "true" }, mark));
  return button;
}

/**
 * @param {string} role
 * @param {string} value
 * @param {string} words
 * @param {string} [keys]
 */
function item(role, value, words, keys) {
  const shown = keys ? [words, build("kbd", { "aria-hidden": "true" }, keys)] : [words];
  return build("button", { type: "button", role, value, tabindex: "-1" }, ...shown);
}
