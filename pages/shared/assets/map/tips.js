// The note over a point. Its text is Python's: it is asked for when the pointer rests, and kept for the next time.

import { memories } from "../drawing/words.js";

const PAUSE = 140; // Milliseconds on a point until its text is asked for.
const MOST_TEXTS = 300;

export class Tips {
  /** `chart` has send, waiting, say and picture. */
  constructor(chart, tip) {
    Object.assign(this, { chart, tip, known: new Map(), asked: new Set(), timer: null, over: null });
  }

  /** Take the texts that Python sent; forget all others when the points are others. */
  take(tips, name) {
    if (name !== this.name) {
      this.known.clear();
      this.asked.clear();
    }
    this.name = name;
    for (const [row, lines] of Object.entries(tips)) this.known.set(Number(row), lines);
    for (const row of this.known.keys()) {
      if (this.known.size <= MOST_TEXTS) break;
      this.known.delete(row);
      this.asked.delete(row);
    }
    if (this.over && this.known.has(this.over.found.row)) this.show(this.over.found, this.over);
  }

  /** Show what there is to say about what was found at a place of the stage; `spoken` says it aloud too. */
  show(found, { x, y, spoken = "" }) {
    this.over = { found, x, y, spoken };
    const text = this.known.get(found.row);
    const lines = found.lines ?? (text ?? ["", this.chart.picture.names[found.code] ?? ""])
      .map((line, i) => ({ kind: i ? "fact" : "text", text: line }));
    const more = found.here > 1 ? [{ kind: "fact", text: `${memories(found.here)} at this very place` }] : [];
    const some = [...lines, ...more].filter((line) => line.text);
    if (some.length) this.tip.show(some, x, y);
    else this.tip.hide();
    if (spoken && (text || found.lines)) this.chart.say(`${spoken}${some.map((line) => line.text).join(". ")}`);
    clearTimeout(this.timer);
    if (found.row !== null && !text && !this.asked.has(found.row)) this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  ask() {
    if (!this.over) return;
    const { found } = this.over;
    if (this.chart.waiting || this.chart.dragging) {
      this.timer = setTimeout(() => this.ask(), PAUSE);
      return;
    }
    this.asked.add(found.row);
    this.chart.send("hover", { row: found.row, at: found.place });
  }

  hide() {
    clearTimeout(this.timer);
    this.over = null;
    this.tip.hide();
  }
}
