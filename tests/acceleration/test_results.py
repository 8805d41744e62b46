# SPDX-License-Identifier: Apache-2.0
"""Results of the official client with acceleration: what they are without it."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from unittest import mock

import pytest
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit_ibm_runtime import SamplerV2, ibm_backend
from qiskit_ibm_runtime.fake_provider import FakeFez, FakeFractionalBackend, FakeProviderForBackendV2, FakeVigoV2
from qiskit_ibm_runtime.ibm_backend import convert_to_target
from qiskit_ibm_runtime.models import BackendConfiguration, BackendProperties, Nduv
from qiskit_ibm_runtime.models.exceptions import BackendPropertyError
from qiskit_ibm_runtime.utils import backend_decoder
from tests.support import differential
from tests.support.accelerated import assert_same, load_accelerated
from tests.support.device import configuration as three_qubits
from tests.support.device import payload, put
from tests.support.device import properties as of_three_qubits
from tests.support.equality import assert_targets_equal
from tests.support.official import shipped_devices, shipped_payloads

from qiskit_ibm_native.acceleration import accelerate, models
from qiskit_ibm_native.acceleration.dictionaries import UnreadDict

CZ = {"cz": QuantumCircuit(2, name="cz").to_gate()}


@pytest.fixture
def accelerated() -> Iterator[None]:
    with accelerate():
        yield


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    """Yield what the package logs when the official client has to decode or convert something itself."""
    with caplog.at_level(logging.INFO, "qiskit_ibm_native.acceleration"):
        yield lambda: [record.getMessage() for record in caplog.records if "acceleration" in record.name]


def is_read(model: Any) -> bool:
    """Return whether a model is filled: before that, its type is not yet the official class that it says."""
    return type(model) is model.__class__


@pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk")
def test_targets_of_all_fake_devices_are_equal_and_read_no_model(said: Callable[[], list[str]]) -> None:
    official = {backend.name: backend.target for backend in FakeProviderForBackendV2().backends()}
    with accelerate():
        backends = FakeProviderForBackendV2().backends()
        for backend in backends:
            assert_targets_equal(official[backend.name], backend.target)
            assert not is_read(backend.configuration()) and not is_read(backend.properties())
    assert len(official) == len(shipped_devices()) and not said()


@pytest.mark.slow
@pytest.mark.parametrize("use_fractional_gates", [False, True, None])
@pytest.mark.parametrize("name", shipped_devices())
def test_every_device_of_a_service_shows_the_same(name: str, use_fractional_gates: bool | None) -> None:
    assert_same(*shipped_payloads(name), {"use_fractional_gates": use_fractional_gates})


@pytest.mark.parametrize("option", [{"filter_faulty": False}, {"add_delay": False}, {"include_control_flow": None},
                                    {"include_fractional_gates": False}, {"custom_name_mapping": CZ}, {"defaults": 1}])  # fmt: skip
def test_options_of_the_converter_mean_the_same(option: dict[str, Any]) -> None:
    assert_same(*shipped_payloads("fractional"), {"use_fractional_gates": True, **option})


@pytest.mark.slow
def test_mutated_payloads_show_the_same() -> None:
    ends, failures = differential.run("accelerated", range(400))
    assert ends["same"] > 350 and not failures, "\n".join(failures)


@pytest.mark.parametrize(
    ("what", "path", "value"),
    [
        ("configuration", ["gates", 0, "new_key"], 1),
        ("configuration", ["online_date"], "some day"),
        ("configuration", ["memory"], ...),
        ("configuration", ["timing_constraints"], {"granularity": 2, "num_qubits": 4}),
        ("configuration", ["other"], json.loads("[" * 200 + "]" * 200)),
        ("properties", ["qubits", 1], []),
        ("properties", ["qubits", 0, 0, "unit"], "xs"),
        ("properties", ["qubits", 0, 0, "value"], None),
        ("properties", ["gates", 0, "parameters", 0, "date"], "0001-01-01T00:00:00Z"),
        ("properties", ["gates", 0, "name"], "rx"),
        ("properties", ["general"], [[1]]),
        ("properties", ["backend_name"], "ibm_other"),
    ],
)
def test_payloads_outside_the_rules_go_the_official_way(
    what: str, path: list[Any], value: Any, said: Callable[[], list[str]]
) -> None:
    payloads = {"configuration": three_qubits(), "properties": of_three_qubits()}
    payloads[what] = put(payloads[what], path, value)
    assert_same(payload(payloads["configuration"]), payload(payloads["properties"]), {"use_fractional_gates": None})
    assert any("official client" in message for message in said())


def test_a_model_becomes_one_of_the_official_class_when_it_is_read(accelerated: None) -> None:
    properties, configuration = FakeFez().properties(), FakeFez().configuration()
    assert isinstance(properties, BackendProperties) and isinstance(configuration, BackendConfiguration)
    assert (configuration.n_qubits, configuration.num_qubits, configuration.simulator) == (156, 156, False)
    assert not hasattr(configuration, "no_such_key")
    assert "simulator" in configuration and "no_such_key" not in configuration
    assert not is_read(configuration)
    assert properties.t1(0) > 0 and type(properties) is BackendProperties
    assert len(configuration.gates) > 5 and type(configuration) is BackendConfiguration
    with pytest.raises(BackendPropertyError, match="Couldn't find"):
        properties.qubit_property(156)


def test_errors_of_attributes_are_the_official_ones(accelerated: None) -> None:
    with pytest.raises(AttributeError, match="Attribute no_such_key is not defined"):
        _ = FakeVigoV2().configuration().no_such_key
    with pytest.raises(AttributeError, match="'FakeVigoV2' object has no attribute 'no_such_key'"):
        _ = FakeVigoV2().no_such_key


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_of_models_that_were_not_read_are_equal(copied: Any) -> None:
    without = FakeFez()
    with accelerate():
        backend = FakeFez()
        assert vars(copied(backend.configuration())) == vars(without.configuration())
        assert vars(copied(backend.properties())).keys() == vars(without.properties()).keys()
        assert copied(backend.properties()) == without.properties() == backend.properties()
        pickled = pickle.loads(pickle.dumps(backend.configuration()))
        assert type(pickled) is BackendConfiguration


def test_what_was_changed_is_converted_as_changed(accelerated: None) -> None:
    for change in (
        lambda model: setattr(model, "dt", 1.0),
        lambda model: model.basis_gates.remove("sx"),
        lambda model: model.gates.pop(),
        lambda model: model.gates[1].coupling_map.pop(),
    ):
        configuration, properties = FakeFractionalBackend().configuration(), FakeFractionalBackend().properties()
        change(configuration)
        plain = copy.deepcopy(configuration), pickle.loads(pickle.dumps(properties))
        assert vars(plain[0]) and plain[1].gates
        assert_targets_equal(convert_to_target(*plain), ibm_backend.convert_to_target(configuration, properties))
    properties = FakeVigoV2().properties()
    properties._qubits[0]["T1"] = (1.0, None)
    target = ibm_backend.convert_to_target(FakeVigoV2().configuration(), properties)
    assert target.qubit_properties[0].t1 == 1.0


def test_a_list_that_was_looked_at_is_the_models_own(accelerated: None) -> None:
    loaded = load_accelerated(shipped_payloads("fez")[0], is_properties=False)
    configuration: Any = backend_decoder.configuration_from_server_data(loaded)
    basis = configuration.basis_gates
    assert not is_read(configuration) and configuration.basis_gates is basis and configuration.rep_delay_range[0] == 0
    basis.append("h")
    assert configuration.to_dict()["basis_gates"] is basis and is_read(configuration)


def test_configurations_of_a_fake_device_share_their_lists(accelerated: None) -> None:
    backend = FakeFez()
    assert backend.configuration().basis_gates is backend.configuration().basis_gates
    backend.configuration().timing_constraints["acquire_alignment"] = 99
    backend.configuration().basis_gates.remove("id")
    assert backend.target.acquire_alignment == 99 and "id" not in backend.target.operation_names
    copied = FakeFez()._conf_dict.copy()
    assert type(copied) is dict and copied["n_qubits"] == 156


def test_an_interrupted_filling_can_be_repeated(accelerated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FakeVigoV2()
    properties, other = backend.properties(), backend.properties()
    original, calls = Nduv.from_dict.__func__, 0

    def interrupted(cls: Any, data: dict[str, Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise KeyboardInterrupt
        return original(cls, data)

    monkeypatch.setattr(Nduv, "from_dict", classmethod(interrupted))
    with pytest.raises(KeyboardInterrupt):
        properties.t1(0)
    assert copy.deepcopy(other).t1(0) == properties.t1(0) == other.t1(0) == FakeVigoV2().target.qubit_properties[0].t1


def test_the_type_of_a_model_that_was_not_read_makes_official_models(accelerated: None) -> None:
    for model in (FakeVigoV2().configuration(), FakeVigoV2().properties()):
        kind = type(model)
        assert kind is not model.__class__
        content = copy.deepcopy(model).to_dict()
        assert type(kind.from_dict(content)) is model.__class__
        made = kind.__new__(kind)
        vars(made).update(vars(copy.deepcopy(model)))
        assert made == model and type(made) is model.__class__
    configuration = FakeVigoV2().configuration()
    assert 5 not in configuration and None not in FakeVigoV2().configuration()


def test_the_class_of_a_model_can_be_set(accelerated: None) -> None:
    class Mine(BackendConfiguration):
        pass

    configuration = FakeVigoV2().configuration()
    configuration.__class__ = Mine
    assert type(configuration) is Mine and configuration.n_qubits == 5


def test_a_dictionary_of_the_other_kind_fails_at_once(accelerated: None) -> None:
    backend = FakeVigoV2()
    backend.properties()
    with pytest.raises(KeyError):
        BackendProperties.from_dict(backend._conf_dict)
    with pytest.raises(TypeError):
        BackendConfiguration.from_dict({**backend._props_dict, "gates": []})


def test_a_mock_of_json_is_asked(accelerated: None) -> None:
    content = json.loads(shipped_payloads("vigo")[0])
    with mock.patch("json.load", return_value={**content, "n_qubits": 4}):
        assert FakeVigoV2().configuration().n_qubits == 4


def test_a_model_does_not_follow_its_dictionary(accelerated: None) -> None:
    backend = FakeVigoV2()
    before = backend.configuration()
    backend._conf_dict["n_qubits"] = 3
    assert (before.n_qubits, backend.configuration().n_qubits) == (5, 3)
    backend = FakeVigoV2()
    before = backend.configuration()
    backend._conf_dict["backend_name"] = "other"
    assert (before.backend_name, backend.configuration().backend_name) == ("fake_vigo", "other")


def test_a_configuration_that_was_only_read_is_still_converted_from_bytes(
    accelerated: None, said: Callable[[], list[str]]
) -> None:
    backend = FakeFez()
    assert backend.configuration().coupling_map and len(backend.configuration().gates) > 5
    assert backend.target.num_qubits == 156 and not is_read(backend.properties()) and not said()


def test_a_dictionary_that_is_not_decoded_is_one_for_everybody(accelerated: None) -> None:
    backend = FakeVigoV2()
    real = json.loads((Path(backend.dirname) / backend.props_filename).read_bytes())

    def unread() -> Any:
        loaded = backend._load_json(backend.props_filename)
        assert type(loaded) is UnreadDict
        return loaded

    assert json.loads(json.dumps(unread())) == real == unread()
    assert pickle.loads(pickle.dumps(unread())) == copy.deepcopy(unread()) == dict(unread()) == {**unread()} == real
    assert (unread() | {}) == ({} | unread()) == unread().copy() == copy.copy(unread()) == real
    assert list(unread()) == list(real) and len(unread()) == len(real) and list(unread().items()) == list(real.items())
    assert unread().get("backend_version") == real["backend_version"] and unread().get("none", 3) == 3
    assert "gates" in unread() and "none" not in unread() and unread() and repr(unread()) == repr(real)
    with pytest.raises(KeyError):
        unread()["none"]
    changed = unread()
    changed["gates"] = []
    assert changed["gates"] == [] and changed["qubits"] == real["qubits"]


def test_content_that_is_read_twice_is_what_it_is_without(accelerated: None) -> None:
    configuration, properties = shipped_payloads("vigo")
    loaded = load_accelerated(properties, is_properties=True)
    first, again = (backend_decoder.properties_from_server_data(loaded) for _ in range(2))
    assert first == again and first is not again and type(first) is BackendProperties
    assert backend_decoder.properties_from_server_data(loaded) == first
    loaded = load_accelerated(configuration, is_properties=False)
    assert backend_decoder.configuration_from_server_data(loaded) is not None
    # Its date is one already, and the client takes text alone.
    assert backend_decoder.configuration_from_server_data(loaded) is None


def test_models_that_are_given_up_leave_nothing(accelerated: None) -> None:
    backend = FakeVigoV2()
    kept = [backend.configuration() for _ in range(3)]
    gc.collect()
    for _ in range(100):
        assert backend.configuration().n_qubits == 5
    assert len(backend._conf_dict._dependents) == 3
    tracked = len(models._tracked)
    assert kept[0].gates and len(models._tracked) == tracked + 3
    kept.clear()
    assert len(models._tracked) == tracked


def test_threads_fill_one_model_once(accelerated: None) -> None:
    for _ in range(5):
        properties, barrier = FakeFez().properties(), Barrier(8)

        def read(number: int, properties: Any = properties, barrier: Any = barrier) -> Any:
            barrier.wait()
            return properties.qubits if number % 2 else properties.gates

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(read, range(8)))
        assert len({id(each) for each in found}) == 2


def test_local_mode_and_pass_managers_give_the_same() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.measure_all()

    def run() -> Any:
        backend = FakeVigoV2()
        isa = generate_preset_pass_manager(backend=backend, optimization_level=2, seed_transpiler=5).run(circuit)
        sampler = SamplerV2(mode=backend, options={"simulator": {"seed_simulator": 7}})
        return isa, sampler.run([isa], shots=300).result()[0].data.meas.get_counts()

    with pytest.warns(DeprecationWarning, match="SamplerV2"):
        without = run()
    with accelerate(), pytest.warns(DeprecationWarning, match="SamplerV2"):
        assert run() == without


def test_noise_models_of_fake_devices_are_the_same() -> None:
    from qiskit_aer import AerSimulator

    without = AerSimulator.from_backend(FakeVigoV2())
    with accelerate():
        simulator = AerSimulator.from_backend(FakeVigoV2())
    assert simulator.options.noise_model == without.options.noise_model
    assert_targets_equal(without.target, simulator.target)


def test_a_subclass_that_reads_its_own_files_is_asked_for_them(accelerated: None) -> None:
    class Faster(FakeVigoV2):
        def _load_json(self, filename: str) -> dict[str, Any]:
            content = json.loads((Path(self.dirname) / filename).read_bytes())
            if filename == self.props_filename:
                content["qubits"][0][0]["value"] = 1.0
            return content

    assert Faster().target.qubit_properties[0].t1 == 1e-6


def test_bytes_are_only_kept_where_the_client_would_decode_utf_8(accelerated: None) -> None:
    configuration, properties = shipped_payloads("vigo")
    assert type(load_accelerated(configuration, is_properties=False)) is UnreadDict
    for encoded in (configuration.decode().encode("utf-16"), b"\xef\xbb\xbf" + configuration):
        assert type(load_accelerated(encoded, is_properties=False)) is dict
    assert type(load_accelerated(properties, is_properties=True)) is UnreadDict


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::UserWarning")
def test_experiments_on_fake_devices_measure_the_same() -> None:
    """A second witness: qiskit-experiments asks fake devices for targets, timing, properties and couplings."""
    from qiskit_aer import AerSimulator
    from qiskit_experiments.framework import ParallelExperiment
    from qiskit_experiments.library import T1, LocalReadoutError

    def measured() -> tuple[Any, ...]:
        fake = FakeVigoV2()
        simulator = AerSimulator.from_backend(fake, seed_simulator=11)
        relaxation = ParallelExperiment(
            [T1((qubit,), [1e-6 * step for step in range(1, 160, 20)], fake) for qubit in (0, 2)],
            backend=fake, flatten_results=True,
        )  # fmt: skip
        readout = LocalReadoutError((0, 1, 3), fake)
        circuits = [*relaxation._transpiled_circuits(), *readout._transpiled_circuits()]
        data = [experiment.run(simulator, shots=400).block_for_results() for experiment in (relaxation, readout)]
        return [circuit.count_ops() for circuit in circuits], [[each["counts"] for each in run.data()] for run in data]

    without = measured()
    with accelerate():
        assert measured() == without
    assert sum(without[1][0][0].values()) == 400
