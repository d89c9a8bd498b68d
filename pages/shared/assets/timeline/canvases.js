// The two canvases of a chart: one for the drawing, one over it for what follows the pointer. Crisp at any pixel ratio.

import { CanvasSurface } from "./canvas.js";

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

  /** The surface of a canvas for the screen that it is on now. */
  surface(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const kept = this.surfaces.get(canvas);
    if (kept?.ratio === ratio) return kept;
    const surface = new CanvasSurface(canvas.getContext("2d"), ratio);
    this.surfaces.set(canvas, surface);
    return surface;
  }

  measure(words, font) {
    return this.surface(this.below).widthOf(words, font);
  }

  /** Draw on a canvas of a size in CSS pixels. */
  paint(canvas, { width, height }, draw) {
    const surface = this.surface(canvas);
    const size = { width: Math.round(width * surface.ratio), height: Math.round(height * surface.ratio) };
    if (canvas.width !== size.width || canvas.height !== size.height) {
      Object.assign(canvas, size);
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    draw(surface);
  }
}
