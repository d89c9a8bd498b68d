// What is under a place of the drawing, and what there is to say about it.

import { unknownAt } from "./frame.js";
import { laneAt, laneMiddle, untimedWords } from "./layout.js";
import { markWords } from "../drawing/shapes.js";
import { axisWords, exactWords, grouped, lengthWords, memories } from "../drawing/words.js";

const NEAR = 9;
const NOTHING = { point: -1, row: -1, lines: null };

/** The first place in an ascending array that is not below a value. */
function lowerBound(values, wanted) {
  let [lo, hi] = [0, values.length];
  while (lo < hi) {
    const half = (lo + hi) >> 1;
    if (values[half] < wanted) lo = half + 1;
    else hi = half;
  }
  return lo;
}

/** The point nearest to a place, within reach; −1 where there is none. */
function pointNear({ at, picture: { points }, scale, spread }, x, y, reach = NEAR) {
  let [found, best] = [-1, reach * reach];
  const until = scale.value(x + reach);
  for (let i = lowerBound(points.x, scale.value(x - reach)); i < points.length && points.x[i] <= until; i++) {
    const dx = scale.px(points.x[i]) - x;
    const dy = laneMiddle(at, points.lane[i]) + spread[i] - y;
    const distance = dx * dx + dy * dy;
    if (distance <= best) [found, best] = [i, distance];
  }
  return found;
}

const text = (words) => ({ kind: "text", text: words });
const fact = (words) => ({ kind: "fact", text: words });
const joined = (parts) => parts.filter(Boolean).join(" · ");

/** Lines about a point: its text where we have it, when, by whom, what. */
function pointLines({ picture, options }, i) {
  const { points } = picture;
  const weight = points.weight[i];
  return [
    text(options.previews[points.row[i]] ?? ""),
    fact(axisWords(points.x[i], picture.axis)),
    fact(joined([picture.lanes[points.lane[i]].label, options.names[points.colour[i]],
      weight <= 100 ? `confidence ${(weight / 100).toFixed(2)}` : "", markWords(points.mark[i])])),
  ];
}

function binLines({ picture, options, totals }, lane, x) {
  const { window: [lo, hi], bins, density } = picture;
  const width = (hi - lo) / bins;
  const bin = Math.floor((x - lo) / width);
  const total = bin >= 0 && bin < bins ? totals.of.get(lane * bins + bin) : undefined;
  if (total === undefined) return null;
  const parts = [];
  for (let i = 0; i < density.length; i++) {
    if (density.lane[i] === lane && density.bin[i] === bin) parts.push([density.count[i], options.names[density.colour[i]]]);
  }
  parts.sort((a, b) => b[0] - a[0]);
  const stretch = picture.axis === "order" ? "" : ` within ${lengthWords(width)}`;
  return [
    text(`${memories(total)}${stretch}`),
    fact(axisWords(lo + bin * width, picture.axis)),
    fact(joined([picture.lanes[lane].label, ...parts.slice(0, 4).map(([count, name]) => `${name} ${grouped(count)}`)])),
  ];
}

/** The tick of what expires at a place: {row, lines}, or null. */
function expiryAt({ at, picture, scale, options }, x, y) {
  const { expiries } = picture;
  for (let i = 0; i < expiries.length; i++) {
    const foot = laneMiddle(at, expiries.lane[i]) + at.body / 2 - 2;
    if (Math.abs(scale.px(expiries.x[i]) - x) < 4 && y > foot - 12 && y < foot + 4) {
      const row = expiries.row[i];
      return { ...NOTHING, row, lines: [text(options.previews[row] ?? ""), fact(`Expires ${exactWords(expiries.x[i])}`),
        fact(picture.lanes[expiries.lane[i]].label)] };
    }
  }
  return null;
}

function spanLines({ picture }, lane, x) {
  const { spans } = picture;
  for (let i = 0; i < spans.length; i++) {
    if (spans.lane[i] !== lane || spans.lo[i] > x || spans.hi[i] < x) continue;
    const length = picture.axis === "order" ? "" : lengthWords(spans.hi[i] - spans.lo[i]);
    return [text(spans.label[i] || "Without a pause of 30 minutes"), fact(joined([memories(spans.count[i]), length])),
      fact(picture.lanes[lane].label)];
  }
  return null;
}

function laneLines({ label, count, in_view }) {
  return [text(label), fact(in_view === count ? memories(count) : `${grouped(in_view)} of ${memories(count)} in view`)];
}

/** What there is at a place: {point, row, lines}; −1 is no point and no row, null is nothing to say. */
export function under(scene, x, y, reach = NEAR) {
  const { at, picture, options, scale } = scene;
  const { plot } = at;
  const untimed = unknownAt(scene, x, y);
  if (untimed >= 0) {
    return { ...NOTHING, row: untimed, lines: [text(options.previews[untimed] ?? ""), fact(untimedWords(picture))] };
  }
  const lane = Math.floor(laneAt(at, y));
  if (y < plot.y || lane >= picture.lanes.length) return NOTHING;
  const within = y - plot.y - lane * at.lane;
  if (x < plot.x || within < at.labelLine) return { ...NOTHING, lines: laneLines(picture.lanes[lane]) };
  const point = pointNear(scene, x, y, reach);
  if (point >= 0) return { point, row: picture.points.row[point], lines: pointLines(scene, point) };
  const expiry = expiryAt(scene, x, y);
  if (expiry) return expiry;
  const lines = (picture.kind === "density" && binLines(scene, lane, scale.value(x)))
    || spanLines(scene, lane, scale.value(x));
  return { ...NOTHING, lines };
}
