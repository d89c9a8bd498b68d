// Points of a lane that would cover each other are spread over tracks, from the middle outwards, always in the same way.

/** How large a point is, by how many are drawn; in a low lane so small that three fit over each other. */
export function baseRadius(count, body) {
  const wanted = count <= 400 ? 4.5 : count <= 2500 ? 3.5 : count <= 8000 ? 2.75 : 2.25;
  const fitting = Math.floor(2 * ((body - 2) / 3 - 1)) / 4;
  return Math.min(wanted, Math.max(2.25, fitting));
}

/** An odd number of tracks, so that one is in the middle. */
function trackCount(body, step) {
  const fit = Math.max(1, Math.floor((body - 2) / step));
  return fit % 2 ? fit : fit - 1;
}

/** 0, 1, 2, 3, 4 → 0, +1, −1, +2, −2: the middle is taken first. */
const offset = (track) => (track % 2 ? (track + 1) / 2 : -track / 2);

/** Move full lanes to their middle: two tracks lie on both sides of it. A lane that rarely needs a second keeps to one. */
function centre({ lane, length }, spread, lanes) {
  const of = Array.from({ length: lanes }, () => ({ lowest: 0, highest: 0, all: 0, aside: 0 }));
  for (let i = 0; i < length; i++) {
    const held = of[lane[i]];
    held.lowest = Math.min(held.lowest, spread[i]);
    held.highest = Math.max(held.highest, spread[i]);
    held.all += 1;
    held.aside += spread[i] ? 1 : 0;
  }
  for (let i = 0; i < length; i++) {
    const { lowest, highest, all, aside } = of[lane[i]];
    if (aside > all / 3) spread[i] -= (lowest + highest) / 2;
  }
}

/**
 * How far from the middle of its lane each point is drawn, in pixels, and which had to be put over others.
 *
 * Points come by x. Each takes the first track that is free at its place; where all are taken, the one that was taken the
 * longest ago. Only distances count, so dragging moves no point to another track; zooming may.
 */
export function fan(points, lanes, { perUnit, body, radius }) {
  const step = 2 * radius + 1;
  const tracks = trackCount(body, step);
  const taken = new Float64Array(lanes * tracks).fill(-Infinity);
  const spread = new Float32Array(points.length);
  const crowded = new Uint8Array(points.length);
  const start = points.length ? points.x[0] : 0;
  for (let i = 0; i < points.length; i++) {
    const at = (points.x[i] - start) * perUnit;
    const first = points.lane[i] * tracks;
    let best = first;
    for (let track = first; track < first + tracks; track++) {
      if (taken[track] < taken[best]) best = track;
      if (at - taken[track] < step) continue;
      best = track;
      break;
    }
    crowded[i] = at - taken[best] < step ? 1 : 0;
    taken[best] = at;
    spread[i] = offset(best - first) * step;
  }
  centre(points, spread, lanes);
  return { spread, crowded };
}
