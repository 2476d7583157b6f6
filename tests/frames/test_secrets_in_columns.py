"""Users out of a frame: the password that their type wants goes to the server, and is shown to nobody."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import sn_pandas as sn

PEOPLE = "/Root/IMS/Public"
SECRETS = ["Anna-12345678", "Ben-12345678"]


def read(admin):
    return admin.read(PEOPLE, select=["Name", "Type", "LoginName", "FullName", "Email"])


def people(**more):
    given = {
        "Name": ["anna", "ben"],
        "Type": "User",
        "LoginName": ["anna", "ben"],
        "FullName": ["Anna Ács", "Ben Bear"],
        "Email": ["anna@example.com", "ben@example.com"],
    }
    return pd.DataFrame({**given, **more})


def test_a_check_says_that_new_users_need_a_password(admin):
    frame = read(admin).sn.append(people())
    problems = frame.sn.check()
    assert problems["problem"].str.startswith("Password: is required, in a column of this name").sum() == 2
    with pytest.raises(sn.RefusedError, match="Password: is required"):
        frame.sn.save(create=True)


def test_users_are_created_and_their_passwords_shown_nowhere(admin, state):
    frame = read(admin).sn.append(people(Password=SECRETS))
    shown = [frame.sn.changes(), frame.sn.check(), frame.sn.save(create=True, dry_run=True).requests]
    report = frame.sn.save(create=True)
    assert report.counts["saved"] == 2
    shown += [report.frame, frame, *(path.read_text("utf-8") for path in state.iterdir())]
    for one in shown:
        text = one.to_string() if isinstance(one, pd.DataFrame) else str(one)
        assert not re.search("|".join(SECRETS), text)
    assert admin.get(f"{PEOPLE}/ben")["FullName"] == "Ben Bear"
    assert not len(frame.sn.changes())


def test_a_password_in_the_row_of_a_user_is_not_ignored_in_silence(admin):
    frame = read(admin)
    frame["Password"] = SECRETS[0]
    with pytest.warns(
        sn.SaveWarning, match=r"Password is not saved: .* repo\.patch\(path, {'Password': …}\)"
    ):
        assert not len(frame.sn.changes())
