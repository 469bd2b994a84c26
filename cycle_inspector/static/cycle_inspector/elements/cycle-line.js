import { cornerBeside, cornerOf, freeCorner } from "../lib/corners.js";
import { lineParts, smallParts, stripPieces } from "../lib/line.js";
import { recall, remember } from "../lib/memory.js";
import { build, draw } from "./build.js";
import { CyclePlace } from "./cycle-place.js";

/** @typedef {import("../focus.js").Focused} Focused */
/** @typedef {import("../lib/line.js").Summary} Summary */

/**
 * The closed panel: a cycle in one line, which is a button, and the menu of its place. Its corner
 * and whether it is small are remembered.
 */
export class CycleLine extends HTMLElement {
  /** @type {Summary | undefined} */
  #summary;
  #fetchCount = 0;
  #corner = cornerOf(recall().corner);
  #isSmall = recall().small === true;
  #button = build("button", { type: "button", class: "line", "aria-expanded": "false" });
  #strip = draw("svg", { class: "strip", "aria-hidden": "true", focusable: "false" });
  #menu = /** @type {CyclePlace} */ (document.createElement("cycle-place"));

  static define(tag = "cycle-line", registry = customElements) {
    CyclePlace.define();
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    this.#button.setAttribute("aria-keyshortcuts", "Control+`");
    this.addEventListener("keydown", (event) => this.#obey(event));
    this.addEventListener("cycle-corner", (event) => {
      this.#move(/** @type {CustomEvent<string>} */ (event).detail);
    });
    this.addEventListener("cycle-small", () => this.#shrink());
    this.append(this.#strip, this.#button, this.#menu);
    this.#place(this.#corner);
    this.#menu.corner = this.#corner;
  }

  /** @override */
  focus() {
    this.#button.focus();
  }

  /** @param {boolean} value */
  set expanded(value) {
    this.#button.setAttribute("aria-expanded", String(value));
  }

  /** @param {Summary} value */
  set summary(value) {
    this.#summary = value;
    this.#write();
  }

  /** @param {number} value */
  set fetchCount(value) {
    this.#fetchCount = value;
    this.#write();
  }

  /**
   * Go where the control of the page with the focus is not covered. Where there is no such corner,
   * let see through what is written into it.
   *
   * @param {Focused | undefined} focused
   */
  stepAside(focused) {
    // A line that runs away from the mouse could not be clicked.
    if (this.hidden || this.matches(":hover")) return;
    const { width, height } = this.getBoundingClientRect();
    const gap = 16;
    const size = { width: width + gap, height: height + gap };
    const view = { width: innerWidth, height: innerHeight };
    const free = focused ? freeCorner(this.#corner, size, view, focused.rect) : this.#corner;
    this.#place(free ?? this.#corner);
    this.classList.toggle("faint", !free && focused?.isText === true);
  }

  /** @param {string} corner */
  #move(corner) {
    this.#corner = cornerOf(corner);
    this.#menu.corner = this.#corner;
    this.#place(this.#corner);
    remember({ corner: this.#corner });
  }

  /** @param {import("../lib/corners.js").Corner} corner */
  #place(corner) {
    this.dataset["corner"] = corner;
  }

  #shrink() {
    this.#isSmall = !this.#isSmall;
    remember({ small: this.#isSmall });
    this.#write();
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const corner = cornerBeside(this.#corner, event.key);
    if (corner) this.#move(corner);
    else if (event.key.toLowerCase() === "m") this.#shrink();
    else return;
    event.preventDefault();
  }

  #write() {
    if (!this.#summary) return;
    const all = lineParts(this.#summary, this.#fetchCount);
    const words = all.map(({ text }) => text).join(" ");
    const shown = this.#isSmall ? smallParts(this.#summary) : all;
    this.className = this.#isSmall ? `small severity-${this.#summary.finding?.severity}` : "";
    this.#menu.isSmall = this.#isSmall;
    const hint = "Show the cycle of this page (Ctrl + `)";
    this.#button.title = this.#isSmall ? `${words}\n${hint}` : hint;
    this.#button.replaceChildren(
      ...shown.map(({ kind, text }) => build("span", { class: kind }, text)),
    );
    this.#strip.replaceChildren(
      ...stripPieces(this.#summary).map(({ stage, x, width }) =>
        draw("rect", { class: `stage-${stage}`, x, width, y: "0", height: "100%" }),
      ),
    );
  }
}
