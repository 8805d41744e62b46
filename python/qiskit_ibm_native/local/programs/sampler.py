# SPDX-License-Identifier: Apache-2.0
"""The program ``sampler``."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import engine
from ..errors import BadInputError
from . import wire
from .checks.choices import MAX_RUNS
from .executor.timing import describe_timing
from .mitigation.layers import in_layers
from .mitigation.twirling import Randomized, Twirling, randomize
from .options import DEFAULT_SHOTS, read_decoupling, read_twirling
from .work import Measured, Piece, by_register, check_piece, to_meas_type

if TYPE_CHECKING:
    from .mitigation.decoupling import Decoupling
    from .simulation import Simulation


@dataclass(frozen=True)
class _Options:
    """Options of a job: its shots, if they are none of its options, are obeyed as those of pubs are."""

    shots: int | None
    default_shots: int
    twirling: Twirling
    decoupling: Decoupling | None
    meas_type: str
    tells_timing: bool


@dataclass(frozen=True)
class _Pub:
    """A pub, and by set of parameter values its circuits with the shots of each."""

    piece: Piece
    randomized: list[list[Randomized]]
    shots: int
    timing: dict[str, Any] | None

    def tasks(self) -> list[engine.BoundCircuit]:
        return [engine.BoundCircuit(one.circuit, self.shots) for group in self.randomized for one in group]


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    asked = params.get("options") or {}
    execution = asked.get("execution") or {}
    options = _Options(
        params.get("shots"), asked.get("default_shots") or DEFAULT_SHOTS,
        read_twirling(asked), read_decoupling(asked), execution.get("meas_type") or "classified",
        bool(execution.get("scheduler_timing")),
    )  # fmt: skip
    pubs = [_read_pub(pub, number, options, simulation) for number, pub in enumerate(params["pubs"])]
    start = simulation.now()
    done = iter(simulation.run([task for pub in pubs for task in pub.tasks()]))
    stop = simulation.now()
    fields, metadata = [], []
    for pub in pubs:
        runs = [[next(done) for _ in group] for group in pub.randomized]
        metadata.append(engine.metadata([run for group in runs for run in group]))
        bits = _gathered(pub, runs)
        fields.append(by_register(pub.piece.circuit, to_meas_type(bits, options.meas_type, simulation)))
    return _write(params, pubs, options, Measured(fields, metadata, start, stop))


def _read_pub(value: Any, number: int, options: _Options, simulation: Simulation) -> _Pub:
    circuit_value, values, shots = [*(value if isinstance(value, list) else [value]), None, None][:3]
    read = wire.read_array(values)
    # Shots of a pub are obeyed, those of options give way to the numbers of twirling.
    asked = shots or options.shots
    numbers = options.twirling.numbers(asked or options.default_shots, is_obeyed=asked is not None)
    if asked is None:
        asked = numbers[0] * numbers[1] if _has_both(options.twirling) else options.default_shots
    piece = Piece(wire.read_circuit(circuit_value), read, read.shape[:-1], asked)
    check_piece(piece, number, simulation, f"pubs[{number}][1] (parameter values)")
    size = math.prod(piece.shape) * numbers[0]
    if size > MAX_RUNS:
        raise BadInputError(f"pubs[{number}] comes to {size} circuits; at most {MAX_RUNS} are simulated")
    timing = None
    randomized = []
    for circuit in piece.bound():
        scheduled = circuit if options.decoupling is None else options.decoupling.apply(circuit, simulation.target)
        if options.tells_timing and timing is None:
            timing = describe_timing(scheduled, simulation.target)
        if not options.twirling.is_enabled:
            randomized.append([Randomized(scheduled, np.zeros(circuit.num_clbits, np.bool_), 1)])
            continue
        layered = in_layers(scheduled, options.twirling.strategy)
        randomized.append([randomize(layered, options.twirling, simulation.random) for _ in range(numbers[0])])
    return _Pub(piece, randomized, numbers[1], timing)


def _has_both(twirling: Twirling) -> bool:
    return bool(twirling.is_enabled and twirling.num_randomizations and twirling.shots_per_randomization)


def _gathered(pub: _Pub, runs: list[list[engine.MeasuredBits]]) -> npt.NDArray[np.bool_]:
    """Return bits of shape ``(*shape, shots, bits)``, as they would be without twirling."""
    rows = [
        np.concatenate([run.bits ^ one.flips for run, one in zip(group, randomized, strict=True)])[: pub.piece.shots]
        for group, randomized in zip(runs, pub.randomized, strict=True)
    ]
    return np.array(rows, np.bool_).reshape(*pub.piece.shape, pub.piece.shots, pub.piece.circuit.num_clbits)


def _write(params: dict[str, Any], pubs: list[_Pub], options: _Options, measured: Measured) -> dict[str, Any]:
    """Return the results of a job."""
    if not params.get("support_qiskit"):
        return {"results": [_plain(registers) for registers in measured.fields], "metadata": {}}
    results = []
    for pub, registers, told in zip(pubs, measured.fields, measured.metadata, strict=True):
        written = {name: _field(values) for name, values in registers.items()}
        data = {
            "field_names": list(written), "field_types": [field["__type__"] for field in written.values()],
            "shape": list(pub.piece.shape), "fields": written,
        }  # fmt: skip
        metadata = {
            "circuit_metadata": pub.piece.circuit.metadata or {},
            **told,
            **(
                {"num_randomizations": len(pub.randomized[0])} if options.twirling.is_enabled and pub.randomized else {}
            ),
            **({"compilation": {"scheduler_timing": pub.timing}} if pub.timing is not None else {}),
        }
        content = {"data": {"__type__": "DataBin", "__value__": data}, "metadata": metadata}
        results.append({"__type__": "SamplerPubResult", "__value__": content})
    execution = {"execution_spans": _spans(pubs, options, measured)}
    content = {"pub_results": results, "metadata": {"execution": execution, "version": 2}}
    return {"__type__": "PrimitiveResult", "__value__": content}


def _spans(pubs: list[_Pub], options: _Options, measured: Measured) -> dict[str, Any]:
    """Return when which shots were made: all of them together."""
    slices: dict[str, list[Any]] = {}
    for number, pub in enumerate(pubs):
        shape, shots = pub.piece.shape, pub.piece.shots
        if options.twirling.is_enabled:
            randomizations = len(pub.randomized[0]) if pub.randomized else 0
            size = math.prod(shape) * randomizations
            # Shots of a set of values are those of its randomizations, one after the other.
            slices[str(number)] = [[*shape, randomizations, pub.shots], False, 0, size, 0, pub.shots, shots]
        else:
            slices[str(number)] = [[*shape, shots], 0, math.prod(shape), 0, shots]
    span = {"start": _moment(measured.start), "stop": _moment(measured.stop), "data_slices": slices}
    kind = "TwirledSliceSpanV2" if options.twirling.is_enabled else "DoubleSliceSpan"
    return {"__type__": "ExecutionSpans", "__value__": {"spans": [{"__type__": kind, "__value__": span}]}}


def _moment(moment: datetime.datetime) -> dict[str, str]:
    return {"__type__": "datetime", "__value__": moment.isoformat()}


def _field(values: npt.NDArray[Any]) -> dict[str, Any]:
    return wire.write_bits(values) if values.dtype == np.bool_ else wire.write_array(values)


def _plain(registers: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Return a result without Qiskit's types: a hexadecimal word for each shot."""
    data = {}
    for name, values in registers.items():
        weights = [1 << bit for bit in range(values.shape[-1])]
        rows = values.reshape(-1, values.shape[-1])
        samples = [hex(sum(weight for weight, bit in zip(weights, row, strict=True) if bit)) for row in rows]
        data[name] = {"samples": samples, "num_bits": values.shape[-1]}
    return {"data": data, "metadata": {}}
