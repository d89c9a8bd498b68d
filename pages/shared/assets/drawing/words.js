// Words for times and spans. All times are UTC; the unit is the microsecond, as in the payload.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export const MS = 1e3;
export const SECOND = 1e6;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const LENGTHS = [[365.25 * DAY, "year"], [30.44 * DAY, "month"], [7 * DAY, "week"], [DAY, "day"], [HOUR, "hour"],
  [MINUTE, "minute"], [SECOND, "second"]];

const two = (number) => String(number).padStart(2, "0");

/** A count with thousands separated: 12,345. */
export const grouped = (count) => count.toLocaleString("en-US");

/** "1 memory", "1,204 memories". */
export const memories = (count) => `${grouped(count)} ${count === 1 ? "memory" : "memories"}`;

/** The calendar's fields of a moment; `us` is what a Date cannot hold, 0–999,999 below the second. */
export function calendar(x) {
  const date = new Date(Math.floor(x / MS));
  return {
    year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate(), weekday: date.getUTCDay(),
    hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds(),
    us: ((Math.floor(x) % SECOND) + SECOND) % SECOND,
  };
}

export const clockWords = ({ hour, minute }) => `${two(hour)}:${two(minute)}`;
export const secondWords = (c) => `${clockWords(c)}:${two(c.second)}`;
export const dateWords = ({ day, month, year }) => `${day} ${MONTHS[month]} ${year}`;
export const dayWords = (c) => `${DAYS[c.weekday]} ${dateWords(c)}`;
export const dayMonth = ({ day, month }) => `${day} ${MONTHS[month]}`;
export const monthWords = ({ month }) => MONTHS[month];
export const monthYear = ({ month, year }) => `${LONG_MONTHS[month]} ${year}`;

/** A time of day, with thousandths within a stretch of less than ten seconds. */
export const momentWithin = (c, long) => (
  long < 10e6 ? `${secondWords(c)}.${String(c.us).padStart(6, "0").slice(0, 3)}` : secondWords(c));

/** The part below the second without needless zeros: "", ".5", ".250123". */
export function fraction(us) {
  return us === 0 ? "" : `.${String(us).padStart(6, "0").replace(/0+$/, "")}`;
}

/** A moment in full: "14 Nov 2026, 10:32:05.25 UTC". */
export function exactWords(x) {
  const c = calendar(x);
  return `${dateWords(c)}, ${secondWords(c)}${fraction(c.us)} UTC`;
}

/** A length of time as people say it, in the longest unit of which there are two: "34 hours", "2.5 days", "250 ms". */
export function lengthWords(us) {
  for (const [size, name] of LENGTHS) {
    if (Math.abs(us / size - 1) < 0.02) return `1 ${name}`;
    if (us < 1.95 * size) continue;
    const count = us < 10 * size ? Math.round((10 * us) / size) / 10 : Math.round(us / size);
    return `${count} ${name}s`;
  }
  return us >= MS ? `${Math.round(us / MS)} ms` : `${Math.round(us)} µs`;
}

/** Time since a start, to the unit that matters: "0", "1 h 30 min", "2 d 4 h", "5.25 s". */
export function elapsedWords(us) {
  if (us === 0) return "0";
  const sign = us < 0 ? "−" : "";
  const left = Math.abs(us);
  if (left < SECOND) return `${sign}${+(left / MS).toFixed(3)} ms`;
  if (left < MINUTE) return `${sign}${+(left / SECOND).toFixed(3)} s`;
  const parts = [[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [SECOND, "s"]];
  const first = parts.findIndex(([size]) => left >= size);
  const whole = Math.floor(left / parts[first][0]);
  const rest = Math.floor((left - whole * parts[first][0]) / (parts[first + 1]?.[0] ?? Infinity));
  return `${sign}${whole} ${parts[first][1]}${rest ? ` ${rest} ${parts[first + 1][1]}` : ""}`;
}

/** A place in the order as people count, within what there is. */
export const placeWords = (x, picture) => (
  `No. ${grouped(Math.min(Math.max(1, Math.round(x) + 1), Math.max(1, picture.total - picture.unknown)))}`);

/** A value of an axis in full. */
export function axisWords(x, axis) {
  if (axis === "order") return `No. ${grouped(Math.round(x) + 1)}`;
  return axis === "elapsed" ? `${elapsedWords(x)} after the start` : exactWords(x);
}
