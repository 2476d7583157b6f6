"""A static replacement where no widget can run: an exported notebook, a mail, a diff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..odata.escaping import escape_html as escape
from ..odata.escaping import html_block

_MOST = 50


def html(first: Mapping[str, Any], origin: str) -> str:
    """Write the root of a tree and its first level as a list."""
    root = first["root"]
    if "problem" in first:
        inside = f"<p>{escape(first['problem'])}</p>"
    elif not first["rows"]:
        inside = "<p>This folder is empty.</p>"
    else:
        items = [_item(row) for row in first["rows"][:_MOST]]
        if (more := first["total"] - len(items)) > 0:
            items.append(f"<li>… and {more:,} more</li>")
        inside = f'<ul style="margin:0">{"".join(items)}</ul>'
    return html_block(
        f'<div class="sn-tree-fallback"><strong>{escape(root["label"])}</strong> '
        f"<code>{escape(root['path'])}</code> <small>{escape(origin)}</small>{inside}</div>"
    )


def _item(row: Mapping[str, Any]) -> str:
    label = escape(row["label"]) + ("/" if row["opens"] else "")
    name = "" if row["name"] == row["label"] else f" <code>{escape(row['name'])}</code>"
    return f"<li>{label}{name} <small>{escape(row['type'])}</small></li>"
