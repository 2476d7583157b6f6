// Editors of one cell. All of them end in a text, which the kernel parses as it does a pasted one.

import { attributes, line, make } from "./elements.js";
import { hasMarkup, preview } from "./markup.js";

const PAUSE = 200; // milliseconds of rest before a text is checked, or looked for

/**
 * @typedef {{ name: string, title: string, kind: string, why: string, required: boolean, options: string[],
 *   open: boolean, zone: string, types: string[], markup: boolean, fresh: Record<string, any> }} Column
 * @typedef {{ commit: (text: string, move: [number, number]) => void, cancel: () => void,
 *   check: (text: string) => Promise<string>, offer: (text: string) => Promise<any> }} Handlers
 */

/**
 * The editor for a column.
 * @param {Column} column
 * @param {string} text what it begins with
 * @param {boolean} typed whether that is what the user has begun to type
 * @param {Handlers} handlers
 */
export function editorOf(column, text, typed, handlers) {
  const picks = ["choice", "choices", "reference", "references", "truth"].includes(column.kind);
  return picks ? new Picker(column, text, typed, handlers) : new TextEditor(column, text, typed, handlers);
}

/** An editor of text, numbers and dates. */
class TextEditor {
  /**
   * @param {Column} column
   * @param {string} text
   * @param {boolean} typed
   * @param {Handlers} handlers
   */
  constructor(column, text, typed, handlers) {
    this.handlers = handlers;
    this.el = make("div", "sn-editor");
    this.input = make("textarea", "sn-input", { value: text, rows: 1, spellcheck: column.kind === "text" });
    this.input.dir = "auto";
    if (column.kind === "number") this.input.inputMode = "decimal";
    const required = column.required ? ", required" : "";
    const zone = column.zone ? `, ${column.zone}, such as 2026-12-31 17:00` : "";
    attributes(this.input, { "aria-label": `${column.title}${required}${zone}` });
    this.hint = make("div", "sn-hint", { id: `sn-hint-${Math.random().toString(36).slice(2)}` });
    this.hint.setAttribute("role", "alert");
    attributes(this.input, { "aria-describedby": this.hint.id });
    this.el.append(this.input, this.hint);
    if (column.kind === "date") this.el.append(this.calendar(text));
    this.markup = column.markup;
    this.preview = make("div", "sn-preview", { hidden: true });
    attributes(this.preview, { role: "note", "aria-label": "How it reads", dir: "auto" });
    this.el.append(this.preview);
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.onKey(event));
    this.typed = typed;
  }

  focus() {
    this.input.focus({ preventScroll: true });
    if (!this.typed) this.input.select();
    else this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.grow();
    this.read();
    if (this.typed) this.later();
  }

  get value() {
    return this.input.value;
  }

  /** The browser's own calendar beside the text; what is typed stays ISO, which every locale reads alike. */
  /** @param {string} text */
  calendar(text) {
    const day = /^\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? "";
    const el = make("input", "sn-calendar", { type: "date", value: day, tabIndex: -1, title: "Pick a day" });
    el.setAttribute("aria-label", "Pick a day");
    el.addEventListener("change", () => {
      if (!el.value) return; // incomplete
      const time = / \d\d:\d\d.*$/.exec(this.input.value)?.[0] ?? "";
      this.input.value = el.value + time;
      this.input.focus();
      this.later();
    });
    return el;
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(160, Math.max(28, this.input.scrollHeight))}px`;
  }

  /** Show a text with markup as it reads. */
  read() {
    const text = this.markup && hasMarkup(this.value) ? this.value : "";
    this.preview.hidden = !text;
    this.preview.replaceChildren(...(text ? [preview(text)] : []));
  }

  later() {
    this.grow();
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      this.read();
      const text = this.value;
      const reason = await this.handlers.check(text);
      if (text === this.value) this.show(reason);
    }, PAUSE);
  }

  /** @param {string} reason */
  show(reason) {
    this.hint.textContent = reason;
    attributes(this.input, { "aria-invalid": reason ? "true" : null });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") this.handlers.cancel();
    else if (event.key === "Tab") this.handlers.commit(this.value, [0, event.shiftKey ? -1 : 1]);
    else if (event.key === "Enter" && (event.altKey || event.ctrlKey)) {
      this.input.setRangeText("\n", this.input.selectionStart, this.input.selectionEnd, "end");
      return event.preventDefault(), this.later();
    } else if (event.key === "Enter") this.handlers.commit(this.value, [event.shiftKey ? -1 : 1, 0]);
    else return;
    event.preventDefault();
  }

  close() {
    clearTimeout(this.timer);
    this.el.remove();
  }
}

/** An editor that picks one or several of a list: options of a choice, or contents that the kernel finds. */
class Picker {
  /**
   * @param {Column} column
   * @param {string} text
   * @param {boolean} typed
   * @param {Handlers} handlers
   */
  constructor(column, text, typed, handlers) {
    this.column = column;
    this.handlers = handlers;
    this.many = column.kind === "choices" || column.kind === "references";
    this.searches = column.kind === "reference" || column.kind === "references";
    /** @type {{ value: string, label: string, about: string }[]} */
    this.options = (column.kind === "truth" ? ["yes", "no"] : column.options).map(plain);
    /** @type {{ value: string, label: string, about: string }[]} */
    this.chosen = typed || !text ? [] : (this.many ? split(text) : [text]).map(plain);
    this.active = -1;
    this.id = `sn-list-${Math.random().toString(36).slice(2)}`;
    this.el = make("div", "sn-editor sn-picker");
    this.input = make("input", "sn-input", { value: typed ? text : "", spellcheck: false });
    this.input.dir = "auto";
    this.input.placeholder = this.searches ? "Find by name …" : "Choose …";
    attributes(this.input, {
      role: "combobox", "aria-expanded": "true", "aria-controls": this.id, "aria-autocomplete": "list",
      "aria-label": `${column.title}${column.required ? ", required" : ""}`, autocomplete: "off",
    });
    this.list = make("div", "sn-list", { id: this.id });
    attributes(this.list, { role: "listbox", "aria-label": column.title, "aria-multiselectable": String(this.many) });
    this.hint = make("div", "sn-hint");
    this.hint.setAttribute("role", "status");
    this.el.append(this.input, this.list, this.hint);
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.onKey(event));
    this.list.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => event.preventDefault());
    this.list.addEventListener("click", (/** @type {any} */ event) => {
      const at = event.target.closest(".sn-option")?.at;
      if (at !== undefined) this.pick(at);
    });
    this.draw();
  }

  focus() {
    this.input.focus({ preventScroll: true });
    if (this.input.value) this.onInput();
    else if (this.searches && !this.chosen.length) this.say("Type a part of the name.");
  }

  /** The options that are offered: those chosen come first. */
  get offered() {
    const text = this.input.value.trim().toLowerCase();
    const fits = this.searches ? this.options : this.options.filter((o) => o.label.toLowerCase().includes(text));
    if (text && !this.searches) return fits;
    const rest = fits.filter((option) => !this.has(option));
    return [...this.chosen, ...rest];
  }

  /** @param {{ value: string, label: string }} option */
  has(option) {
    return this.chosen.some((one) => one.value === option.value || one.value === option.label);
  }

  get value() {
    return this.many ? this.chosen.map(({ value }) => quoted(value)).join("; ") : (this.chosen[0]?.value ?? "");
  }

  onInput() {
    this.active = this.input.value && !this.searches ? 0 : -1;
    clearTimeout(this.timer);
    if (this.searches) this.timer = setTimeout(() => this.search(), PAUSE);
    this.draw();
  }

  async search() {
    const text = this.input.value.trim();
    if (text.length < 2) return this.say(text ? "Type one letter more." : "");
    this.say("Looking …");
    const answer = await this.handlers.offer(text);
    if (text !== this.input.value.trim()) return;
    if (answer.problem) return this.say(answer.problem);
    this.options = answer.offered.map((/** @type {any} */ o) => ({
      value: o.path, label: o.name, about: `${o.type}, ${o.path}`,
    }));
    this.active = this.options.length ? this.offered.findIndex((o) => o.value === this.options[0].value) : -1;
    const more = answer.more ? `and ${answer.more} more: type more of the name` : "";
    this.say(this.options.length ? more : `Nothing is called “${text}”, or you may not see it.`);
    this.draw();
  }

  /** @param {string} text */
  say(text) {
    this.hint.textContent = text;
  }

  /** @param {number} at */
  pick(at) {
    const option = this.offered[at];
    if (!this.many) {
      this.chosen = [option];
      return this.handlers.commit(this.value, [1, 0]);
    }
    if (this.has(option)) this.chosen = this.chosen.filter((o) => o.value !== option.value && o.value !== option.label);
    else this.chosen.push(option);
    this.input.value = "";
    this.active = -1;
    this.say(`${this.chosen.length} chosen. Enter takes them.`);
    this.draw();
    this.input.focus({ preventScroll: true });
  }

  draw() {
    const options = this.offered.map((option, at) => {
      const el = make("div", "sn-option", { at, id: `${this.id}-${at}` });
      const check = make("span", "sn-check", { textContent: this.has(option) ? "✓" : "" });
      const label = make("span", "sn-label", { textContent: line(option.label), dir: "auto" });
      const about = make("span", "sn-about", { textContent: line(option.about), dir: "auto" });
      attributes(el, { role: "option", "aria-selected": String(this.has(option)) });
      el.classList.toggle("sn-active", at === this.active);
      el.append(check, label, about);
      return el;
    });
    this.list.replaceChildren(...options);
    const active = options[this.active];
    active?.scrollIntoView({ block: "nearest" });
    attributes(this.input, { "aria-activedescendant": active?.id ?? null });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const count = this.offered.length;
    /** @type {[number, number]} */
    const move = event.key === "Tab" ? [0, event.shiftKey ? -1 : 1] : [1, 0];
    if (event.key === "Escape") this.handlers.cancel();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = count ? (this.active + step + count + (this.active < 0 && step < 0 ? 1 : 0)) % count : -1;
      this.draw();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.active >= 0 && !this.many) this.pick(this.active);
    else if (event.key === "Enter" && this.active >= 0) this.pick(this.active);
    else if (event.key === "Enter" || event.key === "Tab") this.finish(move);
    else if (event.key === "Backspace" && !this.input.value && this.chosen.length) {
      this.chosen = this.chosen.slice(0, -1);
      this.say(this.chosen.length ? "" : "Enter empties the cell.");
      this.draw();
    } else return;
    event.preventDefault();
  }

  /** @param {[number, number]} move */
  finish(move) {
    const typed = this.input.value.trim();
    if (!typed) return this.handlers.commit(this.value, move);
    // A text that is not in the list: the check says what is wrong with it, or a name is looked up by the save.
    this.handlers.commit(this.many && this.chosen.length ? `${this.value}; ${quoted(typed)}` : typed, move);
  }

  close() {
    clearTimeout(this.timer);
    this.el.remove();
  }
}

/** @param {string} value */
function plain(value) {
  return { value, label: value, about: "" };
}

/** The texts of a list, as the kernel writes them: between semicolons, in quotes where needed. */
/** @param {string} text */
export function split(text) {
  const found = [];
  for (const [, inner, bare] of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^;]+))\s*(?:;|$)/g)) {
    if (inner !== undefined) found.push(inner.replaceAll('""', '"'));
    else if (bare.trim()) found.push(bare.trim());
  }
  return found;
}

/** @param {string} text */
export function quoted(text) {
  return /[;"\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
