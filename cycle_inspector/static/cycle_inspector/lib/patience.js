const DELAYS_MS = [100, 200, 400, 800, 1600];

/**
 * Fetch what may not be written yet: the history is filled after the response has left.
 *
 * @param {string} address
 * @param {{signal?: AbortSignal, fetch?: typeof globalThis.fetch, delays?: number[]}} [given]
 * @returns {Promise<Response>}
 */
export async function fetchPatiently(address, given = {}) {
  const { signal = null, fetch = globalThis.fetch, delays = DELAYS_MS } = given;
  for (const delay of delays) {
    const response = await fetch(address, { signal });
    if (response.status !== 404) return response;
    await new Promise((resolve) => setTimeout(resolve, delay));
    signal?.throwIfAborted();
  }
  return fetch(address, { signal });
}
