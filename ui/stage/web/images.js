/**
 * The picture of a convolution: some images, the edges in them that it should find, and for each run its two taps and what
 * they make of the images. What is above 0 has one hue and fills its pixel; what is below 0 has another, and is a bar.
 */

import { outline } from "./marks.js";
import { print } from "./numbers.js";
import { Values, placeOf } from "./values.js";

/** @typedef {import("./payload.js").Run} Run @typedef {import("./theme.js").Theme} Theme */

const GAP = 10; // between images, in CSS pixels
const STRONG = 2; // a tap of this size has its hue in full
const BAR = 0.5; // how high the bar is of a pixel below 0, as a share of the pixel

/** The hues of what is above and of what is below 0. */
const HUES = { light: ["190, 70, 8", "14, 88, 160"], dark: ["255, 158, 92", "104, 176, 255"] };

/** @param {Theme} theme @param {number} share from −1 to 1 */
function tint(theme, share) {
  const [above, below] = HUES[theme.dark ? "dark" : "light"];
  return `rgba(${share > 0 ? above : below}, ${Math.min(1, Math.abs(share))})`;
}

export class Images {
  /** @param {any} fit @param {any} data */
  constructor(fit, data) {
    Object.assign(this, { fit, inputs: data.fit_inputs, targets: data.fit_targets });
    this.values = new Values(data.fit_values, fit.grid, fit.region);
    this.most = Math.max(...data.fit_inputs);
    this.label = `${fit.title}: as they are, the edges in them, and what the filter makes of them whose two taps the ball stands for`;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {number} size of the type @param {number} width @param {number} height @param {Run[]} runs */
  drawStill(pen, theme, size, width, height, runs) {
    const { fit } = this;
    const [count, high, wide] = fit.shapes.inputs;
    const top = Math.ceil(size * 1.7);
    pen.font = `${size}px ${theme.font}`;
    const label = Math.ceil(Math.max(...fit.names.map((/** @type {string} */ name) => pen.measureText(name).width)) + 12);
    const tap = Math.ceil(pen.measureText("−0.00").width + 8);
    const each = (height - top) / (2 + runs.length);
    const left = label + 2 * tap + 14;
    const cell = Math.min((each - 4) / high, ((width - left) / count - GAP) / wide);
    const step = Math.min((width - left) / count, wide * cell + 3 * GAP);
    Object.assign(this, { size, top, label, tap, each, left, cell, step });
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.fillText(fit.title, 4, size, width - 8);
    pen.font = `${size}px ${theme.font}`;
    this.#drawKey(pen, theme, width, 14 + pen.measureText(fit.title).width * 1.1);
    const rows = runs.length > 1 ? fit.names.slice(0, 2) : fit.names;
    pen.textBaseline = "middle";
    rows.forEach((/** @type {string} */ name, /** @type {number} */ row) => pen.fillText(name, 4, this.#middle(row)));
    pen.textBaseline = "alphabetic";
    this.#drawRow(pen, theme, 0, fit.shapes.inputs, this.inputs);
    this.#drawRow(pen, theme, 1, fit.shapes.targets, this.targets);
  }

  /** What the two signs look like, at the right of the title where there is room. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {number} width @param {number} taken by the title */
  #drawKey(pen, theme, width, taken) {
    const { size } = this;
    let x = width - 6;
    if (x - pen.measureText("below 0 above 0").width - 4.5 * size < taken) return;
    for (const [text, value] of /** @type {[string, number][]} */ ([["below 0", -1], ["above 0", 1]])) {
      x -= pen.measureText(text).width;
      pen.fillStyle = theme.ink(0.85);
      pen.fillText(text, x, size);
      x -= 1.1 * size;
      pen.fillStyle = tint(theme, value);
      const side = 0.8 * size;
      if (value > 0) pen.fillRect(x, 0.22 * size, side, side);
      else pen.fillRect(x, 0.22 * size + ((1 - BAR) / 2) * side, side, BAR * side);
      x -= 1.2 * size;
    }
    pen.fillStyle = theme.ink(0.95);
  }

  /** @param {number} row */
  #middle(row) {
    return this.top + (row + 0.5) * this.each;
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {number} row @param {[number, number, number]} shape images, rows and columns @param {Float32Array} pixels */
  #drawRow(pen, theme, row, [count, high, wide], pixels) {
    const { cell, step, left, most, fit } = this;
    const [, , widest] = fit.shapes.inputs;
    const top = this.#middle(row) - (high * cell) / 2;
    const joint = 0.3; // of a pixel, over which neighbours lie on each other, so that no gap shows
    for (let image = 0; image < count; image++) {
      const begin = left + image * step + ((widest - wide) * cell) / 2;
      pen.fillStyle = theme.ink(0.06);
      pen.fillRect(begin, top, wide * cell, high * cell);
      for (let i = 0; i < high * wide; i++) {
        const value = pixels[image * high * wide + i];
        if (!value) continue;
        pen.fillStyle = row ? tint(theme, value / most) : theme.ink(value / most);
        const [x, y] = [begin + (i % wide) * cell, top + Math.floor(i / wide) * cell];
        if (value > 0) pen.fillRect(x, y, cell + joint, cell + joint);
        else pen.fillRect(x, y + ((1 - BAR) / 2) * cell, cell + joint, BAR * cell);
      }
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run[]} runs @param {number} step */
  draw(pen, theme, runs, step) {
    runs.forEach((run, place) => {
      const taps = placeOf(run, step);
      const pixels = this.values.at(...taps);
      if (pixels) this.#drawRow(pen, theme, 2 + place, this.fit.shapes.targets, pixels);
      this.#drawTaps(pen, theme, run, taps, 2 + place, runs.length > 1);
    });
  }

  /** The two taps side by side as they lie on the image. @param {CanvasRenderingContext2D} pen @param {Theme} theme @param {Run} run @param {[number, number]} taps @param {number} row @param {boolean} named whether the row needs the run's marker */
  #drawTaps(pen, theme, run, taps, row, named) {
    const { label, tap, each, size } = this;
    const high = Math.min(each - 4, 2.2 * size);
    const middle = this.#middle(row);
    pen.font = `${size}px ${theme.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    taps.forEach((value, i) => {
      const begin = label + i * tap;
      pen.fillStyle = tint(theme, (0.75 * value) / STRONG);
      pen.fillRect(begin, middle - high / 2, tap, high);
      pen.strokeStyle = theme.css(run);
      pen.lineWidth = 1.6;
      pen.strokeRect(begin, middle - high / 2, tap, high);
      pen.fillStyle = theme.ink(1);
      pen.fillText(print(Math.round(100 * value) / 100, 3), begin + tap / 2, middle + 1, tap - 2);
    });
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    if (!named) return;
    pen.fillStyle = theme.css(run);
    pen.fill(new Path2D(outline(run.marker, label / 2, middle, Math.min(6, each / 3))));
  }
}
