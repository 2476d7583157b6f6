// One view of the tree: draws the lines that are in sight, asks for rows as they come into sight, and
// turns keys and clicks into changes.

import { GONE, PATIENCE, Tree, inside, key } from "./lines.js";
import { drawing } from "./pictures.js";
import { crumbs, fillLine, make, newLine } from "./rows.js";

const LINE = 24; // pixels, as in tree.css
const CEILING = 12_000_000; // pixels that every browser can scroll; longer trees are scaled to it
const SPARE = 10; // lines drawn above and below those in sight
const IN_FLIGHT = 2; // questions to the kernel at once
const KEY_PAUSE = 800; // milliseconds between the letters of one word

export default { render: ({ model, el }) => new View(model, el).dispose };

/** One view of the tree on the page. */
class View {
  constructor(model, el) {
    this.model = model;
    this.name = Math.random().toString(36).slice(2);
    this.tickets = new Map();
    this.ticket = 0;
    this.word = "";
    this.dispose = this.dispose.bind(this);
    this.build(el);
    this.listen();
    this.reset();
    if (model.get("selected")) this.seek(model.get("selected"));
  }

  // ---- the elements ----

  build(el) {
    this.el = make("div", "sn-tree");
    // Keys pressed in here are ours: in command mode the notebook would delete or insert cells. Notebook 7 asks
    // the element with the focus before those around it.
    this.el.dataset.lmSuppressShortcuts = "true";
    this.el.addEventListener("focusin", (event) => (event.target.dataset.lmSuppressShortcuts = "true"));
    const bar = make("div", "sn-bar");
    this.filter = make("input", "sn-filter", { type: "search", spellcheck: false });
    this.again = make("button", "sn-button", { type: "button", title: "Read the open folders again" });
    this.again.innerHTML = drawing("refresh") + "<span>Refresh</span>";
    bar.append(this.filter, this.again);
    this.scroller = make("div", "sn-scroll", { tabIndex: 0 });
    this.scroller.setAttribute("role", "tree");
    this.space = make("div", "sn-space");
    this.space.setAttribute("role", "presentation");
    this.scroller.append(this.space);
    const foot = make("div", "sn-foot");
    this.crumbs = make("nav", "sn-crumbs");
    this.crumbs.setAttribute("aria-label", "Selected content");
    this.copy = make("button", "sn-button", { type: "button", title: "Copy the path" });
    this.copy.innerHTML = drawing("copy") + "<span>Copy</span>";
    this.status = make("span", "sn-status");
    this.status.setAttribute("role", "status");
    foot.append(this.crumbs, this.copy, this.status);
    this.el.append(bar, this.scroller, foot);
    el.append(this.el);
    this.lines = [];
  }

  listen() {
    const { model, scroller } = this;
    this.handlers = {
      "msg:custom": (message) => this.hear(message),
      "change:path": () => this.reset(),
      "change:expanded": () => this.onExpanded(),
      "change:filters": () => this.onFilters(),
      "change:selected": () => this.onSelected(),
      "change:selection": () => this.draw(),
      "change:multiple": () => this.draw(),
      "change:height": () => this.draw(),
      comm_live_update: () => this.die(), // the kernel was restarted or shut down
    };
    for (const [name, handler] of Object.entries(this.handlers)) model.on(name, handler);
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.onKey(event));
    scroller.addEventListener("click", (event) => this.onClick(event));
    scroller.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    scroller.addEventListener("focus", () => this.draw());
    scroller.addEventListener("blur", () => this.draw());
    this.filter.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.applyFilter(), 250);
    });
    this.filter.addEventListener("keydown", (event) => this.onFilterKey(event));
    this.again.addEventListener("click", () => this.refresh());
    this.copy.addEventListener("click", () => this.copyPath());
    this.crumbs.addEventListener("click", (event) => {
      const path = event.target.closest("button")?.dataset.path;
      if (!path) return;
      this.scroller.focus({ preventScroll: true }); // the step that was pressed goes away
      this.pick(path, true);
    });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(scroller);
  }

  dispose() {
    for (const [name, handler] of Object.entries(this.handlers)) this.model.off(name, handler);
    this.sizes.disconnect();
    const timers = [this.typing, this.waiting, this.pausing, this.seeking, this.forgetting];
    timers.forEach(clearTimeout);
    if (this.frame) cancelAnimationFrame(this.frame);
    this.el.remove();
    this.gone = true;
  }

  reset() {
    const { model } = this;
    this.tickets.clear();
    this.tree = new Tree(model.get("_first"), model.get("expanded"), model.get("filters"));
    this.active = { folder: null, index: 0 };
    this.anchor = null;
    this.goal = null;
    this.folder = this.tree.root;
    this.scroller.setAttribute("aria-label", `Contents of ${this.tree.root.path}`);
    this.scroller.scrollTop = 0;
    this.draw();
  }

  // ---- questions to the kernel, and its answers ----

  /** Ask for a page of a folder, or with `near` or `start` for the page where a row is. */
  ask(folder, what) {
    const ticket = ++this.ticket;
    folder.asked.set(what.page ?? JSON.stringify(what), ticket);
    this.tickets.set(ticket, folder);
    folder.heard = false;
    const filter = this.tree.filterOf(folder);
    const question = { folder: folder.path, size: this.tree.size, filter, ...what };
    folder.since = Date.now();
    this.tell(() => this.model.send({ ask: "rows", view: this.name, ticket, ...question }));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.draw(), PATIENCE + 100);
    return ticket;
  }

  /** Ask for what a line lacks, unless it was asked for, failed, or enough questions are open. */
  want(folder, page) {
    if (this.tree.dead) return;
    if (folder.stale) page = 0;
    const known = folder.pages.has(page) && !folder.stale;
    if (known || folder.failed.has(page) || folder.asked.has(page) || this.tickets.size >= IN_FLIGHT) return;
    this.ask(folder, { page });
  }

  hear(message) {
    if (message.tell === "refresh") this.refresh();
    if (message.answer === "heard" && message.view === this.name) {
      const asked = this.tickets.get(message.ticket);
      if (asked) asked.heard = true;
    }
    if (message.answer !== "rows" || message.view !== this.name) return;
    const folder = this.tickets.get(message.ticket);
    if (!folder) return;
    this.tickets.delete(message.ticket);
    const page = [...folder.asked].find(([, ticket]) => ticket === message.ticket)?.[0];
    if (page === undefined) return this.draw(); // asked before a refresh or under another filter
    folder.asked.delete(page);
    this.keepActive(() => this.tree.arrive(folder, { page, ...message }));
    if (this.goal?.ticket === message.ticket) {
      this.goal = null;
      if (Number.isInteger(message.index)) this.goTo({ folder, index: message.index });
    }
    if (message.problem && folder === this.folder) this.say(message.problem);
    this.pursue();
    this.fillRange();
    this.paint(); // at once: these rows have been waited for
  }

  /** Say something to the kernel; where that fails there is none. */
  tell(message) {
    try {
      const sent = message();
      sent?.catch?.(() => this.die());
    } catch {
      this.die();
    }
  }

  /** Look as dead as the kernel is, and say what helps. */
  die() {
    this.tree.dead = true;
    this.goal = this.range = null;
    this.el.classList.add("sn-dead");
    this.filter.disabled = this.again.disabled = true;
    clearTimeout(this.pausing);
    this.said = this.status.textContent = GONE;
    this.draw();
  }

  refresh() {
    if (this.tree.dead) return this.die();
    this.tickets.clear();
    for (const folder of this.tree.folders.values()) this.tree.renew(folder);
    this.draw();
  }

  /** Do something to the tree, and find the active row again where it moved. */
  keepActive(change) {
    const { folder, index } = this.active;
    const path = folder && this.tree.lineOf(folder, index).row?.path;
    change();
    if (!folder) return;
    const found = path ? this.tree.indexOf(folder, path) : -1;
    this.active = { folder, index: found >= 0 ? found : Math.min(index, Math.max(0, (folder.total ?? 1) - 1)) };
    for (let f = folder; f; f = f.parent)
      if (!this.tree.isOpen(f.row) || (f.parent && !f.parent.open.includes(f)))
        this.active = { folder: f.parent, index: f.parent ? Math.min(f.index, Math.max(0, (f.parent.total ?? 1) - 1)) : 0 };
  }

  // ---- what Python changed ----

  onExpanded() {
    const { folder } = this.active;
    this.keepActive(() => this.tree.setExpanded(this.model.get("expanded")));
    if (this.active.folder !== folder) this.goTo(this.active); // what it was in has been closed
    this.pursue();
    this.draw();
  }

  onFilters() {
    this.tree.setFilters(this.model.get("filters"));
    if (document.activeElement !== this.filter) this.showFolder(true);
    this.draw();
  }

  onSelected() {
    const path = this.model.get("selected");
    if (path && !this.own) this.seek(path);
    this.draw();
  }

  // ---- where we are ----

  get activeLine() {
    const { folder, index } = this.active;
    return Math.min(this.tree.line(folder, index), this.tree.count - 1);
  }

  /** Make a row the active one, and bring it into sight. */
  goTo(place) {
    this.active = place;
    this.showFolder();
    const line = this.activeLine;
    const { clientHeight: height } = this.scroller;
    const top = this.offset();
    if (line * LINE < top) this.scrollTo(line * LINE);
    else if ((line + 1) * LINE > top + height) this.scrollTo((line + 1) * LINE - height);
    this.draw();
  }

  goToLine(line) {
    this.goal = null;
    const { folder, index } = this.tree.at(Math.max(0, Math.min(line, this.tree.count - 1)));
    this.goTo({ folder, index });
  }

  /** Go to a content by its path, through open folders only; in steps, as their rows arrive. */
  seek(path) {
    this.goal = { path };
    this.pursue();
  }

  pursue() {
    const { tree, goal } = this;
    if (!goal?.path) return;
    let folder = tree.root;
    if (key(goal.path) === key(folder.path)) return this.reach(null, 0);
    if (!inside(goal.path, folder.path)) return this.giveUp();
    while (tree.isOpen(folder.row)) {
      if (folder.failed.has(0)) return this.giveUp();
      if (folder.stale) return this.want(folder, 0);
      const rest = goal.path.slice(folder.path.length + 1);
      const next = goal.path.slice(0, folder.path.length + 1) + rest.split("/")[0];
      const index = tree.indexOf(folder, next);
      if (index < 0) {
        if (goal.sought === folder) return folder.asked.size ? undefined : this.giveUp();
        goal.sought = folder;
        return this.ask(folder, { near: next });
      }
      if (key(next) === key(goal.path)) return this.reach(folder, index);
      const child = folder.open.find((f) => f.index === index);
      if (!child) return; // closed: Python may be about to open it
      folder = child;
    }
  }

  reach(folder, index) {
    this.goal = null;
    this.goTo({ folder, index });
  }

  giveUp() {
    this.say(`${this.goal.path} is not in sight here`);
    this.goal = null;
  }

  // ---- scrolling: a tree that is too long for the browser is scaled ----

  get scale() {
    const { clientHeight: height } = this.scroller;
    const whole = this.tree.count * LINE;
    const shown = Math.min(whole, CEILING);
    return shown > height ? (whole - height) / (shown - height) : 1;
  }

  offset() {
    return this.scroller.scrollTop * this.scale;
  }

  scrollTo(offset) {
    this.space.style.height = `${Math.min(this.tree.count * LINE, CEILING)}px`;
    this.scroller.scrollTop = offset / this.scale;
  }

  // ---- drawing ----

  draw() {
    if (this.gone || this.frame) return;
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { tree, scroller, model } = this;
    scroller.style.maxHeight = model.get("height");
    scroller.setAttribute("aria-multiselectable", String(model.get("multiple")));
    this.space.style.height = `${Math.min(tree.count * LINE, CEILING)}px`;
    const offset = this.offset();
    const first = Math.max(0, Math.floor(offset / LINE) - SPARE);
    const last = Math.min(tree.count - 1, Math.ceil((offset + scroller.clientHeight) / LINE) + SPARE);
    const active = this.activeLine;
    const numbers = [];
    for (let line = first; line <= last; line++) numbers.push(line);
    if (active < first || active > last) numbers.push(active); // the tree names it, so it must be there
    const selected = new Set(model.get("selection").map(key));
    const inSight = new Set();
    numbers.forEach((number, place) => {
      const line = tree.at(number);
      const el = (this.lines[place] ??= newLine());
      if (!el.isConnected) this.space.append(el);
      fillLine(el, this.tree, line, selected);
      Object.assign(el, { id: `sn-${this.name}-${number}`, line: number, drawn: line });
      el.style.transform = `translateY(${number * LINE - offset + scroller.scrollTop}px)`;
      el.classList.toggle("sn-active", number === active);
      if (number === active) scroller.setAttribute("aria-activedescendant", el.id);
      if (line.folder && !line.row) this.want(line.folder, Math.floor(line.index / tree.size));
      if (line.folder) inSight.add(line.folder.pages.get(Math.floor(line.index / tree.size)));
      if (line.folder?.stale) this.want(line.folder, 0);
      if (line.child?.stale) this.want(line.child, 0);
    });
    for (const el of this.lines.slice(numbers.length)) el.remove();
    tree.trim(inSight);
    this.showFolder();
    this.showPath();
  }

  /** Show which folder the filter box is for: the open folder we are on, or the one we are in. */
  showFolder(force = false) {
    const { row, folder, child } = this.tree.at(this.activeLine);
    const here = (row && child) || folder || this.tree.root;
    const typing = document.activeElement === this.filter;
    if (here !== this.folder && !typing) {
      this.folder = here;
      force = true;
    }
    const label = `Filter ${this.folder.row.label}`;
    this.filter.placeholder = `${label} …`;
    this.filter.setAttribute("aria-label", `${label} by name`);
    const text = this.tree.filterOf(this.folder);
    if (force || !typing) if (this.filter.value !== text) this.filter.value = text;
    const { total } = this.folder;
    const size = total === null ? "" : `${total.toLocaleString("en")} ${total === 1 ? "content" : "contents"}`;
    // The path beside it is of what is selected, so the number says whose it is.
    if (!this.said) this.status.textContent = size && `${size} in ${this.folder.row.label}`;
  }

  showPath() {
    const path = this.model.get("selected") ?? "";
    const several = this.model.get("selection").length;
    const shown = `${path}|${several}|${this.tree.root.path}`;
    if (shown === this.shownPath) return;
    this.shownPath = shown;
    this.crumbs.replaceChildren(...crumbs(path, this.tree.root.path, several));
    this.crumbs.title = path;
    this.crumbs.scrollLeft = this.crumbs.scrollWidth;
    this.copy.disabled = !path;
  }

  say(text) {
    this.said = text;
    this.status.textContent = text;
    clearTimeout(this.pausing);
    this.pausing = setTimeout(() => {
      this.said = "";
      this.draw();
    }, 4000);
  }

  // ---- changes ----

  save(changes) {
    if (this.tree.dead) return this.die();
    this.own = true; // the model tells its own view, too
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.own = false;
    this.tell(() => this.model.save_changes());
  }

  toggle(row, open) {
    if (this.tree.dead) return this.die();
    const { expanded } = this.tree;
    if (!row?.opens || expanded.has(key(row.path)) === open) return;
    const paths = this.model.get("expanded").filter((path) => key(path) !== key(row.path));
    const failed = this.tree.folders.get(key(row.path));
    if (open && failed?.failed.size) this.tree.renew(failed); // opening it again tries again
    this.model.set("expanded", open ? [...paths, row.path] : paths);
    const folder = this.tree.folders.get(key(row.path));
    if (open && folder) this.want(folder, 0); // the question first: its answer takes longest
    this.tell(() => this.model.save_changes());
  }

  /** Select a content, and go there if it is elsewhere. */
  pick(path, seek = false) {
    this.range = null; // what was to be selected before is no longer meant
    this.save({ selection: [path], selected: path });
    if (seek) this.seek(path);
    this.draw();
  }

  /** Select the active row: alone, or added to or taken from the others. */
  select(row, add) {
    if (!row) return;
    this.range = null;
    if (!this.model.get("multiple") || !add) return this.pick(row.path);
    const others = this.model.get("selection").filter((path) => key(path) !== key(row.path));
    const selection = others.length < this.model.get("selection").length ? others : [...others, row.path];
    this.save({ selection, selected: selection.at(-1) ?? null });
    this.draw();
  }

  /** Select all from the anchor to the active row, asking for the rows that are not known yet. */
  selectRange() {
    this.range = { from: this.anchor, to: { ...this.active } }; // places, because lines may move meanwhile
    this.fillRange();
  }

  fillRange() {
    if (!this.range) return;
    const [from, to] = [this.range.from, this.range.to].map((at) => this.tree.line(at.folder, at.index));
    const paths = [];
    for (let line = Math.min(from, to); line <= Math.max(from, to); line++) {
      const { row, folder, index, notice } = this.tree.at(line);
      const page = Math.floor(index / this.tree.size);
      if (row) paths.push(row.path);
      else if (!notice && !folder.failed.has(page)) return this.want(folder, page);
    }
    this.range = null;
    if (from > to) paths.reverse();
    this.save({ selection: paths, selected: paths.at(-1) ?? null });
    this.draw();
  }

  retry({ folder }) {
    if (this.tree.dead) return this.die();
    folder.failed.clear();
    this.tickets.clear(); // whatever had no answer so far is asked for again
    for (const each of this.tree.folders.values()) each.asked.clear();
    this.draw();
  }

  applyFilter() {
    clearTimeout(this.typing);
    const { path } = this.folder;
    const filters = { ...this.model.get("filters") };
    const old = Object.keys(filters).find((name) => key(name) === key(path)) ?? path;
    delete filters[old];
    if (this.filter.value.trim()) filters[path] = this.filter.value.trim();
    this.active = { folder: this.folder.parent, index: this.folder.index };
    const closed = !this.tree.isOpen(this.folder.row);
    this.save(closed ? { filters, expanded: [...this.model.get("expanded"), path] } : { filters });
  }

  async copyPath() {
    const text = this.model.get("selected");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages that are not served over https have no clipboard; this older way works there.
      const area = make("textarea", "sn-offscreen", { value: text });
      this.el.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      this.copy.focus({ preventScroll: true });
    }
    this.say("Path copied");
  }

  // ---- mouse and keys ----

  lineOfEvent(event) {
    const el = event.target.closest(".sn-line");
    return el?.drawn ?? null; // what was to be seen there, also if it has moved by now
  }

  onClick(event) {
    const line = this.lineOfEvent(event);
    if (!line) return;
    const { folder, index, row, child } = line;
    this.goal = null;
    this.goTo({ folder, index });
    if (!row) return event.target.closest(".sn-action") ? this.retry(line) : undefined;
    if (event.target.closest(".sn-twist") && row.opens) return this.toggle(row, !child);
    if (event.shiftKey && this.model.get("multiple") && this.anchor) return this.selectRange();
    this.anchor = this.active;
    this.select(row, event.ctrlKey || event.metaKey);
  }

  onDoubleClick(event) {
    const line = this.lineOfEvent(event);
    if (line?.row && !event.target.closest(".sn-twist")) this.toggle(line.row, !line.child);
  }

  onKey(event) {
    if (event.altKey || (event.ctrlKey && event.key !== " ") || event.metaKey) return;
    const line = this.tree.at(this.activeLine);
    const { row, child, folder, index } = line;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / LINE) - 1);
    const moves = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.key in moves) {
      const before = this.active;
      this.goToLine(this.activeLine + moves[event.key]);
      if (event.shiftKey && this.model.get("multiple")) {
        this.anchor ??= before;
        this.selectRange();
      } else this.anchor = this.range = null;
    } else if (event.key === "ArrowRight") {
      if (row?.opens && !child) this.toggle(row, true);
      else if (child) this.goToLine(this.activeLine + 1);
    } else if (event.key === "ArrowLeft") {
      if (child) this.toggle(row, false);
      else if (folder) this.goTo({ folder: folder.parent, index: folder.index });
    } else if (event.key === "Enter") {
      if (!row) this.retry(line);
      else {
        this.select(row, false);
        this.toggle(row, !child);
      }
    } else if (event.key === " ") {
      if (this.word) this.type(" ");
      else {
        this.anchor = { folder, index };
        this.select(row, true);
      }
    } else if (event.key.length === 1) this.type(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  onFilterKey(event) {
    event.stopPropagation();
    if (event.key === "Enter") this.applyFilter();
    else if (event.key === "ArrowDown") this.scroller.focus();
    else if (event.key === "Escape") {
      this.filter.value = "";
      this.applyFilter();
      this.scroller.focus();
    } else return;
    event.preventDefault();
  }

  /** Go to the next row that starts with what is being typed. */
  type(letter) {
    for (const timer of [this.forgetting, this.seeking]) clearTimeout(timer);
    this.forgetting = setTimeout(() => (this.word = ""), KEY_PAUSE);
    this.word += letter.toLowerCase();
    const { tree, word } = this;
    const start = this.activeLine + (word.length === 1 ? 1 : 0);
    const steps = Math.min(tree.count, 5000);
    for (let step = 0; step < steps; step++) {
      const { row, folder, index } = tree.at((start + step) % tree.count);
      if (row && [row.label, row.name].some((text) => text.toLowerCase().startsWith(word)))
        return this.goTo({ folder, index });
    }
    // Not among the rows that are known: the server may know one.
    const { folder } = this;
    if (!folder.total || folder.pages.size * tree.size >= folder.total) return;
    this.seeking = setTimeout(() => {
      this.goal = { ticket: this.ask(folder, { start: word }) };
    }, 200);
  }
}
