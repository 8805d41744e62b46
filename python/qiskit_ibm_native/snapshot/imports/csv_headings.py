# SPDX-License-Identifier: Apache-2.0
"""Headings of the platform's calibration CSV, in the spellings of several years, and their meanings.

A heading is a name and maybe a unit, as in ``T1 (us)``. Spelling counts little: case, spaces, ``µ`` for ``u``. Units
count: a time without one is left out, because it may be in anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

#: Powers of ten by unit.
_TIME_UNITS = {"s": 0, "ms": -3, "us": -6, "ns": -9}
_FREQUENCY_UNITS = {"hz": 0, "khz": 3, "mhz": 6, "ghz": 9}
_UNIT = re.compile(r"^(.*?)\s*[(\[]\s*(s|ms|us|ns|hz|khz|mhz|ghz|%)\s*[)\]]$")
_IN_PARENTHESES = re.compile(r"\((\w+)\)$")
#: Names of quantities of qubits, by their names in payloads.
_QUBIT_NAMES = {
    "t1": "T1", "t2": "T2", "frequency": "frequency", "qubit frequency": "frequency", "anharmonicity": "anharmonicity",
    "qubit anharmonicity": "anharmonicity", "readout assignment error": "readout_error", "readout error": "readout_error",
    "prob meas0 prep1": "prob_meas0_prep1", "prob meas1 prep0": "prob_meas1_prep0", "readout length": "readout_length",
    "operational": "operational",
}  # fmt: skip
_UNITS_OF = {"T1": _TIME_UNITS, "T2": _TIME_UNITS, "readout_length": _TIME_UNITS, "frequency": _FREQUENCY_UNITS,
             "anharmonicity": _FREQUENCY_UNITS}  # fmt: skip
#: Names of gates, by their names in payloads; others are those of the device's configuration.
_GATE_NAMES = {
    "identity": "id", "id": "id", "sx": "sx", "x": "x", "pauli-x": "x", "single-qubit pauli-x": "x", "rx": "rx", "rz": "rz",
    "single-qubit u2": "u2", "cnot": "cx", "cx": "cx", "ecr": "ecr", "cz": "cz", "rzz": "rzz", "xslow": "xslow",
    "measure": "measure", "measure_2": "measure_2", "reset": "reset", "reset_2": "reset_2",
}  # fmt: skip
TWO_QUBIT_GATES = frozenset({"cx", "ecr", "cz", "rzz"})
_ERROR = re.compile(r"^(.+) errors?(?: rate)?$|^error (?!rate)(.+)$")
_LENGTH = re.compile(r"^(.+) (?:length|time|duration)$")
#: Lengths of all gates on one qubit, and of the gates on two.
_SHARED = {"single-qubit gate": "single", "1q gate": "single", "two-qubit gate": "two", "2q gate": "two", "gate": "two"}


class Heading(NamedTuple):
    """The meaning of a heading.

    Attributes:
        kind: ``"row"`` for the qubit itself, ``"qubit"`` for a quantity of it, ``"error"`` and ``"length"`` of gates;
            ``"unknown"`` for all others.
        name: The quantity's or the gate's name in payloads. Lengths of all gates on one qubit are of ``"single"``,
            those of gates on two that have no name of ``"two"``.
        power: The power of ten of the SI unit.
        problem: The reason why an unknown one is unknown.
    """

    kind: str
    name: str = ""
    power: int = 0
    problem: str = ""


def meaning(heading: str, gates: Collection[str]) -> Heading:
    """Return the meaning of a heading.

    Args:
        heading: The heading.
        gates: Names of gates of the device.
    """
    text = re.sub(r"\s+", " ", heading.replace("µ", "u").replace("μ", "u")).strip().casefold()
    matched = _UNIT.match(text)
    plain, unit = (matched[1], matched[2]) if matched else (text, "")
    if plain in {"qubit", "qubits", "qubit index"}:
        return Heading("row")
    quantity = _QUBIT_NAMES.get(plain)
    if quantity is not None:
        return _with_unit("qubit", quantity, unit, _UNITS_OF.get(quantity))
    error = _ERROR.match(plain)
    if error is not None:
        gate = _gate(error[1] or error[2], gates)
        return (
            _with_unit("error", gate, unit, None)
            if gate
            else Heading("unknown", problem="it names no gate of the device")
        )
    length = _LENGTH.match(plain)
    if length is not None:
        gate = _SHARED.get(length[1]) or _gate(length[1].removesuffix(" gate"), gates)
        if gate:
            return _with_unit("length", gate, unit, _TIME_UNITS)
    return Heading("unknown", problem="it is none of the platform's headings")


def _gate(name: str, gates: Collection[str]) -> str | None:
    in_parentheses = _IN_PARENTHESES.search(name)
    for candidate in (name, in_parentheses[1] if in_parentheses else name):
        known = _GATE_NAMES.get(candidate) or (candidate if candidate in gates else None)
        if known is not None:
            return known
    return None


def _with_unit(kind: str, name: str, unit: str, units: dict[str, int] | None) -> Heading:
    if units is None:
        return Heading("unknown", problem=f"its unit is {unit}") if unit else Heading(kind, name)
    if unit not in units:
        return Heading("unknown", problem=f"its unit is {unit}" if unit else "it has no unit")
    return Heading(kind, name, units[unit])
