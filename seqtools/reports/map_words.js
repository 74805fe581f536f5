// Choosing words: the panel beside the map and the search.

const neighborsOf = (index) => data.neighbors.slice(index * k, (index + 1) * k);
const cosineOf = (index, place) => data.cosines[index * k + place] / 1000;

// The word under a place of the screen: the nearest point, else the label there.
function wordAt(x, y) {
  let best = -1;
  let nearest = 12 ** 2;
  for (let i = 0; i < numWords; i++) {
    const distance = (screenX(i) - x) ** 2 + (screenY(i) - y) ** 2;
    if (distance < nearest) [best, nearest] = [i, distance];
  }
  if (best >= 0) return best;
  const label = drawnLabels.find(({ box }) => overlap(box, { x, y, width: 1, height: 1 }));
  return label ? label.index : -1;
}

function select(index, { fly = false, remember = true } = {}) {
  selected = index;
  setMatches([]);
  matchList.hidden = true;
  showPanel();
  if (remember) rememberInAddress();
  if (index >= 0 && fly) moveTo(viewAround(index));
  redraw();
}

function rememberInAddress() {
  try {
    const address = selected < 0 ? "" : `#word=${encodeURIComponent(words[selected])}`;
    history.pushState(null, "", address || location.pathname + location.search);
  } catch {
    // A page inside another may not change its address, and half a character has none.
  }
}

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (wanted.has("theme")) setTheme(wanted.get("theme"));
  const index = indexOf.get(wanted.get("word"));
  select(index === undefined ? -1 : index, { fly: index !== undefined, remember: false });
  if (wanted.has("search")) {
    search.value = wanted.get("search");
    showMatches();
  }
}

// ---- Side panel
// Words enter the page as text only, never as markup.

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function swatch(group) {
  const node = element("span", "swatch");
  node.style.background = `var(--group-${group})`;
  return node;
}

function showPanel() {
  if (selected < 0) panel.replaceChildren(...overview());
  else panel.replaceChildren(...wordDetails());
  panel.scrollTop = 0;
  const nearest = selected < 0 ? [] : neighborsOf(selected).slice(0, 3).map((i) => words[i]);
  byId("status").textContent =
    selected < 0 ? "No word chosen" : `${words[selected]}; nearest: ${nearest.join(", ")}`;
}

function overview() {
  const nodes = [element("p", "", "Choose a word on the map, or search, to see its neighbours.")];
  if (typical.length > 1) {
    const list = element("ul");
    typical.forEach((members, group) => {
      const item = element("li");
      item.append(swatch(group), element("span", "", members.map((i) => words[i]).join(", ")));
      list.append(item);
    });
    nodes.push(element("h3", "", "Colours: groups of alike words"), list);
  }
  const keys = element("ul");
  for (const [names, meaning] of [
    [["/"], "search"],
    [["+", "−"], "zoom"],
    [["0"], "whole map"],
    [["←", "↑", "↓", "→"], "move"],
    [["Esc"], "clear"],
    [["t"], "dark or light"],
  ]) {
    const item = element("li");
    item.append(...names.map((name) => element("kbd", "", name)), element("span", "", meaning));
    keys.append(item);
  }
  return [...nodes, element("h3", "", "Keys"), keys];
}

function wordDetails() {
  const facts = element("p");
  const place = ranks[selected].toLocaleString("en");
  facts.append(swatch(groups[selected]), ` word ${place} of the file`);
  const list = element("ol");
  list.id = "neighbors";
  neighborsOf(selected).forEach((i, position) => {
    const cosine = cosineOf(selected, position);
    const button = element("button", "neighbor");
    const bar = element("span", "bar");
    bar.style.width = `${Math.max(0, cosine) * 88}%`;
    bar.style.background = `var(--group-${groups[i]})`;
    button.type = "button";
    button.append(element("span", "word", words[i]), element("span", "cosine", cosine.toFixed(3)), bar);
    button.addEventListener("click", () => {
      select(i, { fly: true });
      panel.querySelector(".neighbor")?.focus({ preventScroll: true });
    });
    button.addEventListener("pointerenter", () => setHovered(i));
    button.addEventListener("pointerleave", () => setHovered(-1));
    button.addEventListener("focus", () => setHovered(i));
    button.addEventListener("blur", () => setHovered(-1));
    const item = element("li");
    item.append(button);
    list.append(item);
  });
  const title = `Nearest by cosine in ${dim} dimensions`;
  return [element("h2", "", words[selected]), facts, element("h3", "", title), list];
}

function setHovered(index) {
  if (index === hovered) return;
  hovered = index;
  redraw();
}

// ---- Search

function setMatches(found) {
  matches = found;
  activeMatch = -1;
  redraw();
}

function findMatches(query) {
  const starts = [];
  const contains = [];
  folded.forEach((word, i) => {
    if (word === query) starts.unshift(i);
    else if (word.startsWith(query)) starts.push(i);
    else if (word.includes(query)) contains.push(i);
  });
  return [...starts, ...contains];
}

function showMatches() {
  const query = search.value.trim().toLowerCase();
  setMatches(query ? findMatches(query) : []);
  const items = matches.slice(0, MOST_MATCHES).map((index, place) => {
    const item = element("li", "", words[index]);
    item.id = `match-${place}`;
    item.setAttribute("role", "option");
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(index);
    });
    return item;
  });
  const more = matches.length - items.length;
  if (more > 0) items.push(element("li", "none", `and ${more.toLocaleString("en")} more`));
  if (query && !matches.length) items.push(element("li", "none", "no such word on this map"));
  matchList.replaceChildren(...items);
  matchList.hidden = !query;
  search.setAttribute("aria-expanded", String(!matchList.hidden));
  search.removeAttribute("aria-activedescendant");
}

function choose(index) {
  search.value = "";
  search.setAttribute("aria-expanded", "false");
  search.removeAttribute("aria-activedescendant");
  select(index, { fly: true });
  canvas.focus({ preventScroll: true });
}

function moveMatch(step) {
  const count = Math.min(matches.length, MOST_MATCHES);
  if (!count) return;
  activeMatch = (activeMatch + step + count + (activeMatch < 0 && step < 0 ? 1 : 0)) % count;
  [...matchList.children].forEach((item, place) => {
    item.setAttribute("aria-selected", String(place === activeMatch));
  });
  search.setAttribute("aria-activedescendant", `match-${activeMatch}`);
  setHovered(matches[activeMatch]);
}

search.addEventListener("input", showMatches);
search.addEventListener("focus", showMatches);
search.addEventListener("blur", () => {
  matchList.hidden = true;
  search.setAttribute("aria-expanded", "false");
  setHovered(-1);
});
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") moveMatch(1);
  else if (event.key === "ArrowUp") moveMatch(-1);
  else if (event.key === "Enter" && matches.length) choose(matches[Math.max(activeMatch, 0)]);
  else if (event.key === "Escape") {
    search.value = "";
    showMatches();
    canvas.focus({ preventScroll: true });
  } else return;
  event.preventDefault();
  event.stopPropagation();
});
