// Mouse, touch and keys; then the start.

const pointers = new Map();
let travelled = 0;

const placeOf = (event) => {
  const rect = canvas.getBoundingClientRect();
  return { x: event.clientX - rect.left, y: event.clientY - rect.top };
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "mouse" && event.button !== 0) return;
  flight = null;
  if (pointers.size === 0) travelled = 0;
  pointers.set(event.pointerId, placeOf(event));
  if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener("pointermove", (event) => {
  const place = placeOf(event);
  const before = pointers.get(event.pointerId);
  if (!before) {
    const index = wordAt(place.x, place.y);
    canvas.classList.toggle("on-word", index >= 0);
    setHovered(index);
    return;
  }
  const others = [...pointers].filter(([id]) => id !== event.pointerId);
  travelled += Math.hypot(place.x - before.x, place.y - before.y);
  if (others.length) {
    const other = others[0][1];
    const spread = (p) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    Object.assign(view, zoomedView(spread(place) / spread(before), other.x, other.y));
  } else if (travelled > 3) {
    canvas.classList.add("dragging");
    view.left += place.x - before.x;
    view.top += place.y - before.y;
  }
  pointers.set(event.pointerId, place);
  redraw();
});

const release = (event) => {
  const wasDown = pointers.delete(event.pointerId);
  canvas.classList.remove("dragging");
  if (!wasDown || pointers.size || travelled > 3 || event.type === "pointercancel") return;
  const { x, y } = placeOf(event);
  const index = wordAt(x, y);
  if (index !== selected) select(index);
};
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => setHovered(-1));

canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    flight = null;
    const { x, y } = placeOf(event);
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const step = Math.max(-240, Math.min(240, event.deltaY * lines));
    Object.assign(view, zoomedView(Math.exp(-step * 0.0022), x, y));
    redraw();
  },
  { passive: false },
);

canvas.addEventListener("dblclick", (event) => {
  const { x, y } = placeOf(event);
  moveTo(zoomedView(2, x, y));
});

// ---- Keys and buttons

function zoomFromMiddle(factor) {
  land();
  moveTo(zoomedView(factor, view.width / 2, view.height / 2));
}

function pan(x, y) {
  land();
  moveTo({ scale: view.scale, left: view.left - x, top: view.top - y });
}

const fit = () => moveTo(fittedView());

function setTheme(name) {
  if (name === "dark" || name === "light") document.documentElement.dataset.theme = name;
  readColours();
  redraw();
}

function switchTheme() {
  const chosen = document.documentElement.dataset.theme;
  const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(isDark ? "light" : "dark");
}

const KEYS = {
  "/": () => search.focus(),
  "+": () => zoomFromMiddle(1.5),
  "=": () => zoomFromMiddle(1.5),
  "-": () => zoomFromMiddle(1 / 1.5),
  "−": () => zoomFromMiddle(1 / 1.5),
  0: fit,
  t: switchTheme,
  Escape: () => select(-1),
};
const ARROWS = {
  ArrowLeft: () => pan(-view.width / 6, 0),
  ArrowRight: () => pan(view.width / 6, 0),
  ArrowUp: () => pan(0, -view.height / 6),
  ArrowDown: () => pan(0, view.height / 6),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === search) return;
  const isOnMap = event.target === canvas || event.target === document.body;
  const action = KEYS[event.key] || (isOnMap && ARROWS[event.key]);
  if (!action) return;
  event.preventDefault();
  action();
});

byId("zoom-in").addEventListener("click", () => zoomFromMiddle(1.5));
byId("zoom-out").addEventListener("click", () => zoomFromMiddle(1 / 1.5));
byId("fit").addEventListener("click", fit);
byId("theme").addEventListener("click", switchTheme);

// ---- Start

canvas.setAttribute(
  "aria-label",
  `Map of ${numWords.toLocaleString("en")} words. Arrow keys move, plus and minus zoom, slash searches.`,
);
readColours();
measureLabels();
placeLabels();
resize();
showPanel();
readAddress();
new ResizeObserver(resize).observe(byId("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme());
addEventListener("popstate", readAddress);
