/**
 * The learning-rate dial: a track painted with the verdict of every rate, a thumb, a number field, presets and two modes.
 *
 * It shows and reports; what a rate means for the picture is driving.js's business.
 */

import { element } from "./dom.js";
import { placeLimits } from "./dial_limits.js";
import { print } from "./numbers.js";
import { paintTrack } from "./track.js";
import { patch } from "./verdict_art.js";

/** @typedef {import("./payload.js").Knob} Knob @typedef {import("./fan.js").Fan} Fan @typedef {import("./theme.js").Theme} Theme */

const COARSE = 120; // an arrow key moves by the sweep over this: one rate of the fan
const ROUNDED = 0.1; // of that step: so far from its place a rate may be that was rounded to three digits
const FINE = 1.01; // and with Shift by one part in a hundred
const PAGE = 2; // a page key by this factor
const SETTLED = 400; // milliseconds after the last key until the rate counts as released
const READABLE = 90; // milliseconds a number stands while the dial moves: faster, nobody could read it
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const PRESETS = ["too small", "just right", "overshooting", "on the edge", "diverging"];
const MODES = /** @type {const} */ ([
  ["whole", "whole run", "The path from the start is drawn again"],
  ["onward", "from here on", "The path up to the cursor stays, and the run goes on from there with the new rate"],
]);

/**
 * @typedef {object} Report
 * @property {() => void} press the dial is taken hold of
 * @property {(rate: number) => void} move it shows another rate
 * @property {(rate: number) => void} release it is let go at a rate
 * @property {(mode: "whole" | "onward") => void} mode
 */

export class Dial {
  /** @param {Report} report @param {AbortSignal} signal */
  constructor(report, signal) {
    this.report = report;
    this.rate = 0; // that the picture shows
    this.aim = 0; // that it will show in the next frame
    this.mode = "whole";
    this.pressed = false;
    this.writing = false; // whether somebody is writing into the number field
    this.said = ""; // below the track, in the place of what the bars are
    /** @type {Knob | null} */
    this.knob = null;
    /** @type {Fan | null} */
    this.fan = null;
    this.#build();
    this.#listen(signal);
  }

  #build() {
    this.field = element("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "rate", "aria-label": "Learning rate", id: "rate",
    });
    this.complaint = element("p", { class: "complaint", role: "alert", id: "rate-complaint" });
    this.verdict = element("output", { class: "verdict", for: "rate" });
    this.modes = element("div", { class: "modes", role: "radiogroup", "aria-label": "What a new learning rate changes" });
    for (const [mode, text, title] of MODES) {
      const made = element("button", { type: "button", role: "radio", "data-mode": mode, title }, text);
      made.addEventListener("click", () => this.setMode(mode, true));
      this.modes.append(made);
    }
    this.presets = element("div", { class: "presets", role: "group", "aria-label": "Learning rates worth a look" });
    PRESETS.forEach((name, place) => {
      const made = element("button", { type: "button", "data-preset": name, "aria-disabled": "true" }, element("kbd", { "aria-hidden": "true" }, String(place + 1)), name);
      made.addEventListener("click", () => this.preset(place));
      this.presets.append(made);
    });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.thumb = element("div", { class: "thumb", "aria-hidden": "true" });
    this.marks = ["start", "end"].map(() => element("div", { class: "mark", hidden: "" }, element("span")));
    this.track = element(
      "div",
      { class: "track", role: "slider", tabindex: "0", "aria-label": "Learning rate, dial", "aria-describedby": "dial-note dial-limits" },
      this.canvas, ...this.marks, this.thumb,
    );
    this.legend = element("ul", { class: "verdicts", "aria-label": "Verdicts on the track" });
    this.note = element("p", { class: "note", id: "dial-note" });
    this.head = element(
      "div",
      { class: "head" },
      element("label", { class: "take", for: "rate" }, "Learning rate"), this.field, this.verdict, this.presets,
    );
    this.limits = element("p", { class: "spoken", id: "dial-limits" });
    this.foot = element("div", { class: "foot" }, this.legend, this.note, this.modes);
    this.root = element("div", { class: "dial", role: "group", "aria-label": "Dial", hidden: "" }, this.head, this.complaint, this.track, this.foot, this.limits);
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const { track, field } = this;
    const here = (/** @type {PointerEvent} */ event) => {
      const { left, width } = this.box ?? this.canvas.getBoundingClientRect();
      return this.#rounded(this.#at((event.clientX - left - this.inset) / (width - 2 * this.inset)));
    };
    track.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button || !this.knob) return;
      track.setPointerCapture(event.pointerId);
      event.preventDefault();
      track.focus({ preventScroll: true });
      this.box = this.canvas.getBoundingClientRect(); // to ask for it at each move would lay out the page each time
      this.#press();
      this.#move(here(event));
    }, { signal });
    track.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (this.pressed && track.hasPointerCapture(event.pointerId)) this.#move(here(event));
    }, { signal });
    for (const name of ["pointerup", "pointercancel"]) track.addEventListener(name, () => this.#release(), { signal });
    track.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event), { signal });
    track.addEventListener("blur", () => this.#release(), { signal });
    field.addEventListener("input", () => (this.writing = true), { signal });
    field.addEventListener("change", () => this.#enter(), { signal });
    field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") this.#enter();
      if (event.key === "Escape") this.#write();
      if (event.key !== "Tab") event.stopPropagation(); // what is typed here drives nothing else
    }, { signal });
    this.modes.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (!event.key.startsWith("Arrow")) return;
      this.setMode(this.mode === "whole" ? "onward" : "whole", true);
      this.modes.querySelector("[aria-checked=true]").focus();
      event.preventDefault();
      event.stopPropagation();
    }, { signal });
  }

  // ---- what it is told -------------------------------------------------------------------------------------------

  /** @param {import("./payload.js").Driven | undefined} driven none: there is no dial */
  setRun(driven) {
    this.root.hidden = !driven;
    if (!driven) return;
    this.knob = driven.knob;
    this.root.classList.toggle("without", !driven.knob);
    if (!driven.knob) {
      this.note.textContent = `${driven.title} has no learning rate: it finds the length of its steps itself.`;
      this.setFan(null);
      return;
    }
    this.track.setAttribute("aria-valuemin", String(driven.knob.low));
    this.track.setAttribute("aria-valuemax", String(driven.knob.high));
    this.#paint();
  }

  /** The rate that the picture shows. @param {number} rate @param {import("./fan.js").Verdict | undefined} verdict */
  setRate(rate, verdict) {
    if (!this.knob) return;
    const known = this.rate === rate && this.shown === verdict?.name;
    this.rate = rate;
    if (!this.pressed) this.aim = rate; // else it is where the hand is, which the picture may not have reached
    this.look = verdict;
    this.shown = verdict?.name;
    if (known) return;
    this.thumb.style.transform = this.#along(rate);
    this.#mark();
    clearTimeout(this.writes);
    const stood = performance.now() - (this.written ?? 0);
    if (!this.pressed || stood > READABLE) this.#tell();
    else this.writes = setTimeout(() => this.#tell(), READABLE - stood);
  }

  /** Writes down what the thumb shows; in every frame it would cost more than the picture. */
  #tell() {
    const { rate, look: verdict } = this;
    if (!this.knob) return;
    this.written = performance.now();
    this.track.setAttribute("aria-valuenow", String(Math.min(Math.max(rate, this.knob.low), this.knob.high)));
    this.track.setAttribute("aria-valuetext", [print(rate), verdict?.word].filter(Boolean).join(", "));
    this.verdict.textContent = verdict ? `${verdict.sign} ${verdict.word}` : "";
    this.verdict.dataset.verdict = verdict?.name ?? "";
    if (!this.writing) this.#write();
    for (const button of this.presets.children) {
      const chosen = this.fan?.presets.find((preset) => preset.name === button.dataset.preset);
      button.setAttribute("aria-pressed", String(chosen?.rate === rate));
    }
  }

  /** Marks the stability limit where the fan begins and where the run shown ends. */
  #mark() {
    const { fan, rate } = this;
    const known = fan?.limit;
    const ends = known && this.#inside(rate) ? fan.limitAtEnd(fan.nearest(rate)) : 0;
    const begins = known ? known.start : 0;
    const where = fan?.first ? "here" : "at the start";
    const share = (/** @type {number} */ limit) => (limit && this.#inside(limit) ? this.#share(limit) : NaN);
    placeLimits(this.marks, share(begins), share(ends), `${known?.words} ${where}`, `${known?.words} at the end`);
    this.marks.forEach((mark, i) => !mark.hidden && (mark.style.transform = this.#along(i ? ends : begins)));
    const told = [begins && `${known?.words} ${where} is ${print(begins)}`, ends && `at the end ${print(ends)}`].filter(Boolean);
    if (told.join() === this.toldLimits || this.pressed) return;
    this.toldLimits = told.join();
    this.limits.textContent = told.length ? `Stability limit: ${told.join(", ")}.` : "";
  }

  /** @param {Fan | null} fan null until it has come */
  setFan(fan) {
    if (this.fan === fan && !this.fresh) return;
    this.fan = fan;
    for (const button of this.presets.children) {
      const preset = fan?.presets.find(({ name }) => name === button.dataset.preset);
      const there = preset?.rate !== null && preset !== undefined;
      button.setAttribute("aria-disabled", String(!there));
      button.classList.toggle("none", preset !== undefined && !there);
      button.title = !preset ? "" : there ? `${print(preset.rate)}: ${preset.reason}` : `There is none: ${preset.reason}`;
      button.setAttribute("aria-label", !preset || there ? button.dataset.preset : `${button.dataset.preset}: ${preset.reason}`);
      button.setAttribute("aria-pressed", String(preset?.rate === this.rate));
    }
    this.say(this.said);
    this.#paint();
  }

  /** Says something below the track; "" for what the bars on it are. @param {string} text */
  say(text) {
    this.said = text;
    const { fan } = this;
    const known = fan ? [`Bars: the loss reached after ${fan.steps} steps`, fan.unlimited].filter(Boolean).join(". ") : "";
    if (this.knob) this.note.textContent = text || known;
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.fresh = true;
    this.setFan(this.fan);
    this.fresh = false;
  }

  /** @param {number} width of the stage, in CSS pixels @param {number} ratio */
  resize(width, ratio) {
    if (!width || (this.width === width && this.ratio === ratio)) return;
    Object.assign(this, { width, ratio });
    this.#paint();
  }

  get inset() {
    return 14; // pixels at both ends of the track, so that the thumb never hangs over
  }

  #paint() {
    const { theme, fan, knob } = this;
    if (!theme || !knob || !this.width) return;
    this.length = this.canvas.clientWidth;
    paintTrack(this.canvas, { fan, knob, theme, inset: this.inset, ratio: this.ratio ?? 1, share: (rate) => this.#share(rate) });
    this.legend.replaceChildren(
      ...(fan?.looks ?? []).map((verdict) => element("li", {}, patch(verdict, theme), `${verdict.sign} ${verdict.word}`)),
    );
    const { rate, aim, look } = this;
    this.rate = NaN; // so that the thumb is placed on the new track
    this.setRate(rate, look);
    this.aim = aim;
  }

  // ---- positions -------------------------------------------------------------------------------------------------

  /** Where a rate is on the track, as a share of it. @param {number} rate */
  #share(rate) {
    const { low, high, scale } = /** @type {Knob} */ (this.knob);
    const share = scale === "log" ? Math.log(rate / low) / Math.log(high / low) : (rate - low) / (high - low);
    return Math.min(Math.max(Number.isNaN(share) ? 0 : share, 0), 1);
  }

  /** Whether a rate is on the track. @param {number} rate */
  #inside(rate) {
    const { low, high } = /** @type {Knob} */ (this.knob);
    return rate >= low && rate <= high;
  }

  /** Where a rate is on the track, for CSS. @param {number} rate */
  #along(rate) {
    return `translateX(${this.inset + ((this.length ?? 0) - 2 * this.inset) * this.#share(rate)}px)`;
  }

  /** The rate at a share of the track. @param {number} share */
  #at(share) {
    const { low, high, scale } = /** @type {Knob} */ (this.knob);
    const within = Math.min(Math.max(share, 0), 1);
    return scale === "log" ? low * (high / low) ** within : low + (high - low) * within;
  }

  /** To three digits, and not beyond the sweep. @param {number} rate */
  #rounded(rate) {
    const { low, high } = /** @type {Knob} */ (this.knob);
    return Math.min(Math.max(Number(rate.toPrecision(3)), low), high);
  }

  // ---- what it reports -------------------------------------------------------------------------------------------

  #press() {
    if (this.pressed) return;
    this.pressed = true;
    this.root.classList.add("held");
    this.#write();
    this.report.press();
  }

  /** @param {number} rate */
  #move(rate) {
    if (rate === this.aim) return;
    this.aim = rate;
    this.report.move(rate);
  }

  #release() {
    clearTimeout(this.settling);
    if (!this.pressed) return;
    this.pressed = false;
    this.box = undefined;
    this.root.classList.remove("held");
    this.report.release(this.aim);
  }

  /** A rate at once: taken hold of, moved and let go. @param {number} rate */
  jump(rate) {
    this.#press();
    this.#move(rate);
    this.#release();
  }

  /** @param {number} place of the preset @returns {boolean} whether there is one */
  preset(place) {
    const rate = this.fan?.presets.find(({ name }) => name === PRESETS[place])?.rate;
    if (rate === undefined || rate === null) return false;
    this.jump(rate);
    return true;
  }

  /** @param {"whole" | "onward"} mode @param {boolean} [told] whether to report it */
  setMode(mode, told = false) {
    this.mode = mode;
    for (const button of this.modes.children) {
      const chosen = button.dataset.mode === mode;
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    if (told) this.report.mode(mode);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.knob || event.ctrlKey || event.metaKey || event.altKey) return;
    const { low, high, scale } = this.knob;
    const step = (/** @type {number} */ way) => {
      if (event.shiftKey) return this.aim * FINE ** way;
      const place = this.#share(this.aim) * COARSE;
      return this.#at((way > 0 ? Math.floor(place + ROUNDED) + 1 : Math.ceil(place - ROUNDED) - 1) / COARSE);
    };
    const page = (/** @type {number} */ way) => (scale === "log" ? this.aim * PAGE ** way : this.aim + (way * (high - low)) / 10);
    /** @type {Record<string, () => number>} */
    const moves = {
      ArrowLeft: () => step(-1),
      ArrowDown: () => step(-1),
      ArrowRight: () => step(1),
      ArrowUp: () => step(1),
      PageDown: () => page(-1),
      PageUp: () => page(1),
      Home: () => low,
      End: () => high,
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    this.#press();
    this.#move(this.#rounded(moves[event.key]()));
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.#release(), SETTLED);
  }

  /** Takes what stands in the number field, or says what may stand there. */
  #enter() {
    const { lowest, highest } = /** @type {Knob} */ (this.knob);
    const text = this.field.value.trim().replace("−", "-");
    const rate = Number(text);
    if (!NUMBER.test(text) || !(rate >= lowest && rate <= highest)) {
      const shown = text.length > 24 ? `${text.slice(0, 24)}…` : text;
      this.#complain(`“${shown}” is no learning rate: a number from ${print(lowest)} to ${print(highest)}, such as 0.01 or 3e-3.`);
      return;
    }
    if (rate !== this.rate) this.jump(rate);
    else this.#write();
  }

  /** @param {string} text */
  #complain(text) {
    this.complaint.textContent = text;
    this.field.setAttribute("aria-invalid", String(Boolean(text)));
    if (text) this.field.setAttribute("aria-describedby", "rate-complaint");
    else this.field.removeAttribute("aria-describedby");
  }

  /** Shows the rate in the number field, in the place of what was written there. */
  #write() {
    this.writing = false;
    this.#complain("");
    this.field.value = String(this.rate);
  }
}
