/**
 * The pictures of the runs: one for all of them, or side by side a small one for each. A picture is the surface and the
 * plane; all of them have one camera, one window on the map and one clock.
 */

import { Camera } from "./camera.js";
import { element, icon } from "./dom.js";
import { print } from "./numbers.js";
import { PlaneView, WHOLE } from "./plane_view.js";
import { SurfaceView } from "./surface_view.js";

const STARTS = ", Enter sets the start there";
const RESET = "M12 5V2L7 6.5 12 11V8a5 5 0 1 1-5 5H4.5A7.5 7.5 0 1 0 12 5z";

/** @typedef {import("./path.js").Path} Path @typedef {import("./theme.js").Theme} Theme */

export class Panels {
  /**
   * @param {{redraw: () => void, start: (point: [number, number]) => void, missing: (missing: boolean) => void}} report
   *   asks for a frame; takes a start that was set; says whether a surface cannot be drawn
   * @param {AbortSignal} signal
   * @param {(frame: HTMLElement) => void} watch is told of each frame whose size counts
   */
  constructor(report, signal, watch) {
    Object.assign(this, { report, signal, watch });
    this.root = element("div", { class: "views" });
    this.camera = new Camera();
    this.window = { ...WHOLE };
    /** @type {import("./swarm.js").Crowd[]} */
    this.crowds = [];
    /** @type {ReturnType<Panels["#made"]>[]} */
    this.list = [];
    this.#arrange(1);
  }

  /** @returns {(SurfaceView | PlaneView)[]} */
  get views() {
    return this.list.flatMap(({ surface, plane }) => [surface, plane]);
  }

  /** Where each run's line in the legend goes; null where it stands above them all. */
  get heads() {
    return this.side ? this.list.map(({ head }) => head) : null;
  }

  /** @param {number} count */
  #arrange(count) {
    while (this.list.length > count) {
      const panel = /** @type {ReturnType<Panels["#made"]>} */ (this.list.pop());
      panel.ended.abort();
      panel.surface.dispose();
      panel.root.remove();
    }
    while (this.list.length < count) {
      const panel = this.#made();
      this.list.push(panel);
      if (this.surface) {
        panel.surface.setSurface(this.surface, this.terrain);
        panel.plane.setSurface(this.surface, this.terrain);
        panel.surface.setTheme(this.theme);
        panel.plane.setTheme(this.theme);
      }
      this.watch(panel.surface.frame);
      this.watch(panel.plane.frame);
    }
  }

  #made() {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.signal, ended.signal]);
    const frame = (/** @type {string} */ name, /** @type {string} */ label) =>
      element("div", { class: "frame", tabindex: "0", role: "application", "aria-label": label, "data-view": name });
    const pane = (/** @type {string} */ name, /** @type {Node[]} */ ...children) => element("div", { class: `pane ${name}` }, ...children);
    const reset = (/** @type {string} */ label, /** @type {() => void} */ action) => {
      const made = element("button", { type: "button", class: "reset", "aria-label": label, title: label, hidden: "" }, icon(RESET));
      made.addEventListener("click", action);
      return made;
    };
    const whole = reset("Show the whole map", () => plane.resetWindow());
    const home = reset("Put the camera back", () => surface.resetCamera());
    const onSurface = frame("surface", "3-D surface: arrow keys turn it, plus and minus zoom, 0 puts it back");
    const onPlane = frame("plane", `Plane: arrow keys move a cross-hair${STARTS}, plus and minus zoom, 0 puts it back`);
    const notice = element("p", { class: "notice", role: "status", hidden: "" });
    const where = element("p", { class: "where" });
    const head = element("div", { class: "head" });
    const root = element("div", { class: "panel" }, head, pane("surface", onSurface, home, notice), pane("plane", onPlane, whole, where));
    const last = this.list.at(-1)?.root;
    if (last) last.after(root);
    else this.root.prepend(root);
    const surface = new SurfaceView(onSurface, this.camera, {
      redraw: this.report.redraw,
      moved: (moved) => this.list.forEach((panel) => (panel.home.hidden = !moved)),
      stir: (still) => this.list.forEach((panel) => panel.surface.scene?.stir(still)),
      notice: (text) => {
        notice.textContent = text;
        notice.hidden = !text;
        this.report.missing(Boolean(text));
      },
    }, signal);
    const plane = new PlaneView(onPlane, this.window, this.report.redraw, this.report.start, (point) => {
      where.textContent = point ? `(${print(point[0], 5)}, ${print(point[1], 5)})` : "";
    }, () => this.#follow(), signal);
    return { root, head, surface, plane, home, whole, notice, ended };
  }

  /** One plane's window has moved: that of all. */
  #follow() {
    if (this.following) return;
    this.following = true;
    for (const { plane, whole } of this.list) {
      plane.settle();
      whole.hidden = this.window.scale === 1;
    }
    this.following = false;
  }

  /** @param {string} text */
  complain(text) {
    this.list[0].notice.textContent = text;
    this.list[0].notice.hidden = false;
  }

  /** @param {import("./payload.js").Surface} surface @param {import("./terrain.js").Terrain} terrain */
  setSurface(surface, terrain) {
    Object.assign(this, { surface, terrain });
    for (const view of this.views) view.setSurface(surface, terrain);
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    for (const view of this.views) view.setTheme(theme);
  }

  /** @param {Path[]} paths @param {boolean} side whether each gets a picture of its own */
  setPaths(paths, side) {
    this.side = side;
    this.#arrange(side ? paths.length : 1);
    this.root.classList.toggle("side", side);
    this.root.dataset.panels = String(this.list.length);
    this.list.forEach(({ surface, plane, root, head }, place) => {
      if (!side) head.replaceChildren();
      const own = side ? [paths[place]] : paths;
      if (plane.small !== side) {
        plane.small = surface.small = side;
        for (const view of [surface, plane]) delete view.frame.dataset.size; // so that it is laid out anew
      }
      surface.setPaths(own);
      plane.setPaths(own);
      const labels = own.map(({ run }) => run.label).join(", ");
      if (root.dataset.labels === labels + side) return;
      root.dataset.labels = labels + side;
      if (side) root.setAttribute("aria-label", labels);
      else root.removeAttribute("aria-label");
      root.setAttribute("role", side ? "group" : "presentation");
      surface.canvas.setAttribute("role", "img");
      surface.canvas.ariaLabel = `${this.surface.title} as a surface, with the path of ${labels}`;
      plane.still.setAttribute("role", "img");
      plane.still.ariaLabel = `Contours of ${this.surface.title}, with the path of ${labels}`;
    });
  }

  /** Says whether a start can be set on the planes. @param {boolean} possible */
  setStarts(possible) {
    for (const { plane } of this.list) {
      const label = String(plane.frame.ariaLabel).replace(STARTS, "");
      plane.frame.ariaLabel = possible ? label.replace("cross-hair", `cross-hair${STARTS}`) : label;
    }
  }

  /** The small balls of many starts, for each run its own; none at all otherwise. @param {import("./swarm.js").Crowd[]} crowds */
  setCrowds(crowds) {
    if (!crowds.length && !this.crowds.length) return;
    this.crowds = crowds;
    this.list.forEach(({ surface, plane }, place) => {
      const own = this.side ? crowds.slice(place, place + 1) : crowds;
      surface.setCrowds(own);
      plane.setCrowds(own);
    });
    this.report.redraw();
  }

  /** Handles a key in one of the frames. @param {HTMLElement} target @param {KeyboardEvent} event @returns {boolean} */
  key(target, event) {
    const panel = this.list.find(({ root }) => root.contains(target));
    if (target.dataset.view === "surface") return Boolean(panel?.surface.key(event.key));
    return target.dataset.view === "plane" && Boolean(panel?.plane.key(event.key, event.shiftKey));
  }

  dispose() {
    for (const { surface } of this.list) surface.dispose();
  }
}
