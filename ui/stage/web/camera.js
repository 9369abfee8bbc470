/** An orbiting camera with gentle limits: where it stands, and its matrices. */

import { invert, lookAt, multiply, perspective } from "./matrix.js";

const FOV = 0.5; // radians, top to bottom
const HOME = { azimuth: -1.05, elevation: 0.8, zoom: 1 };
const AZIMUTHS = [-1.05, -2.09, -0.8, -2.34]; // the sides from which x runs to the right and y away
const ELEVATIONS = [0.8, 0.9, 1.0];
const LOW = 0.09; // elevation in radians: never below the ground,
const HIGH = 1.52; // and never quite overhead, where up has no meaning
const REACH = 1.56; // the radius, in world units, of what has to fit into the picture

export class Camera {
  constructor() {
    this.start = HOME;
    this.azimuth = HOME.azimuth;
    this.elevation = HOME.elevation;
    this.zoom = HOME.zoom;
    this.eye = [0, 0, 0];
    this.light = [0, 0, 1];
    this.matrix = new Float32Array(16);
    this.inverse = new Float32Array(16);
    this.view = new Float32Array(16);
    this.lens = new Float32Array(16);
    this.distance = 1; // from what it looks at
    this.pixel = 0; // how wide a pixel is at distance 1
  }

  home() {
    Object.assign(this, this.start);
  }

  get moved() {
    const { start } = this;
    return this.azimuth !== start.azimuth || this.elevation !== start.elevation || this.zoom !== start.zoom;
  }

  /**
   * Chooses where home is: the first place from which most of the points can be seen. A camera that has not been moved
   * goes there.
   * @param {import("./terrain.js").Terrain} terrain @param {number[][]} points of the map
   */
  settle(terrain, points) {
    const { moved } = this;
    let most = -1;
    for (const elevation of ELEVATIONS) {
      for (const azimuth of AZIMUTHS) {
        const flat = Math.cos(elevation);
        const towards = [flat * Math.cos(azimuth), flat * Math.sin(azimuth), Math.sin(elevation)];
        const seen = points.filter(([x, y]) => terrain.open(x, y, towards)).length;
        if (seen <= most) continue;
        most = seen;
        this.start = { azimuth, elevation, zoom: 1 };
      }
    }
    if (!moved) this.home();
  }

  /** @param {number} azimuth @param {number} elevation both in radians */
  orbit(azimuth, elevation) {
    this.azimuth = Math.atan2(Math.sin(this.azimuth + azimuth), Math.cos(this.azimuth + azimuth));
    this.elevation = Math.min(Math.max(this.elevation + elevation, LOW), HIGH);
  }

  /** @param {number} factor @returns {boolean} whether the limit allowed any of it */
  approach(factor) {
    const zoom = Math.min(Math.max(this.zoom * factor, 0.8), 5);
    const changed = zoom !== this.zoom;
    this.zoom = zoom;
    return changed;
  }

  /** @param {number} width @param {number} height of the picture, in pixels */
  update(width, height) {
    const aspect = width / height;
    const half = Math.min(Math.tan(FOV / 2), Math.tan(FOV / 2) * aspect);
    const distance = (this.distance = (REACH * 0.94) / half / this.zoom);
    const target = [0, 0, 0.03];
    const flat = Math.cos(this.elevation) * distance;
    this.eye[0] = flat * Math.cos(this.azimuth);
    this.eye[1] = flat * Math.sin(this.azimuth);
    this.eye[2] = target[2] + Math.sin(this.elevation) * distance;
    perspective(this.lens, FOV, aspect, Math.max(distance - 2.6, 0.05), distance + 3.2);
    lookAt(this.view, this.eye, target);
    multiply(this.matrix, this.lens, this.view);
    invert(this.inverse, this.matrix);
    this.pixel = (2 * Math.tan(FOV / 2)) / height;
    // The light comes over the viewer's left shoulder.
    const from = this.azimuth - 0.95;
    this.light[0] = 0.66 * Math.cos(from);
    this.light[1] = 0.66 * Math.sin(from);
    this.light[2] = 0.751;
  }

  /** A world point in pixels from the picture's top left corner. @param {number[]} p @param {number} width @param {number} height */
  project(p, width, height) {
    const m = this.matrix;
    const w = m[3] * p[0] + m[7] * p[1] + m[11] * p[2] + m[15];
    const x = m[0] * p[0] + m[4] * p[1] + m[8] * p[2] + m[12];
    const y = m[1] * p[0] + m[5] * p[1] + m[9] * p[2] + m[13];
    return [(0.5 + (0.5 * x) / w) * width, (0.5 - (0.5 * y) / w) * height];
  }
}
