import { lineParts, stripPieces } from "../lib/line.js";
import { build, draw } from "./build.js";

/** @typedef {import("../lib/line.js").Summary} Summary */

/** The closed panel: a cycle in one line, which is a button. */
export class CycleLine extends HTMLElement {
  /** @type {Summary | undefined} */
  #summary;
  #fetchCount = 0;
  #button = build("button", { type: "button", class: "line", "aria-expanded": "false" });

  static define(tag = "cycle-line", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    this.#button.title = "Show the cycle of this page (Ctrl + `)";
    this.#button.setAttribute("aria-keyshortcuts", "Control+`");
    this.append(this.#button);
  }

  /** @override */
  focus() {
    this.#button.focus();
  }

  /** @param {boolean} value */
  set expanded(value) {
    this.#button.setAttribute("aria-expanded", String(value));
    this.hidden = value;
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

  #write() {
    if (!this.#summary) return;
    const parts = lineParts(this.#summary, this.#fetchCount);
    const strip = draw("svg", { class: "strip", "aria-hidden": "true", focusable: "false" });
    for (const { stage, x, width } of stripPieces(this.#summary)) {
      strip.append(draw("rect", { class: `stage-${stage}`, x, width, y: "0", height: "100%" }));
    }
    this.#button.replaceChildren(
      strip,
      ...parts.map(({ kind, text }) => build("span", { class: kind }, text)),
    );
  }
}
