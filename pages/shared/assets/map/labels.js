// The names of clusters: the heavier first, each where it hides no other, more of them the closer one looks.

import { fitted } from "../drawing/fitted.js";

const LINE = 15;
const APART = 4; // CSS pixels between labels.
const BESIDE = 7; // CSS pixels from the middle of a cluster.
const WIDEST = 132;
const WITHIN = 24; // What it costs to break a term.
const NARROW = 104; // On a small screen.
const MOST_LABELS = 400;

/** A label in one line or two: broken where it is most even, rather between terms than within one. */
function broken(text, font, widest, measure) {
  if (measure(text, font) <= widest) return [text];
  const words = text.split(" ");
  let best = null;
  for (let at = 1; at < words.length; at++) {
    const lines = [words.slice(0, at).join(" "), words.slice(at).join(" ")];
    const between = /[·,;]$/.test(lines[0]);
    if (lines[1].startsWith("·")) continue;
    const width = Math.max(...lines.map((line) => measure(line, font))) + (between ? 0 : WITHIN);
    if (best === null || width < best.width) best = { lines: lines.map((line) => line.replace(/ ·$/, "")), width };
  }
  return (best?.lines ?? [text]).map((line) => fitted(line, widest, font, measure));
}

/** Labels with their lines and size, the heaviest first; made again only when they or the screen change. */
export function measured(labels, { style, narrow, measure }) {
  const font = style.smallBold;
  const found = [...labels].sort((a, b) => b[3] - a[3]).slice(0, MOST_LABELS).map(([x, y, text]) => {
    const lines = broken(text, font, narrow ? NARROW : WIDEST, measure);
    return { x, y, lines, width: Math.max(...lines.map((line) => measure(line, font))), height: LINE * lines.length };
  });
  return found;
}

const overlap = (a, b) => Math.abs(a.px - b.px) * 2 < a.width + b.width + 2 * APART
  && Math.abs(a.py - b.py) * 2 < a.height + b.height + APART;

/** The labels that have room at a zoom, with their places; which they are does not depend on where one looks.
 *
 * A label lies above the middle of its cluster, which it would hide if it were small, else below it. `taken` are boxes like
 * those of labels that are free for none.
 */
export function placedLabels(labels, camera, taken) {
  const placed = [];
  const free = (at) => placed.every((other) => !overlap(at, other)) && taken.every((other) => !overlap(at, other));
  for (const label of labels) {
    const [px, py] = [camera.px(label.x), camera.py(label.y)];
    const aside = label.height / 2 + BESIDE;
    for (const shift of [-aside, aside, 0]) {
      const at = { ...label, px, py: py + shift };
      if (free(at)) {
        placed.push(at);
        break;
      }
    }
  }
  return placed;
}

/** Draw the labels that are in view; one that would be cut off at a side moves in, unless it would hide another there. */
export function drawLabels(surface, { labels, camera, style }) {
  const { width, height } = camera.size;
  const seen = labels.filter(({ px, py }) => px >= 0 && px <= width && py >= 0 && py <= height);
  for (const label of seen) {
    const half = label.width / 2 + APART;
    const x = half * 2 > width ? width / 2 : Math.min(Math.max(label.px, half), width - half);
    const y = Math.min(Math.max(label.py, label.height / 2 + 2), height - label.height / 2 - 2);
    const moved = { ...label, px: x, py: y };
    if ((x !== label.px || y !== label.py) && seen.some((other) => other !== label && overlap(moved, other))) continue;
    label.lines.forEach((line, i) => surface.text(line, x, y - label.height / 2 + 12 + i * LINE, {
      fill: style.text, font: style.smallBold, align: "center", halo: style.ground,
    }));
  }
}
