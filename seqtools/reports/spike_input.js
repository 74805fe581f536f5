// Choosing a recording, its texts, pointing, zooming, keys.

const choice = byId("choice");

function makeText(parent, parts) {
  parent.replaceChildren(...parts.flatMap((part, index) => (index ? [" ", part] : [part])));
}

// Which words of two lists belong to a longest common part of both.
function commonWords(one, other) {
  const longest = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      longest[i][j] = one[i] === other[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const ofOne = new Set(), ofOther = new Set();
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    if (one[i] === other[j]) { ofOne.add(i++); ofOther.add(j++); }
    else if (longest[i + 1][j] >= longest[i][j + 1]) i++;
    else j++;
  }
  return [ofOne, ofOther];
}

function writeTexts() {
  const heard = view.words.map(([text]) => text);
  const said = view.reference === null ? null : view.reference.split(/\s+/).filter(Boolean);
  const [heardRight, saidRight] = said ? commonWords(heard, said) : [new Set(heard.keys()), new Set()];
  makeText(byId("heard"), heard.length ? view.words.map(([text, start, end], index) => {
    const word = document.createElement("button");
    word.type = "button";
    word.className = heardRight.has(index) ? "word" : "word differs";
    word.textContent = text;
    word.title = `${start.toFixed(2)} to ${end.toFixed(2)} s`;
    word.addEventListener("click", () => play(Math.max(0, start - 0.1), end + 0.15));
    return word;
  }) : ["nothing"]);
  byId("said-row").hidden = said === null;
  if (said === null) return;
  makeText(byId("said"), said.map((text, index) => {
    const word = document.createElement("span");
    word.className = saidRight.has(index) ? "word" : "word differs";
    word.textContent = text;
    return word;
  }));
  const isSame = heard.join(" ") === said.join(" ");
  byId("verdict").textContent = isSame ? "✓ the same" : "≠ not the same";
  byId("verdict").className = isSame ? "same" : "other";
}

function writeTable() {
  byId("rows").replaceChildren(...view.spikes.map(([row, start, end, peak, value]) => {
    const line = document.createElement("tr");
    const first = document.createElement("td");
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = colourOf(row);
    first.append(swatch, view.symbols[row]);
    line.append(first, ...[value.toFixed(3), peak.toFixed(3), start.toFixed(3), end.toFixed(3)].map((text) => {
      const cell = document.createElement("td");
      cell.className = "number";
      cell.textContent = text;
      return cell;
    }));
    return line;
  }));
}

function show(index) {
  shown = (index + views.length) % views.length;
  view = views[shown];
  sound.pause();
  pointed = -1;
  choice.value = String(shown);
  byId("count").textContent = `${shown + 1} of ${views.length}`;
  byId("caption").textContent = view.caption;
  canvas.setAttribute("aria-label", `${view.title}: heard "${view.text || "nothing"}"; ${view.caption}`);
  canvas.dataset.view = shown;
  playButton.disabled = !view.sound;
  if (view.sound) sound.src = `data:audio/wav;base64,${view.sound}`;
  readMoment();
  writeTexts();
  prepareSpectrum();
  writeTable();
  layOut();
  scroll.scrollLeft = 0;
}

function readMoment() {
  if (pointed < 0) {
    byId("reading").textContent = "point at the drawing to read probabilities";
    return;
  }
  const frame = frameAt(pointed);
  const best = view.symbols
    .map((text, row) => [probability(frame, row), text])
    .sort((a, b) => b[0] - a[0])
    .slice(0, 3)
    .map(([value, text]) => `${text} ${value.toFixed(2)}`);
  byId("reading").textContent = `${pointed.toFixed(3)} s:  ${best.join("   ")}`;
}

function changeZoom(factor, middle = scroll.scrollLeft + scroll.clientWidth / 2) {
  const seconds = toSeconds(middle), offset = middle - scroll.scrollLeft;
  zoom = Math.min(40, Math.max(1, zoom * factor));
  layOut();
  scroll.scrollLeft = toX(seconds) - offset;
}

function changeTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  refresh();
}

function refresh() {
  readColours();
  prepareSpectrum();
  writeTable();
  layOut();
}

canvas.addEventListener("pointermove", (event) => {
  pointed = toSeconds(event.offsetX);
  readMoment();
  draw();
});
canvas.addEventListener("pointerleave", () => { pointed = -1; readMoment(); draw(); });
canvas.addEventListener("click", (event) => play(toSeconds(event.offsetX)));
canvas.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  changeZoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX);
}, { passive: false });
byId("in").addEventListener("click", () => changeZoom(ZOOM_STEP));
byId("out").addEventListener("click", () => changeZoom(1 / ZOOM_STEP));
byId("previous").addEventListener("click", () => show(shown - 1));
byId("next").addEventListener("click", () => show(shown + 1));
byId("theme").addEventListener("click", changeTheme);
choice.addEventListener("change", () => show(Number(choice.value)));
addEventListener("resize", layOut);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);

const keys = {
  n: () => show(shown + 1), p: () => show(shown - 1), t: changeTheme,
  "+": () => changeZoom(ZOOM_STEP), "=": () => changeZoom(ZOOM_STEP), "-": () => changeZoom(1 / ZOOM_STEP),
  " ": () => playButton.click(),
};
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest && event.target.closest("select, button, summary");
  if (event.ctrlKey || event.metaKey || event.altKey || (isTyping && event.key === " ")) return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

views.forEach((one, index) => {
  const option = document.createElement("option");
  option.value = String(index);
  option.textContent = one.text ? `${one.title}: ${one.text}` : one.title;
  choice.append(option);
});
byId("recordings").hidden = views.length < 2;
const fragment = new URLSearchParams(location.hash.slice(1));
if (["dark", "light"].includes(fragment.get("theme"))) root.dataset.theme = fragment.get("theme");
readColours();
show(Number(fragment.get("recording") || 1) - 1 || 0);
