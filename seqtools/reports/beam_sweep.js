// Other beams and other length penalties: the curve of the beam-search curse.

function sweepChart(title, hint, label, lines, xs, xText, xLabel) {
  const values = lines.flatMap((line) => line.points.map((point) => point.y)).filter((value) => value !== null);
  const chart = new Chart(title, hint, [-0.35, xs.length - 0.45], range(values, 0.12), xLabel, label, xs.map(xText));
  document.getElementById("beams").append(chart.box);
  for (const line of lines) {
    const shade = `--class: var(--${line.color})`;
    const faint = line.isChosen ? "" : " faint";
    const known = line.points.filter((point) => point.y !== null);
    const path = known.map((point) => `${chart.x(point.x)},${chart.y(point.y)}`).join(" ");
    chart.add("polyline", { class: `line${faint}`, points: path, style: shade });
    for (const point of known) {
      const dot = chart.add("circle", { class: faint.trim(), cx: chart.x(point.x), cy: chart.y(point.y), r: point.isChosen ? 6 : 3.5, style: shade });
      chart.tip(dot, point.text);
    }
    const last = known.at(-1);
    if (line.tag && last) chart.add("text", { class: "tag", x: chart.x(last.x) - 4, y: chart.y(last.y) - 8, "text-anchor": "end", style: shade }, line.tag);
  }
}

function textOf(point) {
  const share = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)}%`);
  return `beam ${point.beam_size}, alpha ${point.alpha}: BLEU ${number(point.bleu, 2)}, mean score ${number(point.mean_score)}, length ratio ${number(point.length_ratio)}, `
    + `reference scores higher ${share(point.search_error_fraction)}, improvable ${share(point.improvable_fraction)}, empty ${share(point.empty_fraction)}`;
}

// One line an exponent over beam sizes, and one a beam over exponents.
function drawBeams() {
  document.getElementById("beams-section").hidden = false;
  const points = report.sweep;
  const sizes = [...new Set(points.map((point) => point.beam_size))].sort((a, b) => a - b);
  const alphas = [...new Set(points.map((point) => point.alpha))].sort((a, b) => a - b);
  const chosen = (point) => point.alpha === report.alpha && point.beam_size === report.beam_size;
  const along = (own, of, xs, key) => points.filter((point) => point[of] === own)
    .map((point) => ({ x: xs.indexOf(point[of === "alpha" ? "beam_size" : "alpha"]), y: key(point), text: textOf(point), isChosen: chosen(point) }));
  const byAlpha = (key) => alphas.map((alpha) => ({
    color: "accent", isChosen: alpha === report.alpha, tag: alpha === report.alpha ? `alpha ${alpha}` : "", points: along(alpha, "alpha", sizes, key),
  })).sort((a, b) => a.isChosen - b.isChosen);
  const bySize = (key) => sizes.map((size) => ({
    color: "accent", isChosen: size === report.beam_size, tag: size === report.beam_size ? `beam ${size}` : "", points: along(size, "beam_size", alphas, key),
  })).sort((a, b) => a.isChosen - b.isChosen);
  if (sizes.length > 1) {
    const x = [sizes, String, "beam size"];
    sweepChart("BLEU by beam size", "The strong line is the search's own length penalty; pale lines are others. Falling to the right is the beam-search curse.", "BLEU", byAlpha((point) => point.bleu), ...x);
    sweepChart("Score by beam size", "Mean of the objective: a wider beam ought to find more.", "mean score", byAlpha((point) => point.mean_score).filter((line) => line.isChosen), ...x);
    sweepChart("Outputs that could score higher", "Share of sentences for which some beam, or the reference, scores higher: search errors that this set proves.", "share", byAlpha((point) => point.improvable_fraction), ...x);
    sweepChart("Length by beam size", "Words of the outputs by words of the references.", "length ratio", byAlpha((point) => point.length_ratio), ...x);
  }
  sweepChart("BLEU by length penalty", "The strong line is the search's own beam.", "BLEU", bySize((point) => point.bleu), alphas, String, "alpha");
}
