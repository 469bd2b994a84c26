import { formatMs, shortAddress } from "../lib/format.js";
import { markOf, statusKind } from "../lib/line.js";
import { nextIndex } from "../lib/rail.js";
import { build } from "./build.js";

/** @typedef {import("../lib/server-timing.js").Seen} Seen */

/**
 * Make a place in a list of cycles: a button whose value is the id.
 *
 * @param {Seen} one
 * @param {{chosen: string, newest?: string | undefined}} marks the ids of those with a mark
 */
export function cycleItem(one, { chosen, newest }) {
  const address = shortAddress(one.address, location.href);
  const mark = markOf(one.severity);
  const isChosen = one.id === chosen;
  return build(
    "li",
    {},
    build(
      "button",
      { type: "button", value: one.id, ...(isChosen ? { "aria-current": "true" } : {}) },
      build("span", { class: "how" }, one.how),
      build(
        "span",
        { class: one.status ? statusKind(one.status) : "status" },
        String(one.status ?? ""),
      ),
      build(
        "span",
        { class: "address", title: address },
        ...(mark ? [build("span", { class: `severity-${one.severity}` }, `${mark} `)] : []),
        `${one.method ?? ""} ${address}`.trim(),
      ),
      one.id === newest ? build("span", { class: "new" }, "newest") : "",
      build("span", { class: "figure" }, formatMs(one.duration_ms)),
    ),
  );
}

/**
 * Put new places into a list; the focus stays on the cycle that has it.
 *
 * @param {HTMLUListElement} list
 * @param {HTMLLIElement[]} items
 */
export function replaceItems(list, items) {
  const focused = /** @type {Document | ShadowRoot} */ (list.getRootNode()).activeElement;
  const kept = list.contains(focused) ? /** @type {HTMLButtonElement} */ (focused).value : "";
  list.replaceChildren(...items);
  if (kept) buttonsOf(list).find((one) => one.value === kept)?.focus();
}

/** @param {Element} element */
export function buttonsOf(element) {
  return [...element.querySelectorAll("button")];
}

/**
 * Let the arrows walk the places within an element.
 *
 * @param {Element} element
 * @param {KeyboardEvent} event
 */
export function walkItems(element, event) {
  const buttons = buttonsOf(element);
  const now = buttons.findIndex((one) => one === event.target);
  const next = now < 0 ? undefined : nextIndex(event.key, now, buttons.length);
  if (next === undefined) return;
  event.preventDefault();
  buttons[next]?.focus();
}
