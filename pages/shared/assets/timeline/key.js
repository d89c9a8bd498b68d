// The key below the drawing: only what is drawn in it is explained.

import { MARKS } from "../drawing/shapes.js";
import { grouped, lengthWords } from "../drawing/words.js";

/** What the key has to say about a picture: {label, draw(surface, x, y, style)}. */
export function keyItems(picture, options) {
  const items = [];
  const bits = options.shows.has("marks") ? picture.points.mark?.reduce((all, bit) => all | bit, 0) ?? 0 : 0;
  for (const { bit, shape, hollow, alpha, label } of MARKS) {
    if (!(bits & bit)) continue;
    const draw = (surface, x, y, { text, ground }) => surface.shape({
      shape, radius: 4, fill: hollow ? ground : text, stroke: hollow ? text : null, line: 1.5, alpha,
    }, x, y);
    items.push({ label, draw });
  }
  const stated = picture.kind === "points" ? picture.handoffs.stated : [];
  const some = ofAll(picture.handoffs.length, picture.totals.handoffs);
  if (stated.includes(1)) items.push({ label: `handoff stated${some}`, draw: arrow(null) });
  if (stated.includes(0)) items.push({ label: `work passed on${some}`, draw: arrow([2, 3]) });
  if (picture.expiries.length) {
    items.push({ label: `expires${ofAll(picture.expiries.length, picture.totals.expiries)}`, draw: tick });
  }
  if (picture.kind === "density") items.push({ label: densityWords(picture), draw: bars });
  else if (options.weight === "size") items.push({ label: "larger: more confident", draw: sizes });
  else if (options.weight === "opacity") items.push({ label: "fuller: more confident", draw: fades });
  return items;
}

/** What to add where not all are drawn: " (400 of 1,204 drawn)". */
const ofAll = (drawn, total) => (drawn < total ? ` (${grouped(drawn)} of ${grouped(total)} drawn)` : "");

const densityWords = ({ axis, window, bins, others }) => {
  const own = others === null ? "" : ", that of the others by their own scale";
  return axis === "order"
    ? `bar height: root of the count${own}`
    : `a bar: ${lengthWords((window[1] - window[0]) / bins)}; height: root of the count${own}`;
};

const arrow = (dash) => (surface, x, y, { muted }) => {
  surface.line([[x - 7, y], [x + 6, y]], { stroke: muted, dash });
  surface.line([[x + 2, y - 3], [x + 6, y], [x + 2, y + 3]], { stroke: muted });
};
const tick = (surface, x, y, { warn }) => surface.line([[x, y - 5], [x, y + 5]], { stroke: warn, line: 1.5 });
const bars = (surface, x, y, { muted }) => [4, 9, 6].forEach((tall, i) => (
  surface.rect(x - 6 + i * 4, y + 5 - tall, 3, tall, { fill: muted })));
const sizes = (surface, x, y, { muted }) => [[-7, 1.5], [-1.5, 2.5], [6, 3.5]].forEach(([at, radius]) => (
  surface.shape({ shape: "circle", radius, fill: muted }, x + at, y)));
const fades = (surface, x, y, { muted }) => [0.25, 0.6, 1].forEach((alpha, i) => (
  surface.shape({ shape: "circle", radius: 3, fill: muted, alpha }, x - 7 + i * 7, y)));

/** Draw the key where the layout put it. */
export function drawKey(surface, { at, style }) {
  at.key?.lines.forEach((line, i) => {
    const y = at.key.y + i * at.key.line + 10;
    for (const [item, x] of line) {
      item.draw(surface, at.key.x + x + 8, y, style);
      surface.text(item.label, at.key.x + x + 20, y + 4, { fill: style.muted, font: style.small });
    }
  });
}
