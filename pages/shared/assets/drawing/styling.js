// Colours of the ground and the font come from the page's theme, which may change without Python; those of data from Python.

/** Whether a CSS colour is nearer to black than to white. */
function isDark(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(context.fillStyle.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

/** What the drawing functions need of style. */
export function styleOf(root, palette) {
  const computed = getComputedStyle(root);
  const theme = (name) => computed.getPropertyValue(`--st-${name}`).trim();
  const family = computed.fontFamily || "sans-serif";
  const ground = theme("background-color");
  return {
    text: theme("text-color"), muted: theme("gray-color"), line: theme("border-color"), ground, palette,
    panel: theme("secondary-background-color"), accent: theme("link-color"), warn: theme("orange-color"),
    dark: isDark(ground), font: `13px ${family}`, small: `11.5px ${family}`, smallBold: `600 11.5px ${family}`,
    heading: `600 16px ${family}`,
  };
}
