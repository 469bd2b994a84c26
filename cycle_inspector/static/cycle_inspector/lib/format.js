/**
 * Return milliseconds as a person reads them, as the server's templates do: three digits at most.
 *
 * @param {number} value
 */
export function formatMs(value) {
  if (value >= 999.5) return value < 99995 ? `${(value / 1000).toFixed(2)} s` : `${(value / 1000).toFixed(0)} s`;
  if (value >= 99.95) return `${value.toFixed(0)} ms`;
  if (value >= 9.995) return `${value.toFixed(1)} ms`;
  if (value >= 0.01) return `${value.toFixed(2)} ms`;
  return value > 0 ? "<0.01 ms" : "0 ms";
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export function counted(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * Return the part of an address that tells it from others on the same site.
 *
 * @param {string} address
 * @param {string} [own] the address of the page
 */
export function shortAddress(address, own = address) {
  try {
    const url = new URL(address);
    const path = url.pathname + url.search;
    return url.origin === new URL(own).origin ? path : url.host + path;
  } catch {
    return address;
  }
}

/**
 * Return the time of day of an instant, where the person is.
 *
 * @param {string} instant in ISO 8601
 */
export function clockTime(instant) {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((one) => String(one).padStart(2, "0"))
    .join(":");
}
