# SPDX-License-Identifier: Apache-2.0
"""Typed values in the metadata of results, beside the official client's decoder."""

from __future__ import annotations

import copy
import datetime
import json
import logging
import pickle
from typing import Any

import numpy as np
import orjson
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import RZZGate
from qiskit.primitives.containers import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Kraus, Operator, Pauli, PauliLindbladMap, PauliList, SparsePauliOp, SuperOp
from qiskit.result import Result
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.execution_span import (
    DoubleSliceSpan,
    SliceSpan,
    TwirledSliceSpan,
    TwirledSliceSpanV2,
)
from qiskit_ibm_runtime.execution_span import (
    ExecutionSpans as OfficialSpans,
)

from qiskit_ibm_native import ExecutionSpan, ExecutionSpans
from qiskit_ibm_native.client.typed_values import decode_typed
from qiskit_ibm_native.client.wire import Allowance
from qiskit_ibm_native.exceptions import ApiIBMProtocolError

UTC = datetime.timezone.utc
START = datetime.datetime(2026, 11, 27, 12, 0, 0, 123456, UTC)


def moment(seconds: int) -> datetime.datetime:
    return START + datetime.timedelta(seconds=seconds)


def decoded(value: Any) -> Any:
    """Return what becomes of a value that the official client has encoded."""
    return decode_typed(orjson.loads(json.dumps(value, cls=RuntimeEncoder)), Allowance())


def assert_same_spans(ours: Any, official: OfficialSpans) -> None:
    """Compare everything that the official class tells."""
    assert isinstance(ours, ExecutionSpans)
    assert len(ours) == len(official)
    assert (ours.start, ours.stop, ours.duration) == (official.start, official.stop, official.duration)
    assert ours.pub_idxs == official.pub_idxs
    for one, other in zip(ours, official, strict=True):
        assert isinstance(one, ExecutionSpan)
        assert (one.start, one.stop, one.duration) == (other.start, other.stop, other.duration)
        assert (one.pub_idxs, one.size) == (other.pub_idxs, other.size)
        assert one.contains_pub(1) == other.contains_pub(1)
        # Theirs raises an IndexError.
        if not isinstance(other, TwirledSliceSpanV2):
            assert one.filter_by_pub([1, 2]).size == other.filter_by_pub([1, 2]).size
        for pub in one.pub_idxs:
            assert one.mask(pub).shape == other.mask(pub).shape
            assert (one.mask(pub) == other.mask(pub)).all()
        with pytest.raises(KeyError):
            one.mask(99)
        assert repr(one).partition("(")[2] == repr(other).partition("(")[2]


SPANS = OfficialSpans(
    [
        DoubleSliceSpan(moment(4), moment(5), {0: ((2, 3, 100), slice(1, 5), slice(10, 20)), 2: ((7,), slice(0, 1), slice(0, 7))}),
        SliceSpan(moment(0), moment(1), {1: ((5, 10), slice(7, 33)), 0: ((100,), slice(0, 100))}),
        TwirledSliceSpan(moment(1), moment(2), {1: ((4, 3, 25), True, slice(2, 9), slice(0, 20)), 2: ((3, 4, 25), False, slice(2, 9), slice(0, 25))}),
        TwirledSliceSpanV2(moment(2), moment(3), {1: ((4, 3, 25), True, slice(0, 12), slice(0, 25), 90), 3: ((4, 25), False, slice(0, 4), slice(0, 25), 95)}),
    ]
)  # fmt: skip


def test_spans_of_all_kinds_tell_what_the_official_ones_do() -> None:
    ours = decoded({"execution": {"execution_spans": SPANS}})["execution"]["execution_spans"]
    assert_same_spans(ours, SPANS)
    assert_same_spans(ours[:3].filter_by_pub(1)[1:], SPANS[:3].filter_by_pub(1)[1:])
    assert ours[3].filter_by_pub(1).size == ours[3].data_slices[1].size == 300
    assert_same_spans(ours.sort(inplace=False), SPANS.sort(inplace=False))
    assert ours[0].start == moment(4)
    assert ours.sort() is ours
    assert [span.start for span in ours] == [moment(0), moment(1), moment(2), moment(4)]
    assert ours[[0, 1]] == ours[:2]
    assert ours != ours[:2]
    assert copy.deepcopy(ours) == ours
    assert pickle.loads(pickle.dumps(ours)) == ours


def same(ours: Any, official: Any) -> bool:
    """Return whether two values are of the same class and equal, as far as the class can tell."""
    if type(ours) is not type(official):
        return False
    if isinstance(ours, np.ndarray):
        return bool(ours.dtype == official.dtype and np.array_equal(ours, official))
    if isinstance(ours, BindingsArray | ObservablesArray):
        return bool(ours.shape == official.shape and repr(ours) == repr(official))
    if isinstance(ours, PrimitiveResult | PubResult | DataBin | Result):
        return repr(ours) == repr(official)
    return bool(ours == official)


def circuit() -> QuantumCircuit:
    made = QuantumCircuit(2)
    made.rx(Parameter("theta"), 0)
    made.cx(0, 1)
    return made


BITS = BitArray(np.arange(12, dtype=np.uint8).reshape(2, 6, 1), 4)
DATA = DataBin(a=BITS, shape=(2,))
VALUES: list[Any] = [
    START,
    1 + 2j,
    {1, 2, 3},
    np.arange(6.0).reshape(2, 3),
    np.array([1 + 2j]),
    circuit(),
    RZZGate(0.5),
    BITS,
    DATA,
    PubResult(DATA, {"a": 0.5}),
    SamplerPubResult(DATA, {"b": 2}),
    PrimitiveResult([PubResult(DATA)], {"c": 1 + 1j}),
    ObservablesArray([{"XX": 1.0}, {"ZZ": 2.0}]),
    BindingsArray({("a", "b"): np.arange(4.0).reshape(2, 2)}),
    PauliLindbladMap.from_list([("XX", 0.5), ("ZI", 0.25)]),
    SparsePauliOp(["XX", "ZZ"], [1.0, 2j]),
    PauliList(["XY", "ZI"]),
    Pauli("-iXY"),
    Operator(np.eye(2)),
    Kraus([np.eye(2) * 0.6, np.diag([0.8, -0.8])]),
    SuperOp(np.eye(4)),
    Result.from_dict({"results": [], "backend_name": "b", "backend_version": "1", "job_id": "j", "success": True}),
    {"deep": [{"er": [np.float64(2.5), START]}], "__type": 5},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_type_is_decoded_as_the_official_client_does(value: Any) -> None:
    text = json.dumps({"x": value}, cls=RuntimeEncoder)
    official = json.loads(text, cls=RuntimeDecoder)["x"]
    ours = decode_typed(orjson.loads(text), Allowance())["x"]
    assert same(ours, official), (ours, official)
    assert "__type__" not in str(ours)


def test_a_parameter_is_the_one_that_was_sent() -> None:
    theta = Parameter("ϑ")
    assert decoded(theta) == theta


def test_dates_are_aware() -> None:
    assert decoded(START.replace(tzinfo=None)) == START
    assert decoded(START.date()) == datetime.datetime(2026, 11, 27, tzinfo=UTC)


def test_a_noise_model_is_one_of_aer() -> None:
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), "x")
    assert decoded(model) == model


@pytest.mark.parametrize("name", ["linear", "polynomial_degree_3", "fallback"])
def test_names_of_extrapolators_are_texts(name: str) -> None:
    value = {"__type__": "ndarray", "__value__": name}
    assert decode_typed(value, Allowance()) == json.loads(json.dumps(value), cls=RuntimeDecoder) == name


@pytest.mark.parametrize(
    "value",
    [
        {"__type__": "LaterType", "__value__": {"a": 1}},
        {"__type__": ["list"], "__value__": 1},
        {"__type__": "datetime"},
        {"__type__": "settings", "__class__": "Popen", "__module__": "subprocess", "__value__": {"args": ["true"]}},
        {"__type__": "settings", "__class__": "DensityMatrix", "__module__": "qiskit", "__value__": {"data": [1]}},
        {"__type__": "_json", "__class__": "PauliLindbladError", "__module__": "m", "__value__": {}},
    ],
    ids=str,
)
def test_unknown_types_stay_as_they_are(value: dict[str, Any]) -> None:
    before = copy.deepcopy(value)
    assert decode_typed({"x": [value]}, Allowance()) == {"x": [before]}
    assert value == before


@pytest.mark.parametrize(
    "value",
    [
        {"__type__": "datetime", "__value__": "yesterday"},
        {"__type__": "ndarray", "__value__": "damaged"},
        {"__type__": "ExecutionSpans", "__value__": {"spans": [1]}},
        {"__type__": "DoubleSliceSpan", "__value__": {"start": 1, "stop": 2, "data_slices": {}}},
        {"__type__": "DoubleSliceSpan", "__value__": {"start": 1, "stop": 2, "data_slices": {"0": [[10**9, 10**9], 0, 1, 0, 1]}}},
        {"__type__": "BitArray", "__value__": {"array": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_a_value_that_is_not_what_its_type_says_stays_and_is_told(
    value: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("qiskit_ibm_native"), "propagate", True)
    with caplog.at_level(logging.WARNING, "qiskit_ibm_native"):
        assert decode_typed(copy.deepcopy(value), Allowance()) == value
    assert f"A {value['__type__']} in the metadata" in caplog.text


def test_no_matrix_is_made_of_a_circuit() -> None:
    text = json.dumps(QuantumCircuit(40), cls=RuntimeEncoder)
    value = {
        "__type__": "settings",
        "__class__": "Operator",
        "__module__": "m",
        "__value__": {"data": json.loads(text)},
    }
    left = decode_typed(value, Allowance())
    assert left["__value__"]["data"] == QuantumCircuit(40)


def test_what_would_fill_the_memory_is_refused() -> None:
    text = orjson.loads(json.dumps([np.zeros(10**6)] * 3, cls=RuntimeEncoder))
    assert len(decode_typed(text, Allowance(25 * 10**6))) == 3
    with pytest.raises(ApiIBMProtocolError, match="larger than"):
        decode_typed(text, Allowance(17 * 10**6))


@pytest.mark.parametrize("program_id", ["sampler", "executor"])
def test_metadata_of_real_results_is_decoded_as_by_the_official_client(vigo: Any, program_id: str) -> None:
    measured = QuantumCircuit(2, 2)
    measured.h(0)
    measured.measure([0, 1], [0, 1])
    other = QuantumCircuit(1, 1)
    other.measure(0, 0)
    job = vigo.run(transpile([measured, other], vigo), shots=300, program_id=program_id)
    ours = job.result().metadata
    if program_id == "executor":
        chunks = ExecutorResultDecoder.decode(job._fetch_body().decode()).metadata.chunk_timing
        assert len(chunks) == len(ours["chunk_timing"]) > 0
        for span, chunk in zip(ours["chunk_timing"], chunks, strict=True):
            assert (span["start"], span["stop"]) == (chunk.start, chunk.stop)
            assert [(part["idx_item"], part["size"]) for part in span["parts"]] == [
                (p.idx_item, p.size) for p in chunk.parts
            ]
        return
    official = json.loads(job._fetch_body(), cls=RuntimeDecoder)
    assert_same_spans(ours["execution"]["execution_spans"], official.metadata["execution"]["execution_spans"])
    span = ours["execution"]["execution_spans"][0]
    assert (span.size, span.pub_idxs, span.mask(0).shape) == (600, [0, 1], (300,))
    assert span.start.tzinfo is not None
    assert START - datetime.timedelta(days=10_000) < span.start <= span.stop
