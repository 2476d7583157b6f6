"""One content at a time: create, patch, put and call, each believed only when seen."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity, normalize
from ...odata.errors import (
    AlreadyExistsError,
    NotFoundError,
    RefusedError,
    SaveError,
    SaveWarning,
    did_you_mean,
)
from ...odata.query import Query, target
from ...odata.schema import Field
from ..reads.reading import series_of
from ..writes import looking
from ..writes.cells import Cell, Json, decoded, encode, is_missing, same_json
from ..writes.changes import Edit
from ..writes.checking import absent, problem
from ..writes.flow import Flow
from ..writes.looking import Stored
from ..writes.naming import proposed, renamed_onto
from ..writes.plan import Assignment, no_zone
from ..writes.references import lost_targets
from ..writes.report import Line, Report, report_frame
from ..writes.sending import differing, send
from ..writes.works import Create, Patch

if TYPE_CHECKING:
    from ..repository import Repository

# What cannot be edited in a frame because it is not read as it is written.
_PLAIN = {
    "Password": "a text",
    "Color": "a text such as '#112233' or 'red'",
    "Image": "the id or path of an Image",
}


def create(
    repo: Repository,
    parent: str | int,
    type_name: str,
    name: str | None,
    fields: Mapping[str, Cell],
    template: str | None,
) -> pd.Series[Any]:
    """Create a content; see ``Repository.create``."""
    kind = repo.schema[type_name]
    where = normalize(parent, repo.base)
    path = where if isinstance(where, str) else str(looking.known(repo, where)["Path"])
    body, known = _body(repo, type_name, fields)
    missing = (
        []
        if template
        else [f"{n}: {r}" for n, f in kind.fields.items() if n not in body and (r := absent(f))]
    )
    if missing:
        raise RefusedError(f"a {type_name} needs more: {'; '.join(missing)}")
    name = name or body.pop("Name", None)
    work = Create(0, path, name or "", type_name, body, known)
    if not name and not template:
        work.name = proposed(work) if body.get("DisplayName") else f"{type_name}-{secrets.token_hex(4)}"
    elif name and (reason := problem(Field("Name", "ShortText"), name)):
        raise RefusedError(f"nothing was sent: {reason}")
    work.template = template
    return _series(repo, work, send(repo.client, Flow(1), work))


def patch(repo: Repository, place: str | int, fields: Mapping[str, Cell]) -> pd.Series[Any]:
    """Set some fields of a content; see ``Repository.patch``."""
    now = looking.known(repo, normalize(place, repo.base))
    body, known = _body(repo, str(now["Type"]), fields)
    if body:
        now = looking.known(repo, now["Id"], known.values())
    _free(repo, now, body)
    work = Patch(0, now["Id"], now["Path"], {n: now.get(n) for n in body}, body, known)
    wanted = [n for n in differing(work, body, now) if n in body]
    unread = [n for n in body if known[n].type in _PLAIN]
    if not wanted and not unread:
        return series_of(repo, dict(now), _asked(now))
    work.after = {n: body[n] for n in dict.fromkeys([*wanted, *unread])}
    work.before = {n: work.before[n] for n in work.after}
    return _series(repo, work, send(repo.client, Flow(1), work))


def put(repo: Repository, place: str | int, fields: Mapping[str, Cell], *, dry_run: bool) -> pd.DataFrame:
    """Replace a content; see ``Repository.put``."""
    where = normalize(place, repo.base)
    now = looking.known(repo, where)
    kind = repo.schema[str(now["Type"])]
    body, _ = _body(repo, kind.name, fields)
    known = {n: f for n, f in kind.fields.items() if n in body or (not f.read_only and n not in _KEPT)}
    readable = [f for f in known.values() if f.type not in ("Binary", "AllRoles", "DirectRoles", "Password")]
    before = looking.known(repo, now["Id"], readable)
    _free(repo, now, body)
    if dry_run:
        after = {n: body[n] if n in body else _default(f, now, repo) for n, f in known.items()}
    else:
        repo.client.send("PUT", target(entity(now["Id"]), looking.projection(readable[:1])), body=body)
        after = dict(looking.known(repo, now["Id"], readable))
    lines = [
        (n, decoded(f, n, before.get(n)), decoded(f, n, after.get(n)))
        for n, f in known.items()
        if f in readable and not same_json(f, after.get(n), before.get(n))
    ]
    lines += [(n, "the file", "broken") for n, f in known.items() if f.type == "Binary" and n not in body]
    frame = pd.DataFrame(lines, columns=["field", "before", "after"], dtype=object)
    return frame.astype({"field": "str"})


def call(repo: Repository, place: str | int, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Call an operation of a content; see ``Repository.call``."""
    body = {name: _parameter(value) for name, value in parameters.items()}
    address = f"{entity(normalize(place, repo.base))}/{operation}?metadata=no"
    answer = repo.client.request("POST", address, body=body)
    if not answer.content:
        return None
    try:
        shown = answer.json()
    except ValueError:
        return answer.text
    inner = shown.get("d") if isinstance(shown, dict) else None
    if isinstance(inner, dict) and "results" in inner and "errors" not in inner:
        return pd.DataFrame(inner["results"])
    if isinstance(inner, dict) and "Path" in inner:
        return series_of(repo, inner, Query(inner["Path"], single=True))
    return shown


def _body(
    repo: Repository, type_name: str, fields: Mapping[str, Cell]
) -> tuple[dict[str, Json], dict[str, Field]]:
    """Give what is sent for fields of a type, or refuse all that cannot be sent at once."""
    own = repo.schema[type_name].fields
    body: dict[str, Json] = {}
    known: dict[str, Field] = {}
    wrong: list[str] = []
    assigned: list[Assignment] = []
    for name, cell in fields.items():
        field = own.get(name) or (Field(name, "Object") if name.startswith("#") else None)
        if field is None:
            wrong.append(f"{name}: a {type_name} has no such field.{did_you_mean(name, own)}")
        elif field.type in _PLAIN or field.type == "Object":
            if is_missing(cell) or not isinstance(cell, (str, int, dict, list)):
                wrong.append(f"{name}: write {_PLAIN.get(field.type, 'JSON')}")
            body[name], known[name] = cell, field
        elif reason := problem(field, cell):
            wrong.append(f"{name}: {reason}")
        else:
            body[name], known[name] = encode(field, cell), field
            assigned.append(Assignment(Edit(0, 0, name, None, cell), field))
    lost = lost_targets(assigned, repo.client, repo.schema)
    wrong += [f"{refusal.edit.column}: {refusal.reason}" for refusal in lost]
    if wrong:
        raise RefusedError("nothing was sent: " + "; ".join(wrong))
    if naive := [edit.column for edit in no_zone(assigned)]:
        said = f"{', '.join(naive)} has no time zone and is taken as UTC"
        warnings.warn(said, SaveWarning, stacklevel=4)
    return body, known


def _free(repo: Repository, now: Stored, body: Mapping[str, Json]) -> None:
    """Refuse a Name that another content has."""
    edit = Edit(0, now["Id"], "Name", now["Name"], body.get("Name", now["Name"]))
    if edit.after != edit.before:
        renamed = Assignment(edit, Field("Name", "ShortText"))
        for refusal in renamed_onto([renamed], {now["Id"]: now["Path"]}, repo.client):
            raise RefusedError(f"nothing was sent: Name: {refusal.reason}")


def _series(repo: Repository, work: Create | Patch, line: Line) -> pd.Series[Any]:
    """Give the content as it was stored, or raise what became of it."""
    report = Report(
        report_frame(pd.RangeIndex(1), [line]), what="create" if isinstance(work, Create) else "patch"
    )
    if line.outcome == "ignored" and line.stored is not None:
        silent = {n for n, f in work.fields.items() if f.type in _PLAIN}  # never read as they are written
        wrong = [n for n in line.fields if n not in silent]
        if wrong == ["Name"]:
            warnings.warn(
                f"the server named it {line.stored['Name']}, not {work.path}", SaveWarning, stacklevel=4
            )
        elif wrong:
            raise SaveError(f"the server stored something else: {line.reason}", report)
    elif line.outcome != "saved":
        if isinstance(line.error, NotFoundError):
            repo.still_ourselves()  # the Visitor is told that there is nothing
        if isinstance(line.error, AlreadyExistsError) or (line.error and line.outcome == "failed"):
            raise line.error
        raise SaveError(f"{line.outcome}: {line.reason}", report) from line.error
    stored: Stored = line.stored or {}
    return series_of(repo, dict(stored), _asked(stored))


def _asked(stored: Stored) -> Query:
    return Query(stored["Path"], select=tuple(stored), single=True)


_KEPT = frozenset("Name CreatedBy CreatedById CreationDate ModifiedBy ModifiedById ModificationDate".split())


def _default(field: Field, now: Stored, repo: Repository) -> Json:
    """Give what a PUT without the field leaves in it, as far as the schema says."""
    if field.name == "DisplayName":
        return now["Name"]
    if field.name == "Owner":
        return repo.user
    if field.default and "@@" not in field.default:
        return [field.default] if field.is_choice else field.default
    if selected := [option.value for option in field.options if option.selected]:
        return selected
    empty: dict[str, Json] = {"Integer": 0, "Number": 0.0, "Currency": 0.0, "Boolean": False}
    return empty.get(field.type, [] if field.is_choice or field.multiple else None)


def _parameter(value: Any) -> Json:
    if isinstance(value, (pd.Series, pd.Index)):
        return [_parameter(one) for one in value]
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    return value.isoformat() if hasattr(value, "isoformat") else value
