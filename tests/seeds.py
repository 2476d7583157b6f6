"""Seeds of random tests: the same in every run, and others where ``SN_SEED`` names the first."""

from __future__ import annotations

import os


def seeds(number: int, first: int = 0) -> range:
    """Return the seeds of a test, and print them, so that a failure shows which they were.

    ``SN_SEED=123 python -m pytest -m long tests/frames/test_random_edits.py`` runs others than usual.
    """
    first = int(os.environ.get("SN_SEED", first))
    print(f"seeds {first} to {first + number - 1}; SN_SEED sets the first")
    return range(first, first + number)
