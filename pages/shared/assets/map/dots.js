// Points through a surface: for downloads, and where there is no WebGL.

import { ALIVE, BACK, BACK_FACTOR, DIM, EDGED, FADED, GHOST, PALE, sizeFactor } from "./looks.js";
import { channels } from "./webgl.js";

const SIZES = 16; // Steps that the eye can tell apart: points that look alike share a stamp.

/** A colour with only a share of its own in that of the ground. */
function paler(colour, ground, own) {
  if (own === 1) return colour;
  const [from, to] = [channels(ground), channels(colour)];
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * own)).join(" ")})`;
}

function lookFor({ look, style }, code, state, size) {
  const alive = state & ALIVE;
  const own = !alive ? GHOST : state & DIM ? FADED : 1;
  const colour = alive ? style.palette[code] ?? style.muted : style.muted;
  const radius = look.radius * (size === null ? 1 : sizeFactor(size)) * (state & BACK ? BACK_FACTOR : 1);
  const edged = radius >= EDGED;
  return {
    shape: "circle", radius: edged ? radius - 0.375 : radius, fill: paler(colour, style.ground, own),
    stroke: edged ? style.ground : null, line: 0.75,
    alpha: own < 1 ? PALE : look.opacity,
  };
}

/** The points that are in view, from back to front: calls with a point and its place on the stage. */
export function eachSeen({ picture, arrangement, camera }, margin, call) {
  const { place, box: [x0, y0, x1, y1] } = picture;
  const [perX, perY] = [((x1 - x0) / 65535) * camera.scale, ((y1 - y0) / 65535) * camera.scale];
  const [left, foot] = [camera.px(x0), camera.py(y0)];
  const { width, height } = camera.size;
  for (const i of arrangement.order) {
    const x = left + place[2 * i] * perX;
    const y = foot - place[2 * i + 1] * perY;
    if (x > -margin && x < width + margin && y > -margin && y < height + margin) call(i, x, y);
  }
}

/** Draw the points. */
export function drawDots(surface, scene) {
  const { picture, arrangement, looks } = scene;
  eachSeen(scene, 20, (i, x, y) => {
    const size = picture.size === null ? null : picture.size[i] >> 4;
    const kind = (picture.colour[i] * 8 + arrangement.states[i]) * (SIZES + 1) + (size ?? SIZES);
    let look = looks.get(kind);
    if (!look) {
      looks.set(kind, look = lookFor(scene, picture.colour[i], arrangement.states[i], size === null ? null : size * 17));
    }
    surface.shape(look, x, y);
  });
}
