import { WHOLE, around, labelOf, panned, placed, ticks, zoomed } from "../lib/zoom.js";
import { build, draw } from "./build.js";

/** @typedef {import("../lib/zoom.js").Range} Range */

/** The attributes that say where something stands from left to right, by the name of its tag. */
const PLACES = /** @type {Record<string, string[]>} */ ({
  rect: ["x"],
  line: ["x1", "x2"],
  circle: ["cx"],
});

const STEP = 1.5; // of one turn of the wheel, one press of a key
const MOVE = 0.2; // of what is shown, by one press of a key

/**
 * The timeline, a table that the server wrote, to zoom and to pan by wheel, drag, touch and keys;
 * stages are switched on and off by the legend, and what took less than a threshold is left out.
 * Its `total-ms` attribute is the length of the axis.
 */
export class CycleTimeline extends HTMLElement {
  /** @type {AbortController | undefined} */
  #leaving;
  /** @type {Range} */
  #range = WHOLE;
  /** What stands somewhere, with the percentages it was written with. */
  #placed = /** @type {[Element, [string, number][]][]} */ ([]);
  #fingers = /** @type {Map<number, number>} */ (new Map());
  #reset = build("button", { type: "button", class: "quiet-button" }, "Whole cycle");
  #reading = build("output", { class: "timeline-reading quiet" });

  static define(tag = "cycle-timeline", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    const table = this.querySelector("table");
    if (!table || !(this.#totalMs > 0)) return;
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    if (this.#placed.length === 0) {
      this.#takePlaces();
      this.prepend(this.#tools());
    }
    const axis = /** @type {HTMLElement | null} */ (table.tHead?.querySelector(".timeline-bar"));
    if (axis) {
      axis.tabIndex = 0;
      axis.setAttribute("role", "group");
      axis.setAttribute("aria-label", "Axis: plus and minus zoom, arrows move, 0 shows all");
      axis.addEventListener("keydown", (event) => this.#press(event), { signal });
    }
    table.addEventListener("wheel", (event) => this.#turn(event), { signal, passive: false });
    table.addEventListener("dblclick", (event) => this.#aim(event), { signal });
    table.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    table.addEventListener("pointermove", (event) => this.#move(event), { signal });
    table.addEventListener("pointerleave", () => (this.#reading.value = ""), { signal });
    for (const ended of ["pointerup", "pointercancel", "lostpointercapture"]) {
      table.addEventListener(ended, (event) => this.#letGo(event), { signal });
    }
    this.#reset.addEventListener("click", () => this.#show(WHOLE), { signal });
  }

  disconnectedCallback() {
    this.#leaving?.abort();
  }

  get #totalMs() {
    return Number(this.getAttribute("total-ms"));
  }

  get #rows() {
    return /** @type {HTMLTableRowElement[]} */ ([...this.querySelectorAll("tbody tr")]);
  }

  #takePlaces() {
    for (const one of this.querySelectorAll(".timeline-bar svg *")) {
      const names = PLACES[one.tagName] ?? [];
      const wide = one.hasAttribute("width") ? ["width"] : [];
      const values = [...names, ...wide].map((name) => {
        const percent = parseFloat(one.getAttribute(name) ?? "0");
        return /** @type {[string, number]} */ ([name, percent]);
      });
      if (values.length > 0 && !one.matches(".axis *, .rule")) this.#placed.push([one, values]);
    }
  }

  #tools() {
    const stages = new Set(this.#rows.map((row) => row.dataset["stage"] ?? ""));
    const isDrawn = (/** @type {HTMLElement} */ row) => row.querySelector(".bars > :not(.rule)");
    const drawn = [...stages].filter((stage) =>
      this.#rows.some((row) => row.dataset["stage"] === stage && isDrawn(row)),
    );
    const threshold = build("input", { type: "number", min: "0", step: "any", placeholder: "0" });
    threshold.addEventListener("input", () => this.#sift(threshold.valueAsNumber || 0));
    const closer = this.#zoomer("+", "Zoom in", STEP * STEP);
    const further = this.#zoomer("−", "Zoom out", 1 / (STEP * STEP));
    const switches = drawn.map((stage) => this.#switch(stage));
    const legend = { class: "timeline-legend", role: "group", "aria-label": "Stages shown" };
    this.#reset.disabled = true;
    return build(
      "div",
      { class: "timeline-tools" },
      build("div", legend, ...switches),
      build("label", { class: "timeline-threshold" }, "Hide under ", threshold, " ms"),
      build("span", { class: "timeline-zoom" }, this.#reading, further, closer, this.#reset),
    );
  }

  /**
   * @param {string} sign
   * @param {string} label
   * @param {number} factor
   */
  #zoomer(sign, label, factor) {
    const look = { type: "button", class: "quiet-button", "aria-label": label };
    const button = build("button", look, sign);
    button.addEventListener("click", () => this.#show(zoomed(this.#range, factor)));
    return button;
  }

  /** @param {string} stage */
  #switch(stage) {
    const square = draw("rect", { class: "work", width: "10", height: "10", rx: "2" });
    const swatch = draw("svg", { class: "swatch", "aria-hidden": "true" }, square);
    const look = { class: `timeline-switch stage-${stage}`, "aria-pressed": "true" };
    const button = build("button", { type: "button", ...look }, swatch, stage);
    button.addEventListener("click", () => {
      const isShown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isShown));
      for (const row of this.#rows) {
        if (row.dataset["stage"] === stage) row.classList.toggle("switched-off", !isShown);
      }
    });
    return button;
  }

  /** Leave out the rows inside of stages that took less. @param {number} leastMs */
  #sift(leastMs) {
    for (const row of this.#rows) {
      const ms = row.dataset["ms"];
      row.classList.toggle("too-short", ms !== undefined && Number(ms) < leastMs);
    }
  }

  /** @param {Range} range */
  #show(range) {
    this.#range = range;
    this.#reset.disabled = range.from <= 0 && range.to >= 1;
    const scale = range.to - range.from;
    for (const [one, values] of this.#placed) {
      for (const [name, percent] of values) {
        const value = name === "width" ? percent / scale : placed(percent, range);
        one.setAttribute(name, `${value.toFixed(3)}%`);
      }
    }
    const marks = ticks(this.#totalMs, range);
    for (const svg of this.querySelectorAll(".bars")) {
      for (const rule of svg.querySelectorAll(".rule")) rule.remove();
      svg.prepend(...marks.map((one) => ruleAt(one.percent, "rule")));
    }
    const start = draw("text", { x: "0", dx: "3", y: "11" });
    start.textContent = range.from > 0 ? "" : "0";
    const labels = marks.flatMap((one) => {
      const text = draw("text", { x: `${one.percent}%`, dx: "3", y: "11" });
      text.textContent = one.label;
      return [ruleAt(one.percent, undefined), text];
    });
    this.querySelector(".axis")?.replaceChildren(start, ...labels);
    this.classList.toggle("is-zoomed", !this.#reset.disabled);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = {
      "+": () => zoomed(this.#range, STEP),
      "=": () => zoomed(this.#range, STEP),
      "-": () => zoomed(this.#range, 1 / STEP),
      ArrowLeft: () => panned(this.#range, -MOVE),
      ArrowRight: () => panned(this.#range, MOVE),
      0: () => WHOLE,
    }[event.key];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.#show(next());
  }

  /** Where a pointer stands over what is shown, from 0 to 1. @param {number} clientX */
  #at(clientX) {
    const box = this.querySelector(".axis")?.getBoundingClientRect();
    return box && box.width > 0 ? (clientX - box.left) / box.width : 0;
  }

  /**
   * A page is scrolled by the wheel alone, so zooming needs Ctrl, as on maps.
   *
   * @param {WheelEvent} event
   */
  #turn(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#show(zoomed(this.#range, event.deltaY < 0 ? STEP : 1 / STEP, this.#at(event.clientX)));
  }

  /** @param {MouseEvent} event */
  #aim(event) {
    const found = this.#placed.find(([one]) => one === event.target);
    if (!found) return;
    const values = Object.fromEntries(found[1]);
    const start = values["x"] ?? values["x1"] ?? 0;
    const end = values["x2"] ?? start + (values["width"] ?? 0);
    this.#show(around(start / 100, end / 100));
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    const place = event.target instanceof Element ? event.target.closest(".timeline-bar") : null;
    if (!place || event.button !== 0) return;
    if (event.pointerType !== "touch" && this.#reset.disabled) return;
    this.#fingers.set(event.pointerId, event.clientX);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#at(event.clientX);
    const { from, to } = this.#range;
    const ms = this.#totalMs * (from + at * (to - from));
    this.#reading.value = at >= 0 && at <= 1 ? labelOf(Number(ms.toPrecision(3))) : "";
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const [other] = [...this.#fingers].filter(([id]) => id !== event.pointerId);
    this.#fingers.set(event.pointerId, event.clientX);
    if (other) {
      const apart = Math.abs(before - other[1]);
      const now = Math.abs(event.clientX - other[1]);
      const middle = this.#at((event.clientX + other[1]) / 2);
      if (apart > 0 && now > 0) this.#show(zoomed(this.#range, now / apart, middle));
    } else if (!this.#reset.disabled) {
      this.#show(panned(this.#range, this.#at(before) - at));
    }
  }

  /** @param {Event} event */
  #letGo(event) {
    if (event instanceof PointerEvent) this.#fingers.delete(event.pointerId);
  }
}

/**
 * @param {number} percent
 * @param {string | undefined} kind
 */
function ruleAt(percent, kind) {
  const at = `${percent.toFixed(3)}%`;
  return draw("line", { class: kind, x1: at, x2: at, y1: "0", y2: "100%" });
}
