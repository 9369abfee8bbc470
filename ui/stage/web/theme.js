/** The page's colours and type, read from Streamlit's CSS variables, and what is derived from them for drawing. */

/** @typedef {import("./payload.js").Run} Run */

const shared = /** @type {CanvasRenderingContext2D} */ (
  document.createElement("canvas").getContext("2d", { willReadFrequently: true })
);

/** A CSS colour as red, green, blue in [0, 1]. @param {string} colour @returns {number[]} */
function rgb(colour) {
  shared.fillStyle = "#000";
  shared.fillStyle = colour;
  shared.fillRect(0, 0, 1, 1);
  return [...shared.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part / 255);
}

/** @param {number[]} colour in sRGB @returns {number[]} in linear light */
function linear(colour) {
  return colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
}

export class Theme {
  /** @param {HTMLElement} root @param {{light: string[], dark: string[]}} ramp */
  constructor(root, ramp) {
    const style = getComputedStyle(root);
    const value = (/** @type {string} */ name, /** @type {string} */ otherwise) =>
      style.getPropertyValue(name).trim() || otherwise;
    this.background = value("--st-background-color", "#ffffff");
    this.text = value("--st-text-color", "#222222");
    this.textParts = rgb(this.text);
    this.font = style.fontFamily;
    this.size = parseFloat(style.fontSize);
    this.paper = linear(rgb(this.background));
    const [r, g, b] = this.paper;
    this.dark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.2;
    this.hex = ramp[this.dark ? "dark" : "light"];
    /** The ramp as bytes: red, green, blue, alpha. */
    this.ramp = new Uint8Array(this.hex.flatMap((colour) => [...rgb(colour).map((part) => Math.round(part * 255)), 255]));
    this.halo = this.dark ? [0.03, 0.04, 0.07] : [1, 1, 1];
    this.haloText = this.dark ? "#080a12" : "#ffffff";
    this.mark = [1, 1, 1];
    this.markEdge = [0.05, 0.07, 0.12];
    this.key = [this.background, this.text, this.font, this.size].join("|");
    this.colours = new Map();
  }

  /** @param {Run} run @returns {string} */
  css(run) {
    return run.colours[this.dark ? "dark" : "light"];
  }

  /** @param {Run} run @returns {number[]} in sRGB */
  series(run) {
    const css = this.css(run);
    if (!this.colours.has(css)) this.colours.set(css, rgb(css));
    return this.colours.get(css);
  }

  /** The ring around a run's small balls: white, or dark where the run itself is as light. @param {Run} run */
  ring(run) {
    return Math.min(...this.series(run)) > 0.8 ? this.markEdge : this.mark;
  }

  /** The ball's two colours in linear light. @param {Run} run */
  ball(run) {
    const css = this.css(run) + "ball";
    if (!this.colours.has(css)) this.colours.set(css, [linear(this.series(run)), [0.93, 0.92, 0.89]]);
    return this.colours.get(css);
  }

  /** The text colour with an opacity, for what should stand back. @param {number} alpha */
  ink(alpha) {
    const [r, g, b] = this.textParts;
    return `rgba(${r * 255}, ${g * 255}, ${b * 255}, ${alpha})`;
  }
}
