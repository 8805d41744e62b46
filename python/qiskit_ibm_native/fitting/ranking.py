# SPDX-License-Identifier: Apache-2.0
"""Devices in the order of how well a circuit would run there."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from .. import _html
from .._progress import Reported, advancing, followed
from .._timestamps import utc_text
from .._words import count, quantity
from ..exceptions import IBMInputValueError
from ..snapshot.acceptance import snapshot_of
from ..target import build_target
from .shape import CircuitShape, shape_of
from .transpiling import calibration_time, estimates, runs_as_it_is, transpile_for

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


@dataclass(frozen=True, eq=False)
class DeviceFit:
    """A circuit on one device.

    Attributes:
        device: The device's name.
        calibrated: The time of its last calibration (aware); ``None`` if it has none.
        esp: Estimated success probability, see :func:`score`; ``None`` if it cannot be told, see ``problem``.
        duration: Duration of the circuit, s; ``None`` likewise.
        was_transpiled: Whether the circuit had to be transpiled for the device; otherwise it was scored as it is.
        shape: The shape of the circuit on the device; ``None`` if it cannot run there.
        circuit: The circuit on the device; ``None`` likewise.
        problem: The reason why there is no estimate; ``None`` if there is one.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import rank_devices
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> fit = rank_devices(circuit, ["fez"])[0]
        >>> fit.device, round(fit.esp, 2), fit.was_transpiled
        ('ibm_fez', 0.99, True)
    """

    device: str
    calibrated: datetime.datetime | None
    esp: float | None = None
    duration: float | None = None
    was_transpiled: bool = False
    shape: CircuitShape | None = None
    circuit: QuantumCircuit | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the circuit, for JSON."""
        return {
            "device": self.device,
            "calibrated": None if self.calibrated is None else utc_text(self.calibrated),
            "esp": self.esp,
            "duration": self.duration,
            "was_transpiled": self.was_transpiled,
            "shape": None if self.shape is None else self.shape.to_dict(),
            "problem": self.problem,
        }


class DeviceRanking(Sequence[DeviceFit]):
    """Devices, the one on which a circuit succeeds most probably first; those without an estimate last.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import rank_devices
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> rank_devices(circuit, ["lima", "fez"])
        <DeviceRanking of 'pair' on 2 devices: best ibm_fez, esp 0.987>
    """

    def __init__(self, circuit_name: str, fits: Iterable[DeviceFit]) -> None:
        """Create a ranking; :func:`rank_devices` does it.

        Args:
            circuit_name: The circuit's name.
            fits: The devices, in any order. Devices with the same estimate stay in that order.
        """
        #: The circuit's name.
        self.circuit_name = circuit_name
        self._fits = sorted(fits, key=lambda fit: (fit.esp is None, -(fit.esp or 0.0), fit.shape is None))

    def __len__(self) -> int:
        return len(self._fits)

    @overload
    def __getitem__(self, index: int) -> DeviceFit: ...

    @overload
    def __getitem__(self, index: slice) -> list[DeviceFit]: ...

    def __getitem__(self, index: int | slice) -> DeviceFit | list[DeviceFit]:
        return self._fits[index]

    def to_dict(self) -> dict[str, Any]:
        """Return the ranking for JSON."""
        return {"circuit": self.circuit_name, "devices": [fit.to_dict() for fit in self]}

    def __repr__(self) -> str:
        best = next((fit for fit in self if fit.esp is not None), None)
        told = "none of them can be scored" if best is None else f"best {best.device}, esp {best.esp:.3g}"
        return f"<DeviceRanking of {self.circuit_name!r} on {len(self)} devices: {told}>"

    def _repr_html_(self) -> str:
        head = ("device", "esp", "duration", "depth", "two-qubit gates", "circuit")
        rows = [
            (fit.device, fit.esp, quantity(fit.duration, "s"), *_counts(fit.shape), fit.problem or _origin(fit))
            for fit in self
        ]
        return _html.panel(
            _html.heading(f"{self.circuit_name} on {count(len(self), 'device')}"), _html.table(head, rows)
        )


def _counts(shape: CircuitShape | None) -> tuple[int | None, int | None]:
    return (None, None) if shape is None else (shape.depth, shape.two_qubit_count)


def _origin(fit: DeviceFit) -> str:
    return "transpiled" if fit.was_transpiled else "as it is"


def rank_devices(
    circuit: QuantumCircuit,
    devices: Iterable[Any],
    *,
    optimization_level: int = 2,
    seed: int = 0,
    progress: Reported = None,
) -> DeviceRanking:
    """Estimate how well a circuit would run on each of several devices, the best one first.

    On a device whose qubits and gates the circuit has already, it is scored as it is. For all others it is transpiled
    first.

    Args:
        circuit: The circuit.
        devices: The devices: backends, snapshots, names of bundled devices, or whatever else :meth:`Snapshot.of` takes.
        optimization_level: The transpiler's optimization level, 0 to 3.
        seed: The transpiler's seed.
        progress: Whether to show a bar, or a function that is called with the state; by default there is a bar on
            terminals and in notebooks.

    Raises:
        IBMInputValueError: There is no device, or no snapshot of one.
        FileNotFoundError: No bundled device or path has a given name.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native.fitting import rank_devices
        >>> circuit = QuantumCircuit(2, name="pair")
        >>> _ = circuit.h(0), circuit.cx(0, 1)
        >>> circuit.measure_all()
        >>> [fit.device for fit in rank_devices(circuit, ["lima", "fez"])]
        ['ibm_fez', 'ibmq_lima']
    """
    sources = list(devices)
    if not sources:
        raise IBMInputValueError("There is no device to rank; name one or several.")
    with advancing(progress, "score", len(sources), "device") as advance:
        fits = [_fit(circuit, source, optimization_level, seed) for source in followed(sources, advance)]
    return DeviceRanking(circuit.name, fits)


def _fit(circuit: QuantumCircuit, source: Any, optimization_level: int, seed: int) -> DeviceFit:
    snapshot = snapshot_of(source)
    about: dict[str, Any] = {"device": snapshot.name, "calibrated": calibration_time(snapshot)}
    if runs_as_it_is(circuit, build_target(source)):
        esp, duration = estimates(circuit, source)
        return DeviceFit(
            **about,
            esp=esp,
            duration=duration,
            shape=shape_of(circuit),
            circuit=circuit,
            problem=_problem(circuit, esp),
        )
    try:
        found = transpile_for(circuit, source, optimization_level=optimization_level, seed=seed)
    except IBMInputValueError as error:
        return DeviceFit(**about, problem=str(error))
    return DeviceFit(
        **about, esp=found.esp, duration=found.duration, was_transpiled=True, shape=found.after, circuit=found.circuit,
        problem=_problem(found.circuit, found.esp),
    )  # fmt: skip


def _problem(circuit: QuantumCircuit, esp: float | None) -> str | None:
    if esp is not None:
        return None
    if circuit.has_control_flow_op():
        return "control flow decides which instructions are played, so that there is no estimate"
    return "the calibration has no values for an instruction of the circuit"
