"""File name extensions: the MIME type of the bytes, and the icon."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"
#: Endings that run on the server: only an ``ExecutableFile`` may have them.
EXECUTABLE = ("aspx", "cshtml")

_OFFICE = "application/vnd.openxmlformats-officedocument"
# The table of the real server is older than that of Python, and has oddities of its own.
_MIME_TYPES = {
    "ascx": "text/asp",
    "avi": "video/avi",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "dot": "application/msword",
    "eot": "application/vnd.ms-fontobject",
    "gz": "application/x-gzip",
    "ico": "image/x-icon",
    "js": "application/x-javascript",
    "log": "text/plain",
    "mp3": "video/mpeg",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "py": "text/x-script.phyton",
    "rtf": "text/richtext",
    "svgz": "image/svg+xml",
    "tar": "application/x-tar",
    "ttf": "application/x-font-ttf",
    "vsd": "application/x-visio",
    "vst": "application/x-visio",
    "wav": "audio/wav",
    "woff": "application/x-font-woff",
    "xhtml": "application/xhtml+xml",
    "xla": "application/excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "xlt": "application/excel",
    "xml": "text/xml",
    **dict.fromkeys(
        "7z cdr cs csv docm eml exe ini json md mjs mp4 odp ods odt potx ppsx psd rar settings sql webp wmv "
        "woff2 xlsm xltm yml".split(),
        UNKNOWN,
    ),
}
_STANDARD = mimetypes.MimeTypes().types_map[True]

_ICONS = {
    **dict.fromkeys("doc docx docm rtf".split(), "word"),
    **dict.fromkeys("xls xlsx xlsm xltm xltx csv".split(), "excel"),
    **dict.fromkeys("ppt pptx pot potx pps ppsx".split(), "powerpoint"),
    **dict.fromkeys("vdw vdx vsd vss vst vsx vtx".split(), "visio"),
    **dict.fromkeys("ttf eot woff woff2".split(), "font"),
    **dict.fromkeys("txt xml".split(), "document"),
    **dict.fromkeys("jpg jpeg gif bmp png tif tiff psd ai cdr".split(), "image"),
    "one": "one",
    "pdf": "acrobat",
    "odp": "odp",
    "ods": "ods",
    "odt": "odt",
    "mpp": "mpp",
}


def ending(name: str) -> str:
    """Return the extension of a name in lower case; empty without a dot.

    >>> ending("a.tar.GZ"), ending("a"), ending("a.")
    ('gz', '', '')
    """
    return name.rpartition(".")[2].lower() if "." in name else ""


def mime_type(name: str) -> str:
    """Return the MIME type that a file has by its name.

    >>> mime_type("a.txt"), mime_type("a.js"), mime_type("a.json"), mime_type("a")
    ('text/plain', 'application/x-javascript', 'application/octet-stream', 'application/octet-stream')
    """
    found = ending(name)
    return _MIME_TYPES.get(found) or _STANDARD.get(f".{found}", UNKNOWN)


def icon(name: str) -> str | None:
    """Return the icon of a file by its name; None if its content type decides.

    >>> icon("plan.PDF"), icon("plan.svg")
    ('acrobat', None)
    """
    return _ICONS.get(ending(name))
