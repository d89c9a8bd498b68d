// The map as a file: exactly what is in view, with its title above and the colours explained below.

import { CanvasSurface } from "../timeline/canvas.js";
import { ratioFor } from "../timeline/canvases.js";
import { SvgSurface } from "../timeline/svg.js";
import { putImage } from "./cells.js";
import { drawDots, eachSeen } from "./dots.js";
import { LEGEND_LINE, drawLegend, legendLines } from "./legend.js";
import { drawScene } from "./scene.js";

const MARGIN = 24;
const TITLE = 52;
const RATIO = 2;
const MOST_SHAPES = 20_000; // More make an SVG that programs choke on: they go in as one image.

/** A text cut to a width. */
function cut(text, widest, font, measure) {
  if (measure(text, font) <= widest) return text;
  let kept = text;
  while (kept.length > 1 && measure(`${kept}…`, font) > widest) kept = kept.slice(0, Math.floor(kept.length * 0.95));
  return `${kept.trimEnd()}…`;
}

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

/** Draw the page of a download: title, what is in view, map, colours. */
function drawPage(surface, scene, { title, subtitle, lines, measure }) {
  const { camera: { size }, style } = scene;
  const put = (text, y, font, fill) => {
    surface.text(cut(text, size.width, font, measure), MARGIN, MARGIN + y, { fill, font });
  };
  surface.shifted(MARGIN, MARGIN + TITLE, () => {
    drawMap(surface, scene);
    surface.rect(0.5, 0.5, size.width - 1, size.height - 1, { stroke: style.line, radius: 6 });
    drawLegend(surface, scene, lines);
  });
  put(title, 14, style.heading, style.text);
  put(subtitle, 34, style.small, style.muted);
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Save what is drawn as "png" or "svg". */
export async function download(kind, scene, { fileName, title, subtitle, measure }) {
  const lines = legendLines(scene, measure);
  const width = scene.camera.size.width + 2 * MARGIN;
  const height = scene.camera.size.height + 2 * MARGIN + TITLE + lines.length * LEGEND_LINE;
  const page = { title, subtitle, lines, measure };
  if (kind === "svg") {
    const surface = new SvgSurface(width, height, { title, measure });
    surface.clear(width, height, scene.style.ground);
    drawPage(surface, scene, page);
    save(new Blob([surface.toString()], { type: "image/svg+xml" }), `${fileName}.svg`);
    return;
  }
  const ratio = ratioFor({ width, height }, RATIO);
  const canvas = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio));
  const surface = new CanvasSurface(canvas.getContext("2d"), ratio);
  surface.clear(width, height, scene.style.ground);
  drawPage(surface, { ...scene, looks: new Map() }, page);
  save(await canvas.convertToBlob({ type: "image/png" }), `${fileName}.png`);
}
