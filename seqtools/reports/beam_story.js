// What happened to one sentence, in words and pictures.
const WORDS_OF_CLASS = {
  match: () => "The output is the reference.",
  not_worse: () => "Not the reference, but not worse by the metric.",
  search_error_reference: (row) => `Search error: the model scores the reference ${number(row.gap)} higher than the output, so the beam missed something better than it found.`,
  search_error_beam: (row) => `Search error: another hypothesis scores ${number(row.alternative_value - row.hypothesis_value)} higher than the output; a beam of another size found it.`,
  search_error_exact: (row) => `Search error: exact search found an output that scores ${number(row.exact_value - row.hypothesis_value)} higher.`,
  unreachable: () => "The search may not write the reference (its length, or its symbols), so it proves nothing.",
  inconclusive: () => "The reference was not scored.",
  tie: () => "Output and reference score the same within the margin.",
  model_error: (row) => `Model error: the model scores its output ${number(-row.gap)} higher than the reference; no search would have returned the reference.`,
};

function verdictWords(row, story) {
  const parts = [element("b", {}, WORDS_OF_CLASS[row.class](row))];
  const depth = story.places.findIndex((place) => place.fate === "pruned");
  if (depth >= 0) parts.push(" ", fellOffText(story, depth));
  else if (story.places.at(-1)?.fate === "ended" && row.class !== "match") parts.push(" The reference was in the beam to its end, and ranked lower.");
  return element("p", { class: "told" }, ...parts);
}

// Symbols shaded by how surprised the model was to write them.
function surprise({ labels, log_probs: logProbs }, name) {
  const chips = labels.map((label, index) => {
    const share = logProbs[index] === null ? 0 : Math.exp(logProbs[index]);
    const depth = Math.min(1, -(logProbs[index] ?? -9) / 5);
    const chip = element("span", { class: "chip", style: `--depth: ${(100 * depth).toFixed(0)}%`, title: `${label}: ${(100 * share).toFixed(share < 0.1 ? 2 : 0)}%, log P ${number(logProbs[index], 2)}` }, label);
    chip.append(element("i", {}, share >= 0.005 ? `${(100 * share).toFixed(0)}%` : "<1%"));
    return chip;
  });
  const sum = logProbs.reduce((a, b) => a + (b ?? -Infinity), 0);
  return [element("dt", {}, name), element("dd", { class: "symbols" }, ...chips, element("span", { class: "hint" }, ` sum ${number(sum, 2)}`))];
}

function attentionOf(story) {
  const box = element("div");
  const show = (name) => {
    const { labels, attention } = story[name];
    box.replaceChildren(heatMap({ source: story.source, target: labels, weights: attention, caption: `Attention of the ${name}` }));
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.name === name);
  };
  const buttons = ["output", "reference"].filter((name) => story[name].attention).map((name) => {
    const button = element("button", { type: "button", "data-name": name, "aria-pressed": "false" }, name);
    button.addEventListener("click", () => show(name));
    return button;
  });
  show("output");
  return element("div", { class: "part" }, element("h4", {}, "Attention ", element("span", { class: "switch" }, ...buttons)),
    element("p", { class: "hint" }, "Rows are the symbols written, columns the source; the reference's is what the model pays when forced to write it."), box);
}

function storyOf(row) {
  const story = report.stories?.[row.sentence];
  if (!story) return [];
  const parts = [
    element("div", { class: "part" }, element("h4", {}, "Symbol by symbol"),
      element("p", { class: "hint" }, "The darker, the less likely the model held the symbol."),
      element("dl", {}, ...surprise(story.reference, "reference"), ...surprise(story.output, "output"))),
    element("div", { class: "part" }, element("h4", {}, "Beam, step by step"), lattice(story)),
  ];
  if (story.output.attention) parts.push(attentionOf(story));
  return parts;
}
