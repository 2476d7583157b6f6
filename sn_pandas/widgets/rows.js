// The elements of the page: lines of the tree, steps of a path.

import { GONE, PATIENCE, inside, key } from "./lines.js";
import { drawing, pictureOf } from "./pictures.js";

/** An empty line. */
export function newLine() {
  const el = make("div", "sn-line");
  el.parts = {};
  for (const part of ["twist", "icon", "label", "name", "type"]) {
    el.parts[part] = make("span", `sn-${part}`);
    el.append(el.parts[part]);
  }
  el.setAttribute("role", "treeitem");
  return el;
}

/** Write a content, or why there is none, into a line. */
export function fillLine(el, tree, line, selected) {
  const { folder, index, row, level, child } = line;
  const { twist, icon, label, name, type } = el.parts;
  const notice = row ? null : noticeOf(tree, line);
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
  icon.className = `sn-icon sn-is-${picture}`; // names of their own: a picture may be called as a part of the line
  label.textContent = row ? row.label : notice.text;
  name.textContent = row && row.name !== row.label ? row.name : "";
  const filter = child ? tree.filterOf(child) : "";
  type.textContent = row ? (filter ? `filter: ${filter}` : row.type) : notice.action;
  type.classList.toggle("sn-action", Boolean(notice?.action));
}

/** What stands on a line that has no row: why, and what Enter or a click does about it. */
function noticeOf(tree, { folder, index }) {
  const failed = folder.failed.get(Math.floor(index / tree.size)) ?? folder.failed.get(0);
  const again = failed?.again === false ? "" : "Retry";
  if (failed) return { kind: "problem", text: failed.problem, details: failed.details, action: again };
  if (tree.dead) return { kind: "problem", text: GONE, details: folder.path, action: "" };
  const filter = tree.filterOf(folder);
  if (folder.total === 0 && !folder.stale) {
    const text = filter ? `Nothing here has “${filter}” in its name` : "This folder is empty";
    return { kind: "empty", text, details: folder.path, action: "" };
  }
  const late = folder.asked.size && Date.now() - folder.since > PATIENCE;
  if (!late) return { kind: "wait", text: "Loading …", details: folder.path, action: "" };
  const text = folder.heard
    ? "The server takes long to answer"
    : "No answer yet: the kernel is busy, or gone";
  return { kind: "wait", text, details: folder.path, action: "Retry" };
}

/** The steps of a path; those inside the tree lead there. */
export function crumbs(path, root, several) {
  const steps = path.split("/").slice(1);
  const items = steps.map((step, number) => {
    const place = "/" + steps.slice(0, number + 1).join("/");
    const last = number === steps.length - 1;
    const leads = !last && (key(place) === key(root) || inside(place, root));
    const item = make(leads ? "button" : "span", last ? "sn-last" : "sn-step", { textContent: step });
    if (leads) Object.assign(item, { type: "button" }).dataset.path = place;
    if (last) item.setAttribute("aria-current", "location");
    return item;
  });
  const remark = several > 1 ? `and ${several - 1} more` : path ? "" : "Nothing selected";
  return remark ? [...items, make("span", "sn-none", { textContent: remark })] : items;
}

/** An element with a class and properties. */
export function make(tag, name, properties = {}) {
  return Object.assign(document.createElement(tag), { className: name, ...properties });
}

function attributes(el, values) {
  for (const [name, value] of Object.entries(values))
    if (value === null) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(value)) el.setAttribute(name, value);
}
