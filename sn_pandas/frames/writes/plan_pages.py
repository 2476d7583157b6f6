"""How a plan is shown: as a page of its own, and below a cell of a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...odata.escaping import escape_controls, escape_html, html_block
from ...odata.wording import count_noun

# Nothing in the page may be loaded or run, whatever it shows.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --mark: rgba(0, 158, 115, .25); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td.value { white-space: pre-wrap; }
dt { font-weight: bold; }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
del { opacity: .7; }
ins { background: var(--mark); padding: 0 .2em; text-decoration: none; }
.empty { opacity: .6; font-style: italic; }
code { font-size: 110%; }
"""
_HEAD = "".join(
    f"<th style='text-align:left'>{name}</th>" for name in ("content", "field", "before", "after")
)

Line = tuple[str, str, str, str]


def plan_page(facts: Mapping[str, str], lines: Iterable[Line]) -> str:
    """Return a page that shows a plan in full."""
    headline, short, whole = (escape_html(facts[name]) for name in ("headline", "digest", "whole digest"))
    said = "".join(
        f"<dt>{name}</dt><dd>{escape_html(facts[name])}</dd>" for name in ("planned by", "planned on")
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Plan: {headline}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Plan: {headline}</h1><dl>{said}"
        f"<dt>digest</dt><dd><code>{short}</code><br><small>{whole}</small></dd></dl>"
        "<p>To approve this plan, tell the digest to the person who applies it: "
        f"<code>sn_pandas.apply(file, repo, digest=&quot;{short}&quot;)</code> applies this plan and "
        f"no other.</p>{_warning(facts)}{_build_table(lines)}</body></html>\n"
    )


def _warning(facts: Mapping[str, str]) -> str:
    """Return a paragraph on what the table cannot show."""
    if not facts["lists"]:
        return ""
    return (
        f"<p>{escape_html(facts['lists'])}: the list is replaced as a whole. A member that neither "
        f"{escape_html(facts['planned by'])} nor the person who applies the plan may see is lost, and is not "
        "shown here.</p>"
    )


def plan_fragment(facts: Mapping[str, str], lines: Iterable[Line], more: int) -> str:
    """Return the HTML of a plan in a notebook: its first changes."""
    rest = f"<p>… and {escape_html(count_noun(more, 'more change'))} in .changes</p>" if more else ""
    return html_block(
        f"<p><strong>plan: {escape_html(facts['headline'])}</strong></p>",
        _build_table(lines),
        rest,
        f"<p>digest <code>{escape_html(facts['digest'])}</code></p>",
    )


def _build_table(lines: Iterable[Line]) -> str:
    left = " style='text-align:left'"
    rows = "".join(
        f"<tr><td{left}>{escape_html(escape_controls(path))}</td><td{left}>{escape_html(field)}</td>"
        f'<td{left} class="value">{_format_value("del", before)}</td>'
        f'<td{left} class="value">{_format_value("ins", after)}</td></tr>'
        for path, field, before, after in lines
    )
    return f"<table><thead><tr>{_HEAD}</tr></thead><tbody>{rows}</tbody></table>"


def _format_value(tag: str, text: str) -> str:
    if not text:
        return '<span class="empty">(empty)</span>'
    return f"<{tag}>{escape_html(escape_controls(text))}</{tag}>"
