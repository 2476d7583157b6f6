"""What the repository tells administrators about itself, and what keeps it in order."""

from __future__ import annotations

import html
import platform
import sqlite3
from datetime import timedelta
from importlib import metadata
from itertools import chain
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.operations.registry import (
    ADMINISTRATORS,
    ALL,
    ANY,
    NOBODY,
    REGISTRY,
    ROOT,
    Operation,
    operation,
)
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers
from sn_pandas.embedded.wire.answers import Answer

Json = Any

REPLICATORS = ("Administrators", "Developers")
SERVICES_VERSION = "7.8.2.0"
"""The version of the server whose answers this repository gives."""


@operation(
    "GetVersionInfo",
    partial="lists this package and what it runs on, not the components of a server",
    action=False,
    types=ROOT,
    roles=ADMINISTRATORS,
)
def version_info(session: Session, content: Content) -> Json:
    """Return the installed components."""
    return {
        "LatestReleases": [],
        "Components": [
            {
                "ComponentId": "SenseNet.Services",
                "Version": SERVICES_VERSION,
                "LatestVersion": None,
                "Description": "sn_pandas embedded repository",
                "Dependencies": [],
            }
        ],
        "Assemblies": {
            "SenseNet": [_assembly("sn_pandas", metadata.version("sn_pandas"))],
            "Plugins": [_assembly("werkzeug", metadata.version("werkzeug"))],
            "GAC": [],
            "Other": [
                _assembly("python", platform.python_version()),
                _assembly("sqlite", sqlite3.sqlite_version),
            ],
            "Dynamic": [],
        },
        "InstalledPackages": [],
        "DatabaseAvailable": True,
    }


@operation("GetRepositoryType", action=False, types=ROOT, roles=ALL)
def repository_type(session: Session, content: Content) -> Json:
    """Return which sort of repository it is."""
    return {"repositoryType": "standalone"}


@operation(
    "GetOpenApiDocument",
    partial="it names operations and their parameters, not what they answer",
    action=False,
    types=ROOT,
    roles=ALL,
)
def open_api_document(session: Session, content: Content) -> Answer:
    """Return the operations as an OpenAPI document."""
    paths: dict[str, Json] = {}
    content_path = {"name": "path", "in": "path", "required": True, "schema": {"type": "string"}}
    for one in sorted(chain.from_iterable(REGISTRY.values()), key=lambda found: found.op_id):
        path = f"/odata.svc/{{path}}/{one.name}"
        described: dict[str, Json] = {"operationId": one.op_id, "summary": one.title}
        described["parameters"] = [content_path]
        if one.action:
            names: dict[str, Json] = {parameter.name: {} for parameter in one.parameters}
            schema = {"type": "object", "properties": names}
            described["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        else:
            described["parameters"] += [
                {"name": parameter.name, "in": "query", "required": parameter.required, "schema": {}}
                for parameter in one.parameters
            ]
        described["responses"] = {"200": {"description": "Success"}}
        paths.setdefault(path, {}).setdefault("post" if one.action else "get", described)
    document = {
        "openapi": "3.0.1",
        "info": {"title": "sn_pandas embedded repository", "version": SERVICES_VERSION},
        "paths": paths,
    }
    return answers.document(document, content_type="application/json")


@operation("GetFeatures", partial="there are no further services", action=False, types=ROOT)
def features(session: Session, content: Content) -> Json:
    """Return which further services there are; an ordinary user gets a bare list, as the server has it."""
    return [] if session.roles.isdisjoint(ADMINISTRATORS) else {"features": []}


@operation("GetDashboardData", partial="there is no subscription", action=False, types=ROOT)
def dashboard_data(session: Session, content: Content) -> None:
    """Return nothing: there is no subscription that a dashboard could show."""


@operation(
    "GetDatabaseUsage", action=False, types=ROOT, roles=ADMINISTRATORS, parameters=[("force", "bool", False)]
)
def database_usage(session: Session, content: Content, force: bool | None = False) -> Json:
    """Return how much room contents and files take."""
    started = session.repository.clock()
    with session.store.reading() as db:
        count, rows = db.execute("SELECT count(*), coalesce(sum(length(data)), 0) FROM contents").fetchone()
        blobs = db.execute("SELECT coalesce(sum(length(data)), 0) FROM files").fetchone()[0]
    nothing = {"Count": 0, "Blob": 0, "Metadata": 0, "Text": 0, "Index": 0}
    took = session.repository.clock() - started
    return {
        "Content": {"Count": count, "Blob": blobs, "Metadata": rows, "Text": 0, "Index": 0},
        "OldVersions": nothing,
        "Preview": nothing,
        "System": nothing,
        "OperationLog": {"Count": 0, "Metadata": 0, "Text": 0},
        "OrphanedBlobs": 0,
        "Executed": session.now(),
        "ExecutionTime": _span(took),
    }


@operation(
    "RebuildIndex",
    roles=ADMINISTRATORS,
    parameters=[("recursive", "bool"), ("rebuildLevel", "IndexOnly|DatabaseAndIndex")],
)
def rebuild_index(
    session: Session, content: Content, recursive: bool | None, rebuild_level: str | None
) -> None:
    """Index a content and everything below it again."""
    _index(session, session.store.subtree_ids(content.path) if recursive else [content.id])


@operation("RebuildIndexSubtree", roles=ADMINISTRATORS)
def rebuild_index_subtree(session: Session, content: Content) -> None:
    """Index a tree again."""
    _index(session, session.store.subtree_ids(content.path))


@operation("RefreshIndexSubtree", roles=ADMINISTRATORS)
def refresh_index_subtree(session: Session, content: Content) -> None:
    """Index a tree again."""
    _index(session, session.store.subtree_ids(content.path))


@operation(
    "Replicate",
    partial="replication is refused",
    types=ANY,
    roles=REPLICATORS,
    parameters=[("target", "string"), ("options", "object")],
)
def replicate(session: Session, content: Content, target: str | None, options: Json) -> None:
    """Raise for many copies: the server does it only over its own database."""
    raise server_error("NotSupportedException", "Replication is not supported.")


@operation(
    "CheckIndexIntegrity",
    partial="admits nobody, as the server",
    action=False,
    types=ANY,
    roles=NOBODY,
    parameters=[("recurse", "bool")],
)
def check_index_integrity(session: Session, content: Content, recurse: bool | None) -> None:
    """Exists only for the lists; the server admits nobody."""


@operation(
    "CheckSecurityConsistency", partial="admits nobody, as the server", action=False, roles=ADMINISTRATORS
)
def check_security_consistency(session: Session, content: Content) -> None:
    """Exists only for the lists of administrators; the server admits nobody."""
    raise ODataError(
        "Unauthorized", "UnauthorizedAccessException", "Attempted to perform an unauthorized operation."
    )


@operation("Help.GetOperations", action=False, types=ROOT, roles=REPLICATORS)
def get_operations(session: Session, content: Content) -> list[Json]:
    """Return every operation with its roles and content types."""
    return [_help(one) for name in sorted(REGISTRY) for one in REGISTRY[name] if "." not in one.name]


def _help(one: Operation) -> Json:
    parameters = ", ".join(f"{p.type} {p.name}{'' if p.required else '?'}" for p in one.parameters)
    return {
        "Controller": "",
        "Category": "",
        "Signature": html.escape(f"{one.name}({parameters})"),
        "Kind": "Action" if one.action else "Function",
        "ContentTypes": ", ".join(one.types),
        "Roles": ", ".join(one.roles),
        "Permissions": ", ".join(one.permissions),
        "Policies": "VersioningAction" if one.rule else "",
        "Scenarios": ", ".join(one.scenarios),
    }


def _assembly(name: str, version: str) -> Json:
    return {"Name": name, "IsDynamic": False, "Version": version}


def _span(took: timedelta) -> str:
    """Return a length of time as .NET writes it."""
    return f"{took}" if took.microseconds else f"{took}.0000000"


def _index(session: Session, ids: list[int]) -> None:
    from sn_pandas.embedded.index import search

    with session.store.transaction() as db:
        for one in session.store.load_many(ids):
            search.put(db, one, session.types)


@operation("GetIndexDocument", action=False, roles=ADMINISTRATORS, parameters=[("versionId", "int", False)])
def index_document(session: Session, content: Content, version_id: int | None = 0) -> dict[str, str]:
    """Return the terms under which a content can be found, by field."""
    if version_id and version_id != content.version_id:
        return {}
    found: dict[str, list[str]] = {"Id": [str(content.id)], "Path": [content.path.lower()]}
    found["Name"] = [content.name.lower()]
    with session.store.reading() as db:
        terms = (
            "SELECT f.name, t.value FROM terms AS t JOIN term_fields AS f ON f.id = t.field"
            " WHERE t.node = ? ORDER BY f.name, t.value"
        )
        for field, value in db.execute(terms, (content.id,)):
            found.setdefault(str(field), []).append(str(value))
    return {field: ",".join(values) for field, values in found.items()}
