// @ts-check
/**
 * What is seen, kept: a picture at twice the size, or a video of the animation. Both are composed of the views' own
 * canvases, with a title above and the link below.
 */

import { labelledPicture, labelledVideo } from "./labelled.js";
import { lineSample } from "./marks.js";

const SHARP = 2; // pixels of a picture for each pixel of the page
const FRAMES = 30; // a second of a video
const [SHORTEST, LONGEST, REST] = [1, 20, 0.5]; // seconds of a video, and for which its end stands
const KINDS = ["video/webm;codecs=vp8", "video/webm;codecs=vp9", "video/webm", "video/mp4"];
const FEWEST = 32; // pictures shown from the first step to the last
const PATIENCE = 1000; // milliseconds for which a picture may take to be written
const MISSED = 3; // so many that were not seen to be written, one after another: this browser does not tell
const MARGIN = 12;
const LINE = 1.1; // from a line of small text to the next, in sizes of the usual text

/**
 * @typedef {object} Asked
 * @property {"picture" | "video"} what
 * @property {string} views which of them
 * @property {string} stem the beginning of the file's name
 * @property {string} title
 * @property {string} link
 * @property {(text: string) => void} say
 * @property {HTMLButtonElement} button is not to be pressed again until it is done
 */

/** @param {any} stage @param {Asked} asked */
export async function keep(stage, asked) {
  asked.button.disabled = true;
  try {
    if (asked.what === "picture") await picture(stage, asked);
    else await video(stage, asked);
  } catch (error) {
    asked.say(`It could not be made. ${error instanceof Error ? error.message : ""}`);
  } finally {
    asked.button.disabled = false;
  }
}

/** @param {any} stage @param {Asked} asked */
async function picture(stage, asked) {
  const sheet = new Sheet(stage, asked, SHARP);
  for (const view of sheet.views) view.resize(view.frame.clientWidth, view.frame.clientHeight, SHARP);
  sheet.draw();
  for (const view of sheet.views) delete view.frame.dataset.size;
  dispatchEvent(new Event("resize")); // the stage lays them out again as they were
  /** @type {Blob | null} */
  const blob = await new Promise((done) => sheet.canvas.toBlob(done, "image/png"));
  save(blob && await labelledPicture(blob, asked), `${asked.stem}${asked.views === "all" ? "" : `-${asked.views}`}.png`);
  asked.say(`The picture is kept: ${sheet.canvas.width} × ${sheet.canvas.height} pixels.`);
}

/** @param {any} stage @param {Asked} asked */
async function video(stage, asked) {
  const kind = globalThis.MediaRecorder && KINDS.find((one) => MediaRecorder.isTypeSupported(one));
  if (!kind || !HTMLCanvasElement.prototype.captureStream) {
    asked.say("This browser cannot record a video of a picture that it draws.");
    return;
  }
  const { clock } = stage;
  const before = clock.step;
  clock.pause();
  const sheet = new Sheet(stage, asked, Math.min(devicePixelRatio || 1, 2));
  const [track] = sheet.canvas.captureStream(0).getVideoTracks();
  const recorder = new MediaRecorder(new MediaStream([track]), { mimeType: kind, videoBitsPerSecond: 8e6 });
  /** @type {Blob[]} */
  const parts = [];
  let written = () => {};
  recorder.ondataavailable = ({ data }) => {
    parts.push(data);
    if (data.size) written();
  };
  const stopped = new Promise((done) => (recorder.onstop = done));
  const seconds = Math.min(Math.max(clock.length / clock.speed, SHORTEST), LONGEST);
  let [share, patience] = [0, MISSED];
  // A picture that is shown before the last one is written may be lost. So each is waited for, where a browser hands out
  // what it has written as it goes; now and then it hands out one in two pieces, and the next is lost all the same.
  const show = async () => {
    const kept = new Promise((/** @type {(kept: boolean) => void} */ done) => {
      written = () => done(true);
      if (patience) setTimeout(done, PATIENCE, false);
      else done(true);
    });
    clock.seek(Math.min(share, 1) * clock.length);
    sheet.draw();
    /** @type {any} */ (track).requestFrame();
    await until(performance.now() + 500 / FRAMES);
    const seen = await kept;
    if (patience) patience = seen ? MISSED : patience - 1;
    asked.say(`Recording: ${Math.round(100 * Math.min(share, 1))} %`);
  };
  recorder.start(1);
  await show(); // the first takes its time
  const began = performance.now();
  // By the time that has passed, not by counting pictures: a slow machine makes fewer, but never less than FEWEST.
  for (let now = 0; share * seconds < seconds + REST; now = (performance.now() - began) / 1000 / seconds) {
    share = Math.min(now, share + 1 / FEWEST);
    await show();
  }
  recorder.stop();
  await stopped;
  track.stop();
  clock.seek(before);
  const made = new Blob(parts, { type: kind.split(";")[0] });
  if (kind.startsWith("video/webm")) save(labelledVideo(made, asked), `${asked.stem}.webm`);
  else save(made, `${asked.stem}.mp4`);
  asked.say(`The video is kept: ${((performance.now() - began) / 1000).toFixed(1)} seconds.`);
}

/** The next frame of the browser that is not before a moment. @param {number} time */
function until(time) {
  return new Promise((/** @type {(now: number) => void} */ done) => {
    const wait = () => (performance.now() >= time ? done(0) : requestAnimationFrame(wait));
    requestAnimationFrame(wait);
  });
}

/** @param {Blob | null} blob @param {string} name */
function save(blob, name) {
  if (!blob) throw new Error("The picture is too large.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Views as they stand on the page, between a title and a link. */
class Sheet {
  /** @param {any} stage @param {Asked} asked @param {number} ratio pixels for each pixel of the page */
  constructor(stage, asked, ratio) {
    this.stage = stage;
    this.asked = asked;
    this.ratio = ratio;
    this.views = stage.views.filter((/** @type {any} */ view) => view.frame.clientWidth && (asked.views === "all" || view.frame.dataset.view === asked.views));
    if (!this.views.length) throw new Error("That view is not shown.");
    const boxes = this.views.map((/** @type {any} */ view) => view.frame.getBoundingClientRect());
    this.left = Math.min(...boxes.map(({ left }) => left));
    this.top = Math.min(...boxes.map(({ top }) => top));
    this.size = stage.theme.size;
    this.width = Math.ceil(Math.max(...boxes.map(({ right }) => right)) - this.left + 2 * MARGIN);
    this.canvas = document.createElement("canvas");
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.head = this.#heading(false);
    this.pen.font = this.#small;
    this.link = broken(this.pen, asked.link, this.width - 3 * MARGIN - this.pen.measureText(this.#step(stage.clock.length)).width);
    this.low = Math.ceil(Math.max(...boxes.map(({ bottom }) => bottom)) - this.top + this.head + this.size);
    this.height = Math.ceil(this.low + this.link.length * this.size * LINE + MARGIN);
    // Whole even numbers: some recorders refuse others.
    this.canvas.width = 2 * Math.round((this.width * ratio) / 2);
    this.canvas.height = 2 * Math.round((this.height * ratio) / 2);
  }

  /** Draws everything anew: a picture on the graphics card can only be copied right after it was drawn. */
  draw() {
    const { pen, ratio, stage, size } = this;
    const { theme, clock } = stage;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = theme.background;
    pen.fillRect(0, 0, this.width, this.height);
    this.#heading(true);
    for (const view of this.views) {
      view.draw(clock.step, stage.driving.ahead);
      const box = view.frame.getBoundingClientRect();
      pen.save();
      pen.translate(MARGIN + box.left - this.left, this.head + box.top - this.top);
      pen.beginPath();
      pen.rect(0, 0, box.width, box.height);
      pen.clip();
      this.#drawFrame(view.frame, box);
      pen.restore();
    }
    this.#names();
    pen.fillStyle = theme.ink(0.7);
    pen.font = this.#small;
    pen.textBaseline = "top";
    pen.textAlign = "right";
    pen.fillText(this.#step(clock.step), this.width - MARGIN, this.low);
    pen.textAlign = "left";
    this.link.forEach((line, place) => pen.fillText(line, MARGIN, this.low + place * size * LINE));
  }

  get #small() {
    return `${this.size * 0.8}px ${this.stage.theme.font}`;
  }

  /** @param {number} step */
  #step(step) {
    return `step ${Math.floor(step + 1e-9)} of ${this.stage.clock.length}`;
  }

  /** Side by side, the name of each run above its picture. */
  #names() {
    const { pen, size, stage } = this;
    if (!stage.panels.side) return;
    pen.fillStyle = stage.theme.text;
    pen.font = `600 ${size}px ${stage.theme.font}`;
    pen.textBaseline = "bottom";
    stage.panels.list.forEach((/** @type {any} */ { surface, plane }) => {
      const view = [surface, plane].find((one) => this.views.includes(one));
      if (!view) return;
      const box = view.frame.getBoundingClientRect();
      pen.fillText(view.paths[0]?.run.label ?? "", MARGIN + box.left - this.left + 4, this.head + box.top - this.top - 4);
    });
  }

  /** Title, and below it each run with its line; returns how high they are. @param {boolean} drawn */
  #heading(drawn) {
    const { pen, size, stage } = this;
    const { theme } = stage;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    pen.font = `600 ${size * 1.15}px ${theme.font}`;
    pen.fillStyle = theme.text;
    let [x, y] = [MARGIN, MARGIN + size * 0.7];
    if (drawn) pen.fillText(fitted(pen, this.asked.title, this.width - 2 * MARGIN), x, y);
    y += size * 1.6;
    pen.font = `${size * 0.9}px ${theme.font}`;
    for (const run of stage.payload.runs) {
      const wide = 44 + pen.measureText(run.label).width;
      if (x > MARGIN && x + wide > this.width - MARGIN) [x, y] = [MARGIN, y + size * 1.4];
      if (drawn) {
        pen.save();
        pen.translate(x, y - 8);
        for (const path of lineSample(run, theme.css(run)).children) this.#drawShape(path);
        pen.restore();
        pen.fillStyle = theme.text;
        pen.fillText(run.label, x + 40, y);
      }
      x += wide + size;
    }
    return y + size * (stage.panels.side ? 2.2 : 1);
  }

  /** The canvases of a view one above the other, and the signs that the browser moves over them. @param {HTMLElement} frame @param {DOMRect} box */
  #drawFrame(frame, box) {
    const { pen } = this;
    for (const child of /** @type {Iterable<any>} */ (frame.children)) {
      const style = getComputedStyle(child);
      if (child.hidden || style.visibility === "hidden" || style.display === "none") continue;
      pen.save();
      pen.globalAlpha = Number(style.opacity);
      if (child.localName === "canvas") {
        if (child.width && child.height) pen.drawImage(child, 0, 0, box.width, box.height);
      } else if (child.localName === "svg") {
        const place = new DOMMatrix(style.transform === "none" ? "" : style.transform);
        pen.translate(place.e, place.f);
        for (const shape of child.children) this.#drawShape(shape);
      } else if (child.matches(".cursor, .ball")) {
        const place = child.getBoundingClientRect();
        pen.translate(place.left - box.left, place.top - box.top);
        if (child.matches(".ball")) {
          pen.beginPath();
          pen.arc(place.width / 2, place.height / 2, place.width / 2 - 1, 0, 7);
          pen.fillStyle = style.backgroundColor;
          pen.strokeStyle = style.borderColor;
          pen.lineWidth = 2.2;
          pen.fill();
          pen.stroke();
        } else {
          pen.fillStyle = style.backgroundColor;
          pen.fillRect(0, 0, place.width, place.height);
        }
      }
      pen.restore();
    }
  }

  /** A circle or a path of an SVG. @param {Element} shape */
  #drawShape(shape) {
    const { pen } = this;
    const value = (/** @type {string} */ name) => shape.getAttribute(name);
    const path = new Path2D(value("d") ?? "");
    if (shape.localName === "circle") path.arc(Number(value("cx")), Number(value("cy")), Number(value("r")), 0, 7);
    pen.save();
    pen.globalAlpha *= Number(value("opacity") ?? 1);
    pen.lineJoin = "round";
    pen.lineWidth = Number(value("stroke-width") ?? 1);
    pen.setLineDash((value("stroke-dasharray") ?? "").split(" ").filter(Boolean).map(Number));
    pen.fillStyle = value("fill") ?? "transparent";
    pen.strokeStyle = value("stroke") ?? "transparent";
    if (value("fill") && value("fill") !== "none") pen.fill(path);
    if (value("stroke")) pen.stroke(path);
    pen.restore();
  }
}

/** A text as far as it fits. @param {CanvasRenderingContext2D} pen @param {string} text @param {number} wide */
function fitted(pen, text, wide) {
  if (pen.measureText(text).width <= wide) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > wide) end--;
  return `${text.slice(0, end)}…`;
}

/** A text without spaces in lines that fit. @param {CanvasRenderingContext2D} pen @param {string} text @param {number} wide */
function broken(pen, text, wide) {
  const lines = [""];
  for (const letter of text) {
    if (pen.measureText(lines[lines.length - 1] + letter).width > wide && lines[lines.length - 1]) lines.push("");
    lines[lines.length - 1] += letter;
  }
  return lines;
}
