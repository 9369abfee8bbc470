/** Verdicts for the eye: a pattern and a sign beside each colour. */

import { element, stillPen } from "./dom.js";

/** @typedef {import("./fan.js").Verdict} Verdict @typedef {import("./theme.js").Theme} Theme */

/**
 * Fills a rectangle with a verdict's pattern.
 * @param {CanvasRenderingContext2D} pen @param {string} pattern
 * @param {number} x @param {number} y @param {number} width @param {number} height @param {string} colour @param {number} [gap]
 */
export function hatch(pen, pattern, x, y, width, height, colour, gap = 7) {
  if (pattern === "plain") return;
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1.2;
  pen.beginPath();
  const slant = (/** @type {number} */ way) => {
    for (let at = Math.floor((x - height) / gap) * gap; at < x + width + height; at += gap) {
      pen.moveTo(at, y + height);
      pen.lineTo(at + way * height, y);
    }
  };
  if (pattern === "rising" || pattern === "crossed") slant(1);
  if (pattern === "falling" || pattern === "crossed") slant(-1);
  if (pattern === "upright") {
    for (let at = Math.ceil(x / gap) * gap; at < x + width; at += gap) {
      pen.moveTo(at, y);
      pen.lineTo(at, y + height);
    }
  }
  for (let row = y + gap / 2; row < y + height; row += gap) {
    if (pattern === "lines") {
      pen.moveTo(x, row);
      pen.lineTo(x + width, row);
    } else if (pattern === "waves") {
      for (let at = Math.floor(x / gap) * gap; at < x + width; at += gap) {
        pen.moveTo(at, row);
        pen.quadraticCurveTo(at + gap / 4, row - gap / 2.4, at + gap / 2, row);
        pen.quadraticCurveTo(at + (3 * gap) / 4, row + gap / 2.4, at + gap, row);
      }
    } else if (pattern === "dots") {
      for (let at = Math.floor(x / gap) * gap + gap / 2; at < x + width; at += gap) {
        pen.moveTo(at + 1, row);
        pen.arc(at, row, 1, 0, 7);
      }
    }
  }
  pen.stroke();
  pen.restore();
}

/** A patch of a verdict's looks, for a legend. @param {Verdict} verdict @param {Theme} theme */
export function patch(verdict, theme) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [20, 13];
  const canvas = element("canvas", { width: String(width * ratio), height: String(height * ratio), class: "patch", "aria-hidden": "true" });
  const pen = stillPen(canvas);
  pen.scale(ratio, ratio);
  pen.fillStyle = tint(verdict, theme);
  pen.fillRect(0, 0, width, height);
  hatch(pen, verdict.pattern, 0, 0, width, height, theme.dark ? "rgba(255,255,255,0.5)" : "rgba(255,255,255,0.75)", 5);
  return canvas;
}

/** @param {Verdict} verdict @param {Theme} theme @returns {string} its colour */
export function tint(verdict, theme) {
  return verdict.colours[theme.dark ? "dark" : "light"];
}
