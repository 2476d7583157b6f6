"""What content types there are."""

from __future__ import annotations

import json
from typing import Any

from sn_pandas.embedded.content_types import schema
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations.registry import ALL, ANY, ROOT, Contents, operation
from sn_pandas.embedded.repository import Session

Json = Any


@operation(
    "GetSchema", action=False, types=ROOT, roles=ALL, parameters=[("contentTypeName", "string", False)]
)
def get_schema(session: Session, content: Content, content_type_name: str | None = None) -> list[Json]:
    """Return the content types that the caller may see, with fields and settings."""
    found = schema.schema(session, content_type_name)
    seen = {one.name for one in _visible(session)}
    return [one for one in found if one["ContentTypeName"] in seen]


@operation("GetAllContentTypes", action=False, types=ROOT)
def get_all_content_types(session: Session, content: Content) -> Contents:
    """Return every content type that the caller may see, as contents."""
    return Contents(_visible(session))


@operation("GetMetadata", action=False, types=ANY)
def get_metadata(session: Session, content: Content) -> str:
    """Return the types and fields in the short form that editors of queries read."""
    seen = {one.name for one in _visible(session)}
    return json.dumps(
        [
            [
                {
                    "c": "ct2",
                    "n": one.name,
                    "d": one.display_name,
                    "f": [
                        {"c": field.kind.lower(), "n": field.name, "d": field.display_name, "t": field.kind}
                        for field in one.fields.values()
                    ],
                }
                for one in session.types.values()
                if one.name in seen
            ]
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _visible(session: Session) -> list[Content]:
    found = [session.by_path(one.path) for one in session.types.values()]
    return [one for one in found if one is not None]
