# SPDX-License-Identifier: Apache-2.0
"""Convert the results of a program to a ``Result``, as a simulator's ``run`` would return it.

A shot is a word: bit ``i`` is that of ``circuit.clbits[i]``. Words are packed, big-endian, and counted natively.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.result import Result
from qiskit.result.models import ExperimentResult, ExperimentResultData

from ... import _native
from ...exceptions import ApiIBMProtocolError
from .classical_registers import RegisterLayout

CLASSIFIED = 2


class ResultHeader(dict[str, Any]):
    """A header: a dictionary whose members are attributes too, as they were in Qiskit 1.

    An attribute that is set or deleted is the member. Methods of dictionaries keep their names: a member called
    ``items`` is ``header["items"]`` only.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the header has no {name!r}; it has {sorted(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or hasattr(dict, name):
            raise AttributeError(f"{name!r} of a header is Python's own; set the member as header[{name!r}]")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(f"the header has no {name!r}; it has {sorted(self)}")
        del self[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self if name.isidentifier())})

    def to_dict(self) -> dict[str, Any]:
        """Return the members as a plain dictionary."""
        return dict(self)


@dataclass(frozen=True)
class Bits:
    """Bits of a register.

    Attributes:
        words: Array of shape ``(*shape, shots, ceil(num_bits / 8))`` of bytes: bit 0 is the lowest one of the last
            byte.
        num_bits: The number of bits of the register.
    """

    words: npt.NDArray[np.uint8]
    num_bits: int


@dataclass(frozen=True)
class PubData:
    """The results of a circuit.

    Attributes:
        fields: By register: :class:`Bits`, or complex values of shape ``(*shape, shots, num_bits)``, or
            ``(*shape, num_bits)`` if they are averages.
        shape: Shape of the parameter values; empty if there are none.
        metadata: The metadata of the circuit's results from the service.
    """

    fields: Mapping[str, Bits | npt.NDArray[np.complex128]]
    shape: tuple[int, ...]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """The options by which results are read.

    Attributes:
        shots: The number of requested shots.
        memory: Whether words of single shots are wanted.
        meas_level: 2 for bits, 1 for complex values.
        meas_return: ``"single"`` or ``"avg"``, at level 1.
        seed: The seed, if there was one.
    """

    shots: int
    memory: bool = False
    meas_level: int = CLASSIFIED
    meas_return: str | None = None
    seed: int | None = None


def build_experiments(
    data: PubData, layout: RegisterLayout, header: Mapping[str, Any], reading: Reading
) -> list[ExperimentResult]:
    """Return the results of a circuit, one for each set of parameter values."""
    read = _classified if reading.meas_level == CLASSIFIED else _kerneled
    extra: dict[str, Any] = {} if reading.seed is None else {"seed": reading.seed}
    if reading.meas_level != CLASSIFIED and reading.meas_return is not None:
        extra["meas_return"] = reading.meas_return
    experiments = []
    for parameter_index in np.ndindex(*data.shape):
        content, shots = read(data, layout, parameter_index, reading) if layout.is_measured else ({}, reading.shots)
        experiments.append(
            ExperimentResult(
                shots=shots,
                success=True,
                data=ExperimentResultData(**content),
                meas_level=reading.meas_level,
                status="DONE",
                header=ResultHeader(header),
                **extra,
            )
        )
    return experiments


def build_result(
    experiments: Sequence[ExperimentResult],
    *,
    backend_name: str,
    backend_version: str,
    job_id: str,
    date: datetime.datetime | None,
    header: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> Result:
    """Return the result of a job."""
    return Result(
        backend_name=backend_name,
        backend_version=backend_version,
        job_id=job_id,
        # Old programs read it; there are no qobjs any more.
        qobj_id=None,
        success=all(each.success for each in experiments),
        results=list(experiments),
        date=date,
        status="COMPLETED",
        header=ResultHeader(header),
        metadata=dict(metadata),
    )


def advice_on_simulation(pubs: Sequence[PubData]) -> str | None:
    """Return what to know about how a simulator made results; ``None`` if there is nothing."""
    advice = " ".join(filter(None, (_advice_on_shots(pubs), _advice_on_relaxation(pubs))))
    return advice or None


def _advice_on_relaxation(pubs: Sequence[PubData]) -> str | None:
    """Return what to know if delays relaxed both ways; otherwise ``None``."""
    symmetric = [index for index, pub in enumerate(pubs) if pub.metadata.get("relaxation") == "symmetric"]
    if not symmetric:
        return None
    return (
        f"Delays of circuit {symmetric[0]} relax from 0 to 1 as often as from 1 to 0, because the simulation has Pauli errors "
        f"only ({len(symmetric)} of {len(pubs)} circuits): expect too many 1s. Relaxation is exact with fewer connected qubits."
    )


def _advice_on_shots(pubs: Sequence[PubData]) -> str | None:
    """Return what to know if a simulator's shots are worth less than half of their number; otherwise ``None``."""
    few = []
    for index, pub in enumerate(pubs):
        effective = pub.metadata.get("effective_shots")
        bits = [field for field in pub.fields.values() if isinstance(field, Bits)]
        shots = bits[0].words.shape[-2] if bits else 0
        if isinstance(effective, int) and effective < shots / 2:
            few.append((effective / shots, index, effective, shots))
    if not few:
        return None
    _, index, effective, shots = min(few)
    return (
        f"The {shots} shots of circuit {index} have error bars as large as those of {effective} independent ones, because "
        f"the simulation shared errors among them ({len(few)} of {len(pubs)} circuits). Fewer connected qubits or gates "
        "make them independent; several jobs are, too."
    )


def _classified(
    data: PubData, layout: RegisterLayout, parameter_index: tuple[int, ...], reading: Reading
) -> tuple[dict[str, Any], int]:
    words = _words(data, layout, parameter_index)
    width = words.shape[-1]
    packed = words.tobytes()
    content: dict[str, Any] = {"counts": _native.count_shots(packed, width)}
    if reading.memory:
        content["memory"] = _native.hex_shots(packed, width)
    return content, words.shape[0]


def _words(data: PubData, layout: RegisterLayout, parameter_index: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return words, of shape ``(shots, bytes)``."""
    parts = [(_field(data, name, len(bits)), bits) for name, bits in layout.sent_registers]
    if layout.is_single_register:
        plain: npt.NDArray[np.uint8] = parts[0][0].words[parameter_index]
        return plain
    shots = parts[0][0].words.shape[-2]
    # Column k is bit k, lowest first, until the end.
    columns = np.zeros((shots, max(_num_bits(layout), 1)), np.uint8)
    for field, bits in parts:
        lowest_first = np.unpackbits(field.words[parameter_index][:, ::-1], axis=-1, bitorder="little")
        columns[:, bits] = lowest_first[:, : len(bits)]
    words: npt.NDArray[np.uint8] = np.packbits(columns[:, : layout.num_clbits], axis=-1, bitorder="little")[:, ::-1]
    return words


def _num_bits(layout: RegisterLayout) -> int:
    """Return how many bits were sent, those that are dropped included."""
    return sum(len(bits) for _, bits in layout.sent_registers)


def _kerneled(
    data: PubData, layout: RegisterLayout, parameter_index: tuple[int, ...], reading: Reading
) -> tuple[dict[str, Any], int]:
    values: npt.NDArray[np.complex128] | None = None
    for name, bits in layout.sent_registers:
        # The executor says in a register's name what its values are.
        field = next((data.fields[key] for key in (name, f"{name}_iq", f"{name}_avg_iq") if key in data.fields), None)
        if not isinstance(field, np.ndarray) or field.shape[-1] != len(bits):
            raise ApiIBMProtocolError(
                f"The result has no complex values for the {len(bits)} bits of register {name!r}."
            )
        part = field[parameter_index]
        if values is None:
            values = np.zeros((*part.shape[:-1], _num_bits(layout)), np.complex128)
        values[..., bits] = part
    if values is None:
        return {}, reading.shots
    values = values[..., : layout.num_clbits]
    memory = np.stack([values.real, values.imag], axis=-1).tolist()
    return {"memory": memory}, values.shape[0] if values.ndim == 2 else reading.shots


def _field(data: PubData, name: str, num_bits: int) -> Bits:
    field = data.fields.get(name)
    if not isinstance(field, Bits) or field.words.shape[-1] != -(-num_bits // 8):
        raise ApiIBMProtocolError(
            f"The result has no bits for the {num_bits} bits of register {name!r}; it has {sorted(data.fields)}."
        )
    return field


def layout_of(data: PubData) -> RegisterLayout:
    """Return the layout of a result that has no record: registers one after the other, as the result lists them."""
    fields, start = [], 0
    for name, field in data.fields.items():
        size = field.num_bits if isinstance(field, Bits) else field.shape[-1]
        fields.append((name, tuple(range(start, start + size))))
        start += size
    return RegisterLayout(tuple(fields), start, is_measured=bool(fields))
