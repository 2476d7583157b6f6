"""One content at a time: create, patch, put and call, each believed only when seen."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import secrets
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import entity, normalize
from ...odata.errors import (
    AlreadyExistsError,
    AuthenticationError,
    NotFoundError,
    OutOfDateError,
    RefusedError,
    SaveError,
    SaveWarning,
    SensenetError,
    ServerError,
    did_you_mean,
)
from ...odata.query import Query, target
from ...odata.schema import Field
from ..reads.reading import series_of
from ..writes import authorship, looking
from ..writes.cells import Cell, Json, decoded, encode, is_missing, same_json, without_passwords
from ..writes.changes import Edit
from ..writes.checking import absent, problem
from ..writes.flow import Flow
from ..writes.journal import Journal
from ..writes.looking import Stored
from ..writes.naming import as_stored, give_names, renamed_onto
from ..writes.plan import Assignment, no_zone
from ..writes.references import lost_targets
from ..writes.report import Line, Outcome, Report, report_frame
from ..writes.sending import differing, send
from ..writes.settling import TRIES, certain
from ..writes.works import Create, Patch
from .places import path_at, there

if TYPE_CHECKING:
    from ..repository import Repository

# What cannot be edited in a frame because it is not read as it is written.
_PLAIN = {
    "Password": "a text",
    "Color": "a text such as '#112233' or 'red'",
    "Image": "the id or path of an Image",
}
# What changes with every save of a content.
_STAMPS = tuple(Field(name, "ShortText") for name in ("ModificationDate", "VersionId", "Version"))


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
    path = where if isinstance(where, str) else path_at(repo, where)
    body, known = _body(repo, type_name, fields)
    missing = (
        []
        if template
        else [f"{n}: {r}" for n, f in kind.fields.items() if n not in body and (r := absent(f))]
    )
    if missing:
        raise RefusedError(f"a {type_name} needs more: {'; '.join(missing)}")
    name = name or body.pop("Name", None)
    work = Create(0, path, name or "", type_name, body, known, template=template)
    if name:
        if reason := problem(Field("Name", "ShortText"), name):
            raise RefusedError(f"nothing was sent: {reason}")
        _free_for(repo, work)
    elif body.get("DisplayName") or template:
        give_names([work], repo.client)
    else:
        work.name = f"{type_name}-{secrets.token_hex(4)}"
    return _series(repo, work, *_sent(repo, work, "create"))


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
    return _series(repo, work, *_sent(repo, work, "patch"))


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
        after = _replaced(repo, Patch(0, now["Id"], now["Path"], {}, body, known), readable)
    lines = [
        (n, decoded(f, n, before.get(n)), decoded(f, n, after.get(n)))
        for n, f in known.items()
        if f in readable and not same_json(f, after.get(n), before.get(n))
    ]
    lines += [(n, "the file", "broken") for n, f in known.items() if f.type == "Binary" and n not in body]
    frame = pd.DataFrame(lines, columns=["field", "before", "after"], dtype=object)
    return frame.astype({"field": "str"})


def _replaced(repo: Repository, work: Patch, fields: Sequence[Field]) -> dict[str, Json]:
    """Send a PUT until it is seen what became of it, and give what the content holds then."""
    client = repo.client
    address = target(entity(work.id), looking.projection(fields[:1]))
    stamps = looking.one(client, work.id, _STAMPS)
    for _ in range(TRIES):
        try:
            client.send("PUT", address, body=work.after)
            trouble: SensenetError | None = None
        except SensenetError as error:
            error.args = (without_passwords(work.fields, work.after, str(error)), *error.args[1:])
            if isinstance(error, ServerError):
                error.reason = without_passwords(work.fields, work.after, error.reason)
            if certain(error) and not isinstance(error, OutOfDateError):
                raise
            trouble = error
        try:
            now = looking.one(client, work.id, [*fields, *_STAMPS])
        except SensenetError as error:
            said = f"unknown: {trouble or 'the PUT was answered'}; and it could not be read again: {error}"
            raise SaveError(said, _report(work, Line("unknown", said, ()), "put")) from error
        touched = any(now.get(f.name) != stamps.get(f.name) for f in _STAMPS)
        wrong = [n for n in differing(work, work.after, now) if work.fields[n] in fields]
        wrong = [n for n in wrong if work.fields[n].type not in _PLAIN]
        if not wrong and (touched or trouble is None):
            return dict(now)
        if wrong and (touched or trouble is None):
            outcome: Outcome = "ignored" if trouble is None else "conflict"
            said = f"{', '.join(wrong)} shows something else than was sent"
            said += f"; {trouble}, and somebody may have changed it meanwhile" if trouble else ""
            raise SaveError(f"{outcome}: {said}", _report(work, Line(outcome, said, tuple(wrong)), "put"))
    said = f"after {TRIES} tries: {trouble}"
    raise SaveError(f"unknown: {said}", _report(work, Line("unknown", said), "put")) from trouble


def call(repo: Repository, place: str | int, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Call an operation of a content; see ``Repository.call``."""
    body = {name: _parameter(value) for name, value in parameters.items()}
    where = normalize(place, repo.base)
    with there(repo, where):
        answer = repo.client.request("POST", f"{entity(where)}/{operation}?metadata=no", body=body)
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


def _free_for(repo: Repository, work: Create) -> None:
    """Raise if there is a content of this name already: what is there cannot be taken for ours then."""
    try:
        found = looking.one(repo.client, f"{work.parent}/{as_stored(work.name)}")
    except NotFoundError:
        return
    raise AlreadyExistsError(
        f"nothing was sent: there is a {found['Path']} already, a {found['Type']}; choose another name"
    )


def _sent(repo: Repository, work: Create | Patch, what: str) -> tuple[Line, Path | None]:
    """Send one work, its intent on disk before and its outcome after; give that and the journal."""
    kept = _kept(work)
    if isinstance(kept, Patch) and not kept.after:
        return send(repo.client, Flow(1), work, repo.still_ourselves), None
    log = Journal.begin(None, [kept], what=what, origin=repo.url, user=repo.user)
    try:
        began = dt.datetime.now(dt.UTC)
        line = send(repo.client, Flow(1), work, repo.still_ourselves)
        if line.error and line.stored and isinstance(work, Create):
            line = _ours(repo, work, line, began)
        with contextlib.suppress(OSError):  # resume looks at what has no outcome
            log.done(0, dataclasses.replace(line, stored=None, error=None))
    except BaseException as error:
        error.add_note(f"whether it was done is open: sn_pandas.resume({str(log.path)!r})")
        raise
    finally:
        log.close()
    return line, log.path


def _kept(work: Create | Patch) -> Create | Patch:
    """Give what the journal keeps: no password, and only what is read as it is written."""
    names = [n for n, f in work.fields.items() if f.type not in _PLAIN and n in work.after]
    after, fields = {n: work.after[n] for n in names}, {n: work.fields[n] for n in names}
    if isinstance(work, Create):
        return dataclasses.replace(work, after=after, fields=fields)
    return dataclasses.replace(work, after=after, fields=fields, before={n: work.before[n] for n in names})


def _ours(repo: Repository, work: Create, line: Line, began: dt.datetime) -> Line:
    """Doubt a content that was found after the answer was lost, if somebody else made it."""
    try:
        found = authorship.there(repo.client, [work]).get(work.path.lower())
    except SensenetError as error:
        said = f"{line.error}; and it could not be read who made it: {error}"
        return dataclasses.replace(line, outcome="unknown", reason=said)
    if found is not None and authorship.is_ours(work, found, repo.user, began):
        return line
    said = f"{line.error}; a content of this name is there, which somebody else made meanwhile"
    return dataclasses.replace(line, outcome="conflict", reason=said)


def _free(repo: Repository, now: Stored, body: Mapping[str, Json]) -> None:
    """Refuse a Name that another content has."""
    edit = Edit(0, now["Id"], "Name", now["Name"], body.get("Name", now["Name"]))
    if edit.after != edit.before:
        renamed = Assignment(edit, Field("Name", "ShortText"))
        for refusal in renamed_onto([renamed], {now["Id"]: now["Path"]}, repo.client):
            raise RefusedError(f"nothing was sent: Name: {refusal.reason}")


def _report(work: Create | Patch, line: Line, what: str, journal: Path | None = None) -> Report:
    placed = line if line.id > 0 or line.path else dataclasses.replace(line, id=work.id, path=work.path)
    return Report(report_frame(pd.RangeIndex(1), [placed]), what=what, journal=journal)


def _series(repo: Repository, work: Create | Patch, line: Line, journal: Path | None) -> pd.Series[Any]:
    """Give the content as it was stored, or raise what became of it."""
    report = _report(work, line, "create" if isinstance(work, Create) else "patch", journal)
    report.repo = repo
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
        if isinstance(line.error, NotFoundError) and isinstance(work, Create):
            looking.explain(repo.client, work.parent, line.error)
        known = isinstance(line.error, (AlreadyExistsError, AuthenticationError))
        if line.error and (known or line.outcome == "failed"):
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
