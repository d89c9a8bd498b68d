// What a file of the timeline says beside the figure: what is in view, and the colours.

import { flowed } from "../drawing/fitted.js";
import { exactWords } from "../drawing/words.js";
import { countWords, stretchWords } from "./spoken.js";

/** The colours that are in the picture, with their names. */
export function pictureColours({ picture, options, style }) {
  const used = new Set(picture.kind === "density" ? picture.density.colour : picture.points.colour);
  return [...used].sort((a, b) => a - b)
    .map((code) => ({ colour: style.palette[code] ?? style.muted, label: options.names[code] ?? "" }));
}

/** What is in view, how much of what, and as of when, in as many lines as it needs. */
export function subtitle({ picture, view, moments, at, style }, measure) {
  const parts = [stretchWords(view, picture), countWords(picture)];
  if (moments.asOf !== null) parts.push(`as of ${exactWords(moments.asOf)}`);
  return flowed(parts, at.width, style.small, measure);
}
