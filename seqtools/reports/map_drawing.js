// Points, lines and labels on the canvas.

const colourOf = (index) => colours[`group-${groups[index]}`];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "soft", "accent", "line", ...typical.map((_, i) => `group-${i}`)];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

function redraw() {
  if (!frame) frame = requestAnimationFrame(draw);
}

function draw(now) {
  frame = 0;
  if (flight) advanceFlight(now);
  const ratio = window.devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const focus = new Set(selected < 0 ? [] : [selected, ...neighborsOf(selected)]);
  drawPoints(focus);
  if (selected >= 0) drawLines();
  drawMatches();
  drawnLabels = [];
  const strong = strongLabels(focus);
  drawLabels(focus, strong);
  for (const label of strong) drawStrongLabel(label);
  if (hovered >= 0) drawHovered();
  canvas.dataset.labels = drawnLabels.length;
}

const isOnScreen = (x, y, margin) =>
  x > -margin && y > -margin && x < view.width + margin && y < view.height + margin;

function drawPoints(focus) {
  const zoom = Math.min(Math.max(view.scale / view.fitScale, 0.7), 4) ** 0.35;
  for (let group = 0; group < typical.length; group++) {
    for (const isNear of [false, true]) {
      context.globalAlpha = selected < 0 || isNear ? 0.85 : 0.25;
      context.fillStyle = colours[`group-${group}`];
      context.beginPath();
      for (let i = 0; i < numWords; i++) {
        if (groups[i] !== group || focus.has(i) !== isNear) continue;
        const x = screenX(i);
        const y = screenY(i);
        if (!isOnScreen(x, y, 8)) continue;
        const radius = pointRadius(i) * zoom * (isNear ? 1.4 : 1);
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function drawLines() {
  context.strokeStyle = colours.accent;
  neighborsOf(selected).forEach((i, place) => {
    context.globalAlpha = Math.max(0.15, Math.min(0.8, cosineOf(selected, place)));
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(screenX(selected), screenY(selected));
    context.lineTo(screenX(i), screenY(i));
    context.stroke();
  });
  context.globalAlpha = 1;
  drawRing(selected, 8, 2.5);
}

function drawRing(index, radius, width) {
  context.strokeStyle = colours.accent;
  context.lineWidth = width;
  context.beginPath();
  context.arc(screenX(index), screenY(index), radius, 0, 2 * Math.PI);
  context.stroke();
}

function drawMatches() {
  for (const i of matches) drawRing(i, 6, 1.5);
}

// The labels of the chosen word, its neighbours and matches; they come before all others.
function strongLabels(focus) {
  const grid = new BoxGrid();
  const labels = [];
  const places = [...SIDES.map((side) => [side, 0])];
  for (const lines of [-1, 1, -2, 2, -3, 3]) places.push(["right", lines], ["left", lines]);
  for (const i of new Set([...focus, ...matches.slice(0, 60)])) {
    const x = screenX(i);
    const y = screenY(i);
    if (!isOnScreen(x, y, 40)) continue;
    const boxes = places.map(([side, lines]) => labelBox(i, x, y, side, lines));
    const box = i === selected ? boxes[0] : boxes.find((candidate) => grid.isFree(candidate));
    if (!box) continue;
    grid.add(box);
    labels.push({ index: i, box });
  }
  return labels;
}

function drawLabels(focus, strong) {
  const taken = new BoxGrid();
  for (const { box } of strong) taken.add(box);
  context.lineJoin = "round";
  context.textBaseline = "middle";
  context.strokeStyle = colours.paper;
  context.lineWidth = 3;
  for (let i = 0; i < numWords; i++) {
    if (labelScale[i] > view.scale || focus.has(i)) continue;
    const x = screenX(i);
    const y = screenY(i);
    if (!isOnScreen(x, y, 300)) continue;
    const box = labelBox(i, x, y, labelSide[i]);
    if (strong.length && !taken.isFree(box)) continue;
    const fade = Math.min(1, 0.6 + (view.scale / labelScale[i] - 1) * 8);
    context.globalAlpha = fade * (selected < 0 ? 1 : 0.45);
    context.font = fontOf(i, false);
    writeText(i, box, selected < 0 ? colourOf(i) : colours.soft);
  }
  context.globalAlpha = 1;
}

function writeText(index, box, colour) {
  context.textBaseline = "middle";
  context.strokeText(words[index], box.x, box.y + box.height / 2);
  context.fillStyle = colour;
  context.fillText(words[index], box.x, box.y + box.height / 2);
  drawnLabels.push({ index, box });
}

function drawStrongLabel({ index, box }) {
  context.font = fontOf(index, true);
  context.lineJoin = "round";
  context.strokeStyle = colours.paper;
  context.lineWidth = 4;
  writeText(index, box, index === selected ? colours.accent : colours.ink);
}

function drawHovered() {
  const x = screenX(hovered);
  const y = screenY(hovered);
  const box = labelBox(hovered, x, y, labelSide[hovered]);
  box.x = Math.min(Math.max(box.x, 6), view.width - box.width - 6);
  box.y = Math.min(Math.max(box.y, 4), view.height - box.height - 4);
  drawRing(hovered, 7, 2);
  context.fillStyle = colours.paper;
  context.strokeStyle = colours.accent;
  context.lineWidth = 1;
  context.beginPath();
  context.roundRect(box.x - 5, box.y - 2, box.width + 10, box.height + 4, 5);
  context.fill();
  context.stroke();
  context.font = fontOf(hovered, true);
  context.fillStyle = colours.ink;
  context.textBaseline = "middle";
  context.fillText(words[hovered], box.x, box.y + box.height / 2);
}
