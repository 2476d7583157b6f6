"""Operations: what can be called behind the address of a content, one module a subject.

A module registers its functions with `operation` from `registry`; it is imported here, so that they are known.
"""

from __future__ import annotations

from sn_pandas.embedded.operations import (
    access,
    child_types,
    groups,
    keys,
    life,
    names,
    schema,
    tree,
    upload,
    users,
)
from sn_pandas.embedded.operations.registry import REGISTRY, Operation, operation

__all__ = [
    "REGISTRY",
    "Operation",
    "access",
    "child_types",
    "groups",
    "keys",
    "life",
    "names",
    "operation",
    "schema",
    "tree",
    "upload",
    "users",
]
