# SPDX-License-Identifier: Apache-2.0
"""Fractional gates of devices whose published configuration leaves them out.

The platform's devices have ``rx`` and ``rzz`` of any angle. Payloads that come with the official client, and so the
bundled ones, were published to a client that had not asked for them: their calibrations have the errors and durations
of these gates, their configurations do not name them.
"""

from __future__ import annotations

import json
from typing import Any

from ..snapshot import Snapshot

#: The gates, by the definitions that configurations have of gates.
_DEFINITIONS: dict[str, dict[str, Any]] = {
    "rx": {"parameters": ["theta"], "qasm_def": "gate rx(theta) q { U(theta, -pi/2, pi/2) q; }"},
    "rzz": {"parameters": ["theta"], "qasm_def": "gate rzz(theta) q0, q1 { CX q0, q1; U(0, 0, theta) q1; CX q0, q1; }"},
}


def with_fractional_gates(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose configuration has the fractional gates that its calibration has.

    Args:
        snapshot: The device; it is returned as it is if there are none to add.
    """
    configuration, properties, defaults = snapshot.payloads
    measured: dict[str, list[list[int]]] = {}
    for gate in json.loads(properties or b"{}").get("gates", []):
        if gate["gate"] in _DEFINITIONS:
            measured.setdefault(gate["gate"], []).append(gate["qubits"])
    content = json.loads(configuration)
    added = sorted(measured.keys() - set(content["basis_gates"]))
    if not added:
        return snapshot
    content["basis_gates"] = sorted([*content["basis_gates"], *added])
    gates = [{"name": name, **_DEFINITIONS[name], "coupling_map": sorted(measured[name])} for name in added]
    content["gates"] = [*content["gates"], *gates]
    if isinstance(content.get("supported_instructions"), list):
        content["supported_instructions"] = [*content["supported_instructions"], *added]
    return Snapshot.from_payloads(json.dumps(content), properties, defaults)
