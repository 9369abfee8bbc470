/** Above the views: each run with its line and marker, its loss at the cursor and how it stands; and the step. */

import { element } from "./dom.js";
import { lineSample } from "./marks.js";
import { print } from "./numbers.js";

/** @typedef {import("./payload.js").Run} Run */

const FAR = 1e30; // as in ui/stage/payload.py
const SIGNS = { running: "…", converged: "✓", diverged: "▲", left: "↗" };
const WORDS = { running: "still running", converged: "at a minimum", diverged: "diverged", left: "off the map" };

export class Legend {
  constructor() {
    this.entries = element("ul", { class: "runs" });
    this.count = element("p", { class: "count" });
    this.root = element("div", { class: "legend" }, this.entries, this.count);
    /** @type {{run: Run, loss: HTMLElement, place: HTMLElement, status: HTMLElement, shown: string}[]} */
    this.rows = [];
    /** The step that a row is after. @type {(row: number) => number} */
    this.number = (row) => row;
  }

  /** @param {Run[]} runs @param {import("./theme.js").Theme} theme @param {[[number, number], [number, number]]} domain of the map @param {HTMLElement[] | null} heads one for each run, where they do not stand together */
  setRuns(runs, theme, domain, heads) {
    this.domain = domain;
    this.steps = Math.max(...runs.map((run) => run.steps));
    this.epoch = runs.length === 1 || runs[1].ghost ? runs[0].epoch : null;
    this.rows = runs.map((run) => ({
      run,
      loss: element("span", { class: "loss" }),
      place: element("span", { class: "place" }),
      status: element("span", { class: "status" }),
      shown: "",
    }));
    const entries = this.rows.map(({ run, loss, place, status }) =>
      element(heads ? "div" : "li", { class: "run" }, lineSample(run, theme.css(run)), element("span", { class: "name" }, run.label), loss, ...(run.ghost ? [] : [place]), status),
    );
    this.root.classList.toggle("many", runs.filter((run) => !run.ghost).length > 1);
    this.entries.replaceChildren(...(heads ? [] : entries));
    heads?.forEach((head, place) => head.replaceChildren(entries[place]));
    this.whole = -1;
  }

  /** @param {number} step @returns {boolean} whether the whole step has changed */
  draw(step) {
    const whole = Math.floor(step + 1e-9);
    if (whole === this.whole) return false;
    this.whole = whole;
    const [low, high] = [0, 1].map((end) => this.domain.map((side) => side[end]));
    this.count.textContent = !this.steps ? "" : `step ${this.number(whole)} of ${this.number(this.steps)}${this.epoch ? `, epoch ${Math.floor(whole / this.epoch) + 1}` : ""}`;
    for (const row of this.rows) {
      const { run } = row;
      const i = Math.min(whole, run.length);
      const loss = run.loss ? run.loss[i] : i >= run.length ? run.last : undefined;
      row.loss.textContent = loss === undefined ? "" : `loss ${print(loss)}`;
      // Python sends a point further out than FAR as one at that distance in its direction: its numbers mean nothing.
      const far = Math.max(Math.abs(run.x[i]), Math.abs(run.y[i])) >= FAR;
      row.place.textContent = far ? "more than 10³⁰ away" : `at (${print(run.x[i])}, ${print(run.y[i])})`;
      const ended = run.steps > 0 && whole >= run.length; // of no steps at all there is nothing to tell
      const out = run.left && (run.x[i] < low[0] || run.x[i] > high[0] || run.y[i] < low[1] || run.y[i] > high[1]);
      const verdict = ended ? run.verdict : undefined;
      const status = verdict ? verdict.name : ended && run.status !== "running" ? run.status : out ? "left" : ended ? run.status : "";
      if (status !== row.shown) {
        row.shown = status;
        row.status.className = `status ${status}`;
        row.status.textContent = verdict ? `${verdict.sign} ${verdict.word}` : status ? `${SIGNS[status]} ${WORDS[status]}` : "";
      }
    }
    return true;
  }

  /** The cursor in words. */
  spoken() {
    return this.rows.map(({ run, loss, place, shown }) =>
      [`${run.label}: step ${this.number(Math.min(this.whole, run.length))} of ${this.number(run.steps)}`, loss.textContent, place.textContent, run.verdict?.name === shown ? run.verdict.word : WORDS[shown] ?? ""].filter(Boolean).join(", "),
    ).join("; ");
  }
}
