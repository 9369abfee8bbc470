/** Where a ball is between two steps, and what a picture's numbers are there. */

/** @typedef {import("./payload.js").Run} Run */

/** @param {Run} run @param {number} step @returns {[number, number]} */
export function placeOf(run, step) {
  const i = Math.min(Math.floor(step + 1e-9), run.length);
  const j = Math.min(i + 1, run.length);
  const share = i === j ? 0 : step - i;
  return [run.x[i] + (run.x[j] - run.x[i]) * share, run.y[i] + (run.y[j] - run.y[i]) * share];
}

/** Numbers that Python took at each place of a grid over the map and around it, by what lies between. */
export class Values {
  /** @param {Float32Array} values the numbers of one place after those of another, row by row @param {number} grid places along each side @param {[[number, number], [number, number]]} region where the first and the last of them are */
  constructor(values, grid, region) {
    Object.assign(this, { values, grid, region });
    this.count = values.length / grid ** 2;
  }

  /** The numbers at a point; null where none are known. @param {number} x @param {number} y @returns {Float32Array | null} */
  at(x, y) {
    const { values, grid, count } = this;
    const [u, v] = [x, y].map((value, axis) => {
      const [low, high] = this.region[axis];
      return ((value - low) / (high - low)) * (grid - 1);
    });
    if (!(u >= 0 && v >= 0 && u <= grid - 1 && v <= grid - 1)) return null;
    const [column, row] = [Math.min(Math.floor(u), grid - 2), Math.min(Math.floor(v), grid - 2)];
    const [right, up] = [u - column, v - row];
    const found = new Float32Array(count);
    for (const [dx, dy, share] of [[0, 0, (1 - right) * (1 - up)], [1, 0, right * (1 - up)], [0, 1, (1 - right) * up], [1, 1, right * up]]) {
      const at = ((row + dy) * grid + column + dx) * count;
      for (let i = 0; i < count; i++) found[i] += share * values[at + i];
    }
    return found;
  }
}
