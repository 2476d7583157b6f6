// One view of the grid: draws the cells that are in sight, asks for rows as they come into sight, and turns
// keys and clicks into questions to the kernel. Edits, their history and their checks live in the kernel.

import { Blocks, SIZE } from "./blocks.js";
import { Panel, chooseColumns, replace, save, undoSave } from "./dialogs.js";
import { editorOf } from "./editors.js";
import { attributes, button, counted, line, make } from "./elements.js";
import { GONE, Wire } from "./wire.js";

const LINE = 28; // pixels of a row, as in grid.css
const CEILING = 12_000_000; // pixels that every browser can scroll; longer sheets are scaled to it
const SPARE = 6; // rows drawn above and below those in sight
const IN_FLIGHT = 2; // blocks asked for at once
const NUMBERS = 64; // width of the column of row numbers
const WIDTHS = { text: 200, number: 100, truth: 90, date: 160, choice: 130, choices: 180, reference: 190, references: 220, about: 150 };
const CUT = " … [the whole text is too long for a cell]"; // as the kernel ends a text that it cuts
const LATE = "No answer yet: the kernel is busy, or gone. What you typed is waiting.";
const STATES = { changed: "●", invalid: "!" };

/** @typedef {import("./editors.js").Column} Column */

export default {
  /** @param {{ model: any, el: HTMLElement }} context */
  render: ({ model, el }) => new View(model, el).dispose,
};

/** One view of the grid on the page. */
class View {
  /** @param {any} model @param {HTMLElement} el */
  constructor(model, el) {
    this.model = model;
    this.dispose = this.dispose.bind(this);
    this.blocks = new Blocks();
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
    this.wire = new Wire(model, () => this.die(), (late) => this.onLate(late));
    /** @type {Set<string>} */
    this.hidden = new Set();
    /** @type {string[]} */
    this.arranged = []; // the columns in the order that was chosen; others follow
    /** @type {Map<string, number>} */
    this.widths = new Map();
    /** @type {[string, boolean][]} */
    this.sorts = [];
    this.active = { row: 0, column: 0 };
    this.anchor = { row: 0, column: 0 };
    /** @type {Map<string, string>} */
    this.pending = new Map();
    this.message = "";
    this.late = false;
    this.offset = 0; // pixels above what is in sight, as it was drawn last
    this.questions = 0;
    /** @type {any[]} */
    this.rows = [];
    /** @type {any} */
    this.editor = null;
    /** @type {Panel | null} */
    this.panel = null;
    /** @type {string | null} */
    this.drawnHead = null;
    this.empty = make("div", "sn-empty", {}, make("span", ""));
    this.empty.setAttribute("role", "row");
    this.empty.firstChild.setAttribute("role", "gridcell");
    this.progress = (/** @type {number} */ _done, /** @type {number | null} */ _total) => {};
    this.build(el);
    this.listen();
    this.blocks.forget(model.get("order"));
    this.setColumns();
  }

  // ---- the elements ----

  /** @param {HTMLElement} parent */
  build(parent) {
    this.el = make("div", "sn-grid");
    // Keys pressed in here are ours: in command mode the notebook would delete or insert cells. Notebook 7 asks
    // the element with the focus before those around it.
    this.el.dataset.lmSuppressShortcuts = "true";
    this.el.addEventListener("focusin", (/** @type {any} */ event) => {
      event.target.dataset.lmSuppressShortcuts = "true";
    });
    this.needle = make("input", "sn-filter", { type: "search", placeholder: "Filter rows …", spellcheck: false });
    this.needle.setAttribute("aria-label", "Filter rows by a text in any column");
    this.which = make("select", "sn-select");
    this.which.setAttribute("aria-label", "Rows that are shown");
    for (const [value, text] of [["all", "All rows"], ["changed", "Changed"], ["problems", "With problems"], ["failed", "Not saved"]])
      this.which.append(make("option", "", { value, textContent: text }));
    this.buttons = [
      button("Undo", "Undo the last edit (Ctrl+Z)", () => this.change("undo")),
      button("Redo", "Redo the edit (Ctrl+Y)", () => this.change("redo")),
      button("New row", "Add a row for a new content below the others", () => this.addRow()),
      button("Remove row", "Remove the new rows that are selected", () => this.change("remove", this.selected)),
      button("Replace …", "Find and replace a text", () => replace(this)),
      button("Columns …", "Choose the columns", () => chooseColumns(this)),
      button("Take back …", "Undo the last save", () => undoSave(this)),
      button("Save …", "Show what would be saved", () => save(this)),
    ];
    this.buttons[7].classList.add("sn-primary");
    const bar = make("div", "sn-bar", {}, this.needle, this.which, ...this.buttons);
    attributes(bar, { role: "toolbar", "aria-label": "Edit the rows" });
    this.scroller = make("div", "sn-scroll", { tabIndex: 0 });
    attributes(this.scroller, { role: "grid", "aria-label": "Rows", "aria-multiselectable": "true" });
    this.head = make("div", "sn-row sn-head");
    this.head.setAttribute("role", "row");
    this.space = make("div", "sn-space");
    this.space.setAttribute("role", "rowgroup");
    const heads = make("div", "sn-heads", {}, this.head);
    heads.setAttribute("role", "rowgroup");
    this.scroller.append(heads, this.space);
    this.status = make("span", "sn-status");
    this.status.setAttribute("role", "status");
    this.count = make("span", "sn-count");
    const foot = make("div", "sn-foot", {}, this.status, this.count);
    this.stage = make("div", "sn-stage", {}, this.scroller);
    this.offer = make("div", "sn-offer");
    attributes(this.offer, { role: "region", "aria-label": "Edits that were not saved" });
    this.el.append(this.offer, bar, this.stage, foot);
    this.showOffer();
    parent.append(this.el);
  }

  listen() {
    const { model, scroller } = this;
    /** @type {Record<string, (value: any) => void>} */
    this.handlers = {
      "msg:custom": (message) => this.hear(message),
      "change:columns": () => this.setColumns(),
      "change:order": () => this.onOrder(),
      "change:totals": () => this.draw(),
      "change:saving": () => this.draw(),
      "change:offer": () => this.showOffer(),
      "change:note": () => this.draw(),
      "change:height": () => this.draw(),
      comm_live_update: () => this.wire.die(), // the kernel was restarted or shut down
    };
    for (const [name, handler] of Object.entries(this.handlers)) model.on(name, handler);
    scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    scroller.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.onKey(event));
    scroller.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => this.onMouseDown(event));
    scroller.addEventListener("dblclick", (/** @type {MouseEvent} */ event) => this.onDoubleClick(event));
    scroller.addEventListener("focus", () => this.draw());
    scroller.addEventListener("blur", () => this.draw());
    for (const kind of ["copy", "cut", "paste"])
      scroller.addEventListener(kind, (/** @type {ClipboardEvent} */ event) => this.onClipboard(event));
    this.needle.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.arrange(), 250);
    });
    this.needle.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.needle.value = "";
      else if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      clearTimeout(this.typing);
      if (event.key !== "ArrowDown") this.arrange();
      scroller.focus({ preventScroll: true });
    });
    this.which.addEventListener("change", () => this.arrange());
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(scroller);
  }

  dispose() {
    for (const [name, handler] of Object.entries(this.handlers ?? {})) this.model.off(name, handler);
    this.sizes?.disconnect();
    clearTimeout(this.typing);
    if (this.frame) cancelAnimationFrame(this.frame);
    this.editor?.close();
    this.wire.close();
    this.el.remove();
    this.gone = true;
  }

  // ---- what is shown ----

  get totals() {
    return this.model.get("totals");
  }

  /** @returns {Column[]} */
  get all() {
    return this.model.get("columns");
  }

  get locked() {
    return this.wire.dead;
  }

  /**
   * A column as it is in a row: in a new one, what the content becomes can be edited.
   * @param {import("./blocks.js").Row | null} row
   * @param {number} at
   * @returns {Column | undefined}
   */
  columnIn(row, at) {
    const column = this.columns?.[at];
    return column && typeof row?.key === "string" ? { ...column, ...column.fresh } : column;
  }

  /**
   * The address that a cell opens: only one of the repository.
   * @param {import("./blocks.js").Row} row
   * @param {string} column
   */
  linkOf(row, column) {
    const link = this.blocks.link(row, column);
    if (!link || !URL.canParse(link)) return "";
    const url = new URL(link);
    const home = new URL(this.model.get("origin"));
    return url.origin === home.origin && /^https?:$/.test(url.protocol) ? url.href : "";
  }

  /** Open what the active cell leads to. */
  follow() {
    this.paint(); // the active cell may have moved since the last frame
    const link = this.space.querySelector(".sn-active .sn-link");
    if (link) link.click();
    else this.say("This cell leads nowhere.");
  }

  /** Say why a cell cannot be edited, if so. @param {any} row @param {Column} column */
  isFixed(row, column) {
    if (row.block.saving.has(row.offset)) this.say("This row is being saved: edit it when the save has ended.");
    else if (column.why) this.say(column.kind === "about" ? "" : `${column.title} is read-only: ${column.why}`);
    else return false;
    return true;
  }

  /** Offer what an earlier session left unsaved. */
  showOffer() {
    const text = this.model.get("offer");
    const held = this.offer.contains(document.activeElement);
    this.offer.replaceChildren();
    this.offer.hidden = !text;
    if (text) {
      const said = make("span", "sn-offer-text", { textContent: text });
      said.setAttribute("role", "status");
      const restore = button("Restore", "Make these edits again", () => this.change("restore"));
      restore.classList.add("sn-primary");
      const discard = button("Discard", "Forget these edits", () => this.change("discard"));
      this.offer.append(said, restore, discard);
    }
    if (held) this.scroller.focus({ preventScroll: true });
    this.draw();
  }

  async addRow() {
    const answer = await this.change("add");
    if (answer.problem || answer.position === null) return;
    const at = this.columns?.findIndex((column) => column.name === "Name") ?? -1;
    this.goTo(answer.position, Math.max(0, at));
    this.scroller.focus({ preventScroll: true });
  }

  setColumns() {
    const name = this.columns?.[this.active.column]?.name;
    /** @type {Column[]} */
    this.columns = this.all.filter((column) => !this.hidden.has(column.name));
    const places = new Map(this.arranged.map((name, place) => [name, place]));
    const last = this.arranged.length;
    this.columns.sort((one, other) => (places.get(one.name) ?? last) - (places.get(other.name) ?? last));
    const at = this.columns.findIndex((column) => column.name === name);
    this.active.column = at >= 0 ? at : Math.max(0, Math.min(this.active.column, this.columns.length - 1));
    this.lefts = [NUMBERS];
    for (const column of this.columns) this.lefts.push(this.lefts[this.lefts.length - 1] + this.widthOf(column));
    this.drawnHead = null;
    this.draw();
  }

  /**
   * Move the column of the active cell to the left or right.
   * @param {number} step
   */
  moveColumn(step) {
    const names = (this.columns ?? []).map((column) => column.name);
    const from = this.active.column;
    const to = from + step;
    if (to < 0 || to >= names.length) return;
    [names[from], names[to]] = [names[to], names[from]];
    this.arranged = names;
    this.setColumns();
    this.goTo(this.active.row, to);
    this.say(`${this.columns?.[to].title} is column ${to + 1} of ${names.length} now.`);
  }

  /** @param {Column} column */
  widthOf(column) {
    return this.widths.get(column.name) ?? WIDTHS[/** @type {keyof typeof WIDTHS} */ (column.kind)] ?? 160;
  }

  onOrder() {
    const order = this.model.get("order");
    if (order === this.blocks.order) return;
    this.blocks.forget(order);
    this.draw();
  }

  async arrange() {
    const key = this.blocks.row(this.active.row)?.key ?? null;
    const fields = { sorts: this.sorts, which: this.which.value, needle: this.needle.value, key };
    const answer = await this.wire.ask("arrange", fields);
    if (answer.problem) return this.say(answer.problem);
    this.say("");
    this.goTo(answer.position ?? 0, this.active.column);
  }

  /** @param {string} which */
  filter(which) {
    this.which.value = which;
    this.arrange();
    this.scroller.focus({ preventScroll: true });
  }

  // ---- the kernel ----

  /** @param {any} message */
  hear(message) {
    this.wire.hear(message);
    if (message.tell === "progress") this.progress(message.done, message.total);
    if (message.tell === "changed") {
      this.blocks.renew();
      this.draw();
    }
  }

  /** @param {number} block */
  async want(block) {
    const question = ++this.questions;
    this.blocks.asked.set(block, question);
    const answer = await this.wire.ask("block", { start: block * SIZE, size: SIZE });
    if (this.blocks.asked.get(block) !== question) return; // it is older than a change, and asked for again
    if (answer.problem) return this.say(answer.problem); // the same question would fail again
    this.blocks.asked.delete(block);
    if (answer.order === this.blocks.order) this.blocks.arrive(answer);
    this.pending.clear();
    this.paint(); // at once: these rows have been waited for
  }

  /**
   * Ask for a change of cells, and say what became of it.
   * @param {string} what
   * @param {Record<string, any>} [fields]
   */
  async change(what, fields = {}) {
    if (this.wire.dead) return { problem: GONE };
    const answer = await this.wire.ask(what, fields);
    this.pending.clear();
    this.say(answer.problem ?? outcome(what, answer));
    const column = this.columns?.findIndex((c) => c.name === answer.column) ?? -1;
    if ((what === "undo" || what === "redo") && answer.position !== null && answer.position !== undefined)
      this.goTo(answer.position, column >= 0 ? column : this.active.column);
    return answer;
  }

  /** @param {boolean} late */
  onLate(late) {
    if (this.late === late) return;
    this.late = late;
    this.draw();
  }

  /** Look as dead as the kernel is, and say what helps. */
  die() {
    this.el.classList.add("sn-dead");
    attributes(this.scroller, { "aria-disabled": "true" });
    for (const el of [this.needle, this.which, ...this.buttons]) el.disabled = true;
    this.endEdit();
    this.panel?.close();
    this.say(GONE);
  }

  /** @param {string} text */
  say(text) {
    this.message = text;
    this.draw();
  }

  /** @param {string} title */
  open(title) {
    this.panel?.close();
    const from = /** @type {HTMLElement | null} */ (document.activeElement);
    this.panel = new Panel(this.stage, title, () => {
      this.panel = null;
      this.stage.classList.remove("sn-covered");
      (from?.isConnected && this.el.contains(from) ? from : this.scroller).focus({ preventScroll: true });
      this.draw();
    });
    this.stage.classList.add("sn-covered");
    return this.panel;
  }

  // ---- scrolling: a sheet that is too long for the browser is scaled ----

  get body() {
    return Math.max(LINE, this.scroller.clientHeight - LINE);
  }

  get scale() {
    const whole = this.totals.shown * LINE;
    const shown = Math.min(whole, CEILING);
    return shown > this.body ? (whole - this.body) / (shown - this.body) : 1;
  }

  /** @param {number} row @param {number} column @param {boolean} [extend] */
  goTo(row, column, extend = false) {
    const { totals, columns = [] } = this;
    this.active = {
      row: Math.max(0, Math.min(row, totals.shown - 1)),
      column: Math.max(0, Math.min(column, columns.length - 1)),
    };
    if (!extend) this.anchor = { ...this.active };
    this.reveal();
    this.draw();
  }

  /** Bring the active cell into sight. */
  reveal() {
    const { scroller, body, scale, lefts = [] } = this;
    this.space.style.height = `${Math.min(this.totals.shown * LINE, CEILING)}px`;
    const top = scroller.scrollTop * scale;
    const at = this.active.row * LINE;
    if (at < top) scroller.scrollTop = at / scale;
    else if (at + LINE > top + body) scroller.scrollTop = (at + LINE - body) / scale;
    if (this.active.column === 0) return; // it does not scroll
    const frozen = lefts[1] ?? 0;
    const [left, right] = [lefts[this.active.column], lefts[this.active.column + 1]];
    if (left < scroller.scrollLeft + frozen) scroller.scrollLeft = left - frozen;
    else if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = Math.min(left - frozen, right - scroller.clientWidth);
  }

  get range() {
    const { active, anchor } = this;
    return {
      top: Math.min(active.row, anchor.row), bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column), right: Math.max(active.column, anchor.column),
    };
  }

  /** The range as the kernel takes it. */
  get selected() {
    const { top, bottom, left, right } = this.range;
    const columns = (this.columns ?? []).slice(left, right + 1).map((column) => column.name);
    return { order: this.blocks.order, start: top, rows: bottom - top + 1, columns };
  }

  // ---- drawing ----

  draw() {
    if (this.gone || this.frame) return;
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { scroller, totals, lefts = [], columns = [] } = this;
    if (this.gone || !scroller.clientHeight) return; // what is hidden has no size to draw for
    const wide = lefts[lefts.length - 1];
    scroller.style.maxHeight = this.model.get("height");
    attributes(scroller, {
      "aria-rowcount": totals.shown + 1, "aria-colcount": columns.length + 1,
      "aria-readonly": this.locked ? "true" : null,
    });
    this.space.style.height = `${Math.max(LINE, Math.min(totals.shown * LINE, CEILING))}px`;
    this.space.style.width = this.head.style.width = `${wide}px`;
    const offset = scroller.scrollTop * this.scale;
    const first = Math.max(0, Math.floor(offset / LINE) - SPARE);
    const last = Math.min(totals.shown - 1, Math.ceil((offset + this.body) / LINE) + SPARE);
    const window = this.columnsInSight();
    this.paintHead(window);
    const numbers = [];
    for (let number = first; number <= last; number++) numbers.push(number);
    const { active } = this;
    // The grid names the active cell, so its row must be there.
    if (totals.shown && (active.row < first || active.row > last)) numbers.push(active.row);
    numbers.forEach((number, place) => {
      const el = (this.rows[place] ??= newRow());
      if (!el.isConnected) this.space.append(el);
      this.paintRow(el, number, window);
      el.style.transform = `translateY(${number * LINE - offset + scroller.scrollTop}px)`;
    });
    for (const el of this.rows.splice(numbers.length)) el.remove();
    if (!totals.shown) attributes(scroller, { "aria-activedescendant": null }), this.paintEmpty();
    else this.empty.remove();
    const open = this.blocks.asked.size;
    const near = Math.floor((first + last) / 2 / SIZE);
    const step = offset < this.offset ? -SIZE : SIZE;
    this.offset = offset;
    const ahead = [1, 2].map((blocks) => (step < 0 ? first : last) + blocks * step);
    const soon = ahead.filter((number) => number >= 0 && number < totals.shown && !this.blocks.row(number));
    const wanted = [...new Set([...numbers, ...soon].map((number) => this.blocks.lacks(number)).filter((at) => at !== null))];
    if (!this.wire.dead)
      for (const at of wanted.slice(0, Math.max(0, IN_FLIGHT - open))) this.want(/** @type {number} */ (at));
    this.blocks.trim(near);
    this.placeEditor();
    this.paintStatus();
  }

  columnsInSight() {
    const { scroller, lefts = [], columns = [] } = this;
    const [from, to] = [scroller.scrollLeft + (lefts[1] ?? 0), scroller.scrollLeft + scroller.clientWidth];
    let first = 1;
    while (first < columns.length - 1 && lefts[first + 1] <= from) first++;
    let last = first;
    while (last < columns.length - 1 && lefts[last + 1] < to) last++;
    const seen = [];
    if (columns.length) seen.push(0);
    for (let at = first; at <= last && at < columns.length; at++) seen.push(at);
    if (this.active.column && !seen.includes(this.active.column)) seen.push(this.active.column);
    return seen.sort((a, b) => a - b);
  }

  /** @param {number[]} window */
  paintHead(window) {
    const sorts = JSON.stringify([window, this.sorts]);
    if (this.drawnHead === sorts) return;
    this.drawnHead = sorts;
    const { columns = [], lefts = [] } = this;
    const corner = make("div", "sn-cell sn-rowhead", { textContent: "#" });
    attributes(corner, { role: "columnheader", "aria-colindex": 1, "aria-label": "Row" });
    attributes(this.head, { "aria-rowindex": 1 });
    const cells = window.map((at) => {
      const column = columns[at];
      const sort = this.sorts.find(([name]) => name === column.name);
      const el = make("div", `sn-cell sn-h sn-k-${column.kind}${at === 0 ? " sn-frozen" : ""}`, { at });
      el.style.cssText = at === 0 ? `width:${lefts[1] - lefts[0]}px` : `left:${lefts[at]}px;width:${lefts[at + 1] - lefts[at]}px`;
      const title = make("span", "sn-title", { textContent: line(column.title) + (column.required ? " *" : ""), dir: "auto" });
      const arrow = make("span", "sn-arrow", { textContent: sort ? (sort[1] ? "▲" : "▼") : "" });
      arrow.setAttribute("aria-hidden", "true");
      el.title = [column.title, column.required ? "required" : "", column.why ? `read-only: ${column.why}` : "", "Click to sort (Alt+S)"]
        .filter(Boolean).join("\n");
      attributes(el, {
        role: "columnheader", "aria-colindex": at + 2, "aria-readonly": column.why ? "true" : null,
        "aria-sort": sort ? (sort[1] ? "ascending" : "descending") : null,
      });
      const grip = make("span", "sn-grip", { at, title: "Drag to change the width" });
      grip.setAttribute("aria-hidden", "true");
      el.append(title, arrow, grip);
      return el;
    });
    this.head.replaceChildren(corner, ...cells);
  }

  paintEmpty() {
    const filtered = this.which.value !== "all" || this.needle.value;
    this.empty.firstChild.textContent = filtered ? "No rows have what the filter asks for." : "The frame has no rows.";
    if (!this.empty.isConnected) this.space.append(this.empty);
  }

  /** @param {any} el @param {number} number @param {number[]} window */
  paintRow(el, number, window) {
    const { columns = [], lefts = [], range, active, blocks } = this;
    const row = blocks.row(number);
    const focused = document.activeElement === this.scroller;
    attributes(el, { "aria-rowindex": number + 2, "aria-busy": row ? null : "true" });
    el.number = number;
    const change = row ? blocks.text(row, "*change") : "";
    const problem = row ? blocks.text(row, "*problem") : "";
    const outcome = row ? blocks.text(row, "*outcome") : "";
    const bad = outcome && !outcome.startsWith("saved");
    const saving = row?.block.saving.has(row.offset) ?? false;
    const glyph = saving ? "…" : problem ? "!" : bad ? "✗" : change ? "●" : outcome ? "✓" : "";
    const said = [change && `changed: ${change}`, problem, outcome].filter(Boolean).join("\n");
    const head = el.firstChild;
    const text = `${(number + 1).toLocaleString("en")} ${glyph}`.trim();
    if (head.textContent !== text) head.textContent = text;
    attributes(head, { title: said || null, "aria-colindex": 1 });
    el.classList.toggle("sn-bad", Boolean(problem || bad));
    el.classList.toggle("sn-saving", saving);
    while (el.children.length > window.length + 1) el.lastChild.remove();
    window.forEach((at, place) => {
      const cell = el.children[place + 1] ?? el.appendChild(newCell());
      const column = this.columnIn(row, at) ?? columns[at];
      const key = row ? `${row.key} ${column.name}` : "";
      const pending = this.pending.get(key);
      const shown = row ? line(pending ?? blocks.text(row, column.name)) : "";
      if (cell.firstChild.textContent !== shown) cell.firstChild.textContent = shown;
      const mark = row ? blocks.mark(row, column.name) : null;
      const isActive = number === active.row && at === active.column;
      const inside = number >= range.top && number <= range.bottom && at >= range.left && at <= range.right;
      const name = ["sn-cell", `sn-k-${column.kind}`];
      if (at === 0) name.push("sn-frozen");
      if (column.why) name.push("sn-fixed");
      if (pending !== undefined) name.push("sn-pending");
      if (mark) name.push(`sn-${mark.state}`);
      if (inside) name.push("sn-selected");
      if (isActive) name.push(focused ? "sn-active" : "sn-was-active");
      if (cell.className !== name.join(" ")) cell.className = name.join(" ");
      const style = at === 0 ? `width:${lefts[1] - lefts[0]}px` : `left:${lefts[at]}px;width:${lefts[at + 1] - lefts[at]}px`;
      if (cell.place !== style) cell.style.cssText = cell.place = style;
      cell.at = at;
      linkTo(cell, row ? this.linkOf(row, column.name) : "", shown);
      const glyph = mark ? STATES[/** @type {keyof typeof STATES} */ (mark.state)] : "";
      if (cell.lastChild.textContent !== glyph) cell.lastChild.textContent = glyph;
      const title = mark ? [`was: ${mark.before || "(empty)"}`, mark.problem].filter(Boolean).join("\n") : shown;
      attributes(cell, {
        title: title || null, "aria-colindex": at + 2, "aria-selected": String(inside),
        "aria-invalid": mark?.state === "invalid" ? "true" : null, "aria-readonly": column.why || saving ? "true" : null,
      });
      if (isActive) {
        cell.id ||= `sn-${Math.random().toString(36).slice(2)}`;
        attributes(this.scroller, { "aria-activedescendant": cell.id });
      }
    });
  }

  paintStatus() {
    const { totals, active, range } = this;
    const saving = this.model.get("saving");
    const said = [counted(totals.shown, "row") + (totals.shown < totals.rows ? ` of ${totals.rows.toLocaleString("en")}` : "")];
    if (totals.cells) said.push(`${counted(totals.cells, "cell")} changed`);
    if (totals.problems) said.push(`${totals.problems} with problems`);
    if (totals.failed) said.push(`${counted(totals.failed, "row")} not saved`);
    if (saving) said.push("saving …");
    this.count.textContent = said.join(", ");
    const row = this.blocks.row(active.row);
    const column = this.columnIn(row, active.column);
    const mark = row && column ? this.blocks.mark(row, column.name) : null;
    const cells = (range.bottom - range.top + 1) * (range.right - range.left + 1);
    let text = this.late && !this.wire.dead ? LATE : this.message; // what was said last is said again afterwards
    if (!text) text = this.model.get("note");
    if (!text && row?.block.saving.has(row.offset)) text = "This row is being saved.";
    if (!text && cells > 1) text = `${counted(cells, "cell")} selected`;
    if (!text && mark) text = [mark.problem, `was: ${line(mark.before) || "(empty)"}`].filter(Boolean).join(" · ");
    if (!text && row && column && this.linkOf(row, column.name)) text = "Alt+Enter opens it.";
    if (!text && column?.why && column.kind !== "about") text = `Read-only: ${column.why}`;
    if (this.status.textContent !== text) this.status.textContent = text;
    if (this.wire.dead) return;
    const [undo, redo, adding, removing, , , unsaving, save] = this.buttons;
    undo.disabled = !totals.undo;
    redo.disabled = !totals.redo;
    adding.disabled = saving;
    removing.disabled = saving || !totals.new;
    unsaving.disabled = saving || !totals.undoable;
    save.disabled = saving || !totals.cells;
  }

  // ---- editing ----

  /** @param {string} [typed] a letter that begins the text anew */
  edit(typed) {
    const { row: number, column: at } = this.active;
    const row = this.blocks.row(number);
    const column = this.columnIn(row, at);
    if (!column || !row || this.editor) return;
    if (this.wire.dead) return this.say(GONE);
    if (this.isFixed(row, column)) return;
    const text = this.blocks.text(row, column.name);
    if (text.endsWith(CUT))
      return this.say("This text is too long to be edited here: edit it in Python.");
    this.message = "";
    const { key } = row;
    const handlers = {
      commit: (/** @type {string} */ value, /** @type {[number, number]} */ [down, right]) => {
        this.endEdit();
        if (value !== text) {
          this.pending.set(`${key} ${column.name}`, value);
          this.change("edit", { cells: [[key, column.name, value]] });
        }
        this.goTo(this.active.row + down, this.active.column + right);
      },
      cancel: () => this.endEdit(),
      check: async (/** @type {string} */ value) =>
        (await this.wire.ask("try", { key, column: column.name, text: value })).reason ?? "",
      offer: (/** @type {string} */ value) => this.wire.ask("offer", { text: value, types: column.types }),
    };
    this.editor = editorOf(column, typed ?? text, typed !== undefined, handlers);
    this.editor.place = { row: number, column: at };
    // The grid may hold nothing but rows of cells, so the editor is in a cell of its own.
    const cell = make("div", "", {}, this.editor.el);
    attributes(cell, { role: "gridcell", "aria-colindex": at + 2 });
    this.editing = make("div", "", {}, cell);
    attributes(this.editing, { role: "row", "aria-rowindex": number + 2 });
    this.scroller.append(this.editing);
    this.editor.el.addEventListener("mousedown", (/** @type {Event} */ event) => event.stopPropagation());
    this.editor.el.addEventListener("dblclick", (/** @type {Event} */ event) => event.stopPropagation());
    this.stage.classList.add("sn-editing");
    this.editor.focus();
    this.placeEditor();
  }

  placeEditor() {
    if (!this.editor) return;
    const { row, column } = this.editor.place;
    const { lefts = [], scroller } = this;
    const top = LINE + row * LINE - scroller.scrollTop * this.scale + scroller.scrollTop;
    const left = column === 0 ? lefts[0] + scroller.scrollLeft : lefts[column];
    const width = Math.max(lefts[column + 1] - lefts[column], this.editor.markup ? 360 : 120);
    this.editor.el.style.cssText = `top:${top}px;left:${left}px;min-width:${width}px`;
    // Near the lower edge what hangs below the cell opens upwards.
    const below = scroller.clientHeight - (top - scroller.scrollTop) - LINE;
    const right = scroller.scrollLeft + scroller.clientWidth - this.editor.el.offsetWidth;
    this.editor.el.style.left = `${Math.max(scroller.scrollLeft, Math.min(left, right))}px`;
    this.editor.el.classList.toggle("sn-up", below < 150 && top - scroller.scrollTop > 180);
  }

  endEdit() {
    if (!this.editor) return;
    const inside = this.editor.el.contains(document.activeElement);
    this.editor.close();
    this.editing?.remove();
    this.editor = null;
    this.stage.classList.remove("sn-editing");
    if (inside) this.scroller.focus({ preventScroll: true });
    this.draw();
  }

  /** Take what the open editor holds, because the user went elsewhere with the mouse. */
  leaveEdit() {
    this.editor?.finish ? this.editor.finish([0, 0]) : this.editor?.handlers.commit(this.editor.value, [0, 0]);
  }

  // ---- keys, mouse, clipboard ----

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.target !== this.scroller || event.isComposing) return;
    const { active, totals, columns = [] } = this;
    const [control, shift] = [event.ctrlKey || event.metaKey, event.shiftKey];
    const page = Math.max(1, Math.floor(this.body / LINE) - 1);
    const [rows, last] = [totals.shown - 1, columns.length - 1];
    const key = event.key;
    /** @type {Record<string, [number, number]>} */
    const moves = {
      ArrowDown: [control ? rows : active.row + 1, active.column],
      ArrowUp: [control ? 0 : active.row - 1, active.column],
      ArrowRight: [active.row, control ? last : active.column + 1],
      ArrowLeft: [active.row, control ? 0 : active.column - 1],
      PageDown: [active.row + page, active.column],
      PageUp: [active.row - page, active.column],
      Home: [control ? 0 : active.row, 0],
      End: [control ? rows : active.row, last],
    };
    if (event.altKey) {
      if (key === "Enter") this.follow();
      else if (key === "ArrowDown") this.edit();
      else if (key === "ArrowLeft" || key === "ArrowRight") this.moveColumn(key === "ArrowLeft" ? -1 : 1);
      else if (event.code === "KeyS") this.sort(active.column, shift);
      else return;
    } else if (key in moves) {
      this.message = "";
      this.goTo(...moves[key], shift);
    } else if (control && "cxv".includes(key.toLowerCase())) return void event.stopPropagation(); // clipboard events follow
    else if (control) {
      const letter = key.toLowerCase();
      if (letter === "z") this.locked || this.change(shift ? "redo" : "undo");
      else if (letter === "y") this.locked || this.change("redo");
      else if (letter === "d") this.locked || this.change("fill", this.selected);
      else if (letter === "f") this.needle.focus();
      else if (letter === "a") {
        this.anchor = { row: 0, column: 0 };
        this.active = { row: rows, column: last };
        this.draw();
      } else if (key !== "Enter" && letter !== "b") return;
    } else if (key === "F2") this.edit();
    else if (key === "Enter") shift ? this.goTo(active.row - 1, active.column) : this.edit();
    else if (key === "Delete") this.locked || this.change("clear", this.selected);
    else if (key === "Backspace") this.edit("");
    else if (key === " " && columns[active.column]?.kind === "truth") this.toggle();
    else if (key === "Escape") this.goTo(active.row, active.column);
    else if (key.length === 1) this.edit(key);
    else if (key !== "Shift") return; // Tab leaves the grid
    event.preventDefault();
    event.stopPropagation();
  }

  toggle() {
    const row = this.blocks.row(this.active.row);
    const column = this.columnIn(row, this.active.column);
    if (!column || !row || this.locked || this.isFixed(row, column)) return;
    const value = this.blocks.text(row, column.name) === "yes" ? "no" : "yes";
    this.pending.set(`${row.key} ${column.name}`, value);
    this.change("edit", { cells: [[row.key, column.name, value]] });
  }

  /** @param {any} target @returns {[number, number] | null} */
  cellAt(target) {
    const cell = target.closest?.(".sn-cell");
    const row = cell?.closest(".sn-row");
    if (!cell || row === this.head || !this.space.contains(cell)) return null;
    return [row.number, cell.at ?? 0];
  }

  /** @param {MouseEvent} event */
  onMouseDown(event) {
    const target = /** @type {any} */ (event.target);
    if (event.button !== 0 || this.panel) return;
    if (target.classList.contains("sn-grip")) return this.resize(event, target.at);
    const head = target.closest(".sn-h");
    if (head) return this.sort(head.at, event.shiftKey), event.preventDefault();
    const cell = this.cellAt(target);
    if (!cell) return;
    event.preventDefault();
    this.leaveEdit();
    this.scroller.focus({ preventScroll: true });
    this.message = "";
    this.goTo(...cell, event.shiftKey);
    const move = (/** @type {MouseEvent} */ moved) => {
      const over = this.cellAt(moved.target);
      if (over && (over[0] !== this.active.row || over[1] !== this.active.column)) this.goTo(...over, true);
    };
    this.drag(move);
  }

  /** @param {(event: MouseEvent) => void} move */
  drag(move) {
    const end = () => {
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", end);
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", end);
  }

  /** @param {MouseEvent} event @param {number} at */
  resize(event, at) {
    event.preventDefault();
    const column = this.columns?.[at];
    if (!column) return;
    const [from, width] = [event.clientX, this.widthOf(column)];
    this.drag((moved) => {
      this.widths.set(column.name, Math.max(50, Math.min(800, width + moved.clientX - from)));
      this.setColumns();
    });
  }

  /** @param {number} at @param {boolean} more */
  sort(at, more) {
    const name = this.columns?.[at]?.name;
    if (!name || this.wire.dead) return;
    this.leaveEdit();
    const before = this.sorts.find(([other]) => other === name);
    const others = more ? this.sorts.filter(([other]) => other !== name) : [];
    this.sorts = !before ? [...others, [name, true]] : before[1] ? [...others, [name, false]] : others;
    this.scroller.focus({ preventScroll: true });
    this.arrange();
  }

  /** @param {MouseEvent} event */
  onDoubleClick(event) {
    if (this.cellAt(event.target) && !this.panel) this.edit();
  }

  /** @param {ClipboardEvent} event */
  onClipboard(event) {
    if (event.target !== this.scroller || this.editor || this.panel || !event.clipboardData) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "paste") {
      const text = event.clipboardData.getData("text/plain");
      if (!text) return this.say("There is no text on the clipboard.");
      if (this.locked) return;
      const { top, bottom, left } = this.range;
      const columns = (this.columns ?? []).slice(left).map((column) => column.name);
      return void this.change("paste", { order: this.blocks.order, start: top, rows: bottom - top + 1, columns, text });
    }
    this.copy(event.clipboardData);
    if (event.type === "cut" && !this.locked) this.change("clear", this.selected);
  }

  /** @param {DataTransfer} clipboard */
  copy(clipboard) {
    const { top, bottom, left, right } = this.range;
    const rows = [];
    for (let number = top; number <= bottom; number++) rows.push(this.blocks.row(number));
    const names = (this.columns ?? []).slice(left, right + 1).map((column) => column.name);
    const count = counted((bottom - top + 1) * (right - left + 1), "cell");
    if (rows.every((row) => row && !row.block.stale)) {
      const texts = rows.map((row) => names.map((name) => (row ? this.blocks.text(row, name) : "")));
      clipboard.setData("text/plain", texts.map((cells) => cells.map(tabbed).join("\t")).join("\n"));
      const short = texts.flat().some((text) => text.endsWith(CUT));
      return this.say(`${count} copied${short ? ", long texts without their end" : ""}`);
    }
    // Rows that the page has not: the kernel has, and the clipboard takes them a moment later.
    this.wire.ask("copy", this.selected).then(async (answer) => {
      try {
        await navigator.clipboard.writeText(answer.text);
        this.say(answer.problem ?? `${count} copied`);
      } catch {
        this.say("The browser lets no page write so many rows to the clipboard: select fewer, or use Python.");
      }
    });
  }
}

function newRow() {
  const el = make("div", "sn-row");
  el.setAttribute("role", "row");
  const head = make("div", "sn-cell sn-rowhead");
  head.setAttribute("role", "rowheader");
  el.append(head);
  return el;
}

function newCell() {
  const el = make("div", "sn-cell", {}, make("span", "sn-text", { dir: "auto" }), make("span", "sn-glyph"));
  el.setAttribute("role", "gridcell");
  el.lastChild.setAttribute("aria-hidden", "true");
  return el;
}

/**
 * Give a cell a link, or take it away.
 * @param {any} cell
 * @param {string} address
 * @param {string} text
 */
function linkTo(cell, address, text) {
  const link = cell.querySelector(".sn-link");
  if (!address) return link?.remove();
  if (link?.href === address) return;
  link?.remove();
  const made = make("a", "sn-link", { href: address, target: "_blank", rel: "noopener noreferrer", tabIndex: -1, textContent: "↗" });
  attributes(made, { "aria-label": `Open ${text}`, title: "Open (Alt+Enter)" });
  cell.insertBefore(made, cell.lastChild);
}

/** @param {string} text */
function tabbed(text) {
  return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What became of a change, in words.
 * @param {string} what
 * @param {any} answer
 */
function outcome(what, answer) {
  const said = [];
  if (what === "discard") return "The edits are forgotten.";
  if (answer.added) said.push(`${counted(answer.added, "new row")}`);
  if (answer.removed) said.push(`${counted(answer.removed, "new row")} removed`);
  if (what === "remove" && !answer.removed) said.push("No new row is selected; contents are deleted by df.sn.delete()");
  const rows = what === "add" || what === "remove" || answer.added || answer.removed;
  if (answer.saving) said.push(`${counted(answer.saving, "cell")} left alone, because the row is being saved`);
  if (answer.done ? answer.done !== 1 || what !== "edit" : !rows && !answer.saving) said.push(`${counted(answer.done, "cell")} ${what === "undo" ? "undone" : "changed"}`);
  if (answer.invalid && what !== "edit") said.push(`${answer.invalid} with problems`);
  if (answer.readonly) said.push(`${answer.readonly} read-only skipped`);
  if (answer.cut) said.push(`${answer.cut} outside of the rows and columns left out`);
  if (answer.skipped) said.push(`${answer.skipped} left alone, because Python changed them since`);
  return said.join(", ");
}
