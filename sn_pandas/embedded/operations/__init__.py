"""Operations: functions at the address of a content, one module per subject.

A module registers its functions with `operation` from `registry`, and is imported here to be known.
"""

from __future__ import annotations

from sn_pandas.embedded.operations import (
    absent,
    access,
    child_types,
    clients,
    groups,
    importing,
    keys,
    life,
    names,
    ownership,
    queries,
    reports,
    schema,
    settings,
    sharing,
    system,
    tree,
    upload,
    users,
)
from sn_pandas.embedded.operations.registry import REGISTRY, Operation, operation

__all__ = [
    "REGISTRY",
    "Operation",
    "absent",
    "access",
    "child_types",
    "clients",
    "groups",
    "importing",
    "keys",
    "life",
    "names",
    "operation",
    "ownership",
    "queries",
    "reports",
    "schema",
    "settings",
    "sharing",
    "system",
    "tree",
    "upload",
    "users",
]
