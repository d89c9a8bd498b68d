// The colours of a download, with their names and how many points have them in view.

import { grouped } from "../timeline/words.js";
import { UNPICKED } from "./cells.js";
import { eachSeen } from "./dots.js";
import { ALIVE } from "./looks.js";

export const LEGEND_LINE = 22;

/** How many points of each colour are in view, the most frequent first: [code, count]. */
function seenColours(scene) {
  const { picture, arrangement } = scene;
  const counts = new Map();
  const add = (code, count) => counts.set(code, (counts.get(code) ?? 0) + count);
  if (picture.kind === "points") {
    eachSeen(scene, 0, (i) => (arrangement.states[i] & ALIVE ? add(picture.colour[i], 1) : null));
  } else {
    const { counts: each, codes } = picture.cells[1];
    each.forEach((count, at) => (count ? add(codes[at], null) : null));
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The legend, broken into lines: [{colour, label, x}]. */
export function legendLines(scene, measure) {
  const { picture, style, camera } = scene;
  const lines = [[]];
  let x = 0;
  for (const [code, count] of seenColours(scene)) {
    const name = picture.names[code] ?? (code === UNPICKED ? "not selected" : "");
    const label = picture.kind === "points" ? `${name} ${grouped(count)}` : name;
    const needed = 18 + measure(label, style.small) + 18;
    if (x > 0 && x + needed > camera.size.width) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1).push({ colour: style.palette[code] ?? style.muted, label, x });
    x += needed;
  }
  return lines;
}

/** Draw the legend below a drawing. */
export function drawLegend(surface, { style, camera }, lines) {
  lines.forEach((line, i) => line.forEach(({ colour, label, x }) => {
    const y = camera.size.height + 20 + i * LEGEND_LINE;
    surface.shape({ shape: "circle", radius: 4, fill: colour }, x + 5, y - 4);
    surface.text(label, x + 15, y, { fill: style.muted, font: style.small });
  }));
}
