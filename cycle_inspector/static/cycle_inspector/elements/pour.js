const ROWS = 50;

/**
 * Put a parsed document into an element. Of a long table the first rows come at once, and the
 * others bit by bit, so that the browser can answer the person in between.
 *
 * @param {Document} parsed
 * @param {Element} place
 * @param {AbortSignal | undefined} signal
 */
export function pour(parsed, place, signal) {
  const waiting = [...parsed.querySelectorAll("tbody")].map((body) => {
    const rows = [...body.rows].slice(ROWS);
    for (const row of rows) row.remove();
    return { body, rows };
  });
  place.replaceChildren(...parsed.body.childNodes);
  const next = () => {
    const table = waiting.find(({ rows }) => rows.length);
    if (!table || signal?.aborted) return;
    table.body.append(...table.rows.splice(0, ROWS));
    inNextFrame(next);
  };
  inNextFrame(next);
}

/** What is done in a frame is drawn before the next. @param {() => void} task */
function inNextFrame(task) {
  requestAnimationFrame(() => setTimeout(task));
}
