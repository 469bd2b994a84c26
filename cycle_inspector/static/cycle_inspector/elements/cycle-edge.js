import { LEAST, MOST, sizeAt, sizeBy } from "../lib/dock.js";

/** @typedef {import("../lib/dock.js").Dock} Dock */

/**
 * The edge of the drawer, by which it is made larger and smaller. Sends `cycle-size` while it is
 * moved, by pointer, by double click and by keyboard, and moves nothing by itself.
 */
export class CycleEdge extends HTMLElement {
  /** @type {Dock} */
  #dock = "bottom";
  #size = MOST;

  static define(tag = "cycle-edge", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.role) return;
    this.role = "separator";
    this.tabIndex = 0;
    this.ariaLabel = "Size of the panel";
    this.title = "Drag it, or use the arrow keys";
    this.ariaValueMin = String(LEAST);
    this.ariaValueMax = String(MOST);
    this.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.setPointerCapture(event.pointerId);
    });
    this.addEventListener("pointermove", (event) => {
      if (!this.hasPointerCapture(event.pointerId)) return;
      this.#tell(sizeAt(this.#dock, event, { width: innerWidth, height: innerHeight }));
    });
    this.addEventListener("dblclick", () => this.#obey({ key: "Enter", shiftKey: false }));
    this.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.#obey(event)) event.preventDefault();
    });
  }

  /** @param {Dock} value */
  set dock(value) {
    this.#dock = value;
    this.ariaOrientation = value === "right" ? "vertical" : "horizontal";
  }

  /** @param {number} value */
  set size(value) {
    this.#size = value;
    this.ariaValueNow = String(value);
    this.ariaValueText = `${value} % of the window`;
  }

  /** @param {{key: string, shiftKey: boolean}} event */
  #obey(event) {
    const size = sizeBy(this.#dock, this.#size, event);
    if (size !== undefined) this.#tell(size);
    return size !== undefined;
  }

  /** @param {number} size */
  #tell(size) {
    if (size === this.#size) return;
    this.dispatchEvent(new CustomEvent("cycle-size", { bubbles: true, detail: size }));
  }
}
