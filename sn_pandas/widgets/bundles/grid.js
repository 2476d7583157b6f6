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
    this.links = answer.links;
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
function button(text2, title, press) {
  const el = make("button", "sn-button", { type: "button", textContent: text2, title });
  el.addEventListener("click", press);
  return el;
}
var CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;
function line(text2) {
  return text2.replace(/\r?\n|\r/g, " ⏎ ").replace(/\t/g, " ").replace(CONTROLS, (c) => {
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
  const text2 = make("p", "sn-problem-text", { textContent: problem });
  panel.show(title, [text2], [button("Close", "Close this", () => panel.close())]);
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
  const head = make("tr", "", {}, ...heads.map((text2) => make("th", "", { textContent: text2, scope: "col" })));
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
          const text2 = make("span", "", { textContent: shown(cell[which]), dir: "auto" });
          const says = `${which === "mine" ? "Keep mine" : "Take theirs"} in ${cell.header} of ${row.title}`;
          radio.setAttribute("aria-label", `${says}: ${shown(cell[which])}`);
          tr.append(make("td", "", {}, make("label", "", {}, radio, text2)));
        }
      } else tr.append(make("td", "", { textContent: line(row.reason), colSpan: 4, dir: "auto" }));
      body.append(tr);
    });
  }
  return table;
}
function shown(text2) {
  return line(text2) || "(empty)";
}
async function carryOut(view, panel, choices) {
  showProgress(view, panel, "Saving …");
  const answer = await view.wire.ask("save", { choices });
  const counts = Object.entries(answer.counts ?? {}).filter(([outcome2]) => outcome2 !== "unchanged");
  const text2 = summed(answer.counts) || "nothing to save";
  view.say(answer.problem ? answer.problem : `Saved: ${text2}`);
  if (!panel.el.isConnected) return;
  if (answer.problem) return showProblem(panel, "The save ended with an error", answer.problem);
  const failed = counts.filter(([outcome2]) => outcome2 !== "saved").reduce((sum, [, count]) => sum + Number(count), 0);
  if (!failed) return panel.close();
  const hint = "These rows keep their edits. The column Outcome says why; Save tries them again.";
  const body = [make("p", "", { textContent: text2 }), make("p", "sn-soft", { textContent: hint })];
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
    const text2 = `Undone: ${summed(answer.counts) || "nothing"}`;
    view.say(answer.problem ?? text2);
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
    const text2 = make("span", "", { textContent: line(column.title), dir: "auto" });
    list.append(make("label", "", {}, box, text2));
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

// ../../../../../../root/.cache/sn_pandas/widgets-f4d1d4a52a2bd43b/node_modules/dompurify/dist/purify.es.mjs
function _OverloadYield(e, d) {
  this.v = e, this.k = d;
}
function _arrayLikeToArray(r, a) {
  (null == a || a > r.length) && (a = r.length);
  for (var e = 0, n = Array(a); e < a; e++) n[e] = r[e];
  return n;
}
function _arrayWithHoles(r) {
  if (Array.isArray(r)) return r;
}
function _iterableToArrayLimit(r, l) {
  var t = null == r ? null : "undefined" != typeof Symbol && r[Symbol.iterator] || r["@@iterator"];
  if (null != t) {
    var e, n, i, u, a = [], f = true, o = false;
    try {
      if (i = (t = t.call(r)).next, 0 === l) {
        if (Object(t) !== t) return;
        f = false;
      } else for (; !(f = (e = i.call(t)).done) && (a.push(e.value), a.length !== l); f = true) ;
    } catch (r2) {
      o = true, n = r2;
    } finally {
      try {
        if (!f && null != t.return && (u = t.return(), Object(u) !== u)) return;
      } finally {
        if (o) throw n;
      }
    }
    return a;
  }
}
function _nonIterableRest() {
  throw new TypeError("Invalid attempt to destructure non-iterable instance.\nIn order to be iterable, non-array objects must have a [Symbol.iterator]() method.");
}
function _slicedToArray(r, e) {
  return _arrayWithHoles(r) || _iterableToArrayLimit(r, e) || _unsupportedIterableToArray(r, e) || _nonIterableRest();
}
function _unsupportedIterableToArray(r, a) {
  if (r) {
    if ("string" == typeof r) return _arrayLikeToArray(r, a);
    var t = {}.toString.call(r).slice(8, -1);
    return "Object" === t && r.constructor && (t = r.constructor.name), "Map" === t || "Set" === t ? Array.from(r) : "Arguments" === t || /^(?:Ui|I)nt(?:8|16|32)(?:Clamped)?Array$/.test(t) ? _arrayLikeToArray(r, a) : void 0;
  }
}
function AsyncGenerator(e) {
  var t, n;
  function resume(t2, n2) {
    try {
      var r = e[t2](n2), o = r.value, u = o instanceof _OverloadYield;
      Promise.resolve(u ? o.v : o).then(function(n3) {
        if (u) {
          var i = "return" === t2 && o.k ? t2 : "next";
          if (!o.k || n3.done) return resume(i, n3);
          n3 = e[i](n3).value;
        }
        settle(!!r.done, n3);
      }, function(e2) {
        resume("throw", e2);
      });
    } catch (e2) {
      settle(2, e2);
    }
  }
  function settle(e2, r) {
    2 === e2 ? t.reject(r) : t.resolve({
      value: r,
      done: e2
    }), (t = t.next) ? resume(t.key, t.arg) : n = null;
  }
  this._invoke = function(e2, r) {
    return new Promise(function(o, u) {
      var i = {
        key: e2,
        arg: r,
        resolve: o,
        reject: u,
        next: null
      };
      n ? n = n.next = i : (t = n = i, resume(e2, r));
    });
  }, "function" != typeof e.return && (this.return = void 0);
}
AsyncGenerator.prototype["function" == typeof Symbol && Symbol.asyncIterator || "@@asyncIterator"] = function() {
  return this;
}, AsyncGenerator.prototype.next = function(e) {
  return this._invoke("next", e);
}, AsyncGenerator.prototype.throw = function(e) {
  return this._invoke("throw", e);
}, AsyncGenerator.prototype.return = function(e) {
  return this._invoke("return", e);
};
var entries = Object.entries;
var objectKeys = Object.keys;
var setPrototypeOf = Object.setPrototypeOf;
var isFrozen = Object.isFrozen;
var getPrototypeOf = Object.getPrototypeOf;
var getOwnPropertyDescriptor = Object.getOwnPropertyDescriptor;
var freeze = Object.freeze;
var seal = Object.seal;
var create = Object.create;
var _ref = typeof Reflect !== "undefined" && Reflect;
var apply = _ref.apply;
var construct = _ref.construct;
if (!freeze) freeze = function freeze2(x) {
  return x;
};
if (!seal) seal = function seal2(x) {
  return x;
};
if (!apply) apply = function apply2(func, thisArg) {
  for (var _len = arguments.length, args = new Array(_len > 2 ? _len - 2 : 0), _key = 2; _key < _len; _key++) args[_key - 2] = arguments[_key];
  return func.apply(thisArg, args);
};
if (!construct) construct = function construct2(Func) {
  for (var _len2 = arguments.length, args = new Array(_len2 > 1 ? _len2 - 1 : 0), _key2 = 1; _key2 < _len2; _key2++) args[_key2 - 1] = arguments[_key2];
  return new Func(...args);
};
var arrayForEach = unapply(Array.prototype.forEach);
var arrayLastIndexOf = unapply(Array.prototype.lastIndexOf);
var arrayPop = unapply(Array.prototype.pop);
var arrayPush = unapply(Array.prototype.push);
var arraySlice = unapply(Array.prototype.slice);
var arraySplice = unapply(Array.prototype.splice);
var arrayIsArray = Array.isArray;
var setCreate = unconstruct(Set);
var setAdd = unapply(Set.prototype.add);
var setHas = unapply(Set.prototype.has);
var setDelete = unapply(Set.prototype.delete);
var mapCreate = unconstruct(Map);
var mapGet = unapply(Map.prototype.get);
var mapSet = unapply(Map.prototype.set);
var stringToLowerCase = unapply(String.prototype.toLowerCase);
var stringToString = unapply(String.prototype.toString);
var stringMatch = unapply(String.prototype.match);
var stringReplace = unapply(String.prototype.replace);
var stringIndexOf = unapply(String.prototype.indexOf);
var stringTrim = unapply(String.prototype.trim);
var numberToString = unapply(Number.prototype.toString);
var booleanToString = unapply(Boolean.prototype.toString);
var bigintToString = typeof BigInt === "undefined" ? null : unapply(BigInt.prototype.toString);
var symbolToString = typeof Symbol === "undefined" ? null : unapply(Symbol.prototype.toString);
var objectHasOwnProperty = unapply(Object.prototype.hasOwnProperty);
var objectToString = unapply(Object.prototype.toString);
var regExpTestRaw = RegExp.prototype.test;
var regExpTest = function regExpTest2(regExp, value) {
  if (regExp instanceof RegExp) regExp.lastIndex = 0;
  return apply(regExpTestRaw, regExp, [value]);
};
var typeErrorCreate = unconstruct(TypeError);
function unapply(func) {
  return function(thisArg) {
    for (var _len3 = arguments.length, args = new Array(_len3 > 1 ? _len3 - 1 : 0), _key3 = 1; _key3 < _len3; _key3++) args[_key3 - 1] = arguments[_key3];
    return apply(func, thisArg, args);
  };
}
function unconstruct(Func) {
  return function() {
    for (var _len4 = arguments.length, args = new Array(_len4), _key4 = 0; _key4 < _len4; _key4++) args[_key4] = arguments[_key4];
    return construct(Func, args);
  };
}
function addToSet(set, array) {
  let transformCaseFunc = arguments.length > 2 && arguments[2] !== void 0 ? arguments[2] : stringToLowerCase;
  if (setPrototypeOf) setPrototypeOf(set, null);
  if (!arrayIsArray(array)) return set;
  let l = array.length;
  while (l--) {
    let element = array[l];
    if (typeof element === "string") {
      const lcElement = transformCaseFunc(element);
      if (lcElement !== element) {
        if (!isFrozen(array)) array[l] = lcElement;
        element = lcElement;
      }
    }
    set[element] = true;
  }
  return set;
}
function cleanArray(array) {
  for (let index = 0; index < array.length; index++) if (!objectHasOwnProperty(array, index)) array[index] = null;
  return array;
}
function clone(object) {
  const newObject = create(null);
  for (const _ref2 of entries(object)) {
    var _ref3 = _slicedToArray(_ref2, 2);
    const property = _ref3[0];
    const value = _ref3[1];
    if (objectHasOwnProperty(object, property)) {
      if (arrayIsArray(value)) newObject[property] = cleanArray(value);
      else if (value && typeof value === "object" && value.constructor === Object) newObject[property] = clone(value);
      else newObject[property] = value;
    }
  }
  return newObject;
}
function cloneSet(set) {
  const newSet = create(null);
  const keys = objectKeys(set);
  let l = keys.length;
  while (l--) newSet[keys[l]] = set[keys[l]];
  return newSet;
}
function stringifyValue(value) {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return numberToString(value);
    case "boolean":
      return booleanToString(value);
    case "bigint":
      return bigintToString ? bigintToString(value) : "0";
    case "symbol":
      return symbolToString ? symbolToString(value) : "Symbol()";
    case "undefined":
      return objectToString(value);
    case "function":
    case "object": {
      if (value === null) return objectToString(value);
      const valueAsRecord = value;
      const valueToString = lookupGetter(valueAsRecord, "toString");
      if (typeof valueToString === "function") {
        const stringified = valueToString(valueAsRecord);
        return typeof stringified === "string" ? stringified : objectToString(stringified);
      }
      return objectToString(value);
    }
    default:
      return objectToString(value);
  }
}
function lookupGetter(object, prop) {
  while (object !== null) {
    const desc = getOwnPropertyDescriptor(object, prop);
    if (desc) {
      if (desc.get) return unapply(desc.get);
      if (typeof desc.value === "function") return unapply(desc.value);
    }
    object = getPrototypeOf(object);
  }
  function fallbackValue() {
    return null;
  }
  return fallbackValue;
}
function lookupAccessor(object, prop) {
  while (object !== null) {
    const desc = getOwnPropertyDescriptor(object, prop);
    if (desc) return desc.get ? unapply(desc.get) : null;
    object = getPrototypeOf(object);
  }
  return null;
}
function isRegex(value) {
  if (!value) return false;
  try {
    regExpTest(value, "");
    return true;
  } catch (_unused) {
    return false;
  }
}
var html$1 = freeze([
  "a",
  "abbr",
  "acronym",
  "address",
  "area",
  "article",
  "aside",
  "audio",
  "b",
  "bdi",
  "bdo",
  "big",
  "blink",
  "blockquote",
  "body",
  "br",
  "button",
  "canvas",
  "caption",
  "center",
  "cite",
  "code",
  "col",
  "colgroup",
  "content",
  "data",
  "datalist",
  "dd",
  "decorator",
  "del",
  "details",
  "dfn",
  "dialog",
  "dir",
  "div",
  "dl",
  "dt",
  "element",
  "em",
  "fieldset",
  "figcaption",
  "figure",
  "font",
  "footer",
  "form",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "head",
  "header",
  "hgroup",
  "hr",
  "html",
  "i",
  "img",
  "input",
  "ins",
  "kbd",
  "label",
  "legend",
  "li",
  "main",
  "map",
  "mark",
  "marquee",
  "menu",
  "menuitem",
  "meter",
  "nav",
  "nobr",
  "ol",
  "optgroup",
  "option",
  "output",
  "p",
  "picture",
  "pre",
  "progress",
  "q",
  "rp",
  "rt",
  "ruby",
  "s",
  "samp",
  "search",
  "section",
  "select",
  "shadow",
  "slot",
  "small",
  "source",
  "spacer",
  "span",
  "strike",
  "strong",
  "style",
  "sub",
  "summary",
  "sup",
  "table",
  "tbody",
  "td",
  "template",
  "textarea",
  "tfoot",
  "th",
  "thead",
  "time",
  "tr",
  "track",
  "tt",
  "u",
  "ul",
  "var",
  "video",
  "wbr"
]);
var svg$1 = freeze([
  "svg",
  "a",
  "altglyph",
  "altglyphdef",
  "altglyphitem",
  "animatecolor",
  "animatemotion",
  "animatetransform",
  "circle",
  "clippath",
  "defs",
  "desc",
  "ellipse",
  "filter",
  "font",
  "g",
  "glyph",
  "glyphref",
  "hkern",
  "image",
  "line",
  "lineargradient",
  "marker",
  "mask",
  "metadata",
  "mpath",
  "path",
  "pattern",
  "polygon",
  "polyline",
  "radialgradient",
  "rect",
  "stop",
  "style",
  "switch",
  "symbol",
  "text",
  "textpath",
  "title",
  "tref",
  "tspan",
  "view",
  "vkern"
]);
var svgFilters = freeze([
  "feBlend",
  "feColorMatrix",
  "feComponentTransfer",
  "feComposite",
  "feConvolveMatrix",
  "feDiffuseLighting",
  "feDisplacementMap",
  "feDistantLight",
  "feDropShadow",
  "feFlood",
  "feFuncA",
  "feFuncB",
  "feFuncG",
  "feFuncR",
  "feGaussianBlur",
  "feImage",
  "feMerge",
  "feMergeNode",
  "feMorphology",
  "feOffset",
  "fePointLight",
  "feSpecularLighting",
  "feSpotLight",
  "feTile",
  "feTurbulence"
]);
var svgDisallowed = freeze([
  "animate",
  "color-profile",
  "cursor",
  "discard",
  "font-face",
  "font-face-format",
  "font-face-name",
  "font-face-src",
  "font-face-uri",
  "foreignobject",
  "hatch",
  "hatchpath",
  "mesh",
  "meshgradient",
  "meshpatch",
  "meshrow",
  "missing-glyph",
  "script",
  "set",
  "solidcolor",
  "unknown",
  "use"
]);
var mathMl$1 = freeze([
  "math",
  "menclose",
  "merror",
  "mfenced",
  "mfrac",
  "mglyph",
  "mi",
  "mlabeledtr",
  "mmultiscripts",
  "mn",
  "mo",
  "mover",
  "mpadded",
  "mphantom",
  "mroot",
  "mrow",
  "ms",
  "mspace",
  "msqrt",
  "mstyle",
  "msub",
  "msup",
  "msubsup",
  "mtable",
  "mtd",
  "mtext",
  "mtr",
  "munder",
  "munderover",
  "mprescripts"
]);
var mathMlDisallowed = freeze([
  "maction",
  "maligngroup",
  "malignmark",
  "mlongdiv",
  "mscarries",
  "mscarry",
  "msgroup",
  "mstack",
  "msline",
  "msrow",
  "semantics",
  "annotation",
  "annotation-xml",
  "mprescripts",
  "none"
]);
var text = freeze(["#text"]);
var html = freeze([
  "accept",
  "action",
  "align",
  "alt",
  "autocapitalize",
  "autocomplete",
  "autopictureinpicture",
  "autoplay",
  "background",
  "bgcolor",
  "border",
  "capture",
  "cellpadding",
  "cellspacing",
  "checked",
  "cite",
  "class",
  "clear",
  "color",
  "cols",
  "colspan",
  "command",
  "commandfor",
  "controls",
  "controlslist",
  "coords",
  "crossorigin",
  "datetime",
  "decoding",
  "default",
  "dir",
  "disabled",
  "disablepictureinpicture",
  "disableremoteplayback",
  "download",
  "draggable",
  "enctype",
  "enterkeyhint",
  "exportparts",
  "face",
  "for",
  "headers",
  "height",
  "hidden",
  "high",
  "href",
  "hreflang",
  "id",
  "inert",
  "inputmode",
  "integrity",
  "ismap",
  "kind",
  "label",
  "lang",
  "list",
  "loading",
  "loop",
  "low",
  "max",
  "maxlength",
  "media",
  "method",
  "min",
  "minlength",
  "multiple",
  "muted",
  "name",
  "nonce",
  "noshade",
  "novalidate",
  "nowrap",
  "open",
  "optimum",
  "part",
  "pattern",
  "placeholder",
  "playsinline",
  "popover",
  "popovertarget",
  "popovertargetaction",
  "poster",
  "preload",
  "pubdate",
  "radiogroup",
  "readonly",
  "rel",
  "required",
  "rev",
  "reversed",
  "role",
  "rows",
  "rowspan",
  "spellcheck",
  "scope",
  "selected",
  "shape",
  "size",
  "sizes",
  "slot",
  "span",
  "srclang",
  "start",
  "src",
  "srcset",
  "step",
  "style",
  "summary",
  "tabindex",
  "title",
  "translate",
  "type",
  "usemap",
  "valign",
  "value",
  "width",
  "wrap",
  "xmlns"
]);
var svg = freeze([
  "accent-height",
  "accumulate",
  "additive",
  "alignment-baseline",
  "amplitude",
  "ascent",
  "attributename",
  "attributetype",
  "azimuth",
  "basefrequency",
  "baseline-shift",
  "begin",
  "bias",
  "by",
  "class",
  "clip",
  "clippathunits",
  "clip-path",
  "clip-rule",
  "color",
  "color-interpolation",
  "color-interpolation-filters",
  "color-profile",
  "color-rendering",
  "cx",
  "cy",
  "d",
  "dx",
  "dy",
  "diffuseconstant",
  "direction",
  "display",
  "divisor",
  "dominant-baseline",
  "dur",
  "edgemode",
  "elevation",
  "end",
  "exponent",
  "fill",
  "fill-opacity",
  "fill-rule",
  "filter",
  "filterunits",
  "flood-color",
  "flood-opacity",
  "font-family",
  "font-size",
  "font-size-adjust",
  "font-stretch",
  "font-style",
  "font-variant",
  "font-weight",
  "fx",
  "fy",
  "g1",
  "g2",
  "glyph-name",
  "glyphref",
  "gradientunits",
  "gradienttransform",
  "height",
  "href",
  "id",
  "image-rendering",
  "in",
  "in2",
  "intercept",
  "k",
  "k1",
  "k2",
  "k3",
  "k4",
  "kerning",
  "keypoints",
  "keysplines",
  "keytimes",
  "lang",
  "lengthadjust",
  "letter-spacing",
  "kernelmatrix",
  "kernelunitlength",
  "lighting-color",
  "local",
  "marker-end",
  "marker-mid",
  "marker-start",
  "markerheight",
  "markerunits",
  "markerwidth",
  "maskcontentunits",
  "maskunits",
  "max",
  "mask",
  "mask-type",
  "media",
  "method",
  "mode",
  "min",
  "name",
  "numoctaves",
  "offset",
  "operator",
  "opacity",
  "order",
  "orient",
  "orientation",
  "origin",
  "overflow",
  "paint-order",
  "path",
  "pathlength",
  "patterncontentunits",
  "patterntransform",
  "patternunits",
  "pointer-events",
  "points",
  "preservealpha",
  "preserveaspectratio",
  "primitiveunits",
  "r",
  "rx",
  "ry",
  "radius",
  "refx",
  "refy",
  "repeatcount",
  "repeatdur",
  "restart",
  "result",
  "rotate",
  "scale",
  "seed",
  "shape-rendering",
  "slope",
  "specularconstant",
  "specularexponent",
  "spreadmethod",
  "startoffset",
  "stddeviation",
  "stitchtiles",
  "stop-color",
  "stop-opacity",
  "stroke-dasharray",
  "stroke-dashoffset",
  "stroke-linecap",
  "stroke-linejoin",
  "stroke-miterlimit",
  "stroke-opacity",
  "stroke",
  "stroke-width",
  "style",
  "surfacescale",
  "systemlanguage",
  "tabindex",
  "tablevalues",
  "targetx",
  "targety",
  "transform",
  "transform-origin",
  "text-anchor",
  "text-decoration",
  "text-orientation",
  "text-rendering",
  "textlength",
  "type",
  "u1",
  "u2",
  "unicode",
  "values",
  "vector-effect",
  "viewbox",
  "visibility",
  "version",
  "vert-adv-y",
  "vert-origin-x",
  "vert-origin-y",
  "width",
  "word-spacing",
  "wrap",
  "writing-mode",
  "xchannelselector",
  "ychannelselector",
  "x",
  "x1",
  "x2",
  "xmlns",
  "y",
  "y1",
  "y2",
  "z",
  "zoomandpan"
]);
var mathMl = freeze([
  "accent",
  "accentunder",
  "align",
  "bevelled",
  "close",
  "columnalign",
  "columnlines",
  "columnspacing",
  "columnspan",
  "denomalign",
  "depth",
  "dir",
  "display",
  "displaystyle",
  "encoding",
  "fence",
  "frame",
  "height",
  "href",
  "id",
  "largeop",
  "length",
  "linethickness",
  "lquote",
  "lspace",
  "mathbackground",
  "mathcolor",
  "mathsize",
  "mathvariant",
  "maxsize",
  "minsize",
  "movablelimits",
  "notation",
  "numalign",
  "open",
  "rowalign",
  "rowlines",
  "rowspacing",
  "rowspan",
  "rspace",
  "rquote",
  "scriptlevel",
  "scriptminsize",
  "scriptsizemultiplier",
  "selection",
  "separator",
  "separators",
  "stretchy",
  "subscriptshift",
  "supscriptshift",
  "symmetric",
  "voffset",
  "width",
  "xmlns"
]);
var xml = freeze([
  "xlink:href",
  "xml:id",
  "xlink:title",
  "xml:space",
  "xmlns:xlink"
]);
var MUSTACHE_EXPR = seal(/{{[\w\W]*|^[\w\W]*}}/g);
var ERB_EXPR = seal(/<%[\w\W]*|^[\w\W]*%>/g);
var TMPLIT_EXPR = seal(/\${[\w\W]*/g);
var TMPL_MARKER = seal(/{{|}}|\${|<%|%>/);
var NON_WHITESPACE = seal(/[^\t\n\f\r ]/);
var NUL = seal(/\u0000/g);
var DATA_ATTR = seal(/^data-[\-\w.\u00B7-\uFFFF]+$/);
var ARIA_ATTR = seal(/^aria-[\-\w]+$/);
var IS_ALLOWED_URI = seal(/^(?:(?:(?:f|ht)tps?|mailto|tel|callto|sms|cid|xmpp|matrix):|[^a-z]|[a-z+.\-]+(?:[^a-z+.\-:]|$))/i);
var IS_SCRIPT_OR_DATA = seal(/^(?:\w+script|data):/i);
var ATTR_WHITESPACE = seal(/[\u0000-\u0020\u00A0\u1680\u180E\u2000-\u2029\u205F\u3000]/g);
var DOCTYPE_NAME = seal(/^html$/i);
var CUSTOM_ELEMENT = seal(/^[a-z][.\w]*(-[.\w]+)+$/i);
var ELEMENT_MARKUP_PROBE = seal(/<[/\w!]/g);
var COMMENT_MARKUP_PROBE = seal(/<[/\w]/g);
var COMMENT_UNSAFE = seal(/<[/\w]|^-?>|--!?>|<!-$/g);
var FALLBACK_TAG_CLOSE = seal(/<\/no(script|embed|frames)/i);
var SELF_CLOSING_TAG = seal(/\/>/i);
var ATTR_VALUE_BREAKOUT = seal(/((--!?|])>)|<\/(style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)/i);
var LEADING_WHITESPACE = seal(/^[\r\n\t ]+/);
var NODE_TYPE = {
  element: 1,
  text: 3,
  processingInstruction: 7,
  comment: 8,
  document: 9,
  documentFragment: 11
};
var LITERAL_TEXT_ELEMENTS = freeze(addToSet({}, [
  "style",
  "script",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "plaintext",
  "noscript"
]));
var ESCAPABLE_TEXT_ELEMENTS = freeze(addToSet({}, ["textarea", "title"]));
var VOID_ELEMENTS = freeze(addToSet({}, [
  "area",
  "base",
  "basefont",
  "bgsound",
  "br",
  "col",
  "embed",
  "frame",
  "hr",
  "img",
  "input",
  "keygen",
  "link",
  "meta",
  "param",
  "source",
  "track",
  "wbr"
]));
var getGlobal = function getGlobal2() {
  return typeof window === "undefined" ? null : window;
};
var _createTrustedTypesPolicy = function _createTrustedTypesPolicy2(trustedTypes, purifyHostElement) {
  if (typeof trustedTypes !== "object" || typeof trustedTypes.createPolicy !== "function") return null;
  let suffix = null;
  const ATTR_NAME = "data-tt-policy-suffix";
  if (purifyHostElement && purifyHostElement.hasAttribute(ATTR_NAME)) suffix = purifyHostElement.getAttribute(ATTR_NAME);
  const policyName = "dompurify" + (suffix ? "#" + suffix : "");
  try {
    return trustedTypes.createPolicy(policyName, {
      createHTML(html2) {
        return html2;
      },
      createScriptURL(scriptUrl) {
        return scriptUrl;
      }
    });
  } catch (_) {
    console.warn("TrustedTypes policy " + policyName + " could not be created.");
    return null;
  }
};
var _createHooksMap = function _createHooksMap2() {
  return {
    afterSanitizeAttributes: [],
    afterSanitizeElements: [],
    afterSanitizeShadowDOM: [],
    beforeSanitizeAttributes: [],
    beforeSanitizeElements: [],
    beforeSanitizeShadowDOM: [],
    uponSanitizeAttribute: [],
    uponSanitizeElement: [],
    uponSanitizeShadowNode: []
  };
};
var _resolveSetOption = function _resolveSetOption2(cfg, key, fallback, options) {
  return objectHasOwnProperty(cfg, key) && arrayIsArray(cfg[key]) ? addToSet(options.base ? cloneSet(options.base) : {}, cfg[key], options.transform) : fallback;
};
var _resolveObjectOption = function _resolveObjectOption2(cfg, key, fallback) {
  const value = objectHasOwnProperty(cfg, key) ? cfg[key] : void 0;
  return value && typeof value === "object" ? clone(value) : fallback;
};
function createDOMPurify() {
  let window2 = arguments.length > 0 && arguments[0] !== void 0 ? arguments[0] : getGlobal();
  const DOMPurify = (root) => createDOMPurify(root);
  DOMPurify.version = "3.5.0";
  DOMPurify.removed = [];
  if (!window2 || !window2.document || window2.document.nodeType !== NODE_TYPE.document || !window2.Element) {
    DOMPurify.isSupported = false;
    return DOMPurify;
  }
  let document2 = window2.document;
  const originalDocument = document2;
  const currentScript = originalDocument.currentScript;
  const HTMLTemplateElement = window2.HTMLTemplateElement, Node = window2.Node, Element = window2.Element, NodeFilter = window2.NodeFilter, DOMParser = window2.DOMParser, trustedTypes = window2.trustedTypes;
  const ElementPrototype = Element.prototype;
  const cloneNode = lookupGetter(ElementPrototype, "cloneNode");
  const remove = lookupGetter(ElementPrototype, "remove");
  const removeChild = lookupGetter(ElementPrototype, "removeChild");
  const removeAttributeNode = lookupGetter(ElementPrototype, "removeAttributeNode");
  const getNextSibling = lookupGetter(ElementPrototype, "nextSibling");
  const getChildNodes = lookupGetter(ElementPrototype, "childNodes");
  const getParentNode = lookupGetter(ElementPrototype, "parentNode");
  const getShadowRoot = lookupGetter(ElementPrototype, "shadowRoot");
  const getAttributes = lookupGetter(ElementPrototype, "attributes");
  const getNodeType = Node && Node.prototype ? lookupGetter(Node.prototype, "nodeType") : null;
  const getNodeName = Node && Node.prototype ? lookupGetter(Node.prototype, "nodeName") : null;
  const getOwnerDocument = Node && Node.prototype ? lookupGetter(Node.prototype, "ownerDocument") : null;
  const _readNodeType = function _readNodeType2(node) {
    return getNodeType ? getNodeType(node) : node.nodeType;
  };
  const _readNodeName = function _readNodeName2(node) {
    return getNodeName ? getNodeName(node) : node.nodeName;
  };
  const getNamespaceURI = lookupAccessor(ElementPrototype, "namespaceURI");
  const _readNamespaceURI = function _readNamespaceURI2(element) {
    return getNamespaceURI ? getNamespaceURI(element) : element.namespaceURI;
  };
  const _readAttributes = function _readAttributes2(node) {
    return _readNodeType(node) === NODE_TYPE.element ? getAttributes(node) : null;
  };
  if (typeof HTMLTemplateElement === "function") {
    const template = document2.createElement("template");
    if (template.content && template.content.ownerDocument) document2 = template.content.ownerDocument;
  }
  let trustedTypesPolicy;
  let emptyHTML = "";
  let defaultTrustedTypesPolicy;
  let defaultTrustedTypesPolicyResolved = false;
  let IN_TRUSTED_TYPES_POLICY = 0;
  const _assertNotInTrustedTypesPolicy = function _assertNotInTrustedTypesPolicy2() {
    if (IN_TRUSTED_TYPES_POLICY > 0) throw typeErrorCreate('A configured TRUSTED_TYPES_POLICY callback (createHTML or createScriptURL) must not call DOMPurify.sanitize, as that causes infinite recursion. Do not pass a policy whose callbacks wrap DOMPurify as TRUSTED_TYPES_POLICY; see the "DOMPurify and Trusted Types" section of the README.');
  };
  const _createTrustedHTML = function _createTrustedHTML2(html2) {
    _assertNotInTrustedTypesPolicy();
    IN_TRUSTED_TYPES_POLICY++;
    try {
      return trustedTypesPolicy.createHTML(html2);
    } finally {
      IN_TRUSTED_TYPES_POLICY--;
    }
  };
  const _signOutput = function _signOutput2(html2) {
    return trustedTypesPolicy && RETURN_TRUSTED_TYPE ? _createTrustedHTML(html2) : html2;
  };
  const _createTrustedScriptURL = function _createTrustedScriptURL2(scriptUrl) {
    _assertNotInTrustedTypesPolicy();
    IN_TRUSTED_TYPES_POLICY++;
    try {
      return trustedTypesPolicy.createScriptURL(scriptUrl);
    } finally {
      IN_TRUSTED_TYPES_POLICY--;
    }
  };
  const _getDefaultTrustedTypesPolicy = function _getDefaultTrustedTypesPolicy2() {
    if (!defaultTrustedTypesPolicyResolved) {
      defaultTrustedTypesPolicy = _createTrustedTypesPolicy(trustedTypes, currentScript);
      defaultTrustedTypesPolicyResolved = true;
    }
    return defaultTrustedTypesPolicy;
  };
  const _document = document2, implementation = _document.implementation, createNodeIterator = _document.createNodeIterator, createDocumentFragment = _document.createDocumentFragment, getElementsByTagName = _document.getElementsByTagName;
  const importNode = originalDocument.importNode;
  let hooks = _createHooksMap();
  DOMPurify.isSupported = typeof entries === "function" && typeof getParentNode === "function" && implementation && implementation.createHTMLDocument !== void 0;
  const MUSTACHE_EXPR$1 = MUSTACHE_EXPR, ERB_EXPR$1 = ERB_EXPR, TMPLIT_EXPR$1 = TMPLIT_EXPR, DATA_ATTR$1 = DATA_ATTR, ARIA_ATTR$1 = ARIA_ATTR, IS_SCRIPT_OR_DATA$1 = IS_SCRIPT_OR_DATA, ATTR_WHITESPACE$1 = ATTR_WHITESPACE, CUSTOM_ELEMENT$1 = CUSTOM_ELEMENT;
  let IS_ALLOWED_URI$1 = IS_ALLOWED_URI;
  let ALLOWED_TAGS = null;
  const DEFAULT_ALLOWED_TAGS = addToSet({}, [
    ...html$1,
    ...svg$1,
    ...svgFilters,
    ...mathMl$1,
    ...text
  ]);
  let ALLOWED_ATTR = null;
  const DEFAULT_ALLOWED_ATTR = addToSet({}, [
    ...html,
    ...svg,
    ...mathMl,
    ...xml
  ]);
  let CUSTOM_ELEMENT_HANDLING = null;
  let FORBID_TAGS = null;
  let FORBID_ATTR = null;
  const EXTRA_ELEMENT_HANDLING = Object.seal(create(null, {
    tagCheck: {
      writable: true,
      configurable: false,
      enumerable: true,
      value: null
    },
    attributeCheck: {
      writable: true,
      configurable: false,
      enumerable: true,
      value: null
    }
  }));
  let ALLOW_ARIA_ATTR = true;
  let ALLOW_DATA_ATTR = true;
  let ALLOW_UNKNOWN_PROTOCOLS = false;
  let ALLOW_SELF_CLOSE_IN_ATTR = true;
  let SAFE_FOR_TEMPLATES = false;
  let SAFE_FOR_XML = true;
  let WHOLE_DOCUMENT = false;
  let SET_CONFIG = false;
  let SET_CONFIG_ALLOWED_TAGS = null;
  let SET_CONFIG_ALLOWED_ATTR = null;
  let FORCE_BODY = false;
  let RETURN_DOM = false;
  let RETURN_DOM_FRAGMENT = false;
  let RETURN_TRUSTED_TYPE = false;
  let SANITIZE_DOM = true;
  let SANITIZE_NAMED_PROPS = false;
  const SANITIZE_NAMED_PROPS_PREFIX = "user-content-";
  let KEEP_CONTENT = true;
  let IN_PLACE = false;
  let IN_PLACE_VISITED = null;
  let IN_PLACE_RETURNS = null;
  let USE_PROFILES = false;
  let FORBID_CONTENTS = null;
  const DEFAULT_FORBID_CONTENTS = addToSet({}, [
    "annotation-xml",
    "audio",
    "colgroup",
    "desc",
    "foreignobject",
    "head",
    "iframe",
    "math",
    "mi",
    "mn",
    "mo",
    "ms",
    "mtext",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "selectedcontent",
    "style",
    "svg",
    "template",
    "thead",
    "title",
    "video",
    "xmp"
  ]);
  let DATA_URI_TAGS = null;
  const DEFAULT_DATA_URI_TAGS = addToSet({}, [
    "audio",
    "video",
    "img",
    "source",
    "image",
    "track"
  ]);
  let URI_SAFE_ATTRIBUTES = null;
  const DEFAULT_URI_SAFE_ATTRIBUTES = addToSet({}, [
    "alt",
    "class",
    "for",
    "id",
    "label",
    "name",
    "pattern",
    "placeholder",
    "role",
    "summary",
    "title",
    "value",
    "style",
    "xmlns"
  ]);
  const MATHML_NAMESPACE = "http://www.w3.org/1998/Math/MathML";
  const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
  const HTML_NAMESPACE = "http://www.w3.org/1999/xhtml";
  let NAMESPACE = HTML_NAMESPACE;
  let IS_EMPTY_INPUT = false;
  let ALLOWED_NAMESPACES = null;
  const DEFAULT_ALLOWED_NAMESPACES = addToSet({}, [
    MATHML_NAMESPACE,
    SVG_NAMESPACE,
    HTML_NAMESPACE
  ], stringToString);
  const DEFAULT_MATHML_TEXT_INTEGRATION_POINTS = freeze(addToSet({}, [
    "mi",
    "mo",
    "mn",
    "ms",
    "mtext"
  ]));
  let MATHML_TEXT_INTEGRATION_POINTS = null;
  const DEFAULT_HTML_INTEGRATION_POINTS = freeze(addToSet({}, ["annotation-xml"]));
  let HTML_INTEGRATION_POINTS = null;
  const DEFAULT_CUSTOM_ELEMENT_HANDLING = freeze(create(null));
  const COMMON_SVG_AND_HTML_ELEMENTS = addToSet({}, [
    "title",
    "style",
    "font",
    "a",
    "script"
  ]);
  let PARSER_MEDIA_TYPE = null;
  const SUPPORTED_PARSER_MEDIA_TYPES = ["application/xhtml+xml", "text/html"];
  const DEFAULT_PARSER_MEDIA_TYPE = "text/html";
  let transformCaseFunc = null;
  let CONFIG = null;
  let ACTIVE_CONFIG = null;
  const formElement = document2.createElement("form");
  const isRegexOrFunction = function isRegexOrFunction2(testValue) {
    return testValue instanceof RegExp || testValue instanceof Function;
  };
  const _parseConfig = function _parseConfig2() {
    let cfg = arguments.length > 0 && arguments[0] !== void 0 ? arguments[0] : {};
    if (!cfg || typeof cfg !== "object") cfg = {};
    cfg = clone(cfg);
    PARSER_MEDIA_TYPE = SUPPORTED_PARSER_MEDIA_TYPES.indexOf(cfg.PARSER_MEDIA_TYPE) === -1 ? DEFAULT_PARSER_MEDIA_TYPE : cfg.PARSER_MEDIA_TYPE;
    transformCaseFunc = PARSER_MEDIA_TYPE === "application/xhtml+xml" ? stringToString : stringToLowerCase;
    ALLOWED_TAGS = _resolveSetOption(cfg, "ALLOWED_TAGS", DEFAULT_ALLOWED_TAGS, { transform: transformCaseFunc });
    ALLOWED_ATTR = _resolveSetOption(cfg, "ALLOWED_ATTR", DEFAULT_ALLOWED_ATTR, { transform: transformCaseFunc });
    ALLOWED_NAMESPACES = _resolveSetOption(cfg, "ALLOWED_NAMESPACES", DEFAULT_ALLOWED_NAMESPACES, { transform: stringToString });
    URI_SAFE_ATTRIBUTES = _resolveSetOption(cfg, "ADD_URI_SAFE_ATTR", DEFAULT_URI_SAFE_ATTRIBUTES, {
      transform: transformCaseFunc,
      base: DEFAULT_URI_SAFE_ATTRIBUTES
    });
    DATA_URI_TAGS = _resolveSetOption(cfg, "ADD_DATA_URI_TAGS", DEFAULT_DATA_URI_TAGS, {
      transform: transformCaseFunc,
      base: DEFAULT_DATA_URI_TAGS
    });
    FORBID_CONTENTS = _resolveSetOption(cfg, "FORBID_CONTENTS", DEFAULT_FORBID_CONTENTS, { transform: transformCaseFunc });
    FORBID_TAGS = _resolveSetOption(cfg, "FORBID_TAGS", create(null), { transform: transformCaseFunc });
    FORBID_ATTR = _resolveSetOption(cfg, "FORBID_ATTR", create(null), { transform: transformCaseFunc });
    USE_PROFILES = objectHasOwnProperty(cfg, "USE_PROFILES") ? cfg.USE_PROFILES && typeof cfg.USE_PROFILES === "object" ? clone(cfg.USE_PROFILES) : cfg.USE_PROFILES : false;
    ALLOW_ARIA_ATTR = cfg.ALLOW_ARIA_ATTR !== false;
    ALLOW_DATA_ATTR = cfg.ALLOW_DATA_ATTR !== false;
    ALLOW_UNKNOWN_PROTOCOLS = cfg.ALLOW_UNKNOWN_PROTOCOLS || false;
    ALLOW_SELF_CLOSE_IN_ATTR = cfg.ALLOW_SELF_CLOSE_IN_ATTR !== false;
    SAFE_FOR_TEMPLATES = cfg.SAFE_FOR_TEMPLATES || false;
    SAFE_FOR_XML = cfg.SAFE_FOR_XML !== false;
    WHOLE_DOCUMENT = cfg.WHOLE_DOCUMENT || false;
    RETURN_DOM = cfg.RETURN_DOM || false;
    RETURN_DOM_FRAGMENT = cfg.RETURN_DOM_FRAGMENT || false;
    RETURN_TRUSTED_TYPE = cfg.RETURN_TRUSTED_TYPE || false;
    FORCE_BODY = cfg.FORCE_BODY || false;
    SANITIZE_DOM = cfg.SANITIZE_DOM !== false;
    SANITIZE_NAMED_PROPS = cfg.SANITIZE_NAMED_PROPS || false;
    KEEP_CONTENT = cfg.KEEP_CONTENT !== false;
    IN_PLACE = cfg.IN_PLACE || false;
    IS_ALLOWED_URI$1 = isRegex(cfg.ALLOWED_URI_REGEXP) ? cfg.ALLOWED_URI_REGEXP : IS_ALLOWED_URI;
    NAMESPACE = typeof cfg.NAMESPACE === "string" ? cfg.NAMESPACE : HTML_NAMESPACE;
    MATHML_TEXT_INTEGRATION_POINTS = _resolveObjectOption(cfg, "MATHML_TEXT_INTEGRATION_POINTS", DEFAULT_MATHML_TEXT_INTEGRATION_POINTS);
    HTML_INTEGRATION_POINTS = _resolveObjectOption(cfg, "HTML_INTEGRATION_POINTS", DEFAULT_HTML_INTEGRATION_POINTS);
    const customElementHandling = _resolveObjectOption(cfg, "CUSTOM_ELEMENT_HANDLING", DEFAULT_CUSTOM_ELEMENT_HANDLING);
    CUSTOM_ELEMENT_HANDLING = create(null);
    if (objectHasOwnProperty(customElementHandling, "tagNameCheck") && isRegexOrFunction(customElementHandling.tagNameCheck)) CUSTOM_ELEMENT_HANDLING.tagNameCheck = customElementHandling.tagNameCheck;
    if (objectHasOwnProperty(customElementHandling, "attributeNameCheck") && isRegexOrFunction(customElementHandling.attributeNameCheck)) CUSTOM_ELEMENT_HANDLING.attributeNameCheck = customElementHandling.attributeNameCheck;
    if (objectHasOwnProperty(customElementHandling, "allowCustomizedBuiltInElements") && typeof customElementHandling.allowCustomizedBuiltInElements === "boolean") CUSTOM_ELEMENT_HANDLING.allowCustomizedBuiltInElements = customElementHandling.allowCustomizedBuiltInElements;
    seal(CUSTOM_ELEMENT_HANDLING);
    if (SAFE_FOR_TEMPLATES) ALLOW_DATA_ATTR = false;
    if (RETURN_DOM_FRAGMENT) RETURN_DOM = true;
    if (USE_PROFILES) {
      if ((objectHasOwnProperty(cfg, "ALLOWED_TAGS") || objectHasOwnProperty(cfg, "ALLOWED_ATTR")) && typeof console !== "undefined" && typeof console.warn === "function") console.warn("DOMPurify: USE_PROFILES overrides ALLOWED_TAGS and ALLOWED_ATTR. Do not use these options together.");
      ALLOWED_TAGS = addToSet({}, text);
      ALLOWED_ATTR = create(null);
      if (USE_PROFILES.html === true) {
        addToSet(ALLOWED_TAGS, html$1);
        addToSet(ALLOWED_ATTR, html);
      }
      if (USE_PROFILES.svg === true) {
        addToSet(ALLOWED_TAGS, svg$1);
        addToSet(ALLOWED_ATTR, svg);
        addToSet(ALLOWED_ATTR, xml);
      }
      if (USE_PROFILES.svgFilters === true) {
        addToSet(ALLOWED_TAGS, svgFilters);
        addToSet(ALLOWED_ATTR, svg);
        addToSet(ALLOWED_ATTR, xml);
      }
      if (USE_PROFILES.mathMl === true) {
        addToSet(ALLOWED_TAGS, mathMl$1);
        addToSet(ALLOWED_ATTR, mathMl);
        addToSet(ALLOWED_ATTR, xml);
      }
    }
    EXTRA_ELEMENT_HANDLING.tagCheck = null;
    EXTRA_ELEMENT_HANDLING.attributeCheck = null;
    if (objectHasOwnProperty(cfg, "ADD_TAGS")) {
      if (typeof cfg.ADD_TAGS === "function") EXTRA_ELEMENT_HANDLING.tagCheck = cfg.ADD_TAGS;
      else if (arrayIsArray(cfg.ADD_TAGS)) {
        if (ALLOWED_TAGS === DEFAULT_ALLOWED_TAGS) ALLOWED_TAGS = cloneSet(ALLOWED_TAGS);
        addToSet(ALLOWED_TAGS, cfg.ADD_TAGS, transformCaseFunc);
      }
    }
    if (objectHasOwnProperty(cfg, "ADD_ATTR")) {
      if (typeof cfg.ADD_ATTR === "function") EXTRA_ELEMENT_HANDLING.attributeCheck = cfg.ADD_ATTR;
      else if (arrayIsArray(cfg.ADD_ATTR)) {
        if (ALLOWED_ATTR === DEFAULT_ALLOWED_ATTR) ALLOWED_ATTR = cloneSet(ALLOWED_ATTR);
        addToSet(ALLOWED_ATTR, cfg.ADD_ATTR, transformCaseFunc);
      }
    }
    if (objectHasOwnProperty(cfg, "ADD_FORBID_CONTENTS") && arrayIsArray(cfg.ADD_FORBID_CONTENTS)) {
      if (FORBID_CONTENTS === DEFAULT_FORBID_CONTENTS) FORBID_CONTENTS = cloneSet(FORBID_CONTENTS);
      addToSet(FORBID_CONTENTS, cfg.ADD_FORBID_CONTENTS, transformCaseFunc);
    }
    if (KEEP_CONTENT) ALLOWED_TAGS["#text"] = true;
    if (WHOLE_DOCUMENT) addToSet(ALLOWED_TAGS, [
      "html",
      "head",
      "body"
    ]);
    if (ALLOWED_TAGS.table) {
      ALLOWED_TAGS.tbody = true;
      delete FORBID_TAGS.tbody;
    }
    if (cfg.TRUSTED_TYPES_POLICY) {
      if (typeof cfg.TRUSTED_TYPES_POLICY.createHTML !== "function") throw typeErrorCreate('TRUSTED_TYPES_POLICY configuration option must provide a "createHTML" hook.');
      if (typeof cfg.TRUSTED_TYPES_POLICY.createScriptURL !== "function") throw typeErrorCreate('TRUSTED_TYPES_POLICY configuration option must provide a "createScriptURL" hook.');
      const previousTrustedTypesPolicy = trustedTypesPolicy;
      trustedTypesPolicy = cfg.TRUSTED_TYPES_POLICY;
      try {
        emptyHTML = _createTrustedHTML("");
      } catch (error) {
        trustedTypesPolicy = previousTrustedTypesPolicy;
        throw error;
      }
    } else if (cfg.TRUSTED_TYPES_POLICY === null) {
      trustedTypesPolicy = void 0;
      emptyHTML = "";
    } else {
      if (trustedTypesPolicy === void 0) trustedTypesPolicy = _getDefaultTrustedTypesPolicy();
      if (trustedTypesPolicy && typeof emptyHTML === "string") emptyHTML = _createTrustedHTML("");
    }
    CONFIG = freeze(cfg);
  };
  const ALL_SVG_TAGS = addToSet({}, [
    ...svg$1,
    ...svgFilters,
    ...svgDisallowed
  ]);
  const ALL_MATHML_TAGS = addToSet({}, [...mathMl$1, ...mathMlDisallowed]);
  const _checkSvgNamespace = function _checkSvgNamespace2(tagName, parentNamespace, parentTagName) {
    if (parentNamespace === HTML_NAMESPACE) return tagName === "svg";
    if (parentNamespace === MATHML_NAMESPACE) return tagName === "svg" && (parentTagName === "annotation-xml" || MATHML_TEXT_INTEGRATION_POINTS[parentTagName]);
    return Boolean(ALL_SVG_TAGS[tagName]);
  };
  const _checkMathMlNamespace = function _checkMathMlNamespace2(tagName, parentNamespace, parentTagName) {
    if (parentNamespace === HTML_NAMESPACE) return tagName === "math";
    if (parentNamespace === SVG_NAMESPACE) return tagName === "math" && HTML_INTEGRATION_POINTS[parentTagName];
    return Boolean(ALL_MATHML_TAGS[tagName]);
  };
  const _checkHtmlNamespace = function _checkHtmlNamespace2(tagName, parentNamespace, parentTagName) {
    if (parentNamespace === SVG_NAMESPACE && !HTML_INTEGRATION_POINTS[parentTagName]) return false;
    if (parentNamespace === MATHML_NAMESPACE && !MATHML_TEXT_INTEGRATION_POINTS[parentTagName]) return false;
    return !ALL_MATHML_TAGS[tagName] && (COMMON_SVG_AND_HTML_ELEMENTS[tagName] || !ALL_SVG_TAGS[tagName]);
  };
  const _checkValidNamespace = function _checkValidNamespace2(element) {
    const elementNamespace = _readNamespaceURI(element);
    const tagName = stringToLowerCase(_readNodeName(element));
    const parentNode = getParentNode(element);
    let parentNamespace = NAMESPACE;
    let parentTagName = "template";
    if (parentNode && _readNodeType(parentNode) === NODE_TYPE.element) {
      parentNamespace = _readNamespaceURI(parentNode);
      parentTagName = stringToLowerCase(_readNodeName(parentNode));
    }
    if (!ALLOWED_NAMESPACES[elementNamespace]) return false;
    if (elementNamespace === SVG_NAMESPACE) return _checkSvgNamespace(tagName, parentNamespace, parentTagName);
    if (elementNamespace === MATHML_NAMESPACE) return _checkMathMlNamespace(tagName, parentNamespace, parentTagName);
    if (elementNamespace === HTML_NAMESPACE) return _checkHtmlNamespace(tagName, parentNamespace, parentTagName);
    return PARSER_MEDIA_TYPE === "application/xhtml+xml";
  };
  const _forceRemove = function _forceRemove2(node) {
    arrayPush(DOMPurify.removed, { element: node });
    _unmarkVisited(node);
    try {
      getParentNode(node).removeChild(node);
    } catch (_) {
      remove(node);
      if (!getParentNode(node)) throw typeErrorCreate("a node selected for removal could not be detached from its tree and cannot be safely returned; refusing to sanitize in place");
    }
  };
  const _stripAttributeNode = function _stripAttributeNode2(element, attribute, name) {
    try {
      removeAttributeNode(element, attribute);
    } catch (_) {
      try {
        element.removeAttribute(name);
      } catch (_2) {
      }
    }
  };
  const _neutralizeRoot = function _neutralizeRoot2(root) {
    _neutralizeSubtree(root);
    const childNodes = getChildNodes(root);
    if (childNodes) arrayForEach(arraySlice(childNodes), (child) => {
      try {
        removeChild(root, child);
      } catch (_) {
      }
    });
    if (_readNodeType(root) === NODE_TYPE.element) _stripAttributes(root, false);
  };
  const _removeAttribute = function _removeAttribute2(name, element, attr) {
    if (!attr) try {
      attr = element.getAttributeNode(name);
    } catch (_) {
      attr = null;
    }
    arrayPush(DOMPurify.removed, {
      attribute: attr || null,
      from: element
    });
    if (attr) _stripAttributeNode(element, attr, name);
    else try {
      element.removeAttribute(name);
    } catch (_) {
    }
    if (name === "is") {
      if (RETURN_DOM || RETURN_DOM_FRAGMENT) try {
        _forceRemove(element);
      } catch (_) {
      }
      else try {
        element.setAttribute(name, "");
      } catch (_) {
      }
    }
  };
  const _stripAttributes = function _stripAttributes2(element, keepAllowed) {
    const attributes2 = getAttributes(element);
    if (!attributes2) return;
    for (let i = attributes2.length - 1; i >= 0; --i) {
      const attribute = attributes2[i];
      const name = attribute && attribute.name;
      if (typeof name === "string" && !(keepAllowed && ALLOWED_ATTR[transformCaseFunc(name)])) _stripAttributeNode(element, attribute, name);
    }
  };
  const _walkTree = function _walkTree2(root, visit) {
    let intoShadow = arguments.length > 2 && arguments[2] !== void 0 ? arguments[2] : false;
    const stack = [root];
    while (stack.length > 0) {
      const node = stack.pop();
      if (visit(node) === false) continue;
      if (intoShadow && _readNodeType(node) === NODE_TYPE.element) {
        const shadowRoot = getShadowRoot(node);
        if (_isDocumentFragment(shadowRoot)) stack.push(shadowRoot);
      }
      const childNodes = getChildNodes(node);
      if (childNodes) for (let i = childNodes.length - 1; i >= 0; --i) stack.push(childNodes[i]);
    }
  };
  const _neutralizeSubtree = function _neutralizeSubtree2(root) {
    _walkTree(root, (node) => {
      if (_readNodeType(node) === NODE_TYPE.element) _stripAttributes(node, true);
    });
  };
  const _collectLiveNodes = function _collectLiveNodes2(root) {
    const nodes = [];
    _walkTree(root, (node) => {
      nodes.push(node);
    }, true);
    return nodes;
  };
  const _neutralizeEscapedElements = function _neutralizeEscapedElements2(root, before) {
    const reachable = setCreate();
    arrayForEach(_collectLiveNodes(root), (node) => {
      if (_readNodeType(node) === NODE_TYPE.element) setAdd(reachable, node);
    });
    arrayForEach(before, (node) => {
      if (_readNodeType(node) === NODE_TYPE.element && !setHas(reachable, node)) _stripAttributes(node, true);
    });
  };
  const _neutralizeDiscarded = function _neutralizeDiscarded2(root, before) {
    let rootRemoved = false;
    arrayForEach(DOMPurify.removed, (entry) => {
      if (entry.element) {
        rootRemoved = rootRemoved || entry.element === root;
        _neutralizeSubtree(entry.element);
      }
    });
    _neutralizeEscapedElements(root, before);
    return rootRemoved;
  };
  const _failClosed = function _failClosed2(root, before) {
    _neutralizeRoot(root);
    _neutralizeDiscarded(root, before);
  };
  const MAX_UNVISITED_ROUNDS = 8;
  const _sanitizeUnvisitedNodes = function _sanitizeUnvisitedNodes2(root, before) {
    const visited = IN_PLACE_VISITED;
    let original = null;
    const getOriginal = () => {
      if (!original) {
        original = setCreate();
        arrayForEach(before, (beforeNode) => {
          setAdd(original, beforeNode);
        });
      }
      return original;
    };
    for (let round = 0; ; round++) {
      const live = _collectLiveNodes(root);
      const containers = [root];
      let pending = false;
      arrayForEach(live, (node) => {
        if (_readNodeType(node) === NODE_TYPE.documentFragment) arrayPush(containers, node);
        else if (!pending && !setHas(visited, node)) pending = setHas(getOriginal(), node);
      });
      if (!pending) return;
      if (round >= MAX_UNVISITED_ROUNDS) throw typeErrorCreate("the tree kept changing during in-place sanitization; refusing to return it");
      arrayForEach(containers, (container, index) => {
        _sanitizeUnvisitedIn(container, index > 0, root, getOriginal());
      });
    }
  };
  const _sanitizeUnvisitedIn = function _sanitizeUnvisitedIn2(container, inShadow, root, original) {
    const iterator = _createNodeIterator(container);
    let node;
    while (node = iterator.nextNode()) {
      if (!setHas(original, node) || setHas(IN_PLACE_VISITED, node)) continue;
      if (inShadow) _executeHooks(hooks.uponSanitizeShadowNode, node, null);
      _sanitizeNode(node, root);
    }
  };
  const _markVisited = function _markVisited2(node) {
    if (!IN_PLACE_VISITED) return;
    setAdd(IN_PLACE_VISITED, node);
    const returns = mapGet(IN_PLACE_RETURNS, node);
    if (returns === void 0) return;
    if (returns >= MAX_UNVISITED_ROUNDS) throw typeErrorCreate("the tree kept changing during in-place sanitization; refusing to return it");
    mapSet(IN_PLACE_RETURNS, node, returns + 1);
  };
  const _unmarkVisited = function _unmarkVisited2(node) {
    if (!IN_PLACE_VISITED) return;
    setDelete(IN_PLACE_VISITED, node);
    if (mapGet(IN_PLACE_RETURNS, node) === void 0) mapSet(IN_PLACE_RETURNS, node, 0);
  };
  const _isPatchLinkageAttribute = function _isPatchLinkageAttribute2(lcName, lcTag) {
    if (!SAFE_FOR_XML) return false;
    if (lcName === "patchsrc") return true;
    return lcName === "for" && lcTag !== "label" && lcTag !== "output";
  };
  const _neutralizePatchLinkage = function _neutralizePatchLinkage2(root) {
    if (!SAFE_FOR_XML) return;
    _walkTree(root, (node) => {
      const nodeType = _readNodeType(node);
      if (nodeType === NODE_TYPE.processingInstruction || nodeType === NODE_TYPE.comment && regExpTest(COMMENT_MARKUP_PROBE, node.data)) {
        try {
          remove(node);
        } catch (_) {
        }
        return false;
      }
      if (nodeType === NODE_TYPE.element) {
        const element = node;
        const lcTag = transformCaseFunc(_readNodeName(node));
        try {
          if (element.hasAttribute && element.hasAttribute("patchsrc")) element.removeAttribute("patchsrc");
          if (element.hasAttribute && element.hasAttribute("for") && _isPatchLinkageAttribute("for", lcTag)) element.removeAttribute("for");
        } catch (_) {
        }
      }
      return true;
    });
  };
  const _initDocument = function _initDocument2(dirty) {
    let doc = null;
    let leadingWhitespace = null;
    if (FORCE_BODY) dirty = "<remove></remove>" + dirty;
    else {
      const matches = stringMatch(dirty, LEADING_WHITESPACE);
      leadingWhitespace = matches && matches[0];
    }
    if (PARSER_MEDIA_TYPE === "application/xhtml+xml" && NAMESPACE === HTML_NAMESPACE) dirty = '<html xmlns="http://www.w3.org/1999/xhtml"><head></head><body>' + dirty + "</body></html>";
    const dirtyPayload = trustedTypesPolicy ? _createTrustedHTML(dirty) : dirty;
    if (NAMESPACE === HTML_NAMESPACE) try {
      doc = new DOMParser().parseFromString(dirtyPayload, PARSER_MEDIA_TYPE);
    } catch (_) {
    }
    if (!doc || !doc.documentElement) {
      doc = implementation.createDocument(NAMESPACE, "template", null);
      try {
        doc.documentElement.innerHTML = IS_EMPTY_INPUT ? emptyHTML : dirtyPayload;
      } catch (_) {
      }
    }
    const body = doc.body || doc.documentElement;
    if (dirty && leadingWhitespace) body.insertBefore(document2.createTextNode(leadingWhitespace), body.childNodes[0] || null);
    if (NAMESPACE === HTML_NAMESPACE) return getElementsByTagName.call(doc, WHOLE_DOCUMENT ? "html" : "body")[0];
    return WHOLE_DOCUMENT ? doc.documentElement : body;
  };
  const _createNodeIterator = function _createNodeIterator2(root) {
    let characterDataOnly = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : false;
    const doc = getOwnerDocument ? getOwnerDocument(root) : root.ownerDocument;
    return createNodeIterator.call(doc || root, root, (characterDataOnly ? 0 : NodeFilter.SHOW_ELEMENT) | NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_PROCESSING_INSTRUCTION | NodeFilter.SHOW_CDATA_SECTION, null);
  };
  const _stripTemplateExpressions = function _stripTemplateExpressions2(value) {
    value = stringReplace(value, MUSTACHE_EXPR$1, " ");
    value = stringReplace(value, ERB_EXPR$1, " ");
    value = stringReplace(value, TMPLIT_EXPR$1, " ");
    return value;
  };
  const _scrubTemplateExpressions2 = function _scrubTemplateExpressions(node) {
    var _node$querySelectorAl;
    _scrubOwnCharacterData(node);
    const templates = (_node$querySelectorAl = node.querySelectorAll) === null || _node$querySelectorAl === void 0 ? void 0 : _node$querySelectorAl.call(node, "template");
    if (templates) arrayForEach(templates, (tmpl) => {
      if (_isDocumentFragment(tmpl.content)) _scrubTemplateExpressions2(tmpl.content);
    });
  };
  const TABLE_STRUCTURE = "table,tbody,thead,tfoot,tr,colgroup";
  const TABLE_CONTENT = addToSet({}, [
    "caption",
    "colgroup",
    "col",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "style",
    "script",
    "template"
  ]);
  const _fosterTableContent = function _fosterTableContent2(root) {
    var _root$querySelectorAl;
    if (PARSER_MEDIA_TYPE === "application/xhtml+xml") return;
    const structures = (_root$querySelectorAl = root.querySelectorAll) === null || _root$querySelectorAl === void 0 ? void 0 : _root$querySelectorAl.call(root, TABLE_STRUCTURE);
    if (!structures || structures.length === 0) return;
    arrayForEach(structures, (structure) => {
      arrayForEach(arraySlice(getChildNodes(structure)), (child) => {
        const nodeType = _readNodeType(child);
        if (!(nodeType === NODE_TYPE.text ? regExpTest(NON_WHITESPACE, child.data) : nodeType === NODE_TYPE.element && !TABLE_CONTENT[stringToLowerCase(_readNodeName(child))])) return;
        let table = structure;
        while (table && stringToLowerCase(_readNodeName(table)) !== "table") table = table === root ? null : getParentNode(table);
        const tableParent = table && table !== root ? getParentNode(table) : null;
        if (tableParent) try {
          tableParent.insertBefore(child, table);
        } catch (_) {
        }
      });
    });
  };
  const _scrubOwnCharacterData = function _scrubOwnCharacterData2(node) {
    _fosterTableContent(node);
    node.normalize();
    const walker = _createNodeIterator(node, true);
    let previousText = null;
    let currentNode = walker.nextNode();
    while (currentNode) {
      let data = currentNode.data;
      if (regExpTest(NUL, data)) {
        data = stringReplace(data, NUL, "");
        currentNode.data = data;
      }
      if (regExpTest(TMPL_MARKER, data)) {
        data = _stripTemplateExpressions(data);
        currentNode.data = data;
      }
      if (data && _readNodeType(currentNode) === NODE_TYPE.text) {
        if (previousText) {
          const tail = previousText.data;
          const boundary = tail[tail.length - 1] + data[0];
          if (regExpTest(TMPL_MARKER, boundary)) previousText.data = _stripTemplateExpressions(tail + data[0]);
        }
        previousText = currentNode;
      }
      currentNode = walker.nextNode();
    }
  };
  const _isClobbered = function _isClobbered2(element) {
    const realTagName = getNodeName ? getNodeName(element) : null;
    if (typeof realTagName !== "string") return false;
    if (transformCaseFunc(realTagName) !== "form") return false;
    return typeof element.nodeName !== "string" || typeof element.textContent !== "string" || typeof element.removeChild !== "function" || element.attributes !== getAttributes(element) || typeof element.removeAttribute !== "function" || typeof element.removeAttributeNode !== "function" || typeof element.getAttributeNode !== "function" || typeof element.setAttribute !== "function" || typeof element.namespaceURI !== "string" || typeof element.insertBefore !== "function" || typeof element.hasChildNodes !== "function" || element.nodeType !== getNodeType(element) || element.childNodes !== getChildNodes(element);
  };
  const _nodeTypeOf = function _nodeTypeOf2(value) {
    if (!getNodeType || typeof value !== "object" || value === null) return null;
    try {
      const nodeType = getNodeType(value);
      return typeof nodeType === "number" ? nodeType : null;
    } catch (_) {
      return null;
    }
  };
  const _isDocumentFragment = function _isDocumentFragment2(value) {
    return _nodeTypeOf(value) === NODE_TYPE.documentFragment;
  };
  const _isNode = function _isNode2(value) {
    return _nodeTypeOf(value) !== null;
  };
  function _executeHooks(hooks2, currentNode, data) {
    if (hooks2.length === 0) return;
    arrayForEach(hooks2, (hook) => {
      hook.call(DOMPurify, currentNode, data, CONFIG);
    });
  }
  const _isMalformedElement = function _isMalformedElement2(currentNode, tagName) {
    const isVoid = Boolean(VOID_ELEMENTS[tagName]);
    const literal = Boolean(LITERAL_TEXT_ELEMENTS[tagName]);
    if (!isVoid && !literal && !ESCAPABLE_TEXT_ELEMENTS[tagName]) return false;
    if (_readNamespaceURI(currentNode) !== HTML_NAMESPACE) return false;
    if (isVoid) return currentNode.hasChildNodes();
    if (_isNode(currentNode.firstElementChild)) return true;
    return literal && typeof currentNode.textContent === "string" && regExpTest(ELEMENT_MARKUP_PROBE, currentNode.textContent);
  };
  const _isUnsafeNode = function _isUnsafeNode2(currentNode, tagName, nodeType) {
    if (SAFE_FOR_XML && nodeType === NODE_TYPE.element && currentNode.hasChildNodes() && !_isNode(currentNode.firstElementChild) && regExpTest(ELEMENT_MARKUP_PROBE, currentNode.textContent) && regExpTest(ELEMENT_MARKUP_PROBE, currentNode.innerHTML)) return true;
    if (SAFE_FOR_XML && nodeType === NODE_TYPE.element && _isMalformedElement(currentNode, tagName)) return true;
    if (nodeType === NODE_TYPE.processingInstruction) return true;
    if (SAFE_FOR_XML && nodeType === NODE_TYPE.comment && regExpTest(COMMENT_UNSAFE, currentNode.data)) return true;
    return false;
  };
  const _matchesNameCheck = function _matchesNameCheck2(check, name) {
    if (check instanceof RegExp) return regExpTest(check, name);
    if (check instanceof Function) {
      for (var _len = arguments.length, args = new Array(_len > 2 ? _len - 2 : 0), _key = 2; _key < _len; _key++) args[_key - 2] = arguments[_key];
      return Boolean(check(name, ...args));
    }
    return false;
  };
  const _sanitizeDisallowedNode = function _sanitizeDisallowedNode2(currentNode, tagName, root) {
    if (!FORBID_TAGS[tagName] && _isBasicCustomElement(tagName) && _matchesNameCheck(CUSTOM_ELEMENT_HANDLING.tagNameCheck, tagName)) return false;
    if (KEEP_CONTENT && !FORBID_CONTENTS[tagName] && !FORBID_CONTENTS[stringToLowerCase(tagName)]) {
      const parentNode = getParentNode(currentNode);
      const childNodes = getChildNodes(currentNode);
      if (childNodes && parentNode) {
        const childCount = childNodes.length;
        for (let i = childCount - 1; i >= 0; --i) {
          const hoisted = currentNode === root ? cloneNode(childNodes[i], true) : childNodes[i];
          parentNode.insertBefore(hoisted, getNextSibling(currentNode));
        }
      }
    }
    _forceRemove(currentNode);
    return true;
  };
  const _forkSharedAllowlist = function _forkSharedAllowlist2(hookList, set, defaultSet, setConfigSet) {
    if (hookList.length === 0) return set;
    return set === defaultSet || set === setConfigSet ? cloneSet(set) : set;
  };
  const _handleHookDetachedNode = function _handleHookDetachedNode2(currentNode, root) {
    if (currentNode === root || getParentNode(currentNode) !== null) return false;
    if (IN_PLACE) _neutralizeSubtree(currentNode);
    _unmarkVisited(currentNode);
    return true;
  };
  const _sanitizeElements = function _sanitizeElements2(currentNode, root) {
    _markVisited(currentNode);
    _executeHooks(hooks.beforeSanitizeElements, currentNode, null);
    if (_handleHookDetachedNode(currentNode, root)) return true;
    if (_isClobbered(currentNode)) {
      _forceRemove(currentNode);
      return true;
    }
    const tagName = transformCaseFunc(_readNodeName(currentNode));
    const nodeType = _readNodeType(currentNode);
    ALLOWED_TAGS = _forkSharedAllowlist(hooks.uponSanitizeElement, ALLOWED_TAGS, DEFAULT_ALLOWED_TAGS, SET_CONFIG_ALLOWED_TAGS);
    _executeHooks(hooks.uponSanitizeElement, currentNode, {
      tagName,
      allowedTags: ALLOWED_TAGS
    });
    if (_handleHookDetachedNode(currentNode, root)) return true;
    if (_isUnsafeNode(currentNode, tagName, nodeType)) {
      _forceRemove(currentNode);
      return true;
    }
    if ((FORBID_TAGS[tagName] || !(EXTRA_ELEMENT_HANDLING.tagCheck instanceof Function && EXTRA_ELEMENT_HANDLING.tagCheck(tagName)) && !ALLOWED_TAGS[tagName]) && _sanitizeDisallowedNode(currentNode, tagName, root)) return true;
    if (nodeType === NODE_TYPE.element && !_checkValidNamespace(currentNode)) {
      _forceRemove(currentNode);
      return true;
    }
    if ((tagName === "noscript" || tagName === "noembed" || tagName === "noframes") && regExpTest(FALLBACK_TAG_CLOSE, currentNode.innerHTML)) {
      _forceRemove(currentNode);
      return true;
    }
    if (SAFE_FOR_TEMPLATES && nodeType === NODE_TYPE.text) {
      const text2 = currentNode.textContent;
      const content = _stripTemplateExpressions(text2);
      if (text2 !== content) {
        arrayPush(DOMPurify.removed, { element: currentNode.cloneNode() });
        currentNode.textContent = content;
      }
    }
    _executeHooks(hooks.afterSanitizeElements, currentNode, null);
    return _handleHookDetachedNode(currentNode, root);
  };
  const _isValidAttribute = function _isValidAttribute2(lcTag, lcName, value) {
    if (FORBID_ATTR[lcName]) return false;
    if (_isPatchLinkageAttribute(lcName, lcTag)) return false;
    if (SANITIZE_DOM && (lcName === "id" || lcName === "name") && (value in document2 || value in formElement)) return false;
    const nameIsPermitted = ALLOWED_ATTR[lcName] || EXTRA_ELEMENT_HANDLING.attributeCheck instanceof Function && EXTRA_ELEMENT_HANDLING.attributeCheck(lcName, lcTag);
    if (ALLOW_DATA_ATTR && regExpTest(DATA_ATTR$1, lcName)) return true;
    if (ALLOW_ARIA_ATTR && regExpTest(ARIA_ATTR$1, lcName)) return true;
    if (!nameIsPermitted) return _isBasicCustomElement(lcTag) && _matchesNameCheck(CUSTOM_ELEMENT_HANDLING.tagNameCheck, lcTag) && _matchesNameCheck(CUSTOM_ELEMENT_HANDLING.attributeNameCheck, lcName, lcTag) || lcName === "is" && CUSTOM_ELEMENT_HANDLING.allowCustomizedBuiltInElements && _matchesNameCheck(CUSTOM_ELEMENT_HANDLING.tagNameCheck, value);
    if (URI_SAFE_ATTRIBUTES[lcName]) return true;
    const compactValue = stringReplace(value, ATTR_WHITESPACE$1, "");
    if (regExpTest(IS_ALLOWED_URI$1, compactValue)) return true;
    if ((lcName === "src" || lcName === "xlink:href" || lcName === "href") && lcTag !== "script" && stringIndexOf(value, "data:") === 0 && DATA_URI_TAGS[lcTag]) return true;
    if (ALLOW_UNKNOWN_PROTOCOLS && !regExpTest(IS_SCRIPT_OR_DATA$1, compactValue)) return true;
    return !value;
  };
  const RESERVED_CUSTOM_ELEMENT_NAMES = addToSet({}, [
    "annotation-xml",
    "color-profile",
    "font-face",
    "font-face-format",
    "font-face-name",
    "font-face-src",
    "font-face-uri",
    "missing-glyph"
  ]);
  const _isBasicCustomElement = function _isBasicCustomElement2(tagName) {
    return !RESERVED_CUSTOM_ELEMENT_NAMES[stringToLowerCase(tagName)] && regExpTest(CUSTOM_ELEMENT$1, tagName);
  };
  const _applyTrustedTypesToAttribute = function _applyTrustedTypesToAttribute2(lcTag, lcName, namespaceURI, value) {
    if (trustedTypesPolicy && typeof trustedTypes === "object" && typeof trustedTypes.getAttributeType === "function" && !namespaceURI) switch (trustedTypes.getAttributeType(lcTag, lcName)) {
      case "TrustedHTML":
        return _createTrustedHTML(value);
      case "TrustedScriptURL":
        return _createTrustedScriptURL(value);
    }
    return value;
  };
  const _setAttributeValue = function _setAttributeValue2(currentNode, name, namespaceURI, value) {
    try {
      if (namespaceURI) currentNode.setAttributeNS(namespaceURI, name, value);
      else currentNode.setAttribute(name, value);
      if (_isClobbered(currentNode)) {
        _forceRemove(currentNode);
        return false;
      }
      return true;
    } catch (_) {
      _removeAttribute(name, currentNode);
      return false;
    }
  };
  const _isUnsafeAttributeValue = function _isUnsafeAttributeValue2(name, value) {
    if (SAFE_FOR_XML && regExpTest(ATTR_VALUE_BREAKOUT, value)) return true;
    return stringToLowerCase(name) === "attributename" && stringIndexOf(value, "href") !== -1;
  };
  const _sanitizeAttributes = function _sanitizeAttributes2(currentNode, root) {
    _executeHooks(hooks.beforeSanitizeAttributes, currentNode, null);
    if (_handleHookDetachedNode(currentNode, root)) return;
    const attributes2 = _readAttributes(currentNode);
    if (!attributes2 || _isClobbered(currentNode)) return;
    ALLOWED_ATTR = _forkSharedAllowlist(hooks.uponSanitizeAttribute, ALLOWED_ATTR, DEFAULT_ALLOWED_ATTR, SET_CONFIG_ALLOWED_ATTR);
    const hookEvent = {
      attrName: "",
      attrValue: "",
      keepAttr: true,
      allowedAttributes: ALLOWED_ATTR,
      forceKeepAttr: void 0
    };
    let l = attributes2.length;
    const lcTag = transformCaseFunc(_readNodeName(currentNode));
    while (l--) {
      const attr = attributes2[l];
      if (!attr) continue;
      const name = attr.name, namespaceURI = attr.namespaceURI, attrValue = attr.value;
      const lcName = transformCaseFunc(name);
      const initValue = attrValue;
      let value = name === "value" ? initValue : stringTrim(initValue);
      let recreatedNamedProp = false;
      hookEvent.attrName = lcName;
      hookEvent.attrValue = value;
      hookEvent.keepAttr = true;
      hookEvent.forceKeepAttr = void 0;
      _executeHooks(hooks.uponSanitizeAttribute, currentNode, hookEvent);
      value = hookEvent.attrValue;
      if (SANITIZE_NAMED_PROPS && (lcName === "id" || lcName === "name") && stringIndexOf(value, SANITIZE_NAMED_PROPS_PREFIX) !== 0) {
        _removeAttribute(name, currentNode, attr);
        value = SANITIZE_NAMED_PROPS_PREFIX + value;
        recreatedNamedProp = true;
      }
      if (_isUnsafeAttributeValue(name, value)) {
        _removeAttribute(name, currentNode, attr);
        continue;
      }
      if (hookEvent.forceKeepAttr) continue;
      if (!hookEvent.keepAttr) {
        _removeAttribute(name, currentNode, attr);
        continue;
      }
      if (!ALLOW_SELF_CLOSE_IN_ATTR && regExpTest(SELF_CLOSING_TAG, value)) {
        _removeAttribute(name, currentNode, attr);
        continue;
      }
      if (SAFE_FOR_TEMPLATES) value = _stripTemplateExpressions(value);
      if (!_isValidAttribute(lcTag, lcName, value)) {
        _removeAttribute(name, currentNode, attr);
        continue;
      }
      value = _applyTrustedTypesToAttribute(lcTag, lcName, namespaceURI, value);
      if (value !== initValue) {
        if (_setAttributeValue(currentNode, name, namespaceURI, value) && recreatedNamedProp) arrayPop(DOMPurify.removed);
      }
    }
    _executeHooks(hooks.afterSanitizeAttributes, currentNode, null);
    _handleHookDetachedNode(currentNode, root);
  };
  const _sanitizeNode = function _sanitizeNode2(node, root) {
    _sanitizeElements(node, root);
    _sanitizeAttributes(node, root);
    if (_isDocumentFragment(node.content)) _sanitizeShadowDOM2(node.content);
  };
  const _sanitizeShadowDOM2 = function _sanitizeShadowDOM(fragment) {
    let shadowNode = null;
    const shadowIterator = _createNodeIterator(fragment);
    _executeHooks(hooks.beforeSanitizeShadowDOM, fragment, null);
    while (shadowNode = shadowIterator.nextNode()) {
      _executeHooks(hooks.uponSanitizeShadowNode, shadowNode, null);
      _sanitizeNode(shadowNode, fragment);
      if (_readNodeType(shadowNode) === NODE_TYPE.element) {
        const innerSr = getShadowRoot(shadowNode);
        if (_isDocumentFragment(innerSr)) {
          _sanitizeAttachedShadowRoots(innerSr);
          _sanitizeShadowDOM2(innerSr);
        }
      }
    }
    if (SAFE_FOR_TEMPLATES) _scrubOwnCharacterData(fragment);
    _executeHooks(hooks.afterSanitizeShadowDOM, fragment, null);
  };
  const _sanitizeAttachedShadowRoots = function _sanitizeAttachedShadowRoots2(root) {
    const stack = [{
      node: root,
      shadow: null
    }];
    while (stack.length > 0) {
      const item = stack.pop();
      if (item.shadow) {
        _sanitizeShadowDOM2(item.shadow);
        continue;
      }
      const node = item.node;
      const isElement = _readNodeType(node) === NODE_TYPE.element;
      const childNodes = getChildNodes(node);
      if (childNodes) for (let i = childNodes.length - 1; i >= 0; --i) stack.push({
        node: childNodes[i],
        shadow: null
      });
      if (isElement) {
        const rootName = getNodeName ? getNodeName(node) : null;
        if (typeof rootName === "string" && transformCaseFunc(rootName) === "template") {
          const content = node.content;
          if (_isDocumentFragment(content)) stack.push({
            node: content,
            shadow: null
          });
        }
      }
      if (isElement) {
        const sr = getShadowRoot(node);
        if (_isDocumentFragment(sr)) stack.push({
          node: null,
          shadow: sr
        }, {
          node: sr,
          shadow: null
        });
      }
    }
  };
  const _sanitize = function _sanitize2(dirty) {
    let cfg = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : {};
    let body = null;
    let importedNode = null;
    let currentNode = null;
    let returnNode = null;
    IS_EMPTY_INPUT = !dirty;
    if (IS_EMPTY_INPUT) dirty = "<!-->";
    if (typeof dirty !== "string" && !_isNode(dirty)) {
      dirty = stringifyValue(dirty);
      if (typeof dirty !== "string") throw typeErrorCreate("dirty is not a string, aborting");
    }
    if (!DOMPurify.isSupported) return dirty;
    if (SET_CONFIG) {
      ALLOWED_TAGS = SET_CONFIG_ALLOWED_TAGS;
      ALLOWED_ATTR = SET_CONFIG_ALLOWED_ATTR;
    } else _parseConfig(cfg);
    ACTIVE_CONFIG = CONFIG;
    DOMPurify.removed = [];
    const inPlace = IN_PLACE && typeof dirty !== "string" && _isNode(dirty);
    let inPlaceNodes = [];
    const outerVisited = IN_PLACE_VISITED;
    const outerReturns = IN_PLACE_RETURNS;
    if (inPlace) {
      _neutralizePatchLinkage(dirty);
      inPlaceNodes = _collectLiveNodes(dirty);
      const nn = _readNodeName(dirty);
      if (typeof nn === "string") {
        const tagName = transformCaseFunc(nn);
        if (!ALLOWED_TAGS[tagName] || FORBID_TAGS[tagName]) {
          _failClosed(dirty, inPlaceNodes);
          throw typeErrorCreate("root node is forbidden and cannot be sanitized in-place");
        }
      }
      if (_isClobbered(dirty)) {
        _failClosed(dirty, inPlaceNodes);
        throw typeErrorCreate("root node is clobbered and cannot be sanitized in-place");
      }
      IN_PLACE_VISITED = setCreate();
      IN_PLACE_RETURNS = mapCreate();
    } else if (_isNode(dirty)) {
      body = _initDocument("<!---->");
      importedNode = body.ownerDocument.importNode(dirty, true);
      if (importedNode.nodeType === NODE_TYPE.element && importedNode.nodeName === "BODY") body = importedNode;
      else if (importedNode.nodeName === "HTML") body = importedNode;
      else body.appendChild(importedNode);
      _sanitizeAttachedShadowRoots(body);
    } else {
      if (!RETURN_DOM && !SAFE_FOR_TEMPLATES && !WHOLE_DOCUMENT && dirty.indexOf("<") === -1) return _signOutput(dirty);
      body = _initDocument(dirty);
      if (!body) return RETURN_DOM ? null : RETURN_TRUSTED_TYPE ? emptyHTML : "";
    }
    if (body && FORCE_BODY) _forceRemove(body.firstChild);
    const walkRoot = inPlace ? dirty : body;
    try {
      if (inPlace) _sanitizeAttachedShadowRoots(dirty);
      const nodeIterator = _createNodeIterator(walkRoot);
      while (currentNode = nodeIterator.nextNode()) _sanitizeNode(currentNode, walkRoot);
      if (inPlace) _sanitizeUnvisitedNodes(dirty, inPlaceNodes);
    } catch (error) {
      if (inPlace) _failClosed(dirty, inPlaceNodes);
      throw error;
    } finally {
      IN_PLACE_VISITED = outerVisited;
      IN_PLACE_RETURNS = outerReturns;
    }
    if (inPlace) {
      if (_neutralizeDiscarded(dirty, inPlaceNodes)) throw typeErrorCreate("a node selected for removal could not be safely returned; refusing to sanitize in place");
      if (SAFE_FOR_TEMPLATES) _scrubTemplateExpressions2(dirty);
      return dirty;
    }
    if (RETURN_DOM) {
      if (SAFE_FOR_TEMPLATES) _scrubTemplateExpressions2(body);
      if (RETURN_DOM_FRAGMENT) {
        returnNode = createDocumentFragment.call(body.ownerDocument);
        while (body.firstChild) returnNode.appendChild(body.firstChild);
      } else returnNode = body;
      if (ALLOWED_ATTR.shadowroot || ALLOWED_ATTR.shadowrootmode) returnNode = importNode.call(originalDocument, returnNode, true);
      return returnNode;
    }
    if (SAFE_FOR_TEMPLATES) _scrubOwnCharacterData(body);
    let serializedHTML = WHOLE_DOCUMENT ? body.outerHTML : body.innerHTML;
    if (WHOLE_DOCUMENT && ALLOWED_TAGS["!doctype"] && body.ownerDocument && body.ownerDocument.doctype && body.ownerDocument.doctype.name && regExpTest(DOCTYPE_NAME, body.ownerDocument.doctype.name)) serializedHTML = "<!DOCTYPE " + body.ownerDocument.doctype.name + ">\n" + serializedHTML;
    return _signOutput(serializedHTML);
  };
  DOMPurify.sanitize = function(dirty) {
    let cfg = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : {};
    const outerConfig = ACTIVE_CONFIG;
    const outerTags = ALLOWED_TAGS;
    const outerAttr = ALLOWED_ATTR;
    const outerRemoved = DOMPurify.removed;
    ACTIVE_CONFIG = null;
    try {
      return _sanitize(dirty, cfg);
    } finally {
      ACTIVE_CONFIG = outerConfig;
      if (outerConfig) {
        if (!SET_CONFIG) _parseConfig(outerConfig);
        ALLOWED_TAGS = outerTags;
        ALLOWED_ATTR = outerAttr;
        DOMPurify.removed = outerRemoved;
      }
    }
  };
  DOMPurify.setConfig = function() {
    let cfg = arguments.length > 0 && arguments[0] !== void 0 ? arguments[0] : {};
    _parseConfig(cfg);
    SET_CONFIG = true;
    SET_CONFIG_ALLOWED_TAGS = ALLOWED_TAGS;
    SET_CONFIG_ALLOWED_ATTR = ALLOWED_ATTR;
  };
  DOMPurify.clearConfig = function() {
    CONFIG = null;
    SET_CONFIG = false;
    SET_CONFIG_ALLOWED_TAGS = null;
    SET_CONFIG_ALLOWED_ATTR = null;
    trustedTypesPolicy = defaultTrustedTypesPolicy;
    emptyHTML = "";
  };
  DOMPurify.isValidAttribute = function(tag, attr, value) {
    if (!CONFIG) _parseConfig({});
    const lcTag = transformCaseFunc(tag);
    const lcName = transformCaseFunc(attr);
    if (typeof value === "string" && (_isUnsafeAttributeValue(attr, value) || !ALLOW_SELF_CLOSE_IN_ATTR && regExpTest(SELF_CLOSING_TAG, value))) return false;
    return _isValidAttribute(lcTag, lcName, value);
  };
  DOMPurify.addHook = function(entryPoint, hookFunction) {
    if (typeof hookFunction !== "function") return;
    if (!objectHasOwnProperty(hooks, entryPoint)) return;
    arrayPush(hooks[entryPoint], hookFunction);
  };
  DOMPurify.removeHook = function(entryPoint, hookFunction) {
    if (!objectHasOwnProperty(hooks, entryPoint)) return;
    if (hookFunction !== void 0) {
      const index = arrayLastIndexOf(hooks[entryPoint], hookFunction);
      return index === -1 ? void 0 : arraySplice(hooks[entryPoint], index, 1)[0];
    }
    return arrayPop(hooks[entryPoint]);
  };
  DOMPurify.removeHooks = function(entryPoint) {
    if (!objectHasOwnProperty(hooks, entryPoint)) return;
    hooks[entryPoint] = [];
  };
  DOMPurify.removeAllHooks = function() {
    hooks = _createHooksMap();
  };
  return DOMPurify;
}
var purify_default = createDOMPurify();

// markup.js
var ALLOWED = {
  ALLOWED_TAGS: [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul"
  ],
  ALLOWED_ATTR: ["colspan", "rowspan", "dir", "lang"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false
};
function hasMarkup(text2) {
  return /<\/?[a-z][^<>]*>|&[a-z]+;|&#\d+;/i.test(text2);
}
function preview(text2) {
  return purify_default.sanitize(text2, { ...ALLOWED, RETURN_DOM_FRAGMENT: true });
}

// editors.js
var PAUSE = 200;
function editorOf(column, text2, typed, handlers) {
  const picks = ["choice", "choices", "reference", "references", "truth"].includes(column.kind);
  return picks ? new Picker(column, text2, typed, handlers) : new TextEditor(column, text2, typed, handlers);
}
var TextEditor = class {
  /**
   * @param {Column} column
   * @param {string} text
   * @param {boolean} typed
   * @param {Handlers} handlers
   */
  constructor(column, text2, typed, handlers) {
    this.handlers = handlers;
    this.el = make("div", "sn-editor");
    this.input = make("textarea", "sn-input", { value: text2, rows: 1, spellcheck: column.kind === "text" });
    this.input.dir = "auto";
    if (column.kind === "number") this.input.inputMode = "decimal";
    const required = column.required ? ", required" : "";
    const zone = column.zone ? `, ${column.zone}, such as 2026-12-31 17:00` : "";
    attributes(this.input, { "aria-label": `${column.title}${required}${zone}` });
    this.hint = make("div", "sn-hint", { id: `sn-hint-${Math.random().toString(36).slice(2)}` });
    this.hint.setAttribute("role", "alert");
    attributes(this.input, { "aria-describedby": this.hint.id });
    this.el.append(this.input, this.hint);
    if (column.kind === "date") this.el.append(this.calendar(text2));
    this.markup = column.markup;
    this.preview = make("div", "sn-preview", { hidden: true });
    attributes(this.preview, { role: "note", "aria-label": "How it reads", dir: "auto" });
    this.el.append(this.preview);
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
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
  calendar(text2) {
    const day = /^\d{4}-\d\d-\d\d/.exec(text2)?.[0] ?? "";
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
  /** Show a text with markup as it reads. */
  read() {
    const text2 = this.markup && hasMarkup(this.value) ? this.value : "";
    this.preview.hidden = !text2;
    this.preview.replaceChildren(...text2 ? [preview(text2)] : []);
  }
  later() {
    this.grow();
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      this.read();
      const text2 = this.value;
      const reason = await this.handlers.check(text2);
      if (text2 === this.value) this.show(reason);
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
  constructor(column, text2, typed, handlers) {
    this.column = column;
    this.handlers = handlers;
    this.many = column.kind === "choices" || column.kind === "references";
    this.searches = column.kind === "reference" || column.kind === "references";
    this.options = (column.kind === "truth" ? ["yes", "no"] : column.options).map(plain);
    this.chosen = typed || !text2 ? [] : (this.many ? split(text2) : [text2]).map(plain);
    this.active = -1;
    this.id = `sn-list-${Math.random().toString(36).slice(2)}`;
    this.el = make("div", "sn-editor sn-picker");
    this.input = make("input", "sn-input", { value: typed ? text2 : "", spellcheck: false });
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
    const text2 = this.input.value.trim().toLowerCase();
    const fits = this.searches ? this.options : this.options.filter((o) => o.label.toLowerCase().includes(text2));
    if (text2 && !this.searches) return fits;
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
    const text2 = this.input.value.trim();
    if (text2.length < 2) return this.say(text2 ? "Type one letter more." : "");
    this.say("Looking …");
    const answer = await this.handlers.offer(text2);
    if (text2 !== this.input.value.trim()) return;
    if (answer.problem) return this.say(answer.problem);
    this.options = answer.offered.map((o) => ({
      value: o.path,
      label: o.name,
      about: `${o.type}, ${o.path}`
    }));
    this.active = this.options.length ? this.offered.findIndex((o) => o.value === this.options[0].value) : -1;
    const more = answer.more ? `and ${answer.more} more: type more of the name` : "";
    this.say(this.options.length ? more : `Nothing is called “${text2}”, or you may not see it.`);
    this.draw();
  }
  /** @param {string} text */
  say(text2) {
    this.hint.textContent = text2;
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
function split(text2) {
  const found = [];
  for (const [, inner, bare] of text2.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^;]+))\s*(?:;|$)/g)) {
    if (inner !== void 0) found.push(inner.replaceAll('""', '"'));
    else if (bare.trim()) found.push(bare.trim());
  }
  return found;
}
function quoted(text2) {
  return /[;"\n]|^\s|\s$|^$/.test(text2) ? `"${text2.replaceAll('"', '""')}"` : text2;
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
    this.arranged = [];
    this.widths = /* @__PURE__ */ new Map();
    this.sorts = [];
    this.active = { row: 0, column: 0 };
    this.anchor = { row: 0, column: 0 };
    this.pending = /* @__PURE__ */ new Map();
    this.message = "";
    this.late = false;
    this.offset = 0;
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
    this.el.addEventListener("focusin", (event) => {
      event.target.dataset.lmSuppressShortcuts = "true";
    });
    this.needle = make("input", "sn-filter", { type: "search", placeholder: "Filter rows …", spellcheck: false });
    this.needle.setAttribute("aria-label", "Filter rows by a text in any column");
    this.which = make("select", "sn-select");
    this.which.setAttribute("aria-label", "Rows that are shown");
    for (const [value, text2] of [["all", "All rows"], ["changed", "Changed"], ["problems", "With problems"], ["failed", "Not saved"]])
      this.which.append(make("option", "", { value, textContent: text2 }));
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
    this.paint();
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
    const text2 = this.model.get("offer");
    const held = this.offer.contains(document.activeElement);
    this.offer.replaceChildren();
    this.offer.hidden = !text2;
    if (text2) {
      const said = make("span", "sn-offer-text", { textContent: text2 });
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
    const places = new Map(this.arranged.map((name2, place) => [name2, place]));
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
  say(text2) {
    this.message = text2;
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
    const window2 = this.columnsInSight();
    this.paintHead(window2);
    const numbers = [];
    for (let number = first; number <= last; number++) numbers.push(number);
    const { active } = this;
    if (totals.shown && (active.row < first || active.row > last)) numbers.push(active.row);
    numbers.forEach((number, place) => {
      const el = this.rows[place] ??= newRow();
      if (!el.isConnected) this.space.append(el);
      this.paintRow(el, number, window2);
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
  paintHead(window2) {
    const sorts = JSON.stringify([window2, this.sorts]);
    if (this.drawnHead === sorts) return;
    this.drawnHead = sorts;
    const { columns = [], lefts = [] } = this;
    const corner = make("div", "sn-cell sn-rowhead", { textContent: "#" });
    attributes(corner, { role: "columnheader", "aria-colindex": 1, "aria-label": "Row" });
    attributes(this.head, { "aria-rowindex": 1 });
    const cells = window2.map((at) => {
      const column = columns[at];
      const sort = this.sorts.find(([name]) => name === column.name);
      const el = make("div", `sn-cell sn-h sn-k-${column.kind}${at === 0 ? " sn-frozen" : ""}`, { at });
      el.style.cssText = at === 0 ? `width:${lefts[1] - lefts[0]}px` : `left:${lefts[at]}px;width:${lefts[at + 1] - lefts[at]}px`;
      const title = make("span", "sn-title", { textContent: line(column.title) + (column.required ? " *" : ""), dir: "auto" });
      const arrow = make("span", "sn-arrow", { textContent: sort ? sort[1] ? "▲" : "▼" : "" });
      arrow.setAttribute("aria-hidden", "true");
      el.title = [column.title, column.required ? "required" : "", column.why ? `read-only: ${column.why}` : "", "Click to sort (Alt+S)"].filter(Boolean).join("\n");
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
  paintRow(el, number, window2) {
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
    const text2 = `${(number + 1).toLocaleString("en")} ${glyph}`.trim();
    if (head.textContent !== text2) head.textContent = text2;
    attributes(head, { title: said || null, "aria-colindex": 1 });
    el.classList.toggle("sn-bad", Boolean(problem || bad));
    el.classList.toggle("sn-saving", saving);
    while (el.children.length > window2.length + 1) el.lastChild.remove();
    window2.forEach((at, place) => {
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
      linkTo(cell, row ? this.linkOf(row, column.name) : "", shown2);
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
    let text2 = this.late && !this.wire.dead ? LATE : this.message;
    if (!text2) text2 = this.model.get("note");
    if (!text2 && row?.block.saving.has(row.offset)) text2 = "This row is being saved.";
    if (!text2 && cells > 1) text2 = `${counted(cells, "cell")} selected`;
    if (!text2 && mark) text2 = [mark.problem, `was: ${line(mark.before) || "(empty)"}`].filter(Boolean).join(" · ");
    if (!text2 && row && column && this.linkOf(row, column.name)) text2 = "Alt+Enter opens it.";
    if (!text2 && column?.why && column.kind !== "about") text2 = `Read-only: ${column.why}`;
    if (this.status.textContent !== text2) this.status.textContent = text2;
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
    const text2 = this.blocks.text(row, column.name);
    if (text2.endsWith(CUT))
      return this.say("This text is too long to be edited here: edit it in Python.");
    this.message = "";
    const { key } = row;
    const handlers = {
      commit: (value, [down, right]) => {
        this.endEdit();
        if (value !== text2) {
          this.pending.set(`${key} ${column.name}`, value);
          this.change("edit", { cells: [[key, column.name, value]] });
        }
        this.goTo(this.active.row + down, this.active.column + right);
      },
      cancel: () => this.endEdit(),
      check: async (value) => (await this.wire.ask("try", { key, column: column.name, text: value })).reason ?? "",
      offer: (value) => this.wire.ask("offer", { text: value, types: column.types })
    };
    this.editor = editorOf(column, typed ?? text2, typed !== void 0, handlers);
    this.editor.place = { row: number, column: at };
    const cell = make("div", "", {}, this.editor.el);
    attributes(cell, { role: "gridcell", "aria-colindex": at + 2 });
    this.editing = make("div", "", {}, cell);
    attributes(this.editing, { role: "row", "aria-rowindex": number + 2 });
    this.scroller.append(this.editing);
    this.editor.el.addEventListener("mousedown", (event) => event.stopPropagation());
    this.editor.el.addEventListener("dblclick", (event) => event.stopPropagation());
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
    if (event.altKey) {
      if (key === "Enter") this.follow();
      else if (key === "ArrowDown") this.edit();
      else if (key === "ArrowLeft" || key === "ArrowRight") this.moveColumn(key === "ArrowLeft" ? -1 : 1);
      else if (event.code === "KeyS") this.sort(active.column, shift);
      else return;
    } else if (key in moves) {
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
      const text2 = event.clipboardData.getData("text/plain");
      if (!text2) return this.say("There is no text on the clipboard.");
      if (this.locked) return;
      const { top, bottom, left } = this.range;
      const columns = (this.columns ?? []).slice(left).map((column) => column.name);
      return void this.change("paste", { order: this.blocks.order, start: top, rows: bottom - top + 1, columns, text: text2 });
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
      const short = texts.flat().some((text2) => text2.endsWith(CUT));
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
function linkTo(cell, address, text2) {
  const link = cell.querySelector(".sn-link");
  if (!address) return link?.remove();
  if (link?.href === address) return;
  link?.remove();
  const made = make("a", "sn-link", { href: address, target: "_blank", rel: "noopener noreferrer", tabIndex: -1, textContent: "↗" });
  attributes(made, { "aria-label": `Open ${text2}`, title: "Open (Alt+Enter)" });
  cell.insertBefore(made, cell.lastChild);
}
function tabbed(text2) {
  return /["\t\r\n]/.test(text2) ? `"${text2.replaceAll('"', '""')}"` : text2;
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
/*! Bundled license information:

dompurify/dist/purify.es.mjs:
  (*! @license DOMPurify 3.5.0 | (c) Cure53 and other contributors | Released under the Apache license 2.0 and Mozilla Public License 2.0 | github.com/cure53/DOMPurify/blob/3.5.0/LICENSE *)
  (*! regenerator-runtime -- Copyright (c) 2014-present, Facebook, Inc. -- license (MIT): https://github.com/babel/babel/blob/main/packages/babel-helpers/LICENSE *)
*/
