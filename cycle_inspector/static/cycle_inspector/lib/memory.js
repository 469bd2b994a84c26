const KEY = "cycle-inspector";

/**
 * @typedef {object} Remembered
 * @property {boolean} [open]
 * @property {string} [view]
 * @property {string} [corner] of the closed line
 * @property {boolean} [small] whether that shows only its time
 * @property {boolean} [away] whether it was hidden
 * @property {boolean} [follow] whether each new cycle of a page is shown
 * @property {string} [dock] of the drawer
 * @property {number} [height] of the drawer at the bottom, in hundredths of the window
 * @property {number} [width] of the drawer at the right
 */

/**
 * Return what was remembered for this site; nothing where the storage is closed to us.
 *
 * @param {() => Storage} [storage]
 * @returns {Remembered}
 */
export function recall(storage = () => localStorage) {
  try {
    const found = JSON.parse(storage().getItem(KEY) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/**
 * @param {Remembered} change
 * @param {() => Storage} [storage]
 */
export function remember(change, storage = () => localStorage) {
  try {
    storage().setItem(KEY, JSON.stringify({ ...recall(storage), ...change }));
  } catch {
    // Storage may be forbidden or full; the panel works without.
  }
}
