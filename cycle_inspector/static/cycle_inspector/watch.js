/** What the browser measured anyway: nothing of the page is patched to learn it. */

import { LayoutShift } from "./lib/layout-shift.js";
import { seen } from "./lib/server-timing.js";

/** @typedef {import("./lib/server-timing.js").Seen} Seen */
/** @typedef {import("./lib/browser-facts.js").Vitals} Vitals */
/** @typedef {{value: number, hadRecentInput: boolean, sources?: {node: Node | null}[]}} Shift */

const BY_SCRIPT = ["fetch", "xmlhttprequest"];

/**
 * Tell of each request a script of the page made that the server recorded, those of the past too.
 *
 * @param {(found: Seen) => void} tell
 * @param {AbortSignal} signal
 */
export function watchRequests(tell, signal) {
  observe("resource", signal, (entry) => {
    const resource = /** @type {PerformanceResourceTiming} */ (entry);
    const found = BY_SCRIPT.includes(resource.initiatorType) ? seen(resource) : undefined;
    if (found) tell(found);
  });
}

/**
 * Return an object in which the page's vital signs appear as they become known.
 *
 * @param {AbortSignal} signal
 * @returns {Vitals}
 */
export function watchVitals(signal) {
  /** @type {Vitals} */
  const vitals = {};
  const shift = new LayoutShift();
  observe("paint", signal, (entry) => {
    if (entry.name === "first-contentful-paint") vitals.fcp = entry.startTime;
  });
  observe("largest-contentful-paint", signal, (entry) => {
    // What stands in a shadow root has no name here; our own line does not count.
    if (!(/** @type {{element?: Element}} */ (/** @type {unknown} */ (entry)).element)) return;
    vitals.lcp = entry.startTime;
    vitals.cls ??= 0;
  });
  observe("layout-shift", signal, (entry) => {
    const { value, hadRecentInput, sources } = /** @type {Shift} */ (
      /** @type {unknown} */ (entry)
    );
    if (hadRecentInput || sources?.every(({ node }) => !node)) return;
    shift.add(entry.startTime, value);
    vitals.cls = shift.worst;
  });
  observe("event", signal, (entry) => {
    const { interactionId } = /** @type {{interactionId?: number}} */ (
      /** @type {unknown} */ (entry)
    );
    if (interactionId) vitals.inp = Math.max(vitals.inp ?? 0, entry.duration);
  });
  return vitals;
}

/**
 * @param {string} type
 * @param {AbortSignal} signal
 * @param {(entry: PerformanceEntry) => void} tell
 */
function observe(type, signal, tell) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(tell));
  observer.observe({ type, buffered: true });
  signal.addEventListener("abort", () => observer.disconnect());
}
