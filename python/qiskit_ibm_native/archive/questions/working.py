# SPDX-License-Identifier: Apache-2.0
"""When a gate could be used."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ... import _html
from ..._frames import Column, Table, Tabular, refuse_wide
from ..._timestamps import moment
from ..._words import count, listed
from .subject import places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..series import ArchiveSeries


@dataclass(frozen=True, repr=False)
class LastWorked(Tabular):
    """When a gate last worked, as far as the calibrations of the archive tell.

    A gate works in a calibration that lists it on these qubits, says of neither the gate nor a qubit that it is not
    operational, and reports no error of 1 or more, which devices give to gates that do not work. A missing error does
    not mean that the gate fails.

    Attributes:
        backend: The device's name.
        gate: The gate.
        qargs: Its qubits.
        works: Whether it works in the last calibration; false without calibrations.
        last_worked: The last update of the last calibration in which it worked, in UTC; ``None`` if it never did.
        failing_since: The last update of the first calibration since which it does not work; ``None`` if it works.
        reasons: Reasons why it does not work in the last calibration: ``"not listed or not operational"``,
            ``"error of 1"``, ``"qubit 3 is not operational"``.
        share: The share of calibrations in which it worked; ``nan`` without calibrations.
        calibrations: The number of calibrations.

    Examples:
        >>> from qiskit_ibm_native import CalibrationArchive, Snapshot
        >>> archive = CalibrationArchive("history.sqlite3")
        >>> archive.add(Snapshot.load("lima"))
        True
        >>> found = archive.last_worked("lima", "cx", (0, 1))
        >>> print(found.works, found.last_worked)
        True 2021-03-15 04:36:03+00:00
    """

    backend: str
    gate: str
    qargs: tuple[int, ...]
    works: bool
    last_worked: datetime.datetime | None
    failing_since: datetime.datetime | None
    reasons: tuple[str, ...]
    share: float
    calibrations: int

    def __bool__(self) -> bool:
        return self.works

    def _table(self, *, wide: bool = False) -> Table:
        refuse_wide(wide, self)
        moments = [_moments(self.last_worked), _moments(self.failing_since)]
        columns = [
            *places(self.gate, np.array([self.qargs], dtype=np.uint32)), Column("works", np.array([self.works])),
            Column("last_worked", moments[0]), Column("failing_since", moments[1]),
            Column("reasons", np.zeros(1, dtype=np.int32), labels=["; ".join(self.reasons)]),
            Column("share", np.array([self.share]), np.array([self.calibrations > 0])),
            Column("calibrations", np.array([self.calibrations])),
        ]  # fmt: skip
        return Table(columns, {"backend": self.backend})

    def _repr_html_(self) -> str:
        word = "works" if self.works else "does not work" if self.calibrations else "not known"
        tone = "good" if self.works else "bad" if self.calibrations else ""
        subject = f"{self.gate} on {'-'.join(map(str, self.qargs))}"
        heading = _html.heading(
            subject,
            f"of {self.backend}",
            count(self.calibrations, "calibration"),
            kind="LastWorked",
            badges=[_html.badge(word, tone)],
        )
        facts = _html.facts([
            ("reasons", listed(list(self.reasons))),
            ("last worked", self.last_worked or ("never" if self.calibrations else None)),
            ("fails since", self.failing_since),
            ("worked in", f"{self.share:.1%} of the calibrations" if self.calibrations else None),
        ])  # fmt: skip
        return _html.panel(heading, facts)

    def __repr__(self) -> str:
        subject = f"{self.gate} on {self.qargs} of {self.backend}"
        if not self.calibrations:
            return f"<LastWorked {subject}: no calibrations>"
        share = f"in {self.share:.1%} of {count(self.calibrations, 'calibration')}"
        if self.works:
            return f"<LastWorked {subject}: works, {share}>"
        last = "never" if self.last_worked is None else f"last {self.last_worked:%Y-%m-%d %H:%M} UTC"
        return f"<LastWorked {subject}: {last}, {share}; {', '.join(self.reasons)}>"


def last_worked(listed: ArchiveSeries, error: ArchiveSeries, qubits: ArchiveSeries) -> LastWorked:
    """Return when a gate last worked, see :meth:`CalibrationArchive.last_worked`.

    Args:
        listed: Whether the gate is operational, of one qargs.
        error: Its errors, of the same qargs at the same times.
        qubits: Whether its qubits are operational, at the same times.
    """
    qargs = tuple(int(qubit) for qubit in qubits.qubits)
    reasons = {"not listed or not operational": ~listed.values[:, 0].astype(bool)}
    reasons["error of 1"] = error.valid[:, 0] & (np.nan_to_num(error.values[:, 0]) >= 1)
    for index, qubit in enumerate(qargs):
        # A calibration that says nothing of a qubit lets it be used.
        reasons[f"qubit {qubit} is not operational"] = qubits.valid[:, index] & ~qubits.values[:, index].astype(bool)
    works = ~np.any(list(reasons.values()), axis=0)
    times = listed.times
    worked = np.flatnonzero(works)
    last = int(worked[-1]) if len(worked) else None
    is_failing = len(works) > 0 and not works[-1]
    return LastWorked(
        listed.backend, str(listed.gate), qargs, bool(len(works) and works[-1]), None if last is None else _datetime(times[last]),
        _datetime(times[0 if last is None else last + 1]) if is_failing else None,
        tuple(reason for reason, flags in reasons.items() if is_failing and flags[-1]),
        float(works.mean()) if len(works) else float("nan"), len(works),
    )  # fmt: skip


def _datetime(time: np.datetime64) -> datetime.datetime:
    return moment(int(time.astype("datetime64[us]").astype(np.int64)))


def _moments(time: datetime.datetime | None) -> NDArray[np.datetime64]:
    return np.array([None if time is None else time.replace(tzinfo=None)], dtype="datetime64[us]")
