"""Dates of a frame as a picture needs them: on the clock of their time zone, in periods, in days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.errors import QueryError

if TYPE_CHECKING:
    import numpy.typing as npt

_FREQUENCIES = (("D", "day", 45), ("W-MON", "week", 45 * 7), ("MS", "month", 45 * 31), ("YS", "year", None))
#: Periods of a timeline, at most.
_MOST_PERIODS = 1000
_DATES = ("datetime", "datetime64", "date")


def choose_frequency(days: int) -> tuple[str, str]:
    """Return the frequency for a time span, and the name of one period."""
    return next((code, unit) for code, unit, most in _FREQUENCIES if most is None or days <= most)


def holds_dates(column: pd.Series[Any]) -> bool:
    """Return whether a column contains dates, whatever its dtype."""
    kind: Any = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or getattr(kind, "kind", "") == "M":
        return True
    return kind.kind == "O" and pd.api.types.infer_dtype(column, skipna=True) in _DATES


def to_dates(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return dates as a NumPy array, with their time zone."""
    kind: Any = column.dtype
    values: Any = column
    if isinstance(kind, pd.ArrowDtype):
        zone, unit = getattr(kind.pyarrow_dtype, "tz", None), getattr(kind.pyarrow_dtype, "unit", "s")
        values = values.astype(f"datetime64[{unit}]" if zone is None else f"datetime64[{unit}, {zone}]")
    elif kind.kind == "O":
        values = pd.to_datetime(column)
    dates: pd.Series[Any] = values
    return dates


def strip_zone(column: pd.Series[Any], like: pd.Series[Any] | None = None) -> pd.Series[Any]:
    """Return dates without a time zone, in the local time of their own zone or of another column's."""
    dates = to_dates(column)
    if dates.dt.tz is None:
        return dates
    zone = dates.dt.tz if like is None else to_dates(like).dt.tz or dates.dt.tz
    clock: pd.Series[Any] = dates.dt.tz_convert(zone).dt.tz_localize(None)
    return clock


def to_local(moment: Any, column: pd.Series[Any]) -> pd.Timestamp:
    """Return a moment in the local time of a column's time zone."""
    stamp = pd.Timestamp(moment)
    if stamp.tzinfo is None:
        return stamp
    return stamp.tz_convert(to_dates(column).dt.tz or "UTC").tz_localize(None)


def compute_edges(moments: pd.Series[Any], freq: str) -> npt.NDArray[Any]:
    """Return the starts of the periods that contain all times, and the end of the last one.

    Raises
    ------
    QueryError
        If pandas does not know such a frequency, or there would be too many periods.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2026-01-01 10:00", "2026-01-04 09:00"]))
    >>> [str(moment)[:10] for moment in compute_edges(days, "2D")]
    ['2026-01-01', '2026-01-03', '2026-01-05']
    """
    first, last = moments.min(), moments.max()
    try:
        offset: Any = pd.tseries.frequencies.to_offset(freq)
        one, two = first + offset, first + offset + offset
        guess = (last - first) / (two - one)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise QueryError(f"freq={freq!r} is not a frequency of pandas, such as 'D', 'W' or 'MS'") from error
    if not 0 <= guess <= _MOST_PERIODS:
        raise QueryError(
            f"freq={freq!r} makes {abs(guess):,.0f} periods, more than a plot can show; choose a longer one, "
            "such as 'W' or 'MS'"
        )
    ends = pd.Series(1, index=pd.DatetimeIndex([first, last]).unique())
    begins: Any = ends.resample(freq, label="left", closed="left").sum().index
    found: npt.NDArray[Any] = begins.append(pd.DatetimeIndex([begins[-1] + offset])).to_numpy()
    return found


def to_days(moments: Any) -> npt.NDArray[np.float64]:
    """Return moments as matplotlib counts them, in days."""
    from matplotlib.dates import date2num

    plain: Any = pd.DatetimeIndex(moments).to_numpy()
    return np.asarray(date2num(plain), dtype="float64")  # type: ignore[no-untyped-call]  # matplotlib's is untyped


def format_day(moment: Any) -> str:
    """Return the day of a moment, to be read."""
    return str(pd.Timestamp(moment).date())
