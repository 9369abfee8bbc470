/** On the curve view: the limit that a sharpness must stay below, and where the sharpness crosses it. */

/**
 * @typedef {object} Frame
 * @property {CanvasRenderingContext2D} pen
 * @property {{left: number, top: number, width: number, height: number}} plot
 * @property {import("./theme.js").Theme} theme
 * @property {number} size of the type, in CSS pixels
 * @property {boolean} alone whether there is no other run
 * @property {number} every how many steps there are from one row to the next
 * @property {(run: {ordinate: Uint16Array}, i: number) => [number, number]} place
 *
 * @typedef {import("./payload.js").Run} Run
 * @typedef {{limit: string | null, above: boolean, crossings: number[], limits?: Uint16Array}} Limited
 */

const HATCH = 9; // pixels from line to line
const DIAMOND = 6;

/** The limit, dashed and named, and what lies above it hatched. @param {Frame} frame @param {Run} run @param {Limited} limited */
export function drawLimit({ pen, plot, theme, size, alone, place }, run, { limits, limit }) {
  if (!limits) return;
  const places = [...limits.keys()].map((i) => place({ ordinate: limits }, i));
  const last = places[places.length - 1];
  const stairs = () => {
    places.forEach(([x, y], i) => {
      if (i && y !== places[i - 1][1]) pen.lineTo(x, places[i - 1][1]); // a new rate holds from its row on
      pen.lineTo(x, y);
    });
  };
  pen.save();
  pen.beginPath();
  pen.rect(plot.left, plot.top, plot.width, plot.height);
  pen.clip();
  if (alone) {
    pen.save();
    pen.beginPath();
    pen.moveTo(plot.left, plot.top);
    stairs();
    pen.lineTo(last[0], plot.top);
    pen.clip();
    pen.strokeStyle = theme.ink(0.16);
    pen.lineWidth = 1;
    pen.beginPath();
    for (let x = plot.left - plot.height; x < plot.left + plot.width; x += HATCH) {
      pen.moveTo(x, plot.top + plot.height);
      pen.lineTo(x + plot.height, plot.top);
    }
    pen.stroke();
    pen.restore();
  }
  pen.strokeStyle = alone ? theme.ink(0.85) : theme.css(run);
  pen.lineWidth = 1.5;
  pen.setLineDash([7, 4]);
  pen.beginPath();
  stairs();
  pen.stroke();
  pen.restore();
  if (!alone) return;
  pen.font = `600 ${size * 0.95}px ${theme.font}`;
  const [x, y] = last;
  const above = y - plot.top > size * 1.5;
  write({ pen, theme }, limit ?? "", Math.max(x - 4, plot.left + pen.measureText(limit ?? "").width + 4), above ? y - 5 : y + size * 1.2, "right");
}

/** A diamond wherever the sharpness crosses its limit; the first is named. @param {Frame} frame @param {Run} run @param {Limited} limited */
export function drawCrossings({ pen, plot, theme, size, alone, every, place }, run, { crossings, above }) {
  pen.fillStyle = theme.css(run);
  pen.strokeStyle = theme.background;
  pen.lineWidth = 1.5;
  for (const row of crossings) {
    const [x, y] = place(run, row);
    pen.beginPath();
    for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) pen.lineTo(x + dx * DIAMOND, y + dy * DIAMOND);
    pen.closePath();
    pen.fill();
    pen.stroke();
  }
  if (!alone || (!crossings.length && !above)) return;
  const [first] = crossings;
  const text = !above ? `above the limit from ${first * every}` : crossings.length ? `above the limit until ${first * every}` : "above the limit all along";
  pen.font = `600 ${size * 0.95}px ${theme.font}`;
  const [x, y] = place(run, first ?? 0);
  const left = Math.min(x + 10, plot.left + plot.width - pen.measureText(text).width);
  write({ pen, theme }, text, left, Math.min(Math.max(y + size * 1.5, plot.top + size), plot.top + plot.height - 5), "left");
}

/** @param {{pen: CanvasRenderingContext2D, theme: import("./theme.js").Theme}} on @param {string} text @param {number} x @param {number} y @param {CanvasTextAlign} align */
function write({ pen, theme }, text, x, y, align) {
  pen.textAlign = align;
  pen.lineJoin = "round";
  pen.lineWidth = 3.5;
  pen.strokeStyle = theme.background;
  pen.strokeText(text, x, y);
  pen.fillStyle = theme.text;
  pen.fillText(text, x, y);
  pen.textAlign = "left";
}
