/** The still part of the plane: filled contours, contour lines, axes and the signs of stationary points. */

import { stillPen } from "./dom.js";
import { stationarySign } from "./marks.js";
import { roundValues } from "./numbers.js";

/** @typedef {import("./payload.js").Surface} Surface @typedef {import("./terrain.js").Terrain} Terrain @typedef {import("./theme.js").Theme} Theme */

const FINENESS = 4; // pixels of the image between two points of the grid, at least
const FINE = 800; // and along a side

/**
 * The map's colours as an image, y upwards already turned over. Between two contour lines the colour changes little, so
 * that the bands show, and a little, so that the slope does.
 * @param {Terrain} terrain @param {Surface} surface @param {Theme} theme
 */
export function heatImage(terrain, surface, theme) {
  const fineness = Math.max(FINENESS, Math.round(FINE / (terrain.columns - 1)));
  const width = (terrain.columns - 1) * fineness;
  const height = (terrain.rows - 1) * fineness;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = stillPen(canvas);
  const image = pen.createImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const { first, step } = surface.contours;
  const shades = 2048;
  const stops = theme.ramp.length / 4 - 1;
  const table = new Uint32Array(shades + 1);
  for (let i = 0; i <= shades; i++) {
    const value = i / shades;
    const band = first + (Math.floor((value - first) / step) + 0.5) * step;
    const at = Math.min(Math.max(value * 0.45 + band * 0.55, 0), 1) * stops;
    const low = Math.min(Math.floor(at), stops - 1);
    const parts = [0, 1, 2].map((k) => Math.round(theme.ramp[low * 4 + k] + (theme.ramp[low * 4 + 4 + k] - theme.ramp[low * 4 + k]) * (at - low)));
    table[i] = (255 << 24) | (parts[2] << 16) | (parts[1] << 8) | parts[0];
  }
  const { heights, columns } = terrain;
  for (let y = 0; y < height; y++) {
    const v = (height - 0.5 - y) / fineness;
    const row = Math.min(Math.floor(v), terrain.rows - 2);
    const up = v - row;
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / fineness;
      const column = u | 0;
      const right = u - column;
      const at = row * columns + column;
      const lower = heights[at] + (heights[at + 1] - heights[at]) * right;
      const upper = heights[at + columns] + (heights[at + columns + 1] - heights[at + columns]) * right;
      out[y * width + x] = table[((lower + (upper - lower) * up) * shades + 0.5) | 0];
    }
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** The contour lines as two paths in shares of the map, y upwards: the plain ones and the strong ones. @param {Surface} surface */
export function contourPaths(surface) {
  const { points, starts, strong } = surface.data;
  const paths = [new Path2D(), new Path2D()];
  for (let line = 0; line + 1 < starts.length; line++) {
    const path = paths[strong[line]];
    for (let i = starts[line]; i < starts[line + 1]; i++) {
      const x = points[2 * i] / 65535;
      const y = points[2 * i + 1] / 65535;
      if (i === starts[line]) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
  }
  return paths;
}

/** @param {HTMLCanvasElement} canvas @param {import("./plane_view.js").PlaneView} view */
export function drawMap(canvas, view) {
  const { plot, window, terrain, surface, theme, ratio, heat } = view;
  const pen = stillPen(canvas);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  const [left, bottom] = view.place(terrain.low[0], terrain.low[1]);
  const [right, top] = view.place(terrain.low[0] + terrain.span[0], terrain.low[1] + terrain.span[1]);
  pen.save();
  pen.beginPath();
  pen.rect(plot.left, plot.top, plot.width, plot.height);
  pen.clip();
  pen.imageSmoothingQuality = "high";
  pen.drawImage(heat, left, top, right - left, bottom - top);

  if (view.contoursOf !== surface) {
    view.contours = contourPaths(surface);
    view.contoursOf = surface;
  }
  const onto = new DOMMatrix([right - left, 0, 0, top - bottom, left, bottom]);
  pen.lineJoin = "round";
  view.contours.forEach((path, strong) => {
    const placed = new Path2D();
    placed.addPath(path, onto);
    pen.lineWidth = strong ? 1.3 : 0.8;
    pen.strokeStyle = theme.dark ? `rgba(255,255,255,${strong ? 0.42 : 0.2})` : `rgba(16,22,40,${strong ? 0.5 : 0.24})`;
    pen.stroke(placed);
  });
  pen.restore();

  pen.save();
  pen.beginPath();
  pen.rect(plot.left - 10, plot.top - 10, plot.width + 20, plot.height + 20);
  pen.clip();
  const inside = (/** @type {number[]} */ [x, y]) => x >= window[0] && x <= window[1] && y >= window[2] && y <= window[3];
  for (const [kind, points] of /** @type {["minimum" | "local" | "saddle", [number, number][]][]} */ ([
    ["saddle", surface.saddles],
    ["local", surface.local_minima],
    ["minimum", surface.minima],
  ])) {
    for (const point of points) if (inside(point)) stationarySign(pen, kind, ...view.place(...point));
  }
  pen.restore();
  if (!view.small) drawAxes(pen, view);
}

/** @param {CanvasRenderingContext2D} pen @param {import("./plane_view.js").PlaneView} view */
function drawAxes(pen, view) {
  const { plot, window, theme } = view;
  pen.font = `${plot.size}px ${theme.font}`;
  pen.strokeStyle = theme.ink(0.45);
  pen.fillStyle = theme.ink(0.72);
  pen.lineWidth = 1;
  pen.strokeRect(plot.left - 0.5, plot.top - 0.5, plot.width + 1, plot.height + 1);
  const across = roundValues(window[0], window[1], Math.min(7, plot.width / 58));
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const value of across.values) {
    const [x] = view.place(value, window[2]);
    pen.beginPath();
    pen.moveTo(x, plot.top + plot.height);
    pen.lineTo(x, plot.top + plot.height + 5);
    pen.stroke();
    pen.fillText(across.label(value), x, plot.top + plot.height + 8);
  }
  const along = roundValues(window[2], window[3], Math.min(7, plot.height / 48));
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of along.values) {
    const [, y] = view.place(window[0], value);
    pen.beginPath();
    pen.moveTo(plot.left, y);
    pen.lineTo(plot.left - 5, y);
    pen.stroke();
    pen.fillText(along.label(value), plot.left - 8, y);
  }
  pen.fillStyle = theme.ink(0.95);
  pen.font = `italic 600 ${plot.size * 1.15}px ${theme.font}`;
  pen.textBaseline = "alphabetic";
  pen.textAlign = "center";
  pen.fillText(view.surface.axes[0], plot.left + plot.width / 2, plot.top + plot.height + plot.size * 2.5);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillText(view.surface.axes[1], Math.max(plot.left - plot.size * 3, 2), plot.top + plot.height / 2 - plot.size * 1.2);
}
