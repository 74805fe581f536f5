// The drawing: spectrogram, lines and symbols over it, probabilities below.

let spectrum = null;
let usedLines = 0;

function prepareSpectrum() {
  const numFrames = view.levels.length / view.mels;
  const image = new ImageData(numFrames, view.mels);
  for (let frame = 0; frame < numFrames; frame++) {
    for (let mel = 0; mel < view.mels; mel++) {
      const level = view.levels[frame * view.mels + mel] / 255;
      const place = 4 * ((view.mels - 1 - mel) * numFrames + frame);
      for (let c = 0; c < 3; c++) {
        image.data[place + c] = colours.quiet[c] + level * (colours.loud[c] - colours.quiet[c]);
      }
      image.data[place + 3] = 255;
    }
  }
  spectrum = document.createElement("canvas");
  spectrum.width = numFrames;
  spectrum.height = view.mels;
  spectrum.getContext("2d").putImageData(image, 0, 0);
}

function layOut() {
  const room = Math.max(320, scroll.clientWidth) - LEFT - RIGHT;
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const most = MOST_PIXELS / ratio - LEFT - RIGHT;
  const width = Math.min(most, room * zoom);
  pixelsPerSecond = width / view.seconds;
  canvas.style.width = `${width + LEFT + RIGHT}px`;
  canvas.style.height = `${HEIGHT}px`;
  canvas.width = Math.round((width + LEFT + RIGHT) * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw();
}

function draw() {
  const width = parseFloat(canvas.style.width);
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, width, HEIGHT);
  drawSpectrum();
  drawTimes(width);
  drawSpikes();
  drawWords();
  drawCurves();
  drawMoment();
}

function drawSpectrum() {
  const start = toX(view.melStart - view.melStep / 2);
  const wide = (view.levels.length / view.mels) * view.melStep * pixelsPerSecond;
  context.imageSmoothingEnabled = false;
  context.drawImage(spectrum, start, SPECTRUM_TOP, wide, SPECTRUM_HEIGHT);
  context.strokeStyle = colours.line;
  context.strokeRect(LEFT - 0.5, SPECTRUM_TOP - 0.5, view.seconds * pixelsPerSecond + 1, SPECTRUM_HEIGHT + 1);
  context.font = `11px ${FONT}`;
  context.fillStyle = colours.soft;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const hertz = view.melHertz;
  for (const tick of [125, 250, 500, 1000, 2000, 4000, 8000, 16000]) {
    const above = hertz.findIndex((value) => value >= tick);
    if (above < 1) continue;
    const place = above - 1 + (tick - hertz[above - 1]) / (hertz[above] - hertz[above - 1]);
    const y = SPECTRUM_TOP + SPECTRUM_HEIGHT * (1 - (place + 0.5) / view.mels);
    context.fillText(tick < 1000 ? `${tick}` : `${tick / 1000}k`, LEFT - 6, y);
  }
  context.fillText("Hz", LEFT - 6, SPECTRUM_TOP - 8);
}

function drawTimes(width) {
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30].find((value) => value * pixelsPerSecond >= 56) || 60;
  const bottom = CURVES_TOP + CURVES_HEIGHT;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = colours.soft;
  context.strokeStyle = colours.line;
  for (let i = 0; i * step <= view.seconds + 1e-9; i++) {
    const x = Math.round(toX(i * step)) + 0.5;
    line(x, bottom, x, bottom + 4);
    context.fillText(Number((i * step).toFixed(2)), x, bottom + 7);
  }
  context.textAlign = "right";
  context.fillText("seconds", width - 4, bottom + 22);
}

function drawSpikes() {
  const free = new Array(LABEL_LINES).fill(-Infinity);
  usedLines = view.spikes.length ? 1 : 0;
  for (const [row, start, end, peak] of view.spikes) {
    const colour = colourOf(row);
    context.globalAlpha = 0.2;
    context.fillStyle = colour;
    context.fillRect(toX(start), SPECTRUM_TOP, (end - start) * pixelsPerSecond, SPECTRUM_HEIGHT);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    line(toX(peak), SPECTRUM_TOP, toX(peak), SPECTRUM_TOP + SPECTRUM_HEIGHT);
    context.lineWidth = 1;
    context.font = `600 14px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    const text = view.symbols[row];
    const half = context.measureText(text).width / 2 + 2;
    const x = toX(peak);
    const found = free.findIndex((limit) => x - half >= limit);
    const at = found < 0 ? 0 : found;
    free[at] = x + half;
    usedLines = Math.max(usedLines, at + 1);
    const lift = text === "␣" ? 10 : 6; // it hangs below the line
    context.fillText(text, x, SPECTRUM_TOP - lift - at * LABEL_LINE);
  }
}

function drawWords() {
  if (!view.hasWords) return;
  const top = SPECTRUM_TOP - 12 - usedLines * LABEL_LINE;
  context.font = `13px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.strokeStyle = colours.soft;
  for (const [text, start, end] of view.words) {
    const isNow = !sound.paused && sound.currentTime >= start && sound.currentTime <= end;
    context.fillStyle = isNow ? colours.accent : colours.ink;
    context.fillText(text, toX((start + end) / 2), top - 3.5);
    line(toX(start), top + 2.5, toX(end), top + 2.5);
  }
}

function drawCurves() {
  const bottom = CURVES_TOP + CURVES_HEIGHT;
  const right = toX(view.seconds);
  context.strokeStyle = colours.line;
  context.fillStyle = colours.soft;
  context.font = `11px ${FONT}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of [0, 0.5, 1]) {
    const y = Math.round(bottom - value * CURVES_HEIGHT) + 0.5;
    line(LEFT, y, right, y);
    context.fillText(value, LEFT - 6, y);
  }
  view.symbols.forEach((_, row) => {
    const path = new Path2D();
    for (let frame = 0; frame < view.numFrames; frame++) {
      const x = toX(view.frameStart + frame * view.frameStep);
      path.lineTo(x, bottom - probability(frame, row) * CURVES_HEIGHT);
    }
    context.strokeStyle = colourOf(row);
    context.lineWidth = row ? 1.5 : 1.2;
    context.setLineDash(row ? [] : [5, 3]);
    context.stroke(path);
    context.setLineDash([]);
    context.lineWidth = 1;
    if (!row) return;
    path.lineTo(toX(view.frameStart + (view.numFrames - 1) * view.frameStep), bottom);
    path.lineTo(toX(view.frameStart), bottom);
    context.globalAlpha = 0.22;
    context.fillStyle = colourOf(row);
    context.fill(path);
    context.globalAlpha = 1;
  });
  context.font = `12px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const [row, peak, value] of view.missed) {
    context.fillStyle = colourOf(row);
    context.fillText(view.symbols[row], toX(peak), bottom - value * CURVES_HEIGHT - 4);
  }
}

function drawMoment() {
  const bottom = CURVES_TOP + CURVES_HEIGHT;
  if (pointed >= 0) {
    context.strokeStyle = colours.soft;
    line(toX(pointed), SPECTRUM_TOP, toX(pointed), bottom);
  }
  if (!sound.paused) {
    context.strokeStyle = colours.accent;
    context.lineWidth = 2;
    line(toX(sound.currentTime), SPECTRUM_TOP, toX(sound.currentTime), bottom);
    context.lineWidth = 1;
  }
}

function line(x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
