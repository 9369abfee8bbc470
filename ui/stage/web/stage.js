/**
 * The stage: puts the views, the clock and the controls together, and speaks with Python.
 *
 * Streamlit calls `show` on each change of the data or the theme, always with the same parent, and calls what it returned
 * when the stage goes away. (A call that a newer one has overtaken is also cleaned up, while the stage lives on.)
 */

import { Batches } from "./batches.js";
import { Beside } from "./beside.js";
import { Clock } from "./clock.js";
import { Controls } from "./controls.js";
import { CurveView } from "./curve_view.js";
import { Driving } from "./driving.js";
import { Demonstration } from "./demonstration.js";
import { element } from "./dom.js";
import { Explained } from "./explained.js";
import { FitView } from "./fit_view.js";
import { Legend } from "./legend.js";
import { Outbox } from "./outbox.js";
import { Path } from "./path.js";
import { fetchSurface, readRuns, withTwins } from "./payload.js";
import { Panels } from "./side_by_side.js";
import { Swarm } from "./swarm.js";
import { Terrain } from "./terrain.js";
import { Theme } from "./theme.js";

const READABLE = 90; // milliseconds a number stands while the run plays: faster, nobody could read it

const sheets = await Promise.all(["stage.css", "dial.css", "demonstration.css", "explained.css"].map(async (name) => {
  const sheet = new CSSStyleSheet();
  return sheet.replace(await (await fetch(new URL(name, import.meta.url))).text());
}));

/** @type {WeakMap<Node, Stage>} */
const stages = new WeakMap();

/**
 * @param {{data: Uint8Array, parentElement: ShadowRoot, setStateValue: (name: string, value: unknown) => void}} component
 * @returns {() => void} cleans up
 */
export function show({ data, parentElement, setStateValue }) {
  const stage = stages.get(parentElement) ?? new Stage(parentElement);
  stages.set(parentElement, stage);
  stage.send = setStateValue;
  const call = ++stage.calls;
  stage.update(readRuns(data));
  return () => {
    setTimeout(() => {
      if (call !== stage.calls) return;
      stages.delete(parentElement);
      stage.dispose();
    });
  };
}

class Stage {
  /** @param {ShadowRoot} parent */
  constructor(parent) {
    this.calls = 0;
    this.written = 0; // when the numbers were last written
    /** @type {(name: string, value: unknown) => void} */
    this.send = () => {};
    this.outbox = new Outbox((name, value) => this.send(name, value));
    /** @type {WeakMap<import("./payload.js").Run, Path>} */
    this.paths = new WeakMap();
    this.ended = new AbortController();
    const { signal } = this.ended;
    parent.adoptedStyleSheets = sheets;
    this.#build(parent, signal);
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.still.addEventListener("change", () => this.still.matches && this.clock.pause(), { signal });
    this.observer = new ResizeObserver(() => this.#resize());
    for (const { frame } of this.views) this.observer.observe(frame);
    this.sight = new IntersectionObserver(([entry]) => {
      this.seen = entry.isIntersecting;
      if (this.seen) this.request();
    });
    this.seen = true;
    this.sight.observe(this.root);
    addEventListener("resize", () => this.#resize(), { signal });
    document.addEventListener("keydown", (event) => {
      if (document.activeElement === document.body && /^(ArrowLeft|ArrowRight|Home|End|Escape|[ ,.+=lfF1-5-])$/.test(event.key)) this.#key(event);
    }, { signal });
    this.root.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("downhill:keep", async (event) => {
      event.preventDefault(); // somebody has heard it
      (await import("./keep.js")).keep(this, /** @type {CustomEvent} */ (event).detail);
    }, { signal });
  }

  /** @param {ShadowRoot} parent @param {AbortSignal} signal */
  #build(parent, signal) {
    const redraw = () => this.request();
    this.clock = new Clock(() => {
      this.controls?.update();
      this.request();
    });
    this.controls = new Controls(this.clock);
    this.driving = new Driving({
      show: (payload, live) => this.#show(payload, live),
      request: redraw,
      post: (name, value) => this.outbox.post(name, value),
      clock: this.clock,
    }, signal);
    const looked = () => {
      const { on } = this.demonstration;
      const demonstration = this.exact?.look.demonstration === null ? null : on;
      this.looked = this.outbox.post("look", { demonstration, sharpness: this.beside.sharpness, explained: this.explained.on, batches: this.batches.on });
    };
    this.demonstration = new Demonstration(parent.host, (on) => {
      looked();
      this.#resize();
      if (on) this.driving.dial.track.focus({ preventScroll: true });
    }, signal);
    this.controls.root.append(this.demonstration.buttons);
    this.legend = new Legend();
    const curve = element("div", { class: "frame", "data-view": "curve" });
    this.panels = new Panels({
      redraw,
      start: (point) => this.exact?.starts !== false && this.outbox.post("start", { point }),
      missing: (missing) => {
        this.missing = missing;
        if (this.root) this.root.dataset.surface = missing ? "missing" : "drawn";
      },
    }, signal, (frame) => this.observer?.observe(frame));
    this.beside = new Beside((payload, track) => {
      this.curve.setRuns(payload, track);
      this.request();
    }, looked);
    this.explained = new Explained(redraw, looked);
    this.batches = new Batches(redraw, looked);
    this.controls.root.append(this.explained.toggle, this.batches.toggle);
    const fit = element("div", { class: "frame", "data-view": "fit" });
    this.fit = new FitView(fit);
    this.panels.root.append(
      element("div", { class: "pane curve" }, curve, this.beside.root), element("div", { class: "pane fit" }, fit), this.beside.note,
    );
    this.swarm = new Swarm((crowds) => {
      this.panels.setCrowds(crowds);
      this.root.dataset.swarm = crowds.length ? String(crowds.length) : "";
    });
    this.summary = element("p", { class: "summary", "aria-live": "polite" });
    this.now = element("p", { class: "spoken", "aria-live": "polite" });
    this.root = element(
      "section",
      { class: "stage", "aria-label": "Stage", "data-surface": this.missing ? "missing" : "drawn" },
      this.demonstration.headline,
      this.legend.root,
      this.panels.root,
      this.driving.dial.root,
      this.controls.root,
      this.explained.root,
      this.summary,
      this.now,
      this.beside.spoken,
    );
    parent.append(this.root);
    this.curve = new CurveView(curve, this.clock, signal);
  }

  get views() {
    return [...this.panels.views, this.curve, this.fit];
  }

  /** New runs, or the same ones in another theme. @param {import("./payload.js").Runs} payload */
  async update(payload) {
    const call = this.calls;
    this.outbox.received(payload.received);
    let surface;
    try {
      surface = await fetchSurface(payload.surface);
    } catch (error) {
      if (call === this.calls) this.panels.complain(`The surface could not be loaded. ${error instanceof Error ? error.message : ""}`);
      return;
    }
    if (call !== this.calls || this.ended.signal.aborted) return; // a newer one is on its way
    this.#apply(payload, surface);
  }

  /** @param {import("./payload.js").Runs} payload @param {import("./payload.js").Surface} surface */
  #apply(payload, surface) {
    const elsewhere = surface !== this.map;
    if (elsewhere) {
      this.map = surface;
      this.terrain = new Terrain(surface);
      this.paths = new WeakMap();
      this.root.style.setProperty("--aspect", String(this.terrain.span[0] / this.terrain.span[1]));
      this.panels.setSurface(surface, this.terrain);
      this.fit.setSurface(surface);
      this.panels.root.classList.toggle("fitted", Boolean(surface.fit));
    }
    const theme = new Theme(this.root, surface.ramp);
    if (elsewhere || theme.key !== this.theme?.key) this.#setTheme(theme);
    const before = this.exact;
    this.exact = payload;
    const { look } = payload;
    this.demonstration.buttons.hidden = look.demonstration === null;
    if (payload.received >= (this.looked ?? 0)) {
      this.demonstration.set(Boolean(look.demonstration));
      this.beside.set(look.sharpness);
      this.explained.set(look.explained);
      this.batches.set(look.batches);
    }
    this.driving.setPayload(payload, surface);
    this.swarm.set(payload.swarm?.address);
    const labels = payload.runs.map((run) => run.label).join(", ");
    this.curve.still.setAttribute("role", "img");
    this.curve.still.ariaLabel = `Loss of ${labels} at each step`;
    const summary = payload.runs.map((run) => run.summary).join(" ");
    if (this.summary.textContent !== summary) this.summary.textContent = summary;
    this.summary.classList.toggle("spoken", payload.runs.length > 1); // too much to read at once; a table says it better
    this.root.dataset.key = surface.key;
    if (this.#begins(before, payload, elsewhere)) this.clock.restart();
    this.root.dataset.runs = String(Number(this.root.dataset.runs ?? 0) + 1);
    this.#resize();
  }

  /** @param {Theme} theme */
  #setTheme(theme) {
    this.theme = theme;
    this.root.classList.toggle("dark", theme.dark);
    this.panels.setTheme(theme);
    this.curve.setTheme(theme);
    this.fit.setTheme(theme);
    this.driving.dial.setTheme(theme);
  }

  /** Puts runs into the views: exact ones, or while the dial is dragged those of its fans. @param {import("./payload.js").Runs} payload @param {boolean} live */
  #show(payload, live) {
    this.payload = payload;
    const shown = withTwins(payload.runs);
    const paths = shown.map((run) => {
      const known = this.paths.get(run) ?? new Path(run, this.terrain, payload.runs.length === 1);
      this.paths.set(run, known);
      return known;
    });
    this.panels.setPaths(paths, payload.layout === "side");
    this.panels.setStarts(payload.starts !== false);
    this.fit.setRuns(payload.runs);
    this.beside.setRuns(payload, live);
    this.explained.setRuns(payload, live);
    this.batches.setRuns(payload.runs);
    this.controls.epoch = payload.runs.length === 1 ? payload.runs[0].epoch : null;
    this.controls.change = payload.runs[0].tasks?.change ?? null;
    clearTimeout(this.naming);
    if (!live || performance.now() - (this.named ?? 0) > READABLE) this.#name();
    else this.naming = setTimeout(() => this.#name(), READABLE);
    this.root.classList.toggle("live", live);
    this.swarm.hide(live);
    const { clock, driving } = this;
    const { held } = driving;
    clock.setLength(Math.max(payload.swarm?.steps ?? 0, ...shown.map((run) => run.length)), live);
    if (held && !clock.playing) clock.seek(held.ended ? clock.length : held.step);
    if (!live) driving.held = null;
    this.request();
  }

  /** Lets the legend tell of the runs that are shown. */
  #name() {
    this.named = performance.now();
    this.legend.number = (row) => Math.min(row * (this.payload.every ?? 1), this.payload.total ?? Infinity);
    this.legend.setRuns(withTwins(this.payload.runs), this.theme, this.map.domain, this.panels.heads);
    this.legend.draw(this.clock.step);
  }

  /** Whether the user would want to see new runs from their beginning; else the cursor stays. */
  #begins(/** @type {any} */ before, /** @type {import("./payload.js").Runs} */ payload, /** @type {boolean} */ elsewhere) {
    const { clock } = this;
    if (!before?.runs.some((/** @type {any} */ run) => run.length)) { // nothing has moved yet
      if (this.still.matches) clock.seek(clock.length);
      return !this.still.matches;
    }
    const names = (/** @type {any} */ of) => JSON.stringify(of.runs.map((/** @type {any} */ run) => run.label));
    const starts = (/** @type {any} */ of) => JSON.stringify(of.runs.map((/** @type {any} */ run) => run.start));
    const moved = elsewhere || starts(before) !== starts(payload);
    const others = payload.swarm && payload.swarm.kind !== before.swarm?.kind;
    return clock.wanted && !this.still.matches && (moved || others || (!clock.playing && names(before) !== names(payload)));
  }

  #resize() {
    if (!this.theme) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const theme = new Theme(this.root, this.map.ramp);
    if (theme.key !== this.theme.key) this.#setTheme(theme);
    for (const view of this.views) {
      const { clientWidth, clientHeight } = view.frame;
      const size = `${clientWidth} ${clientHeight} ${ratio}`;
      if (view.frame.dataset.size === size || !clientWidth) continue;
      view.frame.dataset.size = size;
      view.resize(clientWidth, clientHeight, ratio);
    }
    this.driving.dial.resize(this.root.clientWidth, ratio);
    this.#draw();
    this.request();
  }

  /** Tells the demonstration's headline what the picture shows. */
  #tell() {
    const { demonstration, driving, payload } = this;
    if (payload) demonstration.tell(payload.runs[driving.driven?.[0]?.run ?? 0], driving.driven?.length ? driving.dial.rate : NaN);
  }

  /** Asks for a frame. */
  request() {
    this.pending ??= requestAnimationFrame((time) => this.#frame(time));
  }

  /** @param {number} time in milliseconds */
  #frame(time) {
    this.pending = undefined;
    this.driving.frame();
    const more = this.clock.tick(this.last ? (time - this.last) / 1000 : 0);
    this.#draw();
    this.driving.cursor();
    this.#tell();
    this.last = more && this.seen ? time : undefined;
    if (this.last) this.request();
  }

  #draw() {
    if (!this.theme) return;
    const { step } = this.clock;
    const { ahead } = this.driving;
    for (const view of this.views) view.draw(step, ahead);
    this.batches.draw(step, this.panels.list[0].plane, this.clock.playing);
    this.root.dataset.step = String(Math.floor(step + 1e-9));
    const now = performance.now();
    const readable = !this.clock.playing || now - this.written > READABLE;
    this.explained.draw(step, this.panels.list[0].plane, this.theme, readable);
    if (readable) {
      this.written = now;
      if (this.legend.draw(step)) this.controls.step(this.legend.whole);
    }
    const state = this.clock.playing ? "playing" : this.clock.ended ? "ended" : "paused";
    if (this.root.dataset.state === state && state === "playing") return;
    this.root.dataset.state = state;
    clearTimeout(this.speaking);
    if (state !== "playing") this.speaking = setTimeout(() => (this.now.textContent = this.legend.spoken()), 400);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    const tag = target.localName;
    if (tag === "select") return;
    if (tag === "button" && [" ", "Enter"].includes(event.key)) return;
    if (tag === "input" && event.key !== " " && !/^[fF1-5]$|^Escape$/.test(event.key)) return;
    const handled =
      this.demonstration.key(event.key) ||
      this.panels.key(target, event) ||
      this.#clockKey(event.key);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} key */
  #clockKey(key) {
    const { clock } = this;
    /** @type {Record<string, () => void>} */
    const actions = {
      " ": () => clock.toggle(),
      ArrowLeft: () => clock.advance(-1),
      ArrowRight: () => clock.advance(1),
      ",": () => clock.advance(-1), // where the arrows turn the dial
      ".": () => clock.advance(1),
      Home: () => clock.seek(0),
      End: () => clock.seek(clock.length),
      "+": () => this.controls.faster(1),
      "=": () => this.controls.faster(1),
      "-": () => this.controls.faster(-1),
      l: () => clock.setLoop(!clock.loop),
    };
    if (/^[1-5]$/.test(key)) return this.driving.dial.preset(Number(key) - 1);
    if (!actions[key]) return false;
    actions[key]();
    return true;
  }

  dispose() {
    this.ended.abort();
    if (this.pending) cancelAnimationFrame(this.pending);
    clearTimeout(this.speaking);
    clearTimeout(this.naming);
    this.outbox.dispose();
    this.observer.disconnect();
    this.sight.disconnect();
    this.panels.dispose();
    this.root.remove();
  }
}
