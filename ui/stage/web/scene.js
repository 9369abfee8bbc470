/**
 * What stands in the 3-D picture, in three layers, so that a moving ball costs little: the still scene with its depth,
 * drawn when the camera or the surface changes; on a copy of it the trails up to the last whole step, which only grow;
 * and on the canvas the balls.
 */

import { Actors } from "./actors.js";
import { dropMultisampled, dropTarget, makeMultisampled, makeProgram, makeTarget, makeTexture } from "./gl.js";
import { twinsFirst } from "./plane_trails.js";
import * as shaders from "./shaders.js";
import { BASE } from "./terrain.js";

/** @typedef {import("./path.js").Path} Path @typedef {import("./theme.js").Theme} Theme */

const AHEAD = 0.5; // opacity of a trail ahead of its ball

export class Scene {
  /** @param {WebGL2RenderingContext} gl @param {import("./camera.js").Camera} camera */
  constructor(gl, camera) {
    this.gl = gl;
    this.camera = camera;
    this.programs = Object.fromEntries(
      Object.entries(shaders).map(([name, { vertex, fragment }]) => [name, makeProgram(gl, vertex, fragment)]),
    );
    this.actors = new Actors(gl, camera, this.programs);
    this.nothing = gl.createVertexArray();
    /** @type {Path[]} */
    this.paths = [];
    /** The places of the paths in the order in which they are drawn. @type {number[]} */
    this.order = [];
    /** @type {import("./swarm.js").Crowd[]} */
    this.crowds = [];
    this.still = true; // whether the camera rests, so that edges are worth smoothing
    this.drawn = false; // whether the still scene is up to date
    this.baked = -1; // the step up to which the trails are
    this.width = this.height = 0;
  }

  /** The camera moves, or has come to rest. @param {boolean} still */
  stir(still) {
    this.still = still;
    this.drawn = false;
  }

  /** @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setSurface(surface, terrain) {
    const { gl } = this;
    const { columns, rows } = terrain;
    this.surface = surface;
    this.terrain = terrain;
    if (this.mesh) {
      gl.deleteTexture(this.mesh.heights);
      gl.deleteTexture(this.mesh.relief);
      gl.deleteBuffer(this.mesh.cells);
      gl.deleteVertexArray(this.mesh.array);
    }
    const corners = cellCorners(columns, rows);
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const cells = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, cells);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.mesh = {
      array,
      cells,
      count: corners.length,
      heights: makeTexture(gl, gl.NEAREST, gl.R32F, columns, rows, gl.RED, gl.FLOAT, terrain.heights),
      relief: makeTexture(gl, gl.LINEAR, gl.RGBA16F, columns, rows, gl.RGBA, gl.FLOAT, terrain.relief),
    };
    this.drawn = false;
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    const { gl } = this;
    this.theme = this.actors.theme = theme;
    if (this.ramp) gl.deleteTexture(this.ramp);
    const { ramp } = theme;
    this.ramp = makeTexture(gl, gl.LINEAR, gl.SRGB8_ALPHA8, ramp.length / 4, 1, gl.RGBA, gl.UNSIGNED_BYTE, ramp);
    this.drawn = false;
  }

  /** @param {Path[]} paths */
  setPaths(paths) {
    this.paths = paths;
    this.order = twinsFirst(paths).map((path) => paths.indexOf(path));
    if (this.surface) this.actors.setPaths(paths, this.surface, this.terrain);
    this.baked = -1;
  }

  /** @param {number} width @param {number} height in pixels @param {number} ratio of these to CSS pixels */
  resize(width, height, ratio) {
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.actors.resize(width, height, ratio);
    if (this.targets) {
      dropTarget(this.gl, this.targets.scene);
      dropTarget(this.gl, this.targets.trails);
      dropMultisampled(this.gl, this.targets.smooth);
      this.targets = null;
    }
    this.stir(true);
  }

  /**
   * Draws the balls at a moment, and beneath them whatever is out of date.
   * @param {number} step @param {boolean} ahead whether the trails ahead of the balls are drawn too
   * @returns {boolean} whether the still scene was drawn anew
   */
  draw(step, ahead) {
    const { gl, actors } = this;
    this.targets ??= {
      scene: makeTarget(gl, this.width, this.height, true),
      trails: makeTarget(gl, this.width, this.height, false),
      smooth: makeMultisampled(gl, this.width, this.height),
    };
    gl.viewport(0, 0, this.width, this.height);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const anew = !this.drawn;
    if (anew) this.#drawStill();
    this.#bake(step);

    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clear(gl.COLOR_BUFFER_BIT); // after a resize the first drawing, which a copy is not, would clear what was copied
    this.#copy(this.targets.trails.frame, null, gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#drawOnDepth();
    this.order.forEach((place) => {
      const path = this.paths[place];
      const whole = Math.min(this.baked, path.run.length);
      if (ahead) actors.trail(place, path.begun(step), path.ends[path.run.length], path.run.length, AHEAD);
      actors.trail(place, path.ends[whole], path.begun(step), step);
      if (path.run.left && step >= path.run.left.step) actors.exit(place);
    });
    this.crowds.slice(0, this.paths.length).forEach((crowd, place) => actors.crowd(place, crowd.at(step), this.terrain));
    for (const place of this.order) actors.ball(place, step);
    return anew;
  }

  /** From here on things are drawn over each other, and compared with the depth of the still scene. */
  #drawOnDepth() {
    const { gl } = this;
    gl.enable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.targets.scene.depth);
  }

  #drawStill() {
    const { gl, camera, terrain, targets, mesh } = this;
    camera.update(this.width, this.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.still ? targets.smooth.frame : targets.scene.frame);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    [mesh.heights, mesh.relief, this.ramp].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.enable(gl.BLEND);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(this.nothing);
    this.#use("ground");
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    this.#use("wall");
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 2 * Math.max(terrain.columns, terrain.rows), 4);
    gl.bindVertexArray(mesh.array);
    this.#use("mesh");
    gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
    if (this.still) this.#copy(targets.smooth.frame, targets.scene.frame, gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    this.drawn = true;
    this.baked = -1;
  }

  /** Makes a program of the still scene current, with all that it may ask for. @param {string} name */
  #use(name) {
    const { gl, camera, theme } = this;
    const { program, at } = this.programs[name];
    const { first, step, strong, every } = this.surface.contours;
    gl.useProgram(program);
    gl.uniformMatrix4fv(at.u_camera, false, camera.matrix);
    gl.uniform3fv(at.u_scale, this.terrain.scale);
    if (at.u_heights) gl.uniform1i(at.u_heights, 0);
    if (at.u_relief) gl.uniform1i(at.u_relief, 1);
    if (at.u_ramp) gl.uniform1i(at.u_ramp, 2);
    if (at.u_eye) gl.uniform3fv(at.u_eye, camera.eye);
    if (at.u_light) gl.uniform3fv(at.u_light, camera.light);
    if (at.u_contours) gl.uniform4f(at.u_contours, first, step, strong, every);
    if (at.u_line) gl.uniform1f(at.u_line, this.ratio);
    if (at.u_base) gl.uniform1f(at.u_base, BASE);
    if (at.u_paper) gl.uniform3fv(at.u_paper, theme.paper);
    if (at.u_dark) gl.uniform1f(at.u_dark, theme.dark ? 1 : 0);
  }

  /** Brings the layer of trails to the last whole step. @param {number} step */
  #bake(step) {
    const { gl, targets, actors } = this;
    const whole = Math.floor(step);
    if (this.baked === whole) return;
    const fresh = this.baked < 0 || whole < this.baked;
    if (fresh) this.#copy(targets.scene.frame, targets.trails.frame, gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.FRAMEBUFFER, targets.trails.frame);
    this.#drawOnDepth();
    if (fresh) actors.marks();
    this.order.forEach((place) => {
      const path = this.paths[place];
      const from = fresh ? 0 : Math.min(this.baked, path.run.length);
      const to = Math.min(whole, path.run.length);
      actors.trail(place, path.ends[from], path.ends[to], to);
      if (to > from || fresh) actors.iterates(place, from, to + 1 - from);
    });
    this.baked = whole;
  }

  /** @param {WebGLFramebuffer} from @param {WebGLFramebuffer | null} to @param {number} what */
  #copy(from, to, what) {
    const { gl, width, height } = this;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, from);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, to);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, what, gl.NEAREST);
  }
}

/** The corners of two triangles for each cell of a grid. @param {number} columns @param {number} rows */
function cellCorners(columns, rows) {
  const corners = new Uint32Array((columns - 1) * (rows - 1) * 6);
  for (let row = 0, at = 0; row < rows - 1; row++) {
    for (let column = 0; column < columns - 1; column++, at += 6) {
      const corner = row * columns + column;
      corners[at] = corner;
      corners[at + 1] = corners[at + 4] = corner + 1;
      corners[at + 2] = corners[at + 3] = corner + columns;
      corners[at + 5] = corner + columns + 1;
    }
  }
  return corners;
}
