"""The tree as a user meets it: the real module in a real browser, over folders of all kinds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import sn_pandas as sn

from .bridge import Bridge
from .source import Source, small

pytestmark = pytest.mark.browser

Show = Callable[..., Bridge]
BIG = "/Root/Content/F000000"
#: Ends when the page has drawn what it was asked to draw.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def active(bridge: Bridge) -> str:
    return bridge.text(".sn-active .sn-label")


def becomes_active(bridge: Bridge, label: str) -> None:
    """Wait until the line with this label is the active one."""
    bridge.until(lambda: active(bridge) == label)


def press(bridge: Bridge, *keys: str) -> None:
    bridge.page.locator(".sn-scroll").first.focus()
    for key in keys:
        bridge.page.keyboard.press(key)
        bridge.page.evaluate(DRAWN)
        bridge.pump()


def test_the_first_level_is_there_without_a_question(show: Show) -> None:
    bridge = show(small())
    bridge.shows("Content", "F000000", "Content 000003")
    assert bridge.page.evaluate("window.sent") == []


def test_a_folder_is_read_when_it_opens_and_only_then(show: Show) -> None:
    source = small()
    bridge = show(source)
    before = len(source.asked)
    bridge.line("F000002").locator(".sn-twist").click()
    bridge.shows("Content 000002")
    assert source.asked[before:] == ["/Root/Content/F000002?0"]
    assert bridge.widget.expanded == ["/Root/Content", "/Root/Content/F000002"]
    assert bridge.widget.selected is None
    bridge.line("F000002").locator(".sn-twist").click()
    bridge.until(lambda: bridge.widget.expanded == ["/Root/Content"])
    bridge.line("F000002").locator(".sn-twist").click()
    bridge.shows("Content 000002")
    assert len(source.asked) == before + 1


def test_a_click_selects_and_a_double_click_opens(show: Show) -> None:
    bridge = show(small())
    bridge.line("Content 000003").click()
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/c000003")
    assert bridge.widget.selection == ["/Root/Content/c000003"]
    bridge.line("F000002").dblclick()
    bridge.until(lambda: bridge.widget.expanded[-1] == "/Root/Content/F000002")
    assert bridge.widget.selected == "/Root/Content/F000002"
    bridge.until(lambda: bridge.line("F000002").get_attribute("aria-selected") == "true")


def test_keys_move_open_close_and_select(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000")
    press(bridge, "ArrowDown", "ArrowDown", "ArrowDown")
    becomes_active(bridge, "F000002")
    press(bridge, "ArrowRight")
    bridge.shows("Content 000002")
    press(bridge, "ArrowRight")
    becomes_active(bridge, "Content 000000")
    press(bridge, "Enter")
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/F000002/c000000")
    press(bridge, "ArrowLeft")
    becomes_active(bridge, "F000002")
    press(bridge, "ArrowLeft")
    bridge.until(lambda: bridge.widget.expanded == ["/Root/Content"])
    press(bridge, "End")
    becomes_active(bridge, "Content 000029")
    press(bridge, "PageUp", "Space")
    bridge.until(lambda: bridge.widget.selected not in (None, "/Root/Content/F000002/c000000"))
    press(bridge, "Home", "PageDown")
    bridge.until(lambda: active(bridge) != "Content")


def test_letters_find_a_row_and_ask_the_server_for_one_that_is_far(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000")
    bridge.widget.expand(BIG)
    bridge.shows("F000001", "Content 000002")
    press(bridge, "ArrowDown")
    bridge.page.keyboard.type("Content")  # at once: a pause would begin another word
    becomes_active(bridge, "Content 000002")
    bridge.page.wait_for_timeout(900)
    bridge.page.keyboard.type("content 000444")
    becomes_active(bridge, "Content 000444")


def test_the_accessibility_tree_says_what_is_where(show: Show) -> None:
    bridge = show(small())
    line = bridge.line("F000001")
    names = ("level", "setsize", "posinset", "expanded")
    facts = {name: line.get_attribute(f"aria-{name}") for name in names}
    assert facts == {"level": "2", "setsize": "30", "posinset": "2", "expanded": "false"}
    assert bridge.line("Content 000005").get_attribute("aria-expanded") is None
    tree = bridge.page.get_by_role("tree", name="Contents of /Root/Content")
    press(bridge, "ArrowDown")
    named = tree.get_attribute("aria-activedescendant")
    assert bridge.page.locator(f"#{named} .sn-label").inner_text() == "F000000"
    tree.evaluate("el => el.scrollTop = 100000")  # the active row is in the page also when it is out of sight
    bridge.pump()
    assert bridge.page.locator(f"#{named}").count() == 1


def test_a_long_folder_keeps_few_rows_and_asks_for_what_is_in_sight(show: Show) -> None:
    source = Source({"/Root/Content": (10_000, 10)})
    bridge = show(source)
    bridge.shows("F000000")
    bridge.page.locator(".sn-scroll").evaluate("el => el.scrollTop = 24 * 5000")
    bridge.shows("Content 005000")
    bridge.page.locator(".sn-scroll").evaluate("el => el.scrollTop = el.scrollHeight")
    bridge.shows("Content 009999")
    assert bridge.page.locator(".sn-line").count() < 60
    assert len(source.asked) < 8


def test_a_million_contents_scroll_to_the_very_end(show: Show) -> None:
    bridge = show(Source({"/Root/Content": (1_000_000, 0)}))
    bridge.shows("Content 000000")
    press(bridge, "End")
    bridge.shows("Content 999999")
    becomes_active(bridge, "Content 999999")
    press(bridge, "ArrowUp")
    becomes_active(bridge, "Content 999998")
    box, view = (bridge.page.locator(place).bounding_box() for place in (".sn-active", ".sn-scroll"))
    assert box["y"] >= view["y"]
    assert box["y"] + box["height"] <= view["y"] + view["height"] + 1
    press(bridge, "Home")
    becomes_active(bridge, "Content")
    bridge.page.locator(".sn-scroll").evaluate("el => el.scrollTop = el.scrollHeight / 2")
    bridge.until(lambda: any("Content 5000" in line or "Content 4999" in line for line in bridge.lines()))


def test_python_opens_selects_and_closes(show: Show) -> None:
    bridge = show(small())
    bridge.widget.selected = f"{BIG}/c000333"
    becomes_active(bridge, "Content 000333")
    assert bridge.widget.expanded == ["/Root/Content", BIG]
    bridge.widget.collapse(BIG)
    becomes_active(bridge, "F000000")
    bridge.until(lambda: "  F000001" in bridge.lines() and "    F000001" not in bridge.lines())
    bridge.widget.selected = None
    bridge.until(lambda: bridge.text(".sn-crumbs") == "Nothing selected")
    bridge.until(lambda: bridge.page.locator(".sn-selected").count() == 0)


def test_a_second_view_and_a_reloaded_page_show_the_same(show: Show) -> None:
    bridge = show(small())
    bridge.widget.expand(f"{BIG}/F000001")
    bridge.shows("Content 000004")
    bridge.page.evaluate("window.show()")
    bridge.until(lambda: len(bridge.lines(1)) > 5 and bridge.lines(1)[:8] == bridge.lines(0)[:8])
    bridge.page.locator(".view").nth(1).locator(".sn-line", has_text="F000001").first.click()
    bridge.until(lambda: bridge.page.locator(".sn-selected").count() == 2)


def test_a_view_that_is_gone_listens_no_more(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000")
    bridge.page.evaluate("window.views[0]()")
    left = bridge.page.evaluate("Object.values(window.models[0].on_).flat().length")
    assert left == 0
    assert bridge.page.locator(".sn-tree").count() == 0
    bridge.widget.expand(BIG)
    bridge.pump()
    assert not bridge.errors


def test_the_filter_box_searches_the_open_folder(show: Show) -> None:
    bridge = show(small())
    bridge.widget.expand(BIG)
    bridge.shows("F000001", "Content 000002")
    press(bridge, "ArrowDown")
    box = bridge.page.locator(".sn-filter")
    assert box.get_attribute("aria-label") == "Filter F000000 by name"
    box.fill("00044")
    bridge.until(lambda: bridge.widget.filters == {BIG: "00044"})
    bridge.until(lambda: "    Content 000440" in bridge.lines() and "    F000001" not in bridge.lines())
    bridge.until(lambda: bridge.line("F000000").locator(".sn-type").inner_text() == "filter: 00044")
    box.fill("nothing of this name")
    bridge.shows("Nothing here has “nothing of this name” in its name")
    box.press("Escape")
    bridge.until(lambda: bridge.widget.filters == {} and "    F000001" in bridge.lines())


def test_a_filter_may_hold_what_is_a_wildcard_to_the_server(show: Show) -> None:
    bridge = show(small())
    bridge.widget.filters = {"/Root/Content": "F*0"}
    bridge.shows("Nothing here has “F*0” in its name")
    bridge.widget.filters = {}
    bridge.shows("F000000")


def test_an_empty_folder_says_so(show: Show) -> None:
    bridge = show(small())
    bridge.line("F000001").dblclick()
    bridge.shows("This folder is empty")


DENIED = {"error": {"code": "Forbidden", "message": {"value": "Access denied."}}}
FAULTS = [
    (503, {}, "The server is not available now (503)."),
    (403, DENIED, "You are not permitted to see what is in here."),
    (404, {}, "There is no such content, or you may not see it."),
    (500, {"error": {"code": "NotSpecified", "message": {"value": "Oh dear."}}}, "Oh dear."),
]


@pytest.mark.parametrize(("status", "body", "words"), FAULTS)
def test_what_fails_is_shown_where_it_failed_and_can_be_tried_again(
    show: Show, status: int, body: dict[str, Any], words: str
) -> None:
    source = small()
    bridge = show(source)
    source.fault = lambda path: (status, body) if path.endswith("F000002") else None
    bridge.line("F000002").dblclick()
    bridge.shows(words)
    source.fault = lambda path: None
    bridge.page.locator(".sn-action").click()
    bridge.shows("Content 000002")


def test_a_page_in_the_middle_that_fails_can_be_tried_again_by_key(show: Show) -> None:
    source = small()
    bridge = show(source, BIG)
    bridge.shows("F000001")
    source.fault = lambda path: (503, {})
    press(bridge, "End")
    bridge.shows("The server is not available now (503).")
    source.fault = lambda path: None
    press(bridge, "Enter")
    bridge.shows("Content 000449")


def test_a_kernel_that_does_not_answer_is_said_and_asked_again(show: Show) -> None:
    bridge = show(small())
    bridge.deaf = True
    bridge.line("F000002").dblclick()
    bridge.shows("Loading …")
    bridge.shows("No answer yet: the kernel is busy, or gone")
    bridge.deaf = False
    bridge.page.locator(".sn-action").click()
    bridge.shows("Content 000002")


def test_the_first_level_can_fail_and_come_later(show: Show) -> None:
    source = small()
    source.fault = lambda path: (503, {})
    bridge = show(source)
    bridge.shows("The server is not available now (503).")
    source.fault = lambda path: None
    bridge.widget.refresh()
    bridge.shows("F000000")


def test_refresh_shows_what_came_and_went(show: Show) -> None:
    source = small()
    bridge = show(source)
    bridge.widget.expand("/Root/Content/F000002")
    bridge.shows("Content 000002", "F000001")
    bridge.line("F000002").click()
    source.hidden.add("/Root/Content/F000001")
    source.sizes["/Root/Content/F000002"] = (6, 0)
    bridge.page.get_by_role("button", name="Refresh").click()
    bridge.until(lambda: "  F000001" not in bridge.lines() and "    Content 000005" in bridge.lines())
    becomes_active(bridge, "F000002")


def test_contents_that_come_while_one_scrolls_are_noticed(show: Show) -> None:
    source = small()
    bridge = show(source, BIG)
    bridge.shows("F000001")
    source.sizes[BIG] = (460, 2)
    press(bridge, "End")
    bridge.until(lambda: bridge.text(".sn-status").startswith("460 contents in "))
    press(bridge, "End")
    bridge.shows("Content 000459")
    press(bridge, "Home")
    bridge.shows("F000001")


def test_several_are_selected_with_control_and_shift(show: Show) -> None:
    bridge = show(small(), multiple=True)
    bridge.line("Content 000003").click()
    bridge.line("Content 000006").click(modifiers=["Control"])
    bridge.until(lambda: len(bridge.widget.selection) == 2)
    assert bridge.widget.selected == "/Root/Content/c000006"
    bridge.line("Content 000009").click(modifiers=["Shift"])
    bridge.until(lambda: len(bridge.widget.selection) == 4)
    assert bridge.widget.selection[0] == "/Root/Content/c000006"
    bridge.line("Content 000009").click(modifiers=["Control"])
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/c000008")


def test_a_range_over_rows_that_were_never_in_sight_is_whole(show: Show) -> None:
    bridge = show(small(), BIG, multiple=True)
    bridge.shows("F000000")
    press(bridge, "ArrowDown", "Space", "Shift+End")
    bridge.until(lambda: len(bridge.widget.selection) == 450)
    assert len(set(bridge.widget.selection)) == 450


def test_the_breadcrumb_goes_up_and_copies(show: Show) -> None:
    bridge = show(small())
    bridge.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bridge.widget.selected = f"{BIG}/F000001/c000002"
    bridge.until(lambda: bridge.text(".sn-last") == "c000002")
    bridge.page.get_by_role("button", name="Copy").click()
    bridge.until(lambda: bridge.text(".sn-status") == "Path copied")
    bridge.page.locator(".sn-filter").fill("")
    bridge.page.locator(".sn-filter").press("Control+V")
    pasted = bridge.page.locator(".sn-filter")
    bridge.until(lambda: pasted.input_value() == f"{BIG}/F000001/c000002")
    bridge.page.locator(".sn-crumbs button", has_text="F000000").click()
    bridge.until(lambda: bridge.widget.selected == BIG)
    becomes_active(bridge, "F000000")


def test_another_root_starts_anew(show: Show) -> None:
    bridge = show(small())
    bridge.widget.selected = f"{BIG}/c000003"
    bridge.shows("Content 000003")
    bridge.widget.path = "/Root/Content/F000002"
    bridge.until(lambda: bridge.lines()[:2] == ["F000002", "  Content 000000"])
    assert bridge.widget.selected is None
    assert bridge.widget.expanded == ["/Root/Content/F000002"]


def test_names_are_text_whatever_they_hold(show: Show) -> None:
    source = Source({"/Root/Content/<img src=x onerror=alert(1)>": (2, 0), "/Root/Content": (0, 0)})
    bridge = show(source, "/Root/Content/<img src=x onerror=alert(1)>")
    bridge.shows("<img src=x onerror=alert(1)>")
    assert bridge.page.locator("img").count() == 0
    assert "<img" not in bridge.widget._repr_html_()


def test_messages_have_no_field_that_the_kernel_takes_for_a_request(show: Show) -> None:
    bridge = show(small())
    bridge.line("F000002").dblclick()
    bridge.shows("Content 000002")
    assert all("id" not in message for message in bridge.page.evaluate("window.sent"))


def test_the_kernel_stays_free_while_the_server_thinks(show: Show) -> None:
    source = small()
    bridge = show(source)
    source.gate.clear()
    bridge.deliver({"method": "custom", "content": {"ask": "rows", "view": "v", "ticket": 1, "folder": BIG}})
    assert any(thread.name == "sn_pandas-tree" for thread in threading.enumerate()), (
        "it waited for the answer"
    )
    source.gate.set()
    bridge.until(lambda: not any(thread.name == "sn_pandas-tree" for thread in threading.enumerate()))


def slow(show: Show) -> tuple[Bridge, threading.Event]:
    """Show a folder of 2,000 contents of which all are being selected; they come when the event is set."""
    source = Source({"/Root/Content": (2000, 1), BIG: (5, 0)})
    bridge = show(source, multiple=True)
    bridge.shows("Content 000001")
    bridge.line("Content 000001").click()
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/c000001")
    asked = len(source.asked)
    source.delay = 0.05
    source.gate.clear()
    bridge.page.keyboard.press("Shift+End")
    bridge.until(lambda: len(source.asked) > asked)
    return bridge, source.gate


def answered(bridge: Bridge) -> bool:
    """Whether nothing is on its way any more."""
    return not bridge.page.locator(".sn-icon.sn-is-wait").count()


def test_what_is_clicked_while_a_range_is_read_is_what_counts(show: Show) -> None:
    bridge, gate = slow(show)
    bridge.page.keyboard.press("Home")
    bridge.line("Content 000003").click()
    bridge.until(lambda: bridge.widget.selection == ["/Root/Content/c000003"])
    gate.set()
    for _ in range(100):
        bridge.pump()
    bridge.until(lambda: answered(bridge))
    assert bridge.widget.selection == ["/Root/Content/c000003"]


def test_a_folder_that_opens_while_a_range_is_read_does_not_shift_it(show: Show) -> None:
    bridge, gate = slow(show)
    bridge.widget.expand(BIG)
    bridge.pump()
    gate.set()
    bridge.until(lambda: len(bridge.widget.selection) > 1)
    assert set(bridge.widget.selection) == {f"/Root/Content/c{n:06}" for n in range(1, 2000)}


def test_a_slow_server_is_not_called_a_busy_kernel(show: Show) -> None:
    source = small()
    bridge = show(source)
    source.gate.clear()
    bridge.line("F000002").locator(".sn-twist").click()
    bridge.shows("The server takes long to answer")
    source.gate.set()
    bridge.shows("Content 000002")


def test_a_tree_whose_kernel_is_gone_looks_so_and_says_so(show: Show) -> None:
    bridge = show(small())
    bridge.line("Content 000003").click()
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/c000003")
    bridge.page.evaluate("window.models.forEach((m) => m.tell('comm_live_update'))")
    bridge.until(lambda: "kernel is gone" in bridge.text(".sn-status"))
    asked = bridge.page.evaluate("window.sent.length")
    bridge.line("Content 000004").click()
    bridge.line("F000002").dblclick()
    press(bridge, "ArrowDown", "Enter", "End", "Home")
    assert bridge.page.evaluate("window.sent.length") == asked
    assert bridge.widget.selection == ["/Root/Content/c000003"]
    assert bridge.page.locator(".sn-selected .sn-label").all_inner_texts() == ["Content 000003"]
    assert bridge.page.locator(".sn-filter").is_disabled()
    assert bridge.errors == []


def test_a_message_that_cannot_be_sent_is_said(show: Show) -> None:
    bridge = show(small())
    bridge.page.evaluate("void (window.models[0].send = () => { throw new Error('Cannot send') })")
    bridge.line("F000002").dblclick()
    bridge.until(lambda: "kernel is gone" in bridge.text(".sn-status"))


FOCUS = "() => document.activeElement === document.body ? 'nowhere' : document.activeElement.className"


PLACES = {".sn-crumbs button": "sn-scroll", ".sn-foot .sn-button": "sn-button", ".sn-bar button": "sn-button"}


@pytest.mark.parametrize(("place", "stays"), PLACES.items())
def test_the_focus_stays_where_a_key_was_pressed(show: Show, place: str, stays: str) -> None:
    bridge = show(small())
    bridge.line("F000000").dblclick()
    bridge.shows("Content 000002")
    bridge.line("Content 000002").click()
    bridge.until(lambda: bridge.widget.selected is not None)
    bridge.page.locator(place).last.focus()
    bridge.page.keyboard.press("Enter")
    bridge.until(lambda: bridge.page.evaluate(FOCUS) == stays)
    for _ in range(20):
        bridge.pump()
    assert bridge.page.evaluate(FOCUS) == stays


def test_icons_share_no_class_with_the_parts_of_a_line(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000", "Content 000003")
    names = bridge.page.evaluate(
        """() => [...document.querySelectorAll('.sn-icon')].flatMap((el) => [...el.classList])"""
    )
    assert {name for name in names if not name.startswith("sn-is-")} == {"sn-icon"}


class Kinds(Source):
    """A folder with one content of each kind of the sample company: of each type and icon."""

    def __init__(self) -> None:
        fields = ["Name", "DisplayName", "Type", "Icon", "IsFolder", "IsFile", "Path"]
        with sn.connect() as repo:  # the administrator, who sees every kind
            parts = [
                repo.read("/Root", query=f"TypeIs:{kind}", autofilters=False, select=fields) for kind in KINDS
            ]
        kinds = pd.concat([part.reset_index() for part in parts]).drop_duplicates(["Type", "Icon"])
        kinds = kinds.astype(object).where(kinds.notna(), None)
        self.rows = kinds.assign(Path="/Root/Content/" + kinds["Name"]).to_dict("records")
        super().__init__({"/Root/Content": (len(self.rows), 0)})

    def _list(self, path: str, options: dict[str, str]) -> dict[str, Any]:
        skip, top = (int(options.get(f"${name}", default)) for name, default in (("skip", 0), ("top", 200)))
        return {"__count": len(self.rows), "results": self.rows[skip : skip + top]}


KINDS = ("GenericContent", "ContentType")
BOXES = """() => [...document.querySelectorAll('.sn-line')].slice(1).map((line) => ({
  type: line.querySelector('.sn-type').textContent,
  ...Object.fromEntries(['twist', 'icon', 'label', 'type'].map((part) => {
    const box = line.querySelector(`.sn-${part}`).getBoundingClientRect();
    return [part + 's', [box.left, box.right, box.width]];
  })),
  drawn: line.querySelector('.sn-icon svg').getBBox().width,
}))"""


def test_each_kind_of_content_of_the_sample_has_its_icon_in_its_place(show: Show) -> None:
    source = Kinds()
    bridge = show(source, height="3000px")
    bridge.page.set_viewport_size({"width": 800, "height": 3000})
    bridge.until(lambda: len(bridge.lines()) == len(source.rows) + 1)
    boxes = bridge.page.evaluate(BOXES)
    assert len({box["type"] for box in boxes}) >= 30
    for box in boxes:
        twist, icon, label, type_ = box["twists"], box["icons"], box["labels"], box["types"]
        assert icon[2] == 16, box
        assert twist[1] <= icon[0] <= twist[1] + 8, box
        assert icon[1] <= label[0] <= icon[1] + 8, box
        assert label[1] <= type_[0], box
        assert box["drawn"] > 5, f"{box} has a picture"
