import { counted, formatMs } from "./format.js";

/**
 * @typedef {object} Summary what `/__cycle__/<id>/summary.json` says
 * @property {string} id
 * @property {string} url
 * @property {string | null} method
 * @property {string | null} path
 * @property {number | null} status
 * @property {string | null} name
 * @property {number} duration_ms
 * @property {number} query_count
 * @property {number} repeated_count
 * @property {number} render_count
 * @property {number} finding_count
 * @property {{code: string, severity: string, title: string} | null} finding
 * @property {{stage: string, own_ms: number}[]} stages
 * @property {Redirect[]} redirects those that led to it, the first one first
 */

/**
 * @typedef {object} Redirect
 * @property {string} id
 * @property {string} method
 * @property {string} path
 * @property {number} status
 * @property {number} duration_ms
 * @property {string | null} severity of its worst finding
 */

/**
 * @typedef {object} Part
 * @property {string} kind the class that shows it
 * @property {string} text
 */

/**
 * Return the closed line in pieces, zeros left out.
 *
 * @param {Summary} summary
 * @param {number} fetchCount
 * @returns {Part[]}
 */
export function lineParts(summary, fetchCount) {
  /** @type {Part[]} */
  const parts = [];
  if (summary.status) parts.push({ kind: statusKind(summary.status), text: String(summary.status) });
  const name = summary.name ?? summary.path ?? "";
  parts.push({ kind: "name", text: `${summary.method ?? ""} ${name}`.trim() });
  parts.push({ kind: "time", text: formatMs(summary.duration_ms) });
  if (summary.query_count) parts.push({ kind: "count", text: `${summary.query_count} SQL` });
  if (summary.finding) {
    const mark = markOf(summary.finding.severity);
    const more = summary.finding_count > 1 ? ` +${summary.finding_count - 1}` : "";
    parts.push({
      kind: `finding severity-${summary.finding.severity}`,
      text: `${mark} ${summary.finding.title}${more}`,
    });
  }
  if (summary.render_count) {
    parts.push({ kind: "count", text: counted(summary.render_count, "template", "templates") });
  }
  const redirects = redirectText(summary.redirects);
  if (redirects) parts.push({ kind: "count redirects", text: redirects });
  if (fetchCount) parts.push({ kind: "count fetches", text: `${fetchCount} fetch` });
  return parts;
}

/**
 * Return what is left of the closed line when it is small: how bad, and how long.
 *
 * @param {Summary} summary
 * @returns {Part[]}
 */
export function smallParts({ duration_ms, finding }) {
  const time = { kind: "time", text: formatMs(duration_ms) };
  const mark = markOf(finding?.severity);
  return mark ? [{ kind: "mark", text: mark }, time] : [time];
}

/** @param {Redirect[]} redirects */
function redirectText(redirects) {
  const [first, ...more] = redirects;
  if (!first) return "";
  const marks = redirects.map(({ severity }) => markOf(severity));
  const words = more.length ? `${redirects.length} redirects` : `${first.method} ${first.status}`;
  return `after ${words} ${marks.find(Boolean) ?? ""}`.trim();
}

/** @type {Record<string, string>} */
const MARKS = { error: "✕", warning: "▲", info: "●" };

/**
 * Return the sign of a finding; none where there is no finding.
 *
 * @param {string | null | undefined} severity
 */
export function markOf(severity) {
  return severity ? (MARKS[severity] ?? "●") : "";
}

/** @param {number} status */
export function statusKind(status) {
  return `status status-${Math.floor(status / 100)}xx`;
}

/**
 * Return the stages' own times as pieces of a strip, in the order of the cycle. What no stage
 * accounts for is left empty at the end.
 *
 * @param {Summary} summary
 * @returns {{stage: string, x: string, width: string}[]}
 */
export function stripPieces(summary) {
  const known = summary.stages.reduce((sum, one) => sum + one.own_ms, 0);
  const total = Math.max(known, summary.duration_ms);
  if (total <= 0) return [];
  let at = 0;
  return summary.stages.map(({ stage, own_ms }) => {
    const piece = { stage, x: percent(at / total), width: percent(own_ms / total) };
    at += own_ms;
    return piece;
  });
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(3)}%`;
}
