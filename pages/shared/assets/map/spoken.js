// The map in words: the line above it, and what is said to those who hear it.

import { grouped, memories } from "../drawing/words.js";
import { ALIVE } from "./looks.js";

const MOST_SAID = 12;

/** "1,204 of 100,000 memories in view", "100,000 memories". */
export function seenWords({ total, kind }, seen) {
  if (seen === total) return memories(total);
  return `${kind === "raster" ? "about " : ""}${grouped(seen)} of ${memories(total)} in view`;
}

/** How it is drawn where that matters, else what one can do. */
export function wayWords({ kind }, { webgl, narrow }) {
  if (kind === "raster") return "counts by cell; zoom in for single memories";
  if (!webgl) return "drawn without WebGL, which this browser does not offer: slower";
  if (matchMedia("(pointer: coarse)").matches) return "two fingers move and zoom";
  return narrow ? "" : `${/Mac/.test(navigator.platform) ? "⌘" : "Ctrl"} and the wheel zoom, Shift and a drag select`;
}

/** Counts by colour, the largest first: [code, count]. */
export function colourCounts({ picture, arrangement }, seen = () => true) {
  const counts = new Map();
  for (let i = 0; i < picture.count; i++) {
    if (!(arrangement.states[i] & ALIVE) || !seen(i)) continue;
    counts.set(picture.colour[i], (counts.get(picture.colour[i]) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The text alternative: counts, colours, clusters, keys. */
export function describe({ picture, arrangement }) {
  const { names, title, total, labels, rings } = picture;
  const counts = picture.kind === "points" ? colourCounts({ picture, arrangement }) : [];
  const colours = counts.slice(0, MOST_SAID).map(([code, count]) => `${names[code] ?? "other"}: ${grouped(count)}`);
  const more = counts.length - colours.length;
  const largest = [...labels].sort((a, b) => b[3] - a[3]).slice(0, MOST_SAID).map(([, , text]) => text);
  return [
    `${title}. ${memories(total)}, near to each other where they mean much the same.`,
    colours.length ? `${colours.join("; ")}${more > 0 ? `; and ${grouped(more)} more` : ""}.` : "",
    largest.length ? `Largest clusters: ${largest.join("; ")}.` : "",
    rings.length ? `${grouped(rings.length)} hits of the query; Tab goes from one to the next.` : "",
    "Arrow keys move the map, plus and minus zoom, Home shows everything,",
    "Enter opens the memory nearest to the middle, Escape lets go.",
  ].join(" ");
}
