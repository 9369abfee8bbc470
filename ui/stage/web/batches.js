/**
 * The contours of the mini-batch that the next step looks at, on the plane over those of all examples. They come from
 * Python some steps at a time, while they are shown (ui/stage/batches.py); a batch does not depend on the learning rate, so
 * that they hold while the dial is dragged too.
 */

import { fetchPacked } from "./beside.js";
import { element } from "./dom.js";

/** @typedef {{firsts: Uint32Array, starts: Uint32Array, points: Uint16Array, levels: Uint8Array}} Piece */
/** @typedef {import("./payload.js").Run} Run @typedef {import("./plane_view.js").PlaneView} PlaneView */

const STEPS = 16; // of an answer, as in ui/stage/batches.py
const CALM = 160; // milliseconds for which contours stand while the run plays: faster would be a flicker
const CASING = 1.6; // CSS pixels by which the dark beneath a line is wider
const FADES = 0.82; // of the opacity of a level stays for the next higher one, so that one sees where it goes down

export class Batches {
  /** @param {() => void} redraw asks for a frame @param {() => void} changed is called when the user switches it on or off */
  constructor(redraw, changed) {
    this.redraw = redraw;
    this.on = false;
    this.canvas = document.createElement("canvas");
    this.canvas.ariaHidden = "true";
    /** The answers by their number; null while one is on its way. @type {Map<number, Piece | null>} */
    this.pieces = new Map();
    this.toggle = element("button", { type: "button", class: "text", "aria-pressed": "false", hidden: "", title: "Draw the contours of the loss of the batch that the next step looks at" }, "Batch contours");
    this.toggle.addEventListener("click", () => {
      this.set(!this.on);
      changed();
    });
  }

  /** @param {boolean} on */
  set(on) {
    if (on === this.on) return;
    this.on = on;
    this.toggle.setAttribute("aria-pressed", String(on));
    this.redraw();
  }

  /** @param {Run[]} runs */
  setRuns(runs) {
    const [run] = runs;
    const address = (runs.length === 1 && run.batches) || "";
    this.toggle.hidden = !address;
    this.length = run.length;
    if (address === this.address) return;
    this.address = address;
    this.pieces.clear();
    this.key = "";
  }

  /** @param {number} number of the piece */
  async #fetch(number) {
    const { address } = this;
    if (this.pieces.has(number) || number * STEPS >= (this.length ?? 0)) return;
    this.pieces.set(number, null);
    try {
      const { arrays } = await fetchPacked(`${address}&piece=${number}`);
      if (address !== this.address) return; // other batches are wanted now
      this.pieces.set(number, /** @type {any} */ (arrays));
      this.redraw();
    } catch {
      if (address === this.address) this.pieces.delete(number); // a later frame asks again
    }
  }

  /** @param {number} step @param {PlaneView} plane @param {boolean} playing */
  draw(step, plane, playing) {
    const { canvas } = this;
    const row = Math.floor(step + 1e-9);
    if (!this.on || !this.address || !plane.plot || row >= (this.length ?? 0)) {
      canvas.remove();
      this.key = "";
      return;
    }
    const number = Math.floor(row / STEPS);
    this.#fetch(number);
    this.#fetch(number + 1);
    const piece = this.pieces.get(number);
    const { plot, ratio, width, height, frame, theme } = plane;
    const still = [frame.dataset.window, frame.dataset.plot, width, height, ratio, theme.key].join(" ");
    const key = `${row} ${still} ${Boolean(piece)}`;
    const now = performance.now();
    if (key === this.key || (playing && piece && this.still === still && now - (this.drawn ?? 0) < CALM)) return;
    Object.assign(this, { key, still, drawn: now });
    if (canvas.parentNode !== frame) plane.still.after(canvas);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.dataset.step = piece ? String(row) : "";
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.beginPath();
    pen.rect(plot.left, plot.top, plot.width, plot.height);
    pen.clip();
    if (piece) this.#lines(pen, plane, piece, row % STEPS);
    this.#caption(pen, plane, `loss of the batch of step ${row + 1}${piece ? "" : " …"}`);
  }

  /** @param {CanvasRenderingContext2D} pen @param {PlaneView} plane @param {Piece} piece @param {number} place of the batch in it */
  #lines(pen, plane, { firsts, starts, points, levels }, place) {
    const { low, span } = plane.terrain;
    const [left, bottom] = plane.place(low[0], low[1]);
    const [right, top] = plane.place(low[0] + span[0], low[1] + span[1]);
    /** @type {Path2D[]} */
    const paths = [];
    for (let line = firsts[place]; line < firsts[place + 1]; line++) {
      const path = (paths[levels[line]] ??= new Path2D());
      for (let i = starts[line]; i < starts[line + 1]; i++) {
        const x = left + (points[2 * i] / 65535) * (right - left);
        const y = bottom + (points[2 * i + 1] / 65535) * (top - bottom);
        if (i === starts[line]) path.moveTo(x, y);
        else path.lineTo(x, y);
      }
    }
    pen.lineJoin = "round";
    paths.forEach((path, level) => {
      pen.globalAlpha = Math.max(FADES ** level, 0.2);
      for (const [colour, wide] of /** @type {[string, number][]} */ ([["rgba(10, 14, 26, 0.55)", 1.7 + CASING], ["#fff", 1.7]])) {
        pen.strokeStyle = colour;
        pen.lineWidth = wide;
        pen.stroke(path);
      }
    });
    pen.globalAlpha = 1;
  }

  /** What the white lines are. @param {CanvasRenderingContext2D} pen @param {PlaneView} plane @param {string} text */
  #caption(pen, { plot, theme }, text) {
    pen.font = `600 ${plot.size}px ${theme.font}`;
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    pen.strokeStyle = "rgba(10, 14, 26, 0.85)";
    pen.strokeText(text, plot.left + 8, plot.top + 8);
    pen.fillStyle = "#fff";
    pen.fillText(text, plot.left + 8, plot.top + 8);
  }
}
