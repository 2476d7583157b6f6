"""Decimal numbers: the nearest float, with the server's text if that has more digits.

So it is with single answers. Of long lists only :func:`long` tells, which costs next to nothing.
"""

from __future__ import annotations

import decimal

import numpy as np
import numpy.typing as npt

#: Digits that a float keeps of every number.
DIGITS = 15
#: Characters of a number that every float keeps: 15 digits and the point.
_KEPT = DIGITS + 1


class Rounded(float):
    """A float that has fewer digits than the server wrote; ``exact`` has all of them."""

    exact: decimal.Decimal

    def __new__(cls, text: str) -> Rounded:
        """Read a number."""
        made = super().__new__(cls, text)
        made.exact = decimal.Decimal(text)
        return made


def number(text: str) -> float:
    """Read a number of JSON.

    Examples
    --------
    >>> number("12.5")
    12.5
    >>> number("12345678901234567890.1234567891").exact
    Decimal('12345678901234567890.1234567891')
    """
    nearest = float(text)
    if len(text) <= _KEPT or decimal.Decimal(repr(nearest)) == decimal.Decimal(text):
        return nearest
    return Rounded(text)


def long(numbers: npt.NDArray[np.float64]) -> bool:
    """Return whether any float has more digits than floats store exactly, so it may be rounded.

    Examples
    --------
    >>> long(np.array([0.1, 1e20, 123456789012.345])), long(np.array([0.1 + 0.2]))
    (False, True)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = numbers * 1e4
        short = np.isnan(numbers) | ((scaled == np.rint(scaled)) & (np.abs(scaled) < 1e15))
    if short.all():
        return False
    return any(_digits(value) > DIGITS for value in numbers[~short].tolist())


def _digits(value: float) -> int:
    mantissa = repr(value).partition("e")[0]
    return len(mantissa.replace(".", "").strip("-0"))
