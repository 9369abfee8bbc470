/** The 3-D surface: its camera and input, and what happens when WebGL2 is missing or its context is lost. */

import { stillPen } from "./dom.js";
import { gestures } from "./gestures.js";
import { Scene } from "./scene.js";
import { drawAxes } from "./surface_axes.js";

const SETTLED = 140; // milliseconds after the camera's last move until edges are drawn smooth
const MOST_PIXELS = 2.6e6;
const MISSING = "WebGL2 is not available in this browser: the plane and the loss curve carry on without the 3-D surface.";
const LOST = "The 3-D surface lost its graphics context: the plane and the loss curve carry on until it comes back.";

/** @typedef {import("./path.js").Path} Path @typedef {import("./theme.js").Theme} Theme */

export class SurfaceView {
  /**
   * @param {HTMLElement} frame holds the canvases and takes the input
   * @param {import("./camera.js").Camera} camera may be that of other views as well
   * @param {{redraw: () => void, moved: (moved: boolean) => void, stir: (still: boolean) => void, notice: (text: string) => void}} report
   *   asks for a frame; says whether there is a camera to put back; says to all views of the camera that it moves or has
   *   come to rest; shows a sentence instead of the picture ("" takes it away)
   * @param {AbortSignal} signal
   */
  constructor(frame, camera, report, signal) {
    this.frame = frame;
    this.report = report;
    this.camera = camera;
    this.labels = frame.appendChild(document.createElement("canvas"));
    this.canvas = frame.appendChild(document.createElement("canvas"));
    this.labels.ariaHidden = "true";
    /** @type {Path[]} */
    this.paths = [];
    /** @type {import("./swarm.js").Crowd[]} */
    this.crowds = [];
    this.width = this.height = 0;
    this.small = false; // whether it is one of many, too small for numbers along its edges
    this.gl = this.canvas.getContext("webgl2", { antialias: false, depth: false, alpha: true });
    report.notice(this.gl ? "" : MISSING);
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // or it would never come back
      this.scene = null;
      report.notice(LOST);
    }, { signal });
    this.canvas.addEventListener("webglcontextrestored", () => {
      report.notice("");
      this.#begin();
      report.redraw();
    }, { signal });
    gestures(frame, {
      drag: (dx, dy) => this.#move(() => this.camera.orbit(-dx * 0.0075, dy * 0.006)),
      zoom: (factor) => this.#move(() => this.camera.approach(factor)),
    }, signal);
    this.#begin();
  }

  /** Puts everything on the graphics card; again after a lost context. */
  #begin() {
    if (!this.gl || this.gl.isContextLost()) return;
    this.scene = new Scene(this.gl, this.camera);
    if (this.width) this.scene.resize(this.width, this.height, this.ratio);
    if (this.surface) this.scene.setSurface(this.surface, this.terrain);
    if (this.theme) this.scene.setTheme(this.theme);
    this.scene.setPaths(this.paths);
    this.scene.crowds = this.crowds;
  }

  /** @param {() => boolean | void} move changes the camera @returns {boolean} whether it did */
  #move(move) {
    const changed = move() !== false;
    if (changed) {
      this.report.moved(this.camera.moved);
      this.report.stir(false);
      clearTimeout(this.settling);
      this.settling = setTimeout(() => {
        this.report.stir(true);
        this.report.redraw();
      }, SETTLED);
      this.report.redraw();
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

  /** @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setSurface(surface, terrain) {
    this.surface = surface;
    this.terrain = terrain;
    this.camera.settle(terrain, [...surface.minima, ...surface.saddles]);
    this.scene?.setSurface(surface, terrain);
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.scene?.setTheme(theme);
  }

  /** @param {Path[]} paths */
  setPaths(paths) {
    this.paths = paths;
    this.scene?.setPaths(paths);
  }

  /** Small balls that run along with the paths, in the same order. @param {import("./swarm.js").Crowd[]} crowds */
  setCrowds(crowds) {
    this.crowds = crowds;
    if (this.scene) this.scene.crowds = crowds;
  }

  /** @param {number} width @param {number} height in CSS pixels @param {number} ratio */
  resize(width, height, ratio) {
    this.ratio = Math.min(ratio, Math.sqrt(MOST_PIXELS / (width * height)));
    this.width = Math.max(1, Math.round(width * this.ratio));
    this.height = Math.max(1, Math.round(height * this.ratio));
    for (const canvas of [this.canvas, this.labels]) {
      canvas.width = this.width;
      canvas.height = this.height;
    }
    this.scene?.resize(this.width, this.height, this.ratio);
  }

  /** @param {number} step @param {boolean} [ahead] whether what lies ahead is drawn too, faintly */
  draw(step, ahead = false) {
    if (!this.scene || !this.terrain || !this.theme || !this.width || this.gl?.isContextLost()) return;
    if (this.scene.draw(step, ahead)) {
      if (this.small) stillPen(this.labels).clearRect(0, 0, this.width, this.height);
      else drawAxes(this.labels, this);
      this.frame.dataset.camera = this.camera.matrix.join(" ");
    }
  }

  dispose() {
    clearTimeout(this.settling);
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext(); // frees all that it holds, at once
  }
}
