// What Python sent, as typed arrays. The other end is pages/shared/timeline/payload.py: keep the two together.

const TYPES = { f8: Float64Array, i4: Int32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };

/** An array of the payload: {type, data} with little-endian bytes in base64. */
function array({ type, data }) {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new TYPES[type](bytes.buffer);
}

/** The columns of one kind of thing; its length is that of its first column. */
function columns(packed) {
  const table = {};
  for (const [name, value] of Object.entries(packed)) table[name] = Array.isArray(value) ? value : array(value);
  return { ...table, length: Object.values(table)[0].length };
}

const TABLES = ["points", "density", "spans", "gaps", "handoffs", "expiries"];

/** The picture that was sent. Its tables always are there, with no rows where there is nothing. */
export function decode(sent) {
  const picture = { ...sent, overview: array(sent.overview), unknown_rows: array(sent.unknown_rows) };
  for (const name of TABLES) picture[name] = columns(sent[name]);
  return picture;
}
