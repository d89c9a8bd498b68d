// Counts by cell as an image: what is drawn of a map with more points than can be sent.

import { memories } from "../drawing/words.js";
import { channels } from "./webgl.js";

const FAINTEST = 0.22; // How opaque a cell of one point is.
export const UNPICKED = 255; // The code of cells in which nothing is picked.
const PALER = 0.3;

const images = new WeakMap();

/** The image of a raster, one pixel a cell, from the upper left corner. */
function imageOf(cells, { palette, muted }) {
  const name = `${palette.join()} ${muted}`;
  const kept = images.get(cells.counts);
  if (kept?.name === name && kept.codes === cells.codes) return kept.image;
  const { columns, rows, counts, codes } = cells;
  const image = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = image.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  const colours = palette.map(channels);
  const grey = channels(muted);
  const most = Math.log1p(counts.reduce((all, count) => Math.max(all, count), 1));
  for (let at = 0; at < counts.length; at++) {
    if (!counts[at]) continue;
    const to = 4 * ((rows - 1 - Math.floor(at / columns)) * columns + (at % columns));
    const full = 255 * (FAINTEST + (1 - FAINTEST) * (Math.log1p(counts[at]) / most));
    pixels.data.set(colours[codes[at]] ?? grey, to);
    pixels.data[to + 3] = codes[at] === UNPICKED ? PALER * full : full;
  }
  context.putImageData(pixels, 0, 0);
  images.set(cells.counts, { name, codes: cells.codes, image });
  return image;
}

/** Draw an image in a box of the stage, through whatever surface; `rendering` is what CSS calls image-rendering. */
export function putImage(surface, image, { x, y, width, height }, rendering = "pixelated") {
  if (surface.context) {
    surface.context.imageSmoothingEnabled = rendering !== "pixelated";
    surface.context.drawImage(image, x, y, width, height);
    return;
  }
  const given = { x, y, width, height, preserveAspectRatio: "none", href: image.toDataURL("image/png") };
  const words = Object.entries(given).map(([name, value]) => ` ${name}="${value}"`).join("");
  surface.parts.push(`<image${words} style="image-rendering:${rendering}"/>`);
}

function boxOf({ window: [x0, y0, x1, y1] }, camera) {
  const [left, top] = [camera.px(x0), camera.py(y1)];
  return { x: left, y: top, width: camera.px(x1) - left, height: camera.py(y0) - top };
}

/** Draw the counts of what is in view; beside them the coarser ones of the whole map. */
export function drawCells(surface, { picture, camera, style }) {
  const [all, near] = picture.cells;
  const { width, height } = camera.size;
  const box = boxOf(near, camera);
  const strips = [
    [0, 0, width, box.y], [0, box.y + box.height, width, height - box.y - box.height],
    [0, box.y, box.x, box.height], [box.x + box.width, box.y, width - box.x - box.width, box.height],
  ];
  for (const [x, y, wide, high] of strips) {
    if (wide <= 0 || high <= 0) continue;
    surface.within(x, y, wide, high, () => putImage(surface, imageOf(all, style), boxOf(all, camera)));
  }
  putImage(surface, imageOf(near, style), box);
}

/** The cell at a place of the stage: {count, code}, or null where nothing is. */
function cellAt({ picture, camera }, px, py) {
  const [x, y] = [camera.x(px), camera.y(py)];
  const found = picture.cells.toReversed().find(({ window: [x0, y0, x1, y1] }) => x >= x0 && x < x1 && y >= y0 && y < y1);
  if (!found) return null;
  const { window: [x0, y0, x1, y1], columns, rows, counts, codes } = found;
  const at = Math.floor(((y - y0) / (y1 - y0)) * rows) * columns + Math.floor(((x - x0) / (x1 - x0)) * columns);
  return counts[at] ? { count: counts[at], code: codes[at] } : null;
}

/** Lines about the cell at a place, null where nothing is. */
export function cellLines(scene, px, py) {
  const cell = cellAt(scene, px, py);
  if (cell === null) return null;
  const name = scene.picture.names[cell.code];
  const most = name ? `Mostly ${name}` : cell.code === UNPICKED ? "None of them selected" : "";
  return [{ kind: "text", text: memories(cell.count) }, { kind: "fact", text: most },
    { kind: "fact", text: "Zoom in to see single ones" }];
}

/** How many points the cells in view hold, about. */
export function countCells({ picture, camera }) {
  const { window: [x0, y0, x1, y1], columns, rows, counts } = picture.cells[1];
  const [left, low, right, high] = camera.window;
  const column = (x) => Math.round(((x - x0) / (x1 - x0)) * columns);
  const row = (y) => Math.round(((y - y0) / (y1 - y0)) * rows);
  let total = 0;
  for (let j = Math.max(0, row(low)); j < Math.min(rows, row(high)); j++) {
    for (let i = Math.max(0, column(left)); i < Math.min(columns, column(right)); i++) total += counts[j * columns + i];
  }
  return total;
}
