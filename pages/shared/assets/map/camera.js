// What part of the map is in view: {x, y, zoom}, its middle and how much larger than the whole map in the same room.

const PAD = 28; // CSS pixels around the whole map.
const LEAST = 0.5;
const DEEPEST = 128; // Deeper, the steps of the places could be seen…
const DEEPER = 16_384; // …but for places that are sent again for what is in view.
const SLACK = 0.5; // How far the middle may leave the map, as a share of what is in view.

/** Pixels for each unit of the map with all of it in view. */
function fitScale([x0, y0, x1, y1], { width, height }) {
  const [wide, high] = [Math.max(1, width - 2 * PAD), Math.max(1, height - 2 * PAD)];
  const scale = Math.min(wide / (x1 - x0), high / (y1 - y0));
  return Number.isFinite(scale) ? scale : wide; // Of a map that is one point.
}

/** The view of all there is. */
export const whole = ([x0, y0, x1, y1]) => ({ x: (x0 + x1) / 2, y: (y0 + y1) / 2, zoom: 1 });

/** The view in which a window of the map just fits. */
export function viewOf([x0, y0, x1, y1], extent, size) {
  const scale = Math.min(size.width / Math.max(x1 - x0, 1e-9), size.height / Math.max(y1 - y0, 1e-9));
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, zoom: scale / fitScale(extent, size) };
}

/** Between places of the map and CSS pixels of a stage; y of the map goes upwards. */
export class Camera {
  constructor(view, extent, size) {
    Object.assign(this, { view, extent, size, scale: fitScale(extent, size) * view.zoom });
  }

  px(x) {
    return this.size.width / 2 + (x - this.view.x) * this.scale;
  }

  py(y) {
    return this.size.height / 2 - (y - this.view.y) * this.scale;
  }

  x(px) {
    return this.view.x + (px - this.size.width / 2) / this.scale;
  }

  y(py) {
    return this.view.y - (py - this.size.height / 2) / this.scale;
  }

  /** What is in view: [x0, y0, x1, y1]. */
  get window() {
    const { width, height } = this.size;
    return [this.x(0), this.y(height), this.x(width), this.y(0)];
  }
}

/** A view with the middle near the map and a zoom that shows something; `deep` where places can be had again. */
export function kept({ x, y, zoom }, { extent, size }, deep) {
  const bounded = Math.min(Math.max(zoom, LEAST), deep ? DEEPER : DEEPEST);
  const scale = fitScale(extent, size) * bounded;
  const [slackX, slackY] = [(size.width / scale) * SLACK, (size.height / scale) * SLACK];
  const within = (value, lo, hi, slack) => Math.min(Math.max(value, lo - slack), hi + slack);
  return { x: within(x, extent[0], extent[2], slackX), y: within(y, extent[1], extent[3], slackY), zoom: bounded };
}

/** The view dragged along by CSS pixels. */
export function panned(camera, dx, dy) {
  return { ...camera.view, x: camera.view.x - dx / camera.scale, y: camera.view.y + dy / camera.scale };
}

/** The view `factor` times closer, in which a place of the stage stays where it is. */
export function zoomed(camera, factor, px, py) {
  const { view } = camera;
  const [x, y] = [camera.x(px), camera.y(py)];
  return { x: x + (view.x - x) / factor, y: y + (view.y - y) / factor, zoom: view.zoom * factor };
}

/** Whether two views are the same to the eye. */
export const sameView = (a, b, { scale }) => Math.abs(a.zoom / b.zoom - 1) < 1e-6
  && Math.hypot(a.x - b.x, a.y - b.y) * scale < 0.01;

/** Whether two windows of the map are about the same: one of them may have been rounded for a link. */
export function sameWindow(a, b) {
  if (!a || !b) return false;
  const near = 0.02 * Math.max(b[2] - b[0], b[3] - b[1]);
  return a.every((edge, i) => Math.abs(edge - b[i]) < near);
}
