// Where everything goes, in CSS pixels: labels, the axis above, the lanes, what has no time, the overview, the key.

export const INSET = 12; // The ends of the view stay this far from the plot's edges, so that no point is cut.
export const WITH_GAPS = 3.5; // Bars that are narrower stand side by side: a gap between them would flicker.
const NARROW = 560; // Below it labels stand above their lanes.
const LABEL = { least: 104, most: 200, line: 17, count: 44, dot: 16 };
const AXIS = { high: 40, low: 24 };
const OVERVIEW = { above: 14, bars: 34, words: 18 };
const KEY_LINE = 22;
const UNKNOWN = 30;

/** How high a lane is: few lanes share a good height, as far as their events fill it; none is too thin to hit. */
function laneHeight({ lanes, total }, narrow) {
  const count = Math.max(1, lanes.length);
  const most = Math.min(112, Math.max(48, 6 * Math.sqrt(total / count)));
  return Math.round(Math.min(most, Math.max(24, (narrow ? 380 : 460) / count)));
}

/** What the lane of memories without a place on the axis is called. */
export const untimedWords = ({ axis }) => (axis === "expires" ? "Does not expire" : "Unknown time");

/** The widths of the items of the key, broken into lines: [[item, x], …] for each line. */
function keyLines(items, width, measure, font) {
  const lines = [[]];
  let x = 0;
  for (const item of items) {
    const needed = 20 + measure(item.label, font) + 16;
    if (x > 0 && x + needed > width) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1).push([item, x]);
    x += needed;
  }
  return lines;
}

/**
 * Lay out a picture in a given width.
 * @param measure width of (text, font) in pixels
 * @param items what the key explains: {label}
 */
export function layout(picture, { width, measure, style, items }) {
  const narrow = width < NARROW;
  const names = [...picture.lanes.map(({ label }) => label), ...(picture.unknown ? [untimedWords(picture)] : [])];
  const widest = Math.max(0, ...names.map((name) => measure(name, style.font)));
  const labels = narrow ? 0 : Math.round(Math.min(LABEL.most, Math.max(LABEL.least, widest + LABEL.dot + LABEL.count)));
  const axis = picture.axis === "order" || picture.axis === "elapsed" ? AXIS.low : AXIS.high;
  const body = laneHeight(picture, narrow);
  const lane = body + (narrow ? LABEL.line : 0);
  const plot = { x: labels, y: axis, width: Math.max(40, width - labels), height: lane * picture.lanes.length };
  let bottom = plot.y + plot.height;
  const above = narrow ? LABEL.line : 0;
  const unknown = picture.unknown > 0 ? { y: bottom, middle: bottom + above + UNKNOWN / 2, height: UNKNOWN + above } : null;
  bottom += unknown?.height ?? 0;
  const overview = { x: plot.x, y: bottom + OVERVIEW.above, width: plot.width, height: OVERVIEW.bars };
  bottom = overview.y + OVERVIEW.bars + OVERVIEW.words;
  const lines = items.length ? keyLines(items, plot.width, measure, style.small) : [];
  const key = lines.length ? { x: plot.x, y: bottom + 8, lines, line: KEY_LINE } : null;
  if (key) bottom = key.y + lines.length * KEY_LINE;
  return { width, height: bottom + 2, narrow, labels, labelLine: narrow ? LABEL.line : 0, axis, lane, body, plot,
    unknown, overview, key };
}

/** The axis' value ↔ the pixel, for a view in a layout. */
export class Scale {
  constructor(view, { plot }) {
    this.view = view;
    this.left = plot.x + INSET;
    this.width = plot.width - 2 * INSET;
    this.perUnit = this.width / (view.hi - view.lo);
  }

  px(x) {
    return this.left + (x - this.view.lo) * this.perUnit;
  }

  value(px) {
    return this.view.lo + (px - this.left) / this.perUnit;
  }

  /** What can be seen, with the margins at both edges. */
  get seen() {
    return { lo: this.value(this.left - INSET), hi: this.value(this.left + this.width + INSET) };
  }
}

/** The middle of a lane's body. */
export const laneMiddle = (at, lane) => at.plot.y + lane * at.lane + at.labelLine + at.body / 2;

/** The lane's place at a height, as a fraction: 2.5 is the middle of the third lane's body. */
export function laneAt(at, y) {
  const from = (y - at.plot.y) / at.lane;
  const lane = Math.floor(from);
  const within = ((from - lane) * at.lane - at.labelLine) / at.body;
  return lane + Math.min(0.999999, Math.max(0, within));
}

/** The height of a lane's place: the inverse of laneAt. */
export function laneY(at, place) {
  const lane = Math.min(Math.floor(place), Math.ceil(at.plot.height / at.lane) - 1);
  return at.plot.y + lane * at.lane + at.labelLine + (place - lane) * at.body;
}
