// Text in the room there is for it.

/** Text that fits a width, with an ellipsis where it is cut. */
export function fitted(text, width, font, measure) {
  if (measure(text, font) <= width) return text;
  const letters = Array.from(text);
  let [fits, fails] = [0, letters.length];
  while (fails - fits > 1) {
    const half = (fits + fails) >> 1;
    if (measure(`${letters.slice(0, half).join("").trimEnd()}…`, font) <= width) fits = half;
    else fails = half;
  }
  return fits ? `${letters.slice(0, fits).join("").trimEnd()}…` : "…";
}

/** Parts of a sentence, with a dot between them, in as many lines as it takes. */
export function flowed(parts, width, font, measure) {
  return parts.reduce((lines, part) => {
    const longer = lines.length ? `${lines.at(-1)} · ${part}` : part;
    if (!lines.length || measure(longer, font) > width) return [...lines, part];
    return [...lines.slice(0, -1), longer];
  }, []);
}
