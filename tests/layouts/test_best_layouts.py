# SPDX-License-Identifier: Apache-2.0
"""Layouts on history: places as rustworkx finds them, scores as score() has them, and mapomatic's order."""

from __future__ import annotations

import datetime
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rustworkx
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from tests.support.calibrations import Drift
from tests.support.native_circuits import LINES, line

from qiskit_ibm_native import (
    CalibrationArchive,
    Snapshot,
    WorkProgress,
    best_layouts,
    build_target,
    compare_scores,
    score,
)
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.layouts import embedding
from qiskit_ibm_native.layouts.embedding import embeddings
from qiskit_ibm_native.layouts.pattern import DeviceGraph, Pattern

MAPOMATIC = json.loads(Path(__file__).parents[1].joinpath("golden", "mapomatic_layouts.json").read_text())
PATTERNS = {
    "pair": (2, [(0, 1)]),
    "line": (5, [(0, 1), (1, 2), (2, 3), (3, 4)]),
    "backwards": (4, [(1, 0), (2, 1), (2, 3)]),
    "both ways": (2, [(0, 1), (1, 0)]),
    "star": (4, [(0, 1), (0, 2), (0, 3)]),
    "tree": (7, [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6)]),
    "ring": (12, [(number, (number + 1) % 12) for number in range(12)]),
    "two parts": (4, [(0, 1), (2, 3)]),
    "alone": (3, [(0, 1)]),
}
TWO_QUBIT = {"lima": "cx", "hanoi": "cx", "sherbrooke": "ecr", "fez": "cz"}


def native(device: str, num_qubits: int, pairs: list[tuple[int, int]]) -> QuantumCircuit:
    """Return a circuit of operations of a device, with gates on some pairs."""
    circuit = QuantumCircuit(num_qubits, num_qubits, name="native")
    circuit.sx(range(num_qubits))
    for pair in pairs:
        getattr(circuit, TWO_QUBIT[device])(*pair)
    circuit.measure(range(num_qubits), range(num_qubits))
    return circuit


def graph_of(device: str, circuit: QuantumCircuit) -> DeviceGraph:
    graph = DeviceGraph(Pattern.of(circuit).names)
    graph.add(build_target(Snapshot.load(device)))
    return graph


def by_rustworkx(device: str, num_qubits: int, pairs: list[tuple[int, int]]) -> set[tuple[int, ...]]:
    """Return the places that VF2 finds on the couplings of the configuration."""
    configuration = json.loads(Snapshot.load(device).payloads.configuration)
    there, here = rustworkx.PyDiGraph(multigraph=False), rustworkx.PyDiGraph(multigraph=False)
    there.add_nodes_from(range(configuration["n_qubits"]))
    there.add_edges_from_no_data([tuple(pair) for pair in configuration["coupling_map"]])
    here.add_nodes_from(range(num_qubits))
    here.add_edges_from_no_data(pairs)
    found = rustworkx.vf2_mapping(there, here, subgraph=True, induced=False, id_order=False)
    return {tuple(qubit for qubit, _ in sorted(mapping.items(), key=lambda pair: pair[1])) for mapping in found}


# Places


@pytest.mark.parametrize("device", TWO_QUBIT)
@pytest.mark.parametrize("name", PATTERNS)
def test_places_are_those_that_rustworkx_finds(device: str, name: str) -> None:
    num_qubits, pairs = PATTERNS[name]
    if name in {"two parts", "alone"} and device not in {"lima", "hanoi"}:
        pairs, num_qubits = pairs[:1], 2
    circuit = native(device, num_qubits, pairs)
    found = embeddings(Pattern.of(circuit), graph_of(device, circuit), 1_000_000)
    assert found.is_complete
    assert len(set(found.layouts)) == len(found.layouts)
    assert set(found.layouts) == by_rustworkx(device, num_qubits, pairs)


def test_places_have_every_gate_that_the_circuit_has_there() -> None:
    circuit = native("lima", 2, [(0, 1)])
    graph = DeviceGraph(Pattern.of(circuit).names)
    lima = Snapshot.load("lima").with_overrides(
        operational={("cx", (0, 1)): False, ("cx", (1, 0)): False, ("sx", (4,)): False}
    )
    graph.add(build_target(lima))
    assert embeddings(Pattern.of(circuit), graph, 100).layouts == [(1, 2), (1, 3), (2, 1), (3, 1)]


def test_more_places_than_are_scored_are_drawn_from_all_over_the_device() -> None:
    circuit = native("fez", 12, [(number, number + 1) for number in range(11)])
    pattern, graph = Pattern.of(circuit), graph_of("fez", circuit)
    whole = embeddings(pattern, graph, 1_000_000)
    assert whole.is_complete
    drawn = embeddings(pattern, graph, 300)
    assert not drawn.is_complete
    assert len(drawn.layouts) == 300
    assert set(drawn.layouts) < set(whole.layouts)
    assert len({qubit for layout in drawn.layouts for qubit in layout}) > 140
    assert embeddings(pattern, graph, 300) == drawn
    assert embeddings(pattern, graph, 300, seed=1) != drawn
    # Exactly as many as there are is all of them.
    assert embeddings(pattern, graph, len(whole.layouts)) == whole
    assert not embeddings(pattern, graph, len(whole.layouts) - 1).is_complete


def test_a_search_that_takes_too_long_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = native("hanoi", 5, PATTERNS["line"][1])
    pattern, graph = Pattern.of(circuit), graph_of("hanoi", circuit)
    whole = embeddings(pattern, graph, 10_000)
    monkeypatch.setattr(embedding, "MOST_STEPS", 50)
    found = embeddings(pattern, graph, 10_000)
    assert not found.is_complete
    assert set(found.layouts) <= set(whole.layouts)
    assert found.layouts


# Scores


@pytest.fixture(scope="module")
def history() -> list[Snapshot]:
    return Snapshot.parse_many(list(Drift("lima", 5, step=datetime.timedelta(days=2)).calibrations(40)))


@pytest.fixture
def archive(history: list[Snapshot], tmp_path) -> Iterator[CalibrationArchive]:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        for snapshot in history:
            archive.add(snapshot)
        yield archive


@pytest.fixture
def circuit() -> QuantumCircuit:
    """Return a transpiled circuit on lima, of whose qubits it uses three, with barriers, delays and registers."""
    source = QuantumCircuit(QuantumRegister(3, "a"), ClassicalRegister(1, "b"), ClassicalRegister(2, "c"), name="three")
    source.h(0)
    source.cx(0, 1)
    source.barrier()
    source.cx(1, 2)
    source.rz(0.3, 2)
    source.measure([0, 1, 2], [2, 0, 1])
    made = transpile(source, target=build_target(Snapshot.load("lima")), initial_layout=[0, 1, 3], optimization_level=0)
    made.delay(100, 2, unit="ns")
    return made


def moved(circuit: QuantumCircuit, active: tuple[int, ...], layout: list[int]) -> QuantumCircuit:
    """Return a circuit somewhere else, written by hand."""
    new = dict(zip(active, layout, strict=True))
    there = QuantumCircuit(5, circuit.num_clbits, name=circuit.name)
    for step in circuit.data:
        qubits = [circuit.find_bit(bit).index for bit in step.qubits]
        if step.name == "barrier":
            there.barrier([new[qubit] for qubit in qubits if qubit in new])
        elif all(qubit in new for qubit in qubits):
            clbits = [circuit.find_bit(bit).index for bit in step.clbits]
            there.append(step.operation, [new[qubit] for qubit in qubits], clbits)
    return there


@pytest.mark.parametrize("by", ["esp", "mapomatic"])
def test_scores_are_those_of_the_circuit_at_its_place(circuit, history, by: str) -> None:
    table = best_layouts(circuit, history, by=by)
    assert table.active_qubits == (0, 1, 3)
    assert sorted(map(tuple, table.layouts.tolist())) == sorted(by_rustworkx("lima", 3, [(0, 1), (1, 2)]))
    for rank in range(len(table)):
        there = moved(circuit, table.active_qubits, table[rank])
        compared = compare_scores(there, history)
        expected = compared.esp[0] if by == "esp" else 1 - compared.mapomatic_cost[0]
        np.testing.assert_array_equal(table.values[rank], expected)
        np.testing.assert_array_equal(score(table.circuit(rank), history).esp, score(there, history).esp)
    assert table.times.tolist() == [
        snapshot.last_update.astimezone(datetime.timezone.utc).replace(tzinfo=None) for snapshot in history
    ]


@pytest.mark.parametrize("aggregate", [np.float32(0.25), "median", "mean", "worst", 0, 0.1, 1.0])
def test_aggregates_count_what_cannot_run_as_zero(circuit, history, aggregate: Any) -> None:
    table = best_layouts(circuit, history, aggregate=aggregate)
    assert np.isnan(table.values).any()
    expected = []
    for row in table.values:
        success = sorted(0.0 if np.isnan(value) else value for value in row)
        share = {"median": 0.5, "worst": 0.0}.get(aggregate, aggregate)
        if aggregate == "mean":
            expected.append(sum(success) / len(success))
            continue
        whole, part = divmod(share * (len(success) - 1), 1)
        above = success[min(int(whole) + 1, len(success) - 1)]
        expected.append(success[int(whole)] + part * (above - success[int(whole)]))
    np.testing.assert_allclose(table.score, expected, rtol=1e-13)
    assert table.score.tolist() == sorted(table.score.tolist(), reverse=True)
    np.testing.assert_allclose(table.availability, (~np.isnan(table.values)).mean(axis=1))
    np.testing.assert_array_equal(table.latest, np.nan_to_num(table.values[:, -1]))


def test_the_best_place_of_a_month_is_not_that_of_today() -> None:
    lima = Snapshot.load("lima")
    good, medium, bad = 0.002, 0.3, 0.6
    today = {
        ("cx", pair): good if 4 in pair else medium
        for pair in [(0, 1), (1, 0), (1, 2), (2, 1), (1, 3), (3, 1), (3, 4), (4, 3)]
    }
    before = {gate: bad if 4 in gate[1] else error for gate, error in today.items()}
    month = [lima.with_overrides(error=before)] * 5 + [lima.with_overrides(error=today)]
    pair = native("lima", 2, [(0, 1)])
    assert 4 in best_layouts(pair, month[-1]).layout
    assert 4 not in best_layouts(pair, month).layout
    assert 4 in best_layouts(pair, month, aggregate=1.0).layout


def test_the_best_layout_is_one_that_transpile_takes(circuit, history) -> None:
    table = best_layouts(circuit, history)
    small = native("lima", 3, [(0, 1), (1, 2)])
    target = build_target(Snapshot.load("lima"))
    again = transpile(small, target=target, initial_layout=table.layout, optimization_level=0)
    assert score(again, "lima").esp[0] > 0
    there = table.circuit()
    assert there.num_qubits == 5
    assert [register.name for register in there.cregs] == ["b", "c"]
    assert there.name == "three"
    for step in there.data:
        qargs = tuple(there.find_bit(bit).index for bit in step.qubits)
        assert step.name == "barrier" or target.instruction_supported(step.name, qargs)


# mapomatic


def published_cost(circuit: QuantumCircuit, layout: list[int], properties: dict[str, Any]) -> float:
    """Return the cost of P. D. Nation and M. Treinish, PRX Quantum 4, 010327 (2023), of the decoded payload."""
    errors = {
        (gate["gate"], *gate["qubits"]): parameter["value"]
        for gate in properties["gates"] for parameter in gate["parameters"] if parameter["name"] == "gate_error"
    }  # fmt: skip
    readout = [
        next(quantity["value"] for quantity in qubit if quantity["name"] == "readout_error")
        for qubit in properties["qubits"]
    ]
    fidelity = 1.0
    for step in circuit.data:
        qubits = [layout[circuit.find_bit(bit).index] for bit in step.qubits]
        if step.name == "measure":
            fidelity *= 1 - readout[qubits[0]]
        elif step.name in {"sx", "x"} or len(qubits) == 2:
            fidelity *= 1 - errors[(step.name, *qubits)]
    return 1 - fidelity


@pytest.mark.parametrize("device", ["hanoi", "sherbrooke"])
def test_the_order_by_mapomatics_cost_is_that_of_its_published_formula(device: str) -> None:
    snapshot = Snapshot.load(device)
    circuit = native(device, 4, [(0, 1), (1, 2), (2, 3), (0, 1)])
    table = best_layouts(circuit, snapshot, by="mapomatic")
    properties = json.loads(snapshot.payloads.properties)
    costs = [published_cost(circuit, layout, properties) for layout in table.layouts.tolist()]
    assert len(costs) > 40
    assert costs == sorted(costs)
    np.testing.assert_allclose(1 - table.score, costs, rtol=1e-12)


@pytest.mark.parametrize("device", LINES)
def test_the_order_by_mapomatics_cost_is_the_one_that_mapomatic_gave(device: str) -> None:
    expected = MAPOMATIC[device]
    if not expected:
        with pytest.raises(IBMInputValueError, match="fits nowhere"):
            best_layouts(line(LINES[device]), device, by="mapomatic")
        return
    table = best_layouts(line(LINES[device]), device, by="mapomatic")
    costs = {tuple(layout): cost for layout, cost in expected}
    assert set(map(tuple, table.layouts.tolist())) == set(costs)
    assert [costs[tuple(layout)] for layout in table.layouts.tolist()] == [cost for _, cost in expected]
    np.testing.assert_allclose(1 - table.score, [cost for _, cost in expected], rtol=1e-12)


# Archives, tables and what makes no sense


def test_an_archive_is_asked_about_its_last_month(circuit, archive, history) -> None:
    table = best_layouts(circuit, archive)
    since = history[-1].last_update - datetime.timedelta(days=30)
    assert len(table.times) == len(archive.between("lima", since)) == 16
    assert table.backend == "ibmq_lima"
    named = best_layouts(circuit, archive, "lima", start=history[0].last_update, end=history[10].last_update)
    assert len(named.times) == 10
    np.testing.assert_array_equal(
        np.sort(named.score), np.sort(best_layouts(circuit, archive.between("lima")[:10]).score)
    )
    archive.add(Snapshot.load("hanoi"))
    with pytest.raises(IBMInputValueError, match="must name a device: the archive has ibm_hanoi, ibmq_lima"):
        best_layouts(circuit, archive)
    assert best_layouts(circuit, archive, "lima").layout == table.layout


def test_tables(circuit, history) -> None:
    table = best_layouts(circuit, history)
    for frame in (table.to_pandas(), table.to_polars()):
        assert list(frame.columns) == ["layout", "score", "median", "worst", "latest", "availability"]
        assert frame["score"].to_list() == table.score.tolist()
        assert [list(layout) for layout in frame["layout"]] == table.layouts.tolist()
    assert table.to_pandas().index.name == "rank"
    text = str(table).splitlines()
    assert text[0].startswith(
        f"three on ibmq_lima: {len(table)} places (all), 40 calibrations, 2025-01-01 00:00 to 2025-03-20"
    )
    assert text[0].endswith("score: median of esp")
    assert text[2].split()[:4] == ["0", *map(str, table.layout)]
    assert len(text) == 2 + min(len(table), 10)
    assert "<LayoutTable of three" in repr(table)
    assert "<table" in table._repr_html_()


def test_a_limit_that_is_reached_is_said(circuit, history, capfd) -> None:
    told: list[WorkProgress] = []
    with pytest.warns(RuntimeWarning, match=r"more than 3 places.*3 were drawn at random.*most_layouts="):
        table = best_layouts(circuit, history, most_layouts=3, progress=told.append)
    assert len(table) == 3
    assert not table.is_complete
    assert "not all, drawn at random" in str(table)
    assert (told[-1].work, told[-1].done, told[-1].total) == ("best_layouts", 120, 120)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert best_layouts(circuit, history).is_complete
    assert capfd.readouterr().err == ""


def test_what_makes_no_sense_is_refused(circuit, history, archive) -> None:
    lima = history[0]
    wide = native("lima", 5, [(0, 1), (0, 2), (0, 3), (0, 4)])
    toffoli = QuantumCircuit(3)
    toffoli.ccx(0, 1, 2)
    foreign = QuantumCircuit(2)
    foreign.h(0)
    looping = QuantumCircuit(1)
    with looping.for_loop(range(3)):
        looping.x(0)
    for refused, snapshots, options, problem in (
        (wide, lima, {}, "fits nowhere on ibmq_lima.*cx, measure, sx"),
        (toffoli, lima, {}, "ccx on 3 qubits; transpile it first"),
        (foreign, lima, {}, "fits nowhere"),
        (looping, lima, {}, "for_loop"),
        (QuantumCircuit(3), lima, {}, "uses no qubit"),
        (circuit, [], {}, "not of none"),
        (circuit, [lima, "hanoi"], {}, "needs calibrations of one device, not of ibm_hanoi, ibmq_lima"),
        (circuit, lima, {"by": "cost"}, "by must be one of esp, mapomatic"),
        (circuit, lima, {"aggregate": "best"}, "aggregate must be"),
        (circuit, lima, {"aggregate": 1.5}, "aggregate must be"),
        (circuit, lima, {"aggregate": True}, "aggregate must be"),
        (circuit, lima, {"aggregate": [0.5]}, "aggregate must be"),
        (circuit, lima, {"most_layouts": 0}, "at least 1"),
        (circuit, lima, {"backend": "lima"}, "choose calibrations of an archive"),
        (circuit, archive, {"backend": "nowhere"}, "not of none"),
    ):
        with pytest.raises(IBMInputValueError, match=problem):
            best_layouts(refused, snapshots, **options)
