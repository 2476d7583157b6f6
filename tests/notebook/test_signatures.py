"""What ``repo.read?`` shows of types is what a user can write."""

from __future__ import annotations

import builtins
import collections.abc
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.frames.accessor.accessor import Accessor

_KNOWN = {
    *vars(builtins), *dir(collections.abc), *sn.__all__, "Any", "Literal", "os", "PathLike",
    "pd", "DataFrame", "Series", "Filter", "Clause",
}  # fmt: skip
_SHOWN = [Repository.read, Repository.get, Repository.count, Repository.read_pages, Accessor.save]


@pytest.mark.parametrize("method", _SHOWN, ids=lambda m: m.__qualname__)
def test_signatures_name_types_that_a_reader_knows(method: Callable[..., Any]) -> None:
    shown = [str(p.annotation) for p in inspect.signature(method).parameters.values() if p.name != "self"]
    words = re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'|\"[^\"]*\"", "", " ".join(shown)))
    assert not {word for word in words if word not in _KNOWN}
