/**
 * The dial's track: for each rate of the fan a bar, its height the loss that the run reaches, its colour, pattern and
 * sign the run's verdict; below it the learning rates.
 */

import { raised } from "./numbers.js";
import { stillPen } from "./dom.js";
import { hatch, tint } from "./verdict_art.js";

/** @typedef {import("./fan.js").Fan} Fan @typedef {import("./theme.js").Theme} Theme */

const LEAST = 0.1; // height of the lowest bar

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{fan: Fan | null, knob: import("./payload.js").Knob, theme: Theme, inset: number, ratio: number, share: (rate: number) => number}} what
 */
export function paintTrack(canvas, { fan, knob, theme, inset, ratio, share }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = stillPen(canvas);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const size = Math.max(10, theme.size * 0.78);
  const bottom = height - Math.ceil(size * 1.7);
  const along = (/** @type {number} */ at) => inset + at * (width - 2 * inset);
  pen.save();
  pen.beginPath();
  pen.roundRect(0, 0, width, bottom, 7);
  pen.clip();
  pen.fillStyle = theme.ink(0.08);
  pen.fillRect(0, 0, width, bottom);
  if (fan) paintVerdicts(pen, fan, theme, width, bottom, (rate) => along(share(rate)));
  pen.restore();
  pen.font = `${size}px ${theme.font}`;
  pen.textBaseline = "alphabetic";
  paintTicks(pen, knob, theme, bottom, size, (rate) => along(share(rate)));
}

/** @param {CanvasRenderingContext2D} pen @param {Fan} fan @param {Theme} theme @param {number} width @param {number} bottom @param {(rate: number) => number} place */
function paintVerdicts(pen, fan, theme, width, bottom, place) {
  const { rates } = fan;
  const edges = [0, width];
  for (let i = 1; i < rates.length; i++) edges.splice(i, 0, (place(rates[i - 1]) + place(rates[i])) / 2);
  const tops = Array.from(rates, (_, i) => bottom * (1 - LEAST - (1 - LEAST) * fan.reached(i)));
  for (let from = 0; from < rates.length; ) {
    const verdict = fan.verdict(from);
    let to = from;
    while (to + 1 < rates.length && fan.verdict(to + 1) === verdict) to++;
    const [x, wide] = [edges[from], edges[to + 1] - edges[from]];
    pen.globalAlpha = 0.2;
    pen.fillStyle = tint(verdict, theme);
    pen.fillRect(x, 0, wide, bottom);
    pen.globalAlpha = 1;
    pen.save();
    pen.beginPath();
    for (let i = from; i <= to; i++) pen.rect(edges[i], tops[i], edges[i + 1] - edges[i], bottom - tops[i]);
    pen.clip();
    pen.fillRect(x, 0, wide, bottom);
    hatch(pen, verdict.pattern, x, 0, wide, bottom, `rgba(255,255,255,${theme.dark ? 0.22 : 0.38})`, 8);
    pen.restore();
    if (from) {
      pen.fillStyle = theme.background;
      pen.fillRect(x - 0.75, 0, 1.5, bottom);
    }
    sign(pen, verdict.sign, x + wide / 2, bottom, wide, theme);
    from = to + 1;
  }
}

/** @param {CanvasRenderingContext2D} pen @param {string} text @param {number} x @param {number} bottom @param {number} wide @param {Theme} theme */
function sign(pen, text, x, bottom, wide, theme) {
  const size = Math.min(Math.max(13, theme.size), bottom * 0.5);
  pen.font = `700 ${size}px ${theme.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  if (pen.measureText(text).width + 4 > wide) return;
  pen.lineWidth = 3.5;
  pen.lineJoin = "round";
  pen.strokeStyle = theme.haloText;
  pen.strokeText(text, x, bottom / 2);
  pen.fillStyle = theme.text;
  pen.fillText(text, x, bottom / 2);
}

/** @param {CanvasRenderingContext2D} pen @param {import("./payload.js").Knob} knob @param {Theme} theme @param {number} bottom @param {number} size @param {(rate: number) => number} place */
function paintTicks(pen, knob, theme, bottom, size, place) {
  const tick = (/** @type {number} */ rate, /** @type {number} */ length) => {
    const x = Math.round(place(rate)) + 0.5;
    pen.beginPath();
    pen.moveTo(x, bottom + 1);
    pen.lineTo(x, bottom + 1 + length);
    pen.strokeStyle = theme.ink(length > 4 ? 0.6 : 0.3);
    pen.lineWidth = 1;
    pen.stroke();
    return x;
  };
  pen.fillStyle = theme.ink(0.75);
  pen.textAlign = "center";
  if (knob.scale !== "log") {
    for (let i = 0; i <= 10; i++) {
      const rate = knob.low + ((knob.high - knob.low) * i) / 10;
      pen.fillText(String(Number(rate.toPrecision(3))), tick(rate, 6), bottom + size * 1.5);
    }
    return;
  }
  for (let power = Math.floor(Math.log10(knob.low)); power <= Math.log10(knob.high) + 1e-9; power++) {
    for (let digit = 1; digit < 10; digit++) {
      const rate = Number(`${digit}e${power}`);
      if (rate < knob.low * 0.999 || rate > knob.high * 1.001) continue;
      const x = tick(rate, digit === 1 ? 6 : 3);
      if (digit === 1) pen.fillText(power > -4 && power < 4 ? String(rate) : `10${raised(power)}`, x, bottom + size * 1.55);
    }
  }
}
