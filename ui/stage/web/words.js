/** The picture of a word's place: a map of words that stay, each as large as it is often met, and the one that the ball is. */

import { outline } from "./marks.js";
import { placeOf } from "./values.js";

/** @typedef {import("./payload.js").Run} Run @typedef {import("./theme.js").Theme} Theme */
/** @typedef {[number, number, number, number]} Box left, top, right and bottom */

const ROOM = [0.26, 0.16]; // of the span of the words, beside them and above and below
const MARK = 5.5; // radius of the ball's marker, in CSS pixels
const LARGEST = 8; // likewise of a word that is met most often
const DIRECTIONS = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];

/** @param {Box} a @param {Box} b */
const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

export class Words {
  /** @param {any} fit @param {any} data */
  constructor(fit, data) {
    const [word, ...others] = fit.names;
    Object.assign(this, { fit, word, others, places: data.fit_places, met: data.fit_met });
    this.label = `${fit.title}: a map of ${others.join(", ")}, with the word ${word} where the ball is`;
    this.spans = [0, 1].map((axis) => {
      const all = [...this.places].filter((_, i) => i % 2 === axis);
      const [low, high] = [Math.min(...all), Math.max(...all)];
      const room = ROOM[axis] * (high - low);
      return [low - room, high + room];
    });
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {number} size of the type @param {number} width @param {number} height */
  drawStill(pen, theme, size, width, height) {
    const top = Math.ceil(size * 1.7);
    this.size = size;
    this.plot = { left: 4, top, width: width - 8, height: height - top - 4 };
    const { plot } = this;
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.fillText(this.fit.title, 4, size, width - 8);
    pen.strokeStyle = theme.ink(0.3);
    pen.strokeRect(plot.left + 0.5, plot.top + 0.5, plot.width - 1, plot.height - 1);
    pen.font = `${size}px ${theme.font}`;
    this.#drawWords(pen, theme);
    const [x, y] = this.#place(0, 0);
    pen.strokeStyle = theme.ink(0.6);
    pen.stroke(new Path2D(`M${x - 4} ${y}h8M${x} ${y - 4}v8`)); // from where the ball's line is drawn
  }

  /** Where a place of the map is, and whether it is inside the picture. @param {number} a @param {number} b @returns {[number, number, boolean]} */
  #place(a, b) {
    const { plot, spans } = this;
    const [u, v] = [a, b].map((value, axis) => (value - spans[axis][0]) / (spans[axis][1] - spans[axis][0]));
    const kept = (/** @type {number} */ share) => Math.min(1, Math.max(0, share));
    return [plot.left + kept(u) * plot.width, plot.top + (1 - kept(v)) * plot.height, u === kept(u) && v === kept(v)];
  }

  /** The dots, hollow for a word that is never met, and their names where there is room. @param {CanvasRenderingContext2D} pen @param {Theme} theme */
  #drawWords(pen, theme) {
    const most = Math.max(...this.met);
    const dots = this.others.map((/** @type {string} */ _, /** @type {number} */ i) => {
      const [x, y] = this.#place(this.places[2 * i], this.places[2 * i + 1]);
      return { x, y, r: Math.max(2.6, LARGEST * Math.sqrt(this.met[i] / most)) };
    });
    /** @type {Box[]} */
    const taken = dots.map(({ x, y, r }) => [x - r, y - r, x + r, y + r]);
    pen.lineWidth = 1.3;
    pen.strokeStyle = theme.ink(0.75);
    pen.fillStyle = theme.ink(0.35);
    dots.forEach(({ x, y, r }, i) => {
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      if (this.met[i]) pen.fill();
      pen.stroke();
    });
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    dots.forEach((dot, i) => {
      const box = this.#roomFor(pen.measureText(this.others[i]).width, dot, taken);
      if (!box) return;
      taken.push(box);
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      pen.strokeStyle = theme.ink(0.3);
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(dot.x, dot.y);
      pen.lineTo(Math.min(box[2], Math.max(box[0], dot.x)), Math.min(box[3], Math.max(box[1], dot.y)));
      pen.stroke();
      pen.fillStyle = theme.ink(0.9);
      pen.fillText(this.others[i], x, y);
    });
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
  }

  /** Where a name has room near its dot; nothing where it has none. @param {number} width @param {{x: number, y: number, r: number}} dot @param {Box[]} taken @returns {Box | undefined} */
  #roomFor(width, { x, y, r }, taken) {
    const { plot, size } = this;
    for (const far of [3, 9, 16, 25, 36, 50])
      for (const [dx, dy] of DIRECTIONS) {
        const [cx, cy] = [x + dx * (r + far + width / 2), y + dy * (r + far + (dx ? size / 4 : size / 2))];
        /** @type {Box} */
        const box = [cx - width / 2 - 1, cy - size * 0.6, cx + width / 2 + 1, cy + size * 0.6];
        const inside = box[0] > plot.left && box[2] < plot.left + plot.width && box[1] > plot.top && box[3] < plot.top + plot.height;
        if (inside && !taken.some((other) => meet(box, other))) return box;
      }
    return undefined;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run[]} runs @param {number} step */
  draw(pen, theme, runs, step) {
    const { size } = this;
    const [left, top] = this.#place(0, 0);
    for (const run of runs) {
      const [x, y, inside] = this.#place(...placeOf(run, step));
      pen.strokeStyle = theme.css(run);
      pen.lineWidth = 1.8;
      pen.setLineDash(run.dash.map((part) => part * 2));
      pen.beginPath();
      pen.moveTo(left, top);
      pen.lineTo(x, y);
      pen.stroke();
      pen.setLineDash([]);
      const mark = new Path2D(outline(run.marker, x, y, MARK));
      pen.strokeStyle = inside ? theme.haloText : theme.css(run);
      pen.lineWidth = 3;
      pen.stroke(mark);
      pen.fillStyle = inside ? theme.css(run) : theme.haloText; // hollow at the edge: it is farther out
      pen.fill(mark);
      if (runs.length > 1) continue;
      pen.font = `700 ${size * 1.1}px ${theme.font}`;
      const far = pen.measureText(this.word).width + 2 * MARK + 6;
      pen.textAlign = x + far > this.plot.left + this.plot.width ? "right" : "left";
      const beside = x + (pen.textAlign === "right" ? -1 : 1) * (MARK + 5);
      // Below the ball, since the names of the others are beside their dots.
      const lower = Math.min(Math.max(y + size * 1.2, this.plot.top + size), this.plot.top + this.plot.height - 4);
      pen.strokeStyle = theme.haloText;
      pen.lineWidth = 4;
      pen.lineJoin = "round";
      pen.strokeText(this.word, beside, lower);
      pen.fillStyle = theme.css(run);
      pen.fillText(this.word, beside, lower);
      pen.textAlign = "left";
    }
  }
}
