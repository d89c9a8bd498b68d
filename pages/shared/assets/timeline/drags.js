// What a drag does, by where it began and with which tool. Each is {move(x, y), end(x, y), cancel()} in CSS pixels.

import { lasso } from "../drawing/lasso.js";
import { laneAt } from "./layout.js";
import { brush, overviewScale } from "./overview.js";
import { kept, panned } from "./view.js";

const GRIP = 8; // How near to an edge or a line takes hold of it.

const inside = (box, x, y) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;

/** What is at a place: "overview", "asOf", "plot" or null. Without a line for as-of, the name of now can be pulled back. */
function partAt(chart, x, y, selecting = chart.tool !== "move") {
  const { at, picture, scale, moments } = chart.scene;
  if (inside({ ...at.overview, height: at.overview.height + 12 }, x, y)) return "overview";
  const onLine = (moment) => moment !== null && Math.abs(scale.px(moment) - x) <= GRIP && y <= at.plot.y + at.plot.height;
  const thin = !selecting && Math.abs(scale.px(moments.asOf) - x) <= GRIP / 2;
  if (onLine(moments.asOf) && (y < at.plot.y || thin)) return "asOf";
  if (moments.asOf === null && picture.axis !== "expires" && y < at.plot.y && onLine(moments.now)) return "asOf";
  if (inside(at.plot, x, y) || inside({ ...at.plot, y: 0, height: at.plot.y }, x, y)) return "plot";
  return null;
}

/** Drag the view along. */
function pan(chart, x) {
  const before = chart.view;
  const width = chart.scene.scale.width;
  const to = (at) => chart.setView(panned(before, (x - at) / width, chart.limits));
  return { move: to, end: to, cancel: () => chart.setView(before) };
}

/** Draw a box over whole lanes: events are where their lane is, wherever in it their points are fanned out to. */
function box(chart, x, y) {
  const { at, scale } = chart.scene;
  const last = chart.picture.lanes.length;
  const polygon = (toX, toY) => {
    const [left, right] = [x, toX].sort((a, b) => a - b).map((px) => scale.value(px));
    const [top, foot] = [y, toY].sort((a, b) => a - b).map((py) => Math.min(Math.max(laneAt(at, py), 0), last - 1e-6));
    const [from, until] = [Math.floor(top), Math.floor(foot) + 1];
    return [[left, from], [right, from], [right, until], [left, until]];
  };
  return {
    move: (toX, toY) => chart.draft(polygon(toX, toY)),
    end: (toX, toY) => chart.select(polygon(toX, toY)),
    cancel: () => chart.draft(null),
  };
}

/** What gives the place in the figure of one on the stage, for the corners of a lasso. */
function cornerIn(chart) {
  const { at, scale } = chart.scene;
  return ([px, py]) => [scale.value(px), Math.max(0, Math.min(laneAt(at, py), chart.picture.lanes.length))];
}

/** Move the line of as-of, never beyond now. */
function asOf(chart) {
  const before = chart.moments.asOf;
  const latest = chart.moments.now ?? Infinity;
  const to = (x) => chart.moveAsOf(Math.min(Math.round(chart.scene.scale.value(x)), latest));
  return {
    move: to,
    end: (x) => {
      to(x);
      chart.send("as_of", { x: chart.moments.asOf });
    },
    cancel: () => chart.moveAsOf(before),
  };
}

/** Move the brush, or one of its edges; beside it, it jumps there first. */
function brushDrag(chart, x) {
  const before = chart.view;
  const { at, picture } = chart.scene;
  const scale = overviewScale(at.overview, picture.extent);
  const { left, right } = brush(chart.scene);
  const span = before.hi - before.lo;
  const finish = (move) => ({ move, end: move, cancel: () => chart.setView(before) });
  const outside = x < left - GRIP || x > right + GRIP;
  if (!outside && right - left > 3 * GRIP) {
    if (Math.abs(x - left) <= GRIP) return finish((to) => chart.setEdges(scale.value(to), before.hi));
    if (Math.abs(x - right) <= GRIP) return finish((to) => chart.setEdges(before.lo, scale.value(to)));
  }
  const grabbed = outside ? span / 2 : scale.value(x) - before.lo;
  const to = (px) => {
    const lo = scale.value(px) - grabbed;
    chart.setView(kept({ lo, hi: lo + span }, chart.limits));
  };
  if (outside) to(x);
  return finish(to);
}

/** Move the view to where the overview was clicked; whether it was. */
export function jump(chart, x, y) {
  if (partAt(chart, x, y) !== "overview") return false;
  const { left, right } = brush(chart.scene);
  if (x < left - GRIP || x > right + GRIP) brushDrag(chart, x);
  return true;
}

/** The drag that begins at a place, or null. */
export function dragFrom(chart, x, y, { shift }) {
  const part = partAt(chart, x, y, shift || chart.tool !== "move");
  if (part === "overview") return brushDrag(chart, x);
  if (part === "asOf") return asOf(chart);
  if (part !== "plot") return null;
  if (shift || chart.tool === "box") return box(chart, x, y);
  return chart.tool === "lasso" ? lasso(chart, x, y, cornerIn(chart)) : pan(chart, x);
}

/** The pointer's look over a place. */
export function cursorAt(chart, x, y) {
  const part = partAt(chart, x, y);
  if (part === "asOf") return "ew-resize";
  if (part === "overview") {
    const { left, right } = brush(chart.scene);
    return Math.min(Math.abs(x - left), Math.abs(x - right)) <= GRIP ? "ew-resize" : "grab";
  }
  if (part !== "plot") return "default";
  return chart.tool === "move" ? "grab" : "crosshair";
}
