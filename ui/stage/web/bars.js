/**
 * The picture of an application whose numbers are shares of a whole: a bar for each, negative ones to the left, and beside
 * them a plane in which each share alone is a point, and the ball another.
 */

import { outline } from "./marks.js";
import { roundValues } from "./numbers.js";
import { Values, placeOf } from "./values.js";

/** @typedef {import("./payload.js").Run} Run @typedef {import("./theme.js").Theme} Theme */
/** @typedef {{left: number, top: number, width: number, height: number}} Box */

const ROOM = 0.12; // of the span of what is in the plane, around it
const TRAIL = 1500; // points of a trail at most
const MARK = 5.5; // radius of the ball's marker, in CSS pixels
const SPOKEN = 3; // of so many runs, at most, the numbers stand at the bars

/** @param {number} value */
const percent = (value) => `${Math.round(100 * value)} %`.replace("-", "−").replace(/^−0 /, "0 ");

export class Bars {
  /** @param {any} fit @param {any} data */
  constructor(fit, data) {
    Object.assign(this, { fit, curve: data.fit_curve, points: data.fit_points });
    this.values = new Values(data.fit_values, fit.grid, fit.region);
    this.scaled = Boolean(fit.axes[0]);
    const beside = this.scaled ? `${fit.axes[1]} against ${fit.axes[0]}` : "a triangle with one of them alone at each corner";
    this.label = `${fit.title}, of ${fit.names.join("; ")}: bars that move with the ball, and ${beside}`;
    this.spans = [0, 1].map((axis) => {
      const all = [...this.curve, ...this.points].filter((_, i) => i % 2 === axis);
      const [low, high] = [Math.min(...all), Math.max(...all)];
      const room = (this.scaled ? ROOM : 0) * (high - low);
      return [low - room, high + room];
    });
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {number} size of the type @param {number} width @param {number} height */
  drawStill(pen, theme, size, width, height) {
    const { fit } = this;
    const top = Math.ceil(size * 1.9);
    pen.font = `${size}px ${theme.font}`;
    const label = Math.ceil(Math.max(...fit.names.map((/** @type {string} */ name) => pen.measureText(name).width)) + 10);
    const half = Math.round(width * (this.scaled ? 0.52 : 0.58));
    this.size = size;
    this.bars = { left: label, top, width: half - label - 3.4 * size, height: height - top - 0.6 * size };
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.fillText(fit.title, 4, size, half);
    this.#drawNames(pen, theme);
    this.#drawPlane(pen, theme, { left: half, top: 0, width: width - half, height });
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme */
  #drawNames(pen, theme) {
    const { bars, fit, size } = this;
    const [zero] = this.#along(0);
    const each = bars.height / fit.names.length;
    pen.font = `${size}px ${theme.font}`;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    fit.names.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
      pen.fillStyle = theme.ink(0.85);
      pen.fillText(name, bars.left - 8, bars.top + (i + 0.5) * each);
      pen.fillStyle = theme.ink(0.06);
      pen.fillRect(bars.left, bars.top + i * each + 3, bars.width, each - 6);
    });
    pen.strokeStyle = theme.ink(0.55);
    pen.beginPath();
    pen.moveTo(zero, bars.top);
    pen.lineTo(zero, bars.top + bars.height);
    pen.stroke();
  }

  /** Where on a bar's way a value is, and by how much it is cut off. @param {number} value @returns {[number, number]} */
  #along(value) {
    const { bars } = this;
    const [low, high] = this.fit.span;
    const kept = Math.min(high, Math.max(low, value));
    return [bars.left + ((kept - low) / (high - low)) * bars.width, value - kept];
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Box} box */
  #drawPlane(pen, theme, box) {
    const { fit, size, scaled } = this;
    pen.textBaseline = "alphabetic";
    pen.font = `${size}px ${theme.font}`;
    const ticks = this.spans.map(([low, high], axis) => roundValues(low, high, axis ? 4 : 5));
    const left = scaled ? Math.ceil(Math.max(...ticks[1].values.map((value) => pen.measureText(ticks[1].label(value)).width)) + 12) : 2 * size;
    const top = Math.ceil(size * 1.9);
    const plot = { left: box.left + left, top, width: box.width - left - (scaled ? 8 : 2 * size), height: box.height - top - Math.ceil(size * (scaled ? 2.9 : 1.9)) };
    if (!scaled) this.#even(plot);
    this.plot = plot;
    pen.strokeStyle = theme.ink(0.3);
    if (scaled) {
      pen.strokeRect(plot.left + 0.5, plot.top + 0.5, plot.width - 1, plot.height - 1);
      this.#drawScales(pen, theme, ticks, box);
    }
    pen.strokeStyle = theme.ink(0.6);
    pen.lineWidth = 1.4;
    pen.setLineDash(scaled ? [5, 3] : []);
    pen.stroke(this.#path(this.curve));
    pen.setLineDash([]);
    pen.fillStyle = theme.ink(0.85);
    fit.names.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
      const [x, y] = this.#place(this.points[2 * i], this.points[2 * i + 1]);
      pen.beginPath();
      pen.arc(x, y, 3, 0, 7);
      pen.fill();
      const text = name.split(",")[0];
      if (!scaled) {
        pen.textAlign = "center"; // away from the middle of the triangle
        const [dx, dy] = [x - plot.left - plot.width / 2, y - plot.top - plot.height * 0.6];
        const far = (1.1 * size) / Math.hypot(dx, dy);
        pen.fillText(text, x + dx * far, y + dy * far + size * 0.35);
        return;
      }
      const atRight = x > plot.left + 0.7 * plot.width;
      pen.textAlign = atRight ? "right" : "left";
      pen.fillText(text, x + (atRight ? -2 : 7), y + size * (atRight ? -0.6 : 0.35));
    });
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {ReturnType<typeof roundValues>[]} ticks @param {Box} box */
  #drawScales(pen, theme, ticks, box) {
    const { plot, size, fit } = this;
    pen.fillStyle = theme.ink(0.72);
    pen.textAlign = "center";
    for (const value of ticks[0].values) pen.fillText(ticks[0].label(value), this.#place(value, 0)[0], plot.top + plot.height + size * 1.15);
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of ticks[1].values) pen.fillText(ticks[1].label(value), plot.left - 5, this.#place(0, value)[1]);
    pen.textBaseline = "alphabetic";
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.textAlign = "left";
    pen.fillText(fit.axes[1], box.left + 6, size, box.width - 8);
    pen.textAlign = "right";
    pen.fillText(fit.axes[0], plot.left + plot.width, plot.top + plot.height + size * 2.4, plot.width);
    pen.font = `${size}px ${theme.font}`;
  }

  /** Makes a plot as narrow or as low as equal scales ask for. @param {Box} plot */
  #even(plot) {
    const [wide, high] = this.spans.map(([from, to]) => to - from);
    const scale = Math.min(plot.width / wide, plot.height / high);
    plot.left += (plot.width - scale * wide) / 2;
    plot.top += (plot.height - scale * high) / 2;
    Object.assign(plot, { width: scale * wide, height: scale * high });
  }

  /** @param {number} a @param {number} b @returns {[number, number]} */
  #place(a, b) {
    const { plot, spans } = this;
    const [[left, right], [low, high]] = spans;
    return [plot.left + ((a - left) / (right - left)) * plot.width, plot.top + ((high - b) / (high - low)) * plot.height];
  }

  /** @param {ArrayLike<number>} places x and y in turn */
  #path(places) {
    const path = new Path2D();
    for (let i = 0; i < places.length; i += 2) path.lineTo(...this.#place(places[i], places[i + 1]));
    return path;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run[]} runs @param {number} step @returns {string} the task that the next step is trained on; "" where there is but one */
  draw(pen, theme, runs, step) {
    const { change, names } = this.fit;
    const task = change === null ? "" : names[Number(step + 1e-9 >= change)];
    if (task) this.#tell(pen, theme, task);
    runs.forEach((run, place) => {
      const values = this.values.at(...placeOf(run, step));
      this.#drawBars(pen, theme, run, values, place, runs.length);
      this.#drawWay(pen, theme, run, values, step);
    });
    return task;
  }

  /** Which of the tasks the next step is trained on. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {string} name */
  #tell(pen, theme, name) {
    const { bars, fit, size } = this;
    const each = bars.height / fit.names.length;
    const middle = bars.top + (fit.names.indexOf(name) + 0.5) * each;
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.textAlign = "right";
    pen.fillText("▸ trained now", bars.left - 8, middle + 1.6 * size);
    pen.textAlign = "left";
  }

  /** A run's share of each bar. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run} run @param {Float32Array | null} values @param {number} place @param {number} count */
  #drawBars(pen, theme, run, values, place, count) {
    const { bars, fit, size } = this;
    const each = bars.height / fit.names.length;
    const thick = Math.min((each - 6) / count, 2.4 * size);
    const [zero] = this.#along(0);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    fit.names.forEach((/** @type {string} */ _, /** @type {number} */ i) => {
      const middle = bars.top + (i + 0.5) * each + (place - (count - 1) / 2) * thick;
      if (values) {
        const [end, beyond] = this.#along(values[i]);
        pen.fillStyle = theme.css(run);
        pen.fillRect(Math.min(zero, end), middle - thick / 2 + 1, Math.abs(end - zero), thick - 2);
        if (beyond) this.#wedge(pen, end, middle, Math.sign(beyond), thick);
        else if (count > 1) pen.fill(new Path2D(outline(run.marker, end, middle, Math.min(5, thick / 2))));
      }
      if (count > SPOKEN) return;
      pen.fillStyle = theme.ink(values ? 0.95 : 0.6);
      if (values) pen.fillText(percent(values[i]), bars.left + bars.width + 6, middle);
      else pen.fillText("off the map", bars.left + 8, middle);
    });
    pen.textBaseline = "alphabetic";
  }

  /** That a bar goes on beyond its end. @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} side @param {number} thick */
  #wedge(pen, x, y, side, thick) {
    pen.beginPath();
    pen.moveTo(x + side * 6, y);
    pen.lineTo(x, y - thick / 2);
    pen.lineTo(x, y + thick / 2);
    pen.closePath();
    pen.fill();
  }

  /** The ball in the plane: hollow at its edge where it is beyond. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run} run @param {[number, number]} place */
  #drawBall(pen, theme, run, [x, y]) {
    const { left, top, width, height } = this.plot;
    const [u, v] = this.scaled ? [Math.min(Math.max(x, left), left + width), Math.min(Math.max(y, top), top + height)] : [x, y];
    const inside = u === x && v === y;
    const mark = new Path2D(outline(run.marker, u, v, MARK));
    pen.strokeStyle = inside ? theme.haloText : theme.css(run);
    pen.lineWidth = 3;
    pen.stroke(mark);
    pen.fillStyle = inside ? theme.css(run) : theme.haloText;
    pen.fill(mark);
  }

  /** The way that the ball has come in the plane, and where it is. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run} run @param {Float32Array | null} values @param {number} step */
  #drawWay(pen, theme, run, values, step) {
    const { plot, fit } = this;
    const last = Math.min(Math.floor(step + 1e-9), run.length);
    const stride = Math.ceil((last + 1) / TRAIL);
    const way = [];
    for (let i = 0; i <= last; i += stride) {
      const there = this.values.at(run.x[i], run.y[i]);
      if (there) way.push(there[fit.names.length], there[fit.names.length + 1]);
    }
    if (values) way.push(values[fit.names.length], values[fit.names.length + 1]);
    pen.save();
    pen.beginPath();
    const room = this.scaled ? 0 : MARK; // a corner of the triangle is on the edge
    pen.rect(plot.left - room, plot.top - room, plot.width + 2 * room, plot.height + 2 * room);
    pen.clip();
    pen.strokeStyle = theme.css(run);
    pen.lineWidth = 1.8;
    pen.setLineDash(run.dash.map((part) => part * 2));
    pen.stroke(this.#path(way));
    pen.setLineDash([]);
    pen.restore();
    if (values) this.#drawBall(pen, theme, run, this.#place(way[way.length - 2], way[way.length - 1]));
  }
}
