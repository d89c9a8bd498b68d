// The strip below the lanes: everything there is, and which part of it is in view.

import { INSET, WITH_GAPS } from "./layout.js";
import { calendar, dateWords, elapsedWords, momentWithin, placeWords } from "../drawing/words.js";

const GRIPS = 16; // A brush that is narrower shows no handles.
const DAY_AND_MORE = 2 * 24 * 3600e6;

/** Where the brush is: the view on the overview's own scale, never thinner than can be taken hold of. */
export function brush({ at, picture, view }) {
  const scale = overviewScale(at.overview, picture.extent);
  const left = Math.min(Math.max(scale.px(view.lo), at.overview.x), at.overview.x + at.overview.width - 6);
  const right = Math.max(Math.min(scale.px(view.hi), at.overview.x + at.overview.width), left + 6);
  return { left, right };
}

/** The overview's scale: all of the extent over its width. */
export function overviewScale(overview, [lo, hi]) {
  const left = overview.x + INSET;
  const perUnit = (overview.width - 2 * INSET) / Math.max(1, hi - lo);
  return { px: (x) => left + (x - lo) * perUnit, value: (px) => lo + (px - left) / perUnit };
}

function endWords(x, picture) {
  const long = picture.extent[1] - picture.extent[0];
  if (picture.axis === "order") return placeWords(x, picture);
  if (picture.axis === "elapsed") return elapsedWords(Math.max(0, long < 10e6 ? Math.round(x) : Math.round(x / 1e6) * 1e6));
  const c = calendar(x);
  return long > DAY_AND_MORE ? dateWords(c) : `${dateWords(c)}, ${momentWithin(c, long)}`;
}

/** Bars for all of the extent, the part in view framed, the rest veiled, the ends in words. */
export function drawOverview(surface, { at, picture, view, style }) {
  const { overview } = at;
  const { x, y, width, height } = overview;
  surface.rect(x, y, width, height, { fill: style.panel, radius: 6 });
  const counts = picture.overview;
  const most = Math.max(1, ...counts);
  const scale = overviewScale(overview, [0, counts.length]);
  const wide = scale.px(1) - scale.px(0);
  const gap = wide < WITH_GAPS ? 0 : 1;
  for (let i = 0; i < counts.length; i++) {
    if (!counts[i]) continue;
    const tall = Math.max(1.5, (height - 6) * Math.sqrt(counts[i] / most));
    surface.rect(scale.px(i), y + height - 2 - tall, wide - gap, tall, { fill: style.muted, alpha: 0.75 });
  }
  drawBrush(surface, overview, brush({ at, picture, view }), style);
  const words = { fill: style.muted, font: style.small };
  surface.text(endWords(picture.extent[0], picture), x, y + height + 14, words);
  surface.text(endWords(picture.extent[1], picture), x + width, y + height + 14, { ...words, align: "right" });
}

function drawBrush(surface, { x, y, width, height }, { left, right }, style) {
  surface.rect(x, y, left - x, height, { fill: style.ground, alpha: left > x ? 0.6 : 0 });
  surface.rect(right, y, x + width - right, height, { fill: style.ground, alpha: right < x + width ? 0.6 : 0 });
  surface.rect(left + 0.5, y + 0.5, right - left - 1, height - 1, { stroke: style.accent, line: 1.25, radius: 6 });
  if (right - left < GRIPS) return;
  for (const edge of [left, right]) {
    surface.rect(edge - 2, y + height / 2 - 7, 4, 14, { fill: style.accent, radius: 2 });
  }
}
