// One drawing in the page: what was sent, what is in view, what is drawn next, and what goes back to Python.

import { Canvases } from "./canvases.js";
import { download } from "./download.js";
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
import { styleOf } from "./styling.js";
import { Tip } from "./tip.js";
import { Toolbar } from "./toolbar.js";
import { kept, roomy, sameView, zoomed } from "./view.js";

const REST = 220; // Milliseconds without a move until Python is asked for exact data.
const GLIDE = 160; // Milliseconds that a zoom by button takes.
const STEP = 2; // How much a button zooms.
const FINGER = 20;

const made = (parent, tag, name) => {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
};

export class Chart {
  constructor(parent) {
    this.root = made(parent, "div", "chart");
    this.toolbar = new Toolbar(this.root, {
      tool: (name) => this.setTool(name), zoom: (name) => this.zoom(name), save: (name) => this.save(name),
    });
    this.stage = made(this.root, "div", "stage");
    Object.assign(this.stage, { tabIndex: 0, role: "application" });
    this.canvases = new Canvases(this.stage);
    this.measure = (words, font) => this.canvases.measure(words, font);
    this.spoken = made(this.stage, "p", "unseen");
    this.spoken.id = "spoken";
    this.live = made(this.root, "p", "unseen");
    this.live.setAttribute("aria-live", "polite");
    this.stage.setAttribute("aria-describedby", "spoken");
    this.tip = new Tip(this.stage);
    Object.assign(this, { tool: "move", view: null, sent: 0, timer: null, wanted: null, picture: null, scene: null,
      pointed: null, dragging: null, gliding: null, drafted: null, region: null, selected: null, picked: null });
    listen(this, this.canvases.over);
    listenKeys(this, this.stage);
    this.observer = new ResizeObserver(() => (this.stage.clientWidth === this.at?.width ? null : this.resized()));
    this.observer.observe(this.stage);
    this.watchScreen();
    document.fonts.ready.then(() => this.resized());
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

  /** Draw again on a screen with other pixels: a window that moves there keeps its size. */
  watchScreen() {
    this.screen = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    this.screen.onchange = () => {
      this.screen.onchange = null;
      this.resized();
      this.watchScreen();
    };
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
    if (this.scene) {
      this.redraw();
      return;
    }
    this.wanted = true; // The first time at once: what the pointer does needs a scene.
    this.draw();
  }

  /** Draw everything, or only what lies over it, with the next frame. */
  redraw(everything = true) {
    if (this.wanted === null) requestAnimationFrame(() => this.draw());
    this.wanted = this.wanted || everything;
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

  /** Send a gesture. The number is greater than any before, also than those of a drawing that was here before a reload. */
  send(kind, fields = {}) {
    this.sent = Math.max(this.sent + 1, Date.now());
    this.trigger("gesture", { kind, serial: this.sent, ...fields });
  }

  /** Show another stretch at once, and ask for its exact data when the reader rests. */
  setView(view) {
    this.gliding = null;
    this.show(view);
  }

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

  /** Move to a view in a few frames, so that the eye can follow. */
  glideTo(view) {
    const from = this.view;
    const began = performance.now();
    const long = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : GLIDE;
    const glide = {};
    this.gliding = glide;
    const frame = (now) => {
      if (this.gliding !== glide || !this.root.isConnected) return; // Something newer moves the view.
      const share = long ? Math.min(1, Math.max(0, (now - began) / long)) : 1;
      const eased = 1 - (1 - share) ** 3;
      this.show({ lo: from.lo + (view.lo - from.lo) * eased, hi: from.hi + (view.hi - from.hi) * eased });
      if (share < 1) requestAnimationFrame(frame);
      else this.gliding = null;
    };
    requestAnimationFrame(frame);
  }

  zoom(name, at = (this.view.lo + this.view.hi) / 2, step = STEP) {
    const { extent, axis } = this.picture;
    if (name === "fit") this.glideTo(roomy({ lo: extent[0], hi: extent[1] }, axis));
    else this.glideTo(zoomed(this.view, name === "in" ? 1 / step : step, at, this.limits, axis));
  }

  setTool(name) {
    this.tool = name;
    this.stage.dataset.tool = name;
    this.redraw();
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

  draft(polygon) {
    this.drafted = polygon;
    this.redraw(false);
  }

  select(polygon) {
    this.drafted = null;
    this.region = polygon;
    this.setTool("move");
    this.send("region", { polygon });
  }

  moveAsOf(x) {
    this.moments = { ...this.moments, asOf: x };
    this.redraw();
  }

  /** Let go: of a drag that is going on, else of everything that is chosen. */
  escape() {
    if (this.dragging) {
      this.dragging.cancel();
      this.dragging = null;
      return;
    }
    Object.assign(this, { region: null, selected: null, picked: null });
    this.setTool("move");
    this.send("clear");
  }

  save(kind) {
    return download(kind, this.scene, { title: this.data.title, fileName: this.data.file_name, measure: this.measure });
  }

  /** Let go of what outlives the page's elements. */
  end() {
    clearTimeout(this.timer);
    this.gliding = null;
    this.screen.onchange = null;
    this.observer.disconnect();
    this.root.remove();
  }
}
