// The window on the map: what is where on the screen, zooming and moving.

const screenX = (i) => view.left + worldX[i] * view.scale;
const screenY = (i) => view.top + worldY[i] * view.scale;
const clampScale = (scale) => Math.min(Math.max(scale, view.fitScale * 0.5), view.fitScale * 2000);

function fittedView() {
  const bounds = [Math.min(...worldX), Math.max(...worldX), Math.min(...worldY), Math.max(...worldY)];
  const spanX = Math.max(bounds[1] - bounds[0], 1e-3);
  const spanY = Math.max(bounds[3] - bounds[2], 1e-3);
  const scale = Math.min((view.width - 120) / spanX, (view.height - 60) / spanY, 4000);
  return {
    scale: Math.max(scale, 50),
    left: view.width / 2 - ((bounds[0] + bounds[1]) / 2) * Math.max(scale, 50),
    top: view.height / 2 - ((bounds[2] + bounds[3]) / 2) * Math.max(scale, 50),
  };
}

function zoomedView(factor, x, y) {
  const scale = clampScale(view.scale * factor);
  const ratio = scale / view.scale;
  return { scale, left: x - (x - view.left) * ratio, top: y - (y - view.top) * ratio };
}

// The word in the middle, and half of its neighbours within a hand's breadth.
function viewAround(index) {
  const distances = neighborsOf(index)
    .map((i) => Math.hypot(worldX[i] - worldX[index], worldY[i] - worldY[index]))
    .sort((a, b) => a - b);
  const wanted = 150 / Math.max(distances[distances.length >> 1] || 0, 1e-6);
  const scale = clampScale(Math.min(Math.max(wanted, view.fitScale * 1.5), view.fitScale * 12));
  return {
    scale,
    left: view.width / 2 - worldX[index] * scale,
    top: view.height / 2 - worldY[index] * scale,
  };
}

function moveTo(target) {
  if (calm.matches || document.hidden) {
    flight = null;
    Object.assign(view, target);
    redraw();
    return;
  }
  flight = { from: { scale: view.scale, left: view.left, top: view.top }, target, start: 0 };
  redraw();
}

// Ends a movement where it was going, so that the next starts from there.
function land() {
  if (flight) Object.assign(view, flight.target);
  flight = null;
}

function advanceFlight(now) {
  flight.start = flight.start || now;
  const time = Math.min((now - flight.start) / 260, 1);
  const eased = 1 - (1 - time) ** 3;
  const { from, target } = flight;
  const scale = from.scale * (target.scale / from.scale) ** eased;
  // The screen's middle moves in a straight line over the world while the scale changes.
  const middle = (v, corner, size) => (size / 2 - v[corner]) / v.scale;
  const along = (corner, size) => {
    const start = middle(from, corner, size);
    return size / 2 - (start + (middle(target, corner, size) - start) * eased) * scale;
  };
  Object.assign(view, { left: along("left", view.width), top: along("top", view.height), scale });
  if (time === 1) flight = null;
  else redraw();
}

function resize() {
  const rect = byId("stage").getBoundingClientRect();
  land();
  const wasFitted = view.scale === view.fitScale;
  const ratio = window.devicePixelRatio || 1;
  view.left += (rect.width - view.width) / 2;
  view.top += (rect.height - view.height) / 2;
  view.width = rect.width;
  view.height = rect.height;
  canvas.width = Math.round(rect.width * ratio);
  canvas.height = Math.round(rect.height * ratio);
  const fitted = fittedView();
  view.fitScale = fitted.scale;
  if (wasFitted) Object.assign(view, fitted);
  // At once: a canvas whose size is set is blank until it is drawn.
  draw(performance.now());
}
