/** What is added to an optimizer's rule, on the loss curve: the schedule above it, the epochs and the clipped steps in it. */

/** @typedef {import("./payload.js").Run} Run @typedef {import("./theme.js").Theme} Theme */
/** @typedef {{left: number, top: number, width: number, height: number}} Plot */

const APART = 7; // pixels between epochs, at least, for their lines to be drawn
const TICK = 6; // pixels

/**
 * The learning rate of each step as a share of the largest, in the strip above the plot.
 * @param {CanvasRenderingContext2D} pen @param {Plot} plot @param {Theme} theme @param {Run} run @param {number} steps on the axis @param {number} high in pixels
 */
export function drawSchedule(pen, plot, theme, run, steps, high) {
  if (!run.rate) return;
  const floor = plot.top - 5;
  const place = (/** @type {number} */ i) => plot.left + (i / steps) * plot.width;
  pen.beginPath();
  run.rate.forEach((share, i) => {
    const y = floor - (share / 65535) * high;
    pen.lineTo(place(i), y);
    pen.lineTo(place(i + 1), y);
  });
  pen.strokeStyle = pen.fillStyle = theme.css(run);
  pen.lineWidth = 1.3;
  pen.setLineDash(run.dash);
  pen.stroke();
  pen.setLineDash([]);
  pen.lineTo(place(run.rate.length), floor);
  pen.lineTo(place(0), floor);
  pen.globalAlpha = 0.12;
  pen.fill();
  pen.globalAlpha = 1;
  pen.font = `italic 600 ${high}px ${theme.font}`;
  pen.fillStyle = theme.text;
  pen.textAlign = "right";
  pen.fillText("η", plot.left - 6, floor - high / 4);
}

/** Where each epoch begins. @param {CanvasRenderingContext2D} pen @param {Plot} plot @param {Theme} theme @param {Run} run @param {number} steps */
export function drawEpochs(pen, plot, theme, run, steps) {
  const { epoch } = run;
  if (!epoch || (epoch / steps) * plot.width < APART) return;
  pen.strokeStyle = theme.ink(0.16);
  pen.lineWidth = 1;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  for (let step = epoch; step < steps; step += epoch) {
    const x = Math.round(plot.left + (step / steps) * plot.width) + 0.5;
    pen.moveTo(x, plot.top);
    pen.lineTo(x, plot.top + plot.height);
  }
  pen.stroke();
  pen.setLineDash([]);
}

/** A cross above the axis for each step that was left out. @param {CanvasRenderingContext2D} pen @param {Plot} plot @param {Theme} theme @param {Run} run @param {number} steps */
export function drawSkipped(pen, plot, theme, run, steps) {
  if (!run.skipped) return;
  const [y, half] = [plot.top + plot.height - 2 * TICK, TICK / 2];
  pen.strokeStyle = theme.text;
  pen.lineWidth = 1.4;
  pen.beginPath();
  run.skipped.forEach((skipped, i) => {
    if (!skipped) return;
    const x = plot.left + ((i + 0.5) / steps) * plot.width;
    pen.moveTo(x - half, y - half);
    pen.lineTo(x + half, y + half);
    pen.moveTo(x + half, y - half);
    pen.lineTo(x - half, y + half);
  });
  pen.stroke();
}

/** A tick on the axis for each step that was clipped. @param {CanvasRenderingContext2D} pen @param {Plot} plot @param {Theme} theme @param {Run} run @param {number} steps */
export function drawClipped(pen, plot, theme, run, steps) {
  if (!run.clipped) return;
  const floor = plot.top + plot.height;
  pen.strokeStyle = theme.css(run);
  pen.lineWidth = Math.min(1.5, Math.max(0.5, plot.width / steps));
  pen.beginPath();
  run.clipped.forEach((clipped, i) => {
    if (!clipped) return;
    const x = plot.left + ((i + 0.5) / steps) * plot.width;
    pen.moveTo(x, floor);
    pen.lineTo(x, floor - TICK);
  });
  pen.stroke();
}
