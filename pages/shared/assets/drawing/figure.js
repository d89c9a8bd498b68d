// What every drawing of ours has: buttons, a stage, words for those who hear it, a part in view, and a way back to Python.

import { Canvases } from "./canvases.js";
import { Toolbar } from "./toolbar.js";

const GLIDE = 180; // Milliseconds that a move by a button takes.
export const FINGER = 20; // How near a finger comes to what it is meant for, in CSS pixels.

function made(parent, tag, name) {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
}

/**
 * A drawing in the page. A kind of it has resized(), draw(), zoom(name), save(kind), show(view), letGo(), and
 * between(view, view, share); resized() sets `drawnWidth`.
 */
export class Figure {
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
    this.stage.setAttribute("aria-describedby", "spoken");
    this.live = made(this.root, "p", "unseen");
    this.live.setAttribute("aria-live", "polite");
    Object.assign(this, { tool: "move", view: null, sent: 0, timer: null, wanted: null, picture: null, scene: null,
      pointed: null, dragging: null, gliding: null, drafted: null, region: null, selected: null, drawnWidth: null });
    this.observer = new ResizeObserver(() => (this.stage.clientWidth === this.drawnWidth ? null : this.resized()));
    this.observer.observe(this.stage);
    this.watchScreen();
    document.fonts.ready.then(() => this.resized());
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

  /** Draw with the next frame; the first time at once, for what the pointer does needs a scene. */
  drawSoon() {
    if (this.scene) {
      this.redraw();
      return;
    }
    this.wanted = true;
    this.draw();
  }

  /** Draw everything, or only what lies over it, with the next frame. */
  redraw(everything = true) {
    if (this.wanted === null) requestAnimationFrame(() => this.draw());
    this.wanted = this.wanted || everything;
  }

  /** Send a gesture. The number is greater than any before, also than those of a drawing that was here before a reload. */
  send(kind, fields = {}) {
    this.sent = Math.max(this.sent + 1, Date.now());
    this.trigger("gesture", { kind, serial: this.sent, ...fields });
  }

  setTool(name) {
    this.tool = name;
    this.stage.dataset.tool = name;
    this.redraw();
  }

  /** Look at another part at once; whatever moved the view before stops. */
  setView(view) {
    this.gliding = null;
    this.show(view);
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
      this.show(this.between(from, view, 1 - (1 - share) ** 3));
      if (share < 1) {
        requestAnimationFrame(frame);
        return;
      }
      this.gliding = null;
      then();
    };
    requestAnimationFrame(frame);
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

  /** Let go: of a drag that is going on, else of everything that is chosen. */
  escape() {
    if (this.dragging) {
      this.dragging.cancel();
      this.dragging = null;
      return;
    }
    this.letGo();
    this.setTool("move");
    this.send("clear");
  }

  letGo() {
    Object.assign(this, { region: null, selected: null });
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

/** The component of a kind of figure: one for each place in the page. Streamlit calls it again whenever the data changes. */
export function mounted(Kind) {
  const figures = new WeakMap();
  return (component) => {
    const { parentElement } = component;
    let figure = figures.get(parentElement);
    if (!figure) figures.set(parentElement, figure = new Kind(parentElement));
    figure.update(component);
    return () => {
      figure.end();
      figures.delete(parentElement);
    };
  };
}
