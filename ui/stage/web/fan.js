// @ts-check
/**
 * Fans: the runs at all the learning rates of the dial, fetched once, so that dragging needs no network (ui/stage/fan.py).
 */

import { unpack } from "./payload.js";

/** @typedef {import("./payload.js").Run} Run */

const KEPT = 12;
const STAYS = 65535; // as in ui/stage/fan.py

/**
 * @typedef {object} Verdict
 * @property {string} name
 * @property {string} word
 * @property {string} sign
 * @property {{light: string, dark: string}} colours
 * @property {string} pattern
 *
 * @typedef {{title: string, low: number, high: number, ticks: [number, string][]}} Axis in display units
 * @typedef {{name: string, rate: number | null, reason: string}} Preset
 */

export class Fan {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    const { header, arrays } = unpack(bytes);
    /** @type {number} the row from which the rates hold */
    this.first = header.first;
    /** @type {number} */
    this.steps = header.steps;
    /** @type {number} */
    this.sides = header.sides;
    /** @type {Axis[]} the one that reaches deepest first: all ordinates are shares of it */
    this.curves = header.curves;
    /** @type {Verdict[]} */
    this.looks = header.verdicts;
    /** @type {Preset[]} */
    this.presets = header.presets;
    /** @type {{words: string, start: number} | null} the stability limit of the rate: its formula, and where it is at the first row */
    this.limit = header.limit;
    /** @type {string} says that no limit is known, where that is so */
    this.unlimited = header.unlimited;
    this.data = arrays;
    /** @type {Float32Array} */
    this.rates = arrays.rates;
    this.begins = new Uint32Array(this.rates.length); // where each run's rows are
    for (let i = 1; i < this.begins.length; i++) this.begins[i] = this.begins[i - 1] + arrays.lengths[i - 1] + 1;
  }

  /** The place of the rate that is nearest by ratio. @param {number} rate */
  nearest(rate) {
    const { rates } = this;
    let low = 0;
    let high = rates.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (rates[middle] <= rate) low = middle;
      else high = middle;
    }
    return rate * rate > rates[low] * rates[high] ? high : low;
  }

  /** @param {number} place @returns {Verdict} */
  verdict(place) {
    return this.looks[this.data.verdict[place]];
  }

  /** The share of the deepest axis at which a run's loss ends. @param {number} place */
  reached(place) {
    const { lengths, ordinate, broken } = this.data;
    return broken[place] ? 1 : ordinate[this.begins[place] + lengths[place]] / 65535;
  }

  /** The rate at which the sharpness where a run ends is at the limit; 0 where none is known. @param {number} place @returns {number} */
  limitAtEnd(place) {
    return this.data.limits[place];
  }

  /** @param {number} place @returns {Axis} the axis that its loss curve would have alone */
  axis(place) {
    return this.curves[this.data.curve[place]];
  }

  /**
   * The run at one of the rates as the views draw it, in the looks of the exact run, which gives its past too.
   * @param {number} place @param {Run} exact @param {import("./payload.js").Surface["domain"]} domain @param {Axis} axis
   * @returns {Run}
   */
  run(place, exact, domain, axis) {
    const { first, data } = this;
    const length = first + data.lengths[place];
    const x = new Float32Array(length + 1);
    const y = new Float32Array(length + 1);
    const ordinate = new Uint16Array(length + 1);
    const past = Math.min(first, exact.length); // the rows up to here are the exact run's
    x.set(exact.x.subarray(0, past + 1));
    y.set(exact.y.subarray(0, past + 1));
    const at = this.begins[place] - first;
    for (let i = first ? past + 1 : 0; i <= length; i++) {
      x[i] = this.#coordinate(data.x[at + i], domain[0]);
      y[i] = this.#coordinate(data.y[at + i], domain[1]);
    }
    const own = this.curves[0];
    const before = exact.axis ?? axis;
    for (let i = 0; i <= length; i++) {
      ordinate[i] = i < first ? onAxis(exact.ordinate[i], before, axis) : onAxis(data.ordinate[at + i], own, axis);
    }
    const left = data.left[place];
    const passed = exact.left && exact.left.step <= first ? exact.left : null;
    const point = [0, 1].map((k) => this.#coordinate(data.exits[2 * place + k], domain[k]));
    return {
      ...exact,
      axis,
      x,
      y,
      ordinate,
      length,
      loss: null,
      height: null,
      last: data.last[place],
      status: data.broken[place] ? "diverged" : "running",
      verdict: this.verdict(place),
      reason: "",
      left: passed ?? (left === STAYS ? null : { step: first + left, point: /** @type {[number, number]} */ (point) }),
      not_finite: data.broken[place] ? length + 1 : null,
      changes: first ? [...exact.changes.filter(([step]) => step < first), [first, this.rates[place]]] : [],
      summary: "",
      clipped: undefined,
      batch: undefined,
      held_out: undefined,
      skipped: undefined,
      twin: undefined,
    };
  }

  /** @param {number} share @param {[number, number]} ends of the map */
  #coordinate(share, [low, high]) {
    return low + ((share / 65535) * this.sides - (this.sides - 1) / 2) * (high - low);
  }
}

/** An ordinate on another axis of the same units; off that axis at its end. @param {number} share @param {{low: number, high: number}} from @param {{low: number, high: number}} to */
function onAxis(share, from, to) {
  if (share === 0 || share === 65535) return share;
  const value = from.low + (share / 65535) * (from.high - from.low);
  const on = (value - to.low) / (to.high - to.low);
  return on < 0 ? 0 : on > 1 ? 65535 : Math.min(Math.max(Math.round(on * 65535), 1), 65534);
}

/** A run with its ordinates on another axis. @param {Run} run @param {{low: number, high: number}} axis @returns {Run} */
export function rescaled(run, axis) {
  const own = run.axis;
  if (!own || (own.low === axis.low && own.high === axis.high)) return run;
  return { ...run, axis, ordinate: run.ordinate.map((share) => onAxis(share, own, axis)) };
}

/** @type {Map<string, Promise<Fan>>} */
const fans = new Map();

/**
 * The fan at an address relative to the page; the last few are kept.
 * @param {string} address @returns {Promise<Fan>}
 */
export function fetchFan(address) {
  const pending = fans.get(address) ?? load(address);
  fans.delete(address);
  fans.set(address, pending); // the last used is the last to go
  pending.catch(() => fans.delete(address));
  if (fans.size > KEPT) fans.delete(/** @type {string} */ (fans.keys().next().value));
  return pending;
}

/** @param {string} address @returns {Promise<Fan>} */
async function load(address) {
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) throw new Error(await response.text());
  return new Fan(new Uint8Array(await response.arrayBuffer()));
}
