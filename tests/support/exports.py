# SPDX-License-Identifier: Apache-2.0
"""Files as other programs write them: dumps of the official client's models, and the platform's calibration CSV.

The CSV is written of the decoded payload by the rules of the platform's page, in the forms of several years. Nothing
here uses the package.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

#: Headings of a table by what they are: a quantity in a unit, or an error or a length of gates.
FORMS: dict[str, dict[str, Any]] = {
    # A page of 2020: qubit 0 without a number, couplings with names of gates.
    "2020": {
        "row": "Qubit", "blank_first": True, "pair": "cx{a}_{b}: {value}", "join": " , ",
        "columns": [("T1 (µs)", "T1"), ("T2 (µs)", "T2"), ("Frequency (GHz)", "frequency"),
                    ("Readout assignment error", "readout_error"), ("CNOT error rate", ("gate_error", "cx"))],
    },
    "2021": {
        "row": "Qubit", "label": "Q{}", "pair": "{a}_{b}:{value}", "join": "; ",
        "columns": [("T1 (us)", "T1"), ("T2 (us)", "T2"), ("Frequency (GHz)", "frequency"),
                    ("Anharmonicity (GHz)", "anharmonicity"), ("Readout assignment error ", "readout_error"),
                    ("Prob meas0 prep1 ", "prob_meas0_prep1"), ("Prob meas1 prep0 ", "prob_meas1_prep0"),
                    ("Readout length (ns)", "readout_length"), ("ID error ", ("gate_error", "id")),
                    ("√x (sx) error ", ("gate_error", "sx")), ("Single-qubit Pauli-X error ", ("gate_error", "x")),
                    ("CNOT error ", ("gate_error", "cx")), ("Gate time (ns)", ("gate_length", "cx"))],
    },
    "2024": {
        "row": "Qubit", "pair": "{a}_{b}:{value}", "join": "; ",
        "columns": [("T1 (us)", "T1"), ("T2 (us)", "T2"), ("Frequency (GHz)", "frequency"),
                    ("Anharmonicity (GHz)", "anharmonicity"), ("Readout assignment error ", "readout_error"),
                    ("Prob meas0 prep1 ", "prob_meas0_prep1"), ("Prob meas1 prep0 ", "prob_meas1_prep0"),
                    ("Readout length (ns)", "readout_length"), ("ID error ", ("gate_error", "id")),
                    ("Z-axis rotation (rz) error ", ("gate_error", "rz")), ("√x (sx) error ", ("gate_error", "sx")),
                    ("Pauli-X error ", ("gate_error", "x")), ("ECR error ", ("gate_error", "ecr")),
                    ("Gate time (ns)", ("gate_length", "ecr")), ("Operational", "operational")],
    },
    "2026": {
        "row": "Qubit", "pair": "{b}:{value}", "join": ";",
        "columns": [("T1 (us)", "T1"), ("T2 (us)", "T2"), ("Readout assignment error", "readout_error"),
                    ("Prob meas0 prep1", "prob_meas0_prep1"), ("Prob meas1 prep0", "prob_meas1_prep0"),
                    ("Readout length (ns)", "readout_length"), ("ID error", ("gate_error", "id")),
                    ("Single-qubit gate length (ns)", ("gate_length", "sx")), ("RX error", ("gate_error", "rx")),
                    ("Z-axis rotation (rz) error", ("gate_error", "rz")), ("√x (sx) error", ("gate_error", "sx")),
                    ("Pauli-X error", ("gate_error", "x")), ("CZ error", ("gate_error", "cz")),
                    ("Gate length (ns)", ("gate_length", "cz")), ("RZZ error", ("gate_error", "rzz")),
                    ("Operational", "operational")],
    },
}  # fmt: skip


def platform_csv(properties: dict[str, Any], style: str, delimiter: str = ",") -> str:
    """Return the calibration CSV of decoded properties, in a style of :data:`FORMS`."""
    shape = FORMS[style]
    gates: dict[tuple[str, str], dict[tuple[int, ...], Any]] = {}
    for gate in properties["gates"]:
        for parameter in gate["parameters"]:
            values = gates.setdefault((parameter["name"], gate["gate"]), {})
            values[tuple(gate["qubits"])] = parameter["value"]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([shape["row"], *(heading for heading, _ in shape["columns"])])
    for qubit, quantities in enumerate(properties["qubits"]):
        known = {quantity["name"]: quantity["value"] for quantity in quantities}
        label = "" if shape.get("blank_first") and not qubit else shape.get("label", "{}").format(qubit)
        cells = [label]
        for _, what in shape["columns"]:
            if what == "operational":
                cells.append("Yes" if known.get("operational", True) else "No")
            elif isinstance(what, str):
                cells.append(known.get(what, ""))
            else:
                cells.append(_of_gates(gates.get(what, {}), qubit, shape))
        writer.writerow(cells)
    return out.getvalue()


def _of_gates(values: dict[tuple[int, ...], Any], qubit: int, shape: dict[str, Any]) -> Any:
    own = {qargs: value for qargs, value in values.items() if qargs[0] == qubit}
    if (qubit,) in own:
        return own[qubit,]
    pairs = [shape["pair"].format(a=qargs[0], b=qargs[1], value=value) for qargs, value in own.items()]
    return shape["join"].join(pairs)


def with_dates(properties: bytes, write: Any) -> str:
    """Return decoded properties as JSON, each date as ``write`` has it."""
    content = json.loads(properties)

    def walk(item: Any) -> Any:
        if isinstance(item, list):
            return [walk(part) for part in item]
        if isinstance(item, dict):
            return {
                key: write(value) if key in {"date", "last_update_date"} and value is not None else walk(value)
                for key, value in item.items()
            }
        return item

    return json.dumps(walk(content))
