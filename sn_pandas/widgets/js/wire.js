// Questions to the kernel and its answers.

export const PATIENCE = 6000; // milliseconds after which we say that the kernel does not answer
export const GONE = "The kernel is gone: run the cells of this notebook again. The grid offers then what was not saved.";
const SLOW = new Set(["plan", "save", "offer", "add", "undo plan", "undo save"]); // these wait for a server

/** One view's end of the wire. */
export class Wire {
  /**
   * @param {any} model
   * @param {() => void} onDead called when nobody answers any more
   * @param {(late: boolean) => void} onLate called when an answer takes long, and when it came
   */
  constructor(model, onDead, onLate) {
    this.model = model;
    this.onDead = onDead;
    this.onLate = onLate;
    this.name = Math.random().toString(36).slice(2);
    this.ticket = 0;
    this.dead = false;
    /** @type {Map<number, { resolve: (answer: any) => void, timer: any }>} */
    this.open = new Map();
  }

  /**
   * Ask the kernel; the answer has `problem` where something went wrong, and never comes of a dead kernel.
   * @param {string} what
   * @param {Record<string, any>} [fields]
   * @returns {Promise<any>}
   */
  ask(what, fields = {}) {
    const ticket = ++this.ticket;
    return new Promise((resolve) => {
      if (this.dead) return this.onDead();
      const slow = SLOW.has(what);
      const timer = slow ? 0 : setTimeout(() => this.onLate(true), PATIENCE);
      this.open.set(ticket, { resolve, timer });
      try {
        const sent = this.model.send({ ask: what, view: this.name, ticket, ...fields });
        sent?.catch?.(() => this.die());
      } catch {
        this.die();
      }
    });
  }

  /** @param {any} message */
  hear(message) {
    if (!message.answer || message.view !== this.name) return;
    const asked = this.open.get(message.ticket);
    if (!asked) return;
    clearTimeout(asked.timer);
    this.open.delete(message.ticket);
    this.onLate(false);
    asked.resolve(message);
  }

  die() {
    if (this.dead) return;
    this.dead = true;
    this.close();
    this.onDead();
  }

  close() {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
  }
}
