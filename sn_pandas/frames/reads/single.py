"""Reading one content: all of it, one field, its actions, its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from ...odata.addresses import SERVICE, entity
from ...odata.errors import QueryError, ServerError, did_you_mean
from ...odata.query import Query, target
from .missing import explained
from .places import fields_at
from .planning import Plan
from .reading import series_of

if TYPE_CHECKING:
    from ..repository import Repository


def get(repo: Repository, query: Query) -> pd.Series[Any]:
    """Read one content as typed cells; without ``select``, all its fields but the references."""
    with explained(repo, query.path, query.version):
        return _read(repo, query)


def _read(repo: Repository, query: Query) -> pd.Series[Any]:
    if query.select:
        query = Plan(query, repo.schema, (), fields_at(repo, query)).query.replace(select=_asked(query))
        fetched = Plan(query, repo.schema, (), fields_at(repo, query)).query
    else:
        fetched = query.replace(expand=())
    row = repo.client.get(fetched.url(metadata="no"))["d"]
    if query.expand and not query.select:
        chosen = tuple(n for n, v in row.items() if not (isinstance(v, dict) and "__deferred" in v))
        return _read(repo, query.replace(select=tuple(dict.fromkeys([*chosen, *query.expand]))))
    return series_of(repo, row, query)


def value(repo: Repository, place: str | int, field: str) -> Any:
    """Read one field of one content as a typed cell."""
    known = repo.schema.fields.get(field)
    if known is None and not field.startswith("#") and "." not in field:
        raise QueryError(f"no content type has a field {field!r}.{did_you_mean(field, repo.schema.fields)}")
    if known is not None and known.is_reference:
        return get(repo, Query(place, select=("Path", field), single=True))[field]
    try:
        with explained(repo, place):
            answer = repo.client.get(f"{entity(place)}/{quote(field)}?metadata=no")["d"]
    except ServerError as error:
        if error.code != "UnknownAction":
            raise
        raise QueryError(f"{place} has no field {field!r}") from None
    held = answer[field]
    if known is not None and known.type == "RichText" and isinstance(held, dict):
        held = held.get("text")
    return series_of(repo, {field: held}, Query(place, select=(field,), single=True))[field]


def actions(repo: Repository, place: str | int, scenario: str | None) -> pd.DataFrame:
    """List the actions of a content, by name."""
    options = {"metadata": "no", **({"scenario": scenario} if scenario else {})}
    with explained(repo, place):
        items = repo.client.get(target(f"{entity(place)}/Actions", options))["d"]["results"]
    names = [
        "Name",
        "OpId",
        "DisplayName",
        "Scenario",
        "Forbidden",
        "IsODataAction",
        "ActionParameters",
        "Icon",
        "Url",
    ]
    frame = pd.DataFrame([{name: item.get(name) for name in names} for item in items], columns=names)
    kinds = {name: "boolean" if name in ("Forbidden", "IsODataAction") else "str" for name in names}
    kinds.pop("ActionParameters")
    return frame.astype(kinds)


def metadata(repo: Repository, place: str | int | None, format: str) -> Any:
    """Read ``$metadata``."""
    if format not in ("xml", "json"):
        raise QueryError(f"format is 'xml' or 'json', not {format!r}")
    address = f"{SERVICE if place is None else entity(place)}/$metadata"
    if place is not None:  # the server answers for a missing place with the metadata of the service
        with explained(repo, place):
            repo.client.get(target(entity(place), {"$select": "Id", "metadata": "no"}))
    return repo.client.get(f"{address}?$format=json") if format == "json" else repo.client.text(address)


def _asked(query: Query) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*query.select, *(e for e in query.expand if not _covered(e, query))]))


def _covered(chain: str, query: Query) -> bool:
    return any(s == chain or s.startswith(chain + "/") for s in query.select)
