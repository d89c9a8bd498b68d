// A line drawn by hand around what is wanted, with as few corners as a link holds.

const CORNER = 3; // A lasso has a corner each time the pointer moved this far.
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

/** The drag that draws a line from a place on; `corner` gives the place in the figure of one on the stage. */
export function lasso(chart, x, y, corner) {
  const line = [[x, y]];
  return {
    move(toX, toY) {
      const [lastX, lastY] = line.at(-1);
      if (Math.hypot(toX - lastX, toY - lastY) < CORNER) return;
      line.push([toX, toY]);
      chart.draft(line.map(corner));
    },
    end() {
      const found = outlined(line);
      if (found.length > 2) chart.select(found.map(corner));
      else chart.draft(null);
    },
    cancel: () => chart.draft(null),
  };
}
