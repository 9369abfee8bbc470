/**
 * A run laid over the ground: the stretches of its trail, cut at the map's edge, and where the ball is at any moment.
 *
 * Between iterates the trail is straight in (x, y) and follows the mesh in height; at each iterate the height is the one
 * that Python sent.
 */

import { roll } from "./matrix.js";

/** @typedef {import("./payload.js").Run} Run @typedef {import("./terrain.js").Terrain} Terrain */

export const RADIUS = 0.05; // of the ball, in world units
export const PIECE = 12; // floats a piece: x, y, z, step at both ends, the length of the trail before it, and nothing
export const ROW = 512; // pieces a row of the image in which the graphics card reads them
const ROOM = 0.025; // of the map's side, from one iterate to the next, for a dot of full size
const SMALLEST = 0.5; // size of a dot where they crowd
const LIFT = 0.004; // of the trail above the mesh
const MOST = 60000; // pieces a run
const MOST_LIVE = 1500; // while the dial is dragged, since they are laid anew in each frame
const FAR = 1e4; // map sides; from further out, rounding decides where a segment would cross the map

export class Path {
  /** @param {Run} run @param {Terrain} terrain @param {boolean} [alone] else what comes after it has left for good is not drawn: it would cover other paths */
  constructor(run, terrain, alone = true) {
    this.run = run;
    this.terrain = terrain;
    const count = run.length + 1;
    this.u = new Float64Array(count);
    this.v = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      this.u[i] = (run.x[i] - terrain.low[0]) / terrain.span[0];
      this.v[i] = (run.y[i] - terrain.low[1]) / terrain.span[1];
    }
    /** How much higher the iterate is than the mesh, which is straight between its points. */
    this.offset = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      if (run.height && this.inside(i)) this.offset[i] = run.height[i] / 65535 - terrain.height(this.u[i], this.v[i]);
    }
    this.#cut(alone);
    this.#lay();
  }

  /** Whether an iterate is on the map. @param {number} i */
  inside(i) {
    return this.u[i] >= 0 && this.u[i] <= 1 && this.v[i] >= 0 && this.v[i] <= 1;
  }

  /** @param {number} i */
  #far(i) {
    return Math.max(Math.abs(this.u[i]), Math.abs(this.v[i])) > FAR;
  }

  /** The shares of each segment at which it enters and leaves the map; enters > leaves when it misses the map. @param {boolean} alone */
  #cut(alone) {
    const { length } = this.run;
    let last = length;
    while (!alone && last > 0 && !this.inside(last)) last--;
    this.enters = new Float64Array(length);
    this.leaves = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      let enters = !this.inside(i) && (this.#far(i) || this.#far(i + 1)) ? 2 : 0;
      let leaves = 1;
      for (const w of [this.u, this.v]) {
        const change = w[i + 1] - w[i];
        if (change === 0) {
          if (w[i] < 0 || w[i] > 1) enters = 2;
          continue;
        }
        const first = (0 - w[i]) / change;
        const second = (1 - w[i]) / change;
        enters = Math.max(enters, Math.min(first, second));
        leaves = Math.min(leaves, Math.max(first, second));
      }
      this.enters[i] = i > last ? 2 : enters;
      this.leaves[i] = leaves;
    }
  }

  /** Lays pieces no longer than a cell of the mesh (longer only where there would be too many). */
  #lay() {
    const { run, terrain } = this;
    const pieces = new Uint32Array(run.length);
    const longest = (/** @type {number} */ i) =>
      Math.hypot((this.u[i + 1] - this.u[i]) * terrain.columns, (this.v[i + 1] - this.v[i]) * terrain.rows);
    let total = 0;
    for (let i = 0; i < run.length; i++) {
      const share = this.leaves[i] - this.enters[i];
      pieces[i] = share > 0 || (share === 0 && longest(i) === 0) ? Math.max(1, Math.ceil(longest(i) * share)) : 0;
      total += pieces[i];
    }
    const thinning = Math.max(1, total / (run.height ? MOST : MOST_LIVE));
    /** ends[i]: how many pieces lie before iterate i. */
    this.ends = new Uint32Array(run.length + 1);
    for (let i = 0; i < run.length; i++) {
      if (pieces[i]) pieces[i] = Math.max(1, Math.floor(pieces[i] / thinning));
      this.ends[i + 1] = this.ends[i] + pieces[i];
    }
    const count = this.ends[run.length];
    this.pieces = new Float32Array(Math.max(1, Math.ceil(count / ROW)) * ROW * PIECE);
    this.turns = new Float32Array((count + 1) * 4);
    this.turns.set([0.36, 0.2, 0.1, 0.9]);
    let travelled = 0;
    for (let i = 0; i < run.length; i++) {
      for (let k = 0; k < pieces[i]; k++) {
        const piece = this.ends[i] + k;
        const at = piece * PIECE;
        const width = (this.leaves[i] - this.enters[i]) / pieces[i];
        this.#put(at, i, this.enters[i] + k * width);
        this.#put(at + 4, i, k === pieces[i] - 1 ? this.leaves[i] : this.enters[i] + (k + 1) * width);
        this.pieces[at + 8] = travelled;
        travelled += this.#rollOver(piece, 1, this.turns, (piece + 1) * 4);
      }
    }
    /** x, y, z and size of each iterate's dot: smaller where they crowd; off the map where nothing is drawn. */
    this.iterates = new Float32Array((run.length + 1) * 4);
    for (let i = 0; i <= run.length; i++) {
      const apart = i ? Math.hypot(this.u[i] - this.u[i - 1], this.v[i] - this.v[i - 1]) : 1;
      if (!this.inside(i)) this.iterates.set([0, 0, 1e6, 1], i * 4);
      else this.#place(this.iterates, i * 4, this.u[i], this.v[i], this.offset[i]);
      this.iterates[i * 4 + 3] = Math.min(Math.max(apart / ROOM, SMALLEST), 1);
    }
  }

  /** @param {number} at @param {number} i @param {number} share */
  #put(at, i, share) {
    const u = this.u[i] + (this.u[i + 1] - this.u[i]) * share;
    const v = this.v[i] + (this.v[i + 1] - this.v[i]) * share;
    this.#place(this.pieces, at, u, v, this.offset[i] + (this.offset[i + 1] - this.offset[i]) * share);
    this.pieces[at + 3] = i + share;
  }

  /** @param {Float32Array} out @param {number} at @param {number} u @param {number} v @param {number} offset */
  #place(out, at, u, v, offset) {
    const { terrain } = this;
    out[at] = (u - 0.5) * terrain.scale[0];
    out[at + 1] = (v - 0.5) * terrain.scale[1];
    out[at + 2] = (terrain.height(u, v) + offset) * terrain.scale[2] + LIFT;
  }

  /**
   * Turns the ball over a share of a piece; returns that distance.
   * @param {number} piece @param {number} share @param {Float32Array} out @param {number} to
   */
  #rollOver(piece, share, out, to) {
    const p = this.pieces;
    const at = piece * PIECE;
    const dx = (p[at + 4] - p[at]) * share;
    const dy = (p[at + 5] - p[at + 1]) * share;
    const dz = (p[at + 6] - p[at + 2]) * share;
    const u = p[at] / this.terrain.scale[0] + 0.5;
    const v = p[at + 1] / this.terrain.scale[1] + 0.5;
    const sx = -this.terrain.slope(u, v, 0);
    const sy = -this.terrain.slope(u, v, 1);
    const length = Math.hypot(sx, sy, 1);
    roll(out, to, this.turns, piece * 4, dx, dy, dz, sx / length, sy / length, 1 / length, RADIUS);
    return Math.hypot(dx, dy, dz);
  }

  /** How many pieces have begun before a moment, a step that need not be whole. @param {number} step */
  begun(step) {
    const whole = Math.min(Math.floor(step), this.run.length);
    if (whole === this.run.length) return this.ends[whole];
    let piece = this.ends[whole];
    while (piece < this.ends[whole + 1] && this.pieces[piece * PIECE + 3] < step) piece++;
    return piece;
  }

  /**
   * Where the ball is at a moment.
   * @param {number} step @param {Ball} ball is filled in @returns {boolean} whether it is on the map
   */
  ball(step, ball) {
    const { run, terrain } = this;
    const i = Math.min(Math.floor(step), Math.max(run.length - 1, 0));
    const share = run.length ? Math.min(step, run.length) - i : 0;
    const next = run.length ? i + 1 : i;
    ball.u = this.u[i] + (this.u[next] - this.u[i]) * share;
    ball.v = this.v[i] + (this.v[next] - this.v[i]) * share;
    ball.inside =
      share === 0 ? this.inside(i) : share === 1 ? this.inside(next) : share >= this.enters[i] && share <= this.leaves[i];
    if (!ball.inside) return false;
    const offset = this.offset[i] + (this.offset[next] - this.offset[i]) * share;
    const sx = terrain.slope(ball.u, ball.v, 0);
    const sy = terrain.slope(ball.u, ball.v, 1);
    const reach = RADIUS / Math.hypot(sx, sy, 1);
    ball.centre[0] = (ball.u - 0.5) * terrain.scale[0] - sx * reach;
    ball.centre[1] = (ball.v - 0.5) * terrain.scale[1] - sy * reach;
    ball.centre[2] = (terrain.height(ball.u, ball.v) + offset) * terrain.scale[2] + reach;
    const piece = Math.max(this.begun(step) - 1, 0);
    if (!this.ends[run.length]) {
      ball.turn.set(this.turns.subarray(0, 4));
    } else {
      const from = this.pieces[piece * PIECE + 3];
      const to = this.pieces[piece * PIECE + 7];
      this.#rollOver(piece, to > from ? Math.min(Math.max((step - from) / (to - from), 0), 1) : 0, ball.turn, 0);
    }
    return true;
  }
}

/**
 * @typedef {object} Ball
 * @property {boolean} inside whether it is on the map
 * @property {number} u its place as shares of the map
 * @property {number} v
 * @property {Float32Array} centre in world units
 * @property {Float32Array} turn its orientation, a quaternion
 */

/** @returns {Ball} */
export function makeBall() {
  return { inside: false, u: 0, v: 0, centre: new Float32Array(3), turn: new Float32Array([0, 0, 0, 1]) };
}
