# SPDX-License-Identifier: Apache-2.0
"""The devices of the local service: bundled snapshots, others of the user's choice, and an ideal simulator."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from ..snapshot import Snapshot
from .device_sources import Devices, SavedSnapshot, invalid_devices, sources_of

SIMULATOR = "local_simulator"
_NUM_QUBITS = 32
#: Gates that Aer runs as they are, with the names of their parameters, by their numbers of qubits.
_SIMULATOR_GATES: dict[int, dict[str, str]] = {
    1: {
        **dict.fromkeys(["h", "id", "s", "sdg", "sx", "sxdg", "t", "tdg", "x", "y", "z"], ""), **dict.fromkeys(["p", "rx", "ry", "rz", "u1"], "theta"),
        "r": "theta phi", "u2": "phi lam", "u": "theta phi lam", "u3": "theta phi lam",
    },
    2: {
        **dict.fromkeys(["csx", "cx", "cy", "cz", "ecr", "swap"], ""),
        **dict.fromkeys(["cp", "crx", "cry", "crz", "cu1", "rxx", "ryy", "rzx", "rzz"], "theta"),
        "cu": "theta phi lam gamma", "cu3": "theta phi lam",
    },
    3: dict.fromkeys(["ccx", "ccz", "cswap"], ""),
    # Of any number.
    0: {"unitary": ""},
}  # fmt: skip
_BEGINNING = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


class Device:
    """A device and its calibrations, the oldest one first. They are read when they are needed."""

    def __init__(self, calibrations: Iterable[Snapshot | SavedSnapshot]) -> None:
        """Create a device from at least one snapshot."""
        self._sources = list(calibrations)
        self.name = self._sources[0].name

    @cached_property
    def calibrations(self) -> list[Snapshot]:
        """The snapshots, each once, the oldest one first."""
        read = (source if isinstance(source, Snapshot) else source.whole for source in self._sources)
        distinct = {snapshot.digest: snapshot for snapshot in read}
        return sorted(distinct.values(), key=lambda snapshot: snapshot.last_update or _BEGINNING)

    @cached_property
    def _bare(self) -> Snapshot:
        # The list of devices needs no properties, which take ten times as long to read.
        first = self._sources[0]
        return first.bare if len(self._sources) == 1 and isinstance(first, SavedSnapshot) else self.latest

    @property
    def num_qubits(self) -> int:
        """The number of qubits."""
        return self._bare.num_qubits

    @property
    def model(self) -> Any:
        """The configuration."""
        return self._bare.configuration

    @property
    def is_simulator(self) -> bool:
        """Whether it says of itself that it is a simulator."""
        return bool(getattr(self.model, "simulator", False))

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
    """All devices by name.

    Attributes:
        errors: Exceptions of devices that cannot be read any more.
    """

    errors: tuple[type[Exception], ...] = ()

    def __init__(self, devices: Devices = None) -> None:
        """Find the devices.

        Args:
            devices: One of these, or a list: the name of a bundled device; a :class:`Snapshot`; the path of a saved
                snapshot, of a folder of those, or of a folder of fake devices; ``"official"`` for all fake devices of
                the official client. Several snapshots of one device are its history. A name or path with
                ``"+fractional"`` behind it means devices with the fractional gates that their calibrations have
                (``"fez+fractional"``). The bundled ones by default.

        Raises:
            IBMInputValueError: There are no such devices.
            BackendPayloadError: A snapshot is damaged.
        """
        by_name: dict[str, list[Snapshot | SavedSnapshot]] = {}
        for source in sources_of(devices):
            by_name.setdefault(source.name, []).append(source)
        self._devices = {name: Device(sources) for name, sources in by_name.items()} | {SIMULATOR: simulator()}
        self._devices = dict(sorted(self._devices.items()))
        self._first = dict(self._devices)

    def __iter__(self) -> Iterator[Device]:
        return iter(list(self._devices.values()))

    def publish(self, snapshot: Snapshot) -> None:
        """Add a calibration to a device, or a device.

        Raises:
            IBMInputValueError: It is no snapshot.
        """
        if not isinstance(snapshot, Snapshot):
            raise invalid_devices(
                f"publish takes a Snapshot, not {snapshot!r}; make one with Snapshot.load or Snapshot.from_payloads."
            )
        known = self._devices.get(snapshot.name)
        # One assignment, so that requests see the device before or after it.
        self._devices[snapshot.name] = Device([*(known.calibrations if known else ()), snapshot])

    def reset(self) -> None:
        """Forget what was published."""
        self._devices = dict(self._first)

    def get(self, name: str, moment: datetime.datetime | None = None) -> Device | None:  # noqa: ARG002
        """Return a device, ``None`` if there is none of that name.

        Args:
            name: The device's name.
            moment: The moment at which it is looked at. These devices are the same at any time; those of
                :class:`History` are not.
        """
        return self._devices.get(name)

    def close(self) -> None:
        """Close files from which devices are read; there are none."""


@lru_cache(256)
def compressed(payload: bytes) -> bytes:
    """Return a payload as gzip; cached, because clients ask for the same payload again and again."""
    return gzip.compress(payload, 6, mtime=0)


@lru_cache(256)
def validator(payload: bytes) -> str:
    """Return the ETag of a payload; a weak one, because the payload is sent compressed or not."""
    return f'W/"{hashlib.sha256(payload).hexdigest()[:32]}"'


def simulator() -> Device:
    """Return the ideal simulator."""
    names = sorted(name for gates in _SIMULATOR_GATES.values() for name in gates)
    control_flow = ["if_else", "for_loop", "while_loop", "switch_case"]
    configuration = {
        "backend_name": SIMULATOR, "backend_version": "1.0.0", "n_qubits": _NUM_QUBITS, "basis_gates": names,
        "gates": sorted(_gates(), key=lambda gate: str(gate["name"])), "local": True, "simulator": True,
        "conditional": True, "open_pulse": False, "memory": True, "max_shots": 1_000_000, "max_experiments": 300,
        # Clients that read it themselves fail for null.
        "coupling_map": [],
        "online_date": "2026-01-01T00:00:00Z",
        "supported_instructions": [*names, "measure", "reset", "delay", *control_flow],
        "supported_features": ["qasm3", "dynamic_circuits"], "description": "an ideal simulator", "dt": 1.0,
    }  # fmt: skip
    return Device([Snapshot.from_payloads(json.dumps(configuration))])


def _gates() -> Iterator[dict[str, Any]]:
    """Yield the gates of the simulator; those that make all others are listed with their qubits.

    ibm-qdmi has no gate on qubits that no list tells. Lists for all gates would have 20,000 entries.
    """
    pairs = list(itertools.permutations(range(_NUM_QUBITS), 2))
    for num_qubits, gates in _SIMULATOR_GATES.items():
        for name, parameters in gates.items():
            gate: dict[str, Any] = {"name": name, "parameters": parameters.split(), "qasm_def": ""}
            if num_qubits == 1:
                gate["coupling_map"] = [[qubit] for qubit in range(_NUM_QUBITS)]
            elif name in ("cx", "cz"):
                gate["coupling_map"] = pairs
            yield gate
