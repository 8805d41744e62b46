# SPDX-License-Identifier: Apache-2.0
"""Backends in other packages: Qiskit's primitives, transpiler and plots, Aer, qiskit-experiments."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2, StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from tests.support.layouts import LAYOUTS

from qiskit_ibm_native.provider.run.classical_registers import describe, to_sampler_registers
from qiskit_ibm_native.provider.run.programs import ExecutorProgram, SamplerProgram, Submission
from qiskit_ibm_native.transpiler import ConvertIdToDelay

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def test_the_sampler_of_qiskit(vigo: Any) -> None:
    circuit = bell()
    circuit.measure_all()
    isa = transpile(circuit, vigo, optimization_level=1, seed_transpiler=1)
    result = BackendSamplerV2(backend=vigo).run([isa, isa], shots=1000).result()
    counts = result[1].data.meas.get_counts()
    assert sum(counts.values()) == 1000
    assert counts["00"] + counts["11"] > 850


def test_the_estimator_of_qiskit(vigo: Any) -> None:
    operator = SparsePauliOp(["ZZ", "XX", "ZI", "YY"], [1, 2, 3, 4])
    isa = transpile(bell(), vigo, optimization_level=1, seed_transpiler=1)
    estimator = BackendEstimatorV2(backend=vigo)
    value = float(estimator.run([(isa, operator.apply_layout(isa.layout))], precision=0.02).result()[0].data.evs)
    exact = float(StatevectorEstimator().run([(bell(), operator)]).result()[0].data.evs)
    assert value == pytest.approx(exact, abs=0.8)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_the_transpiler(fez: Any, level: int) -> None:
    circuit = bell()
    circuit.measure_all()
    isa = generate_preset_pass_manager(level, fez, seed_transpiler=1).run(circuit)
    assert set(isa.count_ops()) <= set(fez.operation_names) | {"barrier"}
    assert transpile(circuit, fez, optimization_level=level, seed_transpiler=1) == isa


def test_the_translation_stage_has_a_name_of_its_own(vigo: Any) -> None:
    assert vigo.get_translation_stage_plugin() in list_stage_plugins("translation")
    assert vigo.get_translation_stage_plugin() == "qiskit_ibm_native"


def test_the_translation_stage_makes_delays_of_id_if_the_device_has_none(vigo: Any) -> None:
    from qiskit.transpiler import Target

    without = Target(num_qubits=vigo.num_qubits, dt=vigo.dt)
    for name in vigo.target.operation_names:
        if name != "id":
            without.add_instruction(vigo.target.operation_from_name(name), vigo.target[name], name=name)
    circuit = QuantumCircuit(2, 1)
    circuit.id(1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.id(1)
    passes = {"translation_method": "qiskit_ibm_native", "optimization_level": 0, "initial_layout": [3, 4]}
    without.add_instruction(type(circuit.data[-1].operation), name="if_else")
    isa = transpile(circuit, target=without, **passes)
    assert "id" not in isa.count_ops()
    delay = next(each.operation for each in isa.data if each.name == "delay")
    assert delay.duration == vigo.instruction_durations.get("sx", [4], "dt")
    (block,) = next(each.operation for each in isa.data if each.name == "if_else").blocks
    assert [each.name for each in block.data] == ["delay"]
    kept = transpile(QuantumCircuit(1), vigo, optimization_level=0)
    assert kept.num_qubits == 5
    assert ConvertIdToDelay(vigo.instruction_durations).gate == "sx"


def test_aer_takes_a_device(vigo: Any) -> None:
    simulator = AerSimulator.from_backend(vigo)
    circuit = bell()
    circuit.measure_all()
    counts = simulator.run(transpile(circuit, simulator), shots=500).result().get_counts()
    assert sum(counts.values()) == 500
    assert "cx" in NoiseModel.from_backend(vigo).noise_instructions


@pytest.mark.skipif(
    shutil.which("neato") is None, reason="Qiskit's plots need the executables of Graphviz, which CI installs"
)
def test_qiskit_plots_a_device(vigo: Any, fez: Any) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from qiskit.visualization import plot_error_map, plot_gate_map

    for backend in (vigo, fez):
        assert plot_gate_map(backend).get_axes()
    assert plot_error_map(vigo).get_axes()
    mpl.pyplot.close("all")


# qiskit-experiments imports it.
@pytest.mark.official
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backend_run", [True, False])
def test_an_experiment_measures_t1(local_provider: IBMProvider, backend_run: bool) -> None:
    from qiskit_experiments.library import T1

    backend = local_provider.get_backend("ibm_hanoi")
    t1 = backend.properties().t1(4)
    experiment = T1([4], np.linspace(1e-6, 3 * t1, 12), backend=backend)
    experiment.set_run_options(shots=2000)
    data = experiment.run(backend_run=backend_run).block_for_results(timeout=240)
    assert data.status().name == "DONE", data.errors()
    result = next(each for each in data.analysis_results(dataframe=False) if each.name == "T1")
    assert result.value.nominal_value == pytest.approx(t1, rel=0.25)


# Submitted jobs against the schemas of the platform


def submission(name: str, **changes: Any) -> Submission:
    circuit = LAYOUTS[name]()
    sent, layout = to_sampler_registers(circuit)
    told = {key: changes.pop(key) for key in ("simulator", "experimental") if key in changes}
    options = {"shots": 100, "meas_level": 2, "meas_return": "avg", **changes}
    records = [describe(circuit, layout, {"a": 1})] * 2
    return Submission([sent, sent], records, {"options": {}, "header": {}}, options, **told)


CHANGES: list[dict[str, Any]] = [
    {}, {"meas_level": 1, "meas_return": "single"}, {"meas_level": 1, "rep_delay": 0.0003, "init_qubits": False},
    {"simulator": {"seed_simulator": 5}, "experimental": {"method": "automatic"}},
]  # fmt: skip


# The schemas need the Qiskit of the official client.
@pytest.mark.official
@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_sent_is_what_the_schemas_allow(name: str, changes: dict[str, Any]) -> None:
    from ibm_quantum_schemas.executor.version_2_0 import ParamsModel as ExecutorParams
    from ibm_quantum_schemas.sampler.version_0_1 import ParamsModel as SamplerParams

    if LAYOUTS[name]().num_clbits == 0:
        changes = {**changes, "meas_level": 2}
    sampler = SamplerParams.model_validate(SamplerProgram().encode(submission(name, **changes)))
    assert len(sampler.pubs) == 2
    executor = ExecutorParams.model_validate(ExecutorProgram().encode(submission(name, **changes)))
    assert executor.quantum_program.shots == 100
    assert executor.quantum_program.circuits.num_programs == 2


@pytest.mark.parametrize("program", [SamplerProgram(), ExecutorProgram()])
def test_programs_give_back_what_they_were_given(program: Any) -> None:
    given = submission("two_registers")
    params = program.encode(given)
    pairs = program.circuits(params)
    assert [circuit.data for circuit, _ in pairs] == [circuit.data for circuit in given.circuits]
    assert [record["layout"] for _, record in pairs] == [record["layout"] for record in given.records]
    assert program.job_record(params) == given.job


@pytest.mark.official
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", ["backend", "Session", "Batch"])
def test_the_primitives_of_the_official_client(vigo: Any, local_provider: IBMProvider, mode: str) -> None:
    import qiskit_ibm_runtime

    circuit = bell()
    circuit.measure_all()
    isa = transpile(circuit, vigo, optimization_level=1, seed_transpiler=1)
    before = len(local_provider.jobs(limit=None))
    chosen = vigo if mode == "backend" else getattr(qiskit_ibm_runtime, mode)(backend=vigo)
    counts = qiskit_ibm_runtime.SamplerV2(mode=chosen).run([isa], shots=1000).result()[0].data.meas.get_counts()
    assert sum(counts.values()) == 1000 and counts["00"] + counts["11"] > 850
    gates = transpile(bell(), vigo, optimization_level=1, seed_transpiler=1)
    operator = SparsePauliOp("ZZ").apply_layout(gates.layout)
    value = qiskit_ibm_runtime.EstimatorV2(mode=chosen).run([(gates, operator)]).result()[0].data.evs
    assert 0.6 < float(value) <= 1
    # They ran on the service of the backend.
    assert len(local_provider.jobs(limit=None)) == before + 2
