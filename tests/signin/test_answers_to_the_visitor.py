"""An answer that was the Visitor's is never believed: law 12 for every public call."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import pytest

import sn_pandas as sn
from tests.fakes import FakeServer, Nth

from .calls import CALLS, Call, prepared, state, world

#: More requests than a call repeats.
MORE = 6


class Bench:
    """Runs one call again and again on one server, and knows what it says and leaves behind."""

    def __init__(self, server: FakeServer, call: Call) -> None:
        prepared(server)
        self.server, self.call, self.number = server, call, 0
        self.admin = server.connect()

    def run(
        self, numbers: Collection[int], also: Callable[[], object] = lambda: None, **credentials: Any
    ) -> tuple[Any, Any, int]:
        """Return what the call says, what is there afterwards, and how many requests it sent."""
        self.number += 1
        place = world(self.admin, self.call, self.number)
        with self.server.connect(**credentials) as repo, warnings.catch_warnings():
            warnings.simplefilter("error", sn.IncompleteWarning)
            warnings.simplefilter("ignore", sn.SaveWarning)
            chosen = Nth(numbers, also)
            rule = self.server.on(when=chosen).visitor()
            try:
                said = self.call.do(repo, place)
            except sn.NotFoundError as error:
                said = f"NotFoundError: {error}"
            except sn.AuthenticationError as error:
                said = error
            finally:
                rule.off()
            left = state(self.admin, place)
            if self.call.writes:
                for child in self.admin.read("/Root/Content/Other", select="Path")["Path"]:
                    self.admin.delete(child, permanent=True)
        return self._same(said, place), self._same(left, place), chosen.count

    def _same(self, value: Any, place: str) -> Any:
        if isinstance(value, sn.SensenetError):
            return value
        return str(value).replace(place, "<place>")


#: Those that are tried each time; the others take minutes together.
QUICK = ("read", "count", "get", "save", "create")


@pytest.fixture(params=[pytest.param(n, marks=[] if n in QUICK else pytest.mark.long) for n in CALLS])
def bench(request: pytest.FixtureRequest, fake: Callable[..., FakeServer]) -> Iterator[Bench]:
    """Yield a bench for each public call."""
    bench = Bench(fake(sample=False), CALLS[request.param])
    yield bench
    bench.admin.close()


def check(bench: Bench, outcome: tuple[Any, Any, int], truth: tuple[Any, Any, int], numbers: object) -> None:
    """Compare a run with one in which nothing happened."""
    said, left, _ = outcome
    if isinstance(said, sn.AuthenticationError):
        report = getattr(said, "report", None)
        assert report is None or set(report.frame["outcome"]) <= {"saved", "unsent", "unchanged"}, numbers
    elif "unsent" in str(said) and "unsent" not in str(truth[0]):
        assert "Visitor" in str(said), (numbers, said)
        assert not {"failed", "unknown", "conflict", "ignored"} & set(str(said).split("'")), (numbers, said)
    else:
        assert said == truth[0], numbers
        assert left == truth[1], numbers


def test_any_one_answer_to_the_visitor_changes_nothing(bench: Bench) -> None:
    """Without the cookie, as with an API key, for a caller of whom the Visitor sees nothing."""
    truth = bench.run(())
    for number in range(truth[2]):
        outcome = bench.run([number])
        check(bench, outcome, truth, number)
        assert outcome[:2] == truth[:2], "one request alone never stops a call"


#: Whether another thread renews the token before the first and before the second of two answers.
RENEWALS = ((False, False), (True, False), (False, True), (True, True))


@pytest.mark.long
def test_any_two_answers_to_the_visitor_change_nothing(bench: Bench) -> None:
    """With tokens and the cookie; meanwhile another thread may renew the token."""
    tried_with_tokens(bench, lambda most: itertools.combinations(range(most), 2))


@pytest.mark.parametrize(
    ("bench", "numbers"),
    [("undo", (4, 10)), ("download", (1, 3)), ("save_new_rows", (5, 9))],
    indirect=["bench"],
)
def test_a_second_answer_to_the_visitor_confirms_no_first_one(bench: Bench, numbers: tuple[int, int]) -> None:
    """Two times 404 for what a search shows."""
    tried_with_tokens(bench, lambda _: [numbers] * len(RENEWALS))


def tried_with_tokens(bench: Bench, chosen: Callable[[int], Iterable[tuple[int, ...]]]) -> None:
    """Check all chosen numbers of requests, below how many there can be."""
    bench.server.cookies = True
    bench.server.tokens.update(first="Admin", second="Admin")
    truth = bench.run((), token="first")
    for numbers, renewals in zip(chosen(truth[2] + MORE), itertools.cycle(RENEWALS)):
        current, times = ["first"], iter(renewals)

        def renewed(current: list[str] = current, times: Iterator[bool] = times) -> None:
            if next(times):
                current[0] = "second" if current[0] == "first" else "first"

        outcome = bench.run(numbers, renewed, token=lambda current=current: current[0])
        check(bench, outcome, truth, (numbers, renewals))
