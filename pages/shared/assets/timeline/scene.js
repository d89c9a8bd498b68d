// All of the drawing, from back to front, through any surface: the canvas, or the SVG of a download.

import { bandsOf, drawExpiries, drawGaps, drawHandoffs, drawSpans } from "./between.js";
import { binTotals, drawDensity, drawPoints, pointLook } from "./events.js";
import { baseRadius, fan } from "./fan.js";
import { drawAxis, drawGround, drawLabels, drawMoments, drawNothing, drawUnknown } from "./frame.js";
import { drawKey } from "./key.js";
import { Scale, laneMiddle, laneY } from "./layout.js";
import { drawOverview } from "./overview.js";

/** What stays the same while the reader drags: rows' places, sums of bins, the size of points. */
export function prepare(picture, at) {
  const places = new Map();
  for (let i = 0; i < picture.points.length; i++) places.set(picture.points.row[i], i);
  return { places, totals: binTotals(picture, picture.bins), bands: bandsOf(picture),
    radius: baseRadius(picture.points.length, at.body), fanned: null };
}

/** The tracks of the points, made again only when the zoom changed. */
function fanned(prepared, picture, at, perUnit) {
  if (prepared.fanned && Math.abs(prepared.fanned.perUnit / perUnit - 1) < 1e-9) return prepared.fanned;
  const made = fan(picture.points, picture.lanes.length, { perUnit, body: at.body, radius: prepared.radius });
  prepared.fanned = { perUnit, ...made };
  return prepared.fanned;
}

/** Everything that the drawing functions read. */
export function makeScene({ prepared, ...chart }) {
  const { picture, at, view } = chart;
  const scale = new Scale(view, at);
  const { spread, crowded } = fanned(prepared, picture, at, scale.perUnit);
  const placeOf = (row, lane) => {
    const i = prepared.places.get(row);
    return i === undefined ? laneMiddle(at, lane) : laneMiddle(at, picture.points.lane[i]) + spread[i];
  };
  return { ...chart, ...prepared, scale, spread, crowded, placeOf, looks: new Map() };
}

/** The place of a point that is drawn. */
const pointAt = ({ at, picture: { points }, scale, spread }, i) => ({
  x: scale.px(points.x[i]), y: laneMiddle(at, points.lane[i]) + spread[i],
});

/** A ring around a point. */
export function drawRing(surface, scene, i, { stroke, line }) {
  const { x, y } = pointAt(scene, i);
  const { plot } = scene.at;
  if (x < plot.x || x > plot.x + plot.width) return;
  surface.shape({ shape: "circle", radius: pointLook(scene, i).radius + 3.5, stroke, line }, x, y);
}

/** A region: corners of (x, lane place). */
export function drawRegion(surface, { at, scale, style }, polygon) {
  const { plot } = at;
  surface.within(plot.x, plot.y, plot.width, plot.height, () => {
    const corners = polygon.map(([x, lane]) => [scale.px(x), laneY(at, lane)]);
    surface.line(corners, { stroke: style.accent, line: 1.5, close: true, fill: style.accent });
  });
}

/** Draw the scene. */
export function drawScene(surface, scene) {
  const { at, options, style, picture } = scene;
  const { plot } = at;
  surface.clear(at.width, at.height, style.ground);
  drawGround(surface, scene);
  surface.within(plot.x, plot.y, plot.width, plot.height, () => {
    if (options.shows.has("sessions")) drawSpans(surface, scene);
    if (options.shows.has("gaps")) drawGaps(surface, scene);
    if (options.shows.has("handoffs") && picture.kind === "points") drawHandoffs(surface, scene);
    if (options.shows.has("expiry")) drawExpiries(surface, scene);
    if (picture.kind === "density") drawDensity(surface, scene);
    else drawPoints(surface, scene);
    const chosen = scene.places.get(scene.selected);
    if (chosen !== undefined) drawRing(surface, scene, chosen, { stroke: style.accent, line: 2.5 });
  });
  if (scene.region) drawRegion(surface, scene, scene.region);
  if (picture.in_view === 0) drawNothing(surface, scene);
  drawAxis(surface, scene);
  drawMoments(surface, scene);
  drawLabels(surface, scene);
  drawUnknown(surface, scene);
  drawOverview(surface, scene);
  drawKey(surface, scene);
}
