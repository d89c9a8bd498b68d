// Events: points one by one, or small stacked bars where there are too many.

import { WITH_GAPS, laneMiddle } from "./layout.js";
import { lookOf } from "../drawing/shapes.js";

const NOT_STATED = 255;
const DIMMED = 0.22;

/** The radius of a point that says its confidence by size, in steps of half a pixel. */
function radiusOf(weight, base) {
  if (weight === NOT_STATED) return base;
  return Math.round(2 * base * (0.55 + 0.75 * (weight / 100))) / 2;
}

/** How opaque a point is that says its confidence so, in steps that the eye can tell apart. */
const opacityOf = (weight) => (weight === NOT_STATED ? 0.6 : 0.25 + 0.75 * (Math.round(weight / 10) / 10));

/** How a point looks: {shape, radius, alpha, fill, stroke, line}. Points that look alike share it; `marks` off: all plain. */
export function pointLook(scene, i) {
  const { picture: { points }, options, picked, looks, crowded } = scene;
  const mark = options.shows.has("marks") ? points.mark[i] : 0;
  const weight = options.weight ? points.weight[i] : NOT_STATED;
  const dim = picked !== null && !picked.has(points.row[i]);
  const kind = (((points.colour[i] * 256 + mark) * 256 + weight) * 2 + dim) * 2 + crowded[i];
  let look = looks.get(kind);
  if (!look) looks.set(kind, look = makeLook(scene, points.colour[i], mark, weight, dim, crowded[i]));
  return look;
}

/** Points that lie over others have no edge: it would hide what is below. */
function makeLook({ options, radius, style }, code, mark, weight, dim, crowded) {
  const { shape, hollow, alpha } = lookOf(mark);
  const colour = style.palette[code] ?? style.muted;
  const size = options.weight === "size" ? radiusOf(weight, radius) : radius;
  const opacity = alpha * (options.weight === "opacity" ? opacityOf(weight) : 1) * (dim ? DIMMED : 1);
  return hollow
    ? { shape, radius: size - 0.5, alpha: opacity, fill: style.ground, stroke: colour, line: 1.5 }
    : { shape, radius: size, alpha: opacity, fill: colour, stroke: crowded ? null : style.ground, line: 0.75 };
}

/** The points, those that are marked above the others. */
export function drawPoints(surface, scene) {
  const { at, picture: { points }, scale, spread } = scene;
  const [left, right] = [at.plot.x - 8, at.plot.x + at.plot.width + 8];
  for (const marked of [false, true]) {
    for (let i = 0; i < points.length; i++) {
      if ((points.mark[i] !== 0) !== marked) continue;
      const x = scale.px(points.x[i]);
      if (x >= left && x <= right) surface.shape(pointLook(scene, i), x, laneMiddle(at, points.lane[i]) + spread[i]);
    }
  }
}

/** The total of each bin of each lane: {of: Map of lane × bins + bin → count, most: of a lane, mostOthers: of the last one}. */
export function binTotals({ density, others }, bins) {
  const of = new Map();
  let [most, mostOthers] = [1, 1];
  for (let i = 0; i < density.length; i++) {
    const bin = density.lane[i] * bins + density.bin[i];
    const total = (of.get(bin) ?? 0) + density.count[i];
    of.set(bin, total);
    if (density.lane[i] === others) mostOthers = Math.max(mostOthers, total);
    else most = Math.max(most, total);
  }
  return { of, most, mostOthers };
}

/**
 * Counts by bin: bars whose height is the root of the count, cut by colour in its proportions. The lane of the others has a
 * scale of its own: there are so many in it that nothing would be seen of the lanes with a name.
 */
export function drawDensity(surface, { at, picture, scale, style, totals }) {
  const { density, bins, window } = picture;
  const width = (window[1] - window[0]) / bins;
  const high = at.body - 4;
  const gap = width * scale.perUnit < WITH_GAPS ? 0 : 1;
  let last = -1;
  let foot = 0;
  for (let i = 0; i < density.length; i++) {
    const bin = density.lane[i] * bins + density.bin[i];
    if (bin !== last) foot = laneMiddle(at, density.lane[i]) + at.body / 2 - 2;
    last = bin;
    const total = totals.of.get(bin);
    const most = density.lane[i] === picture.others ? totals.mostOthers : totals.most;
    const height = high * Math.sqrt(total / most) * (density.count[i] / total);
    const left = scale.px(window[0] + density.bin[i] * width);
    const right = scale.px(window[0] + (density.bin[i] + 1) * width);
    if (right >= at.plot.x && left <= at.plot.x + at.plot.width) {
      const fill = style.palette[density.colour[i]] ?? style.muted;
      surface.rect(left, foot - height, right - left - gap, height, { fill });
    }
    foot -= height;
  }
}
