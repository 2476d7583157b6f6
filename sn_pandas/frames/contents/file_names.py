"""Names of files on this computer for contents of a server, which never choose where they go."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from ...odata.errors import AnswerError

# What some file system takes for more than a part of a name.
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
# Devices of Windows, whatever stands behind a dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])( *)(\.|$)", re.IGNORECASE)
# Bytes of a name, of which the ending may have some: file systems take 255.
_LONGEST = 240
_ENDING = 32


def make_safe_name(name: str) -> str:
    r"""Return a name for a file that stays in its folder on every file system.

    Separators, control characters and marks that turn the direction of writing become ``_``, as do a dot at
    the beginning, which would hide the file, and dots and blanks at the end, which Windows drops.

    Examples
    --------
    >>> [make_safe_name(name) for name in ["Report 2026.pdf", "../../.ssh/keys", "CON.txt", "\x1b[m."]]
    ['Report 2026.pdf', '_._.._.ssh_keys', '_CON.txt', '_[m_']
    """
    kept = "".join(
        "_" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _TURNS else c for c in name
    )
    kept = _FORBIDDEN.sub("_", kept)
    kept = re.sub(r"^[. ]|[. ]+$", lambda found: "_" * len(found[0]), kept)
    if _RESERVED.match(kept):
        kept = f"_{kept}"
    return _shorten(kept) or "_"


def make_safe_path(folder: Path, *steps: str) -> Path:
    """Return the path of a file below a folder, safe for any name from a server.

    Parameters
    ----------
    folder : Path
        The folder that the user chose.
    *steps : str
        Names of folders below it and of the file, as a server says them.

    Raises
    ------
    AnswerError
        If a folder on the way is a link that leads out of the folder.
    """
    path = folder.joinpath(*map(make_safe_name, steps))
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise AnswerError(
            f"{path.parent} is a link that leads out of {folder}, so nothing was written. Choose another "
            "folder, or remove the link"
        )
    return path


def choose_names(paths: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """Return the relative path of each file below a folder: its name, with its folders where necessary.

    Parameters
    ----------
    paths : mapping
        The paths of the contents, by id.

    Examples
    --------
    >>> choose_names({1: "/Root/A/x.txt", 2: "/Root/B/x.txt", 3: "/Root/B/y.txt"})
    {1: ('A', 'x.txt'), 2: ('B', 'x.txt'), 3: ('y.txt',)}
    >>> choose_names({1: "/Root/A/a:b", 2: "/Root/A/a?b"})
    {1: ('a_b',), 2: ('a_b (2)',)}
    """
    split = {id_: [step for step in path.split("/") if step] or ["_"] for id_, path in paths.items()}
    common = _count_common_steps([steps[:-1] for steps in split.values()])
    count: dict[str, int] = {}
    for steps in split.values():
        count[_fold_name((steps[-1],))] = count.get(_fold_name((steps[-1],)), 0) + 1
    found: dict[int, tuple[str, ...]] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for id_, steps in split.items():
        alone = count[_fold_name((steps[-1],))] == 1
        wanted = tuple(map(make_safe_name, steps[-1:] if alone else steps[common:]))
        above = [_fold_name(wanted[:n]) for n in range(1, len(wanted))]
        if any(step in files for step in above):  # a file has the name of the folder
            wanted, above = (wanted[-1],), []
        chosen, number = wanted, 1
        while _fold_name(chosen) in files or _fold_name(chosen) in folders:
            number += 1
            chosen = (*wanted[:-1], _shorten(wanted[-1], f" ({number})"))
        files.add(_fold_name(chosen))
        folders.update(above)
        found[id_] = chosen
    return found


# Marks of Unicode that turn the direction of writing, with which photo.gpj.exe looks like a picture.
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _shorten(name: str, mark: str = "") -> str:
    """Return a name with a mark before its ending, cut to what file systems take."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    whole = f"{stem}{mark}{dot}{ending}"
    if len(os.fsencode(whole)) <= _LONGEST:
        return whole
    if len(ending.encode()) > _ENDING:
        stem, dot, ending = name, "", ""
    room = _LONGEST - len(f"{mark}{dot}{ending}".encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + mark + dot + ending


def _count_common_steps(folders: list[list[str]]) -> int:
    """Return how many steps all paths begin with."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)
    return next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )


def _fold_name(steps: tuple[str, ...]) -> str:
    """Return a key that is equal for names that a file system does not distinguish."""
    return unicodedata.normalize("NFC", "/".join(map(make_safe_name, steps))).casefold()
