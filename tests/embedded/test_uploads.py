"""Uploads and downloads: what was sent is what comes back, and nothing that was replaced is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.embedded.changes import uploads
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.reads import downloads

from .client import WORKSPACE, Client, address, problem

FILE = f"{WORKSPACE}/a.txt"
WHOLE = "0**True*True"


def multipart(
    client: Client,
    data: bytes | None,
    headers: dict[str, str] | None = None,
    kind: str = "application/x-thing",
    **fields: str,
) -> Any:
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    if data is not None:
        head = '--b\r\nContent-Disposition: form-data; name="files[]"; filename="x"\r\n'
        head += f"Content-Type: {kind}\r\n\r\n"
        body += head.encode() + data + b"\r\n"
    return client.send(
        "POST",
        f"{address(WORKSPACE)}/Upload",
        body + b"--b--\r\n",
        {"content-type": "multipart/form-data; boundary=b", **(headers or {})},
    )


def begun(client: Client, name: str, length: int) -> str:
    answer = client.send(
        "POST",
        f"{address(WORKSPACE)}/Upload?create=1",
        {"FileName": name, "UseChunk": True, "FileLength": length},
    )
    return str(answer.text)


def test_text_comes_back_with_a_byte_order_mark(client: Client) -> None:
    told = client.upload(WORKSPACE, "a.txt", "héllo 🎉").json()
    assert (told["Url"], told["Type"], told["Length"]) == (FILE, "File", 8)
    answer = client.send("GET", FILE)
    assert answer.content == b"\xef\xbb\xbf" + "héllo 🎉".encode()
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-disposition"] == "inline; filename=a.txt"
    assert answer.headers["content-length"] == str(len(answer.content))
    expanded = client.read(FILE, "Binary", "&$expand=Binary")["Binary"]
    assert (expanded["Text"], expanded["Length"]) == ("héllo 🎉", len(answer.content))


def test_an_upload_overwrites_or_takes_a_number(client: Client) -> None:
    first = client.upload(WORKSPACE, "a.txt", "one").json()
    assert client.upload(WORKSPACE, "a.txt", "two").json()["Id"] == first["Id"]
    assert client.upload(WORKSPACE, "a.txt", "three", Overwrite=False).json()["Name"] == "a(1).txt"
    assert client.upload(WORKSPACE, "b.txt", "four", ContentId=first["Id"]).json()["Name"] == "a.txt"
    assert client.count("files") == client.count("file_owners") == 2


@pytest.mark.parametrize(
    ("parameters", "exceptiontype"),
    [
        ({"FileText": "x"}, "ArgumentNullException"),
        ({"FileName": "x.txt"}, "InvalidOperationException"),
        ({"FileName": "x.txt", "FileText": "x", "ContentType": "Nope"}, "Exception"),
        ({"FileName": "x.txt", "FileText": "x", "ContentType": "Folder"}, "Exception"),
        ({"FileName": "x", "FileText": "x", "ContentType": "Asset", "PropertyName": "Nope"}, "Exception"),
        ({"FileName": "x.txt", "create": 1}, "InvalidContentActionException"),
    ],
)
def test_refused_uploads(client: Client, parameters: dict[str, object], exceptiontype: str) -> None:
    answer = client.send("POST", f"{address(WORKSPACE)}/Upload", parameters)
    assert (answer.status_code, problem(answer)[2]) == (500, exceptiontype)
    assert client.names(WORKSPACE) == []
    assert client.count("files") == 0


def test_a_file_needs_a_token_and_has_the_mime_type_of_its_name(client: Client) -> None:
    assert problem(multipart(client, b"\0\1", FileName="a.bin"))[2] == "Exception"
    assert multipart(client, b"\0\1", FileName="a.bin", ChunkToken=WHOLE).json()["Length"] == 2
    answer = client.send("GET", f"{WORKSPACE}/a.bin")
    assert (answer.content, answer.headers["content-type"]) == (b"\0\1", "application/octet-stream")
    assert multipart(client, None, FileName="b.bin").status_code == 204
    assert multipart(client, b"", FileName="c.bin").json()["Length"] == 0
    assert client.read(f"{WORKSPACE}/c.bin", "Size") == {"Size": -1.0}


def test_an_empty_file_empties_nothing(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "kept")
    assert multipart(client, b"", FileName="a.txt").status_code == 204
    assert client.send("GET", FILE).text.endswith("kept")


def test_an_unknown_id_leaves_the_name_to_decide(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "one")
    assert client.upload(WORKSPACE, "a.txt", "two", ContentId=999999).json()["Url"] == FILE


def test_an_upload_into_ones_own_working_copy(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "one")
    client.call(FILE, "CheckOut")
    token = client.send("POST", f"{address(WORKSPACE)}/Upload?create=1", {"FileName": "a.txt"}).text
    assert token.endswith("**True*False")
    multipart(client, b"two", FileName="a.txt", ChunkToken=token)
    assert client.read(FILE, "Version,Locked") == {"Version": "V2.0.L", "Locked": True}
    multipart(client, b"three", FileName="a.txt", ChunkToken=WHOLE)
    assert client.read(FILE, "Version,Locked") == {"Version": "V1.0.A", "Locked": False}
    assert client.send("GET", FILE).text == "three"


def test_a_save_that_somebody_began_takes_a_whole_file(client: Client) -> None:
    target = address(WORKSPACE, "multistepsave=true")
    client.send("POST", target, {"__ContentType": "File", "Name": "a.txt"})
    kept = client.send("POST", f"{address(WORKSPACE)}/Upload?create=1", {"FileName": "a.txt"}).text
    assert kept.endswith("**False*False")
    multipart(client, b"half", FileName="a.txt", ChunkToken=kept)
    assert client.read(FILE, "SavingState") == {"SavingState": ["1"]}
    client.call(FILE, "FinalizeContent")
    assert client.send("GET", FILE).text == "half"


def test_pieces_come_in_any_order_and_gaps_are_zeros(client: Client) -> None:
    token = begun(client, "a.bin", 9)
    unfinished = client.read(f"{WORKSPACE}/a.bin", "Version,SavingState,Locked")
    assert unfinished == {"Version": "V1.0.L", "SavingState": ["1"], "Locked": True}
    assert client.send("GET", f"{WORKSPACE}/a.bin").status_code == 404
    assert client.patch(f"{WORKSPACE}/a.bin", {"Index": 1})[1] == "MultistepSaveInProgress"
    multipart(client, b"def", {"content-range": "bytes 3-5/9"}, ChunkToken=token)
    last = {"content-range": "bytes 8-8/9"}
    assert problem(multipart(client, b"i", last, ChunkToken=token))[2] == "ArgumentOutOfRangeException"
    last["content-disposition"] = 'attachment; filename="a.bin"'
    assert multipart(client, b"i", last, ChunkToken=token).json()["Length"] == 9
    assert client.send("GET", f"{WORKSPACE}/a.bin").content == b"\0\0\0def\0\0i"
    assert client.read(f"{WORKSPACE}/a.bin", "Version,SavingState") == {
        "Version": "V1.0.A",
        "SavingState": ["0"],
    }


def test_an_unfinished_upload_into_a_file_hides_it(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "old")
    token = begun(client, "a.txt", 3)
    assert client.send("GET", FILE).status_code == 500
    headers = {"content-range": "bytes 0-2/3", "content-disposition": "attachment"}
    multipart(client, b"new", headers, kind="text/plain", ChunkToken=token)
    assert client.send("GET", FILE).content == b"new"
    assert client.read(FILE, "Version") == {"Version": "V1.0.A"}
    assert client.count("files") == 1


def test_nobody_writes_into_a_file_with_a_made_up_token(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "mine")
    content_id = client.read(FILE, "Id")["Id"]
    headers = {"content-range": "bytes 0-2/3", "content-disposition": "attachment"}
    answer = multipart(client, b"bad", headers, ChunkToken=f"{content_id}*1|1|1|1*True*True")
    assert problem(answer)[2] == "SenseNetSecurityException"
    assert client.send("GET", FILE).text.endswith("mine")


def test_the_handler(client: Client) -> None:
    client.upload(WORKSPACE, "a b.txt", "x")
    content_id = client.read(f"{WORKSPACE}/a b.txt", "Id")["Id"]
    answer = client.send("GET", f"/BinaryHandler.ashx?NodeId={content_id}&propertyname=Binary&maxAge=2")
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.txt"'
    assert answer.headers["cache-control"] == "max-age=172800"
    assert answer.headers["x-content-type-options"] == "nosniff"
    wrong = client.send("GET", f"/binaryhandler.ashx?nodeid={content_id}&propertyname=binary")
    assert (wrong.status_code, wrong.content) == (200, b"")
    for rest in ("", "?nodeid=999999", "?nodepath=/Root/Nope", f"?nodeid={content_id}&version=zzz"):
        assert client.send("GET", f"/binaryhandler.ashx{rest}").status_code == 404
    head = client.send("HEAD", f"{WORKSPACE}/a b.txt")
    assert (head.content, head.headers["content-length"]) == (b"", "4")
    assert client.send("DELETE", f"{WORKSPACE}/a b.txt").text.endswith("x")
    assert client.send("GET", WORKSPACE).status_code == 404


def test_what_the_handler_passes_over(client: Client) -> None:
    made = client.upload(WORKSPACE, "pic.png", "a").json()["Id"]
    handler = f"/binaryhandler.ashx?nodeid={made}"
    for options in ("&version=", "&propertyname=", "&width=x&height=2", "&maxage=x"):
        assert client.send("GET", handler + options).content == b"\xef\xbb\xbfa", options
    later = {"If-Modified-Since": "Wed, 01 Jan 2090 00:00:00 GMT"}
    assert client.send("GET", handler, headers=later).status_code == 304
    assert client.send("GET", handler).headers["cache-control"] == "max-age=604800, private"
    visitor = {"identity": "/Root/IMS/BuiltIn/Portal/Visitor", "Open": "allow"}
    client.call(WORKSPACE, "SetPermissions", r=[visitor])
    assert client.send("GET", handler).headers["cache-control"] == "public, max-age=604800"
    text = client.upload(WORKSPACE, "plain.txt", "a").json()["Id"]
    answer = client.send("GET", f"/binaryhandler.ashx?nodeid={text}&maxAge=2", headers=later)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "max-age=172800")


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a.xhtml"])
def test_a_browser_runs_nothing_of_what_was_uploaded(client: Client, name: str) -> None:
    client.upload(WORKSPACE, name, "<html><script>alert(1)</script></html>", ContentType="File")
    answer = client.send("GET", f"{WORKSPACE}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_files_are_only_for_those_who_may_open_them(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "secret")
    key = client.user("sees", See="allow")
    for target in (FILE, f"/binaryhandler.ashx?nodepath={FILE}"):
        assert client.send("GET", target, headers={"apikey": key}).status_code == 404
        assert client.send("GET", target, headers={"x-visitor": "1"}).status_code == 404


def test_old_versions_keep_their_bytes_and_copies_have_their_own(client: Client) -> None:
    client.patch(WORKSPACE, {"InheritableVersioningMode": ["2"]})
    client.upload(WORKSPACE, "a.txt", "one")
    client.upload(WORKSPACE, "a.txt", "two")
    assert client.send("GET", f"{FILE}?version=V1.0.A").text.endswith("one")
    client.call(WORKSPACE, "CopyBatch", targetPath=WORKSPACE, paths=[FILE])
    client.send("DELETE", address(FILE, "permanent=true"))
    assert client.send("GET", f"{WORKSPACE}/Copy of a.txt").text.endswith("two")
    assert client.count("files") == client.count("file_owners") == 1


def test_null_erases_the_bytes(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "x")
    assert client.patch(FILE, {"Binary": None}, "Size") == {"Size": -1.0}
    assert client.send("GET", FILE).status_code == 500
    assert client.count("files") == 0


def test_put_forgets_what_the_bytes_are_but_not_the_bytes(client: Client) -> None:
    client.upload(WORKSPACE, "a.txt", "x")
    assert client.send("PUT", address(FILE), {"Index": 1}).status_code == 200
    assert client.read(FILE, "Size") == {"Size": -1.0}
    assert client.send("GET", FILE).text.endswith("x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fine\tand\nfine", ""),
        ("bell\a", "Not a text file. Contains one or more non-text characters"),
        ("x" * (1024 * 1024), "Size limit exceed. Limit: 1048576, size: 1048579"),
    ],
)
def test_what_is_shown_as_text(client: Client, text: str, message: str) -> None:
    client.upload(WORKSPACE, "a.txt", text)
    shown = client.read(FILE, "Binary", "&$expand=Binary")["Binary"]
    assert shown["Message"] == message
    assert shown["Text"] == (None if message else text)


@given(st.text())
def test_any_text_is_a_token_or_an_error(text: str) -> None:
    try:
        token = uploads.parse_token(text)
    except ODataError:
        return
    assert uploads.parse_token(str(token)) == token


@given(st.text())
def test_any_text_is_a_range_or_an_error(text: str) -> None:
    try:
        piece = uploads.parse_range(text)
    except ODataError:
        return
    assert uploads.parse_range(f"bytes {piece.start}-{piece.end}/{piece.total}") == piece


@given(st.text(min_size=1))
def test_a_file_name_never_breaks_out_of_its_header(name: str) -> None:
    told = downloads.quote_name(name.encode("utf-8", "replace").decode())
    assert told.isascii()
    assert not any(c in told for c in "\r\n\0")
    inner = told[1:-1] if told.startswith('"') else told
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")


def test_room_is_taken_for_what_came_not_for_what_is_announced(client: Client) -> None:
    token = begun(client, "large.bin", 900_000_000)
    last = {
        "content-range": "bytes 899999999-899999999/900000000",
        "content-disposition": 'attachment; filename="large.bin"',
    }
    assert "bytes of the file were not sent" in multipart(client, b"x", last, ChunkToken=token).text
    started = client.call(
        WORKSPACE, "StartBlobUploadToParent", name="e.bin", contentType="File", fullSize=900_000_000
    )
    assert started.status_code == 200
    with client.application.store.reading() as db:
        for table in ("files", "upload_pieces"):
            assert db.execute(f"SELECT coalesce(sum(length(data)), 0) FROM {table}").fetchone()[0] < 1_000_000


def test_a_piece_that_is_sent_again_takes_the_room_of_the_first_one(client: Client) -> None:
    token = begun(client, "a.bin", 9)
    for _ in range(20):
        multipart(client, b"abcdef", {"content-range": "bytes 0-5/9"}, ChunkToken=token)
    assert client.count("upload_pieces") == 1
    multipart(client, b"XY", {"content-range": "bytes 1-2/9"}, ChunkToken=token)
    last = {"content-range": "bytes 5-8/9", "content-disposition": 'attachment; filename="a.bin"'}
    multipart(client, b"FGHI", last, ChunkToken=token)
    assert client.send("GET", f"{WORKSPACE}/a.bin").content == b"aXYdeFGHI"
    assert client.count("upload_pieces") == 0


def test_what_was_written_elsewhere_reads_as_zeros(client: Client) -> None:
    started = client.call(WORKSPACE, "StartBlobUploadToParent", name="e.bin", contentType="File", fullSize=9)
    found = re.search(r"token: '([^']+)'", started.text)
    assert found is not None
    done = client.call(f"{WORKSPACE}/e.bin", "FinalizeBlobUpload", token=found[1], fullSize=9)
    assert done.status_code == 200
    assert client.send("GET", f"{WORKSPACE}/e.bin").content == bytes(9)


def test_a_part_without_a_name_is_passed_over(client: Client) -> None:
    body = (
        '--b\r\nContent-Disposition: form-data; ,name="x"\r\n\r\nx\r\n'
        '--b\r\nContent-Disposition: form-data; name="FileName"\r\n\r\na.txt\r\n'
        f'--b\r\nContent-Disposition: form-data; name="ChunkToken"\r\n\r\n{WHOLE}\r\n'
        '--b\r\nContent-Disposition: form-data; name="files[]"; filename="a.txt"\r\n\r\nabc\r\n'
        '--b\r\nContent-Disposition: form-data; name="files[]"; filename="b.txt"\r\n\r\nabcd\r\n--b--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.send("POST", f"{address(WORKSPACE)}/Upload", body.encode(), headers)
    assert (answer.status_code, answer.json()["Length"]) == (200, 3)


@pytest.mark.parametrize("fields", [{}, {"FileName": "a.txt"}])
def test_nothing_comes_after_the_last_piece(client: Client, fields: dict[str, str]) -> None:
    token = begun(client, "a.txt", 3)
    last = {"content-range": "bytes 0-2/3", "content-disposition": 'attachment; filename="a.txt"'}
    assert multipart(client, b"abc", last, ChunkToken=token, FileName="a.txt").status_code == 200
    answer = multipart(client, b"xyz", last, ChunkToken=token, **fields)
    assert problem(answer) == (403, "Forbidden", "SenseNetSecurityException")
    assert problem(multipart(client, b"xyz", ChunkToken=token))[::2] == (500, "ArgumentNullException")
    assert problem(multipart(client, b"xyz", last))[::2] == (500, "Exception")
    assert problem(multipart(client, b"xyz", last, ChunkToken=WHOLE))[::2] == (500, "NullReferenceException")
    assert client.send("GET", FILE).content == b"abc"
