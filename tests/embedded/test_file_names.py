"""What the name of a file decides: its MIME type, its icon, how long a client may keep it, numbered names."""

from __future__ import annotations

import pytest

from .client import WORKSPACE, Client, address, problem


def kind_of(client: Client, path: str) -> str | None:
    resource = client.read(path, "Binary")["Binary"]["__mediaresource"]
    return str(resource["content_type"])


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("notes.txt", "text/plain"),
        ("menu.pdf", "application/pdf"),
        ("menu", "application/octet-stream"),
        ("plan.JSON", "application/octet-stream"),
        ("page.js", "application/x-javascript"),
        ("song.mp3", "video/mpeg"),
        ("tool.py", "text/x-script.phyton"),
        ("all.tar.gz", "application/x-gzip"),
        ("logo.svgz", "image/svg+xml"),
    ],
)
def test_the_mime_type_follows_from_the_name(client: Client, name: str, mime_type: str) -> None:
    client.create(WORKSPACE, "File", name)
    assert kind_of(client, f"{WORKSPACE}/{name}") == mime_type
    client.upload(WORKSPACE, f"up-{name}", "x")
    assert client.send("GET", f"{WORKSPACE}/up-{name}").headers["content-type"] == mime_type


def test_a_later_name_changes_the_icon_and_not_the_mime_type(client: Client) -> None:
    client.create(WORKSPACE, "File", "menu.pdf")
    client.patch(f"{WORKSPACE}/menu.pdf", {"Name": "menu.xls"})
    assert kind_of(client, f"{WORKSPACE}/menu.xls") == "application/pdf"
    assert client.read(f"{WORKSPACE}/menu.xls", "Icon") == {"Icon": "excel"}


@pytest.mark.parametrize(
    ("content_type", "name", "icon"),
    [
        ("File", "a.DOCX", "word"),
        ("File", "a.csv", "excel"),
        ("File", "a.xml", "document"),
        ("File", "a.woff2", "font"),
        ("File", "a.svg", "File"),
        ("File", "a.dot", "File"),
        ("File", "a", "File"),
        ("Image", "a.pdf", "acrobat"),
        ("Image", "a.zip", "Image"),
        ("Image", "a.png", "image"),
    ],
)
def test_the_icon_follows_from_the_name_or_the_type(
    client: Client, content_type: str, name: str, icon: str
) -> None:
    path = f"{WORKSPACE}/{name}"
    client.create(WORKSPACE, content_type, name)
    assert client.read(path, "Icon") == {"Icon": icon}
    assert path in found(client, f"Icon:{icon.lower()}")


def test_a_bag_has_the_icon_of_what_is_in_it(client: Client) -> None:
    client.create(WORKSPACE, "Memo", "m")
    client.send("DELETE", address(f"{WORKSPACE}/m"))
    (bag,) = found(client, "TypeIs:TrashBag")
    assert client.read(bag, "Icon") == {"Icon": "Memo"}
    assert bag in found(client, "Icon:memo")
    assert found(client, "TypeIs:TrashBag AND Icon:trashbag") == []


def test_a_name_that_is_taken_twice_loses_its_capitals(client: Client) -> None:
    client.create(WORKSPACE, "DocumentLibrary", "d")
    names = [
        client.upload(f"{WORKSPACE}/d", "Doc.TXT", "x", Overwrite=False).json()["Name"] for _ in range(4)
    ]
    assert names == ["Doc.TXT", "Doc(1).TXT", "doc(2).txt", "doc(3).txt"]


@pytest.mark.parametrize("name", ["a.aspx", "b.CSHTML"])
def test_only_an_executable_file_may_have_the_name_of_one(client: Client, name: str) -> None:
    client.create(WORKSPACE, "File", "a.txt")
    body = {"__ContentType": "File", "Name": name}
    assert problem(client.send("POST", address(WORKSPACE), body))[::2] == (400, "InvalidContentException")
    answer = client.send("PATCH", address(f"{WORKSPACE}/a.txt"), {"Name": name})
    assert problem(answer)[::2] == (400, "InvalidContentException")
    assert client.names(WORKSPACE) == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "seconds"), [("a.JPG", 604800), ("a.webp", 604800), ("a.css", 600), ("a.txt", None)]
)
def test_how_long_a_client_may_keep_a_file(client: Client, name: str, seconds: int | None) -> None:
    client.upload(WORKSPACE, name, "x", ContentType="File")
    path = f"{WORKSPACE}/{name}"
    expected = None if seconds is None else f"max-age={seconds}, private"
    answer = client.send("GET", path)
    assert answer.headers.get("cache-control") == expected
    later = {"If-Modified-Since": answer.headers["last-modified"]}
    again = client.send("GET", path, headers=later)
    assert (again.status_code, again.headers.get("cache-control")) == (304 if seconds else 200, expected)
    asked = client.send("GET", f"/binaryhandler.ashx?nodepath={path}&maxAge=2")
    assert asked.headers["cache-control"] == ("max-age=172800, private" if seconds else "max-age=172800")


def test_a_download_has_the_present_name(client: Client) -> None:
    client.upload(WORKSPACE, "u.css", "x", ContentType="File")
    client.patch(f"{WORKSPACE}/u.css", {"Name": "u.pdf"})
    answer = client.send("GET", f"{WORKSPACE}/u.pdf")
    assert answer.headers["content-type"] == "text/css"
    assert answer.headers["content-disposition"] == "inline; filename=u.pdf"


def found(client: Client, query: str) -> list[str]:
    target = f"/odata.svc/Root?metadata=no&$select=Path&query={query}&enableautofilters=false"
    return [row["Path"] for row in client.send("GET", target).json()["d"]["results"]]
