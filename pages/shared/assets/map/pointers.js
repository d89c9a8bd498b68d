// Pointers and the wheel: mouse, pen and touch become drags, clicks, pinches and zooms of the chart.

import { zoomed } from "./camera.js";
import { dragFrom, pinchFrom } from "./drags.js";

const CLICK = 4; // A pointer that moved less has clicked.
const WHEEL = 0.0044; // How much a step of the wheel zooms, as a power of e.

/** Listen on the chart's canvas; the listeners go with it. */
export function listen(chart, canvas) {
  const pointers = new Map();
  let drag = null; // {from: [x, y], touch, shift, started, act}: act is what the drag does, once it has started
  let pinch = null;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const cursor = () => {
    canvas.style.cursor = drag?.started && chart.tool === "move" ? "grabbing"
      : chart.tool !== "move" ? "crosshair" : chart.pointed?.row != null ? "pointer" : "grab";
  };

  const startDrag = () => {
    drag.started = true;
    drag.act = dragFrom(chart, ...drag.from, drag);
    chart.dragging = drag.act;
    cursor();
  };

  const release = (event, completed) => {
    const [x, y] = place(event);
    if (!pointers.delete(event.pointerId)) return;
    if (pinch) {
      if (pointers.size) return;
      pinch = null;
      chart.settled();
    } else if (drag?.started && drag.act === chart.dragging) {
      chart.dragging = null; // Before its end: that may send, and what is sent waits for no drag.
      if (completed) drag.act.end(x, y);
      else drag.act.cancel();
      chart.settled();
    } else if (drag && !drag.started && completed) chart.click(x, y, drag.touch);
    drag = null;
    cursor();
  };

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
    chart.leave();
    if (pointers.size === 2) {
      drag?.act?.cancel();
      drag = null;
      pinch = pinchFrom(chart, ...pointers.values());
      chart.dragging = pinch;
    } else if (pointers.size === 1) {
      drag = { from: place(event), touch: event.pointerType === "touch", shift: event.shiftKey, started: false };
    }
  };

  canvas.onpointermove = (event) => {
    const [x, y] = place(event);
    if (!event.buttons && pointers.has(event.pointerId)) release(event, false); // It was let go of outside.
    if (!pointers.has(event.pointerId)) {
      chart.hover(x, y);
      cursor();
      return;
    }
    pointers.set(event.pointerId, [x, y]);
    if (pinch && pinch === chart.dragging && pointers.size === 2) pinch.move(...pointers.values());
    if (!drag) return;
    if (!drag.started && Math.hypot(x - drag.from[0], y - drag.from[1]) >= CLICK) {
      startDrag();
      canvas.setPointerCapture(event.pointerId);
    }
    if (drag.started && drag.act === chart.dragging) drag.act.move(x, y); // Escape lets go of it.
  };
  canvas.onpointerup = (event) => release(event, true);
  canvas.onpointercancel = (event) => release(event, false);
  canvas.onpointerleave = () => chart.leave();
  canvas.ondblclick = (event) => chart.doubleClick(...place(event));

  canvas.onwheel = (event) => {
    if (!(event.ctrlKey || event.metaKey)) return; // A plain wheel scrolls the page.
    event.preventDefault();
    // A pinch on a touchpad comes in small steps, a wheel in steps of about 100.
    const step = Math.max(-60, Math.min(60, event.deltaY)) * (Math.abs(event.deltaY) < 20 ? 4 : 1);
    chart.setView(zoomed(chart.camera, Math.exp(-step * WHEEL), ...place(event)));
    chart.settled();
  };
}
