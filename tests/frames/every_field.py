"""A repository with three assets, and values of every field type that a frame can write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd
from hypothesis import strategies as st

from sn_pandas.embedded import Application
from sn_pandas.frames import Repository

from .labs import client_of, prepare

LAB = "/Root/Content/Lab"
ADMIN, VISITOR = "/Root/IMS/BuiltIn/Portal/Admin", "/Root/IMS/BuiltIn/Portal/Visitor"
#: Texts that readers of files take for something else.
MISLEADING = (
    "2024|007|1.50|1e5|+36|-0|0x10|1_000|NA|None|null|nan|N/A|true|False|yes|2026-01-02|2026-01-02 03:04:05|"
    "12:30|1,5|=1+2|=A1|@x|-x|[1, 2]|['a']|[]|{'a': 1}|{\"a\": 1}|a, b; c|say \"hi\"|it's|'quoted'|#REF!|∞|ő"
).split("|")
texts = (
    st.none()
    | st.sampled_from(["", " ", " pad ", "line\nbreak", "line\r\nbreak", "tab\t", *MISLEADING])
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
)
# pandas writes no dates to JSON that its nanoseconds do not hold
moments = st.none() | st.datetimes(
    dt.datetime(1950, 1, 1), dt.datetime(2260, 12, 31), timezones=st.just(dt.UTC)
)
VALUES = {
    "DisplayName": texts.filter(bool),
    "Serial": st.from_regex(r"[A-Z]{2}-[0-9]{1,9}", fullmatch=True),
    "Notes": texts,
    "Story": texts,
    "Code": texts,
    "Quantity": st.integers(0, 1000),
    "Weight": st.floats(0, 1e15, allow_nan=False) | st.integers(0, 10**12),
    "Price": st.floats(-1e15, 1e15, allow_nan=False) | st.sampled_from([0.1, 1 / 3, 1e-7]),
    "InUse": st.booleans(),
    "BoughtOn": moments,
    "CheckedAt": moments,
    "Condition": st.sampled_from([[], ["new"], ["used"], ["broken"]]),
    "Labels": st.lists(st.sampled_from(["red", "green", "blue", "~other.x y"]), unique=True, max_size=3),
    "Keeper": st.none() | st.sampled_from([ADMIN, VISITOR]),
    "Parts": st.lists(st.sampled_from([f"{LAB}/A0", f"{LAB}/A1"]), max_size=2, unique=True),
    "Index": st.integers(-(2**31), 2**31 - 1),
    "VersioningMode": st.sampled_from([["0"], ["1"]]),
}
BEHIND = ["Id", "LoginName", "Email", "Enabled", "CreationDate", "Index", "InUse", "BoughtOn", "Condition"]
READ_ONLY = ["Type", "CreationDate", "ModificationDate", "Version", "CreatedBy", "Locked", "Icon"]
COLUMNS = ["Name", "Path", *READ_ONLY, *VALUES, "AllowedChildTypes"]
COLUMNS += [f"{reference}/{field}" for reference in ("Keeper", "Parts") for field in BEHIND]


#: Two values for each field; one of them is not what the field holds.
EDITS = {
    **dict.fromkeys(("DisplayName", "Notes", "Story", "Code"), ("mine", "mine, too")),
    "Serial": ("MI-1", "MI-2"),
    "Quantity": (5, 6),
    "Index": (5, 6),
    "Weight": (5.5, 6.5),
    "Price": (5.5, -6.5),
    "InUse": (True, False),
    "BoughtOn": (pd.Timestamp("2026-02-03 04:05", tz="UTC"), None),
    "CheckedAt": (pd.Timestamp("2026-02-03 04:05", tz="UTC"), None),
    "Condition": ("new", "used"),
    "Labels": (["red"], []),
    "Keeper": (ADMIN, VISITOR),
    "Parts": ([f"{LAB}/A0"], []),
    "VersioningMode": ("0", "1"),
}


def assets() -> Iterator[Repository]:
    """Yield a repository with three assets and a folder, which lacks their fields, as an ordinary user."""
    application = Application(sample=False)
    prepare(application)
    repo = client_of(application)
    for n in range(3):
        repo.create(LAB, "Asset", f"A{n}", {"Serial": f"AB-{n}"})
    repo.create(LAB, "Folder", "inner")
    yield repo
    application.close()


#: The values of the three assets.
rows = st.lists(st.fixed_dictionaries(VALUES), min_size=3, max_size=3)


def written(repo, values) -> pd.DataFrame:
    """Store values in the assets, and read them and the folder."""
    for n, row in enumerate(values):
        body = {name: "0001-01-01T00:00:00Z" if name in ("BoughtOn", "CheckedAt") and value is None else value
                for name, value in row.items()}  # fmt: skip
        body = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in body.items()}
        repo.client.send("PATCH", f"/odata.svc{LAB}('A{n}')?metadata=no&$select=Id", body=body)
    return repo.read(LAB, select=COLUMNS)
