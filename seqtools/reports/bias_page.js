const root = document.documentElement;
document.getElementById("theme").addEventListener("click", () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const current = root.dataset.theme || system;
  root.dataset.theme = current === "dark" ? "light" : "dark";
});

const dots = [...document.querySelectorAll("circle[data-word]")];
const search = document.getElementById("search");
const found = document.getElementById("found");
search.addEventListener("input", () => {
  const wanted = search.value.trim();
  const marked = [];
  for (const dot of dots) {
    const hit = wanted !== "" && dot.dataset.word === wanted;
    dot.classList.toggle("marked", hit);
    if (hit) {
      dot.parentNode.append(dot);
      marked.push(dot.querySelector("title").textContent);
    }
  }
  found.textContent = wanted === "" ? "" : marked.join("  →  ") || "not among the words";
});
