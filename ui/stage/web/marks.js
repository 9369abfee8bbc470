/** Shapes on the flat views: the runs' markers, the signs of stationary points, and the arrow where a run leaves. */

/**
 * Makes the outline of a run's marker the current path.
 * @param {CanvasRenderingContext2D} pen @param {string} marker @param {number} x @param {number} y @param {number} r
 */
export function markerPath(pen, marker, x, y, r) {
  pen.beginPath();
  const corners = { triangle: 3, square: 4, diamond: 4, pentagon: 5 }[marker];
  if (corners) {
    const turn = marker === "square" ? Math.PI / 4 : 0;
    polygon(pen, x, y, r * 1.15, corners, turn);
  } else if (marker === "cross") {
    const a = r * 0.4;
    for (const [dx, dy] of [[-a, -r], [a, -r], [a, -a], [r, -a], [r, a], [a, a], [a, r], [-a, r], [-a, a], [-r, a], [-r, -a], [-a, -a]]) {
      pen.lineTo(x + dx, y + dy);
    }
    pen.closePath();
  } else pen.arc(x, y, r, 0, 2 * Math.PI);
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
