// The buttons above the drawing, and the words for what is in view.

const ICONS = {
  move: "M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6 2 8l2 2M12 6l2 2-2 2",
  box: "M3 5V3h2M11 3h2v2M13 11v2h-2M5 13H3v-2M7 3h2M7 13h2M3 7v2M13 7v2",
  lasso: "M8 3c3.3 0 6 1.8 6 4s-2.7 4-6 4-6-1.8-6-4 2.7-4 6-4M4.6 10.2c-1 .8-1 2.1 0 2.6 1 .4 1.5 1.2.7 2",
  in: "M8 3v10M3 8h10",
  out: "M3 8h10",
  fit: "M2 3v10M14 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
};
const TOOLS = [["move", "Move"], ["box", "Select a box (or drag with Shift)"], ["lasso", "Select with a lasso"]];
const ZOOMS = [["out", "Zoom out (−)"], ["in", "Zoom in (+), or Ctrl and the wheel"], ["fit", "Show everything (Home)"]];
const FILES = [["png", "PNG", "Download the figure as PNG"], ["svg", "SVG", "Download the figure as SVG"]];

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function button(name, label, content, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.name = name;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.append(content);
  made.onclick = () => press(name);
  return made;
}

function group(label, buttons) {
  const made = document.createElement("div");
  made.className = "group";
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", label);
  made.append(...buttons);
  return made;
}

/** The row of buttons; `on` has tool(name), zoom(name) and save(name). */
export class Toolbar {
  constructor(parent, on) {
    this.node = document.createElement("div");
    this.node.className = "bar";
    this.said = document.createElement("div");
    this.said.className = "said";
    this.tools = TOOLS.map(([name, label]) => button(name, label, icon(name), on.tool));
    this.node.append(
      this.said,
      group("Tool", this.tools),
      group("Zoom", ZOOMS.map(([name, label]) => button(name, label, icon(name), on.zoom))),
      group("Download", FILES.map(([name, words, label]) => button(name, label, words, on.save))),
    );
    parent.append(this.node);
  }

  update({ tool, stretch, counted, waiting }) {
    for (const made of this.tools) made.setAttribute("aria-pressed", String(made.dataset.name === tool));
    const strong = document.createElement("b");
    strong.textContent = stretch;
    this.said.toggleAttribute("data-waiting", waiting);
    this.said.replaceChildren(strong, counted ? ` · ${counted}` : "");
  }
}
