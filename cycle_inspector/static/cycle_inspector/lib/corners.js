/** @typedef {"top-left" | "top-right" | "bottom-left" | "bottom-right"} Corner */

/**
 * @typedef {object} Size
 * @property {number} width
 * @property {number} height
 */

/**
 * @typedef {object} Rect
 * @property {number} left
 * @property {number} top
 * @property {number} right
 * @property {number} bottom
 */

/** @type {Corner[]} in the order in which they are read */
export const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"];

/**
 * Return the corner that a value of unknown origin names, or else the usual one.
 *
 * @param {unknown} value
 * @returns {Corner}
 */
export function cornerOf(value) {
  return CORNERS.find((one) => one === value) ?? "bottom-right";
}

/**
 * Return the corner to which an arrow leads; undefined for other keys.
 *
 * @param {Corner} corner
 * @param {string} key
 * @returns {Corner | undefined}
 */
export function cornerBeside(corner, key) {
  const [vertical, horizontal] = corner.split("-");
  switch (key) {
    case "ArrowUp":
      return cornerOf(`top-${horizontal}`);
    case "ArrowDown":
      return cornerOf(`bottom-${horizontal}`);
    case "ArrowLeft":
      return cornerOf(`${vertical}-left`);
    case "ArrowRight":
      return cornerOf(`${vertical}-right`);
    default:
      return undefined;
  }
}

/**
 * Return where something of this size does not cover `taken`: at `home` if it can be, else in the
 * corner that is reached by the shortest way; undefined where every corner is taken.
 *
 * @param {Corner} home
 * @param {Size} size with the gap to the edges of the window
 * @param {Size} view
 * @param {Rect} taken
 * @returns {Corner | undefined}
 */
export function freeCorner(home, size, view, taken) {
  const [vertical, horizontal] = home.split("-");
  const above = vertical === "top" ? "bottom" : "top";
  const beside = horizontal === "left" ? "right" : "left";
  const ways = [home, `${above}-${horizontal}`, `${vertical}-${beside}`, `${above}-${beside}`];
  return ways.map(cornerOf).find((one) => !overlaps(rectAt(one, size, view), taken));
}

/**
 * @param {Corner} corner
 * @param {Size} size
 * @param {Size} view
 * @returns {Rect}
 */
function rectAt(corner, { width, height }, view) {
  const left = corner.endsWith("left") ? 0 : view.width - width;
  const top = corner.startsWith("top") ? 0 : view.height - height;
  return { left, top, right: left + width, bottom: top + height };
}

/**
 * @param {Rect} one
 * @param {Rect} other
 */
function overlaps(one, other) {
  const isBeside = one.right <= other.left || other.right <= one.left;
  const isAbove = one.bottom <= other.top || other.bottom <= one.top;
  return !isBeside && !isAbove;
}
