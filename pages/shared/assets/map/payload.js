// What Python sent, with its columns in place. The other end is pages/shared/map/payload.py: keep the two together.

import { column } from "./store.js";

const NAMED = ["place", "colour", "size", "alive", "picked", "rows"];

/** Whether the bit of a row is set in a mask of eight a byte; no mask is all of them. */
export const bitOf = (mask, i) => mask === null || ((mask[i >> 3] >> (i & 7)) & 1) === 1;

/** The picture that was sent, null where the browser lacks a column that Python believes it has. */
export function decode(sent) {
  let whole = true;
  const found = (name) => {
    const values = column(name);
    whole = whole && values !== undefined;
    return values;
  };
  const picture = { ...sent, name: {} };
  if (sent.kind === "points") {
    for (const what of NAMED) {
      picture.name[what] = sent[what];
      picture[what] = sent[what] === null ? null : found(sent[what]);
    }
  } else {
    picture.cells = sent.cells.map((cells) => ({ ...cells, name: `${cells.counts} ${cells.codes}`,
      counts: found(cells.counts), codes: found(cells.codes) }));
  }
  return whole ? picture : null;
}

/** The row of a drawn point in Python's frame. */
export const rowOf = ({ rows }, i) => (rows === null ? i : rows[i]);

/** The place of a drawn point. */
export function placeOf({ place, box: [x0, y0, x1, y1] }, i) {
  return [x0 + (place[2 * i] / 65535) * (x1 - x0), y0 + (place[2 * i + 1] / 65535) * (y1 - y0)];
}
