# SPDX-License-Identifier: Apache-2.0
"""The picture of a series for notebooks: a curve of medians, and the columns that differ most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _html
from .._words import count, quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .series import ArchiveSeries

#: Columns that are listed at each end.
_MOST = 5
_HEAD = ("", "median", "smallest", "largest", "values")


def series_html(series: ArchiveSeries) -> str:
    """Return the picture of a series."""
    subject = series._subject()
    if subject.values.dtype.kind == "b":
        known, unit = np.where(subject.valid, subject.values, np.nan), "share"
    else:
        known, unit = np.where(subject.valid & np.isfinite(subject.values), subject.values, np.nan), subject.unit
    quantity_name = series.quantity.replace("_", " ")
    name = quantity_name if series.gate is None else f"{series.gate} {quantity_name}"
    heading = _html.heading(f"{series.backend}, {name}", *_notes(series), kind="ArchiveSeries")
    damaged = _html.problems(
        f"{count(len(series.damaged), 'damaged payload')} left out",
        ((f"payload {number}", why) for number, why in series.damaged.items()),
    )
    return _html.panel(heading, damaged, _curve(series.times, known, unit), _columns(subject.labels, known, unit))


def _notes(series: ArchiveSeries) -> tuple[str, ...]:
    places = count(len(series.qubits), "qubit" if series.gate is None else "place")
    period = ""
    times = series.times[~np.isnat(series.times)]
    if len(times):
        period = f"{_html.plain(times.min())} to {_html.plain(times.max())}"
    return count(len(series), "calibration"), places, period


def _text(value: Any, unit: str) -> str:
    if unit == "share":
        return "-" if np.isnan(value) else f"{value:.1%}"
    return quantity(float(value), unit, 4 if unit else 2)


def _curve(times: NDArray[np.datetime64], values: NDArray[np.float64], unit: str) -> str:
    """Return the curve of medians over the columns, with the band that has most of them."""
    used = ~np.isnan(values).all(axis=1) if values.size else np.zeros(0, dtype=bool)
    if not used.any():
        return _html.note("There are no values.")
    rows = np.flatnonzero(used & ~np.isnat(times))
    if unit == "share":
        middle = low = high = np.nanmean(values[rows], axis=1)
        label, band = "operational:", ""
    else:
        low, middle, high = np.nanpercentile(values[rows], [10, 50, 90], axis=1)
        label, band = (
            "median",
            f"; band: from 10 % to 90 % of the {count(values.shape[1], 'column')}" if values.shape[1] > 1 else "",
        )
    if not len(rows):
        return ""
    seconds = (times[rows] - times[rows][0]) / np.timedelta64(1, "s")
    last = _text(middle[-1], unit)
    told = f"{label} {_text(middle[0], unit)} at first, {last} at last" if len(rows) > 1 else f"{label} {last}"
    curve = _html.sparkline(seconds.tolist(), middle.tolist(), low.tolist(), high.tolist(), label=f"{told}{band}")
    return curve + _html.note(f"{told}{band if curve else ''}")


def _columns(labels: list[str], values: NDArray[np.float64], unit: str) -> str:
    """Return a table of the columns with the smallest and the largest medians."""
    known = (
        [column for column in range(values.shape[1]) if not np.isnan(values[:, column]).all()] if values.size else []
    )
    if not known:
        return ""
    middle = {
        column: float(np.nanmean(values[:, column]) if unit == "share" else np.nanmedian(values[:, column]))
        for column in known
    }
    order = sorted(known, key=lambda column: middle[column])
    shown = order if len(order) <= 2 * _MOST + 2 else [*order[:_MOST], *order[-_MOST:]]
    rows = [
        (
            labels[column], _text(middle[column], unit), _text(np.nanmin(values[:, column]), unit),
            _text(np.nanmax(values[:, column]), unit), int(np.count_nonzero(~np.isnan(values[:, column]))),
        )
        for column in shown
    ]  # fmt: skip
    title = (
        "Columns"
        if len(shown) == len(order)
        else f"Columns with the {_MOST} smallest and the {_MOST} largest medians of {len(order):,}"
    )
    return _html.fold(title, _html.table(_HEAD, rows))
