// The figure as a file: exactly what is in view, with its title above and the colours explained below.

import { CanvasSurface } from "./canvas.js";
import { ratioFor } from "./canvases.js";
import { fitted } from "./layout.js";
import { drawScene } from "./scene.js";
import { countWords, stretchWords } from "./spoken.js";
import { SvgSurface } from "./svg.js";
import { exactWords } from "./words.js";

const MARGIN = 24;
const TITLE = 34;
const SAID_LINE = 18;
const COLOUR_LINE = 22;
const RATIO = 2;

/** The colours that are in the picture, broken into lines. */
function colourLines({ picture, options, style, at }, measure) {
  const used = new Set(picture.kind === "density" ? picture.density.colour : picture.points.colour);
  const lines = [[]];
  let x = 0;
  for (const code of [...used].sort((a, b) => a - b)) {
    const label = options.names[code] ?? "";
    const needed = 20 + measure(label, style.small) + 16;
    if (x > 0 && x + needed > at.plot.width) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1).push({ colour: style.palette[code] ?? style.muted, label, x });
    x += needed;
  }
  return lines;
}

/** What is in view, how much of what, and as of when, in as many lines as it needs. */
function subtitle({ picture, view, moments, at, style }, measure) {
  const parts = [stretchWords(view, picture), countWords(picture)];
  if (moments.asOf !== null) parts.push(`as of ${exactWords(moments.asOf)}`);
  return parts.reduce((lines, part) => {
    const longer = lines.length ? `${lines.at(-1)} · ${part}` : part;
    if (!lines.length || measure(longer, style.small) > at.width) return [...lines, part];
    return [...lines.slice(0, -1), longer];
  }, []);
}

/** Draw the page of a download: title, what is in view, scene, colours. */
function drawPage(surface, scene, { title, said, lines, measure }) {
  const { at, style } = scene;
  const put = (text, y, font, fill) => surface.text(fitted(text, at.width, font, measure), MARGIN, MARGIN + y, { fill, font });
  surface.shifted(MARGIN, MARGIN + TITLE + said.length * SAID_LINE, () => {
    drawScene(surface, scene);
    lines.forEach((line, i) => line.forEach(({ colour, label, x }) => {
      const y = at.height + 14 + i * COLOUR_LINE;
      surface.shape({ shape: "circle", radius: 4, fill: colour }, at.plot.x + x + 8, y - 4);
      surface.text(label, at.plot.x + x + 20, y, { fill: style.muted, font: style.small });
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

/** Save what is drawn as "png" or "svg". */
export async function download(kind, scene, { title, fileName, measure }) {
  const [lines, said] = [colourLines(scene, measure), subtitle(scene, measure)];
  const width = scene.at.width + 2 * MARGIN;
  const height = scene.at.height + 2 * MARGIN + TITLE + said.length * SAID_LINE + lines.length * COLOUR_LINE;
  if (kind === "svg") {
    const surface = new SvgSurface(width, height, { title, measure });
    surface.clear(width, height, scene.style.ground);
    drawPage(surface, scene, { title, said, lines, measure });
    save(new Blob([surface.toString()], { type: "image/svg+xml" }), `${fileName}.svg`);
    return;
  }
  const ratio = ratioFor({ width, height }, RATIO);
  const canvas = new OffscreenCanvas(Math.round(width * ratio), Math.round(height * ratio));
  const surface = new CanvasSurface(canvas.getContext("2d"), ratio);
  surface.clear(width, height, scene.style.ground);
  drawPage(surface, scene, { title, said, lines, measure });
  save(await canvas.convertToBlob({ type: "image/png" }), `${fileName}.png`);
}
