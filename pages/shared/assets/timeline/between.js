// What lies between events: sessions as soft bands, long silences, handoffs, and what will expire.

import { laneMiddle } from "./layout.js";
import { lengthWords } from "../drawing/words.js";

const FEW_ARROWS = 25; // More of them grow fainter, so that the points stay what is seen first.

/** Sessions of each lane, those that overlap as one band, with the silences around it. Made once for a picture. */
export function bandsOf({ spans }) {
  const places = Array.from({ length: spans.length }, (_, i) => i);
  places.sort((a, b) => spans.lane[a] - spans.lane[b] || spans.lo[a] - spans.lo[b]);
  const bands = [];
  for (const i of places) {
    const [lane, lo, hi] = [spans.lane[i], spans.lo[i], spans.hi[i]];
    const last = bands.at(-1)?.lane === lane ? bands.at(-1) : null;
    if (last && lo <= last.hi) {
      last.hi = Math.max(last.hi, hi);
      continue;
    }
    if (last) last.after = lo - last.hi;
    bands.push({ lane, lo, hi, before: last ? lo - last.hi : Infinity, after: Infinity });
  }
  return bands;
}

/** Sessions as soft bands in their lanes. Between two of them a hair's breadth stays free, so that the break is seen. */
export function drawSpans(surface, { at, bands, picture, scale, style }) {
  const pad = Math.min(6, at.body / 6);
  const margin = (silence) => Math.max(0, Math.min(7, (silence * scale.perUnit) / 2 - 0.75));
  for (const { lane, lo, hi, before, after } of bands) {
    const left = scale.px(lo) - margin(before);
    const width = scale.px(hi) + margin(after) - left;
    const fill = picture.lanes[lane].colour ?? style.muted;
    surface.rect(left, laneMiddle(at, lane) - at.body / 2 + pad, width, at.body - 2 * pad,
      { fill, alpha: style.dark ? 0.14 : 0.09, radius: Math.min(6, width / 2) });
  }
}

/** Long silences: a dashed line through the middle, with its length where there is room; in a lane each length once. */
export function drawGaps(surface, { at, picture, scale, style }) {
  const { gaps } = picture;
  const said = new Set(); // What comes back every week need not be said every week.
  for (let i = 0; i < gaps.length; i++) {
    const [left, right] = [scale.px(gaps.lo[i]) + 10, scale.px(gaps.hi[i]) - 10];
    const y = laneMiddle(at, gaps.lane[i]);
    surface.line([[left, y], [right, y]], { stroke: style.muted, alpha: 0.45, dash: [1, 4] });
    if (picture.axis === "order") continue;
    const words = lengthWords(gaps.hi[i] - gaps.lo[i]);
    const [from, to] = [Math.max(left, at.plot.x), Math.min(right, at.plot.x + at.plot.width)];
    const known = `${gaps.lane[i]} ${words}`;
    if (said.has(known) || surface.widthOf(words, style.small) + 24 > to - from) continue;
    said.add(known);
    const look = { fill: style.muted, font: style.small, align: "center", halo: style.ground };
    surface.text(words, (from + to) / 2, y + 4, look);
  }
}

/** Handoffs: a curve from the one who gave to the one who took. Stated ones are full, those only seen are dotted. */
export function drawHandoffs(surface, scene) {
  const { handoffs } = scene.picture;
  const alpha = 0.65 * Math.min(1, FEW_ARROWS / handoffs.length) ** 0.5;
  for (let i = 0; i < handoffs.length; i++) {
    const clear = handoffs.stated[i] ? 1.5 : 1;
    drawHandoff(surface, scene, i, { stroke: scene.style.muted, alpha: Math.min(1, clear * alpha) });
  }
}

/** The handoffs from and to one memory. */
export function drawHandoffsOf(surface, scene, row) {
  const { handoffs } = scene.picture;
  for (let i = 0; i < handoffs.length; i++) {
    const own = handoffs.from_row[i] === row || handoffs.to_row[i] === row;
    if (own) drawHandoff(surface, scene, i, { stroke: scene.style.text, line: 1.25 });
  }
}

function drawHandoff(surface, { picture: { handoffs }, scale, placeOf }, i, look) {
  const [x0, y0] = [scale.px(handoffs.from_x[i]), placeOf(handoffs.from_row[i], handoffs.from_lane[i])];
  const [end, y1] = [scale.px(handoffs.to_x[i]), placeOf(handoffs.to_row[i], handoffs.to_lane[i])];
  const x1 = end - 5;
  const bend = Math.min(60, Math.max(10, Math.abs(x1 - x0) / 2));
  surface.curve([x0, y0], [x0 + bend, y0], [x1 - bend, y1], [x1, y1], { ...look, dash: handoffs.stated[i] ? null : [2, 3] });
  surface.line([[x1 - 4.5, y1 - 3], [x1, y1], [x1 - 4.5, y1 + 3]], look);
}

/** What expires ahead of now: a tick at the foot of its lane. */
export function drawExpiries(surface, { at, picture, scale, style }) {
  const { expiries } = picture;
  for (let i = 0; i < expiries.length; i++) {
    const x = scale.px(expiries.x[i]);
    const foot = laneMiddle(at, expiries.lane[i]) + at.body / 2 - 2;
    surface.line([[x, foot - Math.min(9, at.body / 3)], [x, foot]], { stroke: style.warn, line: 1.5, alpha: 0.85 });
  }
}
