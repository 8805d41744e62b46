# SPDX-License-Identifier: Apache-2.0
"""Words that shells complete. Nothing here waits for the network, makes a file, or fails."""

from __future__ import annotations

from collections.abc import Iterable


def devices(incomplete: str) -> list[str]:
    """Return names of bundled devices that begin so, with their prefix and without."""
    from ..snapshot.device_names import short_name
    from ..snapshot.storage import bundled_devices

    names = bundled_devices()
    return _beginning([*names, *map(short_name, names)], incomplete)


def quantities(incomplete: str) -> list[str]:
    """Return names of measured quantities of qubits and gates that begin so."""
    from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES

    return _beginning([*QUBIT_QUANTITIES, *GATE_QUANTITIES], incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})
