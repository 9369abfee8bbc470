/** What is shown beside the loss: a switch from the loss curve to the sharpness, whose data are fetched while it is shown. */

import { element } from "./dom.js";
import { unpack } from "./payload.js";

/** @typedef {import("./payload.js").Runs} Runs */

/**
 * @typedef {object} Track
 * @property {string} title
 * @property {[number, string][]} ticks
 * @property {string} note what the chart rests on
 * @property {string} spoken the chart in a sentence
 * @property {{limit: string | null, above: boolean, crossings: number[], sharpness: Uint16Array, limits?: Uint16Array}[]} runs
 */

const KEPT = 8;
const PATIENCE = 250; // milliseconds for which the picture of other runs stands while the sharpness of these is fetched
/** @type {Map<string, Promise<any>>} */
const kept = new Map();

/**
 * What Python packs at an address relative to the page; the last few are kept.
 * @param {string} address @returns {Promise<{header: any, arrays: Record<string, any>}>}
 */
export function fetchPacked(address) {
  const known = kept.get(address);
  if (known) return known;
  const pending = fetch(new URL(address, document.baseURI)).then(async (response) => {
    if (!response.ok) throw new Error(await response.text());
    return unpack(new Uint8Array(await response.arrayBuffer()));
  });
  kept.set(address, pending);
  pending.catch(() => kept.delete(address));
  if (kept.size > KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return pending;
}

/** The part of an address that names runs; "" when one of them has no name. @param {import("./payload.js").Run[]} runs */
export function named(runs) {
  if (runs.some((run) => run.query === null || run.query === undefined)) return "";
  return runs.map((run) => `run=${encodeURIComponent(/** @type {string} */ (run.query))}`).join("&");
}

export class Beside {
  /** @param {(payload: Runs, track: Track | null) => void} show draws runs, their sharpness or else their loss @param {() => void} changed is called when the user chooses the other one */
  constructor(show, changed) {
    this.show = show;
    this.sharpness = false;
    this.address = "";
    /** @type {HTMLInputElement[]} */
    this.choices = [];
    const choice = (/** @type {string} */ text, /** @type {boolean} */ on) => {
      const input = element("input", { type: "radio", name: "curve", ...(on ? { checked: "" } : {}) });
      input.addEventListener("change", () => {
        this.set(text === "sharpness");
        changed();
      });
      this.choices.push(input);
      return element("label", {}, input, element("span", {}, text));
    };
    this.root = element("div", { class: "segments", role: "radiogroup", "aria-label": "Curve" }, choice("loss", true), choice("sharpness", false));
    this.note = element("p", { class: "about", hidden: "" });
    this.spoken = element("p", { class: "spoken", "aria-live": "polite" });
  }

  /** @param {boolean} sharpness */
  set(sharpness) {
    if (sharpness === this.sharpness) return;
    this.sharpness = sharpness;
    this.choices[Number(sharpness)].checked = true;
    if (!sharpness) this.#tell("", "");
    if (this.payload) this.#draw();
  }

  /** New runs; while the dial is dragged they have no sharpness, and the loss is shown. @param {Runs} payload @param {boolean} live */
  setRuns(payload, live) {
    this.payload = payload;
    const names = named(payload.runs);
    this.address = live ? "" : payload.track || (names && `track?${names}`);
    this.awaited = payload.track === ""; // it is being computed, and its address comes with the next runs
    if (!live) this.root.hidden = !this.address && !this.awaited;
    this.#draw();
  }

  async #draw() {
    const { address, payload } = this;
    clearTimeout(this.late);
    if (this.sharpness && this.awaited) this.#tell("The sharpness is being computed …", "");
    if (!this.sharpness || !address) {
      this.show(payload, null);
      return;
    }
    this.late = setTimeout(() => {
      this.#tell("The sharpness is being computed …", "");
      this.show(payload, null);
    }, PATIENCE);
    try {
      const { header, arrays } = await fetchPacked(address);
      if (!this.sharpness || payload !== this.payload) return; // a newer one is on its way
      clearTimeout(this.late);
      header.runs.forEach((/** @type {any} */ run, /** @type {number} */ place) => {
        run.sharpness = arrays[`sharpness${place}`];
        run.limits = arrays[`limits${place}`];
      });
      this.#tell(header.note, header.spoken);
      this.show(payload, header);
    } catch (error) {
      clearTimeout(this.late);
      if (payload === this.payload) this.#tell(`The sharpness could not be loaded. ${error instanceof Error ? error.message : ""}`, "");
    }
  }

  /** @param {string} note @param {string} spoken */
  #tell(note, spoken) {
    this.note.textContent = note;
    this.note.hidden = !note;
    if (this.spoken.textContent !== spoken) this.spoken.textContent = spoken;
  }
}
