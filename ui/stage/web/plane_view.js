/**
 * The plane seen from above: filled contours, the trail with its iterates, the ball, and a cross-hair that sets the start.
 *
 * A moving ball costs little: the still map is a canvas of its own, the trails on theirs only grow, and the balls and the
 * cross-hair are small elements that the browser moves without drawing them again.
 */

import { element, stillPen } from "./dom.js";
import { gestures } from "./gestures.js";
import { drawMap, heatImage } from "./plane_map.js";
import { drawCrowds, drawTrails } from "./plane_trails.js";
import { makeBall } from "./path.js";
import { ballSign } from "./marks.js";

/** @typedef {import("./path.js").Path} Path @typedef {import("./theme.js").Theme} Theme */

const DEEPEST = 400; // how far the window can zoom in
const BALL = 24; // the side of its box, in CSS pixels
const AHEAD = 0.5; // opacity of the trail ahead of the ball, where it is shown

/** The window that shows the whole map: how deep it is zoomed in, and its centre as shares of the map. */
export const WHOLE = { scale: 1, x: 0.5, y: 0.5 };

export class PlaneView {
  /**
   * @param {HTMLElement} frame
   * @param {{scale: number, x: number, y: number}} zoomed the window, which may be that of other planes as well
   * @param {() => void} redraw asks for a frame
   * @param {(point: [number, number]) => void} start
   * @param {(text: string) => void} describe shows where the cross-hair is
   * @param {() => void} moved says that the window has moved
   * @param {AbortSignal} signal
   */
  constructor(frame, zoomed, redraw, start, describe, moved, signal) {
    Object.assign(this, { frame, zoomed, redraw, start, describe, moved });
    this.still = frame.appendChild(document.createElement("canvas"));
    this.moving = frame.appendChild(document.createElement("canvas"));
    this.passing = frame.appendChild(document.createElement("canvas")); // trails that are drawn anew in each frame
    this.moving.ariaHidden = this.passing.ariaHidden = "true";
    this.crowdCanvas = frame.appendChild(document.createElement("canvas"));
    this.crowdCanvas.ariaHidden = "true";
    /** @type {import("./swarm.js").Crowd[]} */
    this.crowds = [];
    this.aim = frame.appendChild(element("div", { class: "cross", hidden: "" }));
    this.small = false; // whether it is one of many, too small for numbers along its sides
    this.state = makeBall();
    /** @type {SVGElement[]} */
    this.balls = [];
    /** @type {Path[]} */
    this.paths = [];
    /** The cross-hair in map coordinates, or null. @type {[number, number] | null} */
    this.cross = null;
    this.shown = -1; // the moment up to which the trails are drawn
    this.fresh = true;
    gestures(frame, {
      drag: (dx, dy) => this.#pan(dx, dy),
      zoom: (factor, x, y) => this.#zoom(factor, x, y),
      tap: (x, y) => {
        if (this.within(x, y)) this.start(this.point(x, y));
      },
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#aim(null),
    }, signal);
  }

  /** @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setSurface(surface, terrain) {
    if (surface.key !== this.surface?.key) Object.assign(this.zoomed, WHOLE);
    this.surface = surface;
    this.terrain = terrain;
    this.heat = null;
    this.cross = null;
    this.fresh = true;
    this.#arrange();
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.heat = null;
    this.fresh = true;
    this.#arrange();
  }

  /** @param {Path[]} paths */
  setPaths(paths) {
    this.paths = paths;
    this.shown = Infinity; // all that is drawn belongs to other paths
    const looks = paths.map(({ run }) => `${run.marker} ${this.theme.css(run)}`).join();
    if (looks === this.looks) return;
    this.looks = looks;
    for (const ball of this.balls) ball.remove();
    this.balls = paths.map((path) => ballSign(path.run, this.theme.css(path.run), BALL));
    this.frame.append(...this.balls);
  }

  /** Small balls that run along with the paths, in the same order. @param {import("./swarm.js").Crowd[]} crowds */
  setCrowds(crowds) {
    this.crowds = crowds;
    this.crowdCanvas.getContext("2d")?.reset();
  }

  /** @param {number} width @param {number} height in CSS pixels @param {number} ratio */
  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    for (const canvas of [this.still, this.moving, this.passing, this.crowdCanvas]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.fresh = true;
    this.#arrange();
  }

  /** Finds the plot: as large as fits, with equal scales on both axes. */
  #arrange() {
    if (!this.terrain || !this.theme || !this.width) return;
    const size = Math.max(10, this.theme.size * 0.82);
    const margin = this.small
      ? { left: 4, right: 4, top: 4, bottom: 4 }
      : { left: Math.ceil(size * 3.1), right: Math.ceil(size * 0.9), top: Math.ceil(size * 0.7), bottom: Math.ceil(size * 2.5) };
    const wide = this.width - margin.left - margin.right;
    const high = this.height - margin.top - margin.bottom;
    const [spanX, spanY] = this.terrain.span;
    const unit = Math.min(wide / spanX, high / spanY);
    const width = Math.floor(spanX * unit);
    const height = Math.floor(spanY * unit);
    this.plot = {
      left: margin.left + Math.floor((wide - width) / 2),
      top: margin.top + Math.floor((high - height) / 2),
      width,
      height,
      size,
    };
    this.settle();
  }

  /** Keeps the window inside the map and says where it is. */
  settle() {
    const { zoomed, terrain, plot, frame } = this;
    if (!plot || !terrain) return;
    const half = 0.5 / zoomed.scale;
    zoomed.x = Math.min(Math.max(zoomed.x, half), 1 - half);
    zoomed.y = Math.min(Math.max(zoomed.y, half), 1 - half);
    const [lowX, lowY] = terrain.low;
    const [spanX, spanY] = terrain.span;
    this.window = zoomed.scale === 1
      ? [lowX, lowX + spanX, lowY, lowY + spanY]
      : [
          lowX + (zoomed.x - half) * spanX, lowX + (zoomed.x + half) * spanX,
          lowY + (zoomed.y - half) * spanY, lowY + (zoomed.y + half) * spanY,
        ];
    frame.dataset.window = this.window.join(" ");
    frame.dataset.plot = [plot.left, plot.top, plot.width, plot.height].join(" ");
    frame.classList.toggle("zoomed", zoomed.scale > 1);
    this.moved();
    this.#placeCross();
    this.fresh = true;
  }

  /** The point of the map that a place on the view denotes. @param {number} x @param {number} y @returns {[number, number]} */
  point(x, y) {
    const { plot } = this;
    const [x0, x1, y0, y1] = this.window;
    return [x0 + ((x - plot.left) / plot.width) * (x1 - x0), y0 + ((plot.top + plot.height - y) / plot.height) * (y1 - y0)];
  }

  /** Where on the view a point of the map is. @param {number} x @param {number} y @returns {[number, number]} */
  place(x, y) {
    const { plot } = this;
    const [x0, x1, y0, y1] = this.window;
    return [plot.left + ((x - x0) / (x1 - x0)) * plot.width, plot.top + plot.height - ((y - y0) / (y1 - y0)) * plot.height];
  }

  /** Whether a place on the view is on its plot. @param {number} x @param {number} y */
  within(x, y) {
    const { plot } = this;
    return Boolean(plot) && x >= plot.left && x <= plot.left + plot.width && y >= plot.top && y <= plot.top + plot.height;
  }

  /** @param {number} dx @param {number} dy */
  #pan(dx, dy) {
    if (!this.plot || this.zoomed.scale === 1) return;
    this.zoomed.x -= dx / this.plot.width / this.zoomed.scale;
    this.zoomed.y += dy / this.plot.height / this.zoomed.scale;
    this.settle();
    this.redraw();
  }

  /** Zooms about a place, which stays where it is. @param {number} factor @param {number} x @param {number} y */
  #zoom(factor, x, y) {
    const { zoomed, plot } = this;
    if (!plot) return false;
    const scale = Math.min(Math.max(zoomed.scale * factor, 1), DEEPEST);
    if (scale === zoomed.scale) return false;
    const shareX = (x - plot.left) / plot.width - 0.5;
    const shareY = 0.5 - (y - plot.top) / plot.height;
    zoomed.x += shareX / zoomed.scale - shareX / scale;
    zoomed.y += shareY / zoomed.scale - shareY / scale;
    zoomed.scale = scale;
    this.settle();
    this.redraw();
    return true;
  }

  resetWindow() {
    if (!this.plot) return;
    Object.assign(this.zoomed, WHOLE);
    this.settle();
    this.redraw();
  }

  /** @param {number} x @param {number} y */
  #hover(x, y) {
    this.#aim(this.within(x, y) ? this.point(x, y) : null);
  }

  /** @param {[number, number] | null} point */
  #aim(point) {
    if (!point && !this.cross) return;
    this.cross = point;
    this.describe(point);
    this.#placeCross();
  }

  #placeCross() {
    const { cross, plot, aim } = this;
    aim.hidden = !cross;
    if (!cross) return;
    const [x, y] = this.place(...cross);
    Object.assign(aim.style, { left: `${plot.left}px`, top: `${plot.top}px`, width: `${plot.width}px`, height: `${plot.height}px` });
    aim.style.setProperty("--x", `${x - plot.left}px`);
    aim.style.setProperty("--y", `${y - plot.top}px`);
  }

  /** Handles a key for which this view has a use. @param {string} key @param {boolean} far @returns {boolean} */
  key(key, far) {
    if (!this.plot) return false;
    this.cross ??= this.#middle();
    const [x, y] = this.place(...this.cross);
    const by = far ? 20 : 2;
    /** @type {Record<string, () => unknown>} */
    const moves = {
      ArrowLeft: () => this.#nudge(-by, 0),
      ArrowRight: () => this.#nudge(by, 0),
      ArrowUp: () => this.#nudge(0, by),
      ArrowDown: () => this.#nudge(0, -by),
      "+": () => this.#zoom(1.25, x, y),
      "=": () => this.#zoom(1.25, x, y),
      "-": () => this.#zoom(0.8, x, y),
      0: () => this.resetWindow(),
      Enter: () => this.start(/** @type {[number, number]} */ (this.cross)),
      Escape: () => this.#aim(null),
    };
    if (!moves[key]) return false;
    moves[key]();
    return true;
  }

  /** @returns {[number, number]} */
  #middle() {
    const [x0, x1, y0, y1] = this.window;
    return [(x0 + x1) / 2, (y0 + y1) / 2];
  }

  /** Moves the cross-hair by pixels; the window follows. @param {number} dx @param {number} dy */
  #nudge(dx, dy) {
    const [x0, x1, y0, y1] = this.window;
    const { low, span } = this.terrain;
    const [x, y] = /** @type {[number, number]} */ (this.cross);
    const to = [x + (dx / this.plot.width) * (x1 - x0), y + (dy / this.plot.height) * (y1 - y0)];
    for (const axis of [0, 1]) to[axis] = Math.min(Math.max(to[axis], low[axis]), low[axis] + span[axis]);
    this.zoomed.x += (Math.max(to[0] - x1, 0) + Math.min(to[0] - x0, 0)) / span[0];
    this.zoomed.y += (Math.max(to[1] - y1, 0) + Math.min(to[1] - y0, 0)) / span[1];
    this.settle();
    this.#aim([to[0], to[1]]);
  }

  /** @param {number} step @param {boolean} [ahead] whether what lies ahead is drawn too, faintly */
  draw(step, ahead = false) {
    if (!this.plot || !this.theme || !this.terrain) return;
    // A whole trail in each frame is drawn faster in main memory; one that only grows, on the graphics card.
    const pen = ahead ? stillPen(this.passing) : /** @type {CanvasRenderingContext2D} */ (this.moving.getContext("2d"));
    this.passing.hidden = !ahead;
    this.moving.hidden = ahead;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (this.fresh) {
      this.heat ??= heatImage(this.terrain, this.surface, this.theme);
      drawMap(this.still, this);
      this.shown = -1;
      this.fresh = false;
    }
    if (ahead || this.ahead) this.shown = Infinity; // what lay ahead is in the way
    this.ahead = ahead;
    const before = step < this.shown ? -1 : this.shown;
    if (before < 0) pen.clearRect(0, 0, this.width, this.height);
    if (ahead) {
      pen.globalAlpha = AHEAD;
      drawTrails(this, pen, step, Infinity);
      pen.globalAlpha = 1;
    }
    if (step !== this.shown) {
      drawTrails(this, pen, before, step);
      this.shown = step;
    }
    if (this.crowds.length) drawCrowds(this, /** @type {CanvasRenderingContext2D} */ (this.crowdCanvas.getContext("2d")), step);
    this.paths.forEach((path, place) => this.#moveBall(path, this.balls[place], step));
  }

  /** @param {Path} path @param {SVGElement} ball @param {number} step */
  #moveBall(path, ball, step) {
    const { terrain, state } = this;
    let shown = path.ball(step, state);
    if (shown) {
      const [x, y] = this.place(terrain.low[0] + state.u * terrain.span[0], terrain.low[1] + state.v * terrain.span[1]);
      shown = this.within(x, y);
      ball.style.transform = `translate(${x - BALL / 2}px, ${y - BALL / 2}px)`;
    }
    ball.style.visibility = shown ? "visible" : "hidden";
  }
}
