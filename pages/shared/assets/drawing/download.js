// A figure as a file: exactly what is in view, with its title above and the colours explained below.

import { CanvasSurface } from "./canvas.js";
import { ratioFor } from "./canvases.js";
import { fitted } from "./fitted.js";
import { SvgSurface } from "./svg.js";

const MARGIN = 24;
const TITLE = 34;
const SAID_LINE = 18;
const COLOUR_LINE = 22;
export const RATIO = 2; // Pixels of an image for each CSS pixel.

/** Colours with their names, {colour, label}, broken into lines of a width: each has its x then. */
function colourLines(colours, width, { style, measure }) {
  const lines = [[]];
  let x = 0;
  for (const { colour, label } of colours) {
    const needed = 18 + measure(label, style.small) + 18;
    if (x > 0 && x + needed > width) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1).push({ colour, label, x });
    x += needed;
  }
  return lines;
}

/** Draw title, what is said of it, the figure and the colours. */
function drawPage(surface, { title, said, size, lines, left, draw, style, measure }) {
  const put = (text, y, font, fill) => surface.text(fitted(text, size.width, font, measure), MARGIN, MARGIN + y, { fill, font });
  surface.shifted(MARGIN, MARGIN + TITLE + said.length * SAID_LINE, () => {
    draw(surface);
    lines.forEach((line, i) => line.forEach(({ colour, label, x }) => {
      const y = size.height + 18 + i * COLOUR_LINE;
      surface.shape({ shape: "circle", radius: 4, fill: colour }, left + x + 5, y - 4);
      surface.text(label, left + x + 15, y, { fill: style.muted, font: style.small });
    }));
  });
  put(title, 14, style.heading, style.text);
  said.forEach((words, i) => put(words, 34 + i * SAID_LINE, style.small, style.muted));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * Save a figure as "png" or "svg".
 * @param figure {title, said: lines, fileName, size, colours: {colour, label}[], left: where they begin, draw(surface),
 *   style, measure}
 */
export async function saveAs(kind, figure) {
  const { title, said, fileName, size, style, measure, left = 0 } = figure;
  const lines = colourLines(figure.colours, size.width - left, figure);
  const width = size.width + 2 * MARGIN;
  const height = size.height + 2 * MARGIN + TITLE + said.length * SAID_LINE + lines.length * COLOUR_LINE;
  const page = { ...figure, left, lines };
  if (kind === "svg") {
    const surface = new SvgSurface(width, height, { title, measure });
    surface.clear(width, height, style.ground);
    drawPage(surface, page);
    save(new Blob([surface.toString()], { type: "image/svg+xml" }), `${fileName}.svg`);
    return;
  }
  const ratio = ratioFor({ width, height }, RATIO);
  const canvas = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio));
  const surface = new CanvasSurface(canvas.getContext("2d"), ratio);
  surface.clear(width, height, style.ground);
  drawPage(surface, page);
  save(await canvas.convertToBlob({ type: "image/png" }), `${fileName}.png`);
}
