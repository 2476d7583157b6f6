"""The tree as a user meets it: the real module in a real browser, over folders of all kinds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from .bridge import Bridge
from .source import Source, small

pytestmark = pytest.mark.browser

Show = Callable[..., Bridge]
BIG = "/Root/Content/F000000"


def active(bridge: Bridge) -> str:
    return bridge.text(".sn-active .sn-label")


def press(bridge: Bridge, *keys: str) -> None:
    bridge.page.locator(".sn-scroll").first.focus()
    for key in keys:
        bridge.page.keyboard.press(key)
        bridge.page.wait_for_timeout(30)
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
    assert bridge.line("F000002").get_attribute("aria-selected") == "true"


def test_keys_move_open_close_and_select(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000")
    press(bridge, "ArrowDown", "ArrowDown", "ArrowDown")
    assert active(bridge) == "F000002"
    press(bridge, "ArrowRight")
    bridge.shows("Content 000002")
    press(bridge, "ArrowRight")
    assert active(bridge) == "Content 000000"
    press(bridge, "Enter")
    bridge.until(lambda: bridge.widget.selected == "/Root/Content/F000002/c000000")
    press(bridge, "ArrowLeft")
    assert active(bridge) == "F000002"
    press(bridge, "ArrowLeft")
    bridge.until(lambda: bridge.widget.expanded == ["/Root/Content"])
    press(bridge, "End")
    assert active(bridge) == "Content 000029"
    press(bridge, "PageUp", "Space")
    bridge.until(lambda: bridge.widget.selected not in (None, "/Root/Content/F000002/c000000"))
    press(bridge, "Home", "PageDown")
    assert active(bridge) != "Content"


def test_letters_find_a_row_and_ask_the_server_for_one_that_is_far(show: Show) -> None:
    bridge = show(small())
    bridge.shows("F000000")
    bridge.widget.expand(BIG)
    bridge.shows("F000001", "Content 000002")
    press(bridge, "ArrowDown", *"Content")
    assert active(bridge) == "Content 000002"
    bridge.page.wait_for_timeout(900)
    press(bridge, *"content 000444")
    bridge.until(lambda: active(bridge) == "Content 000444")


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
    assert active(bridge) == "Content 999999"
    press(bridge, "ArrowUp")
    assert active(bridge) == "Content 999998"
    box, view = (bridge.page.locator(place).bounding_box() for place in (".sn-active", ".sn-scroll"))
    assert box["y"] >= view["y"]
    assert box["y"] + box["height"] <= view["y"] + view["height"] + 1
    press(bridge, "Home")
    assert active(bridge) == "Content"
    bridge.page.locator(".sn-scroll").evaluate("el => el.scrollTop = el.scrollHeight / 2")
    bridge.until(lambda: any("Content 5000" in line or "Content 4999" in line for line in bridge.lines()))


def test_python_opens_selects_and_closes(show: Show) -> None:
    bridge = show(small())
    bridge.widget.selected = f"{BIG}/c000333"
    bridge.until(lambda: active(bridge) == "Content 000333")
    assert bridge.widget.expanded == ["/Root/Content", BIG]
    bridge.widget.collapse(BIG)
    bridge.until(lambda: active(bridge) == "F000000")
    assert "  F000001" in bridge.lines()
    assert "    F000001" not in bridge.lines()
    bridge.widget.selected = None
    bridge.until(lambda: bridge.text(".sn-crumbs") == "Nothing selected")
    assert bridge.page.locator(".sn-selected").count() == 0


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
    assert bridge.line("F000000").locator(".sn-type").inner_text() == "filter: 00044"
    box.fill("nothing of this name")
    bridge.shows("Nothing here has “nothing of this name” in its name")
    box.press("Escape")
    bridge.until(lambda: bridge.widget.filters == {} and "    F000001" in bridge.lines())


def test_a_filter_that_cannot_be_asked_says_so(show: Show) -> None:
    bridge = show(small())
    bridge.widget.filters = {"/Root/Content": "a*b"}
    bridge.until(lambda: any("wildcard" in line for line in bridge.lines()))
    bridge.widget.filters = {}
    bridge.shows("F000000")


def test_an_empty_folder_says_so(show: Show) -> None:
    bridge = show(small())
    bridge.line("F000001").dblclick()
    bridge.shows("This folder is empty")


FAULTS = [
    (503, {}, "The server is not available now (503)."),
    (403, {"error": {"code": "Forbidden"}}, "You are not permitted to see what is in here."),
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
    assert active(bridge) == "F000002"


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
    assert bridge.page.locator(".sn-filter").input_value() == f"{BIG}/F000001/c000002"
    bridge.page.locator(".sn-crumbs button", has_text="F000000").click()
    bridge.until(lambda: bridge.widget.selected == BIG)
    bridge.until(lambda: active(bridge) == "F000000")


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
    source.delay = 1.0
    begin = time.perf_counter()
    bridge.deliver({"method": "custom", "content": {"ask": "rows", "view": "v", "ticket": 1, "folder": BIG}})
    assert time.perf_counter() - begin < 0.5
    assert any(thread.name == "sn_pandas-tree" for thread in threading.enumerate())
    bridge.until(lambda: not any(thread.name == "sn_pandas-tree" for thread in threading.enumerate()))
