/**
 * What the ball's two coordinates mean on a surface that is fitted to data: the examples, and the line or the boundary of
 * the ball's place, moving with it; with two inputs and a target, what that place predicts for each example. For an
 * application it is a picture of its own.
 */

import { Bars } from "./bars.js";
import { element, stillPen } from "./dom.js";
import { Images } from "./images.js";
import { outline } from "./marks.js";
import { roundValues } from "./numbers.js";
import { placeOf } from "./values.js";
import { Words } from "./words.js";

/** @typedef {import("./payload.js").Run} Run @typedef {import("./payload.js").Surface} Surface @typedef {import("./theme.js").Theme} Theme */

const ROOM = 0.08; // of the span of the examples, around them
const DOT = 3; // its radius, in CSS pixels
const GUESS = 2.3; // likewise of one of the many predictions

/** The pictures of applications by their kind. @type {Record<string, any>} */
const PICTURES = { bars: Bars, images: Images, words: Words };

export class FitView {
  /** @param {HTMLElement} frame */
  constructor(frame) {
    this.frame = frame;
    this.still = frame.appendChild(document.createElement("canvas"));
    this.moving = frame.appendChild(document.createElement("canvas"));
    this.moving.ariaHidden = "true";
    this.still.setAttribute("role", "img");
    this.spoken = frame.appendChild(element("p", { class: "spoken", "aria-live": "polite" })); // which task is trained
    /** @type {Run[]} */
    this.runs = [];
    this.fresh = true;
  }

  /** @param {Surface} surface */
  setSurface({ fit, data }) {
    this.fit = fit;
    this.fresh = true;
    this.picture = fit && PICTURES[fit.model] ? new PICTURES[fit.model](fit, data) : null;
    if (this.picture) this.still.ariaLabel = this.picture.label;
    if (!fit || this.picture) return;
    const count = data.fit_targets.length;
    const wide = data.fit_inputs.length / count;
    this.points = Array.from({ length: count }, (_, i) => [data.fit_inputs[wide * i], wide > 1 ? data.fit_inputs[wide * i + 1] : data.fit_targets[i]]);
    this.targets = data.fit_targets;
    const spans = [0, 1].map((axis) => {
      const values = fit.model === "plane" ? Array.from(this.targets) : /** @type {number[][]} */ (this.points).map((point) => point[axis]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = (high - low) * ROOM || 1;
      return [low - room, high + room];
    });
    this.spans = spans;
    const meant = fit.model === "plane" ? "as the ball predicts them; the diagonal is a perfect fit" : `and the ${fit.model} that the ball stands for`;
    this.still.ariaLabel = `${count} examples: ${fit.vertical} against ${fit.horizontal}, ${meant}`;
  }

  /** @param {Run[]} runs */
  setRuns(runs) {
    if (this.picture && runs.length !== this.runs.length) this.fresh = true; // each has a row of its own
    this.runs = runs;
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.fresh = true;
  }

  /** @param {number} width @param {number} height in CSS pixels @param {number} ratio */
  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    for (const canvas of [this.still, this.moving]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.fresh = true;
  }

  /** Where an example is. @param {number} a @param {number} b @returns {[number, number]} */
  #place(a, b) {
    const { plot, spans } = this;
    const [[left, right], [low, high]] = spans;
    return [plot.left + ((a - left) / (right - left)) * plot.width, plot.top + ((high - b) / (high - low)) * plot.height];
  }

  /** @param {number} step */
  draw(step) {
    if (!this.fit || !this.theme || !this.width) return;
    if (this.fresh) this.#drawStill();
    const { plot, theme, ratio, fit } = this;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.moving.getContext("2d"));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    this.frame.dataset.step = String(Math.floor(step + 1e-9));
    if (this.picture) {
      this.#speak(this.picture.draw(pen, theme, this.runs, step) ?? "");
      return;
    }
    pen.save();
    pen.beginPath();
    pen.rect(plot.left, plot.top, plot.width, plot.height);
    pen.clip();
    for (const run of this.runs) {
      const i = Math.min(Math.floor(step + 1e-9), run.length);
      const [a, b] = placeOf(run, step);
      if (fit.model === "plane") {
        this.#predict(pen, run, a, b);
        continue;
      }
      const [from, to] = this.#ends(a, b);
      for (const [colour, width, dash] of /** @type {[string, number, number[]][]} */ ([[theme.haloText, 4.5, []], [theme.css(run), 2.4, run.dash]])) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.setLineDash(dash.map((part) => part * 2));
        pen.beginPath();
        pen.moveTo(...from);
        pen.lineTo(...to);
        pen.stroke();
      }
      pen.setLineDash([]);
      if (run.batch && i < run.length) this.#light(pen, run, run.batch[i]);
    }
    if (fit.model === "line") this.points.forEach(([a, b]) => this.#example(pen, ...this.#place(a, b), true)); // a good line would hide them
    pen.restore();
  }

  /** Says, where the task changes on the way, which one the next step is trained on. @param {string} task */
  #speak(task) {
    if (task === this.frame.dataset.task) return;
    this.frame.dataset.task = task;
    this.spoken.textContent = task && `Trained now: ${task}.`;
  }

  /** A small marker for each example where its target is measured and a · first + b · second is predicted; a wedge at the edge for one beyond it. @param {CanvasRenderingContext2D} pen @param {Run} run @param {number} a @param {number} b */
  #predict(pen, run, a, b) {
    const { plot, theme } = this;
    const floor = plot.top + plot.height;
    const dots = new Path2D();
    const dot = new Path2D(outline(run.marker, 0, 0, GUESS));
    this.points.forEach(([first, second], i) => {
      const [x, y] = this.#place(this.targets[i], a * first + b * second);
      if (y >= plot.top && y <= floor) {
        dots.addPath(dot, new DOMMatrix([1, 0, 0, 1, x, y]));
        return;
      }
      const [edge, into] = y < plot.top ? [plot.top, 6] : [floor, -6];
      dots.moveTo(x, edge);
      dots.lineTo(x - 3, edge + into);
      dots.lineTo(x + 3, edge + into);
      dots.closePath();
    });
    pen.fillStyle = theme.css(run);
    pen.globalAlpha = 0.7;
    pen.fill(dots);
    pen.globalAlpha = 1;
  }

  /** The ends of the line with slope a and intercept b, or of the boundary where a · first + b · second = 0. @param {number} a @param {number} b @returns {[[number, number], [number, number]]} */
  #ends(a, b) {
    const [[left, right], [low, high]] = this.spans;
    if (this.fit.model === "line") return [this.#place(left, a * left + b), this.#place(right, a * right + b)];
    const far = (Math.abs(left) + Math.abs(right) + Math.abs(low) + Math.abs(high)) / (Math.hypot(a, b) || 1);
    return [this.#place(-b * far, a * far), this.#place(b * far, -a * far)];
  }

  /** Rings the examples that the next step looks at. @param {CanvasRenderingContext2D} pen @param {Run} run @param {number} chosen one bit an example */
  #light(pen, run, chosen) {
    pen.strokeStyle = this.theme.css(run);
    pen.lineWidth = 2;
    this.points.forEach(([a, b], i) => {
      if (!(chosen & (1 << i))) return;
      pen.beginPath();
      pen.arc(...this.#place(a, b), 2.4 * DOT, 0, 7);
      pen.stroke();
    });
  }

  #drawStill() {
    const { width, height, ratio, theme, fit } = this;
    const pen = stillPen(this.still);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const size = Math.max(10, theme.size * 0.82);
    this.fresh = false;
    if (this.picture) {
      this.picture.drawStill(pen, theme, size, width, height, this.runs);
      return;
    }
    pen.font = `${size}px ${theme.font}`;
    const ticks = this.spans.map(([low, high], axis) => roundValues(low, high, axis ? 4 : 6));
    const left = Math.ceil(Math.max(...ticks[1].values.map((value) => pen.measureText(ticks[1].label(value)).width)) + 10);
    this.plot = { left, top: Math.ceil(size * 1.7), width: width - left - 8, height: height - Math.ceil(size * 4.6) };
    const { plot } = this;
    pen.strokeStyle = theme.ink(0.3);
    pen.strokeRect(plot.left + 0.5, plot.top + 0.5, plot.width - 1, plot.height - 1);
    pen.fillStyle = theme.ink(0.72);
    pen.textAlign = "center";
    for (const value of ticks[0].values) pen.fillText(ticks[0].label(value), this.#place(value, 0)[0], plot.top + plot.height + size * 1.2);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of ticks[1].values) pen.fillText(ticks[1].label(value), plot.left - 5, this.#place(0, value)[1]);
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.fillText(fit.vertical, 4, size, width - 8);
    pen.textAlign = "right";
    pen.fillText(fit.horizontal, width - 8, plot.top + plot.height + size * 2.6, width - 12);
    pen.font = `${size}px ${theme.font}`;
    const key = { line: "", plane: "perfect fit", boundary: fit.target }[fit.model];
    const wide = pen.measureText(key).width;
    pen.fillText(key, width - 8, size);
    if (fit.model === "boundary") this.#example(pen, width - 8 - wide - 3 * DOT, size * 0.68, true);
    if (fit.model === "plane") this.#diagonal(pen, width - 8 - wide, size);
    else this.points.forEach(([a, b], i) => this.#example(pen, ...this.#place(a, b), fit.model === "line" || this.targets[i] > 0));
  }

  /** Where the predicted is the measured, and a sample of that line beside its name. @param {CanvasRenderingContext2D} pen @param {number} x @param {number} size */
  #diagonal(pen, x, size) {
    const [[low, high]] = this.spans;
    pen.strokeStyle = this.theme.ink(0.6);
    pen.lineWidth = 1.4;
    pen.setLineDash([5, 3]);
    pen.beginPath();
    pen.moveTo(...this.#place(low, low));
    pen.lineTo(...this.#place(high, high));
    pen.moveTo(x - 2.6 * size, size * 0.68);
    pen.lineTo(x - 0.5 * size, size * 0.68);
    pen.stroke();
    pen.setLineDash([]);
  }

  /** An example: a dot, or a hollow square for one that is not of the class. @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {boolean} filled */
  #example(pen, x, y, filled) {
    const { theme } = this;
    pen.beginPath();
    if (filled) pen.arc(x, y, DOT, 0, 7);
    else pen.rect(x - DOT * 0.85, y - DOT * 0.85, DOT * 1.7, DOT * 1.7);
    pen.lineWidth = 1.2;
    pen.strokeStyle = pen.fillStyle = theme.ink(0.8);
    if (filled) pen.fill();
    else pen.stroke();
  }
}
