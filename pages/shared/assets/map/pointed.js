// What is under a place of the stage, and how much is in view.

import { cellLines, countCells } from "./cells.js";
import { ALIVE } from "./looks.js";
import { placeOf, rowOf } from "./payload.js";

export const NEAR = 8;

/** The drawn point nearest to a place of the stage within reach; −1 where there is none. The upper of two at one place. */
export function pointNear({ picture, arrangement, camera }, px, py, reach = NEAR) {
  if (picture.kind !== "points") return -1;
  const { place, box: [x0, y0, x1, y1], count } = picture;
  const { states } = arrangement;
  const [perX, perY] = [((x1 - x0) / 65535) * camera.scale, ((y1 - y0) / 65535) * camera.scale];
  const [left, foot] = [camera.px(x0), camera.py(y0)];
  let [found, best] = [-1, reach * reach];
  for (let i = 0; i < count; i++) {
    const dx = left + place[2 * i] * perX - px;
    const dy = foot - place[2 * i + 1] * perY - py;
    const distance = dx * dx + dy * dy;
    if (distance <= best && states[i] & ALIVE && (found < 0 || distance < best)) [found, best] = [i, distance];
  }
  return found;
}

/** A hit of the query at a place of the stage, with a ring to aim at: [x, y, row], or undefined. */
function hitNear({ picture, camera }, px, py, reach) {
  return picture.rings.find(([x, y]) => Math.hypot(camera.px(x) - px, camera.py(y) - py) <= reach);
}

/** How many drawn points lie exactly where one lies: memories that say the same do. */
function countAt({ picture: { place, count }, arrangement: { states } }, i) {
  let found = 0;
  for (let j = 0; j < count; j++) {
    if (place[2 * j] === place[2 * i] && place[2 * j + 1] === place[2 * i + 1] && states[j] & ALIVE) found++;
  }
  return found;
}

/** What there is at a place: {place: [x, y], row, code, here: how many}, {lines} of a cell, or null. */
export function under(scene, px, py, reach = NEAR) {
  const { picture } = scene;
  const i = pointNear(scene, px, py, reach);
  if (i >= 0) {
    return { place: placeOf(picture, i), row: rowOf(picture, i), code: picture.colour[i], here: countAt(scene, i) };
  }
  const hit = hitNear(scene, px, py, reach);
  if (hit) return { place: hit.slice(0, 2), row: hit[2], code: null, here: 1 };
  const lines = picture.kind === "raster" ? cellLines(scene, px, py) : null;
  return lines && { place: null, row: null, code: null, here: 1, lines };
}

/** How many of what is drawn are in view. */
export function countSeen({ picture, arrangement, camera }) {
  if (picture.kind === "raster") return Math.min(picture.total, countCells({ picture, camera }));
  const { place, box: [x0, y0, x1, y1], count } = picture;
  const [left, low, right, high] = camera.window;
  const step = (value, from, until) => ((value - from) / (until - from || 1)) * 65535;
  const [fromX, untilX, fromY, untilY] = [step(left, x0, x1), step(right, x0, x1), step(low, y0, y1), step(high, y0, y1)];
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [place[2 * i], place[2 * i + 1]];
    if (x >= fromX && x <= untilX && y >= fromY && y <= untilY && arrangement.states[i] & ALIVE) seen++;
  }
  return seen;
}
