"""A page with an edit grid, as a user drives it."""

from __future__ import annotations

from typing import Any

from tests.browser.harness import SHOTS

from .bridge import Bridge

#: Ends when the page has drawn what it was asked to draw.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Page(Bridge):
    """A page with a grid."""

    def cell(self, row: int, column: str, view: int = 0) -> Any:
        """Return the cell of a row, as it is shown from 1, under a title."""
        grid = self.page.locator(".sn-grid").nth(view)
        head = grid.locator(".sn-h").filter(has_text=column).first
        at = head.get_attribute("aria-colindex")
        return grid.locator(f".sn-space .sn-row[aria-rowindex='{row + 1}'] .sn-cell[aria-colindex='{at}']")

    def shows_cell(self, row: int, column: str, text: str, view: int = 0) -> None:
        """Wait until a cell shows a text."""
        place = self.cell(row, column, view).locator(".sn-text")
        self.until(lambda: place.count() and place.inner_text() == text)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is, one after another, as fast as a quick typist."""
        for key in keys:
            self.page.keyboard.press(key)
            self.page.evaluate(DRAWN)
            self.pump()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.pump()

    def says(self, text: str) -> None:
        """Wait until the line below the rows says something."""
        self.until(lambda: text in self.text(".sn-status"))

    def button(self, text: str) -> Any:
        return self.page.get_by_role("button", name=text)

    def shot(self, name: str) -> None:
        """Keep pictures of the page in light and dark."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            self.page.evaluate("(scheme) => { document.documentElement.style.colorScheme = scheme; }", scheme)
            self.page.screenshot(path=SHOTS / f"grid-{name}-{scheme}.png")
        self.page.evaluate("() => { document.documentElement.style.colorScheme = 'light'; }")
