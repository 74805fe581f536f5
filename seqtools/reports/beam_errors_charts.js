// Charts as SVG: scores against each other, gaps, lengths, lists, penalties.
const report = JSON.parse(document.getElementById("report-data").textContent);
const NAMES = Object.fromEntries(report.classes.map((item) => [item.name, item.label]));
const WIDTH = 400;
const HEIGHT = 260;
const LEFT = 46;
const BOTTOM = 34;
const TOP = 10;

function color(name) {
  return `--class: var(--${name})`;
}

// Round steps that cut a range into about five parts.
function ticks(low, high) {
  if (!(high > low)) return [low];
  const rough = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(at);
  return found;
}

function tickText(value) {
  return String(Number(value.toPrecision(3)));
}

class Chart {
  constructor(title, hint, [xLow, xHigh], [yLow, yHigh], xLabel, yLabel, names = null) {
    this.x = (value) => LEFT + ((value - xLow) / (xHigh - xLow || 1)) * (WIDTH - LEFT - 12);
    this.y = (value) => HEIGHT - BOTTOM - ((value - yLow) / (yHigh - yLow || 1)) * (HEIGHT - BOTTOM - TOP);
    this.drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
    for (const at of names ? names.keys() : ticks(xLow, xHigh)) {
      this.add("line", { class: "axis", x1: this.x(at), x2: this.x(at), y1: TOP, y2: HEIGHT - BOTTOM });
      this.add("text", { x: this.x(at), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle" }, names ? names[at] : tickText(at));
    }
    for (const at of ticks(yLow, yHigh)) {
      this.add("line", { class: "axis", x1: LEFT, x2: WIDTH - 12, y1: this.y(at), y2: this.y(at) });
      this.add("text", { x: LEFT - 5, y: this.y(at) + 4, "text-anchor": "end" }, tickText(at));
    }
    this.add("text", { x: (LEFT + WIDTH - 12) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, xLabel);
    const middle = (TOP + HEIGHT - BOTTOM) / 2;
    this.add("text", { x: 10, y: middle, transform: `rotate(-90 10 ${middle})`, "text-anchor": "middle" }, yLabel);
    this.box = element("section", { class: "chart" }, element("h3", {}, title), element("p", { class: "hint" }, hint), this.drawing);
    document.getElementById("charts").append(this.box);
  }

  add(name, attributes, text = null) {
    const made = svg(name, attributes, text);
    this.drawing.append(made);
    return made;
  }

  tip(target, text) {
    target.append(svg("title", {}, text));
    return target;
  }

  bar(low, high, height, name, text) {
    const top = this.y(height);
    const bar = this.add("rect", {
      x: this.x(low) + 0.5, y: top, style: color(name),
      width: Math.max(1, this.x(high) - this.x(low) - 1), height: Math.max(0, HEIGHT - BOTTOM - top),
    });
    this.tip(bar, text);
  }
}

function range(values, share = 0.04) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const margin = (high - low || Math.abs(high) || 1) * share;
  return [low - margin, high + margin];
}

// Output against reference: above the diagonal the search missed something.
function drawScores(choose) {
  const points = report.points;
  if (!points.length) return;
  const span = range(points.flatMap((point) => [point.x, point.y]));
  const chart = new Chart(
    "Scores of output and reference",
    "Above the diagonal the model likes the reference better: the search missed it.",
    span, span, "output", "reference",
  );
  chart.add("line", { class: "middle", x1: chart.x(span[0]), y1: chart.y(span[0]), x2: chart.x(span[1]), y2: chart.y(span[1]) });
  for (const point of points) {
    const dot = chart.add("circle", { cx: chart.x(point.x), cy: chart.y(point.y), r: 3.2, style: color(point.class), "data-sentence": point.sentence });
    chart.tip(dot, `sentence ${point.sentence}: ${NAMES[point.class]}, gap ${number(point.y - point.x)}`);
    dot.addEventListener("click", () => choose(point.sentence));
  }
}

function drawGaps() {
  const gaps = report.points.filter((point) => point.class !== "match").map((point) => point.y - point.x);
  if (gaps.length < 2) return;
  const [low, high] = range([...gaps, 0], 0);
  const step = (high - low) / 30 || 1;
  // Bins start at 0, so that none holds gaps of both signs.
  const first = Math.floor(low / step);
  const counts = Array(Math.ceil(high / step) - first + 1).fill(0);
  for (const gap of gaps) counts[Math.floor(gap / step) - first] += 1;
  const most = Math.max(...counts);
  const chart = new Chart(
    "Gap: reference minus output", "Left of 0 the model prefers its output, right of 0 the reference.",
    [first * step, (first + counts.length) * step], [0, most * 1.05], "gap", "sentences",
  );
  counts.forEach((count, index) => {
    const from = (first + index) * step;
    if (count) chart.bar(from, from + step, count, from < 0 ? "model" : "search", `${number(from)} to ${number(from + step)}: ${count}`);
  });
  chart.add("line", { class: "middle", x1: chart.x(0), x2: chart.x(0), y1: TOP, y2: HEIGHT - BOTTOM });
}

function drawHistogram(title, hint, counts, xLabel) {
  const places = Object.keys(counts).map(Number);
  if (!places.length) return;
  const chart = new Chart(
    title, hint, [0.5, Math.max(...places) + 0.5], [0, Math.max(...Object.values(counts)) * 1.05], xLabel, "sentences",
  );
  for (const place of places) chart.bar(place - 0.5, place + 0.5, counts[place], "accent", `${place}: ${counts[place]}`);
}

function drawSweep() {
  const points = report.sweep;
  if (points.length < 2) return;
  if (points[0].beam_size !== null) { drawBeams(); return; }
  const chart = new Chart(
    "BLEU of the lists by length penalty",
    `What the lists would give under other exponents; the beam's was ${report.alpha}.`,
    range(points.map((point) => point.alpha), 0.02), range(points.map((point) => point.bleu), 0.15), "alpha", "BLEU",
  );
  const path = points.map((point) => `${chart.x(point.alpha)},${chart.y(point.bleu)}`).join(" ");
  chart.add("polyline", { class: "line", points: path, style: color("accent") });
  for (const point of points) {
    const dot = chart.add("circle", { cx: chart.x(point.alpha), cy: chart.y(point.bleu), r: point.alpha === report.alpha ? 6 : 3.5, style: color("accent") });
    chart.tip(dot, `alpha ${point.alpha}: BLEU ${number(point.bleu, 2)}, length ratio ${number(point.length_ratio)}`);
  }
}

function drawLengths() {
  const rows = Object.entries(report.lengths.ratio_by_class);
  if (!rows.length) return;
  const most = Math.max(1.2, ...rows.map(([, ratio]) => ratio * 1.1));
  const table = element("table");
  for (const [name, ratio] of rows) {
    const bar = element("div", { class: "whisker", style: `--class: var(--${name})` }, element("div", { class: "fill", style: `left: 0; width: ${(100 * ratio) / most}%` }));
    bar.style.background = `linear-gradient(90deg, transparent calc(${100 / most}% - 1px), var(--soft) 0, var(--soft) ${100 / most}%, transparent 0)`;
    table.append(element("tr", {}, element("td", {}, NAMES[name]), element("td", { class: "number" }, number(ratio)), element("td", { class: "wide" }, bar)));
  }
  const { empty, short } = report.lengths;
  const hint = `Output length by reference length; the line is 1. ${empty} outputs are empty, ${short} shorter than half of their reference.`;
  document.getElementById("charts").append(
    element("section", { class: "chart" }, element("h3", {}, "Lengths"), element("p", { class: "hint" }, hint), table),
  );
}

function drawCharts(choose) {
  drawScores(choose);
  drawGaps();
  drawLengths();
  if (report.oracle) {
    const { bleu_output: output, bleu_oracle: oracle, list_size: size, sentences } = report.oracle;
    drawHistogram(
      "Rank of the best text of each list",
      `BLEU ${number(output, 1)} as ranked, ${number(oracle, 1)} with the best of ${number(size, 1)} texts, in ${sentences} sentences.`,
      report.oracle.rank_histogram, "rank by the objective",
    );
  }
  drawSweep();
  if (report.fell_off) {
    drawHistogram("Step at which the reference left the beam", "Early steps are decided by few words.", report.fell_off.step_histogram, "step");
    drawHistogram("Its rank there", "Just below the beam size, a slightly wider beam would have kept it.", report.fell_off.rank_histogram, "rank");
  }
}
