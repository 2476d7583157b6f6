"""Every recorded value: what the real server ignores, changes or refuses never counts as saved."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from sn_pandas import RefusedError
from sn_pandas.frames.columns.cells import are_same_json

from .recorded import RecordedServer, cases

CASES = cases()
COLUMNS = (
    "Name DisplayName Serial Notes Story Quantity Weight Price InUse BoughtOn CheckedAt Condition Labels "
    "Code Owner2 Index Homepage Keeper Parts Path Type CreationDate ModificationDate Version "
    "ModifiedBy CreatedBy"
).split()


def test_all_cases_are_there():
    assert len(CASES) == 183


@pytest.mark.parametrize("case", CASES, ids=[case.name[:60] for case in CASES])
def test_recorded_value(case):
    server = RecordedServer(CASES)
    repo = server.repo()
    frame = repo.read("/Root/Content/patc/Assets", select=COLUMNS)
    for name, value in case.body.items():
        if name == "Id":
            continue  # another Id is another content
        frame[name] = pd.Series(np.fromiter([value], dtype=object, count=1), index=frame.index)
    believed = dict(server.state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        refused = frame.sn.check()
        try:
            report = frame.sn.save(on_conflict="overwrite")
        except RefusedError as error:
            report = error.report
            assert not server.patches, "nothing is sent if a cell is refused"
            assert len(refused), "what save refuses, check says beforehand"
    outcome = report.frame["outcome"].iloc[0]
    fields = repo.schema["Asset"].fields
    stored = all(
        name in fields and are_same_json(fields[name], value, server.state.get(name))
        for name, value in case.body.items()
    )
    if outcome == "saved":
        sent = server.patches[-1]
        for name, value in sent.items():
            assert are_same_json(fields[name], value, server.state.get(name)), "saved means stored"
        assert stored or sent != case.body, "what the server did not store as it was sent is not saved"
    elif outcome == "unchanged":
        assert not server.patches
        assert {k: v for k, v in believed.items() if k in case.body} == {
            k: v for k, v in server.state.items() if k in case.body
        }
    else:
        assert outcome in ("refused", "ignored", "failed")
        assert report.frame["reason"].iloc[0]


@pytest.mark.filterwarnings("ignore:.*no time zone")
def test_nothing_that_the_server_takes_is_refused():
    """Of what the server stores as it is sent, only what people mean differently is refused."""
    wrongly = []
    for case in CASES:
        server = RecordedServer(CASES)
        frame = server.repo().read("/Root/Content/patc/Assets", select=COLUMNS)
        fields = frame.sn.baseline.repo.schema["Asset"].fields
        if case.status != 200 or not case.body or not set(case.body) <= set(fields):
            continue
        if not all(
            are_same_json(fields[n], v, server.typed(case.after).get(n)) for n, v in case.body.items()
        ):
            continue
        for name, value in case.body.items():
            frame[name] = pd.Series(np.fromiter([value], dtype=object, count=1), index=frame.index)
        if len(found := frame.sn.check()):
            wrongly.append((case.body, found["problem"].iloc[0]))
    # a boolean for a number: hardly anybody means it
    assert [body for body, _ in wrongly] == [
        {"Quantity": True},
        {"Weight": True},
        {"Price": True},
    ]
