// Which content stands on which line of the tree. Nothing here knows of the page or of the kernel.

export const PATIENCE = 6000; // milliseconds after which we say that the kernel does not answer
export const GONE = "The kernel is gone: run the cell of this tree again";
const KEPT = 400; // pages kept of rows that are out of sight

export const key = (path) => path.toLowerCase(); // paths differ in case only by mistake
export const parentOf = (path) => path.slice(0, path.lastIndexOf("/"));
export const inside = (path, folder) => key(path).startsWith(key(folder) + "/");

/** An open folder, or one that was open: the pages of its children that are known. */
export class Folder {
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
export class Tree {
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
