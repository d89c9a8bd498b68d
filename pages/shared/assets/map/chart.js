// One drawing in the page: what was sent, what is in view, what is drawn next, and what goes back to Python.

import { ratioFor } from "../drawing/canvases.js";
import { saveAs } from "../drawing/download.js";
import { FINGER } from "../drawing/figure.js";
import { flowed } from "../drawing/fitted.js";
import { styleOf } from "../drawing/styling.js";
import { Tip } from "../drawing/tip.js";
import { Camera, sameWindow, viewOf, whole, zoomed } from "./camera.js";
import { drawFramed } from "./download.js";
import { listenKeys } from "./keyboard.js";
import { measured } from "./labels.js";
import { legendColours } from "./legend.js";
import { arranged } from "./looks.js";
import { Moving } from "./moving.js";
import { decode } from "./payload.js";
import { NEAR, countSeen, under } from "./pointed.js";
import { listen } from "./pointers.js";
import { drawPointed, drawRegion } from "./rings.js";
import { drawScene, makeScene } from "./scene.js";
import { describe, seenWords, wayWords } from "./spoken.js";
import { keep, linked } from "./store.js";
import { Tips } from "./tips.js";
import { PointLayer } from "./webgl.js";

const CLOSER = 2; // How much a double click zooms.
const [LOWEST, HIGHEST, SHAPE] = [360, 660, 0.64];
const SMALL_SCREEN = 560;

export class MapChart extends Moving {
  constructor(parent) {
    super(parent);
    const canvas = document.createElement("canvas");
    canvas.className = "points";
    canvas.setAttribute("aria-hidden", "true");
    this.stage.prepend(canvas);
    this.layer = new PointLayer(canvas, () => this.redraw());
    this.tips = new Tips(this, new Tip(this.stage));
    Object.assign(this, { answered: 0, camera: null, cross: false, walked: -1, focused: "null", told: null, moving: false,
      links: new Set() });
    listen(this, this.canvases.over);
    listenKeys(this, this.stage);
    this.stage.onblur = () => this.leave();
  }

  get waiting() {
    return this.answered < this.sent;
  }

  /** Take what Python sent. What the reader did since is kept until Python has answered it. */
  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    this.answered = data.answered;
    keep(data.columns);
    const picture = decode(data);
    if (picture === null) {
      setTimeout(() => this.send("need"));
      return;
    }
    const first = this.picture === null;
    this.picture = picture;
    this.links = linked(this, picture.link);
    if (first) this.view = [...this.links].find((other) => other !== this && other.view)?.view ?? whole(picture.extent);
    if (first || (!this.waiting && !this.dragging)) Object.assign(this, { selected: data.selected, region: data.region });
    this.arrange();
    this.style = styleOf(this.root, picture.palette);
    this.stage.setAttribute("aria-label", picture.title);
    this.spoken.textContent = describe(this);
    this.tips.take(picture.tips, `${picture.name.place} ${picture.name.alive} ${picture.name.colour}`);
    this.resized();
    this.turn(JSON.stringify(picture.focus), first);
    // Python remembers what was in view before the page was left.
    if (first && this.camera && picture.window && !sameWindow(picture.window, this.camera.window)) this.rested();
  }

  /** Put the points into the order in which they are drawn, unless they are in it. */
  arrange() {
    const { kind, name, back, ghosts, count } = this.picture;
    const of = JSON.stringify([kind, name, back, ghosts, count]);
    if (this.arrangement?.of === of) return;
    this.arrangement = kind === "points" ? { of, ...arranged(this.picture) } : { of, states: [], order: [], shown: 0 };
  }

  /** Go where Python wants the reader to look, once; not back to what Python was told: the reader may have moved on. */
  turn(name, first) {
    const { focus, extent } = this.picture;
    if (name === this.focused || !this.camera) return;
    this.focused = name;
    if (!focus || sameWindow(focus, this.told)) return;
    const view = viewOf(focus, extent, this.camera.size);
    if (first) this.show(view);
    else this.glideTo(view);
  }

  /** Say something to those who cannot see it; the same words are said once. */
  say(words) {
    if (this.live.textContent !== words) this.live.textContent = words;
  }

  resized() {
    const width = this.stage.clientWidth;
    if (!this.picture || !width) return;
    const height = Math.round(Math.min(HIGHEST, Math.max(LOWEST, width * SHAPE)));
    this.stage.style.height = `${height}px`;
    this.narrow = width < SMALL_SCREEN;
    this.measuredLabels = measured(this.picture.labels, this);
    this.camera = new Camera(this.view, this.picture.extent, { width, height });
    this.drawnWidth = width;
    this.drawSoon();
  }

  draw() {
    const everything = this.wanted;
    this.wanted = null;
    if (!this.root.isConnected || !this.camera) return;
    if (everything) this.drawAll();
    const { size } = this.camera;
    this.canvases.paint(this.canvases.over, size, (surface) => {
      surface.clear(size.width, size.height);
      if (this.drafted) drawRegion(surface, this.scene, this.drafted, { filled: true });
      drawPointed(surface, this.scene, { place: this.pointed?.place, cross: this.cross && this.walked < 0 });
    });
  }

  drawAll() {
    const { picture, arrangement, camera, style, selected, region, walked, measuredLabels, layer } = this;
    const { size } = camera;
    this.scene = makeScene({ picture, arrangement, camera, style, selected, region, walked, measuredLabels });
    const webgl = !layer.lost && picture.kind === "points";
    if (webgl) layer.draw(this.scene, ratioFor(size, window.devicePixelRatio || 1), this.moving);
    else layer.clear();
    this.canvases.paint(this.canvases.below, size, (surface) => {
      surface.clear(size.width, size.height);
      drawScene(surface, this.scene, { dots: !webgl });
    });
    const seen = countSeen(this.scene);
    const counted = wayWords(picture, { webgl: !layer.lost, narrow: this.narrow });
    this.toolbar.update({ tool: this.tool, stretch: seenWords(picture, seen), counted, waiting: this.waiting });
    Object.assign(this.stage.dataset, { kind: picture.kind, engine: webgl ? "webgl" : "canvas", seen,
      view: camera.window.map((value) => +value.toPrecision(7)).join(" ") });
  }

  /** The place of the map at a place of the stage. */
  corner(px, py) {
    return [this.camera.x(px), this.camera.y(py)];
  }

  /** What is at a place of the stage, as it will be drawn with the next frame. */
  under(x, y, reach = NEAR) {
    return this.scene && under({ ...this.scene, camera: this.camera }, x, y, reach);
  }

  hover(x, y) {
    this.cross = false;
    this.point(this.under(x, y), x, y);
  }

  /** Point at what was found at a place of the stage. */
  point(found, x, y, spoken = "") {
    this.pointed = found;
    if (found) this.tips.show(found, { x, y, spoken });
    else this.tips.hide();
    this.redraw(false);
  }

  leave() {
    this.pointed = null;
    this.tips.hide();
    this.redraw(false);
  }

  click(x, y, touch) {
    this.stage.focus({ preventScroll: true });
    const found = this.under(x, y, touch ? FINGER : NEAR);
    if (found?.place) this.open(found);
    else if (touch) this.hover(x, y);
  }

  doubleClick(x, y) {
    if (!this.under(x, y)?.place) this.glideTo(zoomed(this.camera, CLOSER, x, y));
  }

  open({ place, row }) {
    this.selected = [...place, row];
    this.redraw();
    this.send("open", { row, at: place });
  }

  letGo() {
    super.letGo();
    this.walked = -1;
  }

  save(kind) {
    const { scene, measure, style, picture: { title, note, file_name: fileName } } = this;
    const { size } = this.camera;
    const parts = new Set([seenWords(this.picture, countSeen(scene)), ...note.split(" · ")].filter(Boolean));
    const said = flowed([...parts], size.width, style.small, measure);
    return saveAs(kind, { title, said, fileName, size, style, measure, colours: legendColours(scene),
      draw: (surface) => drawFramed(surface, scene) });
  }

  end() {
    clearTimeout(this.calm);
    this.links.delete(this);
    this.tips.hide();
    this.layer.end();
    super.end();
  }
}
