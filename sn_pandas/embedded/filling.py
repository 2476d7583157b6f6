"""What a new repository holds: the untouched tree, and the sample company if it is wanted.

Building it takes ten times as long as copying it. So a process that opens several repositories in memory, as
tests do, builds it once.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from sn_pandas.embedded import initial, sample
from sn_pandas.embedded.storage.store import Store


def fill(store: Store, *, with_sample: bool) -> None:
    """Fill an empty store.

    Parameters
    ----------
    store
        A store that holds no contents.
    with_sample
        Whether it gets the sample company.
    """
    if not store.in_memory:
        _build(store, with_sample)  # in one transaction, which a copy into a file is not
        return
    with closing(sqlite3.connect(":memory:")) as image:
        image.deserialize(_image(with_sample))
        store.restore(image)


@cache
def _image(with_sample: bool) -> bytes:
    """Return the database of a new repository."""
    with closing(Store()) as store:
        _build(store, with_sample)
        with closing(store.snapshot()) as snapshot:
            return snapshot.serialize()


def _build(store: Store, with_sample: bool) -> None:
    with store.transaction():
        initial.load(store)
        if with_sample:
            sample.build(store)
