// The ground that events stand on: the axis above, the lanes with their names, and the lines for now and as-of.

import { fitted } from "../drawing/fitted.js";
import { INSET, laneMiddle, untimedWords } from "./layout.js";
import { axisTicks } from "./ticks.js";
import { grouped } from "../drawing/words.js";

const ROOM = 78; // Pixels for each tick and its words.
const UNKNOWN_STEP = 11; // From one memory without a time to the next.
const UNKNOWN_WORDS = 9; // So many steps are kept for the words after them.
const AXIS_NAMES = {
  created: "Written, UTC", recorded: "Recorded, UTC", expires: "Expires, UTC", order: "Order", elapsed: "Since the start",
};

/** The ticks' lines through the lanes, and the lanes' edges. Behind everything. */
export function drawGround(surface, { at, picture, scale, style }) {
  const { plot } = at;
  const { ticks } = axisTicks(picture.axis, scale.seen.lo, scale.seen.hi, plot.width, ROOM);
  surface.within(plot.x, plot.y, plot.width, plot.height, () => {
    for (const { x } of ticks) {
      surface.line([[scale.px(x), plot.y], [scale.px(x), plot.y + plot.height]], { stroke: style.line, alpha: 0.7 });
    }
  });
  for (let lane = 0; lane <= picture.lanes.length; lane++) {
    const y = plot.y + lane * at.lane;
    surface.line([[0, y], [at.width, y]], { stroke: style.line });
  }
}

/** The axis: ticks with their words, and above them the day, month or year that they are in. */
export function drawAxis(surface, scene) {
  const { at, picture, scale, style } = scene;
  const { plot } = at;
  const tags = momentTags(surface, scene);
  const { ticks, spans } = axisTicks(picture.axis, scale.seen.lo, scale.seen.hi, plot.width, ROOM);
  const low = plot.y - 9;
  if (!at.narrow) surface.text(AXIS_NAMES[picture.axis], 0, low, { fill: style.muted, font: style.small });
  surface.within(plot.x, 0, plot.width, plot.y, () => {
    for (const { x, label } of ticks) {
      const left = scale.px(x) + 5;
      const right = left + surface.widthOf(label, style.small);
      const beside = (tag) => right + 5 < tag.left || left - 5 > tag.left + tag.width;
      const free = right < plot.x + plot.width && tags.every(beside);
      if (free) surface.text(label, left, low, { fill: style.muted, font: style.small });
      surface.line([[scale.px(x), plot.y - 6], [scale.px(x), plot.y]], { stroke: style.line });
    }
    for (const span of spans) drawLonger(surface, span, { at, scale, style });
  });
}

/** The words of a longer unit: at its beginning, or at the edge where it began before. */
function drawLonger(surface, { lo, hi, label }, { at, scale, style }) {
  const left = Math.max(scale.px(lo), at.plot.x);
  const room = Math.min(scale.px(hi), at.plot.x + at.plot.width) - left - 10;
  if (scale.px(lo) > at.plot.x) {
    surface.line([[scale.px(lo), 4], [scale.px(lo), at.plot.y]], { stroke: style.line });
  }
  const words = at.narrow ? `${label} (UTC)` : label;
  const text = surface.widthOf(words, style.smallBold) <= room ? words : label;
  if (surface.widthOf(text, style.smallBold) <= room) {
    surface.text(text, left + 5, 14, { fill: style.text, font: style.smallBold });
  }
}

/** What to say where nothing happened. */
export function drawNothing(surface, { at: { plot }, style }) {
  const words = "Nothing happened here. Home shows everything.";
  const look = { fill: style.muted, font: style.font, align: "center", halo: style.ground };
  surface.text(words, plot.x + plot.width / 2, plot.y + plot.height / 2 + 4, look);
}

/** The names of the lanes with their counts: in view where not all are. */
export function drawLabels(surface, { at, picture, style }) {
  picture.lanes.forEach((lane, i) => {
    const y = at.narrow ? at.plot.y + i * at.lane + 13 : laneMiddle(at, i) + 4;
    const right = at.narrow ? at.width : at.labels - 12;
    const all = lane.in_view === lane.count || !at.narrow;
    const shown = all ? grouped(lane.in_view) : `${grouped(lane.in_view)} of ${grouped(lane.count)}`;
    const halo = at.narrow ? style.ground : null;
    surface.text(shown, right, y, { fill: style.muted, font: style.small, align: "right", halo });
    if (lane.colour) surface.shape({ shape: "circle", radius: 4, fill: lane.colour }, 5, y - 4);
    const left = lane.colour ? 15 : 0;
    const room = right - left - surface.widthOf(shown, style.small) - 10;
    const words = fitted(lane.label, room, style.font, (text, font) => surface.widthOf(text, font));
    surface.text(words, left, y, { fill: style.text, font: style.font, halo });
  });
}

/** How many memories without a time are drawn: as many as there is room for beside the words for the rest. */
function unknownShown(at, picture) {
  const room = Math.floor((at.plot.width - 2 * INSET) / UNKNOWN_STEP);
  const { length } = picture.unknown_rows;
  return length <= room && length === picture.unknown ? length : Math.min(length, Math.max(0, room - UNKNOWN_WORDS));
}

const unknownX = (at, i) => at.plot.x + INSET + i * UNKNOWN_STEP;

/** The row of the memory without a time at a place; −1 where there is none. */
export function unknownAt({ at, picture }, x, y) {
  if (!at.unknown || Math.abs(y - at.unknown.middle) > UNKNOWN_STEP) return -1;
  const i = Math.round((x - unknownX(at, 0)) / UNKNOWN_STEP);
  return i >= 0 && i < unknownShown(at, picture) ? picture.unknown_rows[i] : -1;
}

/** The lane of what has no place on this axis: one beside the other. */
export function drawUnknown(surface, { at, picture, selected, style }) {
  if (!at.unknown) return;
  const y = at.unknown.middle + 4;
  surface.text(untimedWords(picture), 0, at.narrow ? at.unknown.y + 13 : y, { fill: style.muted, font: style.font });
  surface.text(grouped(picture.unknown), at.narrow ? at.width : at.labels - 12, at.narrow ? at.unknown.y + 13 : y,
    { fill: style.muted, font: style.small, align: "right" });
  const shown = unknownShown(at, picture);
  for (let i = 0; i < shown; i++) {
    const look = picture.unknown_rows[i] === selected ? { fill: style.accent } : { fill: style.ground, stroke: style.muted };
    surface.shape({ shape: "circle", radius: 3.5, line: 1.25, ...look }, unknownX(at, i), at.unknown.middle);
  }
  if (shown < picture.unknown) {
    surface.text(`and ${grouped(picture.unknown - shown)} more`, unknownX(at, shown), y,
      { fill: style.muted, font: style.small });
  }
}

/** The lines for now and for as-of that are in view, with the box of each name above the lanes. */
function momentTags(surface, { at: { plot }, moments, scale, style }) {
  const lines = [
    { x: moments.now, words: "Now", colour: style.muted, dash: [3, 3], full: false },
    { x: moments.asOf, words: "As of", colour: style.accent, dash: null, full: true },
  ];
  return lines.filter(({ x }) => x !== null).map((line) => {
    const px = scale.px(line.x);
    const width = surface.widthOf(line.words, style.smallBold) + 12;
    return { ...line, px, width, left: Math.min(Math.max(px - width / 2, plot.x), plot.x + plot.width - width) };
  }).filter(({ px }) => px >= plot.x && px <= plot.x + plot.width);
}

/** The lines for now and for as-of. What is after as-of is veiled: it was not known then. */
export function drawMoments(surface, scene) {
  const { at: { plot }, scale, style, moments } = scene;
  if (moments.asOf !== null) {
    const from = Math.max(scale.px(moments.asOf), plot.x);
    const width = plot.x + plot.width - from;
    if (width > 0) surface.rect(from, plot.y, width, plot.height, { fill: style.ground, alpha: 0.55 });
  }
  for (const { px, left, width, words, colour, dash, full } of momentTags(surface, scene)) {
    surface.line([[px, plot.y - 2], [px, plot.y + plot.height]], { stroke: colour, line: full ? 1.5 : 1, dash });
    const box = full ? { fill: colour } : { fill: style.ground, stroke: colour };
    surface.rect(left, plot.y - 20, width, 17, { ...box, radius: 4 });
    const look = { fill: full ? style.ground : colour, font: style.smallBold, align: "center" };
    surface.text(words, left + width / 2, plot.y - 7.5, look);
  }
}
