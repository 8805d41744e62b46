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


def channels(incomplete: str) -> list[str]:
    """Return channels that begin so."""
    return _beginning(("local", "ibm_quantum_platform", "ibm_cloud"), incomplete)


def accounts(incomplete: str) -> list[str]:
    """Return names of saved accounts that begin so."""
    from ..accounts import saved_accounts

    try:
        return _beginning(saved_accounts(), incomplete)
    except Exception:
        # A damaged file is told by the verb.
        return []


def jobs(incomplete: str) -> list[str]:
    """Return jobs of local services that begin so, the latest fifty; those of an account would need the network."""
    try:
        # Services need locks that Windows does not have.
        from ..local.jobs.reading import stored_jobs

        return _beginning((job["id"] for job in stored_jobs(limit=50)), incomplete)
    except Exception:
        return []


def ledgers(incomplete: str) -> list[str]:
    """Return files of SQLite, and folders, that begin so."""
    from pathlib import Path

    folder, _, name = incomplete.rpartition("/")
    start = f"{folder}/" if incomplete.count("/") else ""
    try:
        found = [path for path in Path(start or ".").iterdir() if path.name.startswith(name)]
    except OSError:
        return []
    files = [f"{start}{path.name}" for path in found if path.suffix in {".sqlite3", ".sqlite", ".db"}]
    return sorted([*files, *(f"{start}{path.name}/" for path in found if path.is_dir())])


def figures(incomplete: str) -> list[str]:
    """Return names of figures that begin so, of which one value is better than another."""
    from ..sweeps.ledger.figures import FIGURES

    return _beginning((figure.name for figure in FIGURES if figure.better is not None), incomplete)


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
