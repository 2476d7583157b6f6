"""Split texts into words, as the standard analyzer of the production search engine does.

The rules are those of Lucene 2.9: runs of letters and digits, with some joints inside (``files.zip``,
``o'brien``, ``r&d``, mail addresses, numbers such as ``2024-05-01``). Stop words are dropped; in a text they
leave a gap, in the value of a query they do not.

The embedded repository indexes with it, and `has_words` and `has_phrase` search columns as a server would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Stands in a stored text where a word was dropped: it keeps the place that the word had.
GAP = "\ue000"
#: Characters beside letters and digits that words may hold.
JOINTS = "._-/,'&@"
LONGEST_WORD = 255

STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these "
    "they this to was will with".split()
)

_SIMPLE = re.compile(r"[a-z0-9]+")
_JOINT = re.compile(r"[._\-/,'&@]")
_JOINED = re.compile(r"[a-z0-9][._\-/,'&@][a-z0-9]")
# Chinese and Japanese signs, each a word of its own; Korean letters make words as others do.
_CJ = re.compile(
    "[\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3300-\u337f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff65-\uff9f]"
)
_A = r"[^\W_]+"  # letters and digits
_L = r"[^\W\d_]+"  # letters
_D = r"[^\W\d_]*\d[^\W_]*"  # letters and digits with a digit among them
_P = r"[_\-/.,]"
_RUN = re.compile(rf"{_A}(?:{_JOINT.pattern}{_A})*\.?")
# The forms that a word may have; the longest match counts, of equally long ones the first.
_FORMS = (
    ("plain", re.compile(_A)),
    ("apostrophe", re.compile(rf"{_L}(?:'{_L})+")),
    ("acronym", re.compile(r"[^\W\d_]\.(?:[^\W\d_]\.)+")),
    ("plain", re.compile(rf"{_L}[&@]{_L}")),
    ("plain", re.compile(rf"{_A}(?:[._\-]{_A})*@{_A}(?:[.\-]{_A})+")),
    ("plain", re.compile(rf"{_A}(?:\.{_A})+")),
    ("plain", re.compile(rf"{_A}(?:{_P}{_D}{_P}{_A})+")),
    ("plain", re.compile(rf"{_D}(?:{_P}{_A}{_P}{_D})+")),
    ("plain", re.compile(rf"{_A}{_P}{_D}(?:{_P}{_A}{_P}{_D})*")),
    ("plain", re.compile(rf"{_D}{_P}{_A}(?:{_P}{_D}{_P}{_A})*")),
    ("dotted", re.compile(rf"{_A}\.(?:{_A}\.)+")),
)


def has_words(texts: pd.Series[Any], *words: str) -> pd.Series[bool]:
    """Return which texts of a column have all of the words, as a server with a search index finds them.

    Parameters
    ----------
    texts : Series of str
        Long texts; a missing one has no words.
    *words : str
        In any letter case; ``*`` stands for any part of a word, ``?`` for one character of it.

    Returns
    -------
    Series of bool
        Of the same index.

    Examples
    --------
    >>> import pandas as pd
    >>> has_words(pd.Series(["Blue herons", "A heron is blue", None]), "blue", "heron*").tolist()
    [True, True, False]
    """
    found = [_test_of(word) for word in words]
    return _test_texts(texts, lambda text: all(test(text) for test in found))


def has_phrase(texts: pd.Series[Any], phrase: str, distance: int = 0) -> pd.Series[bool]:
    """Return which texts of a column have words side by side, as a server with a search index finds them.

    Parameters
    ----------
    texts : Series of str
        Long texts; a missing one has no words.
    phrase : str
        The words; stop words such as *the* are dropped, and leave a gap in the texts.
    distance : int
        By how many places words may be moved in all.

    Returns
    -------
    Series of bool
        Of the same index.

    Examples
    --------
    >>> import pandas as pd
    >>> notes = pd.Series(["a cat on the roof", "the roof of the cat"])
    >>> has_phrase(notes, "cat roof", distance=2).tolist()
    [True, False]
    """
    asked = query_words(phrase)
    return _test_texts(texts, lambda text: bool(asked) and matches_phrase(text, asked, distance))


def _test_of(word: str) -> Callable[[list[str]], bool]:
    if "*" in word or "?" in word:
        signs = {"*": ".*", "?": "."}
        pattern = re.compile("".join(signs.get(c) or re.escape(c) for c in lower_letters(word)), re.DOTALL)
        return lambda text: any(w != GAP and pattern.fullmatch(w) is not None for w in text)
    asked = query_words(word)
    return lambda text: bool(asked) and matches_phrase(text, asked, 0)


def _test_texts(texts: pd.Series[Any], test: Callable[[list[str]], bool]) -> pd.Series[bool]:
    found: pd.Series[bool] = texts.map(lambda text: isinstance(text, str) and test(words_of(text)))
    return found.astype(bool)


def words_of(text: str) -> list[str]:
    r"""Return the words of a text in their order, with `GAP` in the place of those that are dropped.

    >>> words_of("Blue herons, and grey ones")
    ['blue', 'herons', '\ue000', 'grey', 'ones']
    >>> words_of("Ann's files.zip of 2024-05-01, U.K.")
    ['ann', 'files.zip', '\ue000', '2024-05-01', 'uk']
    """
    if text.isascii():
        lower = text.lower()
        found = _SIMPLE.findall(lower) if _JOINED.search(lower) is None else _cut_runs(lower)
    else:
        found = _cut_runs(_blank_signs(text))
    return [GAP if word in STOP_WORDS or len(word) > LONGEST_WORD else word for word in found]


def query_words(value: str) -> list[str]:
    """Return the words of a query value without the stop words; empty if only these occur.

    >>> query_words("on the roof"), query_words("the !")
    (['roof'], [])
    """
    return [word for word in words_of(value) if word != GAP]


def gaps_inside(phrase: str) -> int:
    """Return how many words are dropped between others of a phrase: in a text they leave gaps.

    >>> gaps_inside("the cat on the roof")
    2
    """
    words = words_of(phrase)
    kept = [at for at, word in enumerate(words) if word != GAP]
    return kept[-1] - kept[0] + 1 - len(kept) if kept else 0


def lower_letters(text: str) -> str:
    """Return a text in lower case, letter by letter, as in the index.

    >>> lower_letters("ΣΑΣ")
    'σασ'
    """
    return text.lower() if text.isascii() else text.replace("İ", "i").replace("Σ", "σ").lower()


def matches_phrase(text: Sequence[str], phrase: Sequence[str], distance: int) -> bool:
    """Return whether words occur in a text in this order, at most ``distance`` positions apart in total.

    >>> matches_phrase(["cat", "x", "roof"], ["cat", "roof"], 0)
    False
    >>> matches_phrase(["cat", "x", "roof"], ["cat", "roof"], 1)
    True
    >>> matches_phrase(["roof", "cat"], ["cat", "roof"], 2)
    True
    """
    if distance == 0:
        length = len(phrase)
        first = phrase[0]
        return any(
            word == first and list(text[at : at + length]) == list(phrase) for at, word in enumerate(text)
        )
    places: dict[str, list[int]] = {word: [] for word in phrase}
    for at, word in enumerate(text):
        if word in places:
            places[word].append(at)
    if not all(places.values()):
        return False
    # A place counts as moved by how far it lies from where its word would stand; the spread must not exceed
    # the distance. Words that are asked for twice need two places.
    return any(
        _fits_from(start, places, phrase, distance)
        for start in sorted({at - n for n, word in enumerate(phrase) for at in places[word]})
    )


def _fits_from(start: int, places: dict[str, list[int]], phrase: Sequence[str], distance: int) -> bool:
    """Return whether each word has a position of its own, at most ``distance`` after the expected one."""
    choices = [
        [at for at in places[word] if start <= at - n <= start + distance] for n, word in enumerate(phrase)
    ]
    taken: dict[int, int] = {}

    def place(n: int, seen: set[int]) -> bool:
        for at in choices[n]:
            if at in seen:
                continue
            seen.add(at)
            if at not in taken or place(taken[at], seen):
                taken[at] = n
                return True
        return False

    return all(place(n, set()) for n in range(len(phrase)))


def similarity(asked: str, term: str) -> float:
    """Return how similar a term is to a word, 1 if they are equal: 1 - edits / length of the shorter.

    >>> round(similarity("bok", "box"), 2)
    0.67
    """
    if asked == term:
        return 1.0
    shorter = min(len(asked), len(term))
    if not shorter:
        return 0.0
    row = list(range(len(term) + 1))
    for i, first in enumerate(asked, 1):
        above, row[0] = row[0], i
        for j, second in enumerate(term, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (first != second))
    return 1.0 - row[-1] / shorter


def _blank_signs(text: str) -> str:
    """Return a text in lower case, with blanks for characters that are not part of words."""
    spaced = "".join(c if c.isalpha() or c.isdecimal() or c in JOINTS else " " for c in lower_letters(text))
    return _CJ.sub(" \\g<0> ", spaced)


def _cut_runs(lower: str) -> list[str]:
    found: list[str] = []
    for run in _RUN.findall(lower):
        if _JOINT.search(run) is None:
            found.append(run)
        else:
            found.extend(_cut(run))
    return found


def _cut(run: str) -> Iterator[str]:
    """Yield the words of letters and digits with single joints between them."""
    at = 0
    while at < len(run):
        form, end = "", at
        for name, pattern in _FORMS:
            match = pattern.match(run, at)
            if match is not None and match.end() > end:
                form, end = name, match.end()
        if end == at:  # a joint
            at += 1
            continue
        word = run[at:end]
        if form == "apostrophe":
            word = word.removesuffix("'s")
        elif form == "acronym":
            word = word.replace(".", "")
        elif form == "dotted":
            word = word.removesuffix(".")
        yield word
        at = end
