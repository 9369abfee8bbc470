/** The one clock and step cursor that all views share. It asks for frames only while something moves. */

export const SPEEDS = [1, 2, 5, 10, 25, 50, 100, 250, 500]; // steps a second
const LOOP_REST = 0.9; // seconds at the end before it begins again
const LONGEST = 0.1; // seconds a frame may count, so that a stall is no jump

export class Clock {
  /** @param {() => void} changed is called when anything but the running step changes */
  constructor(changed) {
    this.changed = changed;
    this.step = 0; // with a fraction between two iterates
    this.length = 0;
    this.speed = 50;
    this.chosen = false; // whether the user has set the speed
    this.playing = false;
    this.wanted = false; // whether the user wants it to run: true still when it has come to the end
    this.loop = false;
    this.rest = 0;
  }

  get ended() {
    return this.step >= this.length;
  }

  /**
   * A run of another length; the cursor stays, and at the end it stays at the end.
   * @param {number} length @param {boolean} [passing] whether it will soon have another again, so that the speed stays
   */
  setLength(length, passing = false) {
    const ended = this.length > 0 && this.ended;
    this.length = length;
    if (!this.chosen && !passing) this.speed = SPEEDS.findLast((speed) => speed <= Math.max(length / 10, 1)) ?? 1;
    this.step = ended && !this.playing ? length : Math.min(this.step, length);
    this.changed();
  }

  play() {
    if (this.ended) this.step = 0;
    this.rest = 0;
    this.wanted = true;
    this.playing = this.length > 0;
    this.changed();
  }

  pause() {
    this.playing = this.wanted = false;
    this.changed();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  restart() {
    this.step = 0;
    this.play();
  }

  /** Stops at the next or last whole step. @param {number} by */
  advance(by) {
    this.playing = this.wanted = false;
    this.seek(by > 0 ? Math.floor(this.step + 1e-9) + by : Math.ceil(this.step - 1e-9) + by);
  }

  /** @param {number} step */
  seek(step) {
    this.step = Math.min(Math.max(step, 0), this.length);
    this.rest = 0;
    this.changed();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.chosen = true;
    this.changed();
  }

  /** @param {boolean} loop */
  setLoop(loop) {
    this.loop = loop;
    this.changed();
  }

  /** Lets time pass. @param {number} seconds @returns {boolean} whether another frame is needed */
  tick(seconds) {
    if (!this.playing) return false;
    const passed = Math.min(seconds, LONGEST);
    if (this.ended) {
      this.rest += passed;
      if (this.rest > LOOP_REST) {
        this.step = 0;
        this.rest = 0;
      }
      return true;
    }
    this.step = Math.min(this.step + passed * this.speed, this.length);
    if (this.ended && !this.loop) {
      this.playing = false;
      this.changed();
      return false;
    }
    return true;
  }
}
