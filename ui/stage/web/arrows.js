/**
 * One step drawn at the ball on the plane: the negative gradient, the step that is made, and what the optimizer remembers.
 *
 * Each has a look of its own, its shaft as well as its colour, and its name at its tip. Gradients and what is measured like
 * them share one scale, by which the longest has a fixed length; the step is drawn as long as it is unless that is too
 * short or too long to be seen. Both scales are said.
 */

import { svg } from "./dom.js";
import { print } from "./numbers.js";

/** @typedef {{kind: string, label: string, words: string, values: Float32Array}} Mark */

const LONGEST = 84; // CSS pixels, of what is measured like a gradient
const STEP = [30, 120]; // CSS pixels between which a step is drawn as long as it is
const GAP = 13; // from the ball's middle to where a shaft begins
const HEAD = 9;

const LOOKS = {
  update: { dash: "", wide: 4, head: "full" },
  gradient: { dash: "", wide: 2, head: "full" },
  direction: { dash: "7 4", wide: 2, head: "open" },
  sizes: { dash: "2 4", wide: 2, head: "" },
  squares: { dash: "2 4", wide: 2, head: "" },
  point: { dash: "1 5", wide: 2, head: "diamond" },
};

export class Arrows {
  constructor() {
    this.root = svg("svg", { class: "arrows", "aria-hidden": "true" });
    this.key = "";
  }

  clear() {
    this.key = "";
    this.root.replaceChildren();
    this.root.remove();
  }

  /**
   * @param {import("./plane_view.js").PlaneView} plane
   * @param {{point: [number, number], row: number, marks: Mark[], colour: string}} at
   * @returns {{label: string, length: string, look: string, words: string}[] | null} what was drawn; null when nothing has changed
   */
  draw(plane, { point, row, marks, colour }) {
    if (!plane.plot) return null;
    const { width, height } = plane;
    const key = [row, plane.frame.dataset.window, plane.frame.dataset.plot, width, height, colour, ...point].join(" ");
    if (key === this.key && this.root.parentNode === plane.frame) return null;
    this.key = key;
    if (this.root.parentNode !== plane.frame) plane.frame.append(this.root);
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const [x, y] = plane.place(...point);
    const { plot } = plane;
    const inside = x >= plot.left && x <= plot.left + plot.width && y >= plot.top && y <= plot.top + plot.height;
    const unit = plot.width / (plane.window[1] - plane.window[0]); // pixels for one unit of the map
    const read = (/** @type {Mark} */ mark) => [mark.values[2 * row], mark.values[2 * row + 1]].map((value) => (mark.kind === "squares" ? Math.sqrt(value) : value));
    const length = (/** @type {number[]} */ [a, b]) => Math.hypot(a, b);
    const finite = marks.filter((mark) => read(mark).every(Number.isFinite));
    const like = finite.filter(({ kind }) => ["gradient", "direction"].includes(kind)).map((mark) => length(read(mark)));
    const sizes = finite.filter(({ kind }) => ["sizes", "squares"].includes(kind)).map((mark) => Math.max(...read(mark)));
    const scale = LONGEST / Math.max(...like, ...sizes, 1e-300);
    /** @type {Element[]} */
    const drawn = [];
    /** @type {[number, number][]} */
    const taken = [[x, y]];
    /** Where a name goes: beside the tip, off the others, inside the view. */
    const free = (/** @type {number} */ px, /** @type {number} */ py, /** @type {number} */ ux, /** @type {number} */ uy) => {
      while (taken.some(([a, b]) => Math.abs(a - px) < 24 && Math.abs(b - py) < 15)) [px, py] = [px + ux * 4, py + uy * 4];
      taken.push([px, py]);
      return [Math.min(Math.max(px, 16), width - 16), Math.min(Math.max(py, 8), height - 8)];
    };
    const told = marks.map((mark) => {
      const value = read(mark);
      const entry = { label: mark.label, words: mark.words, look: mark.kind, length: value.every(Number.isFinite) ? print(length(value), 3) : "not finite" };
      if (!finite.includes(mark)) return entry;
      const ink = mark.kind === "update" ? colour : "";
      if (mark.kind === "sizes" || mark.kind === "squares") {
        entry.length = `(${value.map((part) => print(part, 3)).join(", ")})`;
        if (inside) drawn.push(...ellipse(mark, x, y, value[0] * scale, value[1] * scale, free));
        return entry;
      }
      let [dx, dy] = value;
      let factor = scale;
      if (mark.kind === "point") {
        [dx, dy] = [dx - point[0], dy - point[1]];
        entry.length = `(${value.map((part) => print(part, 3)).join(", ")})`;
        factor = unit;
      } else if (mark.kind === "update") {
        const true_ = length(value) * unit;
        factor = unit * (true_ < STEP[0] ? STEP[0] / Math.max(true_, 1e-300) : Math.min(1, STEP[1] / true_));
        const times = factor / unit;
        if (Math.abs(times - 1) > 1e-6 && true_ > 0) entry.length += `, drawn ${print(times, 2)} times as long`;
      } else {
        [dx, dy] = [-dx, -dy]; // downhill, the way the step goes
      }
      if (inside && Math.hypot(dx, dy) * factor > 0.5) drawn.push(...arrow(mark, x, y, dx * factor, -dy * factor, ink, free));
      return entry;
    });
    // The step lies over what points the same way, and all names over the shafts.
    this.root.replaceChildren(...drawn.filter((part) => part.localName === "g").reverse().sort(haloFirst), ...drawn.filter((part) => part.localName === "text"));
    const shared = like.length + sizes.length > 1 ? `one scale for ${marks.filter(({ kind }) => !["update", "point"].includes(kind)).map((mark) => mark.label).join(", ")}: ` : "−g: ";
    this.scale = scale < 1e200 ? `${shared}100 pixels are ${print(100 / scale, 3)}` : "";
    return told;
  }
}

/** @param {Element} a @param {Element} b */
function haloFirst(a, b) {
  return Number(b.classList.contains("halo")) - Number(a.classList.contains("halo"));
}

/** @typedef {(x: number, y: number, ux: number, uy: number) => number[]} Free */

/** @param {Mark} mark @param {number} x @param {number} y @param {number} dx @param {number} dy @param {string} ink @param {Free} free */
function arrow(mark, x, y, dx, dy, ink, free) {
  const { dash, wide, head } = LOOKS[/** @type {keyof LOOKS} */ (mark.kind)];
  const long = Math.hypot(dx, dy);
  const [ux, uy] = [dx / long, dy / long];
  const from = long > GAP + HEAD ? GAP : 0;
  const tip = [x + dx, y + dy];
  const neck = head === "full" ? long - HEAD * 0.8 : long;
  const line = `M${x + ux * from} ${y + uy * from}L${x + ux * Math.max(neck, from)} ${y + uy * Math.max(neck, from)}`;
  const side = HEAD * (wide > 3 ? 0.75 : 0.55);
  const back = [tip[0] - ux * HEAD, tip[1] - uy * HEAD];
  const barbs = [[back[0] - uy * side, back[1] + ux * side], [back[0] + uy * side, back[1] - ux * side]];
  const point = head === "diamond"
    ? `M${tip[0]} ${tip[1] - 6}L${tip[0] + 6} ${tip[1]}L${tip[0]} ${tip[1] + 6}L${tip[0] - 6} ${tip[1]}Z`
    : `M${barbs[0].join(" ")}L${tip.join(" ")}L${barbs[1].join(" ")}${head === "full" ? "Z" : ""}`;
  const style = ink ? `--own: ${ink}` : "";
  const group = (/** @type {string} */ name) =>
    svg("g", { class: `${name} ${mark.kind}`, style },
      svg("path", { d: line, "stroke-dasharray": dash, "stroke-width": String(wide + (name === "halo" ? 3 : 0)) }),
      svg("path", { d: point, class: head === "open" ? "head open" : "head", "stroke-width": String(name === "halo" ? 5 : 2) }));
  // The step often goes the way of another arrow: its name stands aside.
  const [tx, ty] = mark.kind === "update" ? free(tip[0] + uy * 15, tip[1] - ux * 15, uy, -ux) : free(tip[0] + ux * 13, tip[1] + uy * 13, ux, uy);
  return [group("halo"), group("shaft"), label(mark.label, tx, ty, style)];
}

/** @param {Mark} mark @param {number} x @param {number} y @param {number} rx @param {number} ry @param {Free} free */
function ellipse(mark, x, y, rx, ry, free) {
  const { dash, wide } = LOOKS[/** @type {keyof LOOKS} */ (mark.kind)];
  const made = (/** @type {string} */ name) =>
    svg("g", { class: `${name} ${mark.kind}` },
      svg("ellipse", { cx: String(x), cy: String(y), rx: String(Math.max(rx, 0.5)), ry: String(Math.max(ry, 0.5)), "stroke-dasharray": dash, "stroke-width": String(wide + (name === "halo" ? 3 : 0)) }));
  const [tx, ty] = free(x + Math.max(rx, 8) * 0.75 + 10, y + Math.max(ry, 8) * 0.75 + 10, 0.7, 0.7);
  return [made("halo"), made("shaft"), label(mark.label, tx, ty, "")];
}

/** @param {string} text @param {number} x @param {number} y @param {string} style */
function label(text, x, y, style) {
  const made = svg("text", { x: String(x), y: String(y), style });
  made.textContent = text;
  return made;
}

/** The look of a mark as a small picture, for the list beside the rule. @param {string} kind @param {string} colour */
export function markSample(kind, colour) {
  const mark = { kind, label: "", words: "", values: new Float32Array(0) };
  const free = () => [0, 0];
  const parts = kind === "sizes" || kind === "squares" ? ellipse(mark, 22, 9, 17, 6, free) : arrow(mark, -GAP + 4, 9, 40 + GAP - 4, 0, kind === "update" ? colour : "", free);
  return svg("svg", { class: "arrows sample", viewBox: "0 0 46 18", "aria-hidden": "true" }, ...parts.slice(0, 2));
}
