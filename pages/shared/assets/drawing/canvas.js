// The drawing on a Canvas 2D. svg.js has the same methods: what draws through them looks the same in both.

import { trace } from "./shapes.js";

/** A surface that paints at once. `ratio` is device pixels per CSS pixel: lines and dots land on whole ones. */
export class CanvasSurface {
  constructor(context, ratio) {
    this.context = context;
    this.ratio = ratio;
    this.stamps = new Map(); // by what they look like
    this.stampOf = new WeakMap(); // by the look itself, which is quicker
    this.origin = [0, 0];
  }

  home() {
    const [x, y] = this.origin;
    this.context.setTransform(this.ratio, 0, 0, this.ratio, x * this.ratio, y * this.ratio);
  }

  /** Draw with the origin at another place. */
  shifted(x, y, draw) {
    this.origin = [x, y];
    this.home();
    draw();
    this.origin = [0, 0];
    this.home();
  }

  crisp(value) {
    return Math.round(value * this.ratio) / this.ratio;
  }

  clear(width, height, fill = null) {
    this.home();
    this.context.clearRect(0, 0, width, height);
    if (fill) this.rect(0, 0, width, height, { fill });
  }

  rect(x, y, width, height, { fill = null, stroke = null, alpha = 1, radius = 0, line = 1 }) {
    const c = this.context;
    const left = this.crisp(x);
    const top = this.crisp(y);
    const wide = Math.max(this.crisp(x + width) - left, 1 / this.ratio);
    const high = Math.max(this.crisp(y + height) - top, 1 / this.ratio);
    c.globalAlpha = alpha;
    if (fill && !stroke && !radius) { // A density has tens of thousands of them: a path for each is slow.
      c.fillStyle = fill;
      c.fillRect(left, top, wide, high);
      c.globalAlpha = 1;
      return;
    }
    c.beginPath();
    c.roundRect(left, top, wide, high, radius);
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { c.strokeStyle = stroke; c.lineWidth = line; c.stroke(); }
    c.globalAlpha = 1;
  }

  line(points, { stroke, alpha = 1, line = 1, dash = null, close = false, fill = null }) {
    const c = this.context;
    const half = ((line * this.ratio) % 2) / 2 / this.ratio;
    c.globalAlpha = alpha;
    c.beginPath();
    points.forEach(([x, y], i) => c[i ? "lineTo" : "moveTo"](this.crisp(x) + half, this.crisp(y) + half));
    if (close) c.closePath();
    if (fill) { c.fillStyle = fill; c.globalAlpha = alpha * 0.12; c.fill(); c.globalAlpha = alpha; }
    this.stroked({ stroke, line, dash });
  }

  /** Draw the path's line, and be as opaque as before from then on. */
  stroked({ stroke, line, dash }) {
    const c = this.context;
    c.setLineDash(dash ?? []);
    c.strokeStyle = stroke;
    c.lineWidth = line;
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
  }

  /** A cubic curve from one place to another; both handles are half way in x or y. */
  curve([x0, y0], [x1, y1], [x2, y2], [x3, y3], { stroke, alpha = 1, line = 1, dash = null }) {
    const c = this.context;
    c.globalAlpha = alpha;
    c.beginPath();
    c.moveTo(x0, y0);
    c.bezierCurveTo(x1, y1, x2, y2, x3, y3);
    this.stroked({ stroke, line, dash });
  }

  text(words, x, y, { fill, font, align = "left", halo = null }) {
    const c = this.context;
    c.font = font;
    c.textAlign = align;
    c.textBaseline = "alphabetic";
    if (halo) {
      c.strokeStyle = halo;
      c.lineWidth = 4;
      c.lineJoin = "round";
      c.strokeText(words, x, y);
    }
    c.fillStyle = fill;
    c.fillText(words, x, y);
  }

  /** A shape of a point: {shape, radius, fill, stroke, line, alpha}. Each look is drawn once and stamped from then on. */
  shape(look, x, y) {
    let stamp = this.stampOf.get(look);
    if (!stamp) this.stampOf.set(look, stamp = this.stamp(look));
    const { context, ratio } = this;
    const size = stamp.width / ratio;
    context.globalAlpha = look.alpha ?? 1;
    context.drawImage(stamp, this.crisp(x - size / 2), this.crisp(y - size / 2), size, size);
    context.globalAlpha = 1;
  }

  stamp({ shape, radius, fill = null, stroke = null, line = 1 }) {
    const kind = `${shape} ${radius} ${fill} ${stroke} ${line}`;
    const kept = this.stamps.get(kind);
    if (kept) return kept;
    const size = 2 * Math.ceil((radius * 1.4 + line + 1) * this.ratio);
    const canvas = new OffscreenCanvas(size, size);
    const c = canvas.getContext("2d");
    c.translate(size / 2, size / 2);
    c.scale(this.ratio, this.ratio);
    c.beginPath();
    trace(c, shape, radius);
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { c.strokeStyle = stroke; c.lineWidth = line; c.stroke(); }
    const made = canvas.transferToImageBitmap(); // A bitmap is stamped several times faster than a canvas.
    this.stamps.set(kind, made);
    return made;
  }

  /** Draw within a box only. */
  within(x, y, width, height, draw) {
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(x, y, width, height);
    c.clip();
    draw();
    c.restore();
  }

  widthOf(words, font) {
    this.context.font = font;
    return this.context.measureText(words).width;
  }
}
