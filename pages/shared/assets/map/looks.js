// How points look, and in which order they are drawn: by WebGL, on a canvas and in an SVG alike.

import { bitOf } from "./payload.js";

export const ALIVE = 1;
export const DIM = 2;
export const BACK = 4;

// A point that is not picked, or not there, has a colour near the ground's: a heap of see-through ones would stand out.
export const FADED = 0.24; // The share of its own colour in it.
export const GHOST = 0.22;
export const PALE = 0.8; // How opaque it is.
const SMALL = 0.02; // A colour that fewer points have lies above the others.
const SHARE = 0.3; // Of the stage that all points would cover beside each other.
const [FINEST, COARSEST, CLOSEST] = [1.15, 4.5, 6.5]; // Radii in CSS pixels.
export const EDGED = 2.6; // From this radius on a point has an edge.

/** The radius in CSS pixels and the opacity of the points at a zoom. */
export function pointLook({ total, size }, camera) {
  const { width, height } = camera.size;
  const { zoom } = camera.view;
  const base = Math.sqrt((SHARE * width * height) / (Math.PI * Math.max(total, 1)));
  const bounded = Math.min(Math.max(base, FINEST), COARSEST);
  const radius = Math.min(bounded * Math.max(zoom, 1) ** 0.4, Math.max(CLOSEST, bounded));
  const opacity = total > 50_000 ? 0.7 : total > 8_000 ? 0.82 : 0.92;
  return { radius: size ? radius * 1.1 : radius, opacity: Math.min(0.92, opacity * Math.max(zoom, 1) ** 0.1) };
}

/** How many times the usual radius a point has: its area says its size. */
export const sizeFactor = (byte) => Math.sqrt(0.35 + 4.5 * (byte / 255));
export const BACK_FACTOR = 0.8;

/** A bit set for each thing to know of a point: ALIVE, DIM, BACK. */
function stateOf({ alive, picked, colour }, back, i) {
  const dim = picked !== null && !bitOf(picked, i);
  return (bitOf(alive, i) ? ALIVE : 0) | (dim ? DIM : 0) | (back.has(colour[i]) ? BACK : 0);
}

/** A step through 0 … n − 1 that comes to each once, in no order that the eye could see. */
function strideOf(n) {
  const gcd = (a, b) => (b ? gcd(b, a % b) : a);
  let stride = Math.max(1, Math.floor(n * 0.6180339887));
  while (gcd(n, stride) > 1) stride++;
  return stride;
}

/** Colours that few points have. */
function smallGroups({ colour, count }) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < count; i++) counts[colour[i]]++;
  return counts.map((each) => (each < SMALL * count ? 1 : 0));
}

/** The points that are drawn, from back to front, and the state of each: {order, states, shown}.
 *
 * Ghosts first, then what is not picked, then the rest; in each, `back` colours lie behind and rare colours before the
 * others. Among those the order is mixed, so that no group buries another because of its number.
 */
export function arranged(picture) {
  const { count, colour } = picture;
  const back = new Set(picture.back);
  const small = smallGroups(picture);
  const states = new Uint8Array(count);
  const layers = new Uint8Array(count);
  const ends = new Uint32Array(8);
  let shown = 0;
  for (let i = 0; i < count; i++) {
    const state = states[i] = stateOf(picture, back, i);
    shown += state & ALIVE;
    const rank = state & BACK ? 0 : 1 + small[colour[i]];
    layers[i] = !(state & ALIVE) ? (picture.ghosts ? 0 : 7) : (state & DIM ? 1 : 4) + rank;
    ends[layers[i]]++;
  }
  const drawn = count - ends[7];
  for (let layer = 1; layer < 8; layer++) ends[layer] += ends[layer - 1];
  const order = new Uint32Array(count);
  const stride = strideOf(count);
  for (let k = 0, i = 0; k < count; k++, i = (i + stride) % count) order[--ends[layers[i]]] = i;
  return { order: order.subarray(0, drawn), states, shown };
}
