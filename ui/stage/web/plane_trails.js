/** What runs leave on the plane: their trails with the iterates, what happened on them, and the small balls of a swarm. */

import { changeMark, exitArrow, outline } from "./marks.js";
import { print } from "./numbers.js";

/** @typedef {import("./path.js").Path} Path @typedef {import("./plane_view.js").PlaneView} PlaneView */

const SMALL_BALL = 3.2; // its radius, in CSS pixels
const SQUARE = 7; // the side of the mark of a clipped step, in CSS pixels
const CROSS = 4.5; // half the side of the mark of a step that was left out, in CSS pixels
const CLOSE = 0.5; // CSS pixels: what is nearer than that to what was drawn last is not drawn, as where a run crowds at its end
const DOTS = [1.2, 2.9]; // radius of an iterate's dot, where they crowd and where they are far apart

/** Adds what the trails gain between two moments; from a moment before 0 on, everything. @param {PlaneView} view @param {CanvasRenderingContext2D} pen @param {number} before @param {number} now */
export function drawTrails(view, pen, before, now) {
  const { plot, theme } = view;
  pen.save();
  pen.beginPath();
  pen.rect(plot.left, plot.top, plot.width, plot.height);
  pen.clip();
  if (before < 0) for (const { run } of view.paths) if (!run.ghost) ring(view, pen, run);
  for (const path of twinsFirst(view.paths)) trail(view, pen, path, Math.max(before, 0), now);
  pen.restore();
  for (const path of view.paths) changes(view, pen, path, before, now);
  for (const { run } of view.paths) {
    if (!run.left || now < run.left.step || before >= run.left.step) continue;
    const [x, y] = view.place(...run.left.point);
    if (view.within(x, y)) exitArrow(pen, x, y, plot, theme.css(run), theme, run.ghost ? "" : `left the map: step ${run.left.step}`);
  }
}

/** In the order in which they are drawn: a twin beneath its run. @template {{run: import("./payload.js").Run}} T @param {T[]} paths @returns {T[]} */
export function twinsFirst(paths) {
  return [...paths].sort((a, b) => Number(Boolean(b.run.ghost)) - Number(Boolean(a.run.ghost)));
}

/** Where the learning rate has changed between two moments. @param {PlaneView} view @param {CanvasRenderingContext2D} pen @param {Path} path @param {number} before @param {number} now */
function changes(view, pen, path, before, now) {
  const { run } = path;
  /** @type {[number, string][]} */
  const marks = run.ghost ? [] : run.changes.map(([step, rate]) => [step, `η ${print(rate, 3)}`]);
  if (typeof run.twin?.parted === "number") marks.push([run.twin.parted, `apart: step ${run.twin.parted}`]);
  for (const [step, text] of marks) {
    if (step > run.length || now < step || before >= step || !path.inside(step)) continue;
    const [x, y] = view.place(run.x[step], run.y[step]);
    if (view.within(x, y)) changeMark(pen, x, y, view.plot, text, view.theme.css(run), view.theme);
  }
}

/** Where a run starts. @param {PlaneView} view @param {CanvasRenderingContext2D} pen @param {import("./payload.js").Run} run */
function ring(view, pen, run) {
  pen.beginPath();
  pen.arc(...view.place(...run.start), 6, 0, 2 * Math.PI);
  pen.lineWidth = 4;
  pen.strokeStyle = view.theme.haloText;
  pen.stroke();
  pen.lineWidth = 1.8;
  pen.strokeStyle = view.theme.css(run);
  pen.stroke();
}

/** @param {PlaneView} view @param {CanvasRenderingContext2D} pen @param {Path} path @param {number} from @param {number} to */
function trail(view, pen, path, from, to) {
  const { run } = path;
  const last = Math.min(to, run.length);
  const halo = new Path2D();
  const line = new Path2D();
  const dots = new Path2D();
  const squares = new Path2D(); // where a step was clipped
  const crosses = new Path2D(); // where one was left out
  /** @type {[number, number] | null} */
  let at = null; // how far the line has come, where it goes on from there
  for (let i = Math.floor(from); i < last; i++) {
    const end = Math.min(last - i, path.leaves[i]);
    const begin = path.enters[i];
    const gained = Math.max(begin, from - i);
    if (begin > 1 || (gained >= end && begin < 1 && run.length)) {
      at = null;
      continue;
    }
    const tip = along(view, path, i, end);
    if (at && begin === 0) {
      if (i + 1 < last && end === 1 && Math.hypot(tip[0] - at[0], tip[1] - at[1]) < CLOSE) continue;
      if (run.dash.length) line.moveTo(...at); // dashes begin anew at each iterate, whether they are drawn at once or not
    } else {
      halo.moveTo(...along(view, path, i, gained));
      line.moveTo(...along(view, path, i, begin)); // all of it again, over the end of its own halo
    }
    halo.lineTo(...tip);
    line.lineTo(...tip);
    at = end === 1 ? tip : null;
  }
  at = null;
  for (let i = Math.floor(from); i <= Math.floor(last); i++) {
    if (!path.inside(i) || run.ghost) continue;
    const [x, y] = i < run.length ? along(view, path, i, 0) : along(view, path, Math.max(i - 1, 0), 1);
    if (at && !run.clipped && !run.skipped && Math.hypot(x - at[0], y - at[1]) < CLOSE) continue;
    at = [x, y];
    const [x0, y0] = i ? along(view, path, i - 1, 0) : [x + 100, y];
    if (run.skipped?.[i] && !run.skipped[i - 1]) {
      crosses.moveTo(x - CROSS, y - CROSS);
      crosses.lineTo(x + CROSS, y + CROSS);
      crosses.moveTo(x + CROSS, y - CROSS);
      crosses.lineTo(x - CROSS, y + CROSS);
    }
    const radius = Math.min(Math.max(Math.hypot(x - x0, y - y0) * 0.3, DOTS[0]), DOTS[1]);
    dots.moveTo(x + radius, y);
    dots.arc(x, y, radius, 0, 2 * Math.PI);
    if (run.clipped?.[i] && Math.hypot(x - x0, y - y0) > SQUARE) squares.rect(x - SQUARE / 2, y - SQUARE / 2, SQUARE, SQUARE);
  }
  pen.lineCap = "butt";
  pen.lineJoin = "round";
  const wide = run.ghost ? 1.3 : 2;
  pen.lineWidth = run.ghost ? 2.6 : 4;
  pen.strokeStyle = view.theme.haloText;
  pen.stroke(halo);
  pen.lineCap = run.dash.length ? "butt" : "round";
  pen.setLineDash(run.dash.map((part) => part * 2));
  pen.lineWidth = wide;
  pen.strokeStyle = pen.fillStyle = view.theme.css(run);
  pen.stroke(line);
  pen.setLineDash([]);
  pen.fill(dots);
  pen.lineWidth = 1.2;
  pen.strokeStyle = view.theme.text;
  pen.stroke(squares);
  pen.lineWidth = 1.8;
  pen.stroke(crosses);
}

/** A place on the way from one iterate to the next. @param {PlaneView} view @param {Path} path @param {number} i @param {number} share @returns {[number, number]} */
function along(view, path, i, share) {
  const { low, span } = view.terrain;
  const j = Math.min(i + 1, path.run.length);
  const u = path.u[i] + (path.u[j] - path.u[i]) * share;
  const v = path.v[i] + (path.v[j] - path.v[i]) * share;
  return view.place(low[0] + u * span[0], low[1] + v * span[1]);
}

/** The small balls of the swarms at a moment. @param {PlaneView} view @param {CanvasRenderingContext2D} pen @param {number} step */
export function drawCrowds(view, pen, step) {
  const { terrain, theme, ratio } = view;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.lineWidth = 2; // of which half is seen: a white ring, as the ball has, tells them from the dots of a trail
  view.crowds.slice(0, view.paths.length).forEach((crowd, place) => {
    const { run } = view.paths[place];
    const shapes = new Path2D();
    const shape = new Path2D(outline(run.marker, 0, 0, SMALL_BALL));
    const places = crowd.at(step);
    for (let k = 0; k < places.length; k += 2) {
      const [u, v] = [places[k], places[k + 1]];
      if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) continue;
      const [x, y] = view.place(terrain.low[0] + u * terrain.span[0], terrain.low[1] + v * terrain.span[1]);
      if (view.within(x, y)) shapes.addPath(shape, new DOMMatrix([1, 0, 0, 1, x, y]));
    }
    pen.strokeStyle = `rgb(${theme.ring(run).map((part) => part * 255)})`;
    pen.stroke(shapes);
    pen.fillStyle = theme.css(run);
    pen.fill(shapes);
  });
}
