// What every part of the page shares: the data, and what is shown.

const byId = (id) => document.getElementById(id);
const views = JSON.parse(byId("spike-data").textContent);
const root = document.documentElement;
const canvas = byId("drawing");
const context = canvas.getContext("2d");
const scroll = byId("scroll");
const sound = byId("sound");

const FONT = '"Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", system-ui, sans-serif';
const LEFT = 46;
const RIGHT = 14;
const LABELS_TOP = 30;
const LABEL_LINE = 17;
const LABEL_LINES = 3;
const SPECTRUM_TOP = LABELS_TOP + LABEL_LINE * LABEL_LINES + 4;
const SPECTRUM_HEIGHT = 230;
const CURVES_TOP = SPECTRUM_TOP + SPECTRUM_HEIGHT + 20;
const CURVES_HEIGHT = 150;
const HEIGHT = CURVES_TOP + CURVES_HEIGHT + 40;
const MOST_PIXELS = 16000;
const ZOOM_STEP = 1.5;

let shown = 0;
let view = views[0];
let zoom = 1;
let pixelsPerSecond = 100;
let pointed = -1;
let playUntil = Infinity;
let colours = {};

const unpack = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
for (const one of views) {
  one.levels = unpack(one.levels);
  one.posteriors = unpack(one.posteriors);
  one.numFrames = one.posteriors.length / one.symbols.length;
}

const toX = (seconds) => LEFT + seconds * pixelsPerSecond;
const toSeconds = (x) => Math.min(view.seconds, Math.max(0, (x - LEFT) / pixelsPerSecond));
const frameAt = (seconds) =>
  Math.min(view.numFrames - 1, Math.max(0, Math.round((seconds - view.frameStart) / view.frameStep)));
const probability = (frame, row) => view.posteriors[frame * view.symbols.length + row] / 255;

function readColours() {
  const style = getComputedStyle(root);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  const triple = (name) => value(name).split(" ").map(Number);
  colours = {
    paper: value("paper"), line: value("line"), ink: value("ink"), soft: value("soft"),
    accent: value("accent"), blank: value("blank"), quiet: triple("quiet"), loud: triple("loud"),
    symbols: value("symbols").split(" "),
  };
}
const colourOf = (row) => (row === 0 ? colours.blank : colours.symbols[(row - 1) % colours.symbols.length]);
