/** @typedef {"bottom" | "right"} Dock */

/** Sizes are hundredths of the window. */
export const LEAST = 25;
export const MOST = 94;

/** @type {Record<Dock, number>} */
const USUAL = { bottom: 66, right: 50 };
const STEP = 2;
const BIG_STEP = 10;
/** A window that is narrower has no room for a page beside the panel. */
const NARROW_PX = 720;

/**
 * Return where the drawer stands, from a value of unknown origin.
 *
 * @param {unknown} value
 * @param {number} viewWidth
 * @returns {Dock}
 */
export function dockOf(value, viewWidth) {
  return value === "right" && viewWidth >= NARROW_PX ? "right" : "bottom";
}

/**
 * Return how large the drawer is, from a value of unknown origin.
 *
 * @param {unknown} value
 * @param {Dock} dock
 */
export function sizeOf(value, dock) {
  if (typeof value !== "number" || !Number.isFinite(value)) return USUAL[dock];
  return Math.min(Math.max(Math.round(value), LEAST), MOST);
}

/**
 * Return the size at which the edge of the drawer is below the pointer.
 *
 * @param {Dock} dock
 * @param {{x: number, y: number}} pointer
 * @param {{width: number, height: number}} view
 */
export function sizeAt(dock, { x, y }, { width, height }) {
  return sizeOf(dock === "right" ? 100 * (1 - x / width) : 100 * (1 - y / height), dock);
}

/**
 * Return the size to which a key leads; undefined for other keys. The arrows move the edge, Home
 * and End lead to the ends, Enter to the largest size and from there to the usual one.
 *
 * @param {Dock} dock
 * @param {number} size
 * @param {{key: string, shiftKey: boolean}} event
 */
export function sizeBy(dock, size, { key, shiftKey }) {
  const step = shiftKey ? BIG_STEP : STEP;
  switch (key) {
    case dock === "right" ? "ArrowLeft" : "ArrowUp":
      return sizeOf(size + step, dock);
    case dock === "right" ? "ArrowRight" : "ArrowDown":
      return sizeOf(size - step, dock);
    case "Home":
      return LEAST;
    case "End":
      return MOST;
    case "Enter":
      return size === MOST ? USUAL[dock] : MOST;
    default:
      return undefined;
  }
}
