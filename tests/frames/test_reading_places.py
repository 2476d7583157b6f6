"""Reading where rows have more than their type says, or are not where they were; and behind a proxy."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import open_sample_as_two

WORK = "/Root/Content/places"
TYPES = "/Root/System/Schema/ContentTypes"
LIST = f"{WORK}/list"
TYPE = """<ContentType name="Gauge" parentType="GenericContent"
 handler="SenseNet.ContentRepository.GenericContent"
 xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition"><Fields>
 <Field name="Fathoms" type="Number"/><Field name="Shape" type="Choice"><Configuration><Options>
 <Option value="r">Round</Option><Option value="s">Square</Option></Options></Configuration></Field>
 <Field name="Aspects" type="Reference"><Configuration><AllowMultiple>true</AllowMultiple></Configuration>
 </Field>
 </Fields></ContentType>"""
ASPECT = """<AspectDefinition xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/AspectDefinition">
<Fields><AspectField name="Text" type="ShortText"/><AspectField name="Weight" type="Integer"/>
<AspectField name="Seen" type="DateTime"/></Fields></AspectDefinition>"""
FIELDS = "<ContentListField name='#Num' type='Integer'/><ContentListField name='#Due' type='DateTime'/>"
DEFINITION = (
    "<ContentListDefinition xmlns='http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition'>"
    f"<Fields>{FIELDS}</Fields></ContentListDefinition>"
)


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample_as_two() as (admin, repo):
        admin.upload(TYPES, TYPE.encode(), name="Gauge", type="ContentType")
        admin.create("/Root/System/Schema", "SystemFolder", "Aspects")
        admin.create("/Root/System/Schema/Aspects", "Aspect", "Extra", {"AspectDefinition": ASPECT})
        for place in (f"{TYPES}/GenericContent/Gauge", "/Root/System/Schema/Aspects"):
            admin.allow(place, repo.user, "Open")
        admin.create("/Root/Content", "Workspace", "places")
        allowed = {"contentTypes": ["CustomList", "Gauge", "Task", "Folder"]}
        admin.client.send("POST", "/odata.svc/Root/Content('places')/AddAllowedChildTypes", body=allowed)
        repo.create(WORK, "CustomList", "list", {"ContentListDefinition": DEFINITION})
        repo.client.send("POST", f"/odata.svc{WORK}('list')/AddAllowedChildTypes", body=allowed)
        yield repo


def test_fields_of_a_list_are_typed_columns(repo: Repository) -> None:
    post = f"/odata.svc{WORK}('list')?metadata=no&$select=Id"
    for name, fields in (("a", {"#Num": 3, "#Due": "2026-01-31T12:30:00Z"}), ("b", {})):
        repo.client.send("POST", post, body={"__ContentType": "Task", "Name": name, **fields})
    frame = repo.read(LIST, select=["Name", "#Num", "#Due"], orderby="Name")
    assert [str(kind) for kind in frame.dtypes] == ["str", "Int64", "datetime64[us, UTC]"]
    assert frame["#Num"].tolist()[0] == 3
    assert frame["#Due"].iloc[0] == pd.Timestamp("2026-01-31 12:30", tz="UTC")
    assert pd.isna(frame["#Due"].iloc[1])
    none = repo.read(LIST, select=["Name", "#Num", "#Due"], filter="Name eq 'nobody'")
    assert list(none.dtypes) == list(frame.dtypes)
    assert list(repo.read(LIST, select="Name", filter=sn.F("#Num") > 2)["Name"]) == ["a"]


def test_fields_of_an_aspect_and_of_a_type_of_ones_own_are_typed_columns(repo: Repository) -> None:
    aspects = ["/Root/System/Schema/Aspects/Extra"]
    repo.create(WORK, "Gauge", "g", {"Fathoms": 2.5, "Shape": "r", "Aspects": aspects})
    body = {"Extra.Text": "t", "Extra.Weight": 7, "Extra.Seen": "2026-02-01T00:00:00Z"}
    repo.client.send("PATCH", f"/odata.svc{WORK}('g')?metadata=no&$select=Id", body=body)
    select = ["Fathoms", "Shape", "Extra.Text", "Extra.Weight", "Extra.Seen"]
    frame = repo.read(WORK, select=select, filter=sn.isof("Gauge"))
    kinds = ["float64", "category", "str", "Int64", "datetime64[us, UTC]"]
    assert [str(kind) for kind in frame.dtypes] == kinds
    assert frame.iloc[0].tolist()[:4] == [2.5, "r", "t", 7]
    assert list(frame["Shape"].cat.categories) == ["r", "s"]
    assert [str(kind) for kind in repo.read(WORK, select=select, filter="Id lt 0").dtypes] == kinds


def test_old_versions_and_the_trash(repo: Repository) -> None:
    made = repo.create(WORK, "Task", "t", {"Index": 1, "InheritableVersioningMode": "2"})["Path"]
    repo.client.send("PATCH", f"/odata.svc{WORK}('t')?metadata=no&$select=Id", body={"VersioningMode": "2"})
    repo.client.send("PATCH", f"/odata.svc{WORK}('t')?metadata=no&$select=Id", body={"Index": 2})
    versions = repo.read(made, property="Versions", select="Version,Index")
    first = versions.iloc[0]
    assert repo.get(made, select="Index,Version", version=first["Version"])["Index"] == first["Index"]
    assert repo.get(made, select="Index")["Index"] == 2
    assert len(versions) >= 2
    repo.delete(made)
    trashed = repo.read("/Root/Trash", select="Name,Path", query="Name:t", autofilters=False)
    assert trashed["Path"].str.startswith("/Root/Trash/").tolist() == [True]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_dtypes_of_a_backend_are_those_of_an_empty_list(repo: Repository, backend: str) -> None:
    options = {"select": ["Name", "Index", "Status", "DueDate", "IsFolder"], "dtype_backend": backend}
    full = repo.read("/Root/Content/IT/Tasks", **options)
    none = repo.read("/Root/Content/IT/Tasks", filter="Id lt 0", **options)
    assert list(full.dtypes) == list(none.dtypes)
    assert len(full) > 0
    arrow = [isinstance(kind, pd.ArrowDtype) for kind in full.dtypes]
    assert all(arrow) if backend == "pyarrow" else not any(arrow)


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode()
            while self.rfile.readline().strip():
                pass
            asked.append(line.split()[1])
            body = b'{"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}}'
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            self.wfile.write(head.encode() + body)

    with socketserver.TCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_address[1]}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        try:
            with sn.connect("http://repo.example", anonymous=True) as repo:
                assert repo.user == "/Root/IMS/BuiltIn/Portal/Admin"
        finally:
            server.shutdown()
            thread.join()
    assert asked
    assert all(target.startswith("http://repo.example/odata.svc/") for target in asked)
