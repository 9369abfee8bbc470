// @ts-check
/**
 * Reads what Python sends: a length, a JSON header, then the arrays that the header lists (ui/stage/binary.py).
 */

const TYPES = { uint8: Uint8Array, float32: Float32Array, uint16: Uint16Array, uint32: Uint32Array };

/**
 * @typedef {object} Look
 * @property {boolean | null} demonstration whether the stage fills the window; null where it cannot
 * @property {boolean} sharpness whether the curve is that of the sharpness
 * @property {boolean} explained whether the step is worked out
 * @property {boolean} batches whether the contours of the steps' batches are drawn
 */

/** @typedef {{model: "line" | "plane" | "boundary", horizontal: string, vertical: string, target: string}} Fit */

/**
 * @typedef {object} Surface
 * @property {string} key
 * @property {string} title
 * @property {[[number, number], [number, number]]} domain
 * @property {[string, string]} axes what the two coordinates are called
 * @property {[number, number]} size columns and rows of the grid
 * @property {[number, number][]} minima
 * @property {[number, number][]} local_minima
 * @property {[number, number][]} saddles
 * @property {{title: string, ticks: [number, string][]}} height
 * @property {{first: number, step: number, strong: number, every: number}} contours
 * @property {{light: string[], dark: string[]}} ramp
 * @property {Fit | any} fit the examples that it is fitted to, or the picture of an application (ui/stage/surface.py); null for neither
 * @property {{heights: Float32Array, points: Uint16Array, starts: Uint32Array, strong: Uint16Array, fit_inputs: Float32Array, fit_targets: Float32Array}} data
 *
 * @typedef {object} Run
 * @property {string} label
 * @property {{light: string, dark: string}} colours
 * @property {number[]} dash
 * @property {string} marker
 * @property {[number, number]} start
 * @property {number} steps
 * @property {number} length
 * @property {"running" | "converged" | "diverged"} status
 * @property {{step: number, point: [number, number]} | null} left where it first leaves the map
 * @property {number | null} not_finite the step that is not finite
 * @property {string} summary
 * @property {Pick<import("./fan.js").Verdict, "name" | "word" | "sign">} [verdict]
 * @property {string} [reason] the verdict's, in a sentence
 * @property {{low: number, high: number}} [axis] of its ordinates
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {[number, number][]} changes the step from which a learning rate holds, and that rate
 * @property {Float32Array | null} loss null while the dial is dragged, as is the height: then the ball follows the mesh
 * @property {number} [last] the loss at the last row, where `loss` is null
 * @property {Uint16Array | null} height
 * @property {Uint16Array} ordinate
 * @property {Uint16Array} [held_out] as its ordinates, of the loss of the examples held out, where it is shown
 * @property {{names: [string, string], change: number} | null} [tasks] that are trained one after the other, and the step from which on the second is
 * @property {Uint16Array} [first_task] as its ordinates, of the loss on the first of them
 * @property {Uint16Array} [second_task]
 * @property {Uint16Array} [rate] of each step as a share of the largest, where it follows a schedule
 * @property {Uint16Array} [clipped] whether each step was clipped, where one was
 * @property {Uint16Array} [skipped] whether each step was left out since its scaled gradient overflowed, where one was
 * @property {Twin} [twin] the same run in float64, beside one in less
 * @property {boolean} [ghost] whether it is such a twin, which is drawn thinner
 * @property {Uint16Array} [batch] which examples each step looks at, a bit each, where they are few
 * @property {string | null} batches the address of the contours of the steps' batches, but for the piece
 * @property {number | null} epoch how many steps it takes, where the steps look at some examples each
 *
 * @typedef {Run & {parted: number | null, of: string}} Twin with the row from which on it is apart from its run, and that one's precision
 *
 * @typedef {object} Runs
 * @property {string} surface the address of the surface
 * @property {number} received
 * @property {{title: string, ticks: [number, string][], low: number, high: number}} curve
 * @property {Look} look what is switched on
 * @property {Driven[]} dial the runs that the dial drives
 * @property {Run[]} runs
 * @property {"race" | "side"} layout
 * @property {boolean} [starts] false where no start can be set
 * @property {number} [every] how many steps there are from one row to the next, where it is not one
 * @property {number} [total] how many steps there are from the first row to the last, where it is not their product
 * @property {string | null} [track] where the sharpness is, of runs that no address can name; "" while it is not known
 * @property {{address: string, steps: number, kind: string} | null} swarm where the many runs are that go along, how long they do, and what they are
 *
 * @typedef {{low: number, high: number, scale: "log" | "linear", lowest: number, highest: number}} Knob
 *
 * @typedef {object} Driven
 * @property {number} run its place among the runs
 * @property {string} title
 * @property {number} rate
 * @property {Knob | null} knob null for an optimizer without a learning rate
 * @property {{whole: string, onward: string} | null} fan the addresses of its fans
 */

/** @param {Uint8Array} bytes @returns {{header: any, arrays: Record<string, any>}} */
export function unpack(bytes) {
  const buffer = bytes.slice().buffer; // a copy of its own, so that the arrays are aligned
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  /** @type {Record<string, any>} */
  const arrays = {};
  for (const [name, type, size] of header.arrays) {
    const array = new TYPES[/** @type {keyof TYPES} */ (type)](buffer, at, size);
    arrays[name] = array;
    at += Math.ceil(array.byteLength / 4) * 4;
  }
  return { header, arrays };
}

const WIDENED = ["x", "y", "loss"];

/** Numbers of which Python sent the upper three bytes. @param {Uint8Array} bytes */
function widened(bytes) {
  const whole = new Uint32Array(bytes.length / 3);
  for (let i = 0; i < whole.length; i++) whole[i] = (bytes[3 * i] << 8) | (bytes[3 * i + 1] << 16) | (bytes[3 * i + 2] << 24);
  return new Float32Array(whole.buffer);
}

/** @param {Uint8Array} bytes @returns {Runs} */
export function readRuns(bytes) {
  const { header, arrays } = unpack(bytes);
  header.runs.forEach((/** @type {any} */ run, /** @type {number} */ place) => {
    for (const name of ["x", "y", "loss", "height", "ordinate", "rate", "clipped", "skipped", "batch", "held_out", "first_task", "second_task"]) run[name] = arrays[name + place];
    for (const name of WIDENED) run[name] = widened(run[name]);
    run.axis = header.curve;
  });
  const { twin } = header;
  if (twin) {
    for (const name of ["x", "y", "loss", "height", "ordinate"]) twin[name] = arrays[`${name}_twin`];
    for (const name of WIDENED) twin[name] = widened(twin[name]);
    header.runs[0].twin = Object.assign(twin, { axis: header.curve, ghost: true });
  }
  return header;
}

/** The runs with their twins. @param {Run[]} runs @returns {Run[]} */
export function withTwins(runs) {
  return runs.flatMap((run) => (run.twin ? [run, run.twin] : [run]));
}

/** @type {Map<string, Promise<Surface>>} */
const surfaces = new Map();
const KEPT = 8;

/**
 * The surface at an address relative to the page; the last few are kept.
 * @param {string} address @returns {Promise<Surface>}
 */
export function fetchSurface(address) {
  const known = surfaces.get(address);
  if (known) return known;
  const pending = load(address);
  surfaces.set(address, pending);
  pending.catch(() => surfaces.delete(address));
  if (surfaces.size > KEPT) surfaces.delete(/** @type {string} */ (surfaces.keys().next().value));
  return pending;
}

/** @param {string} address @returns {Promise<Surface>} */
async function load(address) {
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) throw new Error(await response.text());
  const { header, arrays } = unpack(new Uint8Array(await response.arrayBuffer()));
  return { ...header, data: arrays };
}
