/**
 * @typedef {object} Navigation the navigation entry, as far as it is used (milliseconds)
 * @property {number} responseStart
 * @property {number} responseEnd
 * @property {number} domInteractive
 * @property {number} domContentLoadedEventEnd
 * @property {number} loadEventEnd
 * @property {number} domainLookupStart
 * @property {number} domainLookupEnd
 * @property {number} connectStart
 * @property {number} connectEnd
 * @property {number} transferSize
 * @property {number} decodedBodySize
 * @property {string} type
 */

/**
 * @typedef {object} Vitals what observers saw so far (milliseconds)
 * @property {number} [fcp]
 * @property {number} [lcp]
 * @property {number} [cls]
 * @property {number} [inp]
 */

/**
 * Return the facts of the browser stage. Zero is how the browser says "not yet" or "not told".
 *
 * @param {Navigation} navigation
 * @param {Vitals} vitals
 */
export function browserFacts(navigation, vitals) {
  /** @type {Record<string, number | string>} */
  const facts = {};
  const instants = {
    first_byte_ns: navigation.responseStart,
    response_end_ns: navigation.responseEnd,
    dom_interactive_ns: navigation.domInteractive,
    dom_content_loaded_ns: navigation.domContentLoadedEventEnd,
    load_ns: navigation.loadEventEnd,
    dns_ns: navigation.domainLookupEnd - navigation.domainLookupStart,
    connect_ns: navigation.connectEnd - navigation.connectStart,
    fcp_ns: vitals.fcp,
    lcp_ns: vitals.lcp,
    inp_ns: vitals.inp,
  };
  for (const [name, value] of Object.entries(instants)) {
    if (value !== undefined && value > 0) facts[name] = Math.round(value * 1e6);
  }
  if (navigation.transferSize > 0) facts["transfer_bytes"] = navigation.transferSize;
  if (navigation.decodedBodySize > 0) facts["decoded_bytes"] = navigation.decodedBodySize;
  if (vitals.cls !== undefined) facts["cls"] = Math.round(vitals.cls * 1e4) / 1e4;
  facts["navigation_type"] = navigation.type;
  return facts;
}

/**
 * Return how long to wait before the next fetches are told: soon at first, and ever more seldom, as
 * a page may go on fetching for hours.
 *
 * @param {number} count how often they were told before
 */
export function pauseMs(count) {
  return Math.min(500 * 2 ** count, 60_000);
}

/**
 * A page from the browser's cache carries the id of the cycle that once made it.
 *
 * @param {Navigation} navigation
 */
export function isFromCache(navigation) {
  return navigation.transferSize === 0 && navigation.decodedBodySize > 0;
}
