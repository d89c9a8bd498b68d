// The two canvases of a chart: one for the drawing, one over it for what follows the pointer. Crisp at any pixel ratio.

import { CanvasSurface } from "./canvas.js";

const AREA = 16e6; // Device pixels: browsers leave a greater canvas blank, phones first.
const EDGE = 32_000;

/** Device pixels per CSS pixel for a drawing of a size: `wanted`, or what a browser can hold. */
export function ratioFor({ width, height }, wanted) {
  return Math.min(wanted, Math.sqrt(AREA / Math.max(1, width * height)), EDGE / Math.max(1, width, height));
}

export class Canvases {
  constructor(parent) {
    [this.below, this.over] = ["below", "over"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = name;
      canvas.setAttribute("aria-hidden", "true");
      parent.append(canvas);
      return canvas;
    });
    this.surfaces = new Map();
  }

  /** The surface of a canvas of a size for the screen that it is on now. */
  surface(canvas, size) {
    const ratio = ratioFor(size, window.devicePixelRatio || 1);
    const kept = this.surfaces.get(canvas);
    if (kept?.ratio === ratio) return kept;
    const surface = new CanvasSurface(canvas.getContext("2d"), ratio);
    this.surfaces.set(canvas, surface);
    return surface;
  }

  measure(words, font) {
    const surface = this.surfaces.get(this.below) ?? this.surface(this.below, { width: 1, height: 1 });
    return surface.widthOf(words, font);
  }

  /** Draw on a canvas of a size in CSS pixels. */
  paint(canvas, { width, height }, draw) {
    const surface = this.surface(canvas, { width, height });
    const size = { width: Math.round(width * surface.ratio), height: Math.round(height * surface.ratio) };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    draw(surface);
  }
}
