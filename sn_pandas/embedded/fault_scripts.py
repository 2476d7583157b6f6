"""Scripts of faults as JSON, so that clients in any language can be tested: ``serve --faults FILE``.

A script is an object with ``rules``, each of which says which requests fail and how, and perhaps the ``seed``
of the dice that rules with a ``rate`` throw.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sn_pandas.embedded.faults import Faults, Rule

Json = Any

WHICH: Mapping[str, tuple[type, ...]] = {
    "method": (str,), "match": (str,), "nth": (int, list), "rate": (int, float), "times": (int,),
}  # fmt: skip
"""What says which requests fail, as `Faults.on` takes it."""
FAULTS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "unavailable": {"status": (int,), "retry_after": (int, float, str)},
    "page": {"status": (int,)},
    "status": {"status": (int,), "body": (str,), "headers": (dict,)},
    "out_of_date": {},
    "reset": {"after": (bool,)},
    "cut": {"length": (int,)},
    "garble": {"length": (int,)},
    "delay": {"seconds": (int, float)},
    "stale": {},
    "anonymous": {},
    "revoke_token": {},
}
"""Fault -> what it may be given, as the methods of `Rule` take it."""
_WORDS = {str: "a text", int: "an integer", float: "a number", bool: "true or false", list: "a list",
          dict: "an object"}  # fmt: skip


class FaultScriptError(ValueError):
    """A script of faults cannot be read; the text says where and why."""


def load(path: str | Path) -> Faults:
    """Return the faults of a script in a file.

    Raises
    ------
    FaultScriptError
        If it cannot be read.
    """
    try:
        return read(Path(path).read_bytes())
    except OSError as error:
        raise FaultScriptError(f"{path}: {error.strerror}") from error
    except FaultScriptError as error:
        raise FaultScriptError(f"{path}: {error}") from error


def read(text: str | bytes, into: Faults | None = None) -> Faults:
    """Return the faults of a script.

    Parameters
    ----------
    text
        The script.
    into
        Faults that are to follow the script instead of what they followed before.

    Raises
    ------
    FaultScriptError
        If it cannot be read; ``into`` is then as it was.

    Examples
    --------
    >>> faults = read('{"rules": [{"method": "GET", "match": "Tasks", "nth": 1, "fault": "unavailable"}]}')
    >>> read('{"rules": [{"fault": "unavailble"}]}')
    Traceback (most recent call last):
    ...
    sn_pandas.embedded.fault_scripts.FaultScriptError: rule 1: no fault is called 'unavailble'; ...
    """
    try:
        script = json.loads(text)
    except ValueError as error:
        raise FaultScriptError(f"it is not JSON: {error}") from None
    if not isinstance(script, dict) or not isinstance(script.get("rules"), list):
        raise FaultScriptError('a script is an object such as {"rules": [{"nth": 1, "fault": "reset"}]}')
    _check_names(script, ("seed", "rules"), "the script")
    seed = script.get("seed", 0)
    _check_type(seed, (int,), "seed", "the script")
    found = Faults(seed)
    for number, rule in enumerate(script["rules"], 1):
        _add(found, rule, f"rule {number}")
    if into is None:
        return found
    into.take_over(found)
    return into


def _add(faults: Faults, rule: Json, where: str) -> None:
    if not isinstance(rule, dict):
        raise FaultScriptError(f"{where} is not an object")
    fault = rule.get("fault")
    if not isinstance(fault, str) or fault not in FAULTS:
        raise FaultScriptError(f"{where}: no fault is called {fault!r}; there are {', '.join(FAULTS)}")
    _check_names(rule, ("fault", *WHICH, *FAULTS[fault]), f"{where} ({fault})")
    for name, kinds in (*WHICH.items(), *FAULTS[fault].items()):
        if name in rule:
            _check_type(rule[name], kinds, name, f"{where} ({fault})")
    which = {name: rule[name] for name in WHICH if name in rule}
    for number in which["nth"] if isinstance(which.get("nth"), list) else ():
        _check_type(number, (int,), "nth", f"{where} ({fault})")
    try:
        re.compile(which.get("match", ""))
    except re.error as error:
        raise FaultScriptError(f"{where}: match is not a regular expression: {error}") from None
    given = {name: rule[name] for name in FAULTS[fault] if name in rule}
    if fault == "status":
        if "status" not in given:
            raise FaultScriptError(f"{where} (status): status is missing")
        given |= {str(name): str(value) for name, value in given.pop("headers", {}).items()}
        given["body"] = given.get("body", "").encode()
    if fault == "delay" and "seconds" not in given:
        raise FaultScriptError(f"{where} (delay): seconds is missing")
    chosen: Rule = faults.on(**which)
    getattr(chosen, fault)(**given)


def _check_names(given: dict[str, Json], allowed: tuple[str, ...], where: str) -> None:
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise FaultScriptError(f"{where} has no {unknown[0]!r}; there are {', '.join(allowed)}")


def _check_type(value: Json, kinds: tuple[type, ...], name: str, where: str) -> None:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        words = " or ".join(_WORDS[kind] for kind in kinds if not (kind is int and float in kinds))
        raise FaultScriptError(f"{where}: {name} is {json.dumps(value)}, and has to be {words}")
