/** What runs over the surface: trails with their iterates, the signs on the map, and the balls with their shadows. */

import { attribute, makeTexture } from "./gl.js";
import { makeBall, PIECE, RADIUS, ROW } from "./path.js";

/** @typedef {import("./path.js").Path} Path @typedef {import("./gl.js").Program} Program */

const LINE = 2.4; // CSS pixels
const THIN = 1.5; // likewise of a twin's
const HALO = 2.2; // how much wider its light edge is
const [DISC, STAR, DIAMOND, CROSS, RING] = [0, 1, 2, 3, 4]; // shapes, as the shader numbers them
const NOWHERE = 1e6; // a height at which nothing is drawn

export class Actors {
  /** @param {WebGL2RenderingContext} gl @param {import("./camera.js").Camera} camera @param {Record<string, Program>} programs */
  constructor(gl, camera, programs) {
    this.gl = gl;
    this.camera = camera;
    this.programs = programs;
    this.nothing = gl.createVertexArray();
    this.signs = this.#points(new Float32Array(0));
    this.crowded = this.#points(new Float32Array(0));
    /** @type {{pieces: WebGLTexture, dots: {array: WebGLVertexArrayObject, buffer: WebGLBuffer}}[]} */
    this.buffers = [];
    /** @type {Path[]} */
    this.paths = [];
    this.state = makeBall();
    /** @type {import("./theme.js").Theme} */
    this.theme = /** @type {any} */ (null); // is set before anything is drawn
    this.width = this.height = this.ratio = 1;
  }

  /** @param {Float32Array} positions */
  #points(positions) {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
    attribute(gl, 0, 4, 16, 0, 0);
    return { array, buffer };
  }

  /** @param {number} width @param {number} height in pixels @param {number} ratio of these to CSS pixels */
  resize(width, height, ratio) {
    this.width = width;
    this.height = height;
    this.ratio = ratio;
  }

  /** @param {Path[]} paths @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setPaths(paths, surface, terrain) {
    const { gl } = this;
    for (const old of this.buffers) {
      gl.deleteTexture(old.pieces);
      gl.deleteBuffer(old.dots.buffer);
      gl.deleteVertexArray(old.dots.array);
    }
    this.paths = paths;
    gl.activeTexture(gl.TEXTURE1);
    this.buffers = paths.map(({ pieces, iterates }) => ({
      pieces: makeTexture(gl, gl.NEAREST, gl.RGBA32F, 3 * ROW, pieces.length / PIECE / ROW, gl.RGBA, gl.FLOAT, pieces),
      dots: this.#points(iterates),
    }));
    gl.activeTexture(gl.TEXTURE0);
    this.counts = { minima: surface.minima.length, local: surface.local_minima.length, saddles: surface.saddles.length };
    const points = [...surface.minima, ...surface.local_minima, ...surface.saddles];
    this.firstRun = points.length; // from here on a start and an exit for each run
    for (const { run } of paths) points.push(run.start, run.left ? run.left.point : run.start);
    const positions = new Float32Array(points.flatMap(([x, y]) => onGround(terrain, x, y)));
    gl.bindBuffer(gl.ARRAY_BUFFER, this.signs.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
  }

  /** @param {number} place of the run @param {number} from @param {number} to pieces @param {number} head the moment at which the last one ends @param {number} [opacity] */
  trail(place, from, to, head, opacity = 1) {
    if (to <= from) return;
    const { gl, theme, ratio } = this;
    const { program, at } = this.programs.trail;
    const { run } = this.paths[place];
    gl.useProgram(program);
    gl.bindVertexArray(this.nothing);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.buffers[place].pieces);
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform1i(at.u_pieces, 1);
    gl.uniformMatrix4fv(at.u_camera, false, this.camera.matrix);
    gl.uniform2f(at.u_view, this.width, this.height);
    gl.uniform1f(at.u_head, head);
    gl.uniform1i(at.u_depth, 0);
    const width = (run.ghost ? THIN : LINE) * ratio;
    const unit = width * this.camera.pixel * this.camera.distance; // a line width, in world units
    gl.uniform2f(at.u_dash, run.dash.length ? run.dash[0] * unit : 0, run.dash.length ? (run.dash[0] + run.dash[1]) * unit : 0);
    const [hr, hg, hb] = theme.halo;
    gl.uniform1f(at.u_caps, 0);
    gl.uniform1f(at.u_faint, 0.1);
    gl.uniform1f(at.u_width, width + HALO * ratio);
    gl.uniform4f(at.u_colour, hr, hg, hb, 0.75 * opacity);
    gl.drawArrays(gl.TRIANGLES, 6 * from, 6 * (to - from));
    const [r, g, b] = theme.series(run);
    gl.uniform1f(at.u_caps, 1);
    gl.uniform1f(at.u_faint, 0.35);
    gl.uniform1f(at.u_width, width);
    gl.uniform4f(at.u_colour, r, g, b, opacity);
    const back = Math.max(0, from - 2); // a little, over the halo's beginning
    gl.drawArrays(gl.TRIANGLES, 6 * back, 6 * (to - back));
  }

  /** @param {number} place @param {number} from @param {number} count */
  iterates(place, from, count) {
    const { theme } = this;
    if (this.paths[place].run.ghost) return;
    this.gl.bindVertexArray(this.buffers[place].dots.array);
    this.#draw(DISC, 6.4, from, count, theme.series(this.paths[place].run), theme.halo, 0, 0.3);
  }

  /** Small balls on the ground. @param {number} place of the run that they go with @param {Float32Array} places u and v in turn @param {import("./terrain.js").Terrain} terrain */
  crowd(place, places, terrain) {
    const { gl, theme } = this;
    const count = places.length / 2;
    const positions = (this.positions = this.positions?.length === count * 4 ? this.positions : new Float32Array(count * 4));
    for (let k = 0; k < count; k++) {
      const u = places[2 * k];
      const v = places[2 * k + 1];
      const on = u >= 0 && u <= 1 && v >= 0 && v <= 1;
      positions[4 * k] = (u - 0.5) * terrain.scale[0];
      positions[4 * k + 1] = (v - 0.5) * terrain.scale[1];
      positions[4 * k + 2] = on ? terrain.height(u, v) * terrain.scale[2] + 0.012 : NOWHERE;
      positions[4 * k + 3] = 1;
    }
    gl.bindVertexArray(this.crowded.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.crowded.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.DYNAMIC_DRAW);
    this.#draw(DISC, 9, 0, count, theme.series(this.paths[place].run), theme.ring(this.paths[place].run), 1.3, 0.3);
  }

  /** The stationary points, and where each run starts. */
  marks() {
    const { theme, counts } = this;
    this.gl.bindVertexArray(this.signs.array);
    this.#draw(STAR, 20, 0, counts.minima, theme.mark, theme.markEdge, 1.6, 0.35);
    this.#draw(DIAMOND, 13, counts.minima, counts.local, theme.mark, theme.markEdge, 1.6, 0.35);
    this.#draw(CROSS, 15, counts.minima + counts.local, counts.saddles, theme.mark, theme.markEdge, 1.4, 0.35);
    this.paths.forEach(({ run }, place) => {
      if (!run.ghost) this.#draw(RING, 13, this.firstRun + 2 * place, 1, theme.series(run), theme.halo, 1, 0.4);
    });
  }

  /** Where a run leaves the map. @param {number} place */
  exit(place) {
    const { theme } = this;
    this.gl.bindVertexArray(this.signs.array);
    this.#draw(CROSS, 22, this.firstRun + 2 * place + 1, 1, theme.series(this.paths[place].run), theme.halo, 1.6, 0.5);
  }

  /**
   * @param {number} shape @param {number} size in CSS pixels @param {number} from @param {number} count
   * @param {number[]} fill @param {number[]} edge @param {number} edgeWidth @param {number} faint what is left of it behind the surface
   */
  #draw(shape, size, from, count, fill, edge, edgeWidth, faint) {
    if (!count) return;
    const { gl, ratio } = this;
    const { program, at } = this.programs.sign;
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.u_camera, false, this.camera.matrix);
    gl.uniform1i(at.u_depth, 0);
    gl.uniform1i(at.u_shape, shape);
    gl.uniform1f(at.u_size, size * ratio);
    gl.uniform1f(at.u_edge_width, edgeWidth * ratio);
    gl.uniform1f(at.u_faint, faint);
    gl.uniform1f(at.u_bias, shape === DISC ? 0.003 : 0.006);
    gl.uniform4f(at.u_fill, fill[0], fill[1], fill[2], 1);
    gl.uniform4f(at.u_edge, edge[0], edge[1], edge[2], 0.9);
    gl.drawArrays(gl.POINTS, from, count);
  }

  /** A ball and its shadow, of a twin a small one without, unless it is off the map. @param {number} place @param {number} step */
  ball(place, step) {
    const { gl, camera, state } = this;
    const path = this.paths[place];
    if (!path.ball(step, state)) return;
    if (path.run.ghost) return this.crowd(place, new Float32Array([state.u, state.v]), path.terrain);
    const [x, y, z] = state.centre;
    const distance = Math.hypot(x - camera.eye[0], y - camera.eye[1], z - camera.eye[2]);
    const radius = RADIUS / (distance * camera.pixel); // in pixels
    const [main, second] = this.theme.ball(path.run);
    gl.bindVertexArray(this.nothing);
    this.#around("shadow", radius * 5.5);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    const at = this.#around("ball", radius * 1.12 + 2);
    gl.uniform3fv(at.u_eye, camera.eye);
    gl.uniform1f(at.u_pixel, camera.pixel);
    gl.uniform4fv(at.u_turn, state.turn);
    gl.uniform3fv(at.u_main, main);
    gl.uniform3fv(at.u_second, second);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Makes a program current that draws in a square around the ball. @param {string} name @param {number} reach in pixels */
  #around(name, reach) {
    const { gl, camera, state } = this;
    const { program, at } = this.programs[name];
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.u_camera, false, camera.matrix);
    gl.uniformMatrix4fv(at.u_inverse, false, camera.inverse);
    gl.uniform1i(at.u_depth, 0);
    gl.uniform2f(at.u_view, this.width, this.height);
    gl.uniform3fv(at.u_centre, state.centre);
    gl.uniform3fv(at.u_light, camera.light);
    gl.uniform1f(at.u_radius, RADIUS);
    gl.uniform1f(at.u_reach, reach);
    return at;
  }
}

/** A point of the map in world units, a little above the mesh; out of sight when it is off the map. */
function onGround(/** @type {import("./terrain.js").Terrain} */ terrain, /** @type {number} */ x, /** @type {number} */ y) {
  const u = (x - terrain.low[0]) / terrain.span[0];
  const v = (y - terrain.low[1]) / terrain.span[1];
  const on = Math.min(u, v) >= -1e-9 && Math.max(u, v) <= 1 + 1e-9;
  return [(u - 0.5) * terrain.scale[0], (v - 0.5) * terrain.scale[1], on ? terrain.height(u, v) * terrain.scale[2] + 0.008 : NOWHERE, 1];
}
