// The map as a file.

import { CanvasSurface } from "../drawing/canvas.js";
import { RATIO } from "../drawing/download.js";
import { putImage } from "./cells.js";
import { drawDots, eachSeen } from "./dots.js";
import { drawScene } from "./scene.js";

const MOST_SHAPES = 20_000; // More make an SVG that programs choke on: they go in as one image.

/** All points as an image of the stage. */
function imageOfDots(scene) {
  const { width, height } = scene.camera.size;
  const image = Object.assign(document.createElement("canvas"), { width: width * RATIO, height: height * RATIO });
  const surface = new CanvasSurface(image.getContext("2d"), RATIO);
  surface.clear(width, height);
  drawDots(surface, scene);
  return image;
}

function drawMap(surface, scene) {
  if (surface.context || scene.picture.kind !== "points") return drawScene(surface, scene, { dots: true });
  let seen = 0;
  eachSeen(scene, 20, () => seen++);
  if (seen <= MOST_SHAPES) return drawScene(surface, scene, { dots: true });
  const { width, height } = scene.camera.size;
  putImage(surface, imageOfDots(scene), { x: 0, y: 0, width, height }, "auto");
  return drawScene(surface, scene, { dots: false });
}

/** Draw what is in view of a map, with the frame that says where it ends. */
export function drawFramed(surface, scene) {
  const { camera: { size }, style } = scene;
  drawMap(surface, { ...scene, looks: new Map() });
  surface.rect(0.5, 0.5, size.width - 1, size.height - 1, { stroke: style.line, radius: 6 });
}
