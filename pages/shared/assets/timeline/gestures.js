// Pointers and the wheel: mouse, pen and touch become drags, clicks, pinches and zooms of the chart.

import { cursorAt, dragFrom } from "./drags.js";
import { Scale } from "./layout.js";
import { panned, zoomed } from "./view.js";

const CLICK = 4; // A pointer that moved less has clicked.
const WHEEL = 0.0044; // How much a step of the wheel zooms, as a power of e.

/** Listen on the chart's canvas; the listeners go with it. */
export function listen(chart, canvas) {
  const pointers = new Map();
  let drag = null; // {from: [x, y], touch, shift, started, act}: act is what the drag does, once it has started
  let pinch = null; // {view, apart, value}: the view before, the fingers' distance, what lies between them

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** How far two fingers are apart, in whatever direction. */
  const apart = () => {
    const [[x0, y0], [x1, y1]] = [...pointers.values()];
    return Math.max(10, Math.hypot(x1 - x0, y1 - y0));
  };

  const startPinch = () => {
    drag?.act?.cancel();
    drag = null;
    const before = chart.view;
    chart.dragging = { cancel: () => chart.setView(before) };
    const [[x0], [x1]] = [...pointers.values()];
    pinch = { view: chart.view, apart: apart(), value: chart.scene.scale.value((x0 + x1) / 2) };
  };

  const movePinch = () => {
    const [[x0], [x1]] = [...pointers.values()];
    const factor = pinch.apart / apart();
    const zoom = zoomed(pinch.view, factor, pinch.value, chart.limits, chart.picture.axis);
    // What was between the fingers stays between them.
    const scale = new Scale(zoom, chart.at);
    chart.setView(panned(zoom, (scale.px(pinch.value) - (x0 + x1) / 2) / scale.width, chart.limits));
  };

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    pointers.set(event.pointerId, [x, y]);
    chart.leave();
    if (pointers.size === 2) startPinch();
    else if (pointers.size === 1) {
      drag = { from: [x, y], touch: event.pointerType === "touch", shift: event.shiftKey, started: false };
    }
  };

  canvas.onpointermove = (event) => {
    const [x, y] = place(event);
    if (!event.buttons && pointers.has(event.pointerId)) release(event, false); // It was let go of outside.
    if (!pointers.has(event.pointerId)) {
      canvas.style.cursor = cursorAt(chart, x, y);
      chart.hover(x, y);
      return;
    }
    pointers.set(event.pointerId, [x, y]);
    if (pinch && chart.dragging) movePinch();
    if (!drag) return;
    if (!drag.started && Math.hypot(x - drag.from[0], y - drag.from[1]) >= CLICK) {
      drag.started = true;
      drag.act = dragFrom(chart, ...drag.from, drag);
      chart.dragging = drag.act;
      canvas.setPointerCapture(event.pointerId);
      if (canvas.style.cursor === "grab") canvas.style.cursor = "grabbing";
    }
    if (drag.started && drag.act === chart.dragging) drag.act?.move(x, y); // Escape lets go of it.
  };

  const release = (event, finished) => {
    const [x, y] = place(event);
    pointers.delete(event.pointerId);
    if (pinch) chart.dragging = null;
    pinch = null;
    if (!drag) return;
    if (drag.started && drag.act === chart.dragging) drag.act?.[finished ? "end" : "cancel"](x, y);
    else if (!drag.started && finished) chart.click(x, y, drag.touch);
    drag = null;
    chart.dragging = null;
    canvas.style.cursor = cursorAt(chart, x, y);
  };
  canvas.onpointerup = (event) => release(event, true);
  canvas.onpointercancel = (event) => release(event, false);
  canvas.onpointerleave = () => chart.leave();
  canvas.ondblclick = (event) => chart.doubleClick(...place(event));

  canvas.onwheel = (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (!(event.ctrlKey || event.metaKey) && !sideways) return; // A plain wheel scrolls the page.
    event.preventDefault();
    const { scale } = chart.scene;
    if (sideways && !event.ctrlKey && !event.metaKey) {
      chart.setView(panned(chart.view, sideways / scale.width, chart.limits));
      return;
    }
    // A pinch on a touchpad comes in small steps, a wheel in steps of about 100.
    const step = Math.max(-60, Math.min(60, event.deltaY)) * (Math.abs(event.deltaY) < 20 ? 4 : 1);
    const x = scale.value(place(event)[0]);
    chart.setView(zoomed(chart.view, Math.exp(step * WHEEL), x, chart.limits, chart.picture.axis));
  };
}
