const GAP_MS = 1000;
const WINDOW_MS = 5000;

/**
 * Adds up layout shifts as CLS does: the worst window of at most five seconds, without a pause of
 * one second.
 */
export class LayoutShift {
  #first = 0;
  #last = 0;
  #sum = 0;
  worst = 0;

  /**
   * @param {number} at
   * @param {number} value
   */
  add(at, value) {
    const continues = this.#sum > 0 && at - this.#last < GAP_MS && at - this.#first < WINDOW_MS;
    if (!continues) {
      this.#first = at;
      this.#sum = 0;
    }
    this.#last = at;
    this.#sum += value;
    this.worst = Math.max(this.worst, this.#sum);
  }
}
