() => {
  // Every visible text, with the contrast of its colour to the ground that it really stands on (WCAG 2).
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat([1]);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    // Shapes and icons are marks, for which 3:1 is enough; what is disabled may be faint.
    if (!/[\p{L}\p{N}]/u.test(text) || box.width < 2 || box.height < 2) continue;
    if (element.closest("style, script, noscript, [data-testid='stIconMaterial'], :disabled, [aria-disabled='true']")) continue;
    const style = getComputedStyle(element);
    let opacity = 1;
    const grounds = [];
    for (let node = element; node; node = node.parentElement) {
      const computed = getComputedStyle(node);
      opacity *= Number(computed.opacity);
      const ground = rgba(computed.backgroundColor);
      if (ground[3] > 0) grounds.push(ground);
      if (ground[3] > 0.999) break;
    }
    if (style.visibility === "hidden" || opacity < 0.05) continue;
    const ground = grounds.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
    const colour = rgba(element instanceof SVGElement ? style.fill : style.color);
    if (colour[3] === 0) continue;
    colour[3] *= opacity;
    const [low, high] = [light(over(colour, ground)), light(ground)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return faint;
}
