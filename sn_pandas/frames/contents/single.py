"""Create, patch, put and call single contents; each result is verified."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata import shapes
from ...odata.added_fields import list_fields
from ...odata.addresses import entity, normalize
from ...odata.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    SaveError,
    SaveWarning,
    SensenetError,
    ServerError,
    did_you_mean,
)
from ...odata.query import Query
from ...odata.query_text import target
from ...odata.schema import ContentType, Field
from ...odata.warning import warn_user
from ...odata.wording import with_article
from ..columns.cells import Cell, Json, are_same_json, decode_cell, encode, is_missing, remove_passwords
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from ..reads.reading import build_series
from ..tracking.edits import Edit
from ..writes import calling
from ..writes.checking import explain_absent, find_problem
from ..writes.comparing import encode_exact
from ..writes.differing import COLOR, list_differing, list_unverified
from ..writes.flow import Flow
from ..writes.hidden import explain_hidden_types, explain_how_to_show, find_type
from ..writes.named_references import resolve_cell
from ..writes.naming import explain_alteration, find_renames_onto_others, give_names
from ..writes.plan import Assignment, find_edits_without_zone
from ..writes.references import find_lost_targets
from ..writes.report import Line, Outcome, Report, report_frame
from ..writes.running import execute_plan
from ..writes.sending import send
from ..writes.settling import Attempts, classify_unexecuted, collides
from ..writes.works import Create, Patch, restrict_to_journal
from .targets import read_path

if TYPE_CHECKING:
    from ..connection import Connection

# What the server says to everybody else who replaces a content: it would reset when the version was made.
_FOR_OPERATORS = "Cannot write the VersionCreationDate property"


def create(
    repo: Connection,
    parent: str | int,
    type_name: str,
    name: str | None,
    fields: Mapping[str, Cell],
    template: str | None,
) -> pd.Series[Any]:
    """Create a content; see ``Repository.create``."""
    where = normalize(parent, repo.base)
    path = where if isinstance(where, str) else read_path(repo, where)
    if reason := explain_hidden_types(repo, path, [type_name]).get(type_name):
        raise RefusedError(f"nothing was sent: {reason}")
    if template is not None:
        _refuse_unknown_template(repo, type_name, template)
    kind = repo.schema[type_name]
    body, own = _build_body(repo, kind, fields, path)
    missing = (
        []
        if template
        else [f"{n}: {r}" for n, f in kind.fields.items() if n not in body and (r := explain_absent(f))]
    )
    if missing:
        raise RefusedError(f"{with_article(type_name)} is incomplete: {'; '.join(missing)}")
    name = name or body.pop("Name", None)
    work = Create(0, path, name or "", type_name, body, own, template=template)
    if name:
        if reason := find_problem(Field("Name", "ShortText"), name):
            raise RefusedError(f"nothing was sent: {reason}")
        _free_for(repo, work)
    elif body.get("DisplayName") or template:
        give_names([work], repo.client)
    else:
        work.name = f"{type_name}-{secrets.token_hex(4)}"
    return _read_series(repo, work, *_send_operation(repo, work, "create"))


def patch(repo: Connection, place: str | int, fields: Mapping[str, Cell]) -> pd.Series[Any]:
    """Set some fields of a content; see ``Repository.patch``."""
    now = not_found.read_existing(repo, normalize(place, repo.base))
    body, own = _build_body(repo, _find_type(repo, now), fields, now["Path"])
    if body:
        now = not_found.read_existing(repo, now["Id"], own.values())
    _free(repo, now, body)
    before = {n: encode_exact(own[n], now.get(n)) if not own[n].kind.patch else None for n in body}
    work = Patch(0, now["Id"], now["Path"], before, body, own)
    wanted = [n for n in list_differing(work, body, now) if n in body]
    unread = [n for n in body if own[n].kind.patch]
    if not wanted and not unread:
        return build_series(repo, dict(now), _build_query(now))
    work.after = {n: body[n] for n in dict.fromkeys([*wanted, *unread])}
    work.before = {n: work.before[n] for n in work.after}
    return _read_series(repo, work, *_send_operation(repo, work, "patch"))


def put(repo: Connection, place: str | int, fields: Mapping[str, Cell], *, dry_run: bool) -> pd.DataFrame:
    """Replace a content; see ``Repository.put``."""
    if not dry_run:
        repo.client.reject_write("put")
    where = normalize(place, repo.base)
    now = not_found.read_existing(repo, where)
    kind = _find_type(repo, now)
    body, written = _build_body(repo, kind, fields, now["Path"])
    own = {**kind.fields, **list_fields(repo.client, now["Id"])}
    sent = {n: f for n, f in own.items() if not f.read_only and n not in _KEPT} | written
    # in one order for everybody, whoever taught the type
    sent = {n: sent[n] for n in [*written, *sorted(sent.keys() - written.keys())]}
    readable = [f for f in sent.values() if f.type not in ("Binary", "AllRoles", "DirectRoles", "Password")]
    before = not_found.read_existing(repo, now["Id"], readable)
    _free(repo, now, body)
    if dry_run:
        after = {n: body[n] if n in body else _default(f, now, repo) for n, f in sent.items()}
    else:
        after = _send_replacement(repo, Patch(0, now["Id"], now["Path"], {}, body, sent), readable)
    lines = [
        (n, decode_cell(f, n, before.get(n)), decode_cell(f, n, after.get(n)))
        for n, f in sent.items()
        if f in readable and not are_same_json(f, after.get(n), before.get(n))
    ]
    lines += [(n, "the file", "broken") for n, f in sent.items() if f.type == "Binary" and n not in body]
    frame = pd.DataFrame(lines, columns=["field", "before", "after"], dtype=object)
    return frame.astype({"field": "str"})


def _send_replacement(repo: Connection, work: Patch, fields: Sequence[Field]) -> dict[str, Json]:
    """Send a PUT until its outcome is known, and return the content as stored."""
    client = repo.client
    address = target(entity(work.id), lookup.build_projection(fields[:1]))
    stamps = lookup.read_one(client, work.id, lookup.STAMPS)
    attempts = Attempts(client.retries.deadline)
    again = True
    while again:
        try:
            client.send("PUT", address, body=work.after)
            trouble: SensenetError | None = None
        except SensenetError as error:
            error.args = (remove_passwords(work.fields, work.after, str(error)), *error.args[1:])
            if isinstance(error, ServerError):
                error.reason = remove_passwords(work.fields, work.after, error.reason)
                if _FOR_OPERATORS in error.reason:
                    raise _create_operators_error(repo, work, error) from error
            if classify_unexecuted(error) and not collides(error):
                raise
            trouble = error
            again = attempts.again(error)
            if collides(error) and again:
                continue
        try:
            now = lookup.read_one(client, work.id, [*fields, *lookup.STAMPS])
        except SensenetError as error:
            said = f"unknown: {trouble or 'the PUT was answered'}; and it could not be read again: {error}"
            raise SaveError(said, _report(work, Line("unknown", said, ()), "put")) from error
        touched = any(now.get(f.name) != stamps.get(f.name) for f in lookup.STAMPS)
        wrong = [n for n in list_differing(work, work.after, now) if work.fields[n] in fields]
        wrong = [n for n in wrong if not work.fields[n].kind.unread]
        if not wrong and (touched or trouble is None):
            return dict(now)
        if wrong and (touched or trouble is None):
            outcome: Outcome = "ignored" if trouble is None else "conflict"
            said = f"{', '.join(wrong)} differs from what was sent"
            said += f"; {trouble}, and somebody may have changed it meanwhile" if trouble else ""
            raise SaveError(f"{outcome}: {said}", _report(work, Line(outcome, said, tuple(wrong)), "put"))
    said = f"after {attempts.lost} tries: {trouble}"
    raise SaveError(f"unknown: {said}", _report(work, Line("unknown", said), "put")) from trouble


def _create_operators_error(repo: Connection, work: Patch, error: ServerError) -> ForbiddenError:
    """Return the error of a PUT that only operators may send."""
    return ForbiddenError(
        f"{work.path} was not replaced: only operators of the repository may do that, and {repo.user} is not "
        f"one of them (the server says: {error.reason}). To set some fields, and leave the others as they "
        f"are: repo.patch({work.path!r}, {{…}})",
        status=error.status,
        code=error.code,
        exceptiontype=error.exceptiontype,
        reason=error.reason,
    )


def call(repo: Connection, place: str | int, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Call an operation of a content; see ``Repository.call``."""
    body = calling.encode_parameters(operation, parameters)
    where = normalize(place, repo.base)
    with not_found.explain_missing(repo, where):
        done = calling.call(repo, where, operation, body)
        if done.error is not None:
            done.error.args = (done.reason, *done.error.args[1:])
            raise done.error
        shown = done.answer
        if done.stored is not None:  # the answer was lost, and would have been the content
            address = f"{entity(where)}?metadata=no"
            try:
                shown = repo.client.get(address, shapes.read_returned(operation), fresh=True)
            except SensenetError as error:
                error.args = (f"{operation} was done, but its answer was lost: {error}", *error.args[1:])
                raise
    inner = shown.get("d") if isinstance(shown, dict) else None
    if isinstance(inner, dict) and "results" in inner and "errors" not in inner:
        return pd.DataFrame(inner["results"])
    if isinstance(inner, dict) and "Path" in inner:
        return build_series(repo, inner, Query(inner["Path"], single=True))
    return shown


def _find_type(repo: Connection, now: Stored) -> ContentType:
    """Return the content type of a content whose type the caller may not see.

    Raises
    ------
    RefusedError
        If nothing is known of it.
    """
    kind = find_type(repo, now)
    if kind is None:
        raise RefusedError(
            f"nothing was sent: you may not see the content type {now['Type']}, and the server does not "
            f"describe it by {now['Path']}, so its fields are not known."
            f"{explain_how_to_show(repo, str(now['Type']))}"
        )
    return kind


def _build_body(
    repo: Connection, kind: ContentType, fields: Mapping[str, Cell], place: str | int
) -> tuple[dict[str, Json], dict[str, Field]]:
    """Return the JSON for fields of a type, or reject all invalid ones at once.

    Fields of a list are those of the list that the ``place`` is, or is in.
    """
    type_name = kind.name
    of_list = list_fields(repo.client, place) if any(name.startswith("#") for name in fields) else {}
    own = {**kind.fields, **of_list}
    body: dict[str, Json] = {}
    written: dict[str, Field] = {}
    wrong: list[str] = []
    assigned: list[Assignment] = []
    for name, given in fields.items():
        field = own.get(name)
        cell = given if field is None else resolve_cell(repo, field, given)
        if field is None and name.startswith("#"):
            where = "the list has" if of_list else f"{place} is not in a list, and there is"
            wrong.append(f"{name}: {where} no such field.{did_you_mean(name, of_list)}")
        elif field is None:
            wrong.append(f"{name}: {with_article(type_name)} has no such field.{did_you_mean(name, own)}")
        elif field.kind.patch:
            if is_missing(cell) or not isinstance(cell, (str, int, dict, list)):
                wrong.append(f"{name}: write {field.kind.patch}")
            elif field.type == "Color" and not COLOR.fullmatch(str(cell)):
                wrong.append(
                    f"{name}: {cell!r} is not a color that the server accepts: write {field.kind.patch}"
                )
            body[name], written[name] = cell, field
        elif reason := find_problem(field, cell):
            wrong.append(f"{name}: {reason}")
        else:
            body[name], written[name] = encode(field, cell), field
            assigned.append(Assignment(Edit(0, 0, name, None, cell), field))
    lost = find_lost_targets(assigned, repo.client, repo.schema)
    wrong += [f"{refusal.edit.column}: {refusal.reason}" for refusal in lost]
    if wrong:
        raise RefusedError("nothing was sent: " + "; ".join(wrong))
    if naive := [edit.column for edit in find_edits_without_zone(assigned)]:
        said = f"{', '.join(naive)} has no time zone and is taken as UTC"
        warn_user(said, SaveWarning)
    return body, written


def _refuse_unknown_template(repo: Connection, type_name: str, template: Any) -> None:
    """Raise for an unknown template: the server would create the content without one.

    Raises
    ------
    RefusedError
        With the templates that the caller may see.
    """
    folder = f"/Root/ContentTemplates/{type_name}"
    if isinstance(template, str) and template and "/" not in template:
        with contextlib.suppress(NotFoundError):
            if lookup.read_one(repo.client, f"{folder}/{template}")["Name"] == template:
                return
    names: list[str] = []
    with contextlib.suppress(NotFoundError):
        listed = Query(folder, select=("Name",), autofilters=False).url(metadata="no")
        names = [row["Name"] for row in repo.client.get(listed, shapes.contents("Name"))]
    there = f"there are {', '.join(names[:12])}" if names else "you see none there"
    raise RefusedError(
        f"nothing was sent: {folder} has no template {template!r} ({there}), and the server would create "
        f"the content without one.{did_you_mean(str(template), names)}"
    )


def _free_for(repo: Connection, work: Create) -> None:
    """Raise if a content of this name exists, which could not be distinguished from the new one later.

    Raises
    ------
    RefusedError
        If the server would make another name of it.
    """
    if reason := explain_alteration(work.name):
        raise RefusedError(f"nothing was sent: {reason}")
    try:
        found = lookup.read_one(repo.client, work.path)
    except NotFoundError:
        return
    raise AlreadyExistsError(
        f"nothing was sent: there is a {found['Path']} already, {with_article(found['Type'])}; "
        "choose another name"
    )


def _send_operation(repo: Connection, work: Create | Patch, what: str) -> tuple[Line, Path | None]:
    """Send one operation, journaled before and after; return its outcome and the journal."""
    repo.client.reject_write(what)
    kept = restrict_to_journal(work)
    if isinstance(kept, Patch) and not kept.after:
        return send(repo, Flow(1), work), None
    lines = [Line("unsent", f"not sent, because the {what} was interrupted")]
    report = execute_plan(
        repo,
        [work],
        what=what,
        on_outcome=lambda _, line: lines.append(line),
        report=lambda: _report(work, lines[-1], what),
        workers=1,
        progress=False,
    )
    return lines[-1], report.journal


def _free(repo: Connection, now: Stored, body: Mapping[str, Json]) -> None:
    """Reject a Name that another content has."""
    edit = Edit(0, now["Id"], "Name", now["Name"], body.get("Name", now["Name"]))
    if edit.after != edit.before:
        renamed = Assignment(edit, Field("Name", "ShortText"))
        for refusal in find_renames_onto_others([renamed], {now["Id"]: now["Path"]}, repo.client):
            raise RefusedError(f"nothing was sent: Name: {refusal.reason}")


def _report(work: Create | Patch, line: Line, what: str, journal: Path | None = None) -> Report:
    placed = line if line.id > 0 or line.path else dataclasses.replace(line, id=work.id, path=work.path)
    return Report(report_frame(pd.RangeIndex(1), [placed]), what=what, journal=journal)


def _read_series(repo: Connection, work: Create | Patch, line: Line, journal: Path | None) -> pd.Series[Any]:
    """Return the content as stored, or raise if it was not."""
    report = _report(work, line, "create" if isinstance(work, Create) else "patch", journal)
    report.repo = repo
    if line.outcome == "ignored" and line.stored is not None:
        silent = set(list_unverified(work))
        wrong = [n for n in line.fields if n not in silent]
        if wrong == ["Name"]:
            warn_user(f"the server named it {line.stored['Name']}, not {work.path}", SaveWarning)
        elif wrong:
            raise SaveError(f"the server stored something else: {line.reason}", report)
    elif line.outcome != "saved":
        if isinstance(line.error, NotFoundError) and isinstance(work, Create):
            not_found.explain(repo.client, work.parent, line.error)
        is_definite = isinstance(line.error, (AlreadyExistsError, AuthenticationError))
        if line.error and line.outcome != "unknown" and (is_definite or line.outcome == "failed"):
            vars(line.error)["report"] = report
            raise line.error
        raise SaveError(f"{line.outcome}: {line.reason}", report) from line.error
    stored: Stored = line.stored or {}
    return build_series(repo, dict(stored), _build_query(stored))


def _build_query(stored: Stored) -> Query:
    return Query(stored["Path"], select=tuple(stored), single=True)


_KEPT = frozenset("Name CreatedBy CreatedById CreationDate ModifiedBy ModifiedById ModificationDate".split())


def _default(field: Field, now: Stored, repo: Connection) -> Json:
    """Return the value that a PUT without the field stores, as far as the schema defines it."""
    if field.name == "DisplayName":
        return now["Name"]
    if field.name == "Owner":
        return repo.user
    if field.default and "@@" not in field.default:
        return [field.default] if field.is_choice else _format_default(field, field.default)
    if selected := [option.value for option in field.options if option.selected]:
        return selected
    empty: dict[str, Json] = {"integer": 0, "decimal": 0.0, "truth": False}
    return empty.get(field.kind.value, [] if field.is_choice or field.multiple else None)


def _format_default(field: Field, default: str) -> Json:
    """Return the default of a field, a text in the schema, in the form in which answers show it."""
    if field.is_truth:
        return default.strip().lower() == "true"
    try:
        if field.kind.value == "integer":
            return int(default)
        return float(default) if field.kind.value == "decimal" else default
    except ValueError:
        return default
