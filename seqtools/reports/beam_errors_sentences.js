// The list of sentences: filters, search, sorting, word differences.
const PAGE = 50;
const ORDERS = {
  gap: (row) => -Math.abs(row.gap ?? 0),
  number: (row) => row.sentence,
  quality: (row) => row.quality ?? Infinity,
  length: (row) => (row.hypothesis_length ?? Infinity) / Math.max(1, row.reference_length ?? 1),
};
const VALUES = [
  ["output", "hypothesis_value"], ["reference", "reference_value"], ["best alternative", "alternative_value"],
  ["exact search", "exact_value"], ["gap", "gap"], ["quality", "quality"],
];

const list = document.getElementById("sentences");
const search = document.getElementById("search");
const state = { classes: new Set(), words: "", order: "gap", shown: PAGE };

// Longest common subsequence of words; long pairs are compared as sets of words.
function common(first, second) {
  if (first.length * second.length > 250000) {
    const [a, b] = [new Set(first), new Set(second)];
    return [first.map((word) => b.has(word)), second.map((word) => a.has(word))];
  }
  const width = second.length + 1;
  const best = new Uint16Array((first.length + 1) * width);
  for (let i = first.length - 1; i >= 0; i -= 1) {
    for (let j = second.length - 1; j >= 0; j -= 1) {
      best[i * width + j] = first[i] === second[j]
        ? best[(i + 1) * width + j + 1] + 1
        : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  const kept = [first.map(() => false), second.map(() => false)];
  for (let i = 0, j = 0; i < first.length && j < second.length;) {
    if (first[i] === second[j]) { kept[0][i] = kept[1][j] = true; i += 1; j += 1; }
    else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return kept;
}

function marked(words, kept, name) {
  const parts = [];
  words.forEach((word, index) => {
    parts.push(kept[index] ? word : element("mark", { class: name }, word), " ");
  });
  return element("dd", {}, ...parts);
}

function texts(row) {
  const rows = element("dl");
  if (row.source !== undefined) rows.append(element("dt", {}, "source"), element("dd", {}, row.source));
  if (row.reference === undefined || row.hypothesis === undefined) {
    for (const name of ["reference", "hypothesis"]) {
      if (row[name] !== undefined) rows.append(element("dt", {}, name), element("dd", {}, row[name]));
    }
    return rows;
  }
  const words = (text) => text.split(/\s+/).filter(Boolean);
  const [wanted, found] = [words(row.reference), words(row.hypothesis)];
  const [inWanted, inFound] = common(wanted, found);
  rows.append(element("dt", {}, "reference"), marked(wanted, inWanted, "missing"));
  rows.append(element("dt", {}, "output"), marked(found, inFound, "added"));
  for (const [label, key] of [["better", "better_alternative"], ["exact", "better_exact"]]) {
    if (row[key] === undefined) continue;
    const better = words(row[key]);
    rows.append(element("dt", {}, label), better.length ? marked(better, common(found, better)[1], "better") : element("dd", {}, "(empty)"));
  }
  return rows;
}

function detail(row) {
  const numbers = element("div", { class: "numbers" });
  for (const [label, key] of VALUES) {
    if (row[key] !== undefined) numbers.append(element("span", {}, `${label} `, element("b", {}, number(row[key], key === "quality" ? 1 : 4))));
  }
  if (row.hypothesis_length !== undefined) {
    const beside = row.reference_length === undefined ? "" : ` against ${row.reference_length}`;
    numbers.append(element("span", {}, "length ", element("b", {}, `${row.hypothesis_length}${beside}`)));
  }
  if (row.proved_by) numbers.append(element("span", {}, "search error proved by ", element("b", {}, row.proved_by.join(", "))));
  const story = report.stories?.[row.sentence];
  const told = story ? [verdictWords(row, story)] : [];
  return element("div", { class: "detail" }, ...told, texts(row), numbers, ...storyOf(row));
}

function item(row) {
  const heading = element("summary", {},
    element("span", { class: "place" }, String(row.sentence)),
    element("span", { class: "class" }, NAMES[row.class]),
    element("span", { class: "gap" }, row.gap === undefined ? "" : `${row.gap > 0 ? "+" : ""}${number(row.gap)}`),
    element("span", { class: "text" }, row.hypothesis ?? ""));
  if (report.stories?.[row.sentence]) heading.append(element("span", { class: "told-mark", title: "Its beam is told step by step" }, "beam"));
  const box = element("details", { style: color(row.class), "data-sentence": row.sentence }, heading);
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1) box.append(detail(row));
  });
  return box;
}

function matching() {
  const words = state.words.toLowerCase();
  return report.sentences
    .filter((row) => !state.classes.size || state.classes.has(row.class))
    .filter((row) => !words || [row.source, row.reference, row.hypothesis].some((text) => (text ?? "").toLowerCase().includes(words)))
    .map((row) => [ORDERS[state.order](row), row])
    .sort(([a, first], [b, second]) => (a < b ? -1 : a > b ? 1 : first.sentence - second.sentence))
    .map(([, row]) => row);
}

function show() {
  const rows = matching();
  list.replaceChildren(...rows.slice(0, state.shown).map(item));
  const left = report.left_out ? ` (${report.left_out} with narrower gaps are left out of this page)` : "";
  document.getElementById("shown").textContent = `${rows.length} of ${report.sentences.length} sentences${left}`;
  document.getElementById("more").hidden = rows.length <= state.shown;
  for (const chip of document.querySelectorAll("#chips button")) {
    chip.setAttribute("aria-pressed", state.classes.has(chip.dataset.class));
  }
}

function restart(change) {
  Object.assign(state, { shown: PAGE }, change);
  show();
}

function toggle(name) {
  if (!state.classes.delete(name)) state.classes.add(name);
  restart({});
}

function only(name) {
  state.classes = new Set([name]);
  restart({});
  document.getElementById("chips").scrollIntoView({ block: "nearest" });
}

// Open one sentence, whatever the filters hide.
function choose(sentence) {
  const place = () => matching().findIndex((row) => row.sentence === sentence);
  if (place() < 0) {
    search.value = "";
    state.classes.clear();
    state.words = "";
  }
  state.shown = Math.max(state.shown, place() + 1);
  show();
  for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
  for (const found of document.querySelectorAll(`[data-sentence="${sentence}"]`)) found.classList.add("chosen");
  const box = list.querySelector(`[data-sentence="${sentence}"]`);
  if (!box) return;
  box.open = true;
  box.scrollIntoView({ block: "center" });
}

function drawBar() {
  const bar = document.getElementById("bar");
  const chips = document.getElementById("chips");
  for (const { name, label, count } of report.classes) {
    if (!count) continue;
    const part = element("button", { type: "button", style: `${color(name)}; flex: ${count} 1 0`, title: `${label}: ${count}`, "aria-label": `${label}: ${count}` });
    part.addEventListener("click", () => only(name));
    bar.append(part);
    const chip = element("button", { type: "button", style: color(name), "data-class": name, "aria-pressed": "false" }, `${label} ${count}`);
    chip.addEventListener("click", () => toggle(name));
    chips.append(chip);
  }
}

search.addEventListener("input", () => restart({ words: search.value.trim() }));
document.getElementById("sort").addEventListener("change", (event) => restart({ order: event.target.value }));
document.getElementById("more").addEventListener("click", () => { state.shown += 4 * PAGE; show(); });
document.getElementById("theme").addEventListener("click", switchTheme);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select");
  if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); }
  else if (event.key === "Escape" && event.target === search) { search.value = ""; restart({ words: "" }); }
  else if (event.key === "t" && !typing && !event.ctrlKey && !event.metaKey) switchTheme();
});
drawBar();
drawCharts(choose);
show();
const wanted = /^#sentence=(\d+)$/.exec(location.hash);
if (wanted) choose(Number(wanted[1]));
