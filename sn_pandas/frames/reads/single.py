"""Reading one content: all of it, one field, its actions, its metadata."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from ...odata import shapes
from ...odata.addresses import SERVICE, entity
from ...odata.errors import IncompleteWarning, QueryError, ServerError
from ...odata.fields import of_some_contents
from ...odata.query import Query
from ...odata.query_text import target
from ...odata.schema import PSEUDO_FIELDS, Field
from ...odata.warning import warn_user
from .not_found import explain_missing
from .planning import Plan
from .reading import build_series, describe_unknown_field
from .types_at import find_types_of_row, read_fields

if TYPE_CHECKING:
    from ..connection import Connection


def get(repo: Connection, query: Query) -> pd.Series[Any]:
    """Read one content as typed cells; without ``select``, all its fields but the references."""
    with explain_missing(repo, query.path, query.version):
        return _read(repo, query)


def _read(repo: Connection, query: Query) -> pd.Series[Any]:
    own: dict[str, Field] = {}
    if query.select:
        _refuse_unknown(repo, query.path, query.select)
        own = read_fields(repo, query)
        query = Plan(query, repo.schema, (), own).query.replace(select=_list_asked(query))
        fetched = Plan(query, repo.schema, (), own).query
        fetched = fetched.replace(select=tuple(dict.fromkeys([*fetched.select, "Id", "Type"])))
    else:
        fetched = query.replace(expand=())
    row = repo.client.get(fetched.url(metadata="no"), shapes.content())
    if query.expand and not query.select:
        find_types_of_row(repo, row)
        chosen = tuple(n for n, v in row.items() if not (isinstance(v, dict) and "__deferred" in v))
        return _read(repo, query.replace(select=tuple(dict.fromkeys([*chosen, *query.expand]))))
    for name in dict.fromkeys(chain.partition("/")[0] for chain in query.select):
        if of_some_contents(name) and name not in own and row.get(name) is None:
            warn_user(describe_unknown_field(name), IncompleteWarning)
    return build_series(repo, row, query)


def _refuse_unknown(repo: Connection, place: str | int, names: Iterable[str]) -> None:
    """Raise for a field that the content at a place does not have, if no layer of the schema knows it.

    Raises
    ------
    QueryError
        With the name that may have been meant.
    """
    schema = repo.schema
    unknown = [name for name in dict.fromkeys(n.partition("/")[0] for n in names) if _is_unknown(repo, name)]
    if not unknown or not schema.may_hide:
        return
    kind = schema.learn_at(place)
    for name in unknown:
        if _is_unknown(repo, name) and kind is not None:
            raise QueryError.unknown_field(name, {**schema.fields, **kind.fields})


def _is_unknown(repo: Connection, name: str) -> bool:
    return name not in repo.schema.fields and name not in PSEUDO_FIELDS and not of_some_contents(name)


def read_value(repo: Connection, place: str | int, field: str) -> Any:
    """Read one field of one content as a typed cell."""
    with explain_missing(repo, place):
        _refuse_unknown(repo, place, [field])
    definition = _find_definition(repo, place, field)
    if definition is None and not field.startswith("#") and "." not in field and not repo.schema.may_hide:
        raise QueryError.unknown_field(field, repo.schema.fields)
    if definition is not None and (definition.is_reference or definition.is_choice):
        cells = get(repo, Query(place, select=("Path", "Type", field), single=True))
        of_type = not field.startswith("#")
        if of_type and cells["Type"] in repo.schema and field not in repo.schema[cells["Type"]].fields:
            raise QueryError(f"{place} has no field {field!r}")
        return cells[field]
    try:
        with explain_missing(repo, place):
            answer = repo.client.get(
                f"{entity(place)}/{quote(field)}?metadata=no", shapes.content(field, null=True)
            )
    except ServerError as error:
        if error.code != "UnknownAction":
            raise
        raise QueryError(f"{place} has no field {field!r}") from None
    held = answer[field]
    if definition is not None and definition.type == "RichText" and isinstance(held, dict):
        held = held.get("text")
    return build_series(repo, {field: held}, Query(place, select=(field,), single=True))[field]


def _find_definition(repo: Connection, place: str | int, name: str) -> Field | None:
    if not name.startswith("#"):
        return repo.schema.fields.get(name)
    return read_fields(repo, Query(place, select=(name,), single=True)).get(name)


def list_actions(repo: Connection, place: str | int, scenario: str | None) -> pd.DataFrame:
    """List the actions of a content, by name."""
    options = {"metadata": "no", **({"scenario": scenario} if scenario else {})}
    with explain_missing(repo, place):
        items = repo.client.get(target(f"{entity(place)}/Actions", options), shapes.actions)
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


def read_metadata(repo: Connection, place: str | int | None, format: str) -> Any:
    """Read ``$metadata``."""
    if format not in ("xml", "json"):
        raise QueryError(f"format is 'xml' or 'json', not {format!r}")
    address = f"{SERVICE if place is None else entity(place)}/$metadata"
    if place is not None:  # the server answers for a missing place with the metadata of the service
        with explain_missing(repo, place):
            repo.client.get(target(entity(place), {"$select": "Id", "metadata": "no"}), shapes.content("Id"))
    if format == "json":
        shown: Any = repo.client.get(f"{address}?$format=json", shapes.document)
    else:
        shown = repo.client.get(address, shapes.xml)
    repo.verify_identity()  # the Visitor is shown other types, without an error
    return shown


def _list_asked(query: Query) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*query.select, *(e for e in query.expand if not _is_covered(e, query))]))


def _is_covered(chain: str, query: Query) -> bool:
    return any(s == chain or s.startswith(chain + "/") for s in query.select)
