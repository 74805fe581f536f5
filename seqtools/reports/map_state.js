// What every part of the page shares: the data, and what is shown and chosen.

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("map-data").textContent);
const { words, ranks, groups, typical, k, dim } = data;
const numWords = words.length;
// World coordinates: the unit square, y downwards as on the screen.
const worldX = data.x.map((value) => value / 10000);
const worldY = data.y.map((value) => 1 - value / 10000);

const canvas = byId("map");
const context = canvas.getContext("2d");
const panel = byId("panel");
const search = byId("search");
const matchList = byId("matches");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const SIDES = ["right", "left", "above", "below"];
const FONT = '"Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", system-ui, sans-serif';
const FIRST_SCALE = 150;
const LAST_SCALE = 1e6;
const SCALE_STEP = 2 ** 0.25;
const MOST_MATCHES = 12;

const view = { scale: 1, left: 0, top: 0, width: 0, height: 0, fitScale: 1 };
let colours = {};
let selected = -1;
let hovered = -1;
let matches = [];
let activeMatch = -1;
let frame = 0;
let flight = null;
let drawnLabels = [];

const indexOf = new Map(words.map((word, index) => [word, index]));
const folded = words.map((word) => word.toLowerCase());
