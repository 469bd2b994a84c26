import assert from "node:assert/strict";
import { test } from "node:test";

const LIB = "../../cycle_inspector/static/cycle_inspector/lib/";
const { browserFacts, isFromCache, pauseMs } = await import(`${LIB}browser-facts.js`);
const { CORNERS, cornerBeside, cornerOf, freeCorner } = await import(`${LIB}corners.js`);
const { LEAST, MOST, dockOf, sizeAt, sizeBy, sizeOf } = await import(`${LIB}dock.js`);
const { clockTime, counted, formatMs, shortAddress } = await import(`${LIB}format.js`);
const { LayoutShift } = await import(`${LIB}layout-shift.js`);
const { lineParts, markOf, smallParts, statusKind, stripPieces } = await import(`${LIB}line.js`);
const { recall, remember } = await import(`${LIB}memory.js`);
const { fetchPatiently } = await import(`${LIB}patience.js`);
const { nextIndex } = await import(`${LIB}rail.js`);
const { cycleId, isFetch, seen, withRow } = await import(`${LIB}server-timing.js`);

const ID = "019aaa00-0000-7000-8000-000000000001";

const SUMMARY = {
  id: ID,
  url: `/__cycle__/${ID}/`,
  method: "GET",
  path: "/books/",
  status: 200,
  name: "catalog:book-list",
  duration_ms: 84.12,
  query_count: 101,
  repeated_count: 100,
  render_count: 24,
  finding_count: 2,
  finding: { code: "CI101", severity: "warning", title: "N+1: 100 × catalog.Book.author" },
  stages: [
    { stage: "view", own_ms: 21.03 },
    { stage: "database", own_ms: 42.06 },
  ],
  redirects: [],
};

const SENT = {
  id: ID,
  method: "POST",
  path: "/orders/new/",
  status: 302,
  duration_ms: 41.2,
  severity: null,
};

test("times are formatted as the server does", () => {
  const expected = { 84.123: "84.1 ms", 0.31: "0.31 ms", 0.004: "<0.01 ms", 2345.6: "2.35 s" };
  for (const [value, text] of Object.entries(expected)) assert.equal(formatMs(+value), text);
  assert.equal(formatMs(0), "0 ms");
  assert.equal(formatMs(999.7), "1.00 s");
  assert.equal(formatMs(120_000), "120 s");
  assert.equal(formatMs(99.97), "100 ms");
});

test("the time of day is that of the person", () => {
  assert.equal(clockTime(new Date(2026, 6, 1, 9, 5, 7).toISOString()), "09:05:07");
  assert.equal(clockTime("never"), "");
});

test("a noun agrees with its number", () => {
  assert.equal(counted(1, "template", "templates"), "1 template");
  assert.equal(counted(2, "template", "templates"), "2 templates");
});

test("an address of the same site is shown by its path", () => {
  const page = "http://localhost:8000/books/";
  assert.equal(shortAddress("http://localhost:8000/api/?q=1", page), "/api/?q=1");
  assert.equal(shortAddress("http://other.test/api/", page), "other.test/api/");
  assert.equal(shortAddress("not an address", page), "not an address");
});

test("the closed line says what there is", () => {
  assert.deepEqual(
    lineParts(SUMMARY, 3).map((part) => part.text),
    [
      "200",
      "GET catalog:book-list",
      "84.1 ms",
      "101 SQL",
      "▲ N+1: 100 × catalog.Book.author +1",
      "24 templates",
      "3 fetch",
    ],
  );
});

test("zeros are left out of the closed line", () => {
  const quiet = { ...SUMMARY, query_count: 0, render_count: 0, finding: null, name: null };
  assert.deepEqual(
    lineParts(quiet, 0).map((part) => part.text),
    ["200", "GET /books/", "84.1 ms"],
  );
});

test("the closed line says that a redirect led here, and whether it has findings", () => {
  const last = (...redirects) => lineParts({ ...SUMMARY, redirects }, 0).at(-1);
  assert.deepEqual(last(SENT), { kind: "count redirects", text: "after POST 302" });
  assert.equal(last({ ...SENT, severity: "warning" }).text, "after POST 302 ▲");
  assert.equal(last(SENT, { ...SENT, severity: "error" }).text, "after 2 redirects ✕");
  assert.equal(last().text, "24 templates");
});

test("a small line says how bad and how long", () => {
  const texts = (summary) => smallParts(summary).map((part) => part.text);
  assert.deepEqual(texts(SUMMARY), ["▲", "84.1 ms"]);
  assert.deepEqual(texts({ ...SUMMARY, finding: null }), ["84.1 ms"]);
});

test("what is no corner is the usual one", () => {
  assert.deepEqual(CORNERS.map(cornerOf), CORNERS);
  for (const value of [undefined, null, 7, "middle"]) assert.equal(cornerOf(value), "bottom-right");
});

test("arrows lead from corner to corner", () => {
  assert.equal(cornerBeside("bottom-right", "ArrowUp"), "top-right");
  assert.equal(cornerBeside("top-right", "ArrowLeft"), "top-left");
  assert.equal(cornerBeside("top-left", "ArrowLeft"), "top-left");
  assert.equal(cornerBeside("top-left", "ArrowDown"), "bottom-left");
  assert.equal(cornerBeside("bottom-left", "ArrowRight"), "bottom-right");
  assert.equal(cornerBeside("bottom-left", "Enter"), undefined);
});

test("what is taken is stepped away from by the shortest way", () => {
  const size = { width: 400, height: 50 };
  const free = (left, top, right, bottom) =>
    freeCorner("bottom-right", size, { width: 1000, height: 600 }, { left, top, right, bottom });
  assert.equal(free(0, 0, 500, 500), "bottom-right");
  assert.equal(free(600, 0, 1000, 550), "bottom-right");
  assert.equal(free(900, 540, 1000, 560), "top-right");
  assert.equal(free(900, 0, 1000, 600), "bottom-left");
  assert.equal(free(300, 560, 1000, 600), "top-right");
  assert.equal(free(0, 0, 1000, 600), undefined);
});

test("the drawer stands at the right only where there is room", () => {
  assert.equal(dockOf("right", 1280), "right");
  assert.equal(dockOf("right", 640), "bottom");
  for (const value of ["bottom", undefined, 7]) assert.equal(dockOf(value, 1280), "bottom");
});

test("a size is within its limits, whatever was remembered", () => {
  assert.equal(sizeOf(40.4, "bottom"), 40);
  assert.deepEqual([sizeOf(-3, "right"), sizeOf(300, "right")], [LEAST, MOST]);
  for (const value of [undefined, "40", NaN, null]) assert.equal(sizeOf(value, "bottom"), 66);
});

test("the edge of the drawer follows the pointer", () => {
  const view = { width: 1000, height: 500 };
  assert.equal(sizeAt("bottom", { x: 0, y: 200 }, view), 60);
  assert.equal(sizeAt("right", { x: 300, y: 0 }, view), 70);
  assert.equal(sizeAt("bottom", { x: 0, y: -40 }, view), MOST);
});

test("the edge of the drawer is moved by keys", () => {
  const by = (dock, size, key, shiftKey = false) => sizeBy(dock, size, { key, shiftKey });
  assert.equal(by("bottom", 60, "ArrowUp"), 62);
  assert.equal(by("bottom", 60, "ArrowDown", true), 50);
  assert.equal(by("right", 60, "ArrowLeft"), 62);
  assert.equal(by("right", LEAST, "ArrowRight"), LEAST);
  assert.deepEqual(["Home", "End"].map((key) => by("right", 60, key)), [LEAST, MOST]);
  assert.deepEqual([by("right", 60, "Enter"), by("right", MOST, "Enter")], [MOST, 50]);
  assert.equal(by("bottom", 60, "ArrowLeft"), undefined);
});

test("only findings have a mark", () => {
  assert.deepEqual(["error", "info", null, undefined].map(markOf), ["✕", "●", "", ""]);
});

test("what the page asked for is told from what brought the person there", () => {
  const all = ["page", "redirect", "fetch", "xhr", "frame"];
  assert.deepEqual(all.map((how) => isFetch({ how })), [false, false, true, true, true]);
});

test("fetches are told soon at first and ever more seldom", () => {
  assert.deepEqual([1, 2, 3, 10].map(pauseMs), [1000, 2000, 4000, 60_000]);
});

test("a status has the class of its hundred", () => {
  assert.equal(statusKind(404), "status status-4xx");
});

test("the strip leaves room for what no stage accounts for", () => {
  assert.deepEqual(stripPieces(SUMMARY), [
    { stage: "view", x: "0.000%", width: "25.000%" },
    { stage: "database", x: "25.000%", width: "50.000%" },
  ]);
  assert.deepEqual(stripPieces({ ...SUMMARY, duration_ms: 0, stages: [] }), []);
});

test("work done at the same time does not overflow the strip", () => {
  const [piece] = stripPieces({ ...SUMMARY, stages: [{ stage: "database", own_ms: 400 }] });
  assert.equal(piece.width, "100.000%");
});

test("the id of a cycle is read from Server-Timing", () => {
  const entry = { serverTiming: [{ name: "db", description: "" }, { name: "cycle", description: ID }] };
  assert.equal(cycleId(entry), ID);
});

test("what is no id is not taken for one", () => {
  assert.equal(cycleId(undefined), undefined);
  assert.equal(cycleId({ serverTiming: [] }), undefined);
  assert.equal(cycleId({ serverTiming: [{ name: "cycle", description: "../../evil" }] }), undefined);
});

test("a request of the page is told in words", () => {
  const entry = {
    name: "http://localhost/api/",
    initiatorType: "xmlhttprequest",
    startTime: 10,
    duration: 5,
    responseStatus: 0,
    serverTiming: [{ name: "cycle", description: ID }],
  };
  assert.deepEqual(seen(entry), {
    id: ID,
    address: "http://localhost/api/",
    how: "xhr",
    startTime: 10,
    duration_ms: 5,
    status: undefined,
  });
  assert.equal(seen({ ...entry, serverTiming: [] }), undefined);
});

test("what the server knows is added to what the browser saw", () => {
  const one = { id: ID, address: "/api/", how: "xhr", startTime: 1, duration_ms: 5, status: undefined };
  const row = { id: ID, method: "POST", path: "/api/", status: 201, severity: "warning" };
  const known = { ...one, method: "POST", status: 201, severity: "warning" };
  assert.deepEqual(withRow(one, { ...row, duration_ms: 3 }), known);
  assert.equal(withRow({ ...one, status: 200 }, { ...row, status: null }).status, 200);
  assert.equal(withRow(one, undefined), one);
});

const NAVIGATION = {
  responseStart: 92,
  responseEnd: 96.5,
  domInteractive: 180,
  domContentLoadedEventEnd: 210,
  loadEventEnd: 0,
  domainLookupStart: 3,
  domainLookupEnd: 3,
  connectStart: 3,
  connectEnd: 4,
  transferSize: 1300,
  decodedBodySize: 1000,
  type: "reload",
};

test("browser timings become nanoseconds, what is not known stays away", () => {
  assert.deepEqual(browserFacts(NAVIGATION, { fcp: 196.0004, cls: 0 }), {
    first_byte_ns: 92_000_000,
    response_end_ns: 96_500_000,
    dom_interactive_ns: 180_000_000,
    dom_content_loaded_ns: 210_000_000,
    connect_ns: 1_000_000,
    fcp_ns: 196_000_400,
    transfer_bytes: 1300,
    decoded_bytes: 1000,
    cls: 0,
    navigation_type: "reload",
  });
});

test("a page from the cache is told from one that was sent", () => {
  assert.equal(isFromCache(NAVIGATION), false);
  assert.equal(isFromCache({ ...NAVIGATION, transferSize: 0 }), true);
});

test("layout shifts add up in windows", () => {
  const shift = new LayoutShift();
  for (const [at, value] of [[0, 0.1], [500, 0.1], [3000, 0.05], [3900, 0.05]]) shift.add(at, value);
  assert.equal(shift.worst, 0.2);
});

test("arrows walk a list round", () => {
  assert.equal(nextIndex("ArrowDown", 11, 12), 0);
  assert.equal(nextIndex("ArrowUp", 0, 12), 11);
  assert.equal(nextIndex("Home", 5, 12), 0);
  assert.equal(nextIndex("End", 5, 12), 11);
  assert.equal(nextIndex("a", 5, 12), undefined);
  assert.equal(nextIndex("ArrowDown", 0, 0), undefined);
});

test("a cycle that is not written yet is asked for again", async () => {
  const statuses = [404, 404, 200];
  const fetch = async () => ({ status: statuses.shift() });
  assert.equal((await fetchPatiently("x", { fetch, delays: [0, 0, 0] })).status, 200);
  assert.deepEqual(statuses, []);
});

test("patience ends", async () => {
  let asked = 0;
  const fetch = async () => ({ status: 404, asked: ++asked });
  assert.equal((await fetchPatiently("x", { fetch, delays: [0, 0] })).status, 404);
  assert.equal(asked, 3);
});

test("a fetch that is given up asks no more", async () => {
  const abort = new AbortController();
  const fetch = async () => (abort.abort(), { status: 404 });
  await assert.rejects(fetchPatiently("x", { fetch, signal: abort.signal, delays: [0, 0] }));
});

test("what was remembered is recalled", () => {
  const kept = new Map();
  const storage = () => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  });
  remember({ open: true }, storage);
  remember({ view: "database" }, storage);
  assert.deepEqual(recall(storage), { open: true, view: "database" });
  kept.set([...kept.keys()][0], "7");
  assert.deepEqual(recall(storage), {});
});

test("a closed storage does no harm", () => {
  const closed = () => {
    throw new Error("SecurityError");
  };
  remember({ open: true }, closed);
  assert.deepEqual(recall(closed), {});
});
