/** What goes to Python: one thing at a time, and of what waits only the last of each name. */

const PATIENCE = 3000; // milliseconds until what nobody has answered no longer holds back what is sent next

export class Outbox {
  /** @param {(name: string, value: unknown) => void} send */
  constructor(send) {
    this.send = send;
    /** What waits, by name. @type {Map<string, {number: number}>} */
    this.waiting = new Map();
    this.number = 0; // of what was last put here
    this.sent = 0; // the number of what has been sent and not answered; 0 when there is none
  }

  /** Sends something as soon as it may; returns its number. @param {string} name @param {object} value */
  post(name, value) {
    this.number = Math.max(Date.now(), this.number + 1); // counts up over reloads as well
    this.waiting.delete(name);
    this.waiting.set(name, { ...value, number: this.number });
    if (!this.sent) this.#sendNext();
    return this.number;
  }

  /** Python has got everything up to a number. @param {number} number */
  received(number) {
    if (this.sent && number >= this.sent) this.#sendNext();
  }

  #sendNext() {
    clearTimeout(this.impatient);
    this.sent = 0;
    const [next] = this.waiting;
    if (!next) return;
    const [name, value] = next;
    this.waiting.delete(name);
    this.sent = value.number;
    this.send(name, value);
    this.impatient = setTimeout(() => this.#sendNext(), PATIENCE);
  }

  dispose() {
    clearTimeout(this.impatient);
  }
}
