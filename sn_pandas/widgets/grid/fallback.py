"""What stands for the grid where no widget can run: the first rows as a table."""

from __future__ import annotations

from ...odata.escaping import escape_html as escape
from ...odata.escaping import html_block
from ...odata.wording import count_noun
from .sheet import Sheet

_ROWS = 20
_COLUMNS = 12


def html(sheet: Sheet) -> str:
    """Write the first rows and columns as a table; changed cells are bold and name the text before."""
    names = list(sheet.columns)[:_COLUMNS]
    block = sheet.block(0, _ROWS)
    marks = {(offset, name): (before, problem) for offset, name, _, before, problem in block["marks"]}
    head = "".join(f"<th>{escape(sheet.columns[name].header)}</th>" for name in names)
    body = []
    for offset in range(len(block["keys"])):
        cells = []
        for name in names:
            text = escape(block["columns"][name][offset])
            if (offset, name) in marks:
                before, problem = marks[offset, name]
                said = f"was: {before}" + (f"; {problem}" if problem else "")
                text = f'<strong title="{escape(said)}">{text or "(empty)"}</strong>'
            cells.append(f'<td dir="auto">{text}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    totals = sheet.totals
    said = f"{count_noun(totals['shown'], 'row')}, {count_noun(totals['cells'], 'changed cell')}"
    if totals["shown"] > _ROWS:
        said += f"; the first {_ROWS} rows are shown"
    if len(sheet.columns) > _COLUMNS:
        said += f", and the first {_COLUMNS} of {len(sheet.columns)} columns"
    return html_block(
        f'<div class="sn-grid-fallback"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table><small>{escape(said)}</small></div>"
    )
