// What part of the map is in view, and how it gets there.

import { Figure } from "../drawing/figure.js";
import { Camera, kept, sameView, whole, zoomed } from "./camera.js";

const REST = 220; // Milliseconds without a move until Python is told what is in view.
const CALM = 160; // Until every point is drawn again, where that is slow.
const STEP = 2; // How much a button zooms.
const CELL = 2; // CSS pixels of a cell that is counted.

/** A chart that can be moved: it has a view, a camera, a picture and charts that move along. */
export class Moving extends Figure {
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

  /** The view that is a share of the way from one to another. */
  between(from, to, share) {
    const zoom = from.zoom * (to.zoom / from.zoom) ** share;
    // The middle moves with the width of what is in view: in a straight line to the eye.
    const way = to.zoom === from.zoom ? share : (1 / from.zoom - 1 / zoom) / (1 / from.zoom - 1 / to.zoom);
    return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, zoom };
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
