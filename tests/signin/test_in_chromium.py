"""Signing in as oneself, in a real browser: the login page, and the way back to the notebook."""

from __future__ import annotations

import queue
import threading
import webbrowser
from typing import TYPE_CHECKING

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from .sockets import served

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_somebody_signs_in(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    places: queue.Queue[str] = queue.Queue()
    connected: queue.Queue[Repository | BaseException] = queue.Queue()
    monkeypatch.setattr(webbrowser, "open", lambda place: places.put(place) is None)
    monkeypatch.setattr("sn_pandas.odata.signin.browser.is_remote", lambda: False)

    def connect(address: str) -> None:
        try:
            connected.put(sn.connect(address, browser=True))
        except BaseException as error:
            connected.put(error)

    with served() as here:
        thread = threading.Thread(target=connect, args=(here.address,), daemon=True)
        thread.start()
        page = browser.new_page(color_scheme=scheme, viewport={"width": 800, "height": 600})
        page.set_default_timeout(60_000)
        page.goto(places.get(timeout=120))
        page.screenshot(path=tmp_path / f"login-{scheme}.png")
        page.wait_for_function("document.activeElement.name === 'username'")
        page.get_by_label("Login name").fill(r"builtin\admin")
        page.get_by_label("Password").fill("an-0ther-word")
        page.get_by_role("button", name="Sign in").click()
        assert "Invalid username or password" in page.get_by_role("alert").inner_text()
        page.screenshot(path=tmp_path / f"wrong-{scheme}.png")
        page.get_by_label("Password").fill(here.authority.password)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Signed in").wait_for()
        page.screenshot(path=tmp_path / f"done-{scheme}.png")
        page.close()
        repo = connected.get(timeout=120)
        assert isinstance(repo, Repository), repo
        assert repo.user == "/Root/IMS/BuiltIn/Portal/Admin"
        repo.close()
        thread.join()
