"""The targets of edited references: the server silently clears a reference to a missing content."""

from __future__ import annotations

from collections.abc import Iterable

from ...odata.client import Client
from ...odata.schema import Field, Schema
from ...odata.wording import with_article
from ..columns.cells import is_missing, list_items
from ..columns.encoders import get_target
from ..reads import lookup, not_found
from ..reads.finding import is_one_of
from ..reads.lookup import Stored
from .plan import Assignment, Refusal


def find_lost_targets(assigned: Iterable[Assignment], client: Client, schema: Schema) -> list[Refusal]:
    """Return the edits of references that the server would not store, each with the reason."""
    pointing = [(a, _list_targets(a)) for a in assigned if a.field.points_to_contents]
    wanted = {target for _, targets in pointing for target in targets}
    by_id = lookup.read_by_id(client, [t for t in wanted if isinstance(t, int)])
    by_path = lookup.read_by_path(client, [t for t in wanted if isinstance(t, str)])
    refused = []
    for (edit, field), targets in pointing:
        for target in targets:
            row = by_id.get(target) if isinstance(target, int) else by_path.get(target.lower())
            if reason := _explain_lost_target(field, target, row, schema):
                refused.append(Refusal(edit, reason))
                break
    return refused


def _list_targets(assignment: Assignment) -> list[int | str]:
    return [get_target(item) for item in list_items(assignment.edit.after) if not is_missing(item)]


def _explain_lost_target(field: Field, target: int | str, row: Stored | None, schema: Schema) -> str:
    if row is None:
        return f"{not_found.describe_missing(f'content {target}')}; the server would clear the field"
    allowed = field.limits.get("AllowedTypes") or ()
    if allowed and not is_one_of(row, allowed, schema):
        return f"{row['Path']} is {with_article(row['Type'])}, {field.name} takes {', '.join(allowed)}"
    roots = [root for root in field.limits.get("SelectionRoots") or () if root.startswith("/Root")]
    if roots and not any(f"{row['Path']}/".lower().startswith(f"{root}/".lower()) for root in roots):
        return f"{row['Path']} is not below {' or '.join(roots)}, where {field.name} may point to"
    return ""
