// Pictures of contents: 16 x 16, drawn with the colour of the text.

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

/** The name of the picture of a content. */
export function pictureOf(row, open) {
  const picture =
    (row.type === "ContentType" ? "type" : PICTURES[row.icon.toLowerCase()]) ??
    PICTURES[row.type.toLowerCase()] ??
    (row.type.endsWith("Settings") ? "settings" : row.opens ? "folder" : "file");
  return picture === "folder" && open ? "folder-open" : picture;
}

/** A picture as it goes into the page. */
export function drawing(name) {
  return `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor" stroke-linejoin="round" stroke-linecap="round">${SHAPES[name]}</svg>`;
}
