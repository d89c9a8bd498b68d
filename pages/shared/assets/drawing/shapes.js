// The shapes of points. What became of a memory has a shape, so that it is seen without colour.

const RETIRED = 1;
const EXPIRED = 2;
const HIDDEN = 4;
const MERGED = 8;
const CONFLICTING = 16;

/** Each mark, the strongest first: a point has the shape of the first that it bears. `hollow` ones are outlined only. */
export const MARKS = [
  { bit: CONFLICTING, shape: "triangle", hollow: false, alpha: 1, label: "conflicting" },
  { bit: RETIRED, shape: "circle", hollow: true, alpha: 0.9, label: "retired" },
  { bit: MERGED, shape: "diamond", hollow: true, alpha: 1, label: "merged" },
  { bit: HIDDEN, shape: "square", hollow: true, alpha: 0.9, label: "hidden" },
  { bit: EXPIRED, shape: "circle", hollow: false, alpha: 0.35, label: "expired" },
];
const PLAIN = { bit: 0, shape: "circle", hollow: false, alpha: 1, label: "" };

/** How a point with these marks is drawn. */
export const lookOf = (bits) => (bits === 0 ? PLAIN : MARKS.find(({ bit }) => bits & bit) ?? PLAIN);

/** All marks in words: "retired, conflicting". */
export const markWords = (bits) => MARKS.filter(({ bit }) => bits & bit).map(({ label }) => label).join(", ");

/** The corners of a shape of about the same area as a circle of that radius, around the origin; null for the circle. */
export function corners(name, radius) {
  if (name === "diamond") return [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]].map((at) => at.map((v) => v * radius));
  if (name === "triangle") return [[0, -1.3], [1.25, 0.9], [-1.25, 0.9]].map((at) => at.map((v) => v * radius));
  if (name === "square") return [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]].map((at) => at.map((v) => v * radius));
  return null;
}

/** Add a shape to the path of a canvas. */
export function trace(context, name, radius) {
  const at = corners(name, radius);
  if (at === null) {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    return;
  }
  at.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x, y));
  context.closePath();
}
