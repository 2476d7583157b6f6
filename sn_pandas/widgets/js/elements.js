// The elements of the page. Text is set as text only: nothing here makes markup of it.

/**
 * An element with a class, properties and children.
 * @param {string} tag
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function make(tag, name, properties = {}, ...children) {
  const el = Object.assign(document.createElement(tag), { className: name, ...properties });
  el.append(...children);
  return el;
}

/**
 * Set attributes that differ, and remove those that are null.
 * @param {Element} el
 * @param {Record<string, string | number | null>} values
 */
export function attributes(el, values) {
  for (const [name, value] of Object.entries(values))
    if (value === null) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(value)) el.setAttribute(name, String(value));
}

/**
 * A button.
 * @param {string} text
 * @param {string} title
 * @param {() => void} press
 * @returns {HTMLButtonElement}
 */
export function button(text, title, press) {
  const el = make("button", "sn-button", { type: "button", textContent: text, title });
  el.addEventListener("click", press);
  return el;
}

/** Characters that are not seen, or turn the text around them, in a visible form: as everywhere else here. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu;

/**
 * A text in one line, with its control characters made visible.
 * @param {string} text
 */
export function line(text) {
  return text
    .replace(/\r?\n|\r/g, " ⏎ ")
    .replace(/\t/g, " ")
    .replace(CONTROLS, (c) => {
      const code = c.codePointAt(0) ?? 0;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
    });
}

/**
 * A number with its noun: "1 row", "2 rows".
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
