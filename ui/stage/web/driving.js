/**
 * What the dial does to the picture: while it is dragged the views show runs out of the fans, with no network; when it is
 * let go the rate goes to Python, which answers with the exact run.
 */

import { Dial } from "./dial.js";
import { fetchFan, rescaled } from "./fan.js";

/** @typedef {import("./payload.js").Runs} Runs @typedef {import("./payload.js").Run} Run @typedef {import("./fan.js").Fan} Fan */

const REST = 150; // milliseconds for which the cursor rests before the fan from its step on is fetched
const AT_END = "The cursor is at the end of the run. Step back: what follows is what a new rate changes.";
const PATIENCE = 5000; // milliseconds until the exact run as it was is shown again, when Python does not answer

/**
 * @typedef {object} Stage
 * @property {(payload: Runs, live: boolean) => void} show
 * @property {() => void} request asks for a frame
 * @property {(name: string, value: object) => number} post sends to Python; returns the message's number
 * @property {import("./clock.js").Clock} clock
 */

export class Driving {
  /** @param {Stage} stage @param {AbortSignal} signal */
  constructor(stage, signal) {
    this.stage = stage;
    this.dial = new Dial({
      press: () => this.#press(),
      move: (rate) => {
        this.wanted = rate;
        stage.request();
      },
      release: (rate) => this.#release(rate),
      mode: () => this.#changeMode(),
    }, signal);
    this.dial.setMode("whole");
    /** The fans that fit what is shown, by run; null until they have come. @type {Map<number, Fan> | null} */
    this.fans = null;
    this.addresses = ""; // of the fans that are there or on their way
    this.picked = ""; // which runs out of the fans are shown; "" when the exact ones are
    this.awaited = 0; // the number of the message whose answer is the exact run of what is shown
    this.from = 0; // the row from which a new rate holds
    /** Where the cursor was when the dial was taken hold of. @type {{step: number, ended: boolean} | null} */
    this.held = null;
    signal.addEventListener("abort", () => {
      clearTimeout(this.resting);
      clearTimeout(this.impatient);
    });
  }

  /** Whether the views show runs out of the fans. */
  get live() {
    return this.picked !== "";
  }

  /** Whether what lies ahead of the cursor is shown too. */
  get ahead() {
    return this.live || (this.dial.mode === "onward" && !this.stage.clock.playing && !this.dial.root.hidden);
  }

  /** New exact runs, which are shown unless the dial is held. @param {Runs} payload @param {import("./payload.js").Surface} surface */
  setPayload(payload, surface) {
    const elsewhere = surface !== this.surface;
    this.exact = payload;
    this.surface = surface;
    this.driven = payload.dial.filter(({ knob }) => knob);
    this.dial.setRun(this.driven[0] ?? payload.dial[0]);
    if (elsewhere || (payload.received >= this.awaited && !this.dial.pressed)) this.#settle();
    if (this.live) this.#pick(true);
    else this.stage.show(payload, false);
    this.#follow();
    this.#fetch(0);
  }

  /** The exact runs are what is shown from now on. */
  #settle() {
    clearTimeout(this.impatient);
    this.picked = "";
    this.awaited = 0;
  }

  /** Before a frame is drawn: show what the dial points at. */
  frame() {
    if (this.wanted === undefined || !this.exact) return;
    this.rate = this.wanted;
    this.wanted = undefined;
    this.#pick(false);
  }

  /** After a frame: in the mode "from here on" the dial follows the cursor. */
  cursor() {
    if (this.dial.mode !== "onward" || this.dial.pressed || this.live || !this.exact) return;
    const here = Math.floor(this.stage.clock.step + 1e-9);
    if (here === this.from) return;
    this.from = here;
    this.#follow();
    if (!this.stage.clock.playing) this.#fetch(REST);
  }

  // ---- the dial --------------------------------------------------------------------------------------------------

  #press() {
    const { clock } = this.stage;
    if (this.dial.mode === "onward") {
      clock.pause();
      this.from = Math.floor(clock.step + 1e-9);
      this.#fetch(0);
    }
    if (!this.live) this.held = { step: clock.step, ended: clock.ended };
    clearTimeout(this.impatient);
  }

  /** @param {number} rate */
  #release(rate) {
    this.frame();
    if (!this.driven?.length || rate === this.#rateNow() || this.#late) {
      this.#settle();
      if (this.exact) this.stage.show(this.exact, false);
      this.#follow();
      return;
    }
    const onward = this.dial.mode === "onward" && this.from > 0;
    this.awaited = this.stage.post("rate", { rate, first: onward ? this.from : null });
    this.impatient = setTimeout(() => {
      this.#settle();
      this.stage.show(/** @type {Runs} */ (this.exact), false);
      this.#follow();
    }, PATIENCE);
  }

  #changeMode() {
    this.from = Math.floor(this.stage.clock.step + 1e-9);
    this.#follow();
    this.#fetch(0);
    this.stage.request();
  }

  /** The rate with which the exact run goes on: from the cursor in the mode "from here on", else from the start. */
  #rateNow() {
    const [driven] = this.driven ?? [];
    if (!driven) return NaN;
    if (this.dial.mode === "whole") return driven.rate;
    const run = /** @type {Runs} */ (this.exact).runs[driven.run];
    return run.changes.findLast(([step]) => step <= this.from)?.[1] ?? driven.rate;
  }

  /** Whether a new rate would change nothing, since it holds from a step that is never made. */
  get #late() {
    const run = this.exact?.runs[this.driven?.[0]?.run ?? 0];
    return this.dial.mode === "onward" && Boolean(run) && this.from >= /** @type {Run} */ (run).steps;
  }

  /** Lets the dial show the exact run's rate. */
  #follow() {
    this.dial.say(this.#late ? AT_END : "");
    if (this.dial.pressed || this.live || !this.driven?.length || !this.exact) return;
    const rate = this.#rateNow();
    const fan = this.fans?.get(this.driven[0].run);
    const run = this.exact.runs[this.driven[0].run];
    const { low, high } = /** @type {import("./payload.js").Knob} */ (this.driven[0].knob);
    const inside = rate >= low && rate <= high;
    this.dial.setRate(rate, run.verdict ?? (inside ? fan?.verdict(fan.nearest(rate)) : undefined));
  }

  // ---- the fans --------------------------------------------------------------------------------------------------

  /** Fetches the fans that fit what is shown, unless they are there. @param {number} rest milliseconds to wait */
  #fetch(rest) {
    clearTimeout(this.resting);
    const onward = this.dial.mode === "onward" && this.from > 0;
    /** @type {[number, string][]} */
    const wanted = (this.driven ?? []).flatMap(({ run, fan }) =>
      fan ? [/** @type {[number, string]} */ ([run, onward ? `${fan.onward}&from=${this.from}` : fan.whole])] : [],
    );
    const addresses = wanted.map(([, address]) => address).join(" ");
    if (addresses === this.addresses) return;
    this.fans = null;
    this.addresses = addresses;
    this.resting = setTimeout(async () => {
      try {
        const fans = await Promise.all(wanted.map(([, address]) => fetchFan(address)));
        if (addresses !== this.addresses) return; // another one is wanted by now
        this.fans = new Map(fans.map((fan, i) => [wanted[i][0], fan]));
        this.dial.setFan(fans[0] ?? null);
      } catch (error) {
        if (addresses !== this.addresses) return;
        this.addresses = ""; // it is tried again with the next run; until then the dial works when it is let go
        this.dial.setFan(null);
        this.dial.note.textContent = `The runs ahead could not be loaded. ${error instanceof Error ? error.message : ""}`;
      }
      this.#follow();
      if (this.dial.pressed) {
        this.wanted ??= this.rate;
        this.stage.request();
      }
    }, rest);
  }

  /** Shows the runs of the fans that are nearest to the dial's rate. @param {boolean} anew even when they are shown already */
  #pick(anew) {
    const { exact, fans } = this;
    const rate = /** @type {number} */ (this.rate);
    const domain = /** @type {import("./payload.js").Surface} */ (this.surface).domain;
    if (!exact || !fans) {
      this.dial.setRate(rate, undefined);
      return;
    }
    /** @type {Map<number, number>} */
    const places = new Map();
    for (const [run, fan] of fans) if (exact.runs[run] && exact.runs[run].length >= fan.first) places.set(run, fan.nearest(rate));
    const [first] = fans.entries();
    this.dial.setRate(rate, first?.[1].verdict(first[1].nearest(rate)));
    const picked = JSON.stringify([this.from, ...places.values()]);
    if ((picked === this.picked && !anew) || !places.size) return;
    this.picked = picked;
    const axes = [...places].map(([run, place]) => /** @type {Fan} */ (fans.get(run)).axis(place));
    const deepest = axes.reduce((a, b) => (b.low < a.low ? b : a));
    const axis = places.size < exact.runs.length && exact.curve.low < deepest.low ? exact.curve : deepest;
    const runs = exact.runs.map((run, i) => {
      const place = places.get(i);
      return place === undefined ? rescaled(run, axis) : /** @type {Fan} */ (fans.get(i)).run(place, run, domain, axis);
    });
    const ticks = axis === exact.curve ? exact.curve.ticks
      : axis.ticks.map(([at, text]) => /** @type {[number, string]} */ ([(at - axis.low) / (axis.high - axis.low), text]));
    this.stage.show({ ...exact, runs, curve: { ...axis, ticks } }, true);
  }
}
