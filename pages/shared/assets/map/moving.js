// What part of the map is in view, and how it gets there.

import { Camera, kept, sameView, whole, zoomed } from "./camera.js";

const REST = 220; // Milliseconds without a move until Python is told what is in view.
const CALM = 160; // Until every point is drawn again, where that is slow.
const GLIDE = 180;
const STEP = 2; // How much a button zooms.
const CELL = 2; // CSS pixels of a cell that is counted.

/** A chart that can be moved: it has a view, a camera, a picture and charts that move along. */
export class Moving {
  /** Look at another part at once; whatever moved the view before stops. */
  setView(view) {
    this.gliding = null;
    this.show(view);
  }

  show(wanted) {
    const view = kept(wanted, this.camera, this.picture.kind === "raster" || this.picture.rows !== null);
    if (sameView(view, this.view, this.camera)) return;
    for (const chart of this.links) if (chart.camera) chart.follow(view);
  }

  follow(view) {
    this.view = view;
    this.camera = new Camera(view, this.picture.extent, this.camera.size);
    this.leave();
    this.redraw();
    if (this.picture.tells_view) this.rested();
    this.moving = true;
    clearTimeout(this.calm);
    this.calm = setTimeout(() => {
      this.moving = false;
      this.redraw();
    }, CALM);
  }

  /** Tell Python what is in view after a while without a move. */
  rested() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), REST);
  }

  tell() {
    if (this.gliding || this.dragging) {
      this.rested();
      return;
    }
    this.timer = null;
    const { window: [x0, y0, x1, y1], size } = this.camera;
    for (const chart of this.links) chart.told = [x0, y0, x1, y1];
    this.send("view", { low: [x0, y0], high: [x1, y1], columns: Math.round(size.width / CELL),
      rows: Math.round(size.height / CELL) });
  }

  /** Move to a view in a few frames, so that the eye can follow. */
  glideTo(view, then = () => {}) {
    const from = this.view;
    const began = performance.now();
    const long = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : GLIDE;
    const glide = {};
    this.gliding = glide;
    const frame = (now) => {
      if (this.gliding !== glide || !this.root.isConnected) return; // Something newer moves the view.
      const share = long ? Math.min(1, Math.max(0, (now - began) / long)) : 1;
      const eased = 1 - (1 - share) ** 3;
      const zoom = from.zoom * (view.zoom / from.zoom) ** eased;
      // The middle moves with the width of what is in view: in a straight line to the eye.
      const way = view.zoom === from.zoom ? eased : (1 / from.zoom - 1 / zoom) / (1 / from.zoom - 1 / view.zoom);
      this.show({ x: from.x + (view.x - from.x) * way, y: from.y + (view.y - from.y) * way, zoom });
      if (share < 1) {
        requestAnimationFrame(frame);
        return;
      }
      this.gliding = null;
      then();
    };
    requestAnimationFrame(frame);
  }

  /** Zoom by a button or a key, or show everything. */
  zoom(name) {
    const { width, height } = this.camera.size;
    if (name === "fit") this.glideTo(whole(this.picture.extent));
    else this.glideTo(zoomed(this.camera, name === "in" ? STEP : 1 / STEP, width / 2, height / 2));
  }

  /** A drag has ended. */
  settled() {
    this.dragging = null;
    this.redraw();
  }
}
