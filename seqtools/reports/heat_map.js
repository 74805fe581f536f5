// Attention as a heat map: a row for each symbol written, a column for each source position.
const CELL = 24;
const LONGEST_LABEL = 14;

function heatMap({ source, target, weights, caption }) {
  const left = 8 + 7.6 * Math.max(...target.map((label) => Math.min(label.length, LONGEST_LABEL)));
  const top = 10 + 6.2 * Math.max(...source.map((label) => Math.min(label.length, LONGEST_LABEL)));
  const right = 0.75 * top;
  const size = [left + source.length * CELL + right, top + target.length * CELL + 4];
  const drawing = svg("svg", { width: size[0], height: size[1], viewBox: `0 0 ${size.join(" ")}`, role: "img", "aria-label": caption });
  const readout = element("p", { class: "hint readout" }, "Point at a cell.");
  const columns = source.map((label, column) => {
    const [x, y] = [left + (column + 0.6) * CELL, top - 6];
    const made = svg("text", { x, y, transform: `rotate(-50 ${x} ${y})` }, shortened(label, LONGEST_LABEL));
    made.append(svg("title", {}, label));
    drawing.append(made);
    return made;
  });
  const rows = target.map((label, row) => {
    const made = svg("text", { x: left - 7, y: top + (row + 0.68) * CELL, "text-anchor": "end" }, shortened(label, LONGEST_LABEL));
    made.append(svg("title", {}, label));
    drawing.append(made);
    return made;
  });
  const cells = svg("g");
  weights.forEach((values, row) => values.forEach((value, column) => {
    const [x, y] = [left + column * CELL, top + row * CELL];
    const cell = svg("g", { class: "cell", "data-row": row, "data-column": column });
    cell.append(svg("rect", { class: "under", x, y, width: CELL - 1, height: CELL - 1 }));
    if (value > 0) cell.append(svg("rect", { class: "weight", x, y, width: CELL - 1, height: CELL - 1, "fill-opacity": (value / 100).toFixed(2) }));
    if (value >= 10) {
      const shade = value > 55 ? "strong" : "weak";
      cell.append(svg("text", { class: `value ${shade}`, x: x + CELL / 2 - 0.5, y: y + CELL / 2 + 3, "text-anchor": "middle" }, String(value)));
    }
    cells.append(cell);
  }));
  drawing.append(cells);
  const mark = (event) => {
    const cell = event.target.closest?.(".cell");
    [...rows, ...columns].forEach((label) => label.classList.remove("marked"));
    if (!cell) return;
    const [row, column] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    rows[row].classList.add("marked");
    columns[column].classList.add("marked");
    readout.textContent = `“${target[row]}” looks at “${source[column]}” with ${weights[row][column]}%`;
  };
  drawing.addEventListener("pointerover", mark);
  drawing.addEventListener("pointerleave", mark);
  return element("figure", { class: "heat" }, element("div", { class: "scroll" }, drawing), readout);
}
