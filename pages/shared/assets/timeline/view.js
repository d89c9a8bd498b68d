// What stretch of the axis is in view, {lo, hi} in the axis' units, and what dragging and zooming make of it.

const LEAST = { order: 4, other: 200 }; // Narrower than four events or 200 µs shows nothing more.
const SLACK = 0.5; // How far beyond the ends one may drag, as a share of the view.

/** The narrowest view of an axis. */
const least = (axis) => LEAST[axis] ?? LEAST.other;

/** A view that is wide enough to draw: one moment gets some room on both sides. */
export function roomy(view, axis) {
  const missing = least(axis) - (view.hi - view.lo);
  return missing <= 0 ? view : { lo: view.lo - missing / 2, hi: view.hi + missing / 2 };
}

/** The view moved so far and no further, by `limits`. */
export function kept(view, limits) {
  const span = view.hi - view.lo;
  const lowest = limits.lo - span * SLACK;
  const highest = Math.max(limits.hi + span * SLACK - span, lowest);
  const lo = Math.min(Math.max(view.lo, lowest), highest);
  return { lo, hi: lo + span };
}

/** The view dragged by a share of its width. */
export function panned(view, share, limits) {
  const by = (view.hi - view.lo) * share;
  return kept({ lo: view.lo + by, hi: view.hi + by }, limits);
}

/** The view made `factor` times wider around x; never wider than twice what there is. */
export function zoomed(view, factor, x, limits, axis) {
  const span = view.hi - view.lo;
  const widest = Math.max(2 * (limits.hi - limits.lo), least(axis));
  const wanted = Math.min(Math.max(span * factor, least(axis)), widest);
  const before = (x - view.lo) / span;
  return kept({ lo: x - wanted * before, hi: x + wanted * (1 - before) }, limits);
}

/** Whether two views are the same to the eye and to the server, which counts in whole units. */
export const sameView = (a, b) => Math.abs(a.lo - b.lo) < 1 && Math.abs(a.hi - b.hi) < 1;
