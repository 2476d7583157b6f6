"""The text that can be found of a file: plain and marked-up texts, office documents, PDF.

Office documents are archives of XML, of which the text is read; for PDF files the extra ``text`` is needed.
Whatever cannot be read has no text, as on a server whose extractor fails.
"""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from xml.etree import ElementTree as ET

#: Characters that are read of a file, and seconds that reading may take.
LONGEST = 4_000_000
DEADLINE = 2.0
_PLAIN = frozenset({"txt", "settings"})
_MARKED_UP = frozenset({"xml", "contenttype"})
#: Where the text stands in office documents, by the ending of the file.
_DOCX = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_XLSX = re.compile(r"xl/(sharedStrings|worksheets/sheet\d+)\.xml")
_PARTS = {
    **dict.fromkeys(("docx", "docm"), _DOCX),
    **dict.fromkeys(("xlsx", "xlsm"), _XLSX),
    "pptx": re.compile(r"ppt/(slides/slide|notesSlides/notesSlide)\d+\.xml"),
    "odt": re.compile(r"content\.xml"),
}
#: Elements that hold text, and those that begin a new word, by their names without the namespace.
_TEXTS = frozenset({"t", "v"})
_BREAKS = frozenset({"p", "br", "tab", "cr", "h", "si", "c", "row", "line-break", "s"})
#: What rich text consists of: groups, control words with a number, escaped characters, text.
_RTF = re.compile(
    r"(?P<group>[{}])|\\(?P<word>[a-z]+)(?P<number>-?\d+)? ?|\\'(?P<byte>[0-9a-f]{2})|\\(?P<sign>[^a-z])"
    r"|(?P<text>[^\\{}\r\n]+)",
    re.IGNORECASE,
)
#: Groups of it that are not text, and words that part words.
_RTF_HIDDEN = frozenset("fonttbl colortbl stylesheet listtable listoverridetable info pict object".split())
_RTF_BREAKS = frozenset("par line tab cell row sect page".split())


def text_of(name: str, data: bytes) -> str:
    """Return the text of a file, by its extension; empty if it has none or is not readable.

    >>> text_of("a.xml", b"<p>blue &amp; grey</p>")
    ' blue & grey '
    """
    ending = name.rpartition(".")[2].lower()
    if ending in _PLAIN or ending in _MARKED_UP:
        text = data[:LONGEST].decode("utf-8-sig", "replace")
        return text if ending in _PLAIN else unescape(re.sub("<[^>]*>", " ", text))
    if ending in _PARTS:
        return _join_pieces(_of_archive(data, _PARTS[ending], in_elements=ending != "odt"))
    if ending == "rtf":
        return _join_pieces(_of_rich_text(data))
    return _join_pieces(_of_pdf(data)) if ending == "pdf" else ""


def is_readable(name: str) -> bool:
    """Return whether files of such a name have a text."""
    ending = name.rpartition(".")[2].lower()
    return ending in _PLAIN or ending in _MARKED_UP or ending in _PARTS or ending in ("rtf", "pdf")


def _join_pieces(pieces: Iterator[str]) -> str:
    """Return the pieces that there are within the bounds, as one text."""
    found, length, end = [], 0, time.monotonic() + DEADLINE
    try:
        for piece in pieces:
            found.append(piece)
            length += len(piece)
            if length > LONGEST or time.monotonic() > end:
                break
    except Exception:  # whatever a broken or hostile file makes a reader raise: the rest has no text
        pass
    return "".join(found)[:LONGEST]


def _of_archive(data: bytes, parts: re.Pattern[str], *, in_elements: bool) -> Iterator[str]:
    """Yield the texts of the parts of an office document."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            if parts.fullmatch(name) and archive.getinfo(name).file_size <= LONGEST:
                with archive.open(name) as stream:
                    yield from _of_xml(stream.read(LONGEST), in_elements=in_elements)


def _of_xml(data: bytes, *, in_elements: bool) -> Iterator[str]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # no office program writes one
        return
    yield from _of_element(ET.fromstring(data), in_elements=in_elements)


def _of_element(element: ET.Element, *, in_elements: bool) -> Iterator[str]:
    kind = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if kind in _BREAKS:
        yield " "
    if kind == "c" and element.get("t") == "s":  # a cell with the number of a shared text
        return
    if element.text and (kind in _TEXTS or not in_elements):
        yield element.text
    for child in element:
        yield from _of_element(child, in_elements=in_elements)
        if child.tail and not in_elements:
            yield child.tail


def _of_rich_text(data: bytes) -> Iterator[str]:
    """Yield the texts of a file in the Rich Text Format."""
    hidden = [False]  # for each open group
    to_skip = 0  # characters that stand in for one that was given by its number
    for part in _RTF.finditer(data[:LONGEST].decode("cp1252", "replace")):
        word, text = (part["word"] or "").lower(), part["text"] or ""
        if part["group"]:
            hidden = [*hidden, hidden[-1]] if part["group"] == "{" else hidden[:-1] or [False]
        elif word in _RTF_HIDDEN or part["sign"] == "*":
            hidden[-1] = True
        elif word == "u" and part["number"]:
            to_skip = 1
            if not hidden[-1]:
                yield _character(int(part["number"]))
        elif word in _RTF_BREAKS:
            text = " "
        elif part["byte"]:
            text = bytes.fromhex(part["byte"]).decode("cp1252", "replace")
        elif part["sign"]:
            text = {"~": " ", "_": "-"}.get(part["sign"], part["sign"] if part["sign"] in "\\{}" else "")
        if text and to_skip:
            text, to_skip = text[to_skip:], 0
        if text and not hidden[-1]:
            yield text


def _character(number: int) -> str:
    """Return a character by its number; a half of one that is outside of the basic plane parts words."""
    number %= 0x10000
    return " " if 0xD800 <= number < 0xE000 else chr(number)


def _of_pdf(data: bytes) -> Iterator[str]:
    """Yield the texts of the pages; nothing where the library is missing."""
    try:
        from pypdf import PdfReader
    except ImportError:
        return
    for page in PdfReader(BytesIO(data)).pages:
        yield page.extract_text()
        yield "\n"
