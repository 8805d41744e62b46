# SPDX-License-Identifier: Apache-2.0
"""The programs that run circuits: each encodes the circuits of a job, and decodes its results.

``sampler`` is the program of today's platform, ``executor`` its successor. What is needed to read results in another
process goes with the job and comes back with its results: as metadata of circuits, or as data that is passed through.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import orjson
from qiskit import QuantumCircuit, qpy

from ...client import wire
from ...client.typed_values import decode_typed
from ...exceptions import ApiIBMProtocolError, IBMBackendValueError
from .results import Bits, PubData

#: The key of this package's records in a job.
RECORD = "qiskit_ibm_native"
_MEAS_TYPES = {
    (2, "single"): "classified",
    (2, "avg"): "classified",
    (1, "single"): "kerneled",
    (1, "avg"): "avg_kerneled",
}
_NO_VALUES = np.zeros((0,))
#: Sets of parameter values that a circuit may come back with. The platform takes ten million shots a job.
_MAX_SETS = 10**6
#: The size of the text of a shot, in bytes.
_BYTES_A_WORD = 64


@dataclass(frozen=True)
class Submission:
    """Circuits and how to run them.

    Attributes:
        circuits: The circuits as they are sent.
        records: By circuit, what is needed to read its result.
        job: The record of how the job was run.
        options: The options of ``run()`` by name, with ``shots``, ``meas_level`` and ``meas_return`` among them.
        simulator: Options for simulators: a seed, a noise model.
        experimental: Options that this package does not know.
    """

    circuits: Sequence[QuantumCircuit]
    records: Sequence[Mapping[str, Any]]
    job: Mapping[str, Any]
    options: Mapping[str, Any]
    simulator: Mapping[str, Any] = field(default_factory=dict)
    experimental: Mapping[str, Any] = field(default_factory=dict)

    @property
    def meas_type(self) -> str:
        """The platform's name for the combination of ``meas_level`` and ``meas_return``."""
        return _MEAS_TYPES[self.options["meas_level"], self.options["meas_return"]]

    @property
    def init_qubits(self) -> bool:
        """Whether qubits are reset before each shot."""
        return bool(self.options.get("init_qubits", True))


@dataclass(frozen=True)
class Outcome:
    """The decoded results of a job.

    Attributes:
        pubs: By circuit, the measured values.
        records: By circuit, its record; ``None`` if the circuit was not sent by this package.
        job: The job's record, if there is one.
        metadata: The metadata of the job from the service.
    """

    pubs: Sequence[PubData]
    records: Sequence[Mapping[str, Any] | None]
    job: Mapping[str, Any]
    metadata: Mapping[str, Any]


class Program(Protocol):
    """A program: encodes jobs and decodes their results."""

    program_id: str

    def encode(self, submission: Submission) -> dict[str, Any]:
        """Return the ``params`` of a job."""

    def decode(self, body: bytes) -> Outcome:
        """Return the decoded body of a job's results."""

    def circuits(self, params: Mapping[str, Any]) -> list[tuple[QuantumCircuit, Mapping[str, Any] | None]]:
        """Return the circuits of a job as they were sent, and their records."""

    def job_record(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record of a job."""


class SamplerProgram:
    """The program ``sampler``: each circuit on its own, results as typed JSON."""

    program_id = "sampler"

    def encode(self, submission: Submission) -> dict[str, Any]:
        """Return the ``params`` of a job."""
        values = wire.encode_array(_NO_VALUES)
        pubs = []
        for index, (circuit, record) in enumerate(zip(submission.circuits, submission.records, strict=True)):
            sent = _with_metadata(circuit, {RECORD: {**record, "job": submission.job} if index == 0 else record})
            pubs.append([wire.encode_circuit(sent), values, submission.options["shots"]])
        execution: dict[str, Any] = {"init_qubits": submission.init_qubits, "meas_type": submission.meas_type}
        if submission.options.get("rep_delay") is not None:
            execution["rep_delay"] = submission.options["rep_delay"]
        options: dict[str, Any] = {"default_shots": submission.options["shots"], "execution": execution}
        if submission.simulator:
            options["simulator"] = submission.simulator
        if submission.experimental:
            options["experimental"] = submission.experimental
        return {"pubs": pubs, "options": options, "version": 2, "support_qiskit": True}

    def decode(self, body: bytes) -> Outcome:
        """Return the decoded body of a job's results."""
        content = _typed(_json(body), "PrimitiveResult")
        pubs, records, allowance = [], [], wire.Allowance()
        for encoded in content.get("pub_results", []):
            value = _typed(encoded, "SamplerPubResult", "PubResult")
            data = _typed(value.get("data"), "DataBin")
            metadata = value.get("metadata") or {}
            shape = _checked_shape(data.get("shape"))
            fields = {name: self._field(field, shape, allowance) for name, field in (data.get("fields") or {}).items()}
            pubs.append(PubData(fields, shape, metadata))
            records.append((metadata.get("circuit_metadata") or {}).get(RECORD))
        job = records[0].get("job", {}) if records and records[0] else {}
        return Outcome(pubs, records, job, decode_typed(content.get("metadata") or {}, allowance))

    @staticmethod
    def _field(value: Any, shape: tuple[int, ...], allowance: wire.Allowance) -> Any:
        if isinstance(value, Mapping) and value.get("__type__") == "BitArray":
            content = value["__value__"]
            words = wire.decode_array(content["array"], allowance)
            if words.dtype != np.uint8 or words.shape[:-2] != shape or words.ndim != len(shape) + 2:
                raise ApiIBMProtocolError(f"Bits of the result are {words.dtype} of shape {words.shape}, not {shape}.")
            # Counting needs no more, but words of single shots are a text each.
            allowance.spend(_BYTES_A_WORD * words.shape[-2])
            return Bits(words, _checked_count(content["num_bits"], words.shape[-1]))
        return wire.decode_array(value, allowance)

    def circuits(self, params: Mapping[str, Any]) -> list[tuple[QuantumCircuit, Mapping[str, Any] | None]]:
        """Return the circuits of a job as they were sent, and their records."""
        circuits = [wire.decode_circuit(pub[0] if isinstance(pub, list) else pub) for pub in params.get("pubs", [])]
        return [(circuit, (circuit.metadata or {}).get(RECORD)) for circuit in circuits]

    def job_record(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record of a job."""
        for pub in params.get("pubs", [])[:1]:
            circuit = wire.decode_circuit(pub[0] if isinstance(pub, list) else pub)
            record: Mapping[str, Any] = (circuit.metadata or {}).get(RECORD, {}).get("job", {})
            return record
        return {}


class ExecutorProgram:
    """The program ``executor``: all circuits together, results as tensors."""

    program_id = "executor"
    schema_version = "v2.0"
    _QPY_VERSION = 18

    def encode(self, submission: Submission) -> dict[str, Any]:
        """Return the ``params`` of a job."""
        version = min(self._QPY_VERSION, qpy.QPY_VERSION)
        bare = [_with_metadata(circuit, {}) for circuit in submission.circuits]
        item = {
            "item_type": "circuit",
            "circuit_arguments": wire.encode_tensor(_NO_VALUES),
            "shape": [],
            "chunk_size": "auto",
        }
        experimental = dict(submission.experimental)
        if submission.simulator:
            experimental["simulator"] = submission.simulator
        return {
            "schema_version": self.schema_version,
            "quantum_program": {
                "shots": submission.options["shots"],
                "circuits": {
                    "b64_data": wire.encode_qpy(bare, version),
                    "qpy_version": version,
                    "num_programs": len(bare),
                },
                "items": [item] * len(bare),
                "meas_level": submission.meas_type,
                "passthrough_data": {RECORD: {"circuits": list(submission.records), "job": submission.job}},
            },
            "options": {
                "init_qubits": submission.init_qubits,
                "rep_delay": submission.options.get("rep_delay"),
                "scheduler_timing": False,
                "stretch_values": False,
                "experimental": experimental,
            },
        }

    def decode(self, body: bytes) -> Outcome:
        """Return the decoded body of a job's results."""
        content = _json(body)
        if not isinstance(content.get("data"), list):
            raise ApiIBMProtocolError(f"The result of an executor has no data; it has {sorted(content)}.")
        passed = (content.get("passthrough_data") or {}).get(RECORD, {})
        pubs, allowance = [], wire.Allowance()
        for item in content["data"]:
            tensors = item.get("results", {}).items()
            fields = {name: _unpacked(wire.decode_tensor(tensor, allowance)) for name, tensor in tensors}
            pubs.append(PubData(fields, _common_shape(fields), item.get("metadata") or {}))
        records = passed.get("circuits", [None] * len(pubs))
        metadata = decode_typed(_with_moments(content.get("metadata")), allowance)
        return Outcome(pubs, records, passed.get("job", {}), metadata)

    def circuits(self, params: Mapping[str, Any]) -> list[tuple[QuantumCircuit, Mapping[str, Any] | None]]:
        """Return the circuits of a job as they were sent, and their records."""
        program = params.get("quantum_program", {})
        circuits = wire.decode_qpy(program["circuits"]["b64_data"]) if "b64_data" in program.get("circuits", {}) else []
        passed = (program.get("passthrough_data") or {}).get(RECORD, {})
        return list(zip(circuits, passed.get("circuits", [None] * len(circuits)), strict=True))

    def job_record(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record of a job."""
        passed = params.get("quantum_program", {}).get("passthrough_data") or {}
        record: Mapping[str, Any] = passed.get(RECORD, {}).get("job", {})
        return record


_PROGRAMS: dict[str, Program] = {"sampler": SamplerProgram(), "executor": ExecutorProgram()}


def program_called(program_id: str) -> Program:
    """Return a program.

    Raises:
        IBMBackendValueError: There is none of that name that runs circuits.
    """
    if program_id not in _PROGRAMS:
        raise IBMBackendValueError(f"There is no program {program_id!r} to run circuits; use one of {list(_PROGRAMS)}.")
    return _PROGRAMS[program_id]


def _with_metadata(circuit: QuantumCircuit, metadata: dict[str, Any]) -> QuantumCircuit:
    """Return a circuit with other metadata that shares everything else; it is for writing only."""
    sent = copy.copy(circuit)
    sent.metadata = metadata
    return sent


def _checked_shape(shape: Any) -> tuple[int, ...]:
    """Return the shape of the parameter values of a circuit, each of which gets a result of its own.

    Raises:
        ApiIBMProtocolError: It is none, or larger than any job.
    """
    sizes = shape or []
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise ApiIBMProtocolError("A circuit of the result has a shape that is not valid.")
    if math.prod(sizes) > _MAX_SETS:
        raise ApiIBMProtocolError(f"A circuit of the result has more than {_MAX_SETS} sets of parameter values.")
    return tuple(sizes)


def _checked_count(num_bits: Any, num_bytes: int) -> int:
    """Return how many bits a register has, which decides how much memory is asked for: as many as its bytes hold.

    Raises:
        ApiIBMProtocolError: It is another number.
    """
    if not isinstance(num_bits, int) or isinstance(num_bits, bool) or (num_bits + 7) // 8 != num_bytes:
        raise ApiIBMProtocolError(f"A register of the result has {num_bits!r} bits in {num_bytes} bytes.")
    return num_bits


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiIBMProtocolError(f"The results are not JSON ({error}), but {len(body)} other bytes.") from None
    if not isinstance(content, dict):
        raise ApiIBMProtocolError(f"The results are a {type(content).__name__}, not an object.")
    return content


def _typed(value: Any, *types: str) -> dict[str, Any]:
    if isinstance(value, dict) and value.get("__type__") in types and isinstance(value.get("__value__"), dict):
        content: dict[str, Any] = value["__value__"]
        return content
    raise ApiIBMProtocolError(f"A {types[0]} was expected in the results, not a {type(value).__name__}.")


def _unpacked(array: Any) -> Any:
    """Return booleans of shape ``(..., shots, bits)`` as packed words."""
    if array.dtype != np.bool_:
        return array
    bits = array.shape[-1]
    padding = -bits % 8
    padded = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, padding)])
    return Bits(np.packbits(padded, axis=-1, bitorder="little")[..., ::-1], bits)


def _with_moments(metadata: Any) -> Any:
    """Return the metadata of an executor's result with typed dates: it has texts for when its chunks were run."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("chunk_timing"), list):
        return metadata or {}
    spans = [
        {key: _moment(value) if key in ("start", "stop") else value for key, value in span.items()}
        if isinstance(span, dict)
        else span
        for span in metadata["chunk_timing"]
    ]
    return {**metadata, "chunk_timing": spans}


def _moment(value: Any) -> Any:
    return {"__type__": "datetime", "__value__": value} if isinstance(value, str) else value


def _common_shape(fields: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape in front of shots and bits. Our own jobs have no parameter values, so averages have none."""
    for values in fields.values():
        if isinstance(values, Bits):
            return values.words.shape[:-2]
        return () if values.ndim <= 2 else values.shape[:-2]
    return ()
