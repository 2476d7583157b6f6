// The tree of a repository. `Tree` knows which content stands on which line; `View` draws the lines
// that are in sight and turns keys and clicks into changes. Rows are asked for when they come into sight.

const LINE = 24; // pixels, as in tree.css
const CEILING = 12_000_000; // pixels that every browser can scroll; longer trees are scaled to it
const SPARE = 10; // lines drawn above and below those in sight
const IN_FLIGHT = 2; // questions to the kernel at once
const KEPT = 400; // pages kept of rows that are out of sight
const PATIENCE = 6000; // milliseconds after which we say that the kernel does not answer
const KEY_PAUSE = 800; // milliseconds between the letters of one word

export default { render: ({ model, el }) => new View(model, el).dispose };

const key = (path) => path.toLowerCase(); // paths differ in case only by mistake
const parentOf = (path) => path.slice(0, path.lastIndexOf("/"));
const inside = (path, folder) => key(path).startsWith(key(folder) + "/");

/** An open folder, or one that was open: the pages of its children that are known. */
class Folder {
  constructor(row) {
    Object.assign(this, { row, parent: null, index: 0, level: 1 });
    this.forget();
    this.measure();
  }

  forget() {
    this.total = null; // not known before the first answer
    this.pages = new Map(); // number -> rows
    this.failed = new Map(); // number -> {problem, details}
    this.asked = new Map(); // number -> ticket
    this.open = []; // the open folders among the children, by index
    this.stale = false; // to be read anew, while what is known stays in sight
  }

  get path() {
    return this.row.path;
  }

  /** Count the lines that its children take, with all that is open below them; a notice takes one. */
  measure() {
    this.open.sort((a, b) => a.index - b.index);
    this.lines = this.total ? this.open.reduce((sum, folder) => sum + folder.lines, this.total) : 1;
  }
}

/** Which content stands on which line. A line is {folder, index, row, level, child, notice}. */
class Tree {
  constructor(first, expanded, filters) {
    this.size = first.size;
    this.folders = new Map(); // all that were open once, so that they open again at once
    this.expanded = new Set(expanded.map(key));
    this.filters = new Map(Object.entries(filters).map(([path, text]) => [key(path), text]));
    this.root = new Folder(first.root);
    this.folders.set(key(first.root.path), this.root);
    if (!this.filters.get(key(this.root.path))) this.arrive(this.root, first);
  }

  get count() {
    return 1 + (this.isOpen(this.root.row) ? this.root.lines : 0);
  }

  isOpen(row) {
    return row.opens && this.expanded.has(key(row.path));
  }

  filterOf(folder) {
    return this.filters.get(key(folder.path)) ?? "";
  }

  /** The line with a number. */
  at(line) {
    if (line === 0) {
      const child = this.isOpen(this.root.row) ? this.root : null;
      return { folder: null, index: 0, row: this.root.row, level: 1, child };
    }
    let [folder, offset] = [this.root, line - 1];
    search: for (;;) {
      if (!folder.total) return { folder, index: 0, level: folder.level + 1, notice: true };
      let above = 0;
      for (const child of folder.open) {
        const place = child.index + above;
        if (offset < place) break;
        if (offset === place) return this.lineOf(folder, child.index, child);
        if (offset <= place + child.lines) {
          [folder, offset] = [child, offset - place - 1];
          continue search;
        }
        above += child.lines;
      }
      return this.lineOf(folder, offset - above, null);
    }
  }

  lineOf(folder, index, child) {
    const row = folder.pages.get(Math.floor(index / this.size))?.[index % this.size];
    return { folder, index, row, level: folder.level + 1, child };
  }

  /** The number of the line of a child; of the folder itself without an index. */
  line(folder, index) {
    if (!folder) return 0;
    let line = index === undefined ? 0 : index + 1;
    if (index !== undefined)
      for (const child of folder.open) if (child.index < index) line += child.lines;
    return folder.parent ? line + this.line(folder.parent, folder.index) : line;
  }

  /** Where a child stands in a folder, as far as its rows are known; else -1. */
  indexOf(folder, path) {
    for (const [page, rows] of folder.pages) {
      const found = rows.findIndex((row) => key(row.path) === key(path));
      if (found >= 0) return page * this.size + found;
    }
    return -1;
  }

  /** Put a page of rows in its place. */
  arrive(folder, answer) {
    const { page, total, rows, problem } = answer;
    if (problem) {
      if (folder.stale || page === 0) folder.forget();
      folder.failed.set(page, answer);
    } else {
      // Another total means that contents came or went: the other pages are no longer what they were.
      if (folder.stale || (folder.total !== null && folder.total !== total)) folder.forget();
      folder.total = total;
      folder.failed.delete(page);
      folder.pages.set(page, rows);
      folder.open = folder.open.filter((child) => Math.floor(child.index / this.size) !== page);
      this.attach(folder, page, rows);
    }
    for (let f = folder; f; f = f.parent) f.measure();
  }

  /** Hang the open folders among some rows into their parent. */
  attach(folder, page, rows) {
    rows.forEach((row, number) => {
      // A smart folder shows contents of other places; they do not open here, or the tree had no end.
      if (!this.isOpen(row) || key(parentOf(row.path)) !== key(folder.path)) return;
      const child = this.folders.get(key(row.path)) ?? new Folder(row);
      this.folders.set(key(row.path), child);
      Object.assign(child, { row, parent: folder, index: page * this.size + number, level: folder.level + 1 });
      this.settle(child);
      folder.open.push(child);
    });
  }

  /** Find anew which children of a folder are open, and measure it. */
  settle(folder) {
    folder.open = [];
    for (const [page, rows] of folder.pages) this.attach(folder, page, rows);
    folder.measure();
  }

  /** Take the open folders as somebody else set them. */
  setExpanded(paths) {
    this.expanded = new Set(paths.map(key));
    this.settle(this.root);
  }

  /** Take the texts that filter folders; gives the folders whose text is another now. */
  setFilters(filters) {
    const texts = new Map(Object.entries(filters).map(([path, text]) => [key(path), text]));
    const changed = [...this.folders.values()].filter(
      (folder) => (texts.get(key(folder.path)) ?? "") !== this.filterOf(folder),
    );
    this.filters = texts;
    changed.forEach((folder) => this.renew(folder));
  }

  /** Have a folder read anew; what is known of it stays in sight until then. */
  renew(folder) {
    folder.stale = true;
    folder.failed.clear();
    folder.asked.clear(); // answers to these are no longer wanted
  }

  /** Let go of pages that nobody looked at for long. */
  trim(inSight) {
    for (const folder of this.folders.values()) {
      for (const page of folder.pages.keys()) {
        if (folder.pages.size <= KEPT) break;
        const first = page * this.size;
        const holds = folder.open.some((c) => c.index >= first && c.index < first + this.size);
        if (!holds && !inSight.has(folder.pages.get(page))) folder.pages.delete(page);
      }
    }
  }
}

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
    // Keys pressed in here are ours: in command mode the notebook would delete or insert cells.
    this.el.dataset.lmSuppressShortcuts = "true";
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
      if (path) this.pick(path, true);
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
    const filter = this.tree.filterOf(folder);
    const question = { folder: folder.path, size: this.tree.size, filter, ...what };
    this.model.send({ ask: "rows", view: this.name, ticket, ...question });
    folder.since = Date.now();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.draw(), PATIENCE + 100);
    return ticket;
  }

  /** Ask for what a line lacks, unless it was asked for, failed, or enough questions are open. */
  want(folder, page) {
    if (folder.stale) page = 0;
    const known = folder.pages.has(page) && !folder.stale;
    if (known || folder.failed.has(page) || folder.asked.has(page) || this.tickets.size >= IN_FLIGHT) return;
    this.ask(folder, { page });
  }

  hear(message) {
    if (message.tell === "refresh") this.refresh();
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

  refresh() {
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
      const el = (this.lines[place] ??= this.newLine());
      if (!el.isConnected) this.space.append(el);
      this.fill(el, line, number, selected);
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

  newLine() {
    const el = make("div", "sn-line");
    el.parts = {};
    for (const part of ["twist", "icon", "label", "name", "type"]) {
      el.parts[part] = make("span", `sn-${part}`);
      el.append(el.parts[part]);
    }
    el.setAttribute("role", "treeitem");
    return el;
  }

  fill(el, line, number, selected) {
    const { folder, index, row, level, child } = line;
    const { twist, icon, label, name, type } = el.parts;
    const notice = row ? null : this.notice(line);
    el.id = `sn-${this.name}-${number}`;
    el.line = number;
    el.drawn = line;
    el.style.paddingLeft = `${(level - 1) * 16 + 4}px`;
    attributes(el, {
      "aria-level": level,
      "aria-setsize": folder ? Math.max(1, folder.total ?? 1) : 1,
      "aria-posinset": index + 1,
      "aria-expanded": row?.opens ? String(Boolean(child)) : null,
      "aria-selected": row ? String(selected.has(key(row.path))) : null,
      "aria-disabled": row ? null : "true",
      "aria-busy": notice?.kind === "wait" ? "true" : null,
      title: row ? row.path : notice.details,
    });
    el.classList.toggle("sn-selected", Boolean(row && selected.has(key(row.path))));
    el.classList.toggle("sn-notice", Boolean(notice));
    el.classList.toggle("sn-problem", notice?.kind === "problem");
    twist.className = `sn-twist${row?.opens ? (child ? " sn-open" : " sn-closed") : ""}`;
    const picture = row ? pictureOf(row, Boolean(child)) : notice.kind;
    if (icon.picture !== picture) icon.innerHTML = drawing((icon.picture = picture));
    icon.className = `sn-icon sn-${picture}`;
    label.textContent = row ? row.label : notice.text;
    name.textContent = row && row.name !== row.label ? row.name : "";
    const filter = child ? this.tree.filterOf(child) : "";
    type.textContent = row ? (filter ? `filter: ${filter}` : row.type) : notice.action;
    type.classList.toggle("sn-action", Boolean(notice?.action));
  }

  /** What stands on a line that has no row: why, and what Enter or a click does about it. */
  notice({ folder, index }) {
    const failed = folder.failed.get(Math.floor(index / this.tree.size)) ?? folder.failed.get(0);
    if (failed) return { kind: "problem", text: failed.problem, details: failed.details, action: "Retry" };
    const filter = this.tree.filterOf(folder);
    if (folder.total === 0 && !folder.stale) {
      const text = filter ? `Nothing here has “${filter}” in its name` : "This folder is empty";
      return { kind: "empty", text, details: folder.path, action: "" };
    }
    const late = folder.since && Date.now() - folder.since > PATIENCE;
    if (!late) return { kind: "wait", text: "Loading …", details: folder.path, action: "" };
    const text = "No answer yet: the kernel is busy, or gone";
    return { kind: "wait", text, details: folder.path, action: "Retry" };
  }

  /** Show which folder the filter box is for: the open folder we are on, or the one we are in. */
  showFolder(force = false) {
    const { row, folder, child } = this.tree.at(this.activeLine);
    const here = (row && child) || folder || this.tree.root;
    const typing = document.activeElement === this.filter || this.pendingFilter;
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
    if (!this.said) this.status.textContent = size;
  }

  showPath() {
    const path = this.model.get("selected") ?? "";
    const several = this.model.get("selection").length;
    const shown = `${path}|${several}|${this.tree.root.path}`;
    if (shown === this.shownPath) return;
    this.shownPath = shown;
    const root = this.tree.root.path;
    const steps = path.split("/").slice(1);
    const items = steps.map((step, number) => {
      const place = "/" + steps.slice(0, number + 1).join("/");
      const within = key(place) === key(root) || inside(place, root);
      const last = number === steps.length - 1;
      const item = make(within && !last ? "button" : "span", last ? "sn-last" : "sn-step");
      if (within && !last) Object.assign(item, { type: "button" }).dataset.path = place;
      if (last) item.setAttribute("aria-current", "location");
      item.textContent = step;
      return item;
    });
    this.crumbs.replaceChildren(...items);
    if (!path) this.crumbs.append(Object.assign(make("span", "sn-none"), { textContent: "Nothing selected" }));
    if (several > 1) {
      const more = make("span", "sn-none");
      more.textContent = `and ${several - 1} more`;
      this.crumbs.append(more);
    }
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
    this.own = true; // the model tells its own view, too
    for (const [name, value] of Object.entries(changes)) this.model.set(name, value);
    this.own = false;
    this.model.save_changes();
  }

  toggle(row, open) {
    const { expanded } = this.tree;
    if (!row?.opens || expanded.has(key(row.path)) === open) return;
    const paths = this.model.get("expanded").filter((path) => key(path) !== key(row.path));
    const failed = this.tree.folders.get(key(row.path));
    if (open && failed?.failed.size) this.tree.renew(failed); // opening it again tries again
    this.model.set("expanded", open ? [...paths, row.path] : paths);
    const folder = this.tree.folders.get(key(row.path));
    if (open && folder) this.want(folder, 0); // the question first: its answer takes longest
    this.model.save_changes();
  }

  /** Select a content, and go there if it is elsewhere. */
  pick(path, seek = false) {
    this.save({ selection: [path], selected: path });
    if (seek) this.seek(path);
    this.draw();
  }

  /** Select the active row: alone, or added to or taken from the others. */
  select(row, add) {
    if (!row) return;
    if (!this.model.get("multiple") || !add) return this.pick(row.path);
    const others = this.model.get("selection").filter((path) => key(path) !== key(row.path));
    const selection = others.length < this.model.get("selection").length ? others : [...others, row.path];
    this.save({ selection, selected: selection.at(-1) ?? null });
    this.draw();
  }

  /** Select all from the anchor to the active row, asking for the rows that are not known yet. */
  selectRange() {
    const from = this.tree.line(this.anchor.folder, this.anchor.index);
    this.range = { from, to: this.activeLine };
    this.fillRange();
  }

  fillRange() {
    if (!this.range) return;
    const { from, to } = this.range;
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
      } else this.anchor = null;
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

// ---- helpers ----

function make(tag, name, properties = {}) {
  return Object.assign(document.createElement(tag), { className: name, ...properties });
}

function attributes(el, values) {
  for (const [name, value] of Object.entries(values))
    if (value === null) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(value)) el.setAttribute(name, value);
}

// ---- pictures: 16 x 16, drawn with the colour of the text ----

const SHAPES = {
  folder: '<path d="M1.5 4.5v8h13v-7h-7l-1.5-2h-4.5z"/>',
  "folder-open": '<path d="M1.5 12.5v-9h4.5l1.5 2h6v2M1.5 12.5l2-5h12l-2 5z"/>',
  system: '<path d="M1.5 4.5v8h13v-7h-7l-1.5-2h-4.5z"/><circle cx="8" cy="9" r="1.6"/>',
  file: '<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"/>',
  text: '<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3M5.5 8h5M5.5 10.5h5"/>',
  image: '<path d="M1.5 2.5h13v11h-13z"/><circle cx="5" cy="6" r="1.2"/><path d="M2 12l4-4 2.5 2.5 2-2 3.5 3.5"/>',
  task: '<path d="M2.5 2.5h11v11h-11zM5 8l2.2 2.2 4-4.4"/>',
  list: '<path d="M6 3.5h8.5M6 8h8.5M6 12.5h8.5M2 3.5h1M2 8h1M2 12.5h1"/>',
  event: '<path d="M1.5 3.5h13v11h-13zM1.5 6.5h13M5 1.5v3M11 1.5v3"/>',
  user: '<circle cx="8" cy="5" r="3"/><path d="M2.5 14.5c0-3.5 2.4-5 5.5-5s5.5 1.5 5.5 5"/>',
  group:
    '<circle cx="5.5" cy="5.5" r="2.5"/><path d="M1 13.5c0-3 2-4.2 4.5-4.2S10 10.5 10 13.5M10.5 3.2a2.5 2.5 0 0 1 0 4.7M11.5 9.6c2.2.3 3.5 1.6 3.5 3.9"/>',
  unit: '<path d="M6 1.5h4v3.5h-4zM1.5 11h4v3.5h-4zM10.5 11h4v3.5h-4zM8 5v3M3.5 11v-3h9v3"/>',
  domain: '<circle cx="8" cy="8" r="6.5"/><path d="M1.5 8h13M8 1.5c-4.5 4-4.5 9 0 13c4.5-4 4.5-9 0-13"/>',
  workspace: '<path d="M1.5 5.5h13v8.5h-13zM5.5 5.5v-3h5v3M1.5 9.5h13"/>',
  settings:
    '<circle cx="8" cy="8" r="2.5"/><path d="M8 1v3M8 12v3M1 8h3M12 8h3M3 3l2.1 2.1M10.9 10.9L13 13M3 13l2.1-2.1M10.9 5.1L13 3"/>',
  app: '<path d="M1.5 2.5h13v11h-13zM1.5 5.5h13M3.5 4h.5M5.5 4h.5"/>',
  trash: '<path d="M2 4h12M6 4v-2.5h4v2.5M3.5 4l.8 10.5h7.4l.8-10.5M6.5 7v5M9.5 7v5"/>',
  link: '<path d="M6.5 9.5l3-3M7.5 4.5l1.5-1.5a2.8 2.8 0 0 1 4 4l-1.5 1.5M8.5 11.5l-1.5 1.5a2.8 2.8 0 0 1-4-4l1.5-1.5"/>',
  mail: '<path d="M1.5 3.5h13v9.5h-13zM1.5 4l6.5 5 6.5-5"/>',
  type: '<path d="M8 1.5l6 3.2v6.6l-6 3.2-6-3.2v-6.6zM2 4.7l6 3.3 6-3.3M8 8v6.5"/>',
  search: '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5l4 4"/>',
  root: '<path d="M1.5 7.5l6.5-6 6.5 6M3.5 6v8.5h9v-8.5M6.5 14.5v-5h3v5"/>',
  wait: '<circle cx="8" cy="8" r="6" stroke-dasharray="26 12"/>',
  empty: '<path d="M4 8h8" stroke-dasharray="2 1.5"/>',
  problem: '<path d="M8 1.5l7 13h-14zM8 6v4M8 12v.5"/>',
  refresh: '<path d="M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3.5h-3.5"/>',
  copy: '<path d="M5.5 5.5h9v9h-9zM10.5 5.5v-4h-9v9h4"/>',
};

// The words of a repository for its kinds of content, by `Icon` and by `Type`.
const PICTURES = {
  folder: "folder",
  systemfolder: "system",
  resources: "system",
  file: "file",
  document: "text",
  word: "text",
  excel: "text",
  powerpoint: "text",
  acrobat: "text",
  memo: "text",
  article: "text",
  formitem: "text",
  image: "image",
  task: "task",
  contentlist: "list",
  itemlist: "list",
  customlist: "list",
  tasklist: "list",
  memolist: "list",
  linklist: "list",
  form: "list",
  eventlist: "event",
  calendar: "event",
  calendarevent: "event",
  user: "user",
  userprofile: "user",
  group: "group",
  profiles: "group",
  orgunit: "unit",
  organizationalunit: "unit",
  domain: "domain",
  domains: "domain",
  sites: "domain",
  workspace: "workspace",
  project: "workspace",
  library: "folder",
  documentlibrary: "folder",
  imagelibrary: "folder",
  settings: "settings",
  security: "settings",
  application: "app",
  trashbin: "trash",
  trashbag: "trash",
  delete: "trash",
  link: "link",
  contentlink: "link",
  emailtemplate: "mail",
  email: "mail",
  contenttype: "type",
  aspect: "type",
  fieldsetting: "type",
  content: "type",
  smartfolder: "search",
  query: "search",
  portalroot: "root",
};

function pictureOf(row, open) {
  const picture =
    (row.type === "ContentType" ? "type" : PICTURES[row.icon.toLowerCase()]) ??
    PICTURES[row.type.toLowerCase()] ??
    (row.type.endsWith("Settings") ? "settings" : row.opens ? "folder" : "file");
  return picture === "folder" && open ? "folder-open" : picture;
}

function drawing(name) {
  return `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-linejoin="round" stroke-linecap="round">${SHAPES[name]}</svg>`;
}
