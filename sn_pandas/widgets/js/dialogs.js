// What is shown above the rows: the plan of a save, the choice of columns, find and replace.

import { attributes, button, counted, line, make } from "./elements.js";

/** A panel above the rows that keeps the focus until it is closed. */
export class Panel {
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
    this.el.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.onKey(event));
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
}

/**
 * The save: the plan with a choice for each cell in conflict, progress, and what became of it.
 * @param {any} view
 */
export async function save(view) {
  const panel = view.open("Looking at what would be saved …");
  panel.foot.append(button("Cancel", "Close this", () => panel.close()));
  const plan = await view.wire.ask("plan");
  if (!panel.el.isConnected) return;
  if (plan.problem) return showProblem(panel, "Nothing was saved", plan.problem);
  showPlan(view, panel, plan);
}

/** @param {any} panel @param {string} title @param {string} problem */
function showProblem(panel, title, problem) {
  const text = make("p", "sn-problem-text", { textContent: problem });
  panel.show(title, [text], [button("Close", "Close this", () => panel.close())]);
}

/** @param {any} view @param {any} panel @param {any} plan */
function showPlan(view, panel, plan) {
  const conflicts = plan.rows.filter((/** @type {any} */ row) => row.outcome === "conflict");
  const others = plan.rows.filter((/** @type {any} */ row) => row.outcome !== "conflict");
  /** @type {Map<string, [string | number, string, string]>} */
  const choices = new Map();
  const go = button("", "Send the changes", () => carryOut(view, panel, [...choices.values()]));
  go.classList.add("sn-primary");
  const cancel = button("Cancel", "Save nothing", () => panel.close());
  const label = () => {
    const decided = conflicts.filter((/** @type {any} */ row) =>
      row.cells.length && row.cells.every((/** @type {any} */ c) => choices.has(`${row.key} ${c.column}`)),
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

/** @param {any} plan */
function summary(plan) {
  const said = [`${counted(plan.send, "row")} would be sent`];
  if (plan.counts.conflict) said.push(`${counted(plan.counts.conflict, "row")} in conflict`);
  if (plan.counts.refused) said.push(`${counted(plan.counts.refused, "row")} with values that are not allowed`);
  if (plan.counts.failed) said.push(`${counted(plan.counts.failed, "row")} whose content is gone`);
  return `${said.join(", ")}. Nothing was sent yet.`;
}

/**
 * @param {any[]} rows
 * @param {Map<string, [string | number, string, string]>} choices
 * @param {() => void} onChoice
 */
function conflictTable(rows, choices, onChoice) {
  const table = make("table", "sn-conflicts");
  const heads = ["Content", "Field", "As it was read", "Mine", "Theirs, now"];
  const head = make("tr", "", {}, ...heads.map((text) => make("th", "", { textContent: text, scope: "col" })));
  const body = make("tbody", "");
  table.append(make("thead", "", {}, head), body);
  for (const row of rows) {
    const cells = row.cells.length ? row.cells : [null];
    cells.forEach((/** @type {any} */ cell, /** @type {number} */ number) => {
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

/** @param {string} text */
function shown(text) {
  return line(text) || "(empty)";
}

/** @param {any} view @param {any} panel @param {any[]} choices */
async function carryOut(view, panel, choices) {
  showProgress(view, panel, "Saving …");
  const answer = await view.wire.ask("save", { choices });
  const counts = Object.entries(answer.counts ?? {}).filter(([outcome]) => outcome !== "unchanged");
  const text = summed(answer.counts) || "nothing to save";
  view.say(answer.problem ? answer.problem : `Saved: ${text}`);
  if (!panel.el.isConnected) return;
  if (answer.problem) return showProblem(panel, "The save ended with an error", answer.problem);
  const failed = counts.filter(([outcome]) => outcome !== "saved").reduce((sum, [, count]) => sum + Number(count), 0);
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

/**
 * The undo of the last save, after a look at what it would do.
 * @param {any} view
 */
export async function undoSave(view) {
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

/** @param {Record<string, number> | undefined} counts */
function summed(counts) {
  const said = Object.entries(counts ?? {}).filter(([outcome]) => outcome !== "unchanged");
  return said.map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}

/** @param {any} view @param {any} panel @param {string} title */
function showProgress(view, panel, title) {
  panel.bar = make("progress", "sn-progress");
  panel.bar.setAttribute("aria-label", "Rows that were sent");
  panel.count = make("p", "", { textContent: "Sending …" });
  panel.count.setAttribute("role", "status");
  view.progress = (/** @type {number} */ done, /** @type {number | null} */ total) => {
    Object.assign(panel.bar, total ? { max: total, value: done } : {});
    panel.count.textContent = total ? `${done.toLocaleString("en")} of ${counted(total, "row")}` : "";
  };
  const hide = button("Hide", "It goes on, and other rows can be edited", () => panel.close());
  panel.show(title, [panel.bar, panel.count], [hide]);
}

/**
 * Which columns are shown.
 * @param {any} view
 */
export function chooseColumns(view) {
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

/**
 * Find and replace in the texts of the rows that are shown.
 * @param {any} view
 */
export function replace(view) {
  const panel = view.open("Replace");
  const find = make("input", "sn-input", { spellcheck: false });
  const by = make("input", "sn-input", { spellcheck: false });
  find.setAttribute("aria-label", "Find");
  by.setAttribute("aria-label", "Replace by");
  const where = make("select", "sn-select");
  where.setAttribute("aria-label", "In");
  const texts = view.columns.filter((/** @type {any} */ c) => c.kind === "text" && !c.why);
  where.append(make("option", "", { value: "", textContent: "all columns of text" }));
  for (const column of texts) where.append(make("option", "", { value: column.name, textContent: line(column.title) }));
  const said = make("p", "sn-soft", {});
  said.setAttribute("role", "status");
  const go = button("Replace all", "Replace in all rows that are shown; Undo takes it back", async () => {
    const columns = where.value ? [where.value] : texts.map((/** @type {any} */ c) => c.name);
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
    said,
  ];
  panel.show("Replace", body, [go, button("Close", "Back to the rows", () => panel.close())]);
  find.focus();
}
