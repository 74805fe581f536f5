// Which labels are written at which scale, most important word first.

// The first words of the file get the larger type, and are placed first.

const fontSize = (index) => {
  const share = index / numWords;
  return share < 0.04 ? 15 : share < 0.2 ? 13 : 12;
};
const fontOf = (index, bold) => `${bold ? "600 " : ""}${fontSize(index)}px ${FONT}`;
const crowd = Math.max(0.6, Math.min(1, Math.sqrt(1200 / numWords)));
const pointRadius = (index) =>
  crowd * (index < numWords * 0.04 ? 3.6 : index < numWords * 0.2 ? 3 : 2.4);

const labelWidth = new Float64Array(numWords);
const labelSide = new Array(numWords).fill("right");
// A label is drawn from this scale on. Zooming in only spreads the points, so what fits stays.
const labelScale = new Float64Array(numWords).fill(Infinity);

function measureLabels() {
  for (let i = 0; i < numWords; i++) {
    context.font = fontOf(i, true);
    labelWidth[i] = context.measureText(words[i]).width;
  }
}

function labelBox(index, x, y, side, lines = 0) {
  const width = labelWidth[index];
  const height = fontSize(index) + 3;
  const gap = pointRadius(index) + 3;
  const shift = lines * height;
  if (side === "right") return { x: x + gap, y: y - height / 2 + shift, width, height };
  if (side === "left") return { x: x - gap - width, y: y - height / 2 + shift, width, height };
  const top = side === "above" ? y - gap - height : y + gap;
  return { x: x - width / 2, y: top, width, height };
}

const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// Boxes in cells, so that a label is compared with those near it only.
class BoxGrid {
  constructor() {
    this.cells = new Map();
  }
  keys(box) {
    const keys = [];
    for (let i = Math.floor(box.x / 64); i <= Math.floor((box.x + box.width) / 64); i++) {
      for (let j = Math.floor(box.y / 24); j <= Math.floor((box.y + box.height) / 24); j++) {
        keys.push(i * 1048576 + j);
      }
    }
    return keys;
  }
  isFree(box) {
    return this.keys(box).every((key) => !(this.cells.get(key) || []).some((b) => overlap(b, box)));
  }
  add(box) {
    for (const key of this.keys(box)) {
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(box);
    }
  }
}

function placeLabels() {
  let waiting = words.map((_, index) => index);
  const placed = [];
  for (let scale = FIRST_SCALE; scale < LAST_SCALE && waiting.length; scale *= SCALE_STEP) {
    const grid = new BoxGrid();
    const box = (i, side) => labelBox(i, worldX[i] * scale, worldY[i] * scale, side);
    for (const i of placed) grid.add(box(i, labelSide[i]));
    waiting = waiting.filter((i) => {
      const side = SIDES.find((name) => grid.isFree(box(i, name)));
      if (!side) return true;
      grid.add(box(i, side));
      labelSide[i] = side;
      labelScale[i] = scale;
      placed.push(i);
      return false;
    });
  }
}
