// All of the drawing, from back to front, through any surface: the canvas, or the SVG of a download.

import { drawCells } from "./cells.js";
import { drawDots } from "./dots.js";
import { drawLabels, placedLabels } from "./labels.js";
import { pointLook } from "./looks.js";
import { drawRegion, drawRings, ringBoxes } from "./rings.js";

/** Everything that the drawing functions read. */
export function makeScene({ measuredLabels, ...chart }) {
  const { picture, camera } = chart;
  const labels = placedLabels(measuredLabels, camera, ringBoxes(picture, camera));
  return { ...chart, labels, look: pointLook(picture, camera),
    looks: new Map() };
}

function drawNothing(surface, { camera, style }) {
  const { width, height } = camera.size;
  surface.text("No memory to draw", width / 2, height / 2, { fill: style.muted, font: style.font, align: "center" });
}

/** Draw the scene; without `dots` only what lies over the points. */
export function drawScene(surface, scene, { dots }) {
  const { picture, camera, region } = scene;
  const { width, height } = camera.size;
  surface.within(0, 0, width, height, () => {
    if (picture.kind === "raster") drawCells(surface, scene);
    else if (dots) drawDots(surface, scene);
    if (region) drawRegion(surface, scene, region);
    drawLabels(surface, scene);
    drawRings(surface, scene);
    if (picture.total === 0) drawNothing(surface, scene);
  });
}
