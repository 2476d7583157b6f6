"""The style sheets of the widgets: the theme that they share, and their own."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def read_style(name: str) -> str:
    """Return the theme and the style sheet of a widget, as text.

    For a file, anywidget would keep every widget that was made, to reload it when the file changes.
    """
    return "\n".join((_FOLDER / f"{sheet}.css").read_text("utf-8") for sheet in ("theme", name))
