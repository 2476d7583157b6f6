// What the page knows of the rows: blocks that the kernel sent, each for an order of the rows.

export const SIZE = 100; // rows of a block
const KEPT = 40; // blocks kept of rows that are out of sight

/**
 * @typedef {string | number} Key
 * @typedef {{ state: string, before: string, problem: string }} Mark
 * @typedef {{ key: Key, number: number, block: Block, offset: number }} Row
 */

class Block {
  /** @param {any} answer */
  constructor(answer) {
    /** @type {Key[]} */
    this.keys = answer.keys;
    /** @type {Record<string, string[]>} */
    this.columns = answer.columns;
    /** @type {Map<string, Mark>} */
    this.marks = new Map();
    this.stale = false;
    /** @type {Record<string, string[]>} */
    this.links = answer.links;
    /** @type {Set<number>} */
    this.saving = new Set(answer.saving); // rows that are being saved
    for (const [offset, column, state, before, problem] of answer.marks)
      this.marks.set(`${offset} ${column}`, { state, before, problem });
  }
}

/** The blocks of rows that are known. */
export class Blocks {
  constructor() {
    /** @type {Map<number, Block>} */
    this.blocks = new Map();
    /** @type {Map<number, number>} */
    this.asked = new Map(); // number of a block -> number of the question
    this.order = -1;
  }

  /**
   * A row, if it is known.
   * @param {number} number
   * @returns {Row | null}
   */
  row(number) {
    const block = this.blocks.get(Math.floor(number / SIZE));
    const offset = number % SIZE;
    return block && offset < block.keys.length ? { key: block.keys[offset], number, block, offset } : null;
  }

  /**
   * What a cell of a row shows.
   * @param {Row} row
   * @param {string} column
   */
  text(row, column) {
    return row.block.columns[column]?.[row.offset] ?? "";
  }

  /**
   * Where a cell of a row leads; empty if nowhere.
   * @param {Row} row
   * @param {string} column
   */
  link(row, column) {
    return row.block.links[column]?.[row.offset] ?? "";
  }

  /**
   * @param {Row} row
   * @param {string} column
   */
  mark(row, column) {
    return row.block.marks.get(`${row.offset} ${column}`) ?? null;
  }

  /** Ask for everything again, while what is known stays in sight. */
  renew() {
    for (const block of this.blocks.values()) block.stale = true;
    this.asked.clear(); // what comes of these is older than the change
  }

  /** Forget everything: the rows have another order. @param {number} order */
  forget(order) {
    this.blocks.clear();
    this.asked.clear();
    this.order = order;
  }

  /**
   * Whether the block of a row has to be asked for.
   * @param {number} number
   */
  lacks(number) {
    const at = Math.floor(number / SIZE);
    const block = this.blocks.get(at);
    return (!block || block.stale) && !this.asked.has(at) ? at : null;
  }

  /** @param {any} answer */
  arrive(answer) {
    this.blocks.set(answer.start / SIZE, new Block(answer));
  }

  /** Let go of blocks far from those in sight. @param {number} near */
  trim(near) {
    const far = [...this.blocks.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const at of far.slice(0, Math.max(0, far.length - KEPT))) this.blocks.delete(at);
  }
}
