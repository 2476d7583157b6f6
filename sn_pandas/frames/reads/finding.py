"""Find contents by name, display name, login or e-mail address."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.contentqueries import Clause, Q
from ...odata.errors import QueryError, RefusedError, unknown
from ...odata.literals import WILDCARDS, query_value
from ...odata.refs import Ref, as_ref, ref
from ...odata.schema import Field, Schema
from ...odata.signin.guard import VISITOR, VISITOR_ID
from ...odata.wording import with_article
from . import lookup, reading
from .lookup import Stored

if TYPE_CHECKING:
    from ..connection import Connection

#: The fields that say how a content is called, the most telling first.
NAMES = ("Name", "DisplayName", "FullName", "LoginName", "Email")
#: What stands between the words of a name: "Okafor, Olga".
_BETWEEN = re.compile(r"[\s,;]+")
_FIELDS = tuple(Field(name, "ShortText") for name in NAMES[1:])
#: Candidates that a message lists.
_LISTED = 5
#: Names that nobody has of which similar ones are looked for, one request each.
_SOUGHT = 5


def find(repo: Connection, text: str, type_name: str | None, below: str | int) -> pd.DataFrame:
    """Read the contents that are called so; see ``Repository.find``."""
    if not isinstance(text, str) or not text.strip(" *?"):
        raise QueryError(f"find takes a name or a part of one, not {text!r}")
    text = text.strip()
    fields = repo.schema.fields
    names = [name for name in NAMES if name in fields]
    words = [text] if WILDCARDS & set(text) else [w for w in _BETWEEN.split(text) if w] or [text]
    clause: Clause = reduce(
        and_, [reduce(or_, [_like(Q(name), word) for name in names]) for word in dict.fromkeys(words)]
    )
    if type_name is not None:
        if type_name not in repo.schema and not repo.schema.may_hide:
            raise QueryError(unknown("content type", type_name, repo.schema))
        clause = (Q("TypeIs") == type_name) & clause
    select = list(dict.fromkeys(["Name", "DisplayName", "Type", *names, "Path"]))
    found = reading.read(repo, repo.query(below, select=select, query=clause))
    ranks = [_rank(text.lower(), row) for row in found[names].itertuples(index=False)]
    order = sorted(range(len(ranks)), key=lambda at: (ranks[at], str(found["Path"].iloc[at]).lower()))
    return found.iloc[order]


def _like(field: Q, text: str) -> Clause:
    return field.matches(text) if WILDCARDS & set(text) else field.contains(text)


def _rank(text: str, names: Iterable[Any]) -> int:
    """Return how well a content is called so.

    It is 0 for exactly so, 1 for the same words in another order, 2 for a name that begins so, 3 for one that
    has the text somewhere, 4 for one that has all words of it, and 5 for words of several names.
    """
    lowered = [str(name).lower() for name in names if isinstance(name, str)]
    words = sorted(_BETWEEN.split(text))
    ranks = (
        text in lowered,
        any(sorted(_BETWEEN.split(name)) == words for name in lowered),
        any(name.startswith(text) for name in lowered),
        any(text in name for name in lowered),
        any(all(word in name for word in words) for name in lowered),
        True,
    )
    return ranks.index(True)


def read_named(repo: Connection, names: Iterable[str]) -> dict[str, list[Stored]]:
    """Read the contents with exactly one of some names, by the name in lower case."""
    wanted = list(dict.fromkeys(name.lower() for name in names if not WILDCARDS & set(name)))
    found: dict[str, dict[int, Stored]] = {name: {} for name in wanted}
    for key in NAMES:
        values = [query_value(name) for name in wanted if name[:1] + name[-1:] != "//"]
        for row in lookup.read_by_field(repo.client, key, values, _FIELDS):
            for name in NAMES:
                if isinstance(row.get(name), str) and row[name].lower() in found:
                    found[row[name].lower()][int(row["Id"])] = row
    return {name: list(rows.values()) for name, rows in found.items()}


class Resolver:
    """Resolve references by name to contents; all of them are looked up at once.

    Parameters
    ----------
    repo : Connection
        Where they are.
    refs : iterable of Ref
        The references.
    """

    def __init__(self, repo: Connection, refs: Iterable[Ref]) -> None:
        self._repo = repo
        refs = list(dict.fromkeys(refs))
        names = [name for one in refs for name in (one.name, _turn(one.name))]
        self._found = read_named(repo, names) if refs else {}
        self._similar: dict[str, list[str]] = {}

    def resolve(self, one: Ref, field: Field | None = None) -> Stored | str:
        """Return the content of a reference by name, or the reason why it is ambiguous or unknown.

        Parameters
        ----------
        field : Field, optional
            The field that it is written to, which may take contents of some types only.
        """
        schema, kind = self._repo.schema, one.type
        rows = self._found.get(one.name.lower()) or self._found.get(_turn(one.name).lower(), [])
        if kind is not None:
            rows = [row for row in rows if is_one_of(row, [kind], schema)]
        allowed = list(field.limits.get("AllowedTypes") or ()) if field is not None else []
        fitting = [row for row in rows if is_one_of(row, allowed, schema)] if allowed else rows
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            count = len(fitting)
            return f"{one.name!r} is the name of {count} contents: {_list(fitting)}. Write the path of one"
        if rows:
            first = rows[0]
            takes = f"{field.name} takes {', '.join(allowed)}" if field is not None else ""
            return f"{one.name!r} is {first['Path']}, {with_article(str(first['Type']))}, and {takes}"
        only = kind or (allowed[0] if len(allowed) == 1 else None)
        return (
            f"no {only or 'content'} has the name, display name, login or e-mail address {one.name!r}, or "
            f"you may not see it.{self._hint(one.name, only)}"
        )

    def _hint(self, name: str, kind: str | None) -> str:
        """Return the names that look most like one that nobody has."""
        if name not in self._similar:
            seen = len(self._similar) < _SOUGHT and not WILDCARDS & set(name)
            self._similar[name] = list_similar(self._repo, name, kind) if seen else []
        found = self._similar[name]
        look = f"repo.find({name!r})" if not kind else f"repo.find({name!r}, type={kind!r})"
        return f" Did you mean {' or '.join(found)}?" if found else f" Look for it: {look}"


def _turn(name: str) -> str:
    """Return "Olga Okafor" for "Okafor, Olga", and any other name as it is."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() and "," not in first else name


def list_similar(repo: Connection, name: str, kind: str | None) -> list[str]:
    """Return the contents with similar names, as messages list them."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if len(word) > 2][:3]
    rows: dict[int, Stored] = {}
    for word in words:
        start = query_value(word[: 3 if len(word) > 4 else 2])[:-1] + '*"'
        for key in ("DisplayName", "Name"):
            for row in lookup.read_by_field(repo.client, key, [start], _FIELDS):
                if kind is None or is_one_of(row, [kind], repo.schema):
                    rows[int(row["Id"])] = row
    candidates = {
        str(row[key]).lower(): row for row in rows.values() for key in NAMES if isinstance(row.get(key), str)
    }
    close = difflib.get_close_matches(name.lower(), candidates, n=_LISTED, cutoff=0.6)
    return list(dict.fromkeys(_describe(candidates[text]) for text in close))[:3]


def is_one_of(row: Stored, allowed: Iterable[str], schema: Schema) -> bool:
    """Return whether a content has one of some types, or a hidden type whose bases are not all known."""
    kind, allowed = str(row["Type"]), set(allowed)
    if kind in allowed:
        return True
    if schema.hides(kind):
        schema.learn(kind, int(row["Id"]))
    bases = list(schema.bases(kind))
    return bool(set(bases) & allowed) or not bases or any(base not in schema for base in bases)


def name_user(user: Any) -> Any:
    """Return a user so that it can be resolved: a bare login name as a reference, the Visitor as a path."""
    if isinstance(user, (list, tuple)):
        return [name_user(one) for one in user]
    if isinstance(user, (str, int)) and str(user).lower() in ("visitor", VISITOR.lower(), str(VISITOR_ID)):
        return VISITOR
    is_name = isinstance(user, str) and "/" not in user and as_ref(user) is None
    return ref(user, type="User") if is_name else user


def resolve_places(repo: Connection, places: Any) -> Any:
    """Return places in which references by name are replaced by paths.

    Raises
    ------
    RefusedError
        If one stands for no content, or for several.
    """
    several = isinstance(places, (list, tuple))
    given = list(places) if several else [places]
    refs = {at: one for at, place in enumerate(given) if (one := as_ref(place)) is not None}
    if not refs:
        return places
    resolver = Resolver(repo, refs.values())
    for at, one in refs.items():
        found = resolver.resolve(one)
        if isinstance(found, str):
            raise RefusedError(f"nothing was sent: {found}")
        given[at] = str(found["Path"])
    return given if several else given[0]


def resolve_id(repo: Connection, one: Ref) -> int:
    """Return the id for a reference by name.

    Raises
    ------
    QueryError
        If it stands for none, or for several.
    """
    found = Resolver(repo, [one]).resolve(one)
    if isinstance(found, str):
        raise QueryError(found)
    return int(found["Id"])


def _list(rows: Iterable[Stored]) -> str:
    shown = [_describe(row) for row in sorted(rows, key=lambda row: str(row["Path"]).lower())]
    return ", ".join(shown[:_LISTED]) + (", …" if len(shown) > _LISTED else "")


def _describe(row: Mapping[str, Any]) -> str:
    name = row.get("DisplayName") or row.get("FullName") or row["Name"]
    return f"{row['Path']} ({name}, {row['Type']})"
