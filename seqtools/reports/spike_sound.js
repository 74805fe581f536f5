// Listening: from a moment on, or one word.

const playButton = byId("play");

function play(from, until = Infinity) {
  if (!view.sound) return;
  playUntil = until;
  sound.currentTime = Math.min(from, view.seconds);
  sound.play().catch(() => {});
}

function followSound() {
  if (sound.paused) return;
  if (sound.currentTime >= playUntil) sound.pause();
  markWord();
  keepInSight(toX(sound.currentTime));
  draw();
  requestAnimationFrame(followSound);
}

function markWord() {
  const now = sound.paused ? -1 : sound.currentTime;
  document.querySelectorAll("#heard .word").forEach((element, index) => {
    const [, start, end] = view.words[index];
    element.classList.toggle("now", now >= start && now <= end);
  });
}

function keepInSight(x) {
  const left = scroll.scrollLeft;
  if (x < left || x > left + scroll.clientWidth - 40) scroll.scrollLeft = x - 80;
}

for (const event of ["play", "pause", "ended"]) {
  sound.addEventListener(event, () => {
    playButton.textContent = sound.paused ? "▶ Play" : "■ Stop";
    markWord();
    draw();
    if (event === "play") requestAnimationFrame(followSound);
  });
}
playButton.addEventListener("click", () => (sound.paused ? play(0) : sound.pause()));
