// What a drag does, with which tool. Each is {move(x, y), end(x, y), cancel()} in CSS pixels of the stage.

import { lasso } from "../drawing/lasso.js";
import { Camera, panned } from "./camera.js";

/** Drag the map along. */
function pan(chart, x, y) {
  const before = chart.camera;
  const to = (toX, toY) => chart.setView(panned(before, toX - x, toY - y));
  return { move: to, end: to, cancel: () => chart.setView(before.view) };
}

/** Draw a box. */
function box(chart, x, y) {
  const polygon = (toX, toY) => [[x, y], [toX, y], [toX, toY], [x, toY]].map(([px, py]) => chart.corner(px, py));
  return {
    move: (toX, toY) => chart.draft(polygon(toX, toY)),
    end: (toX, toY) => chart.select(polygon(toX, toY)),
    cancel: () => chart.draft(null),
  };
}

/** The drag that begins at a place. */
export function dragFrom(chart, x, y, { shift }) {
  if (shift || chart.tool === "box") return box(chart, x, y);
  return chart.tool === "lasso" ? lasso(chart, x, y, ([px, py]) => chart.corner(px, py)) : pan(chart, x, y);
}

/** Two fingers move and zoom the map: what was between them stays between them. */
export function pinchFrom(chart, first, second) {
  const before = chart.camera;
  const middle = ([x0, y0], [x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
  const apart = ([x0, y0], [x1, y1]) => Math.max(10, Math.hypot(x1 - x0, y1 - y0));
  const [fromX, fromY] = middle(first, second);
  const [held, width] = [[before.x(fromX), before.y(fromY)], apart(first, second)];
  return {
    move(one, other) {
      const zoom = before.view.zoom * (apart(one, other) / width);
      const camera = new Camera({ x: held[0], y: held[1], zoom }, before.extent, before.size);
      const [x, y] = middle(one, other);
      chart.setView(panned(camera, x - before.size.width / 2, y - before.size.height / 2));
    },
    cancel: () => chart.setView(before.view),
  };
}
