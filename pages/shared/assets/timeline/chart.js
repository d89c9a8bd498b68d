// One drawing in the page: what was sent, what is in view, what is drawn next, and what goes back to Python.

import { saveAs } from "../drawing/download.js";
import { FINGER, Figure } from "../drawing/figure.js";
import { pictureColours, subtitle } from "./download.js";
import { jump } from "./drags.js";
import { listen } from "./gestures.js";
import { under } from "./hover.js";
import { keyItems } from "./key.js";
import { listenKeys } from "./keyboard.js";
import { layout } from "./layout.js";
import { drawPointed } from "./overlay.js";
import { decode } from "./payload.js";
import { drawRegion, drawScene, makeScene, prepare } from "./scene.js";
import { changedWords, countWords, describe, stretchWords } from "./spoken.js";
import { styleOf } from "../drawing/styling.js";
import { Tip } from "../drawing/tip.js";
import { kept, roomy, sameView, zoomed } from "./view.js";

const REST = 220; // Milliseconds without a move until Python is asked for exact data.
const STEP = 2; // How much a button zooms.

export class Chart extends Figure {
  constructor(parent) {
    super(parent);
    this.tip = new Tip(this.stage);
    this.picked = null;
    listen(this, this.canvases.over);
    listenKeys(this, this.stage);
  }

  /** Take what Python sent. A view that Python has not answered yet is kept: the reader has moved on. */
  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    const picture = decode(data);
    const fresh = this.view === null || this.picture?.axis !== picture.axis;
    const answered = data.answered >= this.sent && this.timer === null && this.dragging === null;
    this.picture = picture;
    this.data = data;
    this.options = { shows: new Set(data.shows), weight: data.weight, names: data.names, previews: data.previews };
    this.limits = { lo: picture.extent[0], hi: Math.max(picture.extent[1], data.ahead ? data.now ?? -Infinity : -Infinity) };
    if (fresh || answered) this.settle(roomy({ lo: picture.window[0], hi: picture.window[1] }, picture.axis), data);
    this.style = styleOf(this.root, data.palette);
    this.stage.setAttribute("aria-label", data.title);
    this.spoken.textContent = describe(picture, data);
    this.resized();
    this.tell(changedWords(picture, this.view, data));
  }

  /** Say what changed to those who cannot see it; the same words are said once. */
  tell(words) {
    if (this.told !== undefined && this.told !== words) this.live.textContent = words;
    this.told = words;
  }

  settle(view, data) {
    clearTimeout(this.timer);
    this.timer = null;
    this.view = view;
    this.selected = data.selected;
    this.region = data.region;
    this.moments = { now: data.now, asOf: data.as_of };
  }

  resized() {
    if (!this.picture || !this.stage.clientWidth) return;
    const { picture, options, style } = this;
    this.at = layout(picture, { width: this.stage.clientWidth, measure: this.measure, style,
      items: keyItems(picture, options) });
    this.prepared = prepare(picture, this.at);
    this.picked = this.data.picked.length ? new Set(this.data.picked) : null;
    this.stage.style.height = `${this.at.height}px`;
    this.drawnWidth = this.at.width;
    this.drawSoon();
  }

  draw() {
    const everything = this.wanted;
    this.wanted = null;
    if (!this.root.isConnected) return;
    if (everything) {
      const { prepared, picture, at, view, style, options, moments, selected, picked, region } = this;
      this.scene = makeScene({ prepared, picture, at, view, style, options, moments, selected, picked, region });
      this.canvases.paint(this.canvases.below, this.at, (surface) => drawScene(surface, this.scene));
      this.toolbar.update({ tool: this.tool, stretch: stretchWords(this.view, this.picture),
        counted: countWords(this.picture), waiting: this.timer !== null || this.data.answered < this.sent });
    }
    if (everything && this.pointed) this.hover(this.pointed.x, this.pointed.y); // Another point may be there now.
    this.canvases.paint(this.canvases.over, this.at, (surface) => {
      surface.clear(this.at.width, this.at.height);
      if (this.drafted) drawRegion(surface, this.scene, this.drafted);
      if (this.pointed) drawPointed(surface, this.scene, this.pointed);
    });
    this.stage.dataset.kind = this.picture.kind;
    this.stage.dataset.view = `${Math.round(this.view.lo)} ${Math.round(this.view.hi)}`;
  }

  /** Show another stretch, and ask for its exact data when the reader rests. */
  show(view) {
    if (sameView(view, this.view)) return;
    this.view = view;
    this.leave();
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), REST);
  }

  ask() {
    if (this.gliding || this.dragging) {
      this.timer = setTimeout(() => this.ask(), REST);
      return;
    }
    this.timer = null;
    this.send("window", { lo: Math.floor(this.view.lo), hi: Math.ceil(this.view.hi) });
  }

  /** The view between two ends, whichever comes first. */
  setEdges(a, b) {
    this.setView(kept(roomy({ lo: Math.min(a, b), hi: Math.max(a, b) }, this.picture.axis), this.limits));
  }

  /** The view that is a share of the way from one to another. */
  between(from, to, share) {
    return { lo: from.lo + (to.lo - from.lo) * share, hi: from.hi + (to.hi - from.hi) * share };
  }

  zoom(name, at = (this.view.lo + this.view.hi) / 2, step = STEP) {
    const { extent, axis } = this.picture;
    if (name === "fit") this.glideTo(roomy({ lo: extent[0], hi: extent[1] }, axis));
    else this.glideTo(zoomed(this.view, name === "in" ? 1 / step : step, at, this.limits, axis));
  }

  hover(x, y) {
    const found = under(this.scene, x, y);
    this.pointed = { x, y, point: found.point };
    if (found.lines) this.tip.show(found.lines, x, y);
    else this.tip.hide();
    this.redraw(false);
  }

  leave() {
    this.pointed = null;
    this.tip.hide();
    this.redraw(false);
  }

  click(x, y, touch) {
    this.stage.focus({ preventScroll: true });
    if (jump(this, x, y)) return;
    const { row } = under(this.scene, x, y, touch ? FINGER : undefined);
    if (row >= 0) this.open(row);
    else if (touch) this.hover(x, y);
  }

  doubleClick(x, y) {
    const { plot } = this.at;
    const free = under(this.scene, x, y).row < 0 && x >= plot.x && y <= plot.y + plot.height;
    if (free) this.zoom("in", this.scene.scale.value(x), 2 * STEP);
  }

  open(row) {
    this.selected = row;
    this.redraw();
    this.send("open", { row });
  }

  /** Open what is selected, or the first point in view. */
  openChosen() {
    const { points } = this.picture;
    const first = points.x.findIndex((x) => x >= this.view.lo && x <= this.view.hi);
    if (this.selected !== null) this.open(this.selected);
    else if (first >= 0) this.open(points.row[first]);
  }

  moveAsOf(x) {
    this.moments = { ...this.moments, asOf: x };
    this.redraw();
  }

  letGo() {
    super.letGo();
    this.picked = null;
  }

  save(kind) {
    const { scene, measure, at, style, data } = this;
    return saveAs(kind, { title: data.title, said: subtitle(scene, measure), fileName: data.file_name, size: at, measure, style,
      colours: pictureColours(scene), left: at.plot.x, draw: (surface) => drawScene(surface, scene) });
  }
}
