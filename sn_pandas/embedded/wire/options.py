"""Query options: the part of the address after the question mark, parsed for every request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl

from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.languages import filters
from sn_pandas.embedded.schema.types import Types

FORMATS = ("json", "verbosejson", "export", "table", "xml", "typescript")
INT32 = range(-(2**31), 2**31)


OPTIONS = {
    "$top": ("top", "2", ""),
    "$skip": ("skip", "2", ""),
    "$orderby": ("order", "Name desc", ""),
    "$inlinecount": ("total", "allpages", ""),
    "$select": ("select", "Name", ""),
    "$expand": ("expand", "CreatedBy/Manager", ""),
    "$filter": ("filter", "Index gt 5", "means what the production search engine finds"),
    "$format": ("format", "table", "table is a plain page"),
    "metadata": ("metadata", "no", ""),
    "query": ("query", "Index:>5", "means what the production search engine finds"),
    "enableautofilters": ("autofilters", "false", ""),
    "enablelifespanfilter": ("lifespan", "true", ""),
    "version": ("version", "V1.0.A", ""),
    "scenario": ("scenario", "ListItem", "lists the operations that are here"),
    "multistepsave": ("multistep", "true", ""),
    "permanent": ("permanent", "true", ""),
    "richtexteditor": ("rich_text", "Notes", ""),
}
"""Option -> the field of `Options` that it fills, an example, and what of it differs from the real server."""


@dataclass(slots=True)
class Options:
    """The options of one request.

    Parameters
    ----------
    parameters
        All of them as they were sent, in order, names as written, repeated ones joined by a comma.
    pairs
        The same, repeated ones apart.
    top, skip
        0 = no limit, nothing skipped.
    order
        Fields to sort by; True = descending.
    total
        Whether ``__count`` shall be the total (``$inlinecount=allpages``).
    select, expand
        Chains of names (``Manager/Name`` is ``("Manager", "Name")``); an empty ``select`` means all fields.
    metadata
        ``full``, ``minimal`` or ``no``.
    autofilters, lifespan
        None = not said.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    top: int = 0
    skip: int = 0
    order: list[tuple[str, bool]] = field(default_factory=list)
    total: bool = False
    select: list[tuple[str, ...]] = field(default_factory=list)
    expand: list[tuple[str, ...]] = field(default_factory=list)
    filter: filters.Filter | None = None
    format: str | None = None
    metadata: str = "full"
    query: str | None = None
    autofilters: bool | None = None
    lifespan: bool | None = None
    version: str | None = None
    scenario: str | None = None
    multistep: bool = False
    permanent: bool = False
    rich_text: frozenset[str] = frozenset()
    all_rich_text: bool = False
    host: str = ""
    """The host that the request was sent to."""


def parameters(query_string: str) -> dict[str, str]:
    """Return the parameters of a query string; names as first written, values of repeated ones joined."""
    found: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, value in pairs(query_string):
        key = names.setdefault(name.lower(), name)
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def pairs(query_string: str) -> list[tuple[str, str]]:
    """Return the names and values of a query string in order."""
    return list(_pairs(query_string))


@lru_cache(maxsize=64)  # a request asks several times
def _pairs(query_string: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query_string, keep_blank_values=True, errors="replace", max_num_fields=None))


def parse(query_string: str, types: Types) -> Options:
    """Read a query string.

    Raises
    ------
    ODataError
        For the first value that is not understood.
    """
    given = parameters(query_string)
    by_name = {name.lower(): value for name, value in given.items()}
    options = Options(parameters=given, pairs=pairs(query_string))
    options.format = _format(by_name.get("$format"))
    options.top = _number(by_name.get("$top"), "Top")
    options.skip = _number(by_name.get("$skip"), "Skip")
    options.order = _order(by_name.get("$orderby"))
    options.total = _inline_count(by_name.get("$inlinecount"))
    options.select = _select(by_name.get("$select", ""))
    options.expand = _chains(by_name.get("$expand", ""))
    options.metadata = m if (m := by_name.get("metadata")) in ("no", "minimal") else "full"
    options.query = by_name.get("query") or None
    options.autofilters = _switch(by_name.get("enableautofilters"))
    options.lifespan = _switch(by_name.get("enablelifespanfilter"))
    options.version = by_name.get("version")
    options.scenario = by_name.get("scenario")
    options.multistep = by_name.get("multistepsave", "").lower() == "true"
    options.permanent = by_name.get("permanent", "").lower() == "true"
    rich = ["/".join(chain) for chain in _chains(by_name.get("richtexteditor", ""))]
    options.all_rich_text = any(name.lower() in ("all", "*") for name in rich)
    options.rich_text = frozenset(name for name in rich if name)
    if "$filter" in by_name:
        options.filter = filters.parse(by_name["$filter"], types)
    return options


def _format(text: str | None) -> str | None:
    if not text:
        return None
    if text.lower() not in FORMATS:
        raise ODataError("InvalidFormatParameter", "ODataException", f"There is no format {text}.")
    return text.lower()


def _number(text: str | None, option: str) -> int:
    if text is None:
        return 0
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,1000}\s*", text, re.ASCII) or int(text) not in INT32:
        raise ODataError(
            f"Invalid{option}Parameter", "ODataException", f"${option.lower()} must be a number."
        )
    if int(text) < 0:
        raise ODataError(f"Negative{option}Parameter", "ODataException", f"${option.lower()} is negative.")
    return int(text)


def _order(text: str | None) -> list[tuple[str, bool]]:
    order: list[tuple[str, bool]] = []
    for item in (text or "").split(","):
        if item == "":
            continue
        words = [word for word in item.split(" ") if word]
        if not words:
            raise ODataError("RequestError", "IndexOutOfRangeException", "An item of $orderby is blank.")
        if len(words) > 2:
            raise ODataError(
                "InvalidOrderByParameter", "ODataException", f"Too many words in $orderby: {item}"
            )
        if len(words) == 2 and words[1] not in ("asc", "desc"):
            raise ODataError(
                "InvalidOrderByDirectionParameter", "ODataException", f"No direction in $orderby: {item}"
            )
        order.append((words[0].strip(), words[-1] == "desc" and len(words) == 2))
    return order


def _inline_count(text: str | None) -> bool:
    if text is None:
        return False
    values = {"none": 0, "allpages": 1}
    total = 0
    for word in text.lower().split(","):
        word = word.strip()
        if word in values:
            total |= values[word]
        elif word in ("0", "1", "+0", "+1", "-0") and "," not in text:
            total |= abs(int(word))
        else:
            raise ODataError("InvalidInlineCountParameter", "ODataException", f"No such $inlinecount: {text}")
    return bool(total)


def _select(text: str) -> list[tuple[str, ...]]:
    chains = _chains(text)
    return [] if chains == [("*",)] else chains


def _chains(text: str) -> list[tuple[str, ...]]:
    return [tuple(step.strip() for step in item.split("/")) for item in text.split(",") if item]


def _switch(text: str | None) -> bool | None:
    return text == "true" if text else None
