// What follows the pointer: a thin line with the moment under it, and a ring around the point that it is on.

import { drawHandoffsOf } from "./between.js";
import { drawRing } from "./scene.js";
import { calendar, dateWords, elapsedWords, fraction, placeWords, secondWords } from "../drawing/words.js";

function momentWords(x, picture, perUnit) {
  if (picture.axis === "order") return placeWords(x, picture);
  if (picture.axis === "elapsed") return elapsedWords(Math.round(x));
  const c = calendar(x);
  return `${dateWords(c)}, ${secondWords(c)}${perUnit > 1e-4 ? fraction(c.us) : ""}`;
}

/** Draw what the pointer is on: {x, y, point}. */
export function drawPointed(surface, scene, { x, y, point }) {
  const { at, picture, scale, style } = scene;
  const { plot } = at;
  if (x < plot.x || y > plot.y + plot.height) return;
  const line = point >= 0 ? scale.px(picture.points.x[point]) : x;
  surface.line([[line, plot.y], [line, plot.y + plot.height]], { stroke: style.muted, alpha: 0.5 });
  if (point >= 0) {
    surface.within(plot.x, plot.y, plot.width, plot.height, () => drawHandoffsOf(surface, scene, picture.points.row[point]));
    drawRing(surface, scene, point, { stroke: style.text, line: 1.5 });
    return;
  }
  const words = momentWords(scale.value(x), picture, scale.perUnit);
  const width = surface.widthOf(words, style.small) + 12;
  const left = Math.min(Math.max(x - width / 2, plot.x), plot.x + plot.width - width);
  surface.rect(left, plot.y - 20, width, 18, { fill: style.text, radius: 4 });
  surface.text(words, left + width / 2, plot.y - 7, { fill: style.ground, font: style.small, align: "center" });
}
