// The colours of a download, with their names and how many points have them in view.

import { grouped } from "../drawing/words.js";
import { UNPICKED } from "./cells.js";
import { eachSeen } from "./dots.js";
import { ALIVE } from "./looks.js";

/** How many points of each colour are in view, the most frequent first: [code, count]. */
function seenColours(scene) {
  const { picture, arrangement } = scene;
  const counts = new Map();
  const add = (code, count) => counts.set(code, (counts.get(code) ?? 0) + count);
  if (picture.kind === "points") {
    eachSeen(scene, 0, (i) => (arrangement.states[i] & ALIVE ? add(picture.colour[i], 1) : null));
  } else {
    const { counts: each, codes } = picture.cells[1];
    each.forEach((count, at) => (count ? add(codes[at], count) : null));
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The colours that are in view with their names: {colour, label}. */
export function legendColours(scene) {
  const { picture, style } = scene;
  return seenColours(scene).map(([code, count]) => {
    const name = picture.names[code] ?? (code === UNPICKED ? "not selected" : "");
    const label = picture.kind === "points" ? `${name} ${grouped(count)}` : name;
    return { colour: style.palette[code] ?? style.muted, label };
  });
}
