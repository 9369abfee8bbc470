/** Shapes on the flat views: the runs' markers, the signs of stationary points, and the arrow where a run leaves. */

import { svg } from "./dom.js";

const CORNERS = { triangle: 3, square: 4, diamond: 4, pentagon: 5 };

/** The outline of a run's marker around (x, y), as an SVG path. @param {string} marker @param {number} x @param {number} y @param {number} r */
export function outline(marker, x, y, r) {
  /** @type {number[][]} */
  let points = [];
  const corners = CORNERS[/** @type {keyof typeof CORNERS} */ (marker)];
  if (corners) {
    const turn = marker === "square" ? Math.PI / 4 : 0;
    points = Array.from({ length: corners }, (_, i) => turn + (2 * Math.PI * i) / corners).map((angle) => [
      1.15 * r * Math.sin(angle),
      -1.15 * r * Math.cos(angle),
    ]);
  } else if (marker === "cross") {
    const a = r * 0.4;
    points = [[-a, -r], [a, -r], [a, -a], [r, -a], [r, a], [a, a], [a, r], [-a, r], [-a, a], [-r, a], [-r, -a], [-a, -a]];
  } else return `M${x - r} ${y}a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0z`;
  return `M${points.map(([dx, dy]) => `${x + dx} ${y + dy}`).join("L")}z`;
}

/** A run's ball for the flat views, its centre in the middle of a box of that size. @param {import("./payload.js").Run} run @param {string} colour @param {number} size */
export function ballSign(run, colour, size) {
  const c = size / 2;
  const r = size * (run.ghost ? 0.2 : 0.3);
  const [fill, edge] = run.ghost ? ["#fff", colour] : [colour, "#fff"];
  return svg(
    "svg",
    { class: "ball", width: String(size), height: String(size), "aria-hidden": "true" },
    svg("circle", { cx: String(c + 1), cy: String(c + 1.5), r: String(r + 2), fill: "#000", opacity: "0.25" }),
    svg("path", { d: outline(run.marker, c, c, r), fill, stroke: edge, "stroke-width": "2", "stroke-linejoin": "round" }),
  );
}

/** A piece of a run's line with its marker. @param {import("./payload.js").Run} run @param {string} colour */
export function lineSample(run, colour) {
  return svg(
    "svg",
    { class: "sample", width: "34", height: "16", "aria-hidden": "true" },
    svg("path", { d: "M1 8H33", stroke: colour, "stroke-width": run.ghost ? "1.5" : "2.2", "stroke-dasharray": run.dash.map((part) => part * 2).join(" ") }),
    svg("path", { d: outline(run.marker, 17, 8, 5), fill: colour }),
  );
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r @param {number} corners @param {number} turn */
function polygon(pen, x, y, r, corners, turn) {
  for (let i = 0; i < corners; i++) {
    const angle = turn + (2 * Math.PI * i) / corners;
    pen.lineTo(x + r * Math.sin(angle), y - r * Math.cos(angle));
  }
  pen.closePath();
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r */
function starPath(pen, x, y, r) {
  pen.beginPath();
  for (let i = 0; i < 10; i++) {
    const angle = (Math.PI * i) / 5;
    const reach = i % 2 ? r * 0.46 : r;
    pen.lineTo(x + reach * Math.sin(angle), y - reach * Math.cos(angle));
  }
  pen.closePath();
}

/**
 * The sign of a stationary point: a star at a lowest minimum, a diamond at another, a cross at a saddle.
 * @param {CanvasRenderingContext2D} pen @param {"minimum" | "local" | "saddle"} kind @param {number} x @param {number} y
 */
export function stationarySign(pen, kind, x, y) {
  pen.lineJoin = "round";
  if (kind === "saddle") {
    for (const [colour, width] of /** @type {[string, number][]} */ ([["#10131f", 4.6], ["#fff", 2]])) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      for (const side of [-1, 1]) {
        pen.moveTo(x - 4.5, y - 4.5 * side);
        pen.lineTo(x + 4.5, y + 4.5 * side);
      }
      pen.stroke();
    }
    return;
  }
  if (kind === "minimum") starPath(pen, x, y, 9);
  else {
    pen.beginPath();
    polygon(pen, x, y, 6, 4, 0);
  }
  pen.lineWidth = 2.6;
  pen.strokeStyle = "#10131f";
  pen.stroke();
  pen.fillStyle = "#fff";
  pen.fill();
}

/**
 * A mark across the path where the learning rate changes, with the new rate beside it.
 * @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y
 * @param {{left: number, width: number, size: number}} plot
 * @param {string} text @param {string} colour @param {import("./theme.js").Theme} theme
 */
export function changeMark(pen, x, y, plot, text, colour, theme) {
  pen.beginPath();
  polygon(pen, x, y, 6.5, 4, 0);
  pen.fillStyle = theme.haloText;
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = colour;
  pen.stroke();
  pen.font = `600 ${plot.size}px ${theme.font}`;
  const after = x + 15 + pen.measureText(text).width < plot.left + plot.width; // whether there is room for the text
  pen.textAlign = after ? "left" : "right";
  pen.textBaseline = "middle";
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  pen.strokeStyle = theme.haloText;
  pen.strokeText(text, x + (after ? 13 : -13), y);
  pen.fillStyle = theme.text;
  pen.fillText(text, x + (after ? 13 : -13), y);
}

/**
 * An arrow at the edge of the map, pointing out, with its words inside the map.
 * @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y
 * @param {{left: number, top: number, width: number, height: number, size: number}} plot
 * @param {string} colour @param {import("./theme.js").Theme} theme @param {string} text
 */
export function exitArrow(pen, x, y, plot, colour, theme, text) {
  const gaps = [x - plot.left, plot.left + plot.width - x, y - plot.top, plot.top + plot.height - y];
  const side = gaps.indexOf(Math.min(...gaps));
  const [ox, oy] = [[-1, 0], [1, 0], [0, -1], [0, 1]][side];
  pen.beginPath();
  pen.moveTo(x + ox * 7, y + oy * 7);
  pen.lineTo(x - ox * 6 - oy * 8, y - oy * 6 + ox * 8);
  pen.lineTo(x - ox * 6 + oy * 8, y - oy * 6 - ox * 8);
  pen.closePath();
  pen.fillStyle = colour;
  pen.fill();
  pen.lineWidth = 1.5;
  pen.strokeStyle = theme.haloText;
  pen.stroke();
  pen.font = `600 ${plot.size}px ${theme.font}`;
  const wide = pen.measureText(text).width;
  const tx = Math.min(Math.max(x - ox * 14 - (ox > 0 ? wide : ox < 0 ? 0 : wide / 2), plot.left + 6), plot.left + plot.width - wide - 6);
  const ty = Math.min(Math.max(y - oy * 18, plot.top + plot.size), plot.top + plot.height - plot.size);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.lineWidth = 4;
  pen.strokeStyle = theme.haloText;
  pen.lineJoin = "round";
  pen.strokeText(text, tx, ty);
  pen.fillStyle = theme.text;
  pen.fillText(text, tx, ty);
}
