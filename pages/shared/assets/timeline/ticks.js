// Where the axis has its ticks and what they say: from centuries to microseconds, in UTC; ordinals; time since a start.

import {
  DAY, HOUR, MINUTE, MS, SECOND, calendar, clockWords, dateWords, dayMonth, dayWords, elapsedWords, grouped, monthWords,
  monthYear, secondWords,
} from "../drawing/words.js";

const MONTH = 30.44 * DAY;
const YEAR = 365.25 * DAY;
const WEEK_START = 4 * DAY; // 1970-01-05 was a Monday.
const DECIMALS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const MOST = 400; // More ticks than any screen holds: stops a runaway.

const utc = (year, month = 0, day = 1) => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getTime() * MS;
};

/** Ticks at every `step` units of x, counted from `origin`. */
const even = (step, origin = 0) => (lo, hi) => {
  const found = [];
  for (let n = Math.ceil((lo - origin) / step); found.length < MOST; n++) {
    const at = origin + n * step;
    if (at > hi) break;
    found.push(at);
  }
  return found;
};

/** Ticks at every `step` months; years are twelve of them. */
const monthly = (step) => (lo, hi) => {
  const from = calendar(lo);
  const found = [];
  for (let n = Math.floor((from.year * 12 + from.month) / step) * step; found.length < MOST; n += step) {
    const at = utc(Math.floor(n / 12), ((n % 12) + 12) % 12);
    if (at > hi) break;
    if (at >= lo) found.push(at);
  }
  return found;
};

const byDay = { each: even(DAY), words: dayWords };
const byMonth = { each: monthly(1), words: monthYear };
const byYear = { each: monthly(12), words: (c) => String(c.year) };
const bySecond = { each: even(SECOND), words: (c) => `${dateWords(c)}, ${secondWords(c)}` };

/** A part of a second with as many digits as the step needs: ".250"; the second itself is said in full. */
function parts(c, step) {
  const digits = Math.max(1, 6 - Math.floor(Math.log10(step) + 1e-9));
  return c.us ? `.${String(c.us).padStart(6, "0").slice(0, digits)}` : secondWords(c);
}

/** From fine to coarse: the unit's size, its steps, what a tick says, and the longer unit that is said above it. */
const LEVELS = [
  { size: 1, steps: DECIMALS, words: parts, above: bySecond },
  { size: MS, steps: DECIMALS, words: parts, above: bySecond },
  { size: SECOND, steps: [1, 2, 5, 10, 15, 30], words: secondWords, above: byDay },
  { size: MINUTE, steps: [1, 2, 5, 10, 15, 30], words: clockWords, above: byDay },
  { size: HOUR, steps: [1, 2, 3, 6, 12], words: clockWords, above: byDay },
  { size: DAY, steps: [1, 2], words: dayMonth, above: byMonth },
  { size: 7 * DAY, steps: [1, 2], words: dayMonth, above: byYear, origin: WEEK_START },
  { size: MONTH, steps: [1, 3, 6], words: monthWords, above: byYear, each: monthly },
  { size: YEAR, steps: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], words: (c) => String(c.year), above: null,
    each: (step) => monthly(12 * step) },
];

const ELAPSED_STEPS = [
  ...DECIMALS, ...DECIMALS.map((n) => n * MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650].map((n) => n * DAY),
];

/** A round step (1, 2, 5 × 10ⁿ) of at least `least`, and never below one. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least);
}

function counted(step, origin, words, lo, hi) {
  return { ticks: even(step, origin)(Math.max(0, lo), hi).map((x) => ({ x, label: words(x) })), spans: [] };
}

/** The longer units over the ticks: each with where it begins and ends, and its words. */
function longer(above, lo, hi) {
  if (above === null) return [];
  const starts = above.each(lo, hi);
  const edges = starts.length && starts[0] === lo ? starts : [lo, ...starts];
  return edges.map((x, i) => ({ lo: x, hi: edges[i + 1] ?? hi, label: above.words(calendar(x)) }));
}

/**
 * Ticks for a stretch of an axis, at most one for each `room` pixels over `width`.
 * @returns {{ticks: {x: number, label: string}[], spans: {lo: number, hi: number, label: string}[]}}
 */
export function axisTicks(axis, lo, hi, width, room) {
  const least = ((hi - lo) * room) / Math.max(1, width);
  if (axis === "order") {
    // The first is 0 in the payload and 1 for the reader, who wants 10, 20, 30 …
    return counted(roundStep(least), -1, (x) => grouped(x + 1), lo, hi);
  }
  if (axis === "elapsed") {
    return counted(ELAPSED_STEPS.find((step) => step >= least) ?? ELAPSED_STEPS.at(-1), 0, elapsedWords, lo, hi);
  }
  for (const level of LEVELS) {
    const step = level.steps.find((n) => n * level.size >= least);
    if (step === undefined) continue;
    const each = level.each ? level.each(step) : even(step * level.size, level.origin ?? 0);
    const ticks = each(lo, hi).map((x) => ({ x, label: level.words(calendar(x), step * level.size) }));
    return { ticks, spans: longer(level.above, lo, hi) };
  }
  return { ticks: [], spans: [] };
}
