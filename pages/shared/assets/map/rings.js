// What lies above the points: the hits of a query and the query itself, the memory that is open, the region.

const NUMBERED = 10; // Hits with their rank.
const HIT = 6.5;
const OPEN = 9;

/** Boxes that names of clusters keep out of. */
export function ringBoxes({ rings, query }, camera) {
  const found = rings.slice(0, NUMBERED).map(([x, y]) => ({ px: camera.px(x), py: camera.py(y), width: 16, height: 12 }));
  if (query) found.push({ px: camera.px(query[0]) + 22, py: camera.py(query[1]), width: 66, height: 16 });
  return found;
}

const at = (camera, [x, y]) => [camera.px(x), camera.py(y)];

/** A ring that is seen on any colour. */
function ring(surface, [x, y], radius, colour, line, ground) {
  surface.shape({ shape: "circle", radius, stroke: ground, line: line + 2.5, alpha: 0.9 }, x, y);
  surface.shape({ shape: "circle", radius, stroke: colour, line }, x, y);
}

/** The rings around hits, from the last to the first, with thin lines to where the query lies. */
function drawHits(surface, { picture, camera, style, walked }) {
  const { rings, query } = picture;
  const from = query && at(camera, query);
  if (from) {
    for (const hit of rings) surface.line([from, at(camera, hit)], { stroke: style.accent, alpha: 0.3 });
  }
  for (let i = rings.length - 1; i >= 0; i--) {
    ring(surface, at(camera, rings[i]), HIT, style.accent, i === walked ? 3 : 1.75, style.ground);
  }
  const numbered = [];
  rings.slice(0, NUMBERED).forEach((hit, i) => {
    const [x, y] = at(camera, hit);
    if (numbered.some(([otherX, otherY]) => Math.abs(x - otherX) < 15 && Math.abs(y - otherY) < 12)) return;
    numbered.push([x, y]);
    surface.text(String(i + 1), x + HIT + 3, y - HIT + 3, { fill: style.text, font: style.smallBold, halo: style.ground });
  });
}

function drawQuery(surface, { picture, camera, style }) {
  const [x, y] = at(camera, picture.query);
  surface.shape({ shape: "diamond", radius: 7, fill: style.accent, stroke: style.ground, line: 2 }, x, y);
  surface.text("query", x + 11, y + 4, { fill: style.text, font: style.smallBold, halo: style.ground });
}

/** Draw a region: corners on the map. It is filled only while it is drawn: a fill would tint the points. */
export function drawRegion(surface, { camera, style }, polygon, { filled = false } = {}) {
  const corners = polygon.map((corner) => at(camera, corner));
  surface.line(corners, { stroke: style.ground, line: 4, alpha: 0.7, close: true });
  surface.line(corners, { stroke: style.accent, line: 1.75, close: true,
    fill: filled ? style.accent : null });
}

/** Draw all of it. */
export function drawRings(surface, scene) {
  const { picture, camera, style, selected } = scene;
  drawHits(surface, scene);
  if (picture.query) drawQuery(surface, scene);
  if (selected) ring(surface, at(camera, selected), OPEN, style.text, 2.5, style.ground);
}

/** Draw a ring around the point that the pointer or the keyboard is on, and a cross where Enter would look. */
export function drawPointed(surface, { camera, style }, { place, cross }) {
  if (cross) {
    const [x, y] = [camera.size.width / 2, camera.size.height / 2];
    for (const ends of [[[x - 7, y], [x + 7, y]], [[x, y - 7], [x, y + 7]]]) {
      surface.line(ends, { stroke: style.ground, line: 4, alpha: 0.8 });
      surface.line(ends, { stroke: style.text, line: 1.5 });
    }
  }
  if (place) ring(surface, at(camera, place), OPEN - 3, style.text, 1.5, style.ground);
}
