// The keys, while the drawing has the focus.

import { panned } from "./camera.js";

const PAN = 0.2; // Of what is in view, for each press.
const ANYWHERE = 120; // How far from the middle Enter looks, in CSS pixels.

/** What is nearest to the middle of the stage. */
function nearestToMiddle(chart) {
  const { width, height } = chart.camera.size;
  return chart.under(width / 2, height / 2, ANYWHERE);
}

/** Move the map, and say what is in the middle then. */
function walk(chart, right, up) {
  const { width, height } = chart.camera.size;
  chart.walked = -1;
  chart.glideTo(panned(chart.camera, -right * PAN * width, up * PAN * height), () => {
    chart.cross = true;
    chart.point(nearestToMiddle(chart), width / 2, height / 2, "In the middle: ");
  });
}

/** Go to the next or the previous hit; whether there is one. */
function walkHits(chart, step) {
  const { rings } = chart.picture;
  const hit = rings[chart.walked + step];
  chart.walked = hit ? chart.walked + step : -1;
  chart.redraw();
  if (!hit) return false;
  const [x, y, row] = hit;
  const said = `Hit ${chart.walked + 1} of ${rings.length}: `;
  chart.cross = false;
  chart.glideTo({ ...chart.view, x, y }, () => {
    chart.point({ place: [x, y], row, code: null }, chart.camera.px(x), chart.camera.py(y), said);
  });
  return true;
}

/** Open the hit that the keyboard is on, else what is nearest to the middle. */
function openNearest(chart) {
  const hit = chart.picture.rings[chart.walked];
  const found = hit ? { place: hit.slice(0, 2), row: hit[2] } : nearestToMiddle(chart);
  if (found?.place) chart.open(found);
}

/** Listen on the stage; keys that are not ours stay with the page. */
export function listenKeys(chart, stage) {
  const keys = {
    ArrowRight: () => walk(chart, 1, 0),
    ArrowLeft: () => walk(chart, -1, 0),
    ArrowUp: () => walk(chart, 0, 1),
    ArrowDown: () => walk(chart, 0, -1),
    "+": () => chart.zoom("in"),
    "=": () => chart.zoom("in"),
    "-": () => chart.zoom("out"),
    Home: () => chart.zoom("fit"),
    Enter: () => openNearest(chart),
    Escape: () => chart.escape(),
  };
  stage.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !chart.camera) return;
    if (event.key === "Tab") {
      if (walkHits(chart, event.shiftKey ? -1 : 1)) event.preventDefault(); // Past the last one the focus moves on.
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}
