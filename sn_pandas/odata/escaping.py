r"""Escaping: data of a repository or a frame never becomes markup, a formula or a control sequence.

The one place that escapes for people's eyes. Use

* :func:`escape_controls` for whatever goes to a terminal: messages, reports, ``repr``;
* :func:`escape_html` for whatever goes into a page, inside of :func:`html_block`;
* :func:`escape_math` for whatever matplotlib draws.

All three may be applied twice without harm to the reader, except ``escape_html``.
"""

from __future__ import annotations

import html
import re

#: Notebooks set what stands between dollars as mathematics, except in elements of these classes.
NO_MATH = "tex2jax_ignore mathjax_ignore"

# Control characters except tab and line feed, the separators that end a line for some programs only,
# characters that turn the direction of the text around them, and halves of surrogate pairs.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
#: Characters of somebody else's words that are shown.
_WORDS = 300
_BREAKS = re.compile("[\t\n]")
_NAMES = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def escape_controls(text: object, *, lines: bool = True) -> str:
    r"""Return a text with its control characters made visible.

    Parameters
    ----------
    text : object
        What is shown; anything but a str by its ``str()``.
    lines : bool
        Whether tabs and line feeds stay; False for a name or a value within a line.

    Examples
    --------
    >>> print(escape_controls("\x1b[2Jgone"))
    \x1b[2Jgone
    >>> print(escape_controls("two\nlines", lines=False))
    two\nlines
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    shown = _CONTROLS.sub(_visible, shown)
    return shown if lines else _BREAKS.sub(_visible, shown)


def escape_html(text: object) -> str:
    r"""Return a text as HTML that shows it letter by letter.

    Dollars stay as they are: the element around it has the class :data:`NO_MATH`.

    Examples
    --------
    >>> escape_html("<b> & \x1b")
    '&lt;b&gt; &amp; \\x1b'
    """
    return html.escape(escape_controls(text))


def html_block(*parts: str) -> str:
    """Return parts of HTML in one element in which front ends look for no mathematics.

    Examples
    --------
    >>> html_block("<p>$1 to $2</p>")
    '<div class="tex2jax_ignore mathjax_ignore"><p>$1 to $2</p></div>'
    """
    return f'<div class="{NO_MATH}">{"".join(parts)}</div>'


def escape_math(text: object) -> str:
    r"""Return a text as matplotlib draws it letter by letter, whatever dollars it has.

    Examples
    --------
    >>> print(escape_math("from $1 to $2"))
    from \$1 to \$2
    """
    return escape_controls(text).replace("$", r"\$")


def cut_short(text: str, longest: int = _WORDS) -> str:
    r"""Return a text in one line of limited length, without control characters.

    Examples
    --------
    >>> cut_short("a\x1b[31m b" * 2), cut_short("long words", 5)
    ('a [31m ba [31m b', 'long …')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 20 * longest]).split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
