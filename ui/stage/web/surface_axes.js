/** The names and numbers around the surface, on a flat canvas beneath the 3-D picture. */

import { stillPen } from "./dom.js";
import { roundValues } from "./numbers.js";
import { BASE } from "./terrain.js";

const FINE = 24; // points along each side at which the surface's outline is looked at

/** Where on the picture the surface ends upwards between two places across. @param {import("./surface_view.js").SurfaceView} view @param {number} from @param {number} to */
function horizon({ camera, terrain, width, height }, from, to) {
  let highest = Infinity;
  for (let i = 0; i <= FINE; i++) {
    for (let j = 0; j <= FINE; j++) {
      const [u, v] = [i / FINE, j / FINE];
      const place = [(u - 0.5) * terrain.scale[0], (v - 0.5) * terrain.scale[1], terrain.height(u, v) * terrain.scale[2]];
      const [x, y] = camera.project(place, width, height);
      if (x >= from && x <= to) highest = Math.min(highest, y);
    }
  }
  return highest;
}

/** @param {HTMLCanvasElement} canvas @param {import("./surface_view.js").SurfaceView} view */
export function drawAxes(canvas, view) {
  const { camera, terrain, surface, theme, ratio } = view;
  const { width, height } = canvas;
  const pen = stillPen(canvas);
  pen.clearRect(0, 0, width, height);
  const [sx, sy, sz] = terrain.scale.map((part) => part / 2);
  const base = BASE * terrain.scale[2];
  const at = (/** @type {number[]} */ point) => camera.project(point, width, height);
  const size = Math.max(10, theme.size * 0.82) * ratio;
  pen.font = `${size}px ${theme.font}`;
  pen.lineWidth = ratio;
  pen.textBaseline = "middle";
  // The edges in front: those whose outward side faces the viewer.
  const front = Math.sign(Math.sin(camera.azimuth)) || 1;
  const side = Math.sign(Math.cos(camera.azimuth)) || 1;

  const write = (/** @type {string} */ text, /** @type {number[]} */ p, /** @type {number[]} */ away, /** @type {number} */ far, /** @type {number} */ alpha) => {
    const x = p[0] + away[0] * far;
    const y = p[1] + away[1] * far;
    pen.textAlign = away[0] < -0.35 ? "right" : away[0] > 0.35 ? "left" : "center";
    pen.fillStyle = theme.ink(alpha);
    pen.fillText(text, x, y);
  };
  const outward = (/** @type {number[]} */ p, /** @type {number[]} */ q) => {
    const length = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1;
    return [(q[0] - p[0]) / length, (q[1] - p[1]) / length];
  };
  const edge = (/** @type {number} */ axis, /** @type {string} */ name) => {
    const [low, high] = surface.domain[axis];
    const place = (/** @type {number} */ share, /** @type {number} */ out) =>
      axis === 0
        ? [(share * 2 - 1) * sx, front * (sy + out), base]
        : [side * (sx + out), (share * 2 - 1) * sy, base];
    const from = at(place(0, 0));
    const to = at(place(1, 0));
    const long = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (long < 60 * ratio) return;
    const { values, label } = roundValues(low, high, Math.max(2, Math.min(6, long / (52 * ratio))));
    for (const value of values) {
      const share = (value - low) / (high - low);
      const p = at(place(share, 0));
      const q = at(place(share, 0.05));
      pen.strokeStyle = theme.ink(0.45);
      pen.beginPath();
      pen.moveTo(p[0], p[1]);
      pen.lineTo(q[0], q[1]);
      pen.stroke();
      write(label(value), q, outward(p, q), size * 0.75, 0.72);
    }
    const middle = at(place(0.5, 0));
    const beyond = at(place(0.5, 0.05));
    pen.font = `italic 600 ${size * 1.15}px ${theme.font}`;
    write(name, beyond, outward(middle, beyond), size * 2.4, 0.95);
    pen.font = `${size}px ${theme.font}`;
  };
  edge(0, surface.axes[0]);
  edge(1, surface.axes[1]);

  // Height stands at the corner that is furthest to the left.
  const corners = [[-sx, -sy], [sx, -sy], [sx, sy], [-sx, sy]];
  const corner = corners.reduce((best, here) => (at([...here, 0])[0] < at([...best, 0])[0] ? here : best));
  const away = [-1, 0];
  const top = at([...corner, 2 * sz]);
  const foot = at([...corner, 0]);
  if (Math.hypot(top[0] - foot[0], top[1] - foot[1]) > 24 * ratio) {
    pen.strokeStyle = theme.ink(0.45);
    pen.beginPath();
    pen.moveTo(foot[0], foot[1]);
    pen.lineTo(top[0], top[1]);
    pen.stroke();
    let last = Infinity;
    for (const [share, text] of surface.height.ticks) {
      const p = at([...corner, share * 2 * sz]);
      if (last - p[1] < size * 1.15) continue;
      last = p[1];
      pen.beginPath();
      pen.moveTo(p[0], p[1]);
      pen.lineTo(p[0] - 5 * ratio, p[1]);
      pen.stroke();
      write(text, p, away, 9 * ratio, 0.72);
    }
    pen.textAlign = "left";
    pen.fillStyle = theme.ink(0.95);
    pen.font = `600 ${size}px ${theme.font}`;
    const wide = pen.measureText(surface.height.title).width;
    const x = Math.min(Math.max(4 * ratio, top[0] - wide / 2), Math.max(4 * ratio, width - wide - 4 * ratio));
    pen.fillText(surface.height.title, x, Math.max(size, Math.min(top[1], horizon(view, x - size, x + wide + size)) - size * 1.3));
  }
}
