import { build } from "./build.js";

/** What the keys do, in the order in which a person meets them. */
const KEYS = [
  ["Ctrl `", "open the panel, or close it"],
  ["Ctrl Shift `", "hide the closed line, or bring it back"],
  ["↑ ↓ Home End", "walk the stages, or a list"],
  ["Tab", "go from the stages to what is shown, and on"],
  ["/", "search the cycle"],
  ["Esc", "step back: list, stage, overview, page"],
  ["↑ ↓ ← → on the edge", "make the panel larger or smaller; with Shift faster"],
  ["Enter on the edge", "make it as large as it can be, and usual again"],
  ["↑ ↓ ← → on the line", "move the closed line to another corner"],
  ["M on the line", "show only the time, or all"],
  ["?", "show these keys"],
];

/** The list of the keys, over everything else until it is closed. */
export class CycleKeys extends HTMLElement {
  #dialog = build("dialog", { class: "keys", "aria-label": "Keys" });

  static define(tag = "cycle-keys", registry = customElements) {
    if (!registry.get(tag)) registry.define(tag, this);
  }

  connectedCallback() {
    if (this.firstElementChild) return;
    const close = build("button", { type: "button", class: "quiet-button" }, "Close");
    close.addEventListener("click", () => this.close());
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) this.close(); // beside what it shows
    });
    this.#dialog.append(
      build(
        "div",
        { class: "keys-sheet" },
        build("h2", {}, "Keys"),
        build("dl", {}, ...KEYS.flatMap(([keys, words]) => row(keys ?? "", words ?? ""))),
        build("p", { class: "quiet" }, "` is the key left of the 1, whatever stands on it."),
        close,
      ),
    );
    this.append(this.#dialog);
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    if (!this.isOpen) this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }
}

/**
 * @param {string} keys
 * @param {string} words
 */
function row(keys, words) {
  return [build("dt", {}, build("kbd", {}, keys)), build("dd", {}, words)];
}
