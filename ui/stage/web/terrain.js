/**
 * A surface's heights as ground to draw and to roll on. World units: the longer side of the map is 2 wide, centred on
 * the origin; z is up.
 */

export const BASE = -0.09; // where the block beneath the surface ends, in heights
const RISE = 0.62; // how tall the block is, from the lowest height to the highest

/** @typedef {import("./payload.js").Surface} Surface */

export class Terrain {
  /** @param {Surface} surface */
  constructor(surface) {
    [this.columns, this.rows] = surface.size;
    this.heights = surface.data.heights;
    const [[xLow, xHigh], [yLow, yHigh]] = surface.domain;
    this.low = [xLow, yLow];
    this.span = [xHigh - xLow, yHigh - yLow];
    const longer = Math.max(...this.span);
    this.scale = [(2 * this.span[0]) / longer, (2 * this.span[1]) / longer, RISE];
    this.relief = relief(this.heights, this.columns, this.rows, this.scale);
  }

  /** The height of the drawn mesh at a place given as shares of the map. @param {number} u @param {number} v */
  height(u, v) {
    return this.#mixed(this.heights, 1, 0, u, v);
  }

  /** The slope dz/dx (part 0) or dz/dy (part 1) in world units. @param {number} u @param {number} v @param {number} part */
  slope(u, v, part) {
    return this.#mixed(this.relief, 4, part, u, v);
  }

  /**
   * Whether nothing stands between a point of the map and far away.
   * @param {number} x @param {number} y @param {number[]} towards a unit vector in world units
   */
  open(x, y, towards) {
    const { low, span, scale } = this;
    let u = (x - low[0]) / span[0];
    let v = (y - low[1]) / span[1];
    let height = this.height(u, v) * scale[2] + 0.03;
    const pace = 0.02;
    while (u >= 0 && u <= 1 && v >= 0 && v <= 1 && height < scale[2]) {
      u += (towards[0] * pace) / scale[0];
      v += (towards[1] * pace) / scale[1];
      height += towards[2] * pace;
      if (u >= 0 && u <= 1 && v >= 0 && v <= 1 && this.height(u, v) * scale[2] > height) return false;
    }
    return true;
  }

  /** @param {Float32Array} values @param {number} stride @param {number} part @param {number} u @param {number} v */
  #mixed(values, stride, part, u, v) {
    const x = Math.min(Math.max(u, 0), 1) * (this.columns - 1);
    const y = Math.min(Math.max(v, 0), 1) * (this.rows - 1);
    const column = Math.min(Math.floor(x), this.columns - 2);
    const row = Math.min(Math.floor(y), this.rows - 2);
    const at = (row * this.columns + column) * stride + part;
    const up = this.columns * stride;
    const lower = values[at] + (values[at + stride] - values[at]) * (x - column);
    const upper = values[at + up] + (values[at + up + stride] - values[at + up]) * (x - column);
    return lower + (upper - lower) * (y - row);
  }
}

/**
 * What the light needs at each grid point: both slopes, how open the sky is (1 open, 0 deep in a hollow), and 1.
 * @param {Float32Array} heights @param {number} columns @param {number} rows @param {number[]} scale
 */
function relief(heights, columns, rows, scale) {
  const near = blurred(heights, columns, rows, Math.round(columns / 40));
  const wide = blurred(heights, columns, rows, Math.round(columns / 12));
  const out = new Float32Array(columns * rows * 4);
  const across = (scale[2] * (columns - 1)) / scale[0];
  const along = (scale[2] * (rows - 1)) / scale[1];
  for (let row = 0; row < rows; row++) {
    const below = Math.max(row - 1, 0);
    const above = Math.min(row + 1, rows - 1);
    for (let column = 0; column < columns; column++) {
      const left = Math.max(column - 1, 0);
      const right = Math.min(column + 1, columns - 1);
      const at = row * columns + column;
      out[at * 4] = ((heights[row * columns + right] - heights[row * columns + left]) / (right - left)) * across;
      out[at * 4 + 1] = ((heights[above * columns + column] - heights[below * columns + column]) / (above - below)) * along;
      const sunk = 6 * Math.max(near[at] - heights[at], 0) + 2.2 * Math.max(wide[at] - heights[at], 0);
      out[at * 4 + 2] = 1 / (1 + sunk);
      out[at * 4 + 3] = 1;
    }
  }
  return out;
}

/** Means over squares, taken twice, so that they fall off smoothly. */
function blurred(/** @type {Float32Array} */ values, /** @type {number} */ columns, /** @type {number} */ rows, /** @type {number} */ radius) {
  let from = values;
  for (let pass = 0; pass < 2; pass++) {
    const across = new Float32Array(values.length);
    for (let row = 0; row < rows; row++) means(from, across, row * columns, 1, columns, radius);
    const both = new Float32Array(values.length);
    for (let column = 0; column < columns; column++) means(across, both, column, columns, rows, radius);
    from = both;
  }
  return from;
}

/**
 * Running means along one line of a grid; beyond its ends its end values go on.
 * @param {Float32Array} from @param {Float32Array} to
 * @param {number} first @param {number} stride @param {number} count @param {number} radius
 */
function means(from, to, first, stride, count, radius) {
  const value = (/** @type {number} */ i) => from[first + Math.min(Math.max(i, 0), count - 1) * stride];
  let sum = 0;
  for (let i = -radius; i <= radius; i++) sum += value(i);
  for (let i = 0; i < count; i++) {
    to[first + i * stride] = sum / (2 * radius + 1);
    sum += value(i + radius + 1) - value(i - radius);
  }
}
