# SPDX-License-Identifier: Apache-2.0
"""Calibrations in files that other programs wrote."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._warning import warn

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from .reader import Date

__all__ = ["read_calibrations"]


def read_calibrations(
    path: str | os.PathLike[str],
    *,
    configuration: Any = None,
    time_zone: str | datetime.tzinfo | None = None,
    date: Date = None,
    columns: Mapping[str, str | None] | None = None,
) -> list[Snapshot]:
    """Return the calibrations in a file that another program wrote.

    A file is one of these, compressed (``.gz``) or not:

    - JSON of ``backend.properties().to_dict()`` of qiskit-ibm-runtime, qiskit-ibm-provider or their forerunners, or a
      payload as published; alone, in a list, by date or by device, in lines, or as ``{"configuration": ...,
      "properties": ...}``. Values are those of the file bit by bit.
    - The calibration CSV of the platform's web page.

    Args:
        path: The file.
        configuration: The configuration of the device, or of several devices in a list, for calibrations without one:
            the name of a bundled device, a path (also of a JSON file), a snapshot, a backend, a configuration as a
            model or a dictionary.
        time_zone: Where the clock of dates without an offset was: a name such as ``"UTC"`` or ``"America/New_York"``,
            an offset such as ``"-05:00"``, or a ``tzinfo``. Without it, such dates are refused.
        date: The time of calibrations without one, such as tables: a datetime, a text of ISO 8601, a function that gets
            the path and returns a datetime, or ``"name"`` for the time in the file's name, which is taken by default,
            too, but with a warning.
        columns: Headings of a table that are to be taken for others, as in ``{"Fehler CZ": "CZ error"}``; ``None`` for
            columns that are not needed.

    Returns:
        The snapshots, in the order of the file.

    Raises:
        IBMInputValueError: A calibration has no configuration, a date is no instant, or the file has something else.
        BackendPayloadError: The content describes no device, or the file is damaged.

    Warns:
        UserWarning: Something was ambiguous; the message says what was assumed, and how to say it.

    Examples:
        >>> import json
        >>> from pathlib import Path
        >>> from qiskit_ibm_native import Snapshot, read_calibrations
        >>> dump = json.dumps(Snapshot.load("lima").properties.to_dict(), default=str)  # as a script wrote it years ago
        >>> _ = Path("2021-03-15.json").write_text(dump)
        >>> read_calibrations("2021-03-15.json", configuration="lima")
        [<Snapshot ibmq_lima: 5 qubits, 2021-03-15T00:36:03-04:00, ff450fa83ff8>]
    """
    from .reader import CalibrationReader

    path = Path(path)
    reader = CalibrationReader(configuration, time_zone, date, columns)
    try:
        found = list(reader.read(path, path.parent) or ())
    except ValueError as error:
        _refuse(path, str(error))
    if not found:
        _refuse(path, "it has no calibration")
    snapshots = []
    for calibration in found:
        if isinstance(calibration.snapshot, Exception):
            raise calibration.snapshot
        snapshots.append(calibration.snapshot)
    for sentence in reader.assumptions:
        warn(f"{path}: {sentence}")
    return snapshots


def _refuse(path: Path, problem: str) -> None:
    from ...exceptions import IBMInputValueError

    raise IBMInputValueError(f"{path}: {problem}.") from None
