// Rich text as it reads. What the repository sends is text everywhere else; here DOMPurify makes it harmless.

import DOMPurify from "dompurify";

// Nothing that loads, sends, links, or looks like a part of the page: what is left are letters and their form.
const ALLOWED = {
  ALLOWED_TAGS: [
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
  ],
  ALLOWED_ATTR: ["colspan", "rowspan", "dir", "lang"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/**
 * Whether a text has elements of HTML.
 * @param {string} text
 */
export function hasMarkup(text) {
  return /<\/?[a-z][^<>]*>|&[a-z]+;|&#\d+;/i.test(text);
}

/**
 * A text as it reads.
 * @param {string} text
 * @returns {Node}
 */
export function preview(text) {
  return DOMPurify.sanitize(text, { ...ALLOWED, RETURN_DOM_FRAGMENT: true });
}
