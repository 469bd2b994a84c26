/**
 * The part of an axis that is shown: from 0 to 1, the ends of the whole.
 *
 * @typedef {{from: number, to: number}} Range
 */

export const WHOLE = Object.freeze({ from: 0, to: 1 });

const NARROWEST = 1 / 2000;
const STEPS = [1, 2, 5];
const MOST_TICKS = 6;

/**
 * Return a range of that width as near as it can be, without leaving the axis.
 *
 * @param {number} from
 * @param {number} width
 * @returns {Range}
 */
function within(from, width) {
  const wide = Math.min(1, Math.max(NARROWEST, width));
  const start = Math.min(Math.max(0, from), 1 - wide);
  return { from: start, to: start + wide };
}

/**
 * Zoom by a factor, above 1 for inwards, around what stands at `at`: 0 is the left end of what is
 * shown, 1 the right.
 *
 * @param {Range} range
 * @param {number} factor
 * @param {number} [at]
 */
export function zoomed(range, factor, at = 0.5) {
  const width = range.to - range.from;
  const wide = Math.min(1, Math.max(NARROWEST, width / factor));
  return within(range.from + (width - wide) * at, wide);
}

/**
 * Move by a share of what is shown, to the right where it is above 0.
 *
 * @param {Range} range
 * @param {number} share
 */
export function panned(range, share) {
  const width = range.to - range.from;
  return within(range.from + width * share, width);
}

/**
 * Show what lies between two places of the whole, with some room around it.
 *
 * @param {number} from
 * @param {number} to
 */
export function around(from, to) {
  const room = (to - from) / 4;
  return within(from - room, to - from + 2 * room);
}

/**
 * Return a percentage of the whole as one of what is shown; it may lie outside.
 *
 * @param {number} percent
 * @param {Range} range
 */
export function placed(percent, range) {
  return (percent - 100 * range.from) / (range.to - range.from);
}

/**
 * Return the instants at round distances that are shown, with their labels.
 *
 * @param {number} totalMs
 * @param {Range} range
 * @returns {{percent: number, label: string}[]}
 */
export function ticks(totalMs, range) {
  const width = totalMs * (range.to - range.from);
  if (!(width > 0)) return [];
  const size = 10 ** Math.floor(Math.log10(width / MOST_TICKS));
  const step = (STEPS.find((one) => one * size >= width / MOST_TICKS) ?? 10) * size;
  const found = [];
  for (let n = Math.floor((totalMs * range.from) / step) + 1; n * step < totalMs * range.to; n++) {
    const percent = placed((100 * n * step) / totalMs, range);
    // The last label would run into the figures beside the axis.
    found.push({ percent, label: percent < 92 ? labelOf(n * step) : "" });
  }
  return found;
}

/** @param {number} ms */
export function labelOf(ms) {
  const [value, unit] = ms >= 1000 ? [ms / 1000, "s"] : ms < 1 ? [ms * 1000, "µs"] : [ms, "ms"];
  return `${Number(value.toPrecision(6))} ${unit}`;
}
