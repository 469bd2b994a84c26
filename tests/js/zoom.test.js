import assert from "node:assert/strict";
import { test } from "node:test";

const { WHOLE, around, labelOf, panned, placed, ticks, zoomed } = await import(
  "../../cycle_inspector/static/cycle_inspector/lib/zoom.js"
);

/** @param {{from: number, to: number}} range */
const rounded = ({ from, to }) => [Number(from.toFixed(6)), Number(to.toFixed(6))];

test("zooming in keeps what stands under the pointer where it is", () => {
  const range = zoomed(WHOLE, 4, 0.25);
  assert.deepEqual(rounded(range), [0.1875, 0.4375]);
  assert.equal(placed(25, range), placed(25, WHOLE));
});

test("zooming out ends at the whole", () => {
  const range = zoomed({ from: 0.9, to: 1 }, 1 / 4, 0.5);
  assert.deepEqual(rounded(range), [0.6, 1]);
  assert.deepEqual(zoomed(range, 1 / 100), { from: 0, to: 1 });
});

test("zooming in has an end", () => {
  const range = zoomed(WHOLE, 1e9);
  assert.ok(range.to - range.from > 1e-4);
});

test("panning does not leave the axis", () => {
  assert.deepEqual(rounded(panned({ from: 0.2, to: 0.4 }, 0.5)), [0.3, 0.5]);
  assert.deepEqual(rounded(panned({ from: 0.2, to: 0.4 }, -9)), [0, 0.2]);
  assert.deepEqual(rounded(panned({ from: 0.2, to: 0.4 }, 9)), [0.8, 1]);
});

test("what is aimed at is shown with room around it", () => {
  assert.deepEqual(rounded(around(0.4, 0.6)), [0.35, 0.65]);
  assert.ok(around(0.5, 0.5).to > 0.5);
});

test("a percentage of the whole is one of what is shown", () => {
  assert.equal(placed(50, { from: 0.5, to: 1 }), 0);
  assert.equal(placed(100, { from: 0.5, to: 1 }), 100);
  assert.equal(placed(25, { from: 0.5, to: 1 }), -50);
});

test("ticks stand at round distances within what is shown", () => {
  assert.deepEqual(
    ticks(100, WHOLE).map((one) => one.label),
    ["20 ms", "40 ms", "60 ms", "80 ms"],
  );
  assert.deepEqual(
    ticks(100, { from: 0.5, to: 0.505 }).map((one) => one.label),
    ["50.1 ms", "50.2 ms", "50.3 ms", "50.4 ms"],
  );
  assert.deepEqual(ticks(0, WHOLE), []);
});

test("the last label leaves room for the figures beside it", () => {
  const last = ticks(101, WHOLE).at(-1);
  assert.equal(last?.label, "");
});

test("an instant is labelled in the unit that suits it", () => {
  assert.deepEqual([labelOf(0.25), labelOf(12), labelOf(1500)], ["250 µs", "12 ms", "1.5 s"]);
});
