// @ts-check
/** The little linear algebra that drawing needs: 4 x 4 matrices (column-major) and quaternions (x, y, z, w). */

/** @typedef {Float32Array} Matrix */

/** out = a b @param {Matrix} out @param {Matrix} a @param {Matrix} b */
export function multiply(out, a, b) {
  for (let column = 0; column < 16; column += 4) {
    for (let row = 0; row < 4; row++) {
      out[column + row] =
        a[row] * b[column] + a[row + 4] * b[column + 1] + a[row + 8] * b[column + 2] + a[row + 12] * b[column + 3];
    }
  }
  return out;
}

/** @param {Matrix} out @param {number} fov @param {number} aspect @param {number} near @param {number} far */
export function perspective(out, fov, aspect, near, far) {
  const f = 1 / Math.tan(fov / 2);
  out.fill(0);
  out[0] = f / aspect;
  out[5] = f;
  out[10] = (far + near) / (near - far);
  out[11] = -1;
  out[14] = (2 * far * near) / (near - far);
  return out;
}

/**
 * The view from `eye` towards `target`, z up.
 * @param {Matrix} out @param {number[]} eye @param {number[]} target
 */
export function lookAt(out, eye, target) {
  const back = unit([eye[0] - target[0], eye[1] - target[1], eye[2] - target[2]]);
  const right = unit([-back[1], back[0], 0]);
  const up = cross(back, right);
  const axes = [right, up, back];
  for (let i = 0; i < 3; i++) {
    const [x, y, z] = axes[i];
    out[i] = x;
    out[i + 4] = y;
    out[i + 8] = z;
    out[i + 12] = -(x * eye[0] + y * eye[1] + z * eye[2]);
  }
  out[3] = out[7] = out[11] = 0;
  out[15] = 1;
  return out;
}

/** The inverse of a matrix that has one. @param {Matrix} out @param {Matrix} m */
export function invert(out, m) {
  const a = Array.from({ length: 4 }, (_, row) => [m[row], m[row + 4], m[row + 8], m[row + 12], ...unitRow(row)]);
  for (let i = 0; i < 4; i++) {
    let pivot = i;
    for (let row = i + 1; row < 4; row++) if (Math.abs(a[row][i]) > Math.abs(a[pivot][i])) pivot = row;
    [a[i], a[pivot]] = [a[pivot], a[i]];
    const scale = 1 / a[i][i];
    for (let column = 0; column < 8; column++) a[i][column] *= scale;
    for (let row = 0; row < 4; row++) {
      const factor = a[row][i];
      if (row !== i) for (let column = 0; column < 8; column++) a[row][column] -= factor * a[i][column];
    }
  }
  for (let row = 0; row < 4; row++) for (let column = 0; column < 4; column++) out[column * 4 + row] = a[row][column + 4];
  return out;
}

/** @param {number} row */
function unitRow(row) {
  return [0, 1, 2, 3].map((column) => (column === row ? 1 : 0));
}

/** @param {number[]} a */
export function unit(a) {
  const length = Math.hypot(a[0], a[1], a[2]) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}

/** @param {number[]} a @param {number[]} b */
export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/**
 * Writes into out, at `to`, the orientation at `from` after a ball of that radius has rolled along (dx, dy, dz) on
 * ground with the unit normal (nx, ny, nz): a turn by distance / radius about normal x direction.
 * @param {Float32Array} out @param {number} to @param {Float32Array} source @param {number} from
 * @param {number} dx @param {number} dy @param {number} dz
 * @param {number} nx @param {number} ny @param {number} nz @param {number} radius
 */
export function roll(out, to, source, from, dx, dy, dz, nx, ny, nz, radius) {
  let ax = ny * dz - nz * dy;
  let ay = nz * dx - nx * dz;
  let az = nx * dy - ny * dx;
  const across = Math.hypot(ax, ay, az);
  const angle = Math.hypot(dx, dy, dz) / radius / 2;
  const scale = across > 0 ? Math.sin(angle) / across : 0;
  ax *= scale;
  ay *= scale;
  az *= scale;
  const aw = across > 0 ? Math.cos(angle) : 1;
  const bx = source[from];
  const by = source[from + 1];
  const bz = source[from + 2];
  const bw = source[from + 3];
  out[to] = aw * bx + ax * bw + ay * bz - az * by;
  out[to + 1] = aw * by - ax * bz + ay * bw + az * bx;
  out[to + 2] = aw * bz + ax * by - ay * bx + az * bw;
  out[to + 3] = aw * bw - ax * bx - ay * by - az * bz;
}
