/**
 * Return where a key leads on a list of `count` places; undefined for other keys.
 *
 * @param {string} key
 * @param {number} index
 * @param {number} count
 * @returns {number | undefined}
 */
export function nextIndex(key, index, count) {
  if (count === 0) return undefined;
  switch (key) {
    case "ArrowDown":
    case "ArrowRight":
      return (index + 1) % count;
    case "ArrowUp":
    case "ArrowLeft":
      return (index - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
