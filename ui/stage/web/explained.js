/**
 * The step explained: below the stage the optimizer's rule, each line with the numbers of the step from the cursor on, and
 * at the ball the arrows. All numbers of a run are fetched once, when somebody asks; then stepping needs no network.
 */

import { Arrows, markSample } from "./arrows.js";
import { fetchPacked, named } from "./beside.js";
import { element } from "./dom.js";
import { print } from "./numbers.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

export class Explained {
  /** @param {() => void} redraw asks for a frame @param {() => void} changed is called when the user switches it on or off */
  constructor(redraw, changed) {
    this.redraw = redraw;
    this.on = false;
    this.row = -1;
    this.arrows = new Arrows();
    this.toggle = element("button", { type: "button", class: "text", "aria-pressed": "false", title: "Draw this step at the ball and work out the rule" }, "Explain the step");
    this.toggle.addEventListener("click", () => {
      this.set(!this.on);
      changed();
    });
    this.title = element("h2", {});
    this.lines = element("div", { class: "rule" });
    this.list = element("ul", { class: "marks" });
    this.scale = element("p", { class: "scale" });
    this.note = element("p", { class: "scale" });
    this.root = element("section", { class: "explained", "aria-label": "The step explained", hidden: "" }, this.title,
      element("div", { class: "halves" }, element("div", {}, this.lines, this.note), element("div", {}, this.list, this.scale)));
  }

  /** @param {boolean} on */
  set(on) {
    if (on === this.on) return;
    this.on = on;
    this.toggle.setAttribute("aria-pressed", String(on));
    this.root.hidden = !on;
    if (!on) this.arrows.clear();
    this.#fetch();
  }

  /** The run that is explained is the first. @param {import("./payload.js").Runs} payload @param {boolean} live whether it is one of a fan, of which only the path is here */
  setRuns(payload, live) {
    const [run] = payload.runs;
    this.run = run;
    this.address = named([run]);
    this.live = live;
    this.toggle.hidden = !this.address && !live;
    this.root.classList.toggle("stale", live);
    if (live) this.arrows.clear();
    else this.#fetch();
  }

  async #fetch() {
    const { address } = this;
    if (!this.on || !address || this.live) return;
    if (address === this.taken) { // the same run again: what is there stays
      this.redraw();
      return;
    }
    if (!this.header) this.title.textContent = "The steps are being worked out …";
    try {
      const { header, arrays } = await fetchPacked(`explain?${address}`);
      if (address !== this.address || !this.on) return; // a newer one is on its way
      this.#take(header, arrays);
    } catch (error) {
      this.title.textContent = `The step could not be explained. ${error instanceof Error ? error.message : ""}`;
    }
    this.redraw();
  }

  /** @param {any} header @param {Record<string, Float32Array>} arrays */
  #take(header, arrays) {
    this.header = header;
    this.taken = this.address;
    this.row = -1;
    this.note.textContent = header.note;
    /** @type {Map<string, {size: number, values: Float32Array}>} */
    this.slots = new Map(header.slots.map((/** @type {[string, number]} */ [name, size], /** @type {number} */ place) => [name, { size, values: arrays[place] }]));
    this.marks = header.marks.map((/** @type {any} */ mark) => ({ ...mark, values: arrays[header.slots.findIndex((/** @type {[string, number]} */ [name]) => name === mark.slot)] }));
    const math = (/** @type {string} */ text, /** @type {string} */ name) => {
      const made = element("div", { class: name });
      made.innerHTML = `<math display="block">${text}</math>`; // Python's own MathML, of rules that stand in the code
      return made;
    };
    this.lines.replaceChildren(...header.lines.map((/** @type {[string, string][]} */ line) =>
      element("div", { class: "line" }, ...line.flatMap(([rule, numbers]) => (numbers ? [math(rule, "symbols"), math(numbers, "numbers")] : [math(rule, "symbols")])))));
    /** @type {[Element, {size: number, values: Float32Array}][]} */
    this.places = [...this.lines.querySelectorAll("[data-slot]")].map((place) => [place, this.slots.get(place.dataset.slot)]);
  }

  /**
   * @param {number} step @param {import("./plane_view.js").PlaneView} plane where the first run is drawn
   * @param {import("./theme.js").Theme} theme @param {boolean} readable whether numbers may change now
   */
  draw(step, plane, theme, readable) {
    if (!this.on || this.live || !this.header || this.taken !== this.address) return;
    const row = Math.min(Math.floor(step + 1e-9), this.header.length);
    const { run } = this;
    const told = this.arrows.draw(plane, { point: [run.x[row], run.y[row]], row, marks: this.marks, colour: theme.css(run) });
    this.told = told ?? this.told;
    if (!readable && this.row >= 0) return;
    if (row !== this.row) this.#fill(row);
    if (this.told) this.#list(this.told, theme.css(run));
    this.told = null;
  }

  /** @param {number} row */
  #fill(row) {
    this.row = row;
    const { header } = this;
    this.root.dataset.row = String(row);
    const beyond = row < header.length ? "" : header.diverged ? ", the one that broke the run" : row < header.steps ? ", which changes nothing" : ", the one that would follow";
    this.title.textContent = `${header.title}, step t = ${row + 1}${beyond}`;
    for (const [place, { size, values }] of this.places) {
      place.replaceChildren(...printed(Array.from(values.subarray(row * size, (row + 1) * size)), "wrapped" in place.dataset));
    }
  }

  /** @param {{label: string, length: string, look: string, words: string}[]} told @param {string} colour */
  #list(told, colour) {
    this.list.replaceChildren(...told.map(({ label, length, look, words }) =>
      element("li", { title: words }, markSample(look, colour), element("b", {}, label), element("span", {}, `${words.split(", ")[0]}: ${length}`))));
    this.scale.textContent = this.arrows.scale ?? "";
  }
}

/** A number, a vector or a matrix in MathML. @param {number[]} values @param {boolean} wrapped whether brackets set off what is not a plain number */
function printed(values, wrapped) {
  const make = (/** @type {string} */ tag, /** @type {(Node | string)[]} */ ...children) => {
    const made = document.createElementNS(MATHML, tag);
    made.append(...children);
    return made;
  };
  const texts = values.map((value) => (Number.isNaN(value) ? "undefined" : Number.isFinite(value) ? print(value, 4) : value > 0 ? "∞" : "−∞"));
  const numbers = texts.map((text) => make("mn", text));
  if (values.length === 1) return wrapped && /[−×]/.test(texts[0]) ? [make("mo", "("), numbers[0], make("mo", ")")] : numbers;
  if (values.length === 2) return [make("mo", "("), numbers[0], make("mo", ","), numbers[1], make("mo", ")")];
  const row = (/** @type {Element[]} */ ...cells) => make("mtr", ...cells.map((cell) => make("mtd", cell)));
  return [make("mo", "("), make("mtable", row(numbers[0], numbers[1]), row(numbers[2], numbers[3])), make("mo", ")")];
}
