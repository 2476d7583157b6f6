"""Ctrl+C at any line of a read leaves a repository in this process that goes on working."""

from __future__ import annotations

import sys

import sn_pandas as sn

TASK = "/Root/Content/IT/Tasks/T001"


def interrupt_at(number, act):
    """Interrupt a function at a line of the block that holds a state; return whether it got there."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_name != "_read_transaction":
            return None
        if event == "line":
            lines += 1
            if lines == number:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_an_interrupted_read_leaves_no_transaction_behind():
    with sn.connect() as repo:
        repo.get(TASK)
        number = 1
        while interrupt_at(number, lambda: repo.get(TASK)):
            assert repo.get(TASK)["Name"] == "T001"
            number += 1
        assert number > 5
