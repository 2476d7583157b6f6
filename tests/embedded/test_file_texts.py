# ruff: noqa: E501
"""The full text of office documents and PDF files."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import pytest

import sn_pandas as sn

from ..fakes import FakeServer

PLACE = "/Root/Content/Papers"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_T = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'


def archive(**parts: str) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/") + ".xml", text)
    return stream.getvalue()


def pdf(text: str) -> bytes:
    """Return a PDF file of one page."""
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)


FILES = {
    "letter.docx": archive(
        word__document=f"<w:document {_W}><w:body><w:p><w:r><w:t>Blue her</w:t></w:r><w:r><w:t>ons</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>stand</w:t></w:r></w:p></w:body></w:document>"
    ),
    "table.xlsx": archive(
        xl__sharedStrings=f"<sst {_S}><si><t>blue</t></si><si><t>herons</t></si></sst>",
        xl__worksheets__sheet1=f'<worksheet {_S}><row><c t="s"><v>77</v></c><c><v>4711</v></c></row></worksheet>',
    ),
    "talk.pptx": archive(ppt__slides__slide1=f"<x {_A}><a:p><a:r><a:t>blue herons</a:t></a:r></a:p></x>"),
    "notes.odt": archive(
        content=f"<x {_T}><text:p>blue <text:span>he<text:span>ron</text:span>s</text:span><text:tab/>fly</text:p></x>"
    ),
    "paper.pdf": pdf("Blue herons of the lake"),
    "memo.rtf": rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator Riched;}{\info{\title stork}}\pard\f0 Blue \b her\b0 ons\par "
    rb"stand \'e9t\'e9 \u8364?\u-10179?\u-8704?\tab \{egret\}}",
}


def test_office_documents_and_pdf_are_found_by_their_words() -> None:
    server = FakeServer(sample=False)
    admin = server.connect()
    admin.create("/Root/Content", "Workspace", "Papers")
    admin.create(PLACE, "DocumentLibrary", "docs")
    broken: dict[str, Any] = {"broken.docx": b"PK\x03\x04 no archive", "broken.pdf": b"%PDF-1.4 nothing"}
    assert admin.upload(f"{PLACE}/docs", {**FILES, **broken}).ok
    server.add_user("erin", {PLACE: ["Open", "OpenMinor"]})
    with server.connect(user="erin") as erin:

        def found(clause: Any) -> set[str]:
            return set(erin.read(PLACE, select="Name", query=clause)["Name"])

        assert found(sn.Q.full_text().has_phrase("blue herons")) == set(FILES)
        assert found(sn.Q.full_text().has_words("4711")) == {"table.xlsx"}
        assert found(sn.Q.full_text().has_words("fly")) == {"notes.odt"}
        assert found(sn.Q.full_text().has_words("77")) == set()
        assert found(sn.Q.full_text().has_words("été", "egret")) == {"memo.rtf"}
        assert found(sn.Q.full_text().has_words("stork")) == set()
        assert found(sn.Q("Binary").has_words("arial")) == set()
        assert found(sn.Q.full_text().has_words("broken.docx")) == {"broken.docx"}
    server.end()


@pytest.mark.parametrize("text", ["<!DOCTYPE x [<!ENTITY a 'b'>]><x><t>secret</t></x>", "<x><t>cut"])
def test_a_hostile_document_has_no_text(text: str) -> None:
    from sn_pandas.embedded.index.file_texts import text_of

    assert text_of("a.docx", archive(word__document=text)) == ""
