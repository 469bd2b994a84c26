/** Sends the browser's timings of a page to the cycle that made it. */

import { browserFacts, isFromCache } from "./lib/browser-facts.js";
import { watchVitals } from "./watch.js";

/** @typedef {import("./lib/browser-facts.js").Navigation} Navigation */

/**
 * Send once the page has loaded, and once more when the person leaves it.
 *
 * @param {string} address
 * @param {Navigation} navigation
 * @param {AbortSignal} signal
 */
export function sendTimings(address, navigation, signal) {
  if (isFromCache(navigation)) return;
  const vitals = watchVitals(signal);
  let sent = "";
  const send = () => {
    const body = JSON.stringify(browserFacts(navigation, vitals));
    if (body === sent) return;
    sent = body;
    navigator.sendBeacon(address, new Blob([body], { type: "application/json" }));
  };
  // The entry knows the end of `load` only after its listeners have run.
  const soon = () => setTimeout(send, 500);
  if (document.readyState === "complete") soon();
  else window.addEventListener("load", soon, { once: true, signal });
  const leave = () => {
    if (document.visibilityState !== "hidden") return;
    document.removeEventListener("visibilitychange", leave);
    send();
  };
  document.addEventListener("visibilitychange", leave, { signal });
}
