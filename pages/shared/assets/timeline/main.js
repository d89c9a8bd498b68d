// The component: one chart for each place in the page. Streamlit calls this again whenever the data changes.

import { Chart } from "./chart.js";

const charts = new WeakMap();

export default function timeline(component) {
  const { parentElement } = component;
  let chart = charts.get(parentElement);
  if (!chart) charts.set(parentElement, chart = new Chart(parentElement));
  chart.update(component);
  return () => {
    chart.end();
    charts.delete(parentElement);
  };
}
