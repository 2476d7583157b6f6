"""Words that the style guide replaced do not come back."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("sn_pandas/**/*.py"), ROOT / "pytest_sn_pandas.py"])
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in ROOT.glob("docs/**/*.md") if "generated" not in p.parts)])
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))

#: Parts of names that are participles or metaphors, and what names a thing instead.
NAMES = {
    "told": "the noun: outcome, description, values",
    "stranger": "foreign, anonymous",
    "strangers": "foreign, anonymous",
    "known": "the noun: fields, names, definition",
    "lent": "ReleasingStream",
    "crew": "WorkerPool",
    "bell": "wakeup",
    "believed": "valid",
    "judged": "build_…",
    "varied": "replace_…",
    "claimed": "match_…, taken",
    "manner": "options",
    "believing": "trust_…",
    "melted": "flatten",
    "parted": "split, strip",
}
#: Words that alone do not say what a function does; checked where all functions are named by verbs.
PARTICIPLES = frozenset(
    "alone asked chosen decoded found given held kept made named said searched shown whole written".split()
)
VERBS_ONLY = [ROOT / "sn_pandas" / room for room in ("embedded", "frames", "notebook")]
#: Public names that are deprecated, until the next version.
OLD = {"varied"}
#: Phrases, as regular expressions, and how to write them.
PHRASES = {
    r"\b(is|are) no (?!longer\b|more\b|such\b|other\b)": "is not a …",
    r"\bstrangers?\b": "other, foreign, anonymous",
    r"\b(is|are|was|were|be|been) told\b": "is reported, is passed",
    r"\btakes? us for\b": "treats the caller as",
    r"\b(who we are|still ourselves|knows us)\b": "the identity of the caller",
    r"\bis believed\b": "is verified",
    r"\btold beforehand\b": "rejected",
    r"\bin silence\b": "silently",
    r"\bwhole numbers?\b": "integer",
    r"\btruth values?\b": "boolean",
    r"\btexts? stands? in (single|straight) quotes\b": "must be in … quotes",
    r"\b(gives|gave) no token\b": "issued no token",
    r"\bbelieved (only )?when seen\b": "verified",
    r"\bone (line|frame|job|key|token) a (?!time\b)": "one … per …",
    r"\bnobody can be asked\b": "cannot ask for input",
}
# What is correct English nevertheless: "there is no …", "it is no longer …", quoted words of a server.
_FINE = re.compile(r"\b[Tt]here\s+(is|are) no\b")


def parts_of(name: str) -> set[str]:
    """Return the words that a name consists of."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def names_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of everything that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments and strings of a module, those that are written in parts as one."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    inner: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inner.update(id(value) for value in node.values)
            yield node.lineno, "".join(v.value if isinstance(v, ast.Constant) else "x" for v in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.lineno, node.value


def phrases_of(text: str) -> list[str]:
    """Return the phrases of a text that the style guide replaced."""
    text = _FINE.sub("", text)
    return [match[0] for phrase in PHRASES for match in re.finditer(phrase, text)]


def first_words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the first word of each docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text.split()[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_the_words_of_the_style_guide(path: Path) -> None:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    wrong = [
        (line, name) for line, name in names_of(tree) if parts_of(name) & NAMES.keys() and name not in OLD
    ]
    wrong += [(line, phrase) for line, text in texts_of(source) for phrase in phrases_of(text)]
    wrong += [(line, word) for line, word in first_words(tree) if word in ("Give", "Gives", "Lend", "Refuse")]
    assert not wrong


@pytest.mark.parametrize(
    "path",
    sorted(path for room in VERBS_ONLY for path in room.glob("**/*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_function_is_named_by_a_participle(path: Path) -> None:
    functions = (
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    )
    properties = ("property", "cached_property")
    wrong = [
        (node.lineno, node.name)
        for node in functions
        if node.name.strip("_") in PARTICIPLES
        and not any(isinstance(d, ast.Name) and d.id in properties for d in node.decorator_list)
    ]
    assert not wrong


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_the_words_of_the_style_guide(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert not phrases_of(text)
