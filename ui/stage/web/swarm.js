// @ts-check
/** Many runs at once: small balls without trails, under the same clock (ui/stage/swarm.py). */

import { unpack } from "./payload.js";

const KEPT = 4;

/** The small balls of one contender. */
export class Crowd {
  /** @param {Uint16Array} x @param {Uint16Array} y row after row @param {number} count of balls @param {number} rows @param {number} sides of the window, in maps */
  constructor(x, y, count, rows, sides) {
    Object.assign(this, { x, y, count, rows, sides });
    this.places = new Float32Array(count * 2);
  }

  /** Where the balls are at a moment, as shares of the map. @param {number} step @returns {Float32Array} u and v in turn */
  at(step) {
    const { x, y, count, rows, sides, places } = this;
    const i = Math.min(Math.floor(step), rows - 1);
    const j = Math.min(i + 1, rows - 1);
    const share = Math.min(step - i, 1);
    const middle = Math.floor(sides / 2);
    for (let k = 0; k < count; k++) {
      const [a, b] = [i * count + k, j * count + k];
      places[2 * k] = ((x[a] + (x[b] - x[a]) * share) / 65535) * sides - middle;
      places[2 * k + 1] = ((y[a] + (y[b] - y[a]) * share) / 65535) * sides - middle;
    }
    return places;
  }
}

/** The small balls that go along with the runs that are shown; out of sight while those are other ones. */
export class Swarm {
  /** @param {(crowds: Crowd[]) => void} show takes those of each run, or none */
  constructor(show) {
    this.show = show;
    /** @type {Crowd[]} */
    this.crowds = [];
    this.hidden = false;
  }

  /** Lets those at an address go along once they have come. @param {string | undefined} address */
  async set(address) {
    if (address === this.address) return this.#put(this.crowds); // there may be other pictures to put them into
    this.address = address;
    this.#put([]);
    const crowds = address ? await fetchSwarm(address).catch(() => null) : [];
    if (address !== this.address) return;
    if (crowds) this.#put(crowds);
    else this.address = ""; // it is tried again with the next run
  }

  /** @param {boolean} hidden */
  hide(hidden) {
    if (hidden === this.hidden) return;
    this.hidden = hidden;
    this.#put(this.crowds);
  }

  /** @param {Crowd[]} crowds */
  #put(crowds) {
    this.crowds = crowds;
    this.show(this.hidden ? [] : crowds);
  }
}

/** @type {Map<string, Promise<Crowd[]>>} */
const known = new Map();

/** The balls of all contenders at an address relative to the page; the last few are kept. @param {string} address @returns {Promise<Crowd[]>} */
function fetchSwarm(address) {
  const there = known.get(address);
  if (there) return there;
  const pending = load(address);
  known.set(address, pending);
  pending.catch(() => known.delete(address));
  if (known.size > KEPT) known.delete(/** @type {string} */ (known.keys().next().value));
  return pending;
}

/** @param {string} address @returns {Promise<Crowd[]>} */
async function load(address) {
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) throw new Error(await response.text());
  const { header, arrays } = unpack(new Uint8Array(await response.arrayBuffer()));
  return header.rows.map((/** @type {number} */ rows, /** @type {number} */ place) =>
    new Crowd(arrays[`x${place}`], arrays[`y${place}`], header.balls[place], rows, header.sides));
}
