// The component: one chart for each place in the page. Streamlit calls this again whenever the data changes.

import { MapChart } from "./chart.js";

const charts = new WeakMap();

export default function map(component) {
  const { parentElement } = component;
  let chart = charts.get(parentElement);
  if (!chart) charts.set(parentElement, chart = new MapChart(parentElement));
  chart.update(component);
  return () => {
    chart.end();
    charts.delete(parentElement);
  };
}
