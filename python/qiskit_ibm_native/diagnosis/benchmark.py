# SPDX-License-Identifier: Apache-2.0
"""A benchmark of this machine: bytes to targets beside the official client, and a sweep beside a loop.

Results are compared before anything is timed. Nothing is fetched: payloads are those of the bundled devices.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _native
from .._progress import Reported, advancing
from ..exceptions import IBMInputValueError
from ..snapshot import Snapshot, bundled_devices
from ..target import build_target
from .comparison import target_differences
from .machine import machine_description
from .sweep_timing import SweepTiming, sweep_timing
from .timing import Timing, take_turns

if TYPE_CHECKING:
    from qiskit.transpiler import Target

#: Share of the time for targets; the sweep has the rest.
_TARGETS = 0.7
_Payloads = tuple[bytes, bytes]


class OfficialClient(NamedTuple):
    """The official client, as far as it turns bytes into targets.

    Attributes:
        version: Its version.
        models: A function that makes configuration and properties of payloads.
        target: A function that makes the target of payloads.
    """

    version: str
    models: Callable[[_Payloads], Any]
    target: Callable[[_Payloads], Target]


@dataclass(frozen=True)
class DeviceTiming:
    """Times for one device.

    Attributes:
        device: Its name.
        num_qubits: Number of its qubits.
        payload_bytes: Bytes of configuration and properties.
        target: Times from bytes to a target.
        decode: Times from bytes to a snapshot, which is the first part of that.
        official_target: Times of the official client from bytes to a target; ``None`` without it.
        official_decode: Times of the official client from bytes to its models; ``None`` without it.
        differences: Places where the two targets differ.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import run_benchmark
        >>> benchmark = run_benchmark(0.1, devices=["lima"], progress=False)
        >>> timing = benchmark.devices[0]
        >>> timing.device, timing.num_qubits, timing.target.median < 1  # s
        ('ibmq_lima', 5, True)
    """

    device: str
    num_qubits: int
    payload_bytes: int
    target: Timing
    decode: Timing
    official_target: Timing | None = None
    official_decode: Timing | None = None
    differences: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool | None:
        """Whether the targets of both sides are equal; ``None`` if there is one side."""
        return None if self.official_target is None else not self.differences

    @property
    def ratio(self) -> float | None:
        """Median of the official client to a target, divided by ours."""
        return None if self.official_target is None else self.official_target.median / self.target.median

    @property
    def decode_ratio(self) -> float | None:
        """Median of the official client to its models, divided by ours to a snapshot."""
        return None if self.official_decode is None else self.official_decode.median / self.decode.median

    def to_dict(self) -> dict[str, Any]:
        """Return the times for JSON, s."""
        sides = ("target", "decode", "official_target", "official_decode")
        timings = {name: getattr(self, name) for name in sides}
        return {
            "device": self.device, "num_qubits": self.num_qubits, "payload_bytes": self.payload_bytes,
            **{name: None if timing is None else timing._asdict() for name, timing in timings.items()},
            "ratio": self.ratio, "decode_ratio": self.decode_ratio, "is_equal": self.is_equal,
            "differences": list(self.differences),
        }  # fmt: skip


@dataclass(frozen=True)
class Benchmark:
    """Times on this machine, see :func:`run_benchmark`.

    Attributes:
        machine: Description of the machine and of what runs on it.
        official: Version of the official client; ``None`` if it is not there, or cannot be used, see ``no_official``.
        no_official: The reason why there is no official side.
        devices: Times by device, the smallest device first.
        sweep: Times of a sweep and of a loop.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import run_benchmark
        >>> benchmark = run_benchmark(0.1, devices=["lima"], progress=False)
        >>> benchmark.is_equal
        True
    """

    machine: dict[str, Any]
    official: str | None
    no_official: str | None
    devices: tuple[DeviceTiming, ...]
    sweep: SweepTiming

    @property
    def is_equal(self) -> bool:
        """Whether all results that were compared are equal."""
        return not self.sweep.differences and all(device.is_equal is not False for device in self.devices)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON, times in s."""
        return {
            "machine": self.machine, "official": self.official, "no_official": self.no_official,
            "devices": [device.to_dict() for device in self.devices], "sweep": self.sweep.to_dict(),
            "is_equal": self.is_equal,
        }  # fmt: skip


def run_benchmark(
    seconds: float = 60.0, *, devices: Sequence[str] | None = None, progress: Reported = None
) -> Benchmark:
    """Measure this machine: bytes of each bundled device to a target, decoding alone, and a sweep beside a loop.

    With the official client, ``qiskit-ibm-runtime``, installed, its targets are compared with ours, and timed in turn
    with ours.

    Args:
        seconds: Time that the benchmark takes, about; each function runs some times at least.
        devices: Names of bundled devices; all by default.
        progress: Whether to show a bar, or a function that is called with the state; by default there is a bar on
            terminals and in notebooks.

    Raises:
        IBMInputValueError: ``seconds`` is not above 0, there is no such device, or the extension is a debug build.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import run_benchmark
        >>> benchmark = run_benchmark(0.1, devices=["lima"], progress=False)
        >>> [timing.device for timing in benchmark.devices]
        ['ibmq_lima']
    """
    if not seconds > 0:
        raise IBMInputValueError(f"seconds must be above 0, not {seconds!r}.")
    if _native.build_profile != "release":
        raise IBMInputValueError(
            f"The extension is a {_native.build_profile} build, whose times mean nothing. Install a release build."
        )
    snapshots = [Snapshot.load(name) for name in (bundled_devices() if devices is None else devices)]
    snapshots.sort(key=lambda snapshot: (snapshot.num_qubits, snapshot.name))
    official, reason = _official_client()
    share = _TARGETS * seconds / max(1, len(snapshots))
    with advancing(progress, "bench", len(snapshots) + 1, "part") as advance:
        timings = []
        for snapshot in snapshots:
            timings.append(_device_timing(snapshot, official, share))
            advance(1)
        sweep = sweep_timing(snapshots[-1] if snapshots else Snapshot.load("fez"), (1 - _TARGETS) * seconds)
        advance(1)
    version = None if official is None else official.version
    return Benchmark(machine_description(), version, reason, tuple(timings), sweep)


def _device_timing(snapshot: Snapshot, official: OfficialClient | None, seconds: float) -> DeviceTiming:
    configuration, properties, _ = snapshot.payloads
    payloads = (configuration, properties or b"")
    sides: dict[str, Callable[[], Any]] = {
        "target": partial(_target, payloads),
        "decode": partial(Snapshot.from_payloads, *payloads),
    }
    found: tuple[str, ...] = ()
    if official is not None:
        found = tuple(target_differences(_target(payloads), official.target(payloads)))
        sides |= {
            "official_target": partial(official.target, payloads), "official_decode": partial(official.models, payloads)
        }  # fmt: skip
    return DeviceTiming(
        snapshot.name, snapshot.num_qubits, sum(map(len, payloads)), **take_turns(sides, seconds), differences=found
    )


def _target(payloads: _Payloads) -> Target:
    return build_target(Snapshot.from_payloads(*payloads))


def _official_client() -> tuple[OfficialClient | None, str | None]:
    """Return the official client, or the reason why there is none."""
    from importlib.metadata import version

    try:
        from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
        from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data
    except Exception as error:
        # Versions that do not fit each other fail in many ways.
        if isinstance(error, ModuleNotFoundError) and error.name == "qiskit_ibm_runtime":
            return None, "qiskit-ibm-runtime is not installed"
        return None, f"qiskit-ibm-runtime cannot be imported: {error}"
    if any(getattr(function, "__module__", "").startswith("qiskit_ibm_native") for function in (
        convert_to_target, configuration_from_server_data, properties_from_server_data,
    )):  # fmt: skip
        return None, "qiskit-ibm-runtime is accelerated in this process, so that both sides would be the same"

    def models(payloads: _Payloads) -> Any:
        configuration, properties = (json.loads(each) for each in payloads)
        return (
            configuration_from_server_data(configuration, use_fractional_gates=None),
            properties_from_server_data(properties, use_fractional_gates=None),
        )

    def target(payloads: _Payloads) -> Target:
        return convert_to_target(*models(payloads))

    return OfficialClient(version("qiskit-ibm-runtime"), models, target), None
