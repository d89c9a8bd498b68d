// The same drawing as SVG text, for the download. Texts come from memories: every one is escaped.

import { corners } from "./shapes.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
// XML 1.0 has no controls but tab, newline and return.
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

const escaped = (text) => String(text).toWellFormed().replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (c) => ESCAPES[c]);

const short = (number) => String(Math.round(number * 100) / 100);
const attributes = (given) => Object.entries(given)
  .filter(([, value]) => value !== null && value !== undefined)
  .map(([name, value]) => ` ${name}="${typeof value === "number" ? short(value) : escaped(value)}"`).join("");
const element = (name, given) => `<${name}${attributes(given)}/>`;
const faint = (alpha) => (alpha === 1 ? null : alpha);

/** A surface that writes elements; `toString` gives the document. `measure` tells the width of text. */
export class SvgSurface {
  constructor(width, height, { title, measure }) {
    Object.assign(this, { width, height, title, widthOf: measure, parts: [], clips: 0 });
  }

  crisp(value) {
    return value;
  }

  clear(width, height, fill = null) {
    if (fill) this.rect(0, 0, width, height, { fill });
  }

  rect(x, y, width, height, { fill = null, stroke = null, alpha = 1, radius = 0, line = 1 }) {
    this.parts.push(element("rect", {
      x, y, width: Math.max(width, 0.5), height: Math.max(height, 0.5), rx: radius || null, fill: fill ?? "none", stroke,
      "stroke-width": stroke ? line : null, opacity: faint(alpha),
    }));
  }

  line(points, { stroke, alpha = 1, line = 1, dash = null, close = false, fill = null }) {
    const d = `M${points.map(([x, y]) => `${short(x)} ${short(y)}`).join("L")}${close ? "Z" : ""}`;
    this.parts.push(element("path", {
      d, fill: fill ?? "none", "fill-opacity": fill ? 0.12 : null, stroke, "stroke-width": line,
      "stroke-dasharray": dash ? dash.join(" ") : null, opacity: faint(alpha),
    }));
  }

  curve(from, one, two, to, { stroke, alpha = 1, line = 1, dash = null }) {
    const [a, b, c, d] = [from, one, two, to].map(([x, y]) => `${short(x)} ${short(y)}`);
    this.parts.push(element("path", {
      d: `M${a}C${b} ${c} ${d}`, fill: "none", stroke, "stroke-width": line,
      "stroke-dasharray": dash ? dash.join(" ") : null, opacity: faint(alpha),
    }));
  }

  text(words, x, y, { fill, font, align = "left", halo = null }) {
    const given = {
      x, y, fill, style: `font:${font}`, "text-anchor": { left: "start", center: "middle", right: "end" }[align],
      stroke: halo, "stroke-width": halo ? 4 : null, "stroke-linejoin": halo ? "round" : null,
      "paint-order": halo ? "stroke" : null,
    };
    this.parts.push(`<text${attributes(given)}>${escaped(words)}</text>`);
  }

  shape({ shape, radius, fill = null, stroke = null, line = 1, alpha = 1 }, x, y) {
    const look = { fill: fill ?? "none", stroke, "stroke-width": stroke ? line : null, opacity: faint(alpha) };
    const at = corners(shape, radius);
    this.parts.push(at === null
      ? element("circle", { cx: x, cy: y, r: radius, ...look })
      : element("polygon", { points: at.map(([dx, dy]) => `${short(x + dx)},${short(y + dy)}`).join(" "), ...look }));
  }

  within(x, y, width, height, draw) {
    const id = `clip${this.clips++}`;
    const box = element("rect", { x, y, width, height });
    this.parts.push(`<clipPath id="${id}">${box}</clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  shifted(x, y, draw) {
    this.parts.push(`<g transform="translate(${short(x)} ${short(y)})">`);
    draw();
    this.parts.push("</g>");
  }

  toString() {
    const { width, height } = this;
    const given = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" };
    return `<svg xmlns="http://www.w3.org/2000/svg"${attributes(given)}>`
      + `<title>${escaped(this.title)}</title>${this.parts.join("")}</svg>`;
  }
}
