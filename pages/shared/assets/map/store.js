// What outlives one drawing: columns that Python sent, by their name, and charts that move together.

const KEPT = 64; // Columns; pages/shared/map/columns.py counts on fewer.
const TYPES = { u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
const shared = (globalThis[Symbol.for("mnemoscope.map")] ??= { columns: new Map(), links: new Map() });

/** An array of the payload: {type, data} with little-endian bytes in base64. */
function unpacked({ type, data }) {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new TYPES[type](bytes.buffer);
}

/** Keep what was sent, and forget what was not used for long. */
export function keep(sent) {
  for (const [name, packed] of Object.entries(sent)) shared.columns.set(name, unpacked(packed));
  for (const name of shared.columns.keys()) {
    if (shared.columns.size <= KEPT) break;
    shared.columns.delete(name);
  }
}

/** The column of a name, undefined where it is not there. */
export function column(name) {
  const found = shared.columns.get(name);
  if (found) {
    shared.columns.delete(name); // The last used are the last to go.
    shared.columns.set(name, found);
  }
  return found;
}

/** The charts that share a link, to which a chart belongs from now on; a set of its own where it has none. */
export function linked(chart, link) {
  for (const charts of shared.links.values()) charts.delete(chart);
  if (!link) return new Set([chart]);
  if (!shared.links.has(link)) shared.links.set(link, new Set());
  return shared.links.get(link).add(chart);
}
