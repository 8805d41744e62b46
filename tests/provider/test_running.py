# SPDX-License-Identifier: Apache-2.0
"""``backend.run()``: what it checks, in which order, what it sends and what comes back."""

from __future__ import annotations

import datetime
import warnings
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr, types
from tests.support import device
from tests.support.running import bell, sent, transpiled

from qiskit_ibm_native import IBMBackend, IBMProvider, Snapshot
from qiskit_ibm_native.exceptions import IBMBackendError, IBMBackendValueError, IBMError
from qiskit_ibm_native.models import BackendProperties, BackendStatus
from qiskit_ibm_native.provider.run.programs import SamplerProgram
from qiskit_ibm_native.provider.run.validation import check_isa

# The order of checks


def test_tags_are_checked_before_anything_else(vigo: Any) -> None:
    with pytest.raises(IBMBackendValueError, match="job_tags"):
        vigo.run([], job_tags="one")
    for tags in (("a",), {"a"}, [1], ["a"] * 9, ["a" * 87]):
        with pytest.raises(IBMBackendValueError):
            vigo.run(bell(), job_tags=tags)


@pytest.mark.parametrize("circuits", [[], None, 5, [5], [bell(), "no program"]])
def test_what_is_no_circuit_is_refused(vigo: Any, circuits: Any) -> None:
    with pytest.raises(IBMBackendValueError):
        vigo.run(circuits)


def test_circuits_may_be_any_iterable(simulator: Any) -> None:
    for circuits in ((bell("a"), bell("b")), iter([bell("a"), bell("b")])):
        result = simulator.run(circuits, shots=5).result()
        assert [each.header.name for each in result.results] == ["a", "b"]
    assert sum(simulator.run(run_input=bell(), shots=5).result().get_counts().values()) == 5


def test_too_many_circuits_and_too_many_qubits(vigo: Any) -> None:
    with pytest.raises(IBMBackendValueError, match=r"Number of circuits, 76 exceeds the maximum for this backend, 75"):
        vigo.run([bell()] * 76)
    with pytest.raises(IBMBackendValueError, match="Circuit contains 6 qubits, but backend has only 5"):
        vigo.run(QuantumCircuit(6))


def faulty(vigo: Any, qubits: tuple[int, ...] = (), edges: tuple[tuple[int, int], ...] = ()) -> BackendProperties:
    """Return properties of vigo in which some things do not work."""
    content = Snapshot.load("vigo").properties.to_dict()
    flag = {"date": content["last_update_date"], "name": "operational", "unit": "", "value": 0}
    for qubit in qubits:
        content["qubits"][qubit].append(flag)
    for gate in content["gates"]:
        if tuple(gate["qubits"]) in edges:
            gate["parameters"].append(flag)
    return BackendProperties.from_dict(content)


def test_faulty_qubits_and_edges_are_refused_also_in_branches(vigo: Any) -> None:
    edge, branch = QuantumCircuit(5, 1), QuantumCircuit(5, 1)
    edge.cx(0, 1)
    with branch.if_test((0, 1)):
        branch.x(4)
    fine = QuantumCircuit(5)
    fine.cx(1, 2)
    fine.barrier()
    with patch.object(vigo, "properties", return_value=faulty(vigo, qubits=(4,), edges=((0, 1),))):
        with pytest.raises(ValueError, match=r"faulty edge \(0, 1\)"):
            vigo.run([fine, edge])
        with pytest.raises(ValueError, match="operating on a faulty qubit 4"):
            vigo.run(branch)
        with patch.object(IBMBackend, "_runtime_run") as submitted:
            vigo.run(fine)
        submitted.assert_called_once()


def test_the_warnings_of_dynamic_circuits_come_in_order_and_at_the_callers_line(vigo: Any) -> None:
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    status = BackendStatus("ibmq_vigo", "1.0.0", operational=True, pending_jobs=0, status_msg="internal")
    with (
        patch.object(IBMBackend, "_runtime_run"),
        patch.object(vigo, "_recent_status", return_value=status),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        vigo.run(circuit, dynamic=False, init_circuit=True, seed_something=1, shots=1e2)
    texts = [str(each.message) for each in caught]
    assert "Parameter 'dynamic' is False" in texts[0]
    assert "does not support dynamic circuits" in texts[1]
    assert "is currently paused" in texts[2]
    assert "init_circuit does not accept boolean values" in texts[3]
    assert all(each.filename == __file__ for each in caught)


def test_a_status_that_cannot_be_had_does_not_stop_a_run(vigo: Any) -> None:
    vigo._status = None
    with (
        patch.object(vigo._api_client, "backend_status", side_effect=IBMError("down")),
        patch.object(IBMBackend, "_runtime_run") as submitted,
        pytest.raises(IBMError, match="down"),
    ):
        vigo.status()
    from qiskit_ibm_native.exceptions import RequestsApiError

    with (
        patch.object(vigo._api_client, "backend_status", side_effect=RequestsApiError("down")),
        patch.object(IBMBackend, "_runtime_run") as submitted,
    ):
        vigo.run(QuantumCircuit(1))
    submitted.assert_called_once()


def test_esp_is_refused(vigo: Any) -> None:
    with pytest.raises(IBMBackendValueError, match="ESP readout not supported on this device"):
        vigo.run(QuantumCircuit(1), use_measure_esp=True)


def test_what_the_device_does_not_have_is_named_with_its_qubits(fez: Any) -> None:
    with pytest.raises(IBMBackendValueError, match=r"the instruction h on qubits \(0,\) is not supported"):
        fez.run(bell())
    wrong = QuantumCircuit(156)
    wrong.cz(0, 155)
    with pytest.raises(IBMBackendValueError, match=r"the instruction cz on qubits \(0, 155\)"):
        fez.run(wrong)
    branch = QuantumCircuit(2, 1)
    with branch.if_test((0, 1)):
        branch.h(1)
    with pytest.raises(IBMBackendValueError, match=r"the instruction h on qubits \(1,\)"):
        fez.run(branch)


def test_angles_out_of_range_are_refused(local_provider: IBMProvider) -> None:
    class NoProperties:
        def backend_properties(self, *_args: Any, **_kwargs: Any) -> bytes:
            return b"{}"

    content = device.configuration(basis_gates=["rz", "rzz", "sx", "x"], rep_delay_range=None)
    content["gates"].append({"name": "rzz", "parameters": ["theta"], "qasm_def": "", "coupling_map": [[0, 1]]})
    backend = IBMBackend(content, local_provider, NoProperties(), use_fractional_gates=True)
    circuit = QuantumCircuit(2, 2)
    circuit.rzz(2.0, 0, 1)
    with (
        patch.object(backend, "_recent_status", return_value=None),
        pytest.raises(IBMBackendValueError, match=r"the angle 2.0 of rzz on qubits \(0, 1\)"),
    ):
        backend.run(circuit)
    folded = transpile(circuit, backend, optimization_level=1, initial_layout=[0, 1])
    check_isa(folded, backend.target)


def test_parameters_without_values_are_refused(vigo: Any) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("theta"), 0)
    circuit.measure(0, 0)
    with pytest.raises(IBMBackendValueError, match=r"parameters without values .theta."):
        vigo.run(circuit)
    bound = circuit.assign_parameters([0.5])
    assert vigo.run(bound, shots=3).result().results[0].shots == 3


# Circuits


def test_openqasm_3_programs_are_run(simulator: Any) -> None:
    program = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[1]; c = measure q;'
    assert simulator.run(program, shots=4).result().get_counts() == {"10": 4}
    with pytest.raises(IBMBackendValueError, match="cannot read the text as an OpenQASM 3 program"):
        simulator.run("qubit q q")


def test_what_comes_in_front_may_be_any_circuit(simulator: Any) -> None:
    circuit = QuantumCircuit(1, 1, global_phase=0.5)
    flag = circuit.add_var("flag", expr.lift(5, types.Uint(4)))
    circuit.x(0)
    circuit.measure(0, 0)
    for options in ({"init_num_resets": 1}, {"init_circuit": QuantumCircuit(1)}):
        params = sent(simulator, circuit, **options)["params"]
        ((submitted, record),) = SamplerProgram().circuits(params)
        assert submitted.global_phase == 0.5
        assert record["global_phase"] == 0.5
        assert [var.name for var in submitted.iter_vars()] == [flag.name]
    same_bits = QuantumCircuit(1, 1)
    same_bits.measure(0, 0)
    conditional = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, "z"))
    conditional.measure(0, 0)
    with conditional.if_test((conditional.cregs[0], 0)):
        conditional.x(0)
    plain = QuantumCircuit(1, 1)
    plain.measure(0, 0)
    for front, expected in ((same_bits, "0"), (conditional, "1")):
        result = simulator.run(plain, shots=4, init_circuit=front).result()
        assert result.get_counts() == {expected: 4}
        assert result.results[0].header["creg_sizes"] == [["c", 1]]
    free = QuantumCircuit(1)
    free.rz(Parameter("a"), 0)
    with pytest.raises(IBMBackendValueError, match="parameters without values"):
        simulator.run(plain, init_circuit=free)


def test_a_job_keeps_the_circuits_as_they_were(simulator: Any) -> None:
    circuits = [bell(f"c{n}") for n in range(302)]
    one = simulator.run(circuits[0], shots=3)
    many = simulator.run(circuits, shots=3, composite=True)
    for circuit in circuits:
        circuit.data.clear()
    assert one.circuits()[0].count_ops()["measure"] == 2
    assert many.circuits()[301].count_ops()["measure"] == 2
    assert set(many.result(timeout=120).get_counts(301)) <= {"00", "11"}


def test_parts_are_checked_at_once_and_belong_to_the_session(local_provider: IBMProvider) -> None:
    vigo = local_provider.get_backend("ibmq_vigo")
    good, bad = transpiled(vigo), bell()
    with pytest.raises(IBMBackendValueError, match="the instruction h"):
        vigo.run([good] * 80 + [bad], composite=True)
    with vigo.open_session() as session:
        job = vigo.run([good] * 80, shots=2, composite=True)
    assert {part.session_id for part in job.sub_jobs()} == {session.session_id}
    vigo.close_session()


@pytest.mark.parametrize(
    "options",
    [
        {"header": {"a": np.array([1])}}, {"header": {"a": datetime.datetime(2026, 1, 1)}}, {"header": {"a": {1: 2}}},
        {"seed_simulator": np.int64(3)}, {"max_execution_time": np.int64(30)}, {"shots": np.int32(3)}, {"shots": np.float64(3)},
    ],
)  # fmt: skip
@pytest.mark.parametrize("program_id", ["sampler", "executor"])
def test_values_of_numpy_and_of_dates_are_taken(simulator: Any, options: dict[str, Any], program_id: str) -> None:
    job = simulator.run(bell(), **{"shots": 3, **options}, program_id=program_id)
    assert job.result().success


@pytest.mark.parametrize(
    "options",
    [
        {"log_level": 10},
        {"noise_model": 5},
        {"shots": float("inf")},
        {"shots": float("nan")},
        {"max_execution_time": "x"},
    ],
)
def test_values_of_the_wrong_kind_are_refused(simulator: Any, options: dict[str, Any]) -> None:
    with pytest.raises(IBMBackendValueError):
        simulator.run(bell(), **options)


def test_an_init_circuit_comes_first_and_its_bits_are_dropped(simulator: Any) -> None:
    init = QuantumCircuit(1, 1)
    init.x(0)
    init.measure(0, 0)
    circuit = QuantumCircuit(2, 2)
    circuit.measure([0, 1], [1, 0])
    for program_id in ("sampler", "executor"):
        job = simulator.run(circuit, shots=4, init_circuit=init, memory=True, program_id=program_id)
        assert job.result().get_counts() == {"10": 4}
        assert job.result().get_memory() == ["10"] * 4
        assert simulator.provider.job(job.job_id()).result().get_counts() == {"10": 4}
    assert circuit.count_ops() == {"measure": 2}
    with pytest.raises(IBMBackendValueError, match="init_circuit has 3 qubits"):
        simulator.run(circuit, init_circuit=QuantumCircuit(3))


def test_resets_come_first_on_the_qubits_that_are_used(simulator: Any, fez: Any) -> None:
    circuit = QuantumCircuit(3, 1)
    circuit.x(1)
    circuit.measure(1, 0)
    job = simulator.run(circuit, shots=4, init_num_resets=2)
    assert job.result().get_counts() == {"1": 4}
    assert simulator.provider.job(job.job_id()).circuits()[0].count_ops()["reset"] == 2
    with pytest.raises(IBMBackendValueError, match="init_num_resets is -1"):
        simulator.run(circuit, init_num_resets=-1)


def test_id_becomes_a_delay_as_long_as_sx_also_in_branches(local_provider: IBMProvider) -> None:
    lima = local_provider.get_backend("ibmq_lima")
    lima.id_warning_issued = False
    circuit = QuantumCircuit(2, 1)
    circuit.id(0)
    inner = QuantumCircuit(1)
    inner.id(0)
    circuit.if_test((circuit.clbits[0], 1), inner, [1], [])
    with pytest.warns(DeprecationWarning, match="'id' instruction has been"):
        (converted,) = lima._deprecate_id_instruction([circuit])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lima._deprecate_id_instruction([circuit])  # said once
    clean = QuantumCircuit(1)
    assert lima._deprecate_id_instruction([clean])[0] is clean
    durations = lima.instruction_durations
    assert "id" not in converted.count_ops()
    delay = converted.data[0].operation
    assert (delay.name, delay.unit) == ("delay", "dt")
    assert delay.duration == durations.get("sx", [0], "dt")
    (block,) = converted.data[1].operation.blocks
    assert block.data[0].operation.duration == durations.get("sx", [1], "dt")  # of the qubit of the device
    assert circuit.count_ops()["id"] == 1


@pytest.mark.parametrize("unit", ["dt", "s", "us", "ns"])
def test_delays_are_as_long_as_they_say_in_every_unit(vigo: Any, unit: str) -> None:
    seconds = 2 * vigo.properties().t1(0)
    value = {"dt": round(seconds / vigo.dt), "s": seconds, "us": seconds * 1e6, "ns": seconds * 1e9}[unit]
    circuit = QuantumCircuit(1, 1, metadata={"kept": 1})
    circuit.x(0)
    circuit.delay(value, 0, unit)
    circuit.measure(0, 0)
    job = vigo.run(circuit, shots=8000, seed_simulator=4)
    ones = job.result().get_counts().get("1", 0) / 8000
    assert 0.08 < ones < 0.2  # exp(-2), and what readout adds
    assert job.result().results[0].header["metadata"] == {"kept": 1}
    assert circuit.data[1].operation.unit == unit
    inner = QuantumCircuit(1)
    inner.delay(value, 0, unit)
    outer = QuantumCircuit(1, 1)
    outer.measure(0, 0)
    outer.if_test((outer.clbits[0], 0), inner, [0], [])
    (sent_back,) = vigo.provider.get_backend("local_simulator").run(outer, shots=1).circuits()
    assert sent_back == outer


def test_metadata_of_any_kind_comes_back(simulator: Any) -> None:
    circuit = bell()
    metadata = {"point": 1, "axis": Parameter("a"), 5: {"set": {1, 2}}, "fine": [1, 2.5, None]}
    circuit.metadata = metadata
    job = simulator.run(circuit, shots=2)
    assert job.result().results[0].header["metadata"] == metadata
    assert circuit.metadata is not None
    assert circuit.metadata == metadata
    kept = simulator.provider.job(job.job_id()).result().results[0].header["metadata"]
    assert kept["point"] == 1
    assert kept["fine"] == [1, 2.5, None]
    assert "axis" not in kept  # what JSON cannot hold stays with the one who has it


def test_header_of_the_job_is_that_of_the_result(simulator: Any) -> None:
    job = simulator.run(bell(), shots=2, header={"experiment": "x"})
    assert job.result().header == {"experiment": "x"}
    again = simulator.provider.job(job.job_id())
    assert again.header() == {"experiment": "x"}
    assert again.result().header == {"experiment": "x"}


def test_a_device_is_noisy_and_deterministic_circuits_are_nearly_right(vigo: Any) -> None:
    circuit = QuantumCircuit(5, 5)
    circuit.x([0, 3])
    circuit.measure(range(5), range(5))
    counts = vigo.run(circuit, shots=2000, seed_simulator=1).result().get_counts()
    assert max(counts, key=counts.get) == "01001"
    assert 1200 < counts["01001"] < 2000
    assert counts == vigo.run(circuit, shots=2000, seed_simulator=1).result().get_counts()


def test_retired_backends_do_not_run(local_provider: IBMProvider) -> None:
    from qiskit_ibm_native import IBMRetiredBackend

    retired = IBMRetiredBackend.from_name("ibm_gone", local_provider, None)
    assert not retired.status().operational
    assert retired.properties() is None
    assert retired.num_qubits == 1
    with pytest.raises(IBMBackendError, match="no longer available"):
        retired.run(QuantumCircuit(1))
