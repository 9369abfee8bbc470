/**
 * The 3-D surface with its trails and balls, in WebGL2.
 *
 * Three layers, so that a moving ball costs little: the still scene with its depth, drawn when the camera or the surface
 * changes; on a copy of it the trails up to the last whole step, which only grow; and on the canvas the balls.
 */

import { Camera } from "./camera.js";
import { attribute, dropMultisampled, dropTarget, makeMultisampled, makeProgram, makeTarget, makeTexture } from "./gl.js";
import { gestures } from "./gestures.js";
import { drawAxes } from "./surface_axes.js";
import { makeBall, PIECE, RADIUS } from "./path.js";
import * as shaders from "./shaders.js";

export const BASE = -0.09; // where the block ends, in heights
const SETTLED = 140; // milliseconds after the camera's last move until edges are drawn smooth
const MOST_PIXELS = 2.6e6;

/** @typedef {import("./path.js").Path} Path @typedef {import("./theme.js").Theme} Theme */

export class SurfaceView {
  /**
   * @param {HTMLElement} frame holds the canvases and takes the input
   * @param {() => void} redraw asks for a frame
   * @param {(moved: boolean) => void} moved says whether there is a camera to put back
   * @param {(text: string) => void} notice shows a sentence instead of the picture; "" takes it away
   * @param {AbortSignal} signal
   */
  constructor(frame, redraw, moved, notice, signal) {
    this.frame = frame;
    this.redraw = redraw;
    this.moved = moved;
    this.notice = notice;
    this.camera = new Camera();
    this.canvas = frame.appendChild(document.createElement("canvas"));
    this.labels = frame.appendChild(document.createElement("canvas"));
    this.labels.ariaHidden = "true";
    this.ball = makeBall();
    /** @type {Path[]} */
    this.paths = [];
    this.scene = { still: false, drawn: false };
    this.baked = -1;
    this.width = this.height = 0;
    this.gl = this.canvas.getContext("webgl2", { antialias: false, depth: false, alpha: true });
    if (!this.gl) notice("WebGL2 is not available in this browser: the plane and the loss curve carry on without the 3-D surface.");
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = true;
      notice("The graphics context was lost: the plane and the loss curve carry on until it comes back.");
    }, { signal });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      notice("");
      this.#build();
      this.redraw();
    }, { signal });
    gestures(frame, {
      drag: (dx, dy) => this.#move(() => this.camera.orbit(-dx * 0.0075, dy * 0.006)),
      zoom: (factor) => this.#move(() => this.camera.approach(factor)),
    }, signal);
    this.#build();
  }

  /** @param {() => boolean | void} move changes the camera */
  #move(move) {
    const changed = move() !== false;
    if (changed) {
      this.moved(this.camera.moved);
      this.scene.still = this.scene.drawn = false;
      clearTimeout(this.settling);
      this.settling = setTimeout(() => {
        this.scene.still = true;
        this.scene.drawn = false;
        this.redraw();
      }, SETTLED);
      this.redraw();
    }
    return changed;
  }

  /** Handles a key for which this view has a use. @param {string} key @returns {boolean} */
  key(key) {
    /** @type {Record<string, () => boolean | void>} */
    const moves = {
      ArrowLeft: () => this.camera.orbit(-0.12, 0),
      ArrowRight: () => this.camera.orbit(0.12, 0),
      ArrowUp: () => this.camera.orbit(0, 0.08),
      ArrowDown: () => this.camera.orbit(0, -0.08),
      "+": () => this.camera.approach(1.15),
      "=": () => this.camera.approach(1.15),
      "-": () => this.camera.approach(1 / 1.15),
      0: () => this.camera.home(),
    };
    if (!moves[key]) return false;
    this.#move(moves[key]);
    return true;
  }

  resetCamera() {
    this.#move(() => this.camera.home());
  }

  /** Makes everything that lives on the graphics card; again after a lost context. */
  #build() {
    const { gl } = this;
    if (!gl || gl.isContextLost()) return;
    this.programs = Object.fromEntries(
      Object.entries(shaders).map(([name, { vertex, fragment }]) => [name, makeProgram(gl, vertex, fragment)]),
    );
    this.nothing = gl.createVertexArray();
    this.targets = null;
    this.meshes = null;
    this.buffers = [];
    this.#uploadTerrain();
    this.#uploadTheme();
    this.#uploadPaths();
  }

  /** @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setSurface(surface, terrain) {
    this.surface = surface;
    this.terrain = terrain;
    this.camera.settle(terrain, [...surface.minima, ...surface.saddles]);
    this.#uploadTerrain();
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.#uploadTheme();
  }

  /** @param {Path[]} paths */
  setPaths(paths) {
    this.paths = paths;
    this.#uploadPaths();
  }

  #uploadTerrain() {
    const { gl, terrain } = this;
    this.scene.drawn = false;
    if (!gl || gl.isContextLost() || !terrain) return;
    const { columns, rows } = terrain;
    if (this.meshes) {
      gl.deleteTexture(this.meshes.heights);
      gl.deleteTexture(this.meshes.relief);
      gl.deleteBuffer(this.meshes.cells);
      gl.deleteVertexArray(this.meshes.array);
    }
    const cells = new Uint32Array((columns - 1) * (rows - 1) * 6);
    for (let row = 0, at = 0; row < rows - 1; row++) {
      for (let column = 0; column < columns - 1; column++, at += 6) {
        const corner = row * columns + column;
        cells[at] = corner;
        cells[at + 1] = cells[at + 4] = corner + 1;
        cells[at + 2] = cells[at + 3] = corner + columns;
        cells[at + 5] = corner + columns + 1;
      }
    }
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, cells, gl.STATIC_DRAW);
    this.meshes = {
      array,
      cells: buffer,
      count: cells.length,
      heights: makeTexture(gl, gl.NEAREST, gl.R32F, columns, rows, gl.RED, gl.FLOAT, terrain.heights),
      relief: makeTexture(gl, gl.LINEAR, gl.RGBA16F, columns, rows, gl.RGBA, gl.FLOAT, terrain.relief),
    };
  }

  #uploadTheme() {
    const { gl, theme } = this;
    this.scene.drawn = false;
    if (!gl || gl.isContextLost() || !theme) return;
    gl.deleteTexture(this.ramp ?? null);
    const { ramp } = theme;
    this.ramp = makeTexture(gl, gl.LINEAR, gl.SRGB8_ALPHA8, ramp.length / 4, 1, gl.RGBA, gl.UNSIGNED_BYTE, ramp);
  }

  #uploadPaths() {
    const { gl } = this;
    this.baked = -1;
    if (!gl || gl.isContextLost()) return;
    for (const old of this.buffers ?? []) {
      gl.deleteBuffer(old.pieces);
      gl.deleteBuffer(old.iterates);
      gl.deleteVertexArray(old.trail);
      gl.deleteVertexArray(old.dots);
    }
    this.buffers = this.paths.map((path) => {
      const trail = gl.createVertexArray();
      gl.bindVertexArray(trail);
      const pieces = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, pieces);
      gl.bufferData(gl.ARRAY_BUFFER, path.pieces, gl.STATIC_DRAW);
      const dots = gl.createVertexArray();
      gl.bindVertexArray(dots);
      const iterates = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, iterates);
      gl.bufferData(gl.ARRAY_BUFFER, path.iterates, gl.STATIC_DRAW);
      attribute(gl, 0, 3, 12, 0, 0);
      return { trail, pieces, dots, iterates };
    });
    const marks = this.#marks();
    if (!this.markBuffer || !gl.isBuffer(this.markBuffer)) {
      this.markBuffer = gl.createBuffer();
      this.markArray = gl.createVertexArray();
      gl.bindVertexArray(this.markArray);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.markBuffer);
      attribute(gl, 0, 3, 12, 0, 0);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.markBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, marks, gl.STATIC_DRAW);
  }

  /** The signs on the map in the order minima, local minima, saddles, and for each run its start and where it leaves. */
  #marks() {
    const { terrain, surface } = this;
    if (!terrain || !surface) return new Float32Array(0);
    const points = [...surface.minima, ...surface.local_minima, ...surface.saddles];
    this.markCounts = [surface.minima.length, surface.local_minima.length, surface.saddles.length];
    for (const { run } of this.paths) points.push(run.start, run.left ? run.left.point : run.start);
    return new Float32Array(
      points.flatMap(([x, y]) => {
        const u = (x - terrain.low[0]) / terrain.span[0];
        const v = (y - terrain.low[1]) / terrain.span[1];
        const on = u >= -1e-9 && u <= 1 + 1e-9 && v >= -1e-9 && v <= 1 + 1e-9;
        return [
          (u - 0.5) * terrain.scale[0],
          (v - 0.5) * terrain.scale[1],
          on ? terrain.height(u, v) * terrain.scale[2] + 0.008 : 1e6,
        ];
      }),
    );
  }

  /** @param {number} width @param {number} height in CSS pixels @param {number} ratio */
  resize(width, height, ratio) {
    const fine = Math.min(ratio, Math.sqrt(MOST_PIXELS / (width * height)));
    this.ratio = fine;
    this.width = Math.max(1, Math.round(width * fine));
    this.height = Math.max(1, Math.round(height * fine));
    this.canvas.width = this.width;
    this.canvas.height = this.height;
    this.labels.width = this.width;
    this.labels.height = this.height;
    if (this.gl && this.targets) this.#dropTargets();
    this.scene.drawn = false;
    this.scene.still = true;
  }

  #dropTargets() {
    dropTarget(this.gl, this.targets.scene);
    dropTarget(this.gl, this.targets.trails);
    dropMultisampled(this.gl, this.targets.smooth);
    this.targets = null;
  }

  /** Draws the balls at a moment, and beneath them whatever is out of date. @param {number} step */
  draw(step) {
    const { gl, terrain, theme } = this;
    if (!gl || this.lost || gl.isContextLost() || !terrain || !theme || !this.width) return;
    this.targets ??= {
      scene: makeTarget(gl, this.width, this.height, true),
      trails: makeTarget(gl, this.width, this.height, false),
      smooth: makeMultisampled(gl, this.width, this.height),
    };
    gl.viewport(0, 0, this.width, this.height);
    gl.disable(gl.CULL_FACE);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (!this.scene.drawn) this.#drawScene();
    this.#bake(step);

    this.#copy(this.targets.trails.frame, null, gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.enable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.targets.scene.depth);
    this.paths.forEach((path, place) => {
      const whole = Math.min(this.baked, path.run.length);
      this.#drawTrail(place, path.ends[whole], path.begun(step), step);
      if (path.run.left && step >= path.run.left.step) this.#drawExit(place);
    });
    this.paths.forEach((path, place) => {
      if (path.ball(step, this.ball)) this.#drawBall(place);
    });
  }

  #drawScene() {
    const { gl, camera, terrain, targets, meshes, theme } = this;
    camera.update(this.width, this.height);
    const { still } = this.scene;
    gl.bindFramebuffer(gl.FRAMEBUFFER, still ? targets.smooth.frame : targets.scene.frame);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, meshes.heights);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, meshes.relief);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, this.ramp);

    const use = (/** @type {string} */ name) => {
      const { program, at } = this.programs[name];
      gl.useProgram(program);
      const { first, step, strong, every } = this.surface.contours;
      gl.uniformMatrix4fv(at.u_camera, false, camera.matrix);
      gl.uniform3fv(at.u_scale, terrain.scale);
      if (at.u_heights) gl.uniform1i(at.u_heights, 0);
      if (at.u_relief) gl.uniform1i(at.u_relief, 1);
      if (at.u_ramp) gl.uniform1i(at.u_ramp, 2);
      if (at.u_eye) gl.uniform3fv(at.u_eye, camera.eye);
      if (at.u_light) gl.uniform3fv(at.u_light, camera.light);
      if (at.u_contours) gl.uniform4f(at.u_contours, first, step, strong, every);
      if (at.u_line) gl.uniform1f(at.u_line, this.ratio);
      if (at.u_paper) gl.uniform3fv(at.u_paper, theme.paper);
      if (at.u_base) gl.uniform1f(at.u_base, BASE);
      if (at.u_dark) gl.uniform1f(at.u_dark, theme.dark ? 1 : 0);
    };
    gl.enable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(this.nothing);
    use("ground");
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);

    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.disable(gl.BLEND);
    use("wall");
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 2 * Math.max(terrain.columns, terrain.rows), 4);
    gl.bindVertexArray(meshes.array);
    use("mesh");
    gl.drawElements(gl.TRIANGLES, meshes.count, gl.UNSIGNED_INT, 0);

    if (still) this.#copy(targets.smooth.frame, targets.scene.frame, gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.scene.drawn = true;
    this.baked = -1;
    drawAxes(this.labels, this);
  }

  /** @param {WebGLFramebuffer} from @param {WebGLFramebuffer | null} to @param {number} what */
  #copy(from, to, what) {
    const { gl, width, height } = this;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, from);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, to);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, what, gl.NEAREST);
  }

  /** Brings the layer of trails to the last whole step. @param {number} step */
  #bake(step) {
    const { gl, targets } = this;
    const whole = Math.floor(step);
    if (this.baked === whole) return;
    const fresh = this.baked < 0 || whole < this.baked;
    if (fresh) this.#copy(targets.scene.frame, targets.trails.frame, gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, targets.trails.frame);
    gl.enable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, targets.scene.depth);
    if (fresh) this.#drawMarks();
    this.paths.forEach((path, place) => {
      const from = fresh ? 0 : Math.min(this.baked, path.run.length);
      const to = Math.min(whole, path.run.length);
      this.#drawTrail(place, path.ends[from], path.ends[to], to);
      if (to > from || fresh) this.#drawIterates(place, from, to + 1 - from);
    });
    this.baked = whole;
  }

  /** @param {number} place of the run @param {number} from @param {number} to pieces @param {number} head a moment */
  #drawTrail(place, from, to, head) {
    if (to <= from) return;
    const { gl, theme } = this;
    const { program, at } = this.programs.trail;
    const { trail, pieces } = this.buffers[place];
    const run = this.paths[place].run;
    gl.useProgram(program);
    gl.bindVertexArray(trail);
    gl.bindBuffer(gl.ARRAY_BUFFER, pieces);
    gl.uniformMatrix4fv(at.u_camera, false, this.camera.matrix);
    gl.uniform2f(at.u_view, this.width, this.height);
    gl.uniform1f(at.u_head, head);
    gl.uniform1i(at.u_depth, 0);
    const width = 2.4 * this.ratio;
    const unit = (3 * width * this.camera.pixel) / 0.5; // dashes in world units, about three widths
    const [on = 0, ...others] = run.dash;
    gl.uniform2f(at.u_dash, on * unit * 0.33, run.dash.length ? (on + others[0]) * unit * 0.33 : 0);
    const draw = (/** @type {number} */ first) => {
      const start = first * PIECE * 4;
      attribute(gl, 0, 4, PIECE * 4, start, 1);
      attribute(gl, 1, 4, PIECE * 4, start + 16, 1);
      attribute(gl, 2, 1, PIECE * 4, start + 32, 1);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, to - first);
    };
    const [hr, hg, hb] = theme.halo;
    gl.uniform1f(at.u_caps, 0);
    gl.uniform1f(at.u_faint, 0.1);
    gl.uniform1f(at.u_width, width + 2.2 * this.ratio);
    gl.uniform4f(at.u_colour, hr, hg, hb, 0.75);
    draw(from);
    const [r, g, b] = theme.series(run);
    gl.uniform1f(at.u_caps, 1);
    gl.uniform1f(at.u_faint, 0.35);
    gl.uniform1f(at.u_width, width);
    gl.uniform4f(at.u_colour, r, g, b, 1);
    draw(Math.max(0, from - 2)); // over the halo's beginning
  }

  /** @param {number} place @param {number} from @param {number} count */
  #drawIterates(place, from, count) {
    const { theme } = this;
    this.gl.bindVertexArray(this.buffers[place].dots);
    this.#drawSigns(from, count, 0, 5, theme.series(this.paths[place].run), theme.halo, 0, 0.3);
  }

  #drawMarks() {
    const { gl, theme } = this;
    if (!this.markCounts) return;
    gl.bindVertexArray(this.markArray);
    const [minima, local, saddles] = this.markCounts;
    this.#drawSigns(0, minima, 1, 19, theme.mark, theme.markEdge, 1.6, 0.35);
    this.#drawSigns(minima, local, 2, 12, theme.mark, theme.markEdge, 1.6, 0.35);
    this.#drawSigns(minima + local, saddles, 3, 14, theme.mark, theme.markEdge, 1.6, 0.35);
    this.paths.forEach(({ run }, place) => {
      gl.bindVertexArray(this.markArray);
      this.#drawSigns(minima + local + saddles + 2 * place, 1, 4, 13, theme.series(run), theme.halo, 1, 0.4);
    });
  }

  /** @param {number} place */
  #drawExit(place) {
    const { theme } = this;
    this.gl.bindVertexArray(this.markArray);
    const at = this.markCounts.reduce((a, b) => a + b, 0) + 2 * place + 1;
    this.#drawSigns(at, 1, 3, 20, theme.series(this.paths[place].run), theme.halo, 2, 0.5);
  }

  /**
   * @param {number} from @param {number} count @param {number} shape @param {number} size in CSS pixels
   * @param {number[]} fill @param {number[]} edge @param {number} edgeWidth @param {number} faint
   */
  #drawSigns(from, count, shape, size, fill, edge, edgeWidth, faint) {
    if (!count) return;
    const { gl } = this;
    const { program, at } = this.programs.sign;
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.u_camera, false, this.camera.matrix);
    gl.uniform1i(at.u_depth, 0);
    gl.uniform1i(at.u_shape, shape);
    gl.uniform1f(at.u_size, size * this.ratio);
    gl.uniform1f(at.u_edge_width, edgeWidth * this.ratio);
    gl.uniform1f(at.u_faint, faint);
    gl.uniform1f(at.u_bias, shape ? 0.006 : 0.003);
    gl.uniform4f(at.u_fill, fill[0], fill[1], fill[2], 1);
    gl.uniform4f(at.u_edge, edge[0], edge[1], edge[2], 0.9);
    gl.drawArrays(gl.POINTS, from, count);
  }

  /** @param {number} place */
  #drawBall(place) {
    const { gl, camera, theme, ball } = this;
    const distance = Math.hypot(ball.centre[0] - camera.eye[0], ball.centre[1] - camera.eye[1], ball.centre[2] - camera.eye[2]);
    const pixels = RADIUS / (distance * camera.pixel);
    const [main, second] = theme.ball(this.paths[place].run);
    gl.bindVertexArray(this.nothing);
    for (const name of ["shadow", "ball"]) {
      const { program, at } = this.programs[name];
      gl.useProgram(program);
      gl.uniformMatrix4fv(at.u_camera, false, camera.matrix);
      gl.uniformMatrix4fv(at.u_inverse, false, camera.inverse);
      gl.uniform1i(at.u_depth, 0);
      gl.uniform2f(at.u_view, this.width, this.height);
      gl.uniform3fv(at.u_centre, ball.centre);
      gl.uniform3fv(at.u_light, camera.light);
      gl.uniform1f(at.u_radius, RADIUS);
      gl.uniform1f(at.u_reach, name === "ball" ? pixels * 1.12 + 2 : pixels * 8);
      if (name === "ball") {
        gl.uniform3fv(at.u_eye, camera.eye);
        gl.uniform1f(at.u_pixel, camera.pixel);
        gl.uniform4fv(at.u_turn, ball.turn);
        gl.uniform3fv(at.u_main, main);
        gl.uniform3fv(at.u_second, second);
      }
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  dispose() {
    clearTimeout(this.settling);
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
