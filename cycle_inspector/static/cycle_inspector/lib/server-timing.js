/**
 * @typedef {object} Timed an entry of the browser's performance timeline, as far as it is used
 * @property {string} name
 * @property {string} [initiatorType]
 * @property {number} startTime
 * @property {number} duration
 * @property {number} [responseStatus]
 * @property {readonly {name: string, description: string}[]} [serverTiming]
 */

/**
 * @typedef {object} Seen a request of the page that the server recorded
 * @property {string} id
 * @property {string} address
 * @property {string} how "page", "redirect", "fetch" and so on
 * @property {number} startTime
 * @property {number} duration_ms
 * @property {number | undefined} status
 * @property {string} [method] where it is known
 * @property {string | null} [severity] of its worst finding, where it is known
 */

/**
 * @typedef {object} Row a cycle as `/__cycle__/cycles.json` lists it
 * @property {string} id
 * @property {string} started_at
 * @property {string} method
 * @property {string} path
 * @property {number | null} status
 * @property {number} duration_ms
 * @property {number} query_count
 * @property {string | null} severity of its worst finding
 */

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @type {Record<string, string>} */
const WORDS = { navigation: "page", xmlhttprequest: "xhr", iframe: "frame", img: "image" };

/**
 * Return the id of the cycle behind an entry; undefined where the browser hides it.
 *
 * @param {Timed | undefined} entry
 */
export function cycleId(entry) {
  const found = entry?.serverTiming?.find((one) => one.name === "cycle")?.description;
  return found && ID.test(found) ? found : undefined;
}

/**
 * Tell what the page asked for from what brought the person there.
 *
 * @param {Seen} one
 */
export function isFetch({ how }) {
  return how !== "page" && how !== "redirect";
}

/**
 * @param {Timed} entry
 * @returns {Seen | undefined}
 */
export function seen(entry) {
  const id = cycleId(entry);
  if (!id) return undefined;
  const how = entry.initiatorType ?? "";
  return {
    id,
    address: entry.name,
    how: WORDS[how] ?? how,
    startTime: entry.startTime,
    duration_ms: entry.duration,
    status: entry.responseStatus || undefined,
  };
}

/**
 * Return what the browser saw with what the server knows of it.
 *
 * @param {Seen} one
 * @param {Row | undefined} row
 * @returns {Seen}
 */
export function withRow(one, row) {
  if (!row) return one;
  return { ...one, method: row.method, severity: row.severity, status: row.status ?? one.status };
}
