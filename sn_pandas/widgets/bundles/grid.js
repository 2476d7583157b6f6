// blocks.js
var SIZE = 100;
var KEPT = 40;
var Block = class {
  /** @param {any} answer */
  constructor(answer) {
    this.keys = answer.keys;
    this.columns = answer.columns;
    this.marks = /* @__PURE__ */ new Map();
    this.stale = false;
    this.saving = new Set(answer.saving);
    for (const [offset, column, state, before, problem] of answer.marks)
      this.marks.set(`${offset} ${column}`, { state, before, problem });
  }
};
var Blocks = class {
  constructor() {
    this.blocks = /* @__PURE__ */ new Map();
    this.asked = /* @__PURE__ */ new Map();
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
   * @param {Row} row
   * @param {string} column
   */
  mark(row, column) {
    return row.block.marks.get(`${row.offset} ${column}`) ?? null;
  }
  /** Ask for everything again, while what is known stays in sight. */
  renew() {
    for (const block of this.blocks.values()) block.stale = true;
    this.asked.clear();
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
};

// elements.js
function make(tag, name, properties = {}, ...children) {
  const el = Object.assign(document.createElement(tag), { className: name, ...properties });
  el.append(...children);
  return el;
}
function attributes(el, values) {
  for (const [name, value] of Object.entries(values))
    if (value === null) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(value)) el.setAttribute(name, String(value));
}
function button(text, title, press) {
  const el = make("button", "sn-button", { type: "button", textContent: text, title });
  el.addEventListener("click", press);
  return el;
}
var CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;
function line(text) {
  return text.replace(/\r?\n|\r/g, " ⏎ ").replace(/\t/g, " ").replace(CONTROLS, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// dialogs.js
var Panel = class {
  /**
   * @param {HTMLElement} parent
   * @param {string} title
   * @param {() => void} onClose
   */
  constructor(parent, title, onClose) {
    this.onClose = onClose;
    this.el = make("div", "sn-panel");
    this.head = make("h3", "sn-panel-title", { textContent: title, id: `sn-t-${Math.random().toString(36).slice(2)}` });
    this.head.tabIndex = -1;
    attributes(this.el, { role: "dialog", "aria-modal": "true", "aria-labelledby": this.head.id });
    this.body = make("div", "sn-panel-body");
    this.foot = make("div", "sn-panel-foot");
    this.el.append(this.head, this.body, this.foot);
    this.el.addEventListener("keydown", (event) => this.onKey(event));
    parent.append(this.el);
    this.head.focus({ preventScroll: true });
  }
  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      return this.close();
    }
    if (event.key !== "Tab") return;
    const stops = [...this.el.querySelectorAll("button, input, select, textarea")].filter((el) => !el.disabled);
    if (!stops.length) return event.preventDefault();
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const at = document.activeElement;
    if (event.shiftKey && (at === first || at === this.head)) last.focus();
    else if (!event.shiftKey && at === last) first.focus();
    else return;
    event.preventDefault();
  }
  /** @param {string} title @param {Node[]} body @param {Node[]} foot */
  show(title, body, foot) {
    const inside = this.el.contains(document.activeElement);
    this.head.textContent = title;
    this.body.replaceChildren(...body);
    this.foot.replaceChildren(...foot);
    if (inside) this.head.focus({ preventScroll: true });
  }
  close() {
    if (!this.el.isConnected) return;
    this.el.remove();
    this.onClose();
  }
};
async function save(view) {
  const panel = view.open("Looking at what would be saved …");
  panel.foot.append(button("Cancel", "Close this", () => panel.close()));
  const plan = await view.wire.ask("plan");
  if (!panel.el.isConnected) return;
  if (plan.problem) return showProblem(panel, "Nothing was saved", plan.problem);
  showPlan(view, panel, plan);
}
function showProblem(panel, title, problem) {
  const text = make("p", "sn-problem-text", { textContent: problem });
  panel.show(title, [text], [button("Close", "Close this", () => panel.close())]);
}
function showPlan(view, panel, plan) {
  const conflicts = plan.rows.filter((row) => row.outcome === "conflict");
  const others = plan.rows.filter((row) => row.outcome !== "conflict");
  const choices = /* @__PURE__ */ new Map();
  const go = button("", "Send the changes", () => carryOut(view, panel, [...choices.values()]));
  go.classList.add("sn-primary");
  const cancel = button("Cancel", "Save nothing", () => panel.close());
  const label = () => {
    const decided = conflicts.filter(
      (row) => row.cells.length && row.cells.every((c) => choices.has(`${row.key} ${c.column}`))
    ).length;
    go.textContent = `Save ${counted(plan.send + decided, "row")}`;
    go.disabled = plan.send + decided === 0;
  };
  const body = [make("p", "", { textContent: summary(plan) })];
  for (const note of plan.notes) body.push(make("p", "sn-soft", { textContent: line(note) }));
  if (conflicts.length) {
    body.push(make("h4", "", { textContent: "Conflicts: somebody else changed these cells, too" }));
    const hint = "Choose a value for each cell. Rows without a choice are left as they are, and stay edited here.";
    body.push(make("p", "sn-soft", { textContent: hint }));
    body.push(conflictTable(conflicts, choices, label));
  }
  if (others.length) {
    body.push(make("h4", "", { textContent: "Not saved" }));
    const list = make("ul", "sn-reasons");
    for (const row of others) {
      const title = make("strong", "", { textContent: line(row.title), dir: "auto" });
      list.append(make("li", "", {}, title, make("span", "", { textContent: ` ${line(row.reason)}`, dir: "auto" })));
    }
    body.push(list);
  }
  if (plan.more) body.push(make("p", "sn-soft", { textContent: `… and ${counted(plan.more, "row")} more` }));
  label();
  panel.show("Save", body, [go, cancel]);
}
function summary(plan) {
  const said = [`${counted(plan.send, "row")} would be sent`];
  if (plan.counts.conflict) said.push(`${counted(plan.counts.conflict, "row")} in conflict`);
  if (plan.counts.refused) said.push(`${counted(plan.counts.refused, "row")} with values that are not allowed`);
  if (plan.counts.failed) said.push(`${counted(plan.counts.failed, "row")} whose content is gone`);
  return `${said.join(", ")}. Nothing was sent yet.`;
}
function conflictTable(rows, choices, onChoice) {
  const table = make("table", "sn-conflicts");
  const heads = ["Content", "Field", "As it was read", "Mine", "Theirs, now"];
  const head = make("tr", "", {}, ...heads.map((text) => make("th", "", { textContent: text, scope: "col" })));
  const body = make("tbody", "");
  table.append(make("thead", "", {}, head), body);
  for (const row of rows) {
    const cells = row.cells.length ? row.cells : [null];
    cells.forEach((cell, number) => {
      const tr = make("tr", "");
      const title = number === 0 ? line(row.title) : "";
      tr.append(make("th", "", { textContent: title, scope: "row", dir: "auto" }));
      if (cell) {
        const name = `sn-${Math.random().toString(36).slice(2)}`;
        tr.append(make("td", "", { textContent: cell.header, dir: "auto" }));
        tr.append(make("td", "", { textContent: shown(cell.base), dir: "auto" }));
        for (const which of ["mine", "theirs"]) {
          const radio = make("input", "", { type: "radio", name, value: which });
          radio.addEventListener("change", () => {
            choices.set(`${row.key} ${cell.column}`, [row.key, cell.column, which]);
            onChoice();
          });
          const text = make("span", "", { textContent: shown(cell[which]), dir: "auto" });
          const says = `${which === "mine" ? "Keep mine" : "Take theirs"} in ${cell.header} of ${row.title}`;
          radio.setAttribute("aria-label", `${says}: ${shown(cell[which])}`);
          tr.append(make("td", "", {}, make("label", "", {}, radio, text)));
        }
      } else tr.append(make("td", "", { textContent: line(row.reason), colSpan: 4, dir: "auto" }));
      body.append(tr);
    });
  }
  return table;
}
function shown(text) {
  return line(text) || "(empty)";
}
async function carryOut(view, panel, choices) {
  showProgress(view, panel, "Saving …");
  const answer = await view.wire.ask("save", { choices });
  const counts = Object.entries(answer.counts ?? {}).filter(([outcome2]) => outcome2 !== "unchanged");
  const text = summed(answer.counts) || "nothing to save";
  view.say(answer.problem ? answer.problem : `Saved: ${text}`);
  if (!panel.el.isConnected) return;
  if (answer.problem) return showProblem(panel, "The save ended with an error", answer.problem);
  const failed = counts.filter(([outcome2]) => outcome2 !== "saved").reduce((sum, [, count]) => sum + Number(count), 0);
  if (!failed) return panel.close();
  const hint = "These rows keep their edits. The column Outcome says why; Save tries them again.";
  const body = [make("p", "", { textContent: text }), make("p", "sn-soft", { textContent: hint })];
  if (answer.note) body.push(make("p", "sn-soft", { textContent: line(answer.note) }));
  const look = button("Show these rows", "Show only the rows that were not saved", () => {
    panel.close();
    view.filter("failed");
  });
  look.classList.add("sn-primary");
  panel.show("Some rows were not saved", body, [look, button("Close", "Close this", () => panel.close())]);
}
async function undoSave(view) {
  const panel = view.open("Looking at what would be undone …");
  panel.foot.append(button("Cancel", "Close this", () => panel.close()));
  const plan = await view.wire.ask("undo plan");
  if (!panel.el.isConnected) return;
  if (plan.problem) return showProblem(panel, "Nothing was undone", plan.problem);
  const left = plan.counts.conflict ?? 0;
  const body = [make("p", "", { textContent: `${counted(plan.send, "row")} would be as before the last save. Nothing was sent yet.` })];
  const stay = left === 1 ? "stays, because somebody changed it since" : "stay, because somebody changed them since";
  if (left) body.push(make("p", "sn-soft", { textContent: `${counted(left, "row")} ${stay}.` }));
  const hint = "Contents that it created are deleted, and leave the grid. The undo is a save of its own, which can be undone, too.";
  body.push(make("p", "sn-soft", { textContent: hint }));
  const go = button("Undo the save", "Write the values of before", async () => {
    showProgress(view, panel, "Undoing …");
    const answer = await view.wire.ask("undo save");
    const text = `Undone: ${summed(answer.counts) || "nothing"}`;
    view.say(answer.problem ?? text);
    if (!panel.el.isConnected) return;
    if (answer.problem) return showProblem(panel, "The undo ended with an error", answer.problem);
    panel.close();
  });
  go.classList.add("sn-primary");
  go.disabled = !plan.send;
  panel.show("Undo the last save", body, [go, button("Cancel", "Undo nothing", () => panel.close())]);
}
function summed(counts) {
  const said = Object.entries(counts ?? {}).filter(([outcome2]) => outcome2 !== "unchanged");
  return said.map(([outcome2, count]) => `${count} ${outcome2}`).join(", ");
}
function showProgress(view, panel, title) {
  panel.bar = make("progress", "sn-progress");
  panel.bar.setAttribute("aria-label", "Rows that were sent");
  panel.count = make("p", "", { textContent: "Sending …" });
  panel.count.setAttribute("role", "status");
  view.progress = (done, total) => {
    Object.assign(panel.bar, total ? { max: total, value: done } : {});
    panel.count.textContent = total ? `${done.toLocaleString("en")} of ${counted(total, "row")}` : "";
  };
  const hide = button("Hide", "It goes on, and other rows can be edited", () => panel.close());
  panel.show(title, [panel.bar, panel.count], [hide]);
}
function chooseColumns(view) {
  const panel = view.open("Columns");
  const list = make("div", "sn-choices");
  for (const column of view.all) {
    const box = make("input", "", { type: "checkbox", checked: !view.hidden.has(column.name) });
    box.addEventListener("change", () => {
      view.hidden[box.checked ? "delete" : "add"](column.name);
      view.setColumns();
    });
    const text = make("span", "", { textContent: line(column.title), dir: "auto" });
    list.append(make("label", "", {}, box, text));
  }
  panel.show("Columns", [list], [button("Close", "Back to the rows", () => panel.close())]);
}
function replace(view) {
  const panel = view.open("Replace");
  const find = make("input", "sn-input", { spellcheck: false });
  const by = make("input", "sn-input", { spellcheck: false });
  find.setAttribute("aria-label", "Find");
  by.setAttribute("aria-label", "Replace by");
  const where = make("select", "sn-select");
  where.setAttribute("aria-label", "In");
  const texts = view.columns.filter((c) => c.kind === "text" && !c.why);
  where.append(make("option", "", { value: "", textContent: "all columns of text" }));
  for (const column of texts) where.append(make("option", "", { value: column.name, textContent: line(column.title) }));
  const said = make("p", "sn-soft", {});
  said.setAttribute("role", "status");
  const go = button("Replace all", "Replace in all rows that are shown; Undo takes it back", async () => {
    const columns = where.value ? [where.value] : texts.map((c) => c.name);
    const answer = await view.change("replace", { find: find.value, text: by.value, columns });
    said.textContent = answer.problem ?? `${counted(answer.done, "cell")} changed.`;
  });
  go.classList.add("sn-primary");
  const rows = counted(view.totals.shown, "row");
  const body = [
    make("label", "sn-field", {}, "Find", find),
    make("label", "sn-field", {}, "Replace by", by),
    make("label", "sn-field", {}, "In", where),
    make("p", "sn-soft", { textContent: `In the ${rows} that are shown. Upper and lower case differ.` }),
    said
  ];
  panel.show("Replace", body, [go, button("Close", "Back to the rows", () => panel.close())]);
  find.focus();
}

// editors.js
var PAUSE = 200;
function editorOf(column, text, typed, handlers) {
  const picks = ["choice", "choices", "reference", "references", "truth"].includes(column.kind);
  return picks ? new Picker(column, text, typed, handlers) : new TextEditor(column, text, typed, handlers);
}
var TextEditor = class {
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
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.typed = typed;
  }
  focus() {
    this.input.focus({ preventScroll: true });
    if (!this.typed) this.input.select();
    else this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.grow();
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
      if (!el.value) return;
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
  later() {
    this.grow();
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
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
};
var Picker = class {
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
    this.options = (column.kind === "truth" ? ["yes", "no"] : column.options).map(plain);
    this.chosen = typed || !text ? [] : (this.many ? split(text) : [text]).map(plain);
    this.active = -1;
    this.id = `sn-list-${Math.random().toString(36).slice(2)}`;
    this.el = make("div", "sn-editor sn-picker");
    this.input = make("input", "sn-input", { value: typed ? text : "", spellcheck: false });
    this.input.dir = "auto";
    this.input.placeholder = this.searches ? "Find by name …" : "Choose …";
    attributes(this.input, {
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": this.id,
      "aria-autocomplete": "list",
      "aria-label": `${column.title}${column.required ? ", required" : ""}`,
      autocomplete: "off"
    });
    this.list = make("div", "sn-list", { id: this.id });
    attributes(this.list, { role: "listbox", "aria-label": column.title, "aria-multiselectable": String(this.many) });
    this.hint = make("div", "sn-hint");
    this.hint.setAttribute("role", "status");
    this.el.append(this.input, this.list, this.hint);
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const at = event.target.closest(".sn-option")?.at;
      if (at !== void 0) this.pick(at);
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
    return this.many ? this.chosen.map(({ value }) => quoted(value)).join("; ") : this.chosen[0]?.value ?? "";
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
    this.options = answer.offered.map((o) => ({
      value: o.path,
      label: o.name,
      about: `${o.type}, ${o.path}`
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
    this.handlers.commit(this.many && this.chosen.length ? `${this.value}; ${quoted(typed)}` : typed, move);
  }
  close() {
    clearTimeout(this.timer);
    this.el.remove();
  }
};
function plain(value) {
  return { value, label: value, about: "" };
}
function split(text) {
  const found = [];
  for (const [, inner, bare] of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^;]+))\s*(?:;|$)/g)) {
    if (inner !== void 0) found.push(inner.replaceAll('""', '"'));
    else if (bare.trim()) found.push(bare.trim());
  }
  return found;
}
function quoted(text) {
  return /[;"\n]|^\s|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// wire.js
var PATIENCE = 6e3;
var GONE = "The kernel is gone: run the cells of this notebook again. The grid offers then what was not saved.";
var SLOW = /* @__PURE__ */ new Set(["plan", "save", "offer", "add", "undo plan", "undo save"]);
var Wire = class {
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
    this.open = /* @__PURE__ */ new Map();
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
};

// grid.js
var LINE = 28;
var CEILING = 12e6;
var SPARE = 6;
var IN_FLIGHT = 2;
var NUMBERS = 64;
var WIDTHS = { text: 200, number: 100, truth: 90, date: 160, choice: 130, choices: 180, reference: 190, references: 220, about: 150 };
var CUT = " … [the whole text is too long for a cell]";
var LATE = "No answer yet: the kernel is busy, or gone. What you typed is waiting.";
var STATES = { changed: "●", invalid: "!" };
var grid_default = {
  /** @param {{ model: any, el: HTMLElement }} context */
  render: ({ model, el }) => new View(model, el).dispose
};
var View = class {
  /** @param {any} model @param {HTMLElement} el */
  constructor(model, el) {
    this.model = model;
    this.dispose = this.dispose.bind(this);
    this.blocks = new Blocks();
    this.buttons = [];
    this.wire = new Wire(model, () => this.die(), (late) => this.onLate(late));
    this.hidden = /* @__PURE__ */ new Set();
    this.widths = /* @__PURE__ */ new Map();
    this.sorts = [];
    this.active = { row: 0, column: 0 };
    this.anchor = { row: 0, column: 0 };
    this.pending = /* @__PURE__ */ new Map();
    this.message = "";
    this.late = false;
    this.questions = 0;
    this.rows = [];
    this.editor = null;
    this.panel = null;
    this.drawnHead = null;
    this.empty = make("div", "sn-empty", {}, make("span", ""));
    this.empty.setAttribute("role", "row");
    this.empty.firstChild.setAttribute("role", "gridcell");
    this.progress = (_done, _total) => {
    };
    this.build(el);
    this.listen();
    this.blocks.forget(model.get("order"));
    this.setColumns();
  }
  // ---- the elements ----
  /** @param {HTMLElement} parent */
  build(parent) {
    this.el = make("div", "sn-grid");
    this.el.dataset.lmSuppressShortcuts = "true";
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
      button("Save …", "Show what would be saved", () => save(this))
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
    this.handlers = {
      "msg:custom": (message) => this.hear(message),
      "change:columns": () => this.setColumns(),
      "change:order": () => this.onOrder(),
      "change:totals": () => this.draw(),
      "change:saving": () => this.draw(),
      "change:offer": () => this.showOffer(),
      "change:note": () => this.draw(),
      "change:height": () => this.draw(),
      comm_live_update: () => this.wire.die()
      // the kernel was restarted or shut down
    };
    for (const [name, handler] of Object.entries(this.handlers)) model.on(name, handler);
    scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.onKey(event));
    scroller.addEventListener("mousedown", (event) => this.onMouseDown(event));
    scroller.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    scroller.addEventListener("focus", () => this.draw());
    scroller.addEventListener("blur", () => this.draw());
    for (const kind of ["copy", "cut", "paste"])
      scroller.addEventListener(kind, (event) => this.onClipboard(event));
    this.needle.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.arrange(), 250);
    });
    this.needle.addEventListener("keydown", (event) => {
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
    this.columns = this.all.filter((column) => !this.hidden.has(column.name));
    const at = this.columns.findIndex((column) => column.name === name);
    this.active.column = at >= 0 ? at : Math.max(0, Math.min(this.active.column, this.columns.length - 1));
    this.lefts = [NUMBERS];
    for (const column of this.columns) this.lefts.push(this.lefts[this.lefts.length - 1] + this.widthOf(column));
    this.drawnHead = null;
    this.draw();
  }
  /** @param {Column} column */
  widthOf(column) {
    return this.widths.get(column.name) ?? WIDTHS[
      /** @type {keyof typeof WIDTHS} */
      column.kind
    ] ?? 160;
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
    if (this.blocks.asked.get(block) !== question) return;
    if (answer.problem) return this.say(answer.problem);
    this.blocks.asked.delete(block);
    if (answer.order === this.blocks.order) this.blocks.arrive(answer);
    this.pending.clear();
    this.paint();
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
    if ((what === "undo" || what === "redo") && answer.position !== null && answer.position !== void 0)
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
    const from = (
      /** @type {HTMLElement | null} */
      document.activeElement
    );
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
    const shown2 = Math.min(whole, CEILING);
    return shown2 > this.body ? (whole - this.body) / (shown2 - this.body) : 1;
  }
  /** @param {number} row @param {number} column @param {boolean} [extend] */
  goTo(row, column, extend = false) {
    const { totals, columns = [] } = this;
    this.active = {
      row: Math.max(0, Math.min(row, totals.shown - 1)),
      column: Math.max(0, Math.min(column, columns.length - 1))
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
    if (this.active.column === 0) return;
    const frozen = lefts[1] ?? 0;
    const [left, right] = [lefts[this.active.column], lefts[this.active.column + 1]];
    if (left < scroller.scrollLeft + frozen) scroller.scrollLeft = left - frozen;
    else if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = Math.min(left - frozen, right - scroller.clientWidth);
  }
  get range() {
    const { active, anchor } = this;
    return {
      top: Math.min(active.row, anchor.row),
      bottom: Math.max(active.row, anchor.row),
      left: Math.min(active.column, anchor.column),
      right: Math.max(active.column, anchor.column)
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
    if (this.gone || !scroller.clientHeight) return;
    const wide = lefts[lefts.length - 1];
    scroller.style.maxHeight = this.model.get("height");
    attributes(scroller, {
      "aria-rowcount": totals.shown + 1,
      "aria-colcount": columns.length + 1,
      "aria-readonly": this.locked ? "true" : null
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
    if (totals.shown && (active.row < first || active.row > last)) numbers.push(active.row);
    numbers.forEach((number, place) => {
      const el = this.rows[place] ??= newRow();
      if (!el.isConnected) this.space.append(el);
      this.paintRow(el, number, window);
      el.style.transform = `translateY(${number * LINE - offset + scroller.scrollTop}px)`;
    });
    for (const el of this.rows.splice(numbers.length)) el.remove();
    if (!totals.shown) attributes(scroller, { "aria-activedescendant": null }), this.paintEmpty();
    else this.empty.remove();
    const open = this.blocks.asked.size;
    const near = Math.floor((first + last) / 2 / SIZE);
    const wanted = [...new Set(numbers.map((number) => this.blocks.lacks(number)).filter((at) => at !== null))];
    if (!this.wire.dead)
      for (const at of wanted.slice(0, Math.max(0, IN_FLIGHT - open))) this.want(
        /** @type {number} */
        at
      );
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
      const arrow = make("span", "sn-arrow", { textContent: sort ? sort[1] ? "▲" : "▼" : "" });
      arrow.setAttribute("aria-hidden", "true");
      el.title = [column.title, column.required ? "required" : "", column.why ? `read-only: ${column.why}` : "", "Click to sort"].filter(Boolean).join("\n");
      attributes(el, {
        role: "columnheader",
        "aria-colindex": at + 2,
        "aria-readonly": column.why ? "true" : null,
        "aria-sort": sort ? sort[1] ? "ascending" : "descending" : null
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
    const outcome2 = row ? blocks.text(row, "*outcome") : "";
    const bad = outcome2 && !outcome2.startsWith("saved");
    const saving = row?.block.saving.has(row.offset) ?? false;
    const glyph = saving ? "…" : problem ? "!" : bad ? "✗" : change ? "●" : outcome2 ? "✓" : "";
    const said = [change && `changed: ${change}`, problem, outcome2].filter(Boolean).join("\n");
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
      const shown2 = row ? line(pending ?? blocks.text(row, column.name)) : "";
      if (cell.firstChild.textContent !== shown2) cell.firstChild.textContent = shown2;
      const mark = row ? blocks.mark(row, column.name) : null;
      const isActive = number === active.row && at === active.column;
      const inside = number >= range.top && number <= range.bottom && at >= range.left && at <= range.right;
      const name = ["sn-cell", `sn-k-${column.kind}`];
      if (at === 0) name.push("sn-frozen");
      if (column.why) name.push("sn-fixed");
      if (pending !== void 0) name.push("sn-pending");
      if (mark) name.push(`sn-${mark.state}`);
      if (inside) name.push("sn-selected");
      if (isActive) name.push(focused ? "sn-active" : "sn-was-active");
      if (cell.className !== name.join(" ")) cell.className = name.join(" ");
      const style = at === 0 ? `width:${lefts[1] - lefts[0]}px` : `left:${lefts[at]}px;width:${lefts[at + 1] - lefts[at]}px`;
      if (cell.place !== style) cell.style.cssText = cell.place = style;
      cell.at = at;
      const glyph2 = mark ? STATES[
        /** @type {keyof typeof STATES} */
        mark.state
      ] : "";
      if (cell.lastChild.textContent !== glyph2) cell.lastChild.textContent = glyph2;
      const title = mark ? [`was: ${mark.before || "(empty)"}`, mark.problem].filter(Boolean).join("\n") : shown2;
      attributes(cell, {
        title: title || null,
        "aria-colindex": at + 2,
        "aria-selected": String(inside),
        "aria-invalid": mark?.state === "invalid" ? "true" : null,
        "aria-readonly": column.why || saving ? "true" : null
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
    let text = this.late && !this.wire.dead ? LATE : this.message;
    if (!text) text = this.model.get("note");
    if (!text && row?.block.saving.has(row.offset)) text = "This row is being saved.";
    if (!text && cells > 1) text = `${counted(cells, "cell")} selected`;
    if (!text && mark) text = [mark.problem, `was: ${line(mark.before) || "(empty)"}`].filter(Boolean).join(" · ");
    if (!text && column?.why && column.kind !== "about") text = `Read-only: ${column.why}`;
    if (this.status.textContent !== text) this.status.textContent = text;
    if (this.wire.dead) return;
    const [undo, redo, adding, removing, , , unsaving, save2] = this.buttons;
    undo.disabled = !totals.undo;
    redo.disabled = !totals.redo;
    adding.disabled = saving;
    removing.disabled = saving || !totals.new;
    unsaving.disabled = saving || !totals.undoable;
    save2.disabled = saving || !totals.cells;
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
      commit: (value, [down, right]) => {
        this.endEdit();
        if (value !== text) {
          this.pending.set(`${key} ${column.name}`, value);
          this.change("edit", { cells: [[key, column.name, value]] });
        }
        this.goTo(this.active.row + down, this.active.column + right);
      },
      cancel: () => this.endEdit(),
      check: async (value) => (await this.wire.ask("try", { key, column: column.name, text: value })).reason ?? "",
      offer: (value) => this.wire.ask("offer", { text: value, types: column.types })
    };
    this.editor = editorOf(column, typed ?? text, typed !== void 0, handlers);
    this.editor.place = { row: number, column: at };
    const cell = make("div", "", {}, this.editor.el);
    attributes(cell, { role: "gridcell", "aria-colindex": at + 2 });
    this.editing = make("div", "", {}, cell);
    attributes(this.editing, { role: "row", "aria-rowindex": number + 2 });
    this.scroller.append(this.editing);
    this.editor.el.addEventListener("mousedown", (event) => event.stopPropagation());
    this.editor.el.addEventListener("dblclick", (event) => event.stopPropagation());
    this.placeEditor();
    this.editor.focus();
  }
  placeEditor() {
    if (!this.editor) return;
    const { row, column } = this.editor.place;
    const { lefts = [], scroller } = this;
    const top = LINE + row * LINE - scroller.scrollTop * this.scale + scroller.scrollTop;
    const left = column === 0 ? lefts[0] + scroller.scrollLeft : lefts[column];
    const width = Math.max(lefts[column + 1] - lefts[column], 120);
    this.editor.el.style.cssText = `top:${top}px;left:${left}px;min-width:${width}px`;
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
    const moves = {
      ArrowDown: [control ? rows : active.row + 1, active.column],
      ArrowUp: [control ? 0 : active.row - 1, active.column],
      ArrowRight: [active.row, control ? last : active.column + 1],
      ArrowLeft: [active.row, control ? 0 : active.column - 1],
      PageDown: [active.row + page, active.column],
      PageUp: [active.row - page, active.column],
      Home: [control ? 0 : active.row, 0],
      End: [control ? rows : active.row, last]
    };
    if (event.altKey && key !== "ArrowDown") return;
    if (event.altKey) this.edit();
    else if (key in moves) {
      this.message = "";
      this.goTo(...moves[key], shift);
    } else if (control && "cxv".includes(key.toLowerCase())) return void event.stopPropagation();
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
    else if (key !== "Shift") return;
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
    const target = (
      /** @type {any} */
      event.target
    );
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
    const move = (moved) => {
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
      const texts = rows.map((row) => names.map((name) => row ? this.blocks.text(row, name) : ""));
      clipboard.setData("text/plain", texts.map((cells) => cells.map(tabbed).join("	")).join("\n"));
      const short = texts.flat().some((text) => text.endsWith(CUT));
      return this.say(`${count} copied${short ? ", long texts without their end" : ""}`);
    }
    this.wire.ask("copy", this.selected).then(async (answer) => {
      try {
        await navigator.clipboard.writeText(answer.text);
        this.say(answer.problem ?? `${count} copied`);
      } catch {
        this.say("The browser lets no page write so many rows to the clipboard: select fewer, or use Python.");
      }
    });
  }
};
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
function tabbed(text) {
  return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
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
export {
  grid_default as default
};
