"""Settings: JSON objects that are merged from the root down to a place."""

from __future__ import annotations

import json
from typing import Any

from sn_pandas.embedded.changes import saving, writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import bad_request, server_error
from sn_pandas.embedded.operations.registry import ADMINISTRATORS, ANY, ANYBODY, RawAnswer, operation
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.wire import answers, bodies

Json = Any

GLOBAL = "/Root/System/Settings"
GLOBAL_ONLY = ("Portal",)
"""Settings that hold for the whole repository."""


@operation(
    "GetSettings",
    action=False,
    types=ANY,
    roles=ANYBODY,
    parameters=[("name", "string"), ("property", "string", False)],
)
def get_settings(session: Session, content: Content, name: str | None, property: str | None = None) -> Json:
    """Return the settings of a name that hold at a place, or one property of them."""
    merged: dict[str, Json] | None = None
    closed = False
    above = [content, *session.ancestors(content)]
    for place in [GLOBAL, *(f"{one.path}/Settings" for one in reversed(above))]:
        stored = session.store.by_path(f"{place}/{name}.settings")
        found = _read(session, stored)
        closed = closed or stored is not None
        if found is not None:
            merged = _merge(merged or {}, found)
    if merged is None:
        return RawAnswer({}) if closed else answers.text("{}")
    if property:
        return next((value for key, value in merged.items() if key.lower() == property.lower()), None)
    return RawAnswer(merged)


@operation(
    "WriteSettings",
    types=ANY,
    roles=(*ADMINISTRATORS, "Editors", "IdentifiedUsers"),
    parameters=[("name", "string"), ("settingsData", "object")],
)
def write_settings(session: Session, content: Content, name: str | None, settings_data: Json) -> None:
    """Replace the settings of a name at a place."""
    if session.store.by_path(f"{GLOBAL}/{name}.settings") is None:
        raise server_error(
            "InvalidOperationException",
            f"The settings {name} cannot be written here: there are none of this name in {GLOBAL}.",
        )
    if name in GLOBAL_ONLY and content.path != "/Root":
        raise bad_request("InvalidContentException", f"{name} settings are global, there are no local ones.")
    folder_path = GLOBAL if content.path == "/Root" else f"{content.path}/Settings"
    with session.store.transaction():
        folder = session.by_path(folder_path)
        if folder is None:
            folder = writes.create(session, content, {"__ContentType": "SystemFolder", "Name": "Settings"})
        target = session.by_path(f"{folder.path}/{name}.settings")
        if target is None:
            target = writes.create(session, folder, {"__ContentType": "Settings", "Name": f"{name}.settings"})
        before = target.copy()
        text = ""
        if isinstance(settings_data, dict):
            text = json.dumps(_strip_dates(settings_data), ensure_ascii=False, separators=(",", ":"))
        data = binaries.BOM + text.encode()
        target.fields["Binary"] = binaries.put(session.store, f"{name}.settings", data)
        saving.update(session, before, target, {"Binary"})


def _read(session: Session, content: Content | None) -> dict[str, Json] | None:
    if content is None or not session.can(content, "Open"):
        return None
    binary = content.fields.get("Binary")
    try:
        found = json.loads(session.store.file(binary["file"]).decode("utf-8-sig")) if binary else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _merge(base: dict[str, Json], over: dict[str, Json]) -> dict[str, Json]:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _strip_dates(value: Json) -> Json:
    """Return JSON without the dates that were read into it."""
    if isinstance(value, bodies.Date):
        return value.text
    if isinstance(value, list):
        return [_strip_dates(item) for item in value]
    if isinstance(value, dict):
        return {key: _strip_dates(item) for key, item in value.items()}
    return value
