/** Sends what the browser knows of a page to the cycle that made it: its timings and fetches. */

import { browserFacts, isFromCache, pauseMs } from "./lib/browser-facts.js";
import { watchVitals } from "./watch.js";

/** @typedef {import("./lib/browser-facts.js").Navigation} Navigation */

// As many as the server takes in one go.
const MOST_FETCHED = 100;

/**
 * Send once the page has loaded, once more when the person leaves it, and after fetches in between.
 *
 * @param {string} address
 * @param {Navigation} navigation
 * @param {AbortSignal} signal
 * @returns {(id: string) => void} tells of a request that a script of the page has made
 */
export function sendTimings(address, navigation, signal) {
  if (isFromCache(navigation)) return () => {};
  const vitals = watchVitals(signal);
  /** @type {Set<string>} */
  const untold = new Set();
  let sent = "";
  let count = 0;
  let timer = 0;
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    const facts = browserFacts(navigation, vitals);
    const fetched = [...untold].slice(0, MOST_FETCHED);
    const timings = JSON.stringify(facts);
    if (timings === sent && !fetched.length) return;
    const body = JSON.stringify({ ...facts, fetched });
    if (!navigator.sendBeacon(address, new Blob([body], { type: "application/json" }))) return;
    sent = timings;
    count += 1;
    for (const id of fetched) untold.delete(id);
    if (untold.size) sendSoon();
  };
  const sendSoon = () => {
    if (count > 0 && !timer) timer = window.setTimeout(send, pauseMs(count));
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
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (id) => {
    untold.add(id);
    sendSoon();
  };
}
