// The drawing in words: for those who hear it, and the line above it.

import { untimedWords } from "./layout.js";
import {
  axisWords, calendar, dateWords, elapsedWords, grouped, lengthWords, memories, momentWithin, placeWords,
} from "../drawing/words.js";

const MOST_LANES = 12;

/** "14 Nov 2026, 10:32:05 – 18:00:00 UTC, 7.5 hours". */
export function stretchWords({ lo, hi }, picture) {
  const { axis } = picture;
  if (axis === "order") return `${placeWords(Math.ceil(lo), picture)} – ${placeWords(Math.floor(hi), picture).slice(4)}`;
  if (axis === "elapsed") return `${elapsedWords(Math.max(0, Math.round(lo)))} – ${elapsedWords(Math.round(hi))}`;
  const [from, until] = [calendar(lo), calendar(hi)];
  const [day, last] = [dateWords(from), dateWords(until)];
  const length = lengthWords(hi - lo);
  if (hi - lo > 4 * 24 * 3600e6) return `${day} – ${last}, ${length}`;
  const clock = (c) => momentWithin(c, hi - lo);
  return `${day}, ${clock(from)} – ${day === last ? "" : `${last}, `}${clock(until)} UTC, ${length}`;
}

/** "2,105 memories", "2,105 memories, 6 without a time", "512 of 2,105 memories in view". */
export function countWords({ axis, in_view, total, unknown }) {
  if (in_view < total - unknown) return `${grouped(in_view)} of ${memories(total)} in view`;
  const which = axis === "expires" ? "never expire" : "without a time";
  return unknown ? `${memories(total)}, ${grouped(unknown)} ${which}` : memories(total);
}

/** What is said when it changes: the memory that is open, and what is in view. */
export function changedWords(picture, view, { selected, names }) {
  const { points } = picture;
  const i = selected === null ? -1 : points.row?.indexOf(selected) ?? -1;
  const open = i < 0 ? "" : `Open: ${picture.lanes[points.lane[i]].label}, ${names[points.colour[i]]}, `
    + `${axisWords(points.x[i], picture.axis)}. `;
  return `${open}${countWords(picture)}, ${stretchWords(view, picture)}.`;
}

/** The text alternative: counts, the stretch, the fullest lanes, the keys. */
export function describe(picture, { title }) {
  const lanes = picture.lanes.slice(0, MOST_LANES).map(({ label, in_view }) => `${label}: ${grouped(in_view)}`);
  const more = picture.lanes.length - lanes.length;
  const [lo, hi] = picture.window;
  const counted = `${grouped(picture.lanes.length)} ${picture.lanes.length === 1 ? "lane" : "lanes"}`;
  return [
    `${title}. ${memories(picture.total)} in ${counted}.`,
    `${grouped(picture.in_view)} in view, from ${axisWords(lo, picture.axis)} to ${axisWords(hi, picture.axis)}.`,
    lanes.length ? `${lanes.join("; ")}${more > 0 ? `; and ${grouped(more)} more lanes` : ""}.` : "",
    picture.unknown ? `${untimedWords(picture)}: ${memories(picture.unknown)}.` : "",
    "Arrow keys go to the previous and the next memory, Enter opens, plus and minus zoom,",
    "Home shows everything, Escape lets go.",
  ].join(" ");
}
