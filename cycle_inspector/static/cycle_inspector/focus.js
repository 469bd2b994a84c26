/** Where the focus of the page is, so that nothing of ours covers it or loses it. */

const TEXT = "input, textarea, select, [contenteditable]";

/**
 * @typedef {object} Focused
 * @property {DOMRect} rect
 * @property {boolean} isText whether one writes into it
 */

/**
 * Return what has the focus, in whatever shadow root; undefined where nothing has.
 *
 * @returns {HTMLElement | undefined}
 */
export function focusedElement() {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  const isNothing = !found || found === document.body || found === document.documentElement;
  return isNothing ? undefined : /** @type {HTMLElement} */ (found);
}

/**
 * Tell, in the next frame, where the control with the focus stands whenever that may have changed.
 * Nothing is told while the focus is within `own`.
 *
 * @param {Element} own
 * @param {(focused: Focused | undefined) => void} tell
 * @param {AbortSignal} signal
 */
export function watchFocus(own, tell, signal) {
  let frame = 0;
  const look = () => {
    frame = 0;
    if (signal.aborted || document.activeElement === own) return;
    const found = focusedElement();
    tell(found && { rect: found.getBoundingClientRect(), isText: found.matches(TEXT) });
  };
  const soon = () => {
    frame ||= requestAnimationFrame(look);
  };
  const options = { capture: true, passive: true, signal };
  for (const type of ["focusin", "focusout"]) document.addEventListener(type, soon, options);
  for (const type of ["scroll", "resize"]) window.addEventListener(type, soon, options);
  soon();
}
