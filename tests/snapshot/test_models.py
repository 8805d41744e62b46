# SPDX-License-Identifier: Apache-2.0
"""Configuration and properties models against those of the official client."""

from __future__ import annotations

import copy
import datetime
import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import dateutil.parser
import pytest
from tests.support.device import configuration, gate, payload, properties, quantity
from tests.support.official import configuration_model, properties_model, shipped_devices, shipped_payloads

from qiskit_ibm_native import (
    BackendConfiguration,
    BackendPayloadError,
    BackendProperties,
    BackendPropertyError,
    Snapshot,
)


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call gives, with exact types, or the kind of its error with its message."""
    try:
        return exact(call())
    except Exception as error:
        return type(error).__name__, str(error).strip("\"'")


def exact(value: Any) -> Any:
    """Return a value that tells 1 from 1.0, and that holds no date: dates differ on purpose."""
    if isinstance(value, dict):
        return {key: exact(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    if isinstance(value, datetime.datetime):
        return "date"
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return type(value).__name__, value


def models(conf: dict[str, Any] | bytes, props: dict[str, Any] | bytes) -> tuple[BackendProperties, Any]:
    conf, props = (it if isinstance(it, bytes) else payload(it) for it in (conf, props))
    ours = Snapshot.from_payloads(conf, props).properties
    assert ours is not None
    return ours, properties_model(props)


@pytest.mark.parametrize("device", shipped_devices())
def test_properties_of_every_device(device: str) -> None:
    conf, props = shipped_payloads(device)
    ours, theirs = models(conf, props)
    content = json.loads(props)
    for qubit in range(len(content["qubits"])):
        for name in ("t1", "t2", "frequency", "readout_error", "readout_length", "is_qubit_operational"):
            assert outcome(lambda: getattr(ours, name)(qubit)) == outcome(lambda: getattr(theirs, name)(qubit))
        assert exact(ours.qubit_property(qubit)) == exact(theirs.qubit_property(qubit))
    for each in content["gates"]:
        place = (each["gate"], each["qubits"])
        for name in ("gate_error", "gate_length", "is_gate_operational"):
            assert outcome(lambda: getattr(ours, name)(*place)) == outcome(lambda: getattr(theirs, name)(*place))
    for name in {each["gate"] for each in content["gates"]}:
        assert exact(ours.gate_property(name)) == exact(theirs.gate_property(name))
    assert ours.faulty_qubits() == theirs.faulty_qubits() == []
    assert ours.faulty_gates() == theirs.faulty_gates() == []
    assert exact(ours.to_dict()) == exact(theirs.to_dict())


@pytest.mark.parametrize("device", shipped_devices())
def test_to_dict_is_the_content_of_the_payload_with_right_instants(device: str) -> None:
    conf, props = shipped_payloads(device)
    snapshot = Snapshot.from_payloads(conf, props)

    def with_dates(value: Any) -> Any:
        if isinstance(value, dict):
            dates = ("date", "last_update_date", "online_date")
            return {key: dateutil.parser.isoparse(it) if key in dates else with_dates(it) for key, it in value.items()}
        return [with_dates(each) for each in value] if isinstance(value, list) else value

    assert snapshot.properties is not None
    assert snapshot.properties.to_dict() == with_dates(json.loads(props))
    content = with_dates(json.loads(conf))
    for terms in content.get("u_channel_lo", ()):
        for term in terms:
            term["scale"] = complex(*term["scale"])
    assert snapshot.configuration.to_dict() == content


ATTRIBUTES = (
    "backend_name backend_version n_qubits num_qubits basis_gates gates local simulator conditional open_pulse memory "
    "coupling_map meas_levels meas_kernels discriminators meas_map supported_instructions dynamic_reprate_enabled "
    "rep_delay_range default_rep_delay sample_name n_registers register_map configurable credits_required display_name "
    "description tags dt dtm processor_type parametric_pulses channels coords max_shots quantum_volume rep_times "
    "timing_constraints hamiltonian u_channel_lo qubit_lo_range meas_lo_range instruction_signatures url no_such_thing"
)


@pytest.mark.parametrize("device", shipped_devices())
def test_configuration_of_every_device(device: str) -> None:
    conf, _ = shipped_payloads(device)
    ours, theirs = Snapshot.from_payloads(conf).configuration, configuration_model(conf)
    for name in ATTRIBUTES.split():
        assert hasattr(ours, name) is hasattr(theirs, name), name
        assert (name in ours) is hasattr(theirs, name)
        if name == "gates":
            assert [it.to_dict() for it in ours.gates] == [it.to_dict() for it in theirs.gates]
            assert [repr(it) for it in ours.gates] == [repr(it) for it in theirs.gates]
        else:
            assert outcome(lambda: getattr(ours, name)) == outcome(lambda: getattr(theirs, name)), name
    assert ours.online_date == theirs.online_date
    assert set(json.loads(conf)) <= set(dir(ours))


def test_configuration_lookups_of_optional_values() -> None:
    for value in (None, 0, [], "", False, 5, [1], "text", True):
        for name in (
            "n_registers",
            "register_map",
            "configurable",
            "tags",
            "description",
            "credits_required",
            "meas_map",
        ):
            content = payload(configuration(**{name: value}))
            ours, theirs = Snapshot.from_payloads(content).configuration, configuration_model(content)
            assert outcome(lambda: getattr(ours, name)) == outcome(lambda: getattr(theirs, name)), (name, value)


def test_values_that_make_no_sense_are_refused_when_read() -> None:
    ours = Snapshot.from_payloads(
        payload(configuration(dtm="4", online_date="never", meas_lo_range=[[1]]))
    ).configuration
    for name in ("dtm", "online_date", "meas_lo_range"):
        with pytest.raises(BackendPayloadError) as caught:
            getattr(ours, name)
        assert caught.value.path == f"$.{name}"


def test_configuration_model_behaves() -> None:
    first = Snapshot.load("lima").configuration
    assert first is not Snapshot.load("lima").configuration and first == Snapshot.load("lima").configuration
    snapshot = Snapshot.load("lima")
    assert snapshot.configuration is snapshot.configuration
    assert first != Snapshot.load("vigo").configuration and first != 3
    assert BackendConfiguration.from_dict(first.to_dict()) == first
    assert pickle.loads(pickle.dumps(first)) == first == copy.deepcopy(first)
    with pytest.raises(TypeError):
        hash(first)
    with pytest.raises(AttributeError, match="immutable"):
        first.dt = 1.0
    with pytest.raises(TypeError, match=r"Snapshot\.configuration"):
        BackendConfiguration()
    with pytest.raises(BackendPayloadError):
        BackendConfiguration.from_dict({"n_qubits": 3})
    assert repr(first) == "<BackendConfiguration of ibmq_lima: 5 qubits>"


def test_models_of_odd_payloads() -> None:
    conf = configuration()
    conf["gates"][0]["self"] = 1
    assert Snapshot.from_payloads(payload(conf)).configuration.gates[0].self == 1
    nameless = BackendProperties.from_dict(properties(backend_name=...))
    assert nameless.t1(0) == 101.25 / 10**6


def test_properties_model_behaves() -> None:
    snapshot = Snapshot.load("lima")
    first = snapshot.properties
    assert first is not None and first is snapshot.properties
    again = BackendProperties.from_dict(first.to_dict())
    assert again == first and again.t1(0) == first.t1(0)
    assert pickle.loads(pickle.dumps(first)) == first == copy.deepcopy(first)
    assert first != Snapshot.load("vigo").properties and first != 3
    with pytest.raises(AttributeError, match="immutable"):
        first.general = []
    with pytest.raises(TypeError, match=r"Snapshot\.properties"):
        BackendProperties()
    assert repr(first) == "<BackendProperties of ibmq_lima: 2021-03-15 00:36:03-04:00>"
    assert repr(first.qubits[0][0]).startswith("Nduv(datetime.datetime(2021, 3, 15, 0, 9, 11")
    assert first.gates[0].name == "id0" and first.qubits[0][0].value == 59.69864328663569
    assert first.general[0].unit == "GHz"
    assert "last_update_date" in first and "backend_version" in first and "nothing" not in first


CALLS: list[Callable[[Any], Any]] = [
    lambda it: it.gate_property("cx"),
    lambda it: it.gate_property("cx", [0, 1]),
    lambda it: it.gate_property("sx", 0),
    lambda it: it.gate_property("sx", iter([0])),
    lambda it: it.gate_property("sx", (0,), "gate_error"),
    lambda it: it.gate_property("sx", 0, ""),
    lambda it: it.gate_property("sx", None, "gate_error"),
    lambda it: it.gate_property("nope"),
    lambda it: it.gate_property("sx", 7),
    lambda it: it.gate_property("sx", 0, "nope"),
    lambda it: it.gate_property("sx", "0"),
    lambda it: it.gate_property("sx", 1.5),
    lambda it: it.gate_error("sx", 0),
    lambda it: it.gate_error("sx", [0]),
    lambda it: it.gate_error("sx", iter([0])),
    lambda it: it.gate_error("cx", (0, 1)),
    lambda it: it.gate_error("cx", "01"),
    lambda it: it.gate_error("cx", 0),
    lambda it: it.gate_error("cx", (-1, 0)),
    lambda it: it.gate_error("nope", 0),
    lambda it: it.gate_length("sx", 2),
    lambda it: it.gate_length("sx", True),
    lambda it: it.gate_length("x", 0),
    lambda it: it.is_gate_operational("sx"),
    lambda it: it.is_gate_operational("sx", 1),
    lambda it: it.is_gate_operational("nope", 1),
    lambda it: it.qubit_property(0),
    lambda it: it.qubit_property(0, "T1"),
    lambda it: it.qubit_property(99),
    lambda it: it.qubit_property(0, "zz"),
    lambda it: it.qubit_property(0, ""),
    lambda it: it.qubit_property(True, "T1"),
    lambda it: it.qubit_property(0.0, "T1"),
    lambda it: it.qubit_property((0,)),
    lambda it: it.qubit_property([0]),
    lambda it: it.t1(0),
    lambda it: it.t1(True),
    lambda it: it.t1(1.0),
    lambda it: it.t1(-1),
    lambda it: it.t1(99),
    lambda it: it.t1("0"),
    lambda it: it.t2(0),
    lambda it: it.frequency(0),
    lambda it: it.frequency(1),
    lambda it: it.readout_error(0),
    lambda it: it.readout_length(0),
    lambda it: it.readout_length(2),
    lambda it: it.is_qubit_operational(0),
    lambda it: it.is_qubit_operational(1),
    lambda it: it.is_qubit_operational(9),
    lambda it: it.faulty_qubits(),
    lambda it: [each.to_dict() for each in it.faulty_gates()],
    lambda it: it.extra,
    lambda it: it.nothing,
]


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_methods_of_properties_with_odd_content(call: Callable[[Any], Any]) -> None:
    content = properties(extra={"a": [1]})
    content["qubits"][0] = [
        quantity("T1", "us", True),
        quantity("T2", "", True),
        quantity("frequency", "GHz", 5),
        quantity("readout_error", "", 1),
        quantity("readout_length", "", 2**70),
        quantity("operational", "", 0),
    ]
    content["qubits"][1] += [quantity("frequency", "GHz", 4.5), quantity("operational", "", 1)]
    content["qubits"].append([quantity("operational", "", 0)])
    content["gates"][3]["parameters"].append(quantity("operational", "", 0))
    content["gates"][4]["parameters"].append(quantity("operational", "", 0))
    content["gates"] += [gate("sx", [1], 1, 35), gate("x", [0], 0.5)]
    content["gates"][-1]["parameters"][1] = quantity("gate_length", "", None)
    ours, theirs = models(configuration(), content)
    assert outcome(lambda: call(ours)) == outcome(lambda: call(theirs))


def test_errors_are_of_the_documented_kind() -> None:
    ours = Snapshot.load("lima").properties
    assert ours is not None
    with pytest.raises(BackendPropertyError, match=r"Couldn't find the properties for qubit 9\."):
        ours.qubit_property(9)
    with pytest.raises(BackendPropertyError, match=r"Couldn't find the property 'T1' for qubit|properties for qubit 9"):
        ours.t1(9)


DATES = [
    "2024", "2024-02", "20240229", "2024-02-29", "2023-02-29", "2024-W01-1", "2024W011", "2020-W53", "2021-W53-7", "2024-366",
    "2023-366", "2024366", "2024-02-03T04", "2024-02-03T0405", "2024-02-03 04:05", "2024-02-03x04:05:06", "2024-02-03T040506",
    "2024-02-03T04:05:06.5", "2024-02-03T04:05:06,123456789", "2024-02-03T24:00:00", "2024-12-31T24:00", "2024-02-03T24:00:01",
    "2024-02-03T04:05:06Z", "2024-02-03T04:05:06z", "2024-02-03T04:05:06+01", "2024-02-03T04:05:06-0130",
    "2024-02-03T04:05:06+05:30", "2024-02-03T04:05:06-00:00", "2024-02-03T04:05:06 +01:00", "2024-02-03T04:05:60",
    "2024-2-3", "", "1704164645", "2024-02-03T04:05:06+24:00", "2024-02-03T04:05:06+01:60", "2024-02-03T4:05", "0000-01-01",
    "9999-12-31T24:00", "2024-13-01", "2024-00-01", "2024-02-03T04:0506", "2024-02-03T0405:06", "2024-02-03T",
    "2024-02-03T04:05.5", "2024-02-03T04:05:06.", "2024-02-03T04Z", "2024-02-03T04:05+01:00", "1970-01-01T00:00:00.000001-12:00",
    "2024-W00-1", "2024-W54-1", "2024-W01-0", "2024-W01-8", "2024-000", "202402", "2024-02-0", "\u0662\u0660\u0662\u0664",
]  # fmt: skip


@pytest.mark.parametrize("text", DATES)
def test_dates_mean_what_they_meant(text: str) -> None:
    try:
        expected = dateutil.parser.isoparse(text)
    except (ValueError, OverflowError):
        expected = None
    props = payload(properties(last_update_date=text))
    if expected is None:
        with pytest.raises(BackendPayloadError, match="ISO 8601"):
            Snapshot.from_payloads(payload(configuration()), props)
        return
    if expected.tzinfo is None:
        expected = expected.replace(tzinfo=datetime.timezone.utc)
    assert Snapshot.from_payloads(payload(configuration()), props).last_update == expected


def test_dates_of_quantities_are_read_late() -> None:
    content = properties()
    content["qubits"][0][0]["date"] = "some day"
    ours = Snapshot.from_payloads(payload(configuration()), payload(content)).properties
    assert ours is not None and ours.t1(0) == 101.25 / 10**6
    for call in (lambda: ours.qubit_property(0), lambda: ours.qubits, ours.to_dict):
        with pytest.raises(BackendPayloadError, match="some day"):
            call()
