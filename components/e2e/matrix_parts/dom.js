// Elements whose text is only ever text, and the look of a status on one of them.
export function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// Give a node the tone of a status; return the classes for its shape and weight.
export function mark(node, code, look) {
  if (node.dataset.code !== code) { node.dataset.code = code; node.dataset.tone = look.tone; }
  return "gx-w-" + look.weight + " gx-g-" + look.shape;
}

// Paint the page's status sprite in the colours of the present theme as background images, one rule
// for each tone, shape and weight. A mask or a <use> per cell would cost a layer or a tree each:
// with thousands of cells that is the difference between 120 and 16 ms a frame.
export function paintGlyphs(looks) {
  const probe = document.body.appendChild(el("span", ""));
  const colour = (value) => { probe.style.color = value; return getComputedStyle(probe).color; };
  const rules = new Map();
  for (const look of Object.values(looks)) {
    const symbol = document.getElementById("gb-" + look.shape);
    if (!symbol) continue;
    const ink = colour(look.weight === "solid" ? "var(--on-solid)" : "var(--" + look.tone + ")");
    rules.set('.gx-cell.gx-g-' + look.shape + '[data-tone="' + look.tone + '"]', glyph(symbol, ink));
  }
  probe.remove();
  let sheet = document.getElementById("gx-glyphs");
  if (!sheet) {
    sheet = document.head.appendChild(el("style", ""));
    sheet.id = "gx-glyphs";
  }
  sheet.textContent = [...rules].map(([where, url]) => where + "{--glyph:" + url + "}").join("\n");
}

function glyph(symbol, ink) {
  const svg = document.createElementNS(symbol.namespaceURI, "svg"), group = symbol.parentNode.cloneNode(false);
  svg.setAttribute("viewBox", symbol.getAttribute("viewBox"));
  svg.setAttribute("width", 12);
  svg.setAttribute("height", 12);
  svg.setAttribute("style", "color:" + ink);
  for (const part of symbol.children) group.appendChild(part.cloneNode(true));
  svg.appendChild(group);
  return 'url("data:image/svg+xml,' + encodeURIComponent(new XMLSerializer().serializeToString(svg)) + '")';
}

// Paint again whenever the theme changes; return what ends that.
export function followTheme(looks) {
  const paint = () => paintGlyphs(looks), dark = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(paint);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-look"] });
  dark.addEventListener("change", paint);
  paint();
  return () => { watcher.disconnect(); dark.removeEventListener("change", paint); };
}
