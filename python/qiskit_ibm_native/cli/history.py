# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native history``: one quantity over time, as numbers, as a line of bars, and as a picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing, output
from .archive import known_device, opened
from .archive.asking import Archived, Origin
from .options import ArchiveFile, Json
from .times import Since, Until, moment

if TYPE_CHECKING:
    from ..archive import ArchiveSeries

_BARS = "▁▂▃▄▅▆▇█"
#: Columns that a terminal has room for.
_MOST_COLUMNS = 6
#: Endings of files with pictures.
_PICTURES = [".svg", ".png", ".pdf"]


def history(
    device: Archived,
    quantity: Annotated[
        str,
        typer.Option(
            "--quantity",
            metavar="NAME",
            help="t1, t2, readout_error, frequency, ...; with --gate: error, duration or operational.",
            autocompletion=completing.quantities,
        ),
    ] = "t1",
    qubit: Annotated[
        list[str] | None,
        typer.Option(
            "--qubit", metavar="N", help="A qubit, or qubits of the gate as in 0-1; repeatable. All by default."
        ),
    ] = None,
    gate: Annotated[str | None, typer.Option("--gate", metavar="NAME", help="The gate, such as cz.")] = None,
    since: Since = None,
    until: Until = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw it to a file: .svg, .png or .pdf.")
    ] = None,
    origin: Origin = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Print one quantity of a device over time, as the archive has it.

    Without --qubit, the median of all qubits and the range of their values are printed.

    Examples:
        qiskit-ibm-native history fez --qubit 3 --quantity t1
        qiskit-ibm-native history fez --gate cz --qubit 0-1 --quantity error --since 30d
        qiskit-ibm-native history fez --quantity t2 --plot t2.svg
    """
    start, end = moment(since, "--since"), moment(until, "--until")
    _check_quantity(quantity, gate)
    if plot is not None and plot.suffix not in _PICTURES:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(f"The name of the picture must end in .svg, .png or .pdf, not {plot.name!r}.")
    qubits = _qubits(qubit, gate)
    with opened(file) as archive:
        series = archive.series(
            known_device(archive, device, "measured"),
            quantity,
            qubits=qubits,
            gate=gate,
            start=start,
            end=end,
            origin=origin,
        )
    if plot is not None:
        _draw(series, plot)
    if json:
        output.document(_described(series))
    else:
        _show(series, has_choice=qubits is not None)


def _check_quantity(name: str, gate: str | None) -> None:
    from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, find_gate_quantity, find_qubit_quantity
    from .program import did_you_mean

    find, known = (find_qubit_quantity, QUBIT_QUANTITIES) if gate is None else (find_gate_quantity, GATE_QUANTITIES)
    if find(name) is None:
        of = "qubits" if gate is None else "gates"
        raise typer.BadParameter(
            f"There is no quantity {name!r} of {of}; there are {', '.join(known)}.{did_you_mean(name, list(known))}"
        )


def _qubits(texts: list[str] | None, gate: str | None) -> list[Any] | None:
    """Return the qubits that arguments name: numbers, or pairs and the like if there is a gate."""
    if not texts:
        return None
    found = []
    for text in texts:
        parts = text.replace(",", "-").split("-")
        if not all(part.isascii() and part.isdigit() for part in parts) or (gate is None and len(parts) != 1):
            form = "a number such as 3" if gate is None else "qubits of the gate such as 0-1"
            raise typer.BadParameter(f"--qubit must be {form}, not {text!r}.")
        found.append(tuple(map(int, parts)) if gate is not None else int(parts[0]))
    return found


def _draw(series: ArchiveSeries, path: Path) -> None:
    from ..visualization import plot_drift

    plot_drift(series).savefig(path)
    output.message(f"{path} is written")


def _labels(series: ArchiveSeries) -> list[str]:
    return ["-".join(map(str, place if isinstance(place, list) else [place])) for place in series.qubits.tolist()]


def _show(series: ArchiveSeries, *, has_choice: bool) -> None:
    import numpy as np

    from .._words import count

    subject = f"{series.gate} {series.quantity}" if series.gate else series.quantity
    output.write(output.printable(f"{series.backend}: {subject}, {count(len(series.times), 'calibration')}"))
    values = np.where(series.valid, series.values.astype(float), np.nan)
    if not len(values):
        return
    shown = dict(zip(_labels(series), values.T, strict=True)) if has_choice else _of_all(values)
    if output.is_terminal() and len(shown) > _MOST_COLUMNS:
        output.message(f"the first {_MOST_COLUMNS} of {len(shown)} are shown; a pipe or --json has all")
        shown = dict(list(shown.items())[:_MOST_COLUMNS])
    _show_bars(shown)
    output.write("")
    times = np.datetime_as_string(series.times, unit="m")
    output.table(
        ["Calibrated (UTC)", *(output.Column(label, is_number=True) for label in shown)],
        [
            (str(time).replace("T", " "), *(_text(series, float(column[row])) for column in shown.values()))
            for row, time in enumerate(times)
        ],
    )


def _of_all(values: Any) -> dict[str, Any]:
    """Return median, smallest and largest value of each row."""
    import warnings

    import numpy as np

    with warnings.catch_warnings():
        # A row without values has none of these.
        warnings.simplefilter("ignore", RuntimeWarning)
        return {
            "Median": np.nanmedian(values, axis=1),
            "Smallest": np.nanmin(values, axis=1),
            "Largest": np.nanmax(values, axis=1),
        }


def _show_bars(shown: dict[str, Any]) -> None:
    if not output.is_terminal():
        return
    label_width = max(map(len, shown))
    for label, column in shown.items():
        bars = sparkline(column.tolist(), max(output.width() - label_width - 2, 1))
        output.write(f"{label.ljust(label_width)}  {bars}")


def sparkline(values: list[float], width: int) -> str:
    """Return a line of bars from the smallest value to the largest; a blank where there is none.

    Args:
        values: The values; NaN where there is none.
        width: The most characters; of more values, each character is the mean of some.
    """
    size = max(math.ceil(len(values) / width), 1)
    groups = [[value for value in values[at : at + size] if math.isfinite(value)] for at in range(0, len(values), size)]
    means = [sum(group) / len(group) if group else math.nan for group in groups]
    present = [mean for mean in means if math.isfinite(mean)]
    if not present:
        return " " * len(means)
    low, high = min(present), max(present)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return "".join(_BARS[round((mean - low) / step)] if math.isfinite(mean) else " " for mean in means)


def _text(series: ArchiveSeries, value: float) -> str:
    from .._words import MISSING, quantity, ratio

    if math.isnan(value):
        return MISSING
    if series.quantity == "operational":
        return "yes" if value == 1 else "no" if value == 0 else f"{value:g}"
    return quantity(value, series.unit) if series.unit else ratio(value)


def _described(series: ArchiveSeries) -> dict[str, Any]:
    import numpy as np

    values = np.where(series.valid, series.values.astype(float), np.nan)
    return {
        "device": series.backend,
        "quantity": series.quantity,
        "gate": series.gate,
        "unit": series.unit,
        "qubits": series.qubits,
        "times": [f"{time}Z" for time in np.datetime_as_string(series.times, unit="s")],
        "values": values,
    }
