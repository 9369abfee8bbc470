/** The demonstration: only the stage, in large type, over the whole window, with the verdict and its reason in one line. */

import { element, icon } from "./dom.js";
import { print } from "./numbers.js";

const SCREEN = "M3 4h18v12H3zm2 2v8h14V6zm4 12h6v2H9z";
const FULL = "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z";
const CLOSE = "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z";

export class Demonstration {
  /**
   * @param {HTMLElement} host the element that is laid over the window
   * @param {(on: boolean) => void} changed is called when the user enters or leaves it
   * @param {AbortSignal} signal
   */
  constructor(host, changed, signal) {
    this.host = host;
    this.changed = changed;
    this.on = false;
    const button = (/** @type {string} */ label, /** @type {string} */ drawn, /** @type {() => void} */ action) => {
      const made = element("button", { type: "button", "aria-label": label, title: label }, icon(drawn));
      made.addEventListener("click", action);
      return made;
    };
    this.enter = button("Demonstration: only the stage, in large type", SCREEN, () => this.set(true, true));
    this.full = button("Full screen (F)", FULL, () => this.toggleFullScreen());
    this.leave = button("Leave the demonstration (Escape)", CLOSE, () => this.set(false, true));
    this.sign = element("strong");
    this.reason = element("span");
    this.headline = element("p", { class: "headline", role: "status" }, this.sign, " ", this.reason);
    this.buttons = element("span", { class: "demonstrate" }, this.enter, this.full, this.leave);
    signal.addEventListener("abort", () => delete host.dataset.view);
    this.set(false);
  }

  /** @param {boolean} on @param {boolean} [told] whether the page is to know */
  set(on, told = false) {
    this.on = on;
    if (on) this.host.dataset.view = "demonstration";
    else delete this.host.dataset.view;
    this.enter.hidden = on;
    this.leave.hidden = this.full.hidden = this.headline.hidden = !on;
    if (!on && document.fullscreenElement) document.exitFullscreen();
    if (told) this.changed(on);
  }

  async toggleFullScreen() {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    if (!this.on) this.set(true, true);
    // Not every browser can, and none does without a key or a click: the window is filled all the same.
    await this.host.requestFullscreen?.().catch(() => {});
  }

  /** @param {import("./payload.js").Run} run @param {number} rate */
  tell(run, rate) {
    if (run === this.run && rate === this.rate) return;
    Object.assign(this, { run, rate });
    const { verdict } = run;
    this.sign.textContent = [Number.isNaN(rate) ? "" : `η = ${print(rate)}`, verdict ? `${verdict.sign} ${verdict.word}` : ""].filter(Boolean).join("  ");
    this.reason.textContent = run.reason ?? "";
  }

  /** Handles a key for which it has a use. @param {string} key @returns {boolean} */
  key(key) {
    if (key === "f" || key === "F") {
      this.toggleFullScreen();
      return true;
    }
    if (key !== "Escape" || !this.on) return false;
    this.set(false, true);
    return true;
  }
}
