"""Long texts are searched word by word: what is sent, what is refused, and that both mean what they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.odata.contentqueries import Clause
from sn_pandas.odata.filters import Filter

from ..fakes import FakeServer

PLACE = "/Root/Content/Herons"
TEXTS = [
    "Blue herons, and grey ones",
    "grey herons stand on the bank",
    "A heron is blue. Blue?",
    "files.zip at www.herons.example, 2024-05-01",
    "o'brien's r&d: wi-fi",
    "",
    "the",
]


@pytest.fixture(scope="module")
def notes() -> Iterator[Repository]:
    server = FakeServer(sample=False)
    admin = server.connect()
    admin.create("/Root/Content", "MemoList", "Herons")
    for number, text in enumerate(TEXTS):
        admin.create(PLACE, "Memo", f"n{number}", {"Description": text or None})
    server.add_user("erin", {PLACE: ["Open", "OpenMinor", "Save"]})
    with server.connect(user="erin") as repo:
        yield repo
    server.end()


def found(repo: Repository, condition: Filter | Clause) -> list[int]:
    how = {"filter": condition} if isinstance(condition, Filter) else {"query": condition}
    return sorted(int(name[1:]) for name in repo.read(PLACE, select="Name", **how)["Name"])


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (sn.F("Description").has_words("herons"), [0, 1]),
        (sn.F("Description").has_words("HERONS", "grey"), [0, 1]),
        (sn.F("Description").has_words("blue", "heron"), [2]),
        (sn.F("Description").has_phrase("grey herons"), [1]),
        (sn.F("Description").has_phrase("the grey herons"), [1]),
        (~sn.F("Description").has_words("blue"), [1, 3, 4, 5, 6]),
        (sn.F("Description").contains("ero"), [0, 1, 2, 3]),
        (sn.F("Description").startswith("her"), [0, 1, 2]),
        (sn.F("Description").has_phrase("o'brien's r&d"), [4]),
        (sn.Q("Description").has_words("files.zip", "2024-05-01"), [3]),
        (sn.Q("Description").has_phrase("herons grey", distance=1), [0]),
        (sn.Q("Description").has_phrase("stand on the bank", distance=2), [1]),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.*is searched word by word")
def test_what_is_found(notes: Repository, condition: Filter | Clause, numbers: list[int]) -> None:
    assert found(notes, condition) == numbers


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sn.F("Description") == None, "finds nothing.*isna"),  # noqa: E711
        (lambda: sn.F("Description") != None, "finds nothing.*isna"),  # noqa: E711
        (lambda: sn.F("Description") == "", "finds nothing.*isna"),
        (lambda: sn.F("Description") == "blue herons", r"F\('Description'\).has_phrase\('blue herons'\)"),
        (lambda: sn.F("Description").contains("blue herons"), r"has_words\('blue', 'herons'\)"),
        (lambda: sn.F("Description").startswith("blue-"), "looks at single words"),
        (lambda: sn.F("Description").has_words("blue herons"), "more than one word"),
        (lambda: sn.F("Description").has_words("the"), "not indexed"),
        (lambda: sn.F("Description").has_phrase("cat on the roof"), "distance=2"),
        (lambda: sn.F("Description").has_phrase("the"), "words that the index keeps"),
        (lambda: sn.Q("Description").has_phrase("cat on the roof", distance=1), "distance=2"),
        (lambda: sn.Q("Description").contains("two words"), "looks at single words"),
        (lambda: sn.F("Name") == "why?", r"treats \? as a wildcard"),
        (lambda: sn.F("Name") == "/Root/Content/", "regular expression"),
        (lambda: sn.Q("Name") == "/^a/", "regular expression"),
    ],
)
def test_what_is_refused(notes: Repository, make: Callable[[], Filter | Clause], words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        found(notes, make())


@pytest.mark.parametrize(
    "text",
    [
        "Description eq null",
        "Description ne null",
        "Name eq 'a' and not (Description eq '')",
        "substringof('blue herons', Description)",
        "startswith(Description, 'blue-') eq true",
    ],
)
def test_filters_in_the_words_of_the_server_are_checked_too(notes: Repository, text: str) -> None:
    with pytest.raises(sn.QueryError, match="long text"):
        notes.read(PLACE, filter=text)


def test_a_phrase_in_the_words_of_the_server_is_one(notes: Repository) -> None:
    with pytest.warns(UserWarning, match="word by word"):
        assert len(notes.read(PLACE, select="Name", filter="Description eq 'grey herons'")) == 1


WORDS = st.sampled_from(["grey", "blue", "herons", "the", "of", "Bank", "été", "x1"])


@settings(max_examples=25, deadline=None)
@given(text=st.lists(WORDS, max_size=6), phrase=st.lists(WORDS, min_size=1, max_size=3))
def test_a_phrase_stands_for_words_side_by_side(
    notes: Repository, text: list[str], phrase: list[str]
) -> None:
    """What passes finds what the words side by side say; what could not is refused."""
    notes.patch(f"{PLACE}/n5", {"Description": " ".join(text) or None})
    try:
        condition = sn.F("Description").has_phrase(" ".join(phrase))
    except sn.QueryError:
        return
    kept = " ".join(phrase).lower()
    kept = re.sub(r"^(?:(?:the|of) )+|(?: (?:the|of))+$", "", kept)
    expected = f" {kept} " in f" {' '.join(text).lower()} "
    assert (5 in found(notes, condition)) == expected
