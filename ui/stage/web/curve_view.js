/** The loss against the step, all of it faint and what has been bright, with a cursor that can be dragged. */

/** @typedef {import("./payload.js").Runs} Runs @typedef {import("./theme.js").Theme} Theme @typedef {import("./clock.js").Clock} Clock */

import { element, stillPen } from "./dom.js";
import { drawCrossings, drawLimit } from "./limit.js";
import { gestures } from "./gestures.js";
import { ballSign } from "./marks.js";
import { print, roundValues } from "./numbers.js";
import { drawClipped, drawEpochs, drawSchedule, drawSkipped } from "./twists.js";

const BALL = 18; // the side of a ball's box, in CSS pixels
const RING = 10; // the diameter of the ring on another curve of the run
const UNSEEN = [1.5, 2.5]; // the dash of the curve of the examples held out, in widths of its line
const FIRST_TASK = [5, 2]; // and of the task that is trained first, where there are two

export class CurveView {
  /** @param {HTMLElement} frame @param {Clock} clock @param {AbortSignal} signal */
  constructor(frame, clock, signal) {
    this.frame = frame;
    this.clock = clock;
    this.still = frame.appendChild(document.createElement("canvas"));
    this.moving = frame.appendChild(document.createElement("canvas"));
    this.moving.ariaHidden = "true";
    this.past = document.createElement("canvas"); // the bright curve in full, shown up to the cursor
    this.cursor = frame.appendChild(element("div", { class: "cursor" }));
    /** The rings on the other curves of the run. @type {HTMLElement[]} */
    this.rings = [];
    /** @type {SVGElement[]} */
    this.balls = [];
    this.shown = Infinity; // up to here the curve is bright
    this.fresh = true;
    gestures(frame, {
      press: (x) => this.#scrub(x, true),
      drag: () => {},
      zoom: () => false,
      tap: () => {},
    }, signal);
    frame.addEventListener("pointermove", (event) => {
      if (event.buttons & 1 && frame.hasPointerCapture(event.pointerId)) {
        this.#scrub(event.clientX - frame.getBoundingClientRect().left, false);
      }
    }, { signal });
    for (const name of ["pointerup", "pointercancel"]) {
      frame.addEventListener(name, () => {
        if (this.resume) clock.play();
        this.resume = false;
        clock.changed();
      }, { signal });
    }
  }

  /** @param {number} x @param {boolean} first */
  #scrub(x, first) {
    if (!this.plot) return;
    if (first) {
      this.resume = this.clock.playing;
      this.clock.playing = false;
    }
    const share = (x - this.plot.left) / this.plot.width;
    this.clock.seek(Math.round(Math.min(Math.max(share, 0), 1) * this.steps));
  }

  /** @param {Runs} payload @param {import("./beside.js").Track | null} track their sharpness, to be shown instead of the loss */
  setRuns(payload, track) {
    this.payload = payload;
    this.track = track;
    this.steps = Math.max(1, ...payload.runs.map((run) => run.steps));
    this.every = payload.every ?? 1;
    this.fresh = true;
  }

  /** The runs, each with the ordinates that are shown. @returns {import("./payload.js").Run[]} */
  get lines() {
    const { track, payload } = this;
    return track ? payload.runs.map((run, place) => ({ ...run, ordinate: track.runs[place].sharpness })) : payload.runs;
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.fresh = true;
  }

  /** @param {number} width @param {number} height in CSS pixels @param {number} ratio */
  resize(width, height, ratio) {
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    for (const canvas of [this.still, this.moving, this.past]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.fresh = true;
  }

  /** @param {number} step */
  draw(step) {
    if (!this.payload || !this.theme || !this.width) return;
    if (this.fresh) this.#drawStill();
    const { plot, ratio } = this;
    const x = plot.left + (step / this.steps) * plot.width;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.moving.getContext("2d"));
    const from = x < this.shown ? 0 : Math.round(this.shown * ratio);
    const to = Math.round(x * ratio);
    if (!from) pen.clearRect(0, 0, this.moving.width, this.moving.height);
    if (to > from) pen.drawImage(this.past, from, 0, to - from, this.past.height, from, 0, to - from, this.past.height);
    this.shown = x;
    this.cursor.style.transform = `translateX(${x}px)`;
    this.drawn.forEach((run, place) => this.#move(this.balls[place], BALL, run, step));
    this.others.forEach((run, place) => this.#move(this.rings[place], RING, run, step));
  }

  /** What is drawn beside the run's own loss: that of the examples held out or of two tasks, and that of its float64 twin. @returns {import("./payload.js").Run[]} */
  #beside() {
    const [run] = this.drawn;
    if (this.track) return [];
    if (run.tasks && run.first_task) {
      const [first, second] = run.tasks.names;
      return [
        { ...run, ordinate: run.first_task, dash: FIRST_TASK, label: first, ghost: true },
        { ...run, ordinate: run.second_task, dash: UNSEEN, label: second, ghost: true },
      ];
    }
    const unseen = run.held_out ? [{ ...run, ordinate: run.held_out, dash: UNSEEN, label: "held out", ghost: true }] : [];
    return run.twin ? [...unseen, run.twin] : unseen;
  }

  /** Puts a ball where its curve is at a moment. @param {SVGElement | HTMLElement} ball @param {number} size of its box @param {import("./payload.js").Run} run @param {number} step */
  #move(ball, size, run, step) {
    const { plot } = this;
    const i = Math.min(Math.floor(step), run.length);
    const j = Math.min(i + 1, run.length);
    const share = i === j ? 0 : step - i;
    const ordinate = (run.ordinate[i] + (run.ordinate[j] - run.ordinate[i]) * share) / 65535;
    const at = plot.left + (Math.min(step, run.length) / this.steps) * plot.width;
    ball.style.transform = `translate(${at - size / 2}px, ${plot.top + (1 - ordinate) * plot.height - size / 2}px)`;
    ball.style.visibility = off(run, i) && off(run, j) ? "hidden" : "visible";
  }

  #drawStill() {
    const { width, height, ratio, theme, track } = this;
    const { title, ticks } = track ?? this.payload.curve;
    const runs = (this.drawn = this.lines);
    const pen = stillPen(this.still);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const size = Math.max(10, theme.size * 0.82);
    pen.font = `${size}px ${theme.font}`;
    const labels = ticks.map(([, text]) => pen.measureText(text).width);
    const left = Math.ceil(Math.max(...labels, 20) + 12);
    const strip = !track && runs.some((run) => run.rate) ? size * 1.1 : 0; // for the schedules
    const top = Math.ceil(size * 1.7 + (strip && strip + 4));
    this.plot = { left, top, width: width - left - 14, height: height - top - Math.ceil(size * 1.5) };
    const { plot } = this;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const [at, text] of ticks) {
      const y = Math.round(plot.top + (1 - at) * plot.height) + 0.5;
      pen.strokeStyle = theme.ink(0.12);
      pen.beginPath();
      pen.moveTo(plot.left, y);
      pen.lineTo(plot.left + plot.width, y);
      pen.stroke();
      pen.fillStyle = theme.ink(0.72);
      pen.fillText(text, plot.left - 6, y);
    }
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    const last = this.steps * this.every;
    const { values, label } = roundValues(0, last, Math.min(10, plot.width / 70));
    for (const value of values.filter(Number.isInteger)) {
      const x = plot.left + (value / last) * plot.width;
      pen.fillStyle = theme.ink(0.72);
      pen.fillText(label(value), x, plot.top + plot.height + size * 1.25);
      pen.strokeStyle = theme.ink(0.3);
      pen.beginPath();
      pen.moveTo(x, plot.top + plot.height);
      pen.lineTo(x, plot.top + plot.height + 4);
      pen.stroke();
    }
    pen.strokeStyle = theme.ink(0.3);
    pen.beginPath();
    pen.moveTo(plot.left, plot.top + plot.height + 0.5);
    pen.lineTo(plot.left + plot.width, plot.top + plot.height + 0.5);
    pen.stroke();
    pen.textAlign = "left";
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    pen.fillText(title, 4, size);
    const others = (this.others = this.#beside());
    for (const ring of this.rings) ring.remove();
    this.rings = others.map((run) => element("div", { class: "unseen ball", style: `border-color: ${theme.css(run)}` }));
    this.frame.append(...this.rings);
    if (others.length) this.#key(pen, size, 4 + pen.measureText(title).width + 1.6 * size, [{ ...runs[0], label: runs[0].held_out ? "training" : runs[0].first_task ? "mean" : runs[0].twin?.of ?? "" }, ...others]);
    pen.fillText("step", 4, plot.top + plot.height + size * 1.25);

    const past = /** @type {CanvasRenderingContext2D} */ (this.past.getContext("2d"));
    past.setTransform(ratio, 0, 0, ratio, 0, 0);
    past.clearRect(0, 0, width, height);
    for (const ball of this.balls) ball.remove();
    this.balls = runs.map((run) => ballSign(run, theme.css(run), BALL));
    this.frame.append(...this.balls);
    runs.forEach((run, place) => {
      const frame = { pen, plot, theme, size, alone: runs.length === 1, every: this.every, place: (/** @type {any} */ of, /** @type {number} */ i) => this.#place(of, i) };
      if (track) drawLimit(frame, run, track.runs[place]);
      else if (strip) drawSchedule(pen, plot, theme, run, this.steps, strip);
      if (frame.alone) drawEpochs(pen, plot, theme, run, this.steps);
      if (frame.alone) drawClipped(pen, plot, theme, run, this.steps);
      if (frame.alone) drawSkipped(pen, plot, theme, run, this.steps);
      for (const other of others) this.#curve(pen, other, 0.28, 1.3);
      this.#curve(pen, run, 0.28, 1.5);
      for (const other of others) this.#curve(past, other, 1, 1.6);
      this.#curve(past, run, 1, 2.2);
      if (track) drawCrossings(frame, run, track.runs[place]);
      else if (frame.alone) this.#events(pen, run, size); // those of several would cover each other
    });
    Object.assign(this.cursor.style, { top: `${plot.top - 4}px`, height: `${plot.height + 4}px` });
    this.shown = Infinity; // all that is bright belongs to another curve
    this.fresh = false;
  }

  /** Which line is which, beside the title. @param {CanvasRenderingContext2D} pen @param {number} size @param {number} x @param {import("./payload.js").Run[]} lines */
  #key(pen, size, x, lines) {
    pen.save();
    pen.font = `${size}px ${this.theme.font}`;
    pen.lineWidth = 2;
    for (const run of lines) {
      pen.strokeStyle = this.theme.css(run);
      pen.setLineDash(run.dash.map((part) => part * 2));
      pen.beginPath();
      pen.moveTo(x, size * 0.66);
      pen.lineTo(x + 2.2 * size, size * 0.66);
      pen.stroke();
      pen.fillText(run.label, x + 2.7 * size, size);
      x += 4.2 * size + pen.measureText(run.label).width;
    }
    pen.restore();
  }

  /** @param {import("./payload.js").Run} run @param {number} i @returns {[number, number]} */
  #place(run, i) {
    const { plot } = this;
    return [plot.left + (i / this.steps) * plot.width, plot.top + (1 - run.ordinate[i] / 65535) * plot.height];
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./payload.js").Run} run @param {number} alpha @param {number} wide */
  #curve(pen, run, alpha, wide) {
    const { plot } = this;
    pen.save();
    pen.beginPath();
    pen.rect(plot.left - 2, plot.top - 2, plot.width + 4, plot.height + 4);
    pen.clip();
    pen.globalAlpha = alpha;
    pen.strokeStyle = this.theme.css(run);
    pen.lineWidth = wide;
    pen.lineJoin = "round";
    pen.setLineDash(run.dash.map((part) => part * wide));
    pen.beginPath();
    for (let i = 0; i <= run.length; i++) {
      // A value off the axis is at its very end: the line goes there and on from there, not along it.
      if (i > 0 && off(run, i) && off(run, i - 1)) pen.moveTo(...this.#place(run, i));
      else pen.lineTo(...this.#place(run, i));
    }
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = this.theme.css(run);
    for (let i = 1; i <= run.length; i++) {
      if (!off(run, i) || off(run, i - 1)) continue;
      const [x, y] = this.#place(run, i);
      const into = run.ordinate[i] ? 7 : -7;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x - 5, y + into);
      pen.lineTo(x + 5, y + into);
      pen.fill();
    }
    if (plot.width / this.steps > 7 && !run.ghost) {
      pen.fillStyle = this.theme.css(run);
      for (let i = 0; i <= run.length; i++) {
        if (off(run, i)) continue;
        pen.beginPath();
        pen.arc(...this.#place(run, i), 2.2, 0, 7);
        pen.fill();
      }
    }
    pen.restore();
  }

  /** The steps at which a run's learning rate changes, at which it leaves the map and stops being finite. @param {CanvasRenderingContext2D} pen @param {import("./payload.js").Run} run @param {number} size */
  #events(pen, run, size) {
    const { plot, theme } = this;
    const events = run.changes.filter(([step]) => step <= run.length).map(([step, rate]) => [step, `η ${print(rate, 3)}`]);
    if (run.tasks && run.tasks.change <= this.steps) events.push([run.tasks.change, "the task changes"]);
    if (typeof run.twin?.parted === "number") events.push([run.twin.parted, `apart: ${run.twin.parted}`]);
    if (run.left) events.push([run.left.step, run.left.step ? `left the map: ${run.left.step * this.every}` : "starts off the map"]);
    if (run.not_finite !== null) events.push([run.not_finite, `not finite: ${run.not_finite * this.every}`]);
    let free = -Infinity; // where the last label ends
    pen.font = `600 ${size * 0.95}px ${theme.font}`;
    for (const [step, text] of /** @type {[number, string][]} */ (events)) {
      const x = plot.left + (step / this.steps) * plot.width;
      pen.strokeStyle = theme.css(run);
      pen.lineWidth = 1.5;
      pen.setLineDash([3, 3]);
      pen.beginPath();
      pen.moveTo(x, plot.top);
      pen.lineTo(x, plot.top + plot.height);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillStyle = theme.text;
      const wide = pen.measureText(text).width;
      const at = Math.min(Math.max(free, x + 6), plot.left + plot.width - wide);
      pen.textAlign = "left";
      pen.fillText(text, at, plot.top + size);
      free = at + wide + size;
    }
  }
}

/** Whether a loss is beyond the axis, above or below. @param {import("./payload.js").Run} run @param {number} i */
function off(run, i) {
  return run.ordinate[i] === 0 || run.ordinate[i] === 65535;
}
