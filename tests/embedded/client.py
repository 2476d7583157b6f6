"""A short way to talk to an embedded repository in tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from sn_pandas.embedded import Application

Json = Any

ASSET = """<ContentType name="Asset" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <DisplayName>Asset</DisplayName>
  <Fields>
    <Field name="Code" type="ShortText"/>
    <Field name="Manual" type="Binary"/>
    <Field name="Aspects" type="Reference">
      <Configuration><AllowMultiple>true</AllowMultiple></Configuration>
    </Field>
  </Fields>
</ContentType>"""
WORKSPACE = "/Root/Content/w"
TYPES = [
    "Asset", "Folder", "File", "Image", "Task", "TaskList", "DocumentLibrary", "SystemFolder", "Memo",
    "CustomList", "CustomListItem", "SmartFolder", "EventList", "CalendarEvent",
]  # fmt: skip


class Client:
    """Requests to the repository in a file."""

    def __init__(self, data: Path | Application) -> None:
        made = isinstance(data, Application)
        self.application = data if made else Application(data, sample=False, admin=True)
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=self.application), base_url="http://embedded"
        )
        self._at_first = {table: self._rows(table) for table in ("files", "file_owners")}

    def prepare(self) -> None:
        """Install the type Asset and make the workspace ``/Root/Content/w``."""
        self.upload("/Root/System/Schema/ContentTypes", "Asset", ASSET, ContentType="ContentType")
        self.create("/Root/Content", "Workspace", "w")
        self.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=TYPES)

    def close(self) -> None:
        self.http.close()
        self.application.close()

    def send(
        self, method: str, target: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        return self.http.request(method, target, content=content, headers=dict(headers or {}))

    def create(self, parent: str, kind: str, name: str, **fields: Json) -> Json:
        answer = self.send(
            "POST", address(parent, "metadata=no"), {"__ContentType": kind, "Name": name, **fields}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["d"]

    def read(self, path: str, select: str, options: str = "", key: str | None = None) -> Json:
        answer = self.send("GET", address(path, f"metadata=no&$select={select}{options}"), headers=_key(key))
        assert answer.status_code == 200, answer.text
        return answer.json()["d"]

    def patch(self, path: str, fields: Json, select: str = "Version", options: str = "") -> Json:
        answer = self.send("PATCH", address(path, f"metadata=no&$select={select}{options}"), fields)
        return answer.json()["d"] if answer.status_code == 200 else problem(answer)

    def call(self, path: str, name: str, /, key: str | None = None, **parameters: Json) -> httpx.Response:
        return self.send(
            "POST",
            f"{address(path)}/{name}?metadata=no&$select=Version,Code",
            parameters,
            _key(key),
        )

    def upload(self, parent: str, name: str, text: str, **parameters: Json) -> httpx.Response:
        return self.send(
            "POST", f"{address(parent)}/Upload", {"FileName": name, "FileText": text, **parameters}
        )

    def names(self, path: str, options: str = "", key: str | None = None) -> list[str]:
        target = f"/odata.svc{quote(path)}?metadata=no&$select=Name{options}"
        return sorted(
            row["Name"] for row in self.send("GET", target, headers=_key(key)).json()["d"]["results"]
        )

    def versions(self, path: str) -> list[tuple[str, Json]]:
        target = f"{address(path)}/Versions?metadata=no&$select=Version,Code&$orderby=Version"
        rows = self.send("GET", target).json()["d"]["results"]
        return [(row["Version"], row["Code"]) for row in rows]

    def user(self, name: str, **permissions: str) -> str:
        """Make a user with permissions on the workspace; return his key."""
        self.create(
            "/Root/IMS/Public", "User", name, LoginName=name, FullName=name, Email=f"{name}@example.com",
            Password="Secret-123", Enabled=True,
        )  # fmt: skip
        self.call(WORKSPACE, "SetPermissions", r=[{"identity": f"/Root/IMS/Public/{name}", **permissions}])
        return str(self.call(f"/Root/IMS/Public/{name}", "CreateApiKey").json()["Value"])

    def count(self, table: str) -> int:
        """Count the rows of a table that came after the start."""
        return self._rows(table) - self._at_first.get(table, 0)

    def _rows(self, table: str) -> int:
        with self.application.store.reading() as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def copied(data: Path, folder: Path) -> Path:
    """Copy the file of a repository that is closed, with its key file, and return the copy."""
    for file in (data, Path(f"{data}.key")):
        if file.exists():
            shutil.copy(file, folder)
    return folder / data.name


def address(path: str, query: str = "") -> str:
    parent, _, name = path.rpartition("/")
    return f"/odata.svc{quote(parent)}/('{quote(name)}')" + (f"?{query}" if query else "")


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and exception type of an error answer."""
    if not answer.content:
        return answer.status_code, "", ""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["exceptiontype"]


def _key(key: str | None) -> dict[str, str]:
    return {} if key is None else {"apikey": key}
