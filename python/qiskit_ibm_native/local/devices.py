# SPDX-License-Identifier: Apache-2.0
"""The devices of the local service: bundled snapshots, or a folder of the user's, and an ideal simulator."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..exceptions import IBMInputValueError
from ..snapshot import Snapshot, bundled_devices

SIMULATOR = "local_simulator"
#: Gates that Aer runs as they are.
_SIMULATOR_GATES = [
    "ccx",
    "ccz",
    "cp",
    "crx",
    "cry",
    "crz",
    "cswap",
    "csx",
    "cu",
    "cu1",
    "cu3",
    "cx",
    "cy",
    "cz",
    "ecr",
    "h",
    "id",
    "p",
    "r",
    "rx",
    "rxx",
    "ry",
    "ryy",
    "rz",
    "rzx",
    "rzz",
    "s",
    "sdg",
    "swap",
    "sx",
    "sxdg",
    "t",
    "tdg",
    "u",
    "u1",
    "u2",
    "u3",
    "unitary",
    "x",
    "y",
    "z",
]
_BEGINNING = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


class Device:
    """A device and its calibrations, the oldest one first."""

    def __init__(self, calibrations: list[Snapshot]) -> None:
        """Create a device from at least one snapshot."""
        self.calibrations = sorted(calibrations, key=lambda snapshot: snapshot.last_update or _BEGINNING)
        latest = self.calibrations[-1]
        self.name = latest.name
        self.num_qubits = latest.num_qubits
        self.model = latest.configuration
        self.is_simulator = bool(getattr(self.model, "simulator", False))

    @property
    def latest(self) -> Snapshot:
        """The last calibration."""
        return self.calibrations[-1]

    def before(self, moment: datetime.datetime) -> Snapshot | None:
        """Return the last calibration before a moment."""
        earlier = [
            snapshot
            for snapshot in self.calibrations
            if snapshot.last_update is not None and snapshot.last_update < moment
        ]
        return earlier[-1] if earlier else None

    def entry(self, queue_length: int) -> dict[str, Any]:
        """Return the entry of the device in the list of backends."""
        entry: dict[str, Any] = {
            "name": self.name,
            "status": {"name": "online", "reason": "available"},
            "is_simulator": self.is_simulator,
            "qubits": self.num_qubits,
            "queue_length": queue_length,
            "performance_metrics": {},
        }
        processor = getattr(self.model, "processor_type", None)
        if isinstance(processor, dict):
            entry["processor_type"] = {key: str(value) for key, value in processor.items()}
        return entry


class Catalog:
    """All devices by name."""

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        """Read the devices.

        Args:
            folder: A folder of saved snapshots; several of one device are its history. The bundled ones by default.

        Raises:
            IBMInputValueError: The folder has no snapshots.
            BackendPayloadError: A snapshot is damaged.
        """
        by_name: dict[str, list[Snapshot]] = {}
        for snapshot in _bundled() if folder is None else _saved(Path(folder)):
            by_name.setdefault(snapshot.name, []).append(snapshot)
        by_name[SIMULATOR] = [_simulator()]
        self._devices = {name: Device(snapshots) for name, snapshots in sorted(by_name.items())}
        self._first = dict(self._devices)

    def __iter__(self) -> Iterator[Device]:
        return iter(list(self._devices.values()))

    def publish(self, snapshot: Snapshot) -> None:
        """Add a calibration to a device, or a device."""
        known = self._devices.get(snapshot.name)
        # One assignment, so that requests see the device before or after it.
        self._devices[snapshot.name] = Device([*(known.calibrations if known else ()), snapshot])

    def reset(self) -> None:
        """Forget what was published."""
        self._devices = dict(self._first)

    def get(self, name: str) -> Device | None:
        """Return a device, ``None`` if there is none of that name."""
        return self._devices.get(name)


@lru_cache(256)
def compressed(payload: bytes) -> bytes:
    """Return a payload as gzip; cached, because clients ask for the same payload again and again."""
    return gzip.compress(payload, 6, mtime=0)


@lru_cache(256)
def validator(payload: bytes) -> str:
    """Return the ETag of a payload; a weak one, because the payload is sent compressed or not."""
    return f'W/"{hashlib.sha256(payload).hexdigest()[:32]}"'


def _bundled() -> Iterator[Snapshot]:
    for name in bundled_devices():
        yield Snapshot.load(name)


def _saved(folder: Path) -> Iterator[Snapshot]:
    if not folder.is_dir():
        raise IBMInputValueError(f"{folder} is not a folder of saved snapshots.")
    if (folder / "configuration.json.gz").exists():
        yield Snapshot.load(folder)
        return
    paths = sorted(
        path for path in folder.iterdir() if path.suffix == ".zip" or (path / "configuration.json.gz").exists()
    )
    if not paths:
        raise IBMInputValueError(f"{folder} has no saved snapshots; Snapshot.save makes some.")
    for path in paths:
        yield Snapshot.load(path)


def _simulator() -> Snapshot:
    gates = [{"name": name, "parameters": [], "qasm_def": ""} for name in _SIMULATOR_GATES]
    control_flow = ["if_else", "for_loop", "while_loop", "switch_case"]
    return Snapshot.from_payloads(
        json.dumps(
            {
                "backend_name": SIMULATOR,
                "backend_version": "1.0.0",
                "n_qubits": 32,
                "basis_gates": _SIMULATOR_GATES,
                "gates": gates,
                "local": True,
                "simulator": True,
                "conditional": True,
                "open_pulse": False,
                "memory": True,
                "coupling_map": None,
                "max_shots": 1_000_000,
                "max_experiments": 300,
                "online_date": "2026-01-01T00:00:00Z",
                "supported_instructions": [*_SIMULATOR_GATES, "measure", "reset", "delay", *control_flow],
                "supported_features": ["qasm3", "dynamic_circuits"],
                "description": "an ideal simulator",
                "dt": 1.0,
            }
        )
    )
