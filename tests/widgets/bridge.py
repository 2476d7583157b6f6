"""The real widget and the real ES module in a real browser, joined without Jupyter.

What goes over the wire of a notebook goes through two queues here: the browser's messages are given to
the widget as a kernel would, and the widget's messages are given to a stand-in for the page's model.
"""

from __future__ import annotations

import json
import queue
import re
import time
from collections.abc import Callable
from typing import Any

import comm
import comm.base_comm
from playwright.sync_api import Browser

_MODEL = """
async ([source, state]) => {
  window.state = state; window.sent = [];
  window.model = () => {
    const on = {}; let dirty = {};
    const tell = (name, value) => (on[name] ?? []).slice().forEach((f) => f(value));
    return { on_: on,
      get: (name) => window.state[name],
      set(name, value) { dirty[name] = value; window.change({ [name]: value }); },
      save_changes() { window.toKernel({ method: 'update', state: dirty }); dirty = {}; },
      send(content) { window.sent.push(content); window.toKernel({ method: 'custom', content }); },
      on(name, f) { (on[name] ??= []).push(f); },
      off(name, f) { on[name] = (on[name] ?? []).filter((g) => g !== f); },
      tell };
  };
  window.models = []; window.views = [];
  window.fromKernel = (data) => {
    if (data.method === 'custom') window.models.forEach(m => m.tell('msg:custom', data.content));
    if (data.method === 'update') window.change(data.state);
  };
  window.change = (values) => {
    Object.assign(window.state, values);
    for (const [name, value] of Object.entries(values)) {
      window.models.forEach(m => m.tell(`change:${name}`, value));
    }
  };
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const module = (await import(url)).default;
  window.show = () => {
    const el = document.createElement('div'); el.className = 'view'; document.body.append(el);
    const model = window.model(); window.models.push(model);
    window.views.push(module.render({ model, el }));
  };
  window.show();
}
"""


class Wire(comm.base_comm.BaseComm):
    """A comm whose messages wait in a queue."""

    def __init__(self, **facts: Any) -> None:
        self.waiting: queue.Queue[dict[str, Any]] = queue.Queue()
        super().__init__(**facts)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        if msg_type == "comm_msg":
            self.waiting.put(json.loads(json.dumps(data)))


def ask(widget: Any, what: str, **fields: Any) -> dict[str, Any]:
    """Ask a widget as its page does, and return the answer."""
    wire: Wire = widget.comm
    while not wire.waiting.empty():
        wire.waiting.get()
    content = {"ask": what, "view": "test", "ticket": 1, **fields}
    data = {"method": "custom", "content": json.loads(json.dumps(content))}
    wire.handle_msg({"content": {"data": data}, "buffers": []})
    while True:
        message = wire.waiting.get(timeout=60)
        answer: dict[str, Any] = message.get("content", {})
        if answer.get("answer") == what:
            return answer


class Bridge:
    """A page that shows a widget.

    Parameters
    ----------
    browser : Browser
        The browser.
    widget : Widget
        A widget whose comm is a `Wire`.
    """

    def __init__(self, browser: Browser, widget: Any) -> None:
        self.widget = widget
        self.deaf = False
        self.errors: list[str] = []
        self.page = browser.new_context(viewport={"width": 800, "height": 600}).new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.set_default_timeout(60_000)
        self.page.expose_binding("toKernel", lambda _, data: self.deliver(data))
        self.page.set_content("<!doctype html><html lang='en'><body></body>")
        self.page.add_style_tag(content=str(widget._css))
        state = {name: v for name, v in widget.get_state().items() if name not in ("_esm", "_css", "layout")}
        source = re.sub(r"PATIENCE = (6000|6e3)", "PATIENCE = 300", str(widget._esm))
        self.page.evaluate(_MODEL, [source, state])

    def deliver(self, data: dict[str, Any]) -> None:
        """Deliver a message of the page to the widget, unless the kernel is to be busy."""
        if self.deaf:
            return
        self.widget._handle_msg({"content": {"data": {**data, "buffer_paths": []}}, "buffers": []})

    def pump(self) -> None:
        """Pass on to the page what the widget sent meanwhile."""
        while not self.widget.comm.waiting.empty():
            self.page.evaluate("(data) => window.fromKernel(data)", self.widget.comm.waiting.get())
        self.page.wait_for_timeout(5)

    def until(self, wanted: Callable[[], Any], timeout: float = 60) -> Any:
        """Pump until something is so."""
        end = time.monotonic() + timeout
        while not (value := wanted()):
            if time.monotonic() > end:
                raise AssertionError(f"it did not come to that; the page shows {self.lines()}")
            self.pump()
        assert not self.errors, self.errors
        return value

    def lines(self, view: int = 0) -> list[str]:
        """Return the labels of the lines in the page, from top to bottom, indented by their level."""
        return list(
            self.page.evaluate(
                """(view) => [...document.querySelectorAll('.view')[view].querySelectorAll('.sn-line')]
                .sort((a, b) => a.line - b.line)
                .map(el => '  '.repeat(el.ariaLevel - 1) + el.querySelector('.sn-label').textContent)""",
                view,
            )
        )

    def shows(self, *labels: str, view: int = 0) -> None:
        """Wait until all these lines are in the page."""
        self.until(lambda: set(labels) <= {line.strip() for line in self.lines(view)})

    def text(self, place: str) -> str:
        """Return the text of an element, empty if it is not there yet."""
        found = self.page.locator(place)
        return str(found.first.inner_text()) if found.count() else ""

    def line(self, label: str) -> Any:
        """Return the line with a label, to click on."""
        exact = self.page.locator(".sn-label").get_by_text(label, exact=True)
        return self.page.locator(".sn-line").filter(has=exact).first

    def close(self) -> None:
        """Leave the page and end the widget."""
        self.page.context.close()
        self.widget.close()
