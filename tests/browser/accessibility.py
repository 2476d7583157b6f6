"""axe-core, which finds what a screen reader, or eyes that need contrast, stumble over."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from playwright.sync_api import Page

from ..npm import node_modules

_THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
_RUN = """async (place) => {
    const { violations } = await axe.run(place, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html.slice(0, 300)} ${node.any.map((check) => check.message)}`));
}"""
_DRESS = """(css) => {
    document.querySelector('style.theme')?.remove();
    const style = Object.assign(document.createElement('style'), { className: 'theme', textContent: css });
    document.head.append(style);
}"""


def violations(page: Page, place: str) -> list[str]:
    """Return what axe-core finds wrong in a part of a page, with all of its rules."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((node_modules(Path(__file__).parent) / "axe-core" / "axe.min.js").read_text("utf-8"))
    return list(page.evaluate(_RUN, place))


def violations_by_theme(page: Page, place: str) -> dict[str, list[str]]:
    """Return what axe-core finds wrong on a bare page, in JupyterLab's themes and in forced colours."""
    found = {"bare": violations(page, place)}
    for theme in ("light", "dark"):
        page.evaluate(_DRESS, _theme(theme))
        found[theme] = violations(page, place)
    page.emulate_media(forced_colors="active")
    found["forced colours"] = violations(page, place)
    page.emulate_media(forced_colors="none")
    page.evaluate(_DRESS, "")
    return {theme: some for theme, some in found.items() if some}


@functools.cache
def _theme(name: str) -> str:
    css = (_THEMES / f"theme-{name}-extension" / "index.css").read_text("utf-8")
    return css + "body { background: var(--jp-layout-color1); }"
