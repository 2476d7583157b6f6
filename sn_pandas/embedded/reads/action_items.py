"""Items of lists of actions, as they are answered and filtered."""

from __future__ import annotations

from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.languages import memory_filter

Json = Any


def as_contents(found: list[Json]) -> list[Content]:
    """Return items of ``/Actions`` as the contents that the server makes of them, all at one path."""
    return [Content(0, 0, item["Name"], "/Root/xxx", "Action", fields=item) for item in found]


class Reader(memory_filter.Reader):
    """Reads items of ``/Actions`` for `memory_filter`: they have the keys of an item in place of a type."""

    def field(self, content: Content, name: str) -> Json:
        """Return a key of an item."""
        if name not in content.fields:
            raise server_error("InvalidOperationException", f"Field not found. {content.path} has no {name}.")
        return content.fields[name]

    def property(self, content: Content, name: str) -> Json:
        """Return a .NET property of an item."""
        return content.fields[name] if name in content.fields else super().property(content, name)


def about(metadata: str) -> dict[str, Json]:
    """Return what an item says of itself, by the option ``metadata``."""
    if metadata == "no":
        return {}
    lists: dict[str, Json] = {"actions": [], "functions": []} if metadata == "full" else {}
    return {"__metadata": {"uri": "", "type": "Action", **lists}}
