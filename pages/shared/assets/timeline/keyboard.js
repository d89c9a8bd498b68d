// The keys, while the drawing has the focus.

import { panned } from "./view.js";

const PAN = 0.25;

/** Listen on the stage; keys that are not ours stay with the page. */
export function listenKeys(chart, stage) {
  const arrow = (step) => ({ shiftKey }) => {
    if (shiftKey) chart.glideTo(panned(chart.view, step * PAN, chart.limits));
    else chart.send("step", { step });
  };
  const keys = {
    ArrowRight: arrow(1),
    ArrowLeft: arrow(-1),
    "+": () => chart.zoom("in"),
    "=": () => chart.zoom("in"),
    "-": () => chart.zoom("out"),
    Home: () => chart.zoom("fit"),
    Enter: () => chart.openChosen(),
    Escape: () => chart.escape(),
  };
  stage.onkeydown = (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  };
}
