# SPDX-License-Identifier: Apache-2.0
"""Words that shells complete. Nothing here waits for the network, makes a file, or fails."""

from __future__ import annotations

from collections.abc import Iterable


def devices(incomplete: str) -> list[str]:
    """Return names of devices that begin so: bundled ones and those of the user's archive."""
    from ..snapshot.storage import bundled_devices

    return _spelled([*bundled_devices(), *_archived()], incomplete)


def archived(incomplete: str) -> list[str]:
    """Return names of devices of the user's archive that begin so."""
    return _spelled(_archived(), incomplete)


def quantities(incomplete: str) -> list[str]:
    """Return names of measured quantities of qubits and gates that begin so."""
    from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES

    return _beginning([*QUBIT_QUANTITIES, *GATE_QUANTITIES], incomplete)


def _archived() -> list[str]:
    from .._archive_file import archived_devices

    return [device.name for device in archived_devices()]


def _spelled(names: Iterable[str], incomplete: str) -> list[str]:
    """Return names that begin so: without prefix, or with one if a prefix was begun."""
    from ..snapshot.device_names import short_name, spellings

    if not incomplete.startswith("ibm"):
        return _beginning(map(short_name, names), incomplete)
    return _beginning((spelling for name in names for spelling in spellings(name)), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})
