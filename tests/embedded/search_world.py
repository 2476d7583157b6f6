"""A small tree for the tests of search: tasks with all kinds of fields, and what is beside them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.index import search
from sn_pandas.embedded.index.predicates import Predicate, all_of
from sn_pandas.embedded.languages import cql_parser, filters
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.storage.store import Store

TYPES = Types.built_in()

GADGET = {
    "Name": "Gadget",
    "Parent": "GenericContent",
    "Fields": [
        {"Name": "Weight", "Kind": "Number"},
        {"Name": "Stock", "Kind": "Integer"},
        {"Name": "InUse", "Kind": "Boolean"},
        {"Name": "Notes", "Kind": "LongText"},
        {"Name": "Story", "Kind": "RichText"},
        {"Name": "Essay", "Kind": "LongText", "Analyzer": "Standard"},
        {"Name": "Marks", "Kind": "ShortText", "IndexHandler": "Tag"},
        {"Name": "Secret", "Kind": "ShortText", "Index": "No"},
        {"Name": "CheckedAt", "Kind": "DateTime", "Precision": "Second"},
        {
            "Name": "Labels",
            "Kind": "Choice",
            "AllowMultiple": True,
            "AllowExtraValue": True,
            "Options": [{"Value": "r", "Text": "Red"}, {"Value": "b", "Text": "Deep Blue"}],
        },
        {"Name": "Keeper", "Kind": "Reference"},
        {"Name": "Parts", "Kind": "Reference", "AllowMultiple": True},
        {"Name": "Homepage", "Kind": "HyperLink"},
        {"Name": "Manual", "Kind": "Binary"},
    ],
}


def refusal(action: Callable[[], object]) -> ODataError | None:
    """Return the error that an action ends in, None if it succeeds; any other exception goes on."""
    try:
        action()
    except ODataError as error:
        return error
    return None


class World:
    """A store with a few contents, and short ways to search it. Answers are names in order."""

    def __init__(self) -> None:
        self.store = Store()
        self.store.put_types([GADGET])
        self._clock = itertools.count(1)
        root = self.add(None, "Root", "PortalRoot")
        self.place = self.add(root, "Content", "Folder")
        self.tasks = self.add(self.place, "Tasks", "TaskList")

    @property
    def types(self) -> Types:
        return self.store.types

    def add(self, parent: Content | None, name: str, type_name: str, **fields: Any) -> Content:
        path = f"{parent.path if parent else ''}/{name}"
        now = f"2026-01-20T17:{next(self._clock):02}:30.5Z"
        index = fields.pop("Index", 0)
        content = Content(0, parent.id if parent else 0, name, path, type_name, fields=fields)
        content.index, content.created, content.modified = index, now, now
        return self.store.insert(content)

    def task(self, name: str, **fields: Any) -> Content:
        return self.add(self.tasks, name, "Task", **fields)

    def gadget(self, name: str, **fields: Any) -> Content:
        return self.add(self.place, name, "Gadget", **fields)

    def filtered(self, text: str, **options: Any) -> list[str]:
        predicate = filters.parse(text, self.types).predicate()
        assert predicate is not None, "the filter says nothing"
        return self.found(predicate, **options)

    def queried(self, text: str, **options: Any) -> list[str]:
        predicate, _ = cql_parser.parse(text, self.types)
        assert predicate is not None
        return self.found(predicate, **options)

    def found(self, *predicates: Predicate, **options: Any) -> list[str]:
        options.setdefault("sort", [("Name", False)])
        with self.store.reading() as db:
            hits = search.find(db, all_of(*predicates), self.types, **options)
        return [content.name for content in self.store.load_many(hits.ids)]
