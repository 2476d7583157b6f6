"""What content types there are."""

from __future__ import annotations

import json
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations.registry import ALL, ANY, ROOT, Contents, operation
from sn_pandas.embedded.reads.get_schema import schema
from sn_pandas.embedded.session import Session

Json = Any


@operation(
    "GetSchema", action=False, types=ROOT, roles=ALL, parameters=[("contentTypeName", "string", False)]
)
def get_schema(session: Session, content: Content, content_type_name: str | None = None) -> list[Json]:
    """Return the content types that the caller may see, with fields and settings."""
    return schema(session, content_type_name)


@operation("GetAllContentTypes", action=False, types=ROOT)
def get_all_content_types(session: Session, content: Content) -> Contents:
    """Return every content type as a content, hidden ones included."""
    found = [session.store.by_path(one.path) for one in session.types.values()]
    return Contents(one for one in found if one is not None)


@operation("GetMetadata", action=False, types=ANY)
def get_metadata(session: Session, content: Content) -> str:
    """Return the types and fields in the short form that editors of queries read."""
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
                for one in session.schema_types
            ]
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
