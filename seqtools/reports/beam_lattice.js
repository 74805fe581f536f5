// A sentence's beam, step by step: what was kept, what ended, what was pruned, where the reference went.
const STEP = 104;
const BOX = { width: 82, height: 30 };
const RANK = 40;

// Link candidates to the rows they grew from; rows kept at a step are numbered in their order.
function linkedSteps(story) {
  let kept = [];
  return story.steps.map((step, depth) => {
    const nodes = step.map(([parent, label, total, logProb, fate], rank) => {
      const from = depth ? kept[parent] : null;
      return { label, total, logProb, fate, rank, depth, from, path: [...(from ? from.path : []), label] };
    });
    kept = nodes.filter((node) => node.fate === "kept");
    return nodes;
  });
}

const spelled = (labels) => labels.join("\u0001");

// The output's own nodes, found by its labels.
function markOutput(steps, labels) {
  const last = (steps[labels.length - 1] ?? []).find((node) => spelled(node.path) === spelled(labels));
  for (let node = last; node; node = node.from) node.isOutput = true;
}

// The reference's nodes; where it ranked too low to be shown it gets a box of its own.
function markReference(steps, story) {
  story.places.forEach((place, depth) => {
    const prefix = spelled(story.reference.labels.slice(0, depth + 1));
    let node = steps[depth].find((candidate) => spelled(candidate.path) === prefix);
    if (!node) {
      const from = depth ? steps[depth - 1].find((candidate) => candidate.isReference) : null;
      node = {
        label: story.reference.labels[depth], total: place.total, logProb: null, fate: place.fate, rank: steps[depth].length + 0.25,
        depth, from, path: story.reference.labels.slice(0, depth + 1), trueRank: place.rank,
      };
      steps[depth].push(node);
    }
    node.isReference = true;
    if (place.fate === "pruned") node.fellOff = place;
  });
}

const nodeX = (node) => 12 + node.depth * STEP;
const nodeY = (node) => 26 + node.rank * RANK;

function edge(node) {
  const [x1, y1] = [nodeX(node.from) + BOX.width, nodeY(node.from) + BOX.height / 2];
  const [x2, y2] = [nodeX(node), nodeY(node) + BOX.height / 2];
  const middle = (x1 + x2) / 2;
  return svg("path", { d: `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}` });
}

function classesOf(node) {
  const names = [node.fate];
  if (node.isOutput) names.push("output");
  if (node.isReference) names.push("wanted");
  return names.join(" ");
}

function describe(node) {
  const share = node.logProb === null ? "" : `, ${(100 * Math.exp(node.logProb)).toFixed(1)}% of its step`;
  const rank = node.trueRank ? `, rank ${node.trueRank}` : `, rank ${node.rank + 1}`;
  const sum = node.total === null ? "may not be written" : `sum of log P ${number(node.total, 2)}${share}`;
  return `${node.path.join(" ")} — ${sum}${rank}, ${node.fate}`;
}

function drawNode(node, choose) {
  const group = svg("g", { class: `node ${classesOf(node)}`, tabindex: 0 });
  const [x, y] = [nodeX(node), nodeY(node)];
  group.append(svg("rect", { x, y, width: BOX.width, height: BOX.height, rx: 6 }));
  group.append(svg("text", { class: "label", x: x + BOX.width / 2, y: y + 13, "text-anchor": "middle" }, shortened(node.label, 11)));
  const below = node.fellOff && node.trueRank ? `rank ${node.fellOff.rank}` : number(node.total, 2);
  group.append(svg("text", { class: "sum", x: x + BOX.width / 2, y: y + 25, "text-anchor": "middle" }, below));
  group.append(svg("title", {}, describe(node)));
  group.addEventListener("pointerenter", () => choose(node));
  group.addEventListener("focus", () => choose(node));
  node.group = group;
  return group;
}

function fellOffText(story, depth) {
  const place = story.places[depth];
  const margin = place.margin === null ? "" : `, ${number(-place.margin, 2)} behind the last one kept`;
  return `The reference fell off at step ${depth + 1}, “${story.reference.labels[depth]}”: rank ${place.rank}${margin}.`;
}

function lattice(story) {
  const steps = linkedSteps(story);
  markOutput(steps, story.output.labels);
  markReference(steps, story);
  const nodes = steps.flat();
  const height = 40 + RANK * (1 + Math.max(...nodes.map((node) => node.rank)));
  const width = 24 + STEP * steps.length;
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Beam, step by step" });
  steps.forEach((_, depth) => drawing.append(svg("text", { class: "step", x: 12 + depth * STEP + BOX.width / 2, y: 14, "text-anchor": "middle" }, `step ${depth + 1}`)));
  const edges = svg("g", { class: "edges" });
  for (const node of nodes) {
    if (!node.from) continue;
    node.edge = edge(node);
    node.edge.setAttribute("class", `${classesOf(node)}${node.isOutput && node.from.isOutput ? " output" : ""}`);
    edges.append(node.edge);
  }
  drawing.append(edges);
  const readout = element("p", { class: "hint readout" }, "Point at a hypothesis to see its words and where it came from.");
  const choose = (chosen) => {
    for (const node of nodes) for (const part of [node.group, node.edge]) part?.classList.remove("traced");
    for (let node = chosen; node; node = node.from) for (const part of [node.group, node.edge]) part?.classList.add("traced");
    readout.textContent = describe(chosen);
  };
  for (const node of nodes) drawing.append(drawNode(node, choose));
  const fell = nodes.find((node) => node.fellOff);
  const scroll = element("div", { class: "scroll" }, drawing);
  // Show where the reference was lost, if that is far to the right.
  if (fell) requestAnimationFrame(() => { scroll.scrollLeft = Math.max(0, nodeX(fell) - 0.6 * scroll.clientWidth); });
  const legend = element("p", { class: "legend" },
    element("span", { class: "key output" }, "the output"), element("span", { class: "key wanted" }, "the reference"),
    element("span", { class: "key kept" }, "kept"), element("span", { class: "key ended" }, "ended"), element("span", { class: "key pruned" }, "pruned"));
  return element("div", { class: "lattice" }, legend, scroll, readout);
}
