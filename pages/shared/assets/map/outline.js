// A line drawn by hand with as few corners as a link holds.

const CORNERS = 64;

/** How far a place is from the line between two others. */
function away([x, y], [x0, y0], [x1, y1]) {
  const long = Math.hypot(x1 - x0, y1 - y0);
  return long ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / long : Math.hypot(x - x0, y - y0);
}

/** A line with fewer corners, none of which was further than `far` from it (Douglas and Peucker, 1973). */
function plainer(line, far) {
  let [most, at] = [0, 0];
  for (let i = 1; i < line.length - 1; i++) {
    const off = away(line[i], line[0], line.at(-1));
    if (off > most) [most, at] = [off, i];
  }
  if (most <= far) return [line[0], line.at(-1)];
  return [...plainer(line.slice(0, at + 1), far).slice(0, -1), ...plainer(line.slice(at), far)];
}

/** A line in CSS pixels with at most as many corners as are sent, as near as can be to what was drawn. */
export function outlined(line) {
  let found = line;
  for (let far = 0.5; found.length > CORNERS; far *= 1.5) found = plainer(line, far);
  return found;
}
