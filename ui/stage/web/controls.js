/** The bar under the views: real buttons, a slider for the step, a select for the speed. It drives the clock. */

import { SPEEDS } from "./clock.js";
import { element, icon } from "./dom.js";

const ICONS = {
  first: "M6 5h2.5v14H6zM20 5v14L9.5 12z",
  back: "M16 5v14L5.5 12zM17.5 5H20v14h-2.5z",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  forward: "M8 5v14l10.5-7zM4 5h2.5v14H4z",
  last: "M15.5 5H18v14h-2.5zM4 5v14l10.5-7z",
  loop: "M7 7h9V4l5 4.5-5 4.5v-3H8.5v3H6V8a1 1 0 0 1 1-1zm10 10H8v3l-5-4.5L8 11v3h7.5v-3H18v5a1 1 0 0 1-1 1z",
};

/** @param {keyof typeof ICONS} name @param {string} label @param {() => void} action */
function button(name, label, action) {
  const made = element("button", { type: "button", "aria-label": label, title: label, class: name }, icon(ICONS[name]));
  made.addEventListener("click", action);
  return made;
}

const FEW = 60; // epochs, at most, for their beginnings to be marked

export class Controls {
  /** @param {import("./clock.js").Clock} clock */
  constructor(clock) {
    this.clock = clock;
    /** How many steps an epoch takes; null where there are none. @type {number | null} */
    this.epoch = null;
    /** The step from which on another task is trained; null where there is but one. @type {number | null} */
    this.change = null;
    this.playButton = button("play", "Play", () => clock.toggle());
    this.loopButton = button("loop", "Loop", () => clock.setLoop(!clock.loop));
    this.slider = element("input", { type: "range", min: "0", step: "1", value: "0", "aria-label": "Step", class: "scrub" });
    this.slider.addEventListener("input", () => {
      clock.playing = clock.wanted = false;
      clock.seek(Number(this.slider.value));
    });
    this.speed = element("select", { "aria-label": "Speed, in steps a second", title: "Speed, in steps a second" });
    for (const speed of SPEEDS) {
      this.speed.append(element("option", { value: String(speed) }, `${speed} step${speed === 1 ? "" : "s"}/s`));
    }
    this.speed.addEventListener("change", () => clock.setSpeed(Number(this.speed.value)));
    this.root = element(
      "div",
      { class: "bar", role: "group", "aria-label": "Playback" },
      button("first", "To the start", () => {
        clock.pause();
        clock.seek(0);
      }),
      button("back", "One step back", () => clock.advance(-1)),
      this.playButton,
      button("forward", "One step forward", () => clock.advance(1)),
      button("last", "To the end", () => {
        clock.pause();
        clock.seek(clock.length);
      }),
      this.slider,
      this.speed,
      this.loopButton,
    );
  }

  /** Shows the clock as it is, all but the running step. */
  update() {
    const { clock } = this;
    const name = clock.playing ? "pause" : "play";
    if (this.shownAs !== name) {
      this.shownAs = name;
      const label = clock.playing ? "Pause" : "Play";
      this.playButton.replaceChildren(icon(ICONS[name]));
      this.playButton.setAttribute("aria-label", label);
      this.playButton.title = `${label} (space)`;
    }
    this.loopButton.setAttribute("aria-pressed", String(clock.loop));
    this.slider.max = String(clock.length);
    const share = this.epoch && clock.length ? this.epoch / clock.length : 1;
    this.slider.classList.toggle("epochs", share < 1 && share * FEW >= 1);
    this.slider.style.setProperty("--epoch", String(share));
    this.slider.classList.toggle("changes", this.change !== null && this.change > 0 && this.change < clock.length);
    this.slider.style.setProperty("--change", String((this.change ?? 0) / (clock.length || 1)));
    this.speed.value = String(clock.speed);
    this.step(Math.floor(clock.step));
  }

  /** @param {number} whole step */
  step(whole) {
    this.slider.value = String(whole);
    if (this.epoch) this.slider.setAttribute("aria-valuetext", `${whole}, epoch ${Math.floor(whole / this.epoch) + 1}`);
    else if (this.change !== null) this.slider.setAttribute("aria-valuetext", `${whole}, ${whole < this.change ? "first" : "second"} task`);
    else this.slider.removeAttribute("aria-valuetext");
    this.slider.style.setProperty("--share", String(this.clock.length ? whole / this.clock.length : 0));
  }

  /** @param {number} by places along the list of speeds */
  faster(by) {
    const at = SPEEDS.indexOf(this.clock.speed) + by;
    if (SPEEDS[at]) this.clock.setSpeed(SPEEDS[at]);
  }
}
