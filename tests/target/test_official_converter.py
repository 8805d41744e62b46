# SPDX-License-Identifier: Apache-2.0
"""Targets against those of the official client, over every device that it ships."""

from __future__ import annotations

import gzip
import itertools
from functools import cache
from typing import Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.random import random_circuit
from qiskit.transpiler import Target
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from tests.support import TESTS
from tests.support.equality import assert_targets_equal, coupling_state, durations_state
from tests.support.official import configuration_model, properties_model, shipped_devices, shipped_payloads

from qiskit_ibm_native import (
    Snapshot,
    build_coupling_map,
    build_instruction_durations,
    build_target,
    bundled_devices,
)

PAYLOADS = TESTS / "payloads"


@cache
def _cached_properties_model(payload: bytes) -> Any:
    return properties_model(payload)


def assert_equal_to_official(configuration: bytes, properties: bytes | None, **options: Any) -> None:
    """Compare the three builders with the official converter, for one choice of options."""
    use_fractional_gates = options.pop("use_fractional_gates", None)
    model = configuration_model(configuration, use_fractional_gates)
    official = convert_to_target(model, properties and _cached_properties_model(properties), **options)
    snapshot = Snapshot.from_payloads(configuration, properties)
    options["use_fractional_gates"] = use_fractional_gates
    native = build_target(snapshot, **options)
    assert_targets_equal(official, native)
    assert durations_state(build_instruction_durations(snapshot, **options)) == durations_state(native.durations())
    coupling_map = build_coupling_map(snapshot, **options)
    assert coupling_state(coupling_map) == coupling_state(native.build_coupling_map())
    if coupling_map is not None:
        # Here the order of operations is one and the same, so the payloads of nodes must be, too.
        nodes = zip(coupling_map.graph.nodes(), native.build_coupling_map().graph.nodes(), strict=True)
        assert all(repr(ours) == repr(theirs) for ours, theirs in nodes)


@pytest.mark.parametrize("use_fractional_gates", [None, True, False])
@pytest.mark.parametrize("device", shipped_devices())
def test_equals_the_official_target(device: str, use_fractional_gates: bool | None) -> None:
    configuration, properties = shipped_payloads(device)
    assert_equal_to_official(configuration, properties, use_fractional_gates=use_fractional_gates)
    assert_equal_to_official(configuration, None, use_fractional_gates=use_fractional_gates)


CHOICES = [
    dict(zip(("filter_faulty", "add_delay", "include_control_flow"), values, strict=True))
    for values in itertools.product([True, False], repeat=3)
]


@pytest.mark.parametrize("device", shipped_devices())
@pytest.mark.slow
def test_equals_the_official_target_with_every_choice(device: str) -> None:
    configuration, properties = shipped_payloads(device)
    large = len(configuration) + len(properties) > 150_000
    # Without fractional gates, the choice of them changes nothing, as the test above shows.
    has_fractional_gates = any(f'"{name}"'.encode() in configuration for name in ("rx", "rzz"))
    for use_fractional_gates in (None, True, False) if has_fractional_gates or not large else (None,):
        for given in (properties, None):
            # On large devices, each choice alone and all of them; together they take minutes and show nothing else.
            for options in CHOICES[1:] if not large else [CHOICES[index] for index in (1, 2, 4, 7)]:
                assert_equal_to_official(configuration, given, use_fractional_gates=use_fractional_gates, **options)


@pytest.mark.parametrize("device", bundled_devices())
def test_bundled_devices_equal_the_official_target(device: str) -> None:
    configuration, properties, _ = Snapshot.load(device).payloads
    assert properties is not None
    assert_equal_to_official(configuration, properties)


@pytest.mark.parametrize("name", ["kawasaki-0.34", "torino-0.34"])
def test_odd_payloads_equal_the_official_target(name: str) -> None:
    """T1 missing on two qubits; frequencies that are all the integer 0."""
    configuration, properties = (
        gzip.decompress((PAYLOADS / name / f"{kind}.json.gz").read_bytes()) for kind in ("configuration", "properties")
    )
    assert_equal_to_official(configuration, properties)


def in_order_of(target: Target, order: Target) -> Target:
    """Return a target with the operations of ``target``, in the order of another one."""
    same = Target(
        num_qubits=target.num_qubits,
        dt=target.dt,
        granularity=target.granularity,
        min_length=target.min_length,
        pulse_alignment=target.pulse_alignment,
        acquire_alignment=target.acquire_alignment,
        qubit_properties=target.qubit_properties,
    )
    for name in order.operation_names:
        operation = target.operation_from_name(name)
        bounds = [(0, 1.5707963267948966)] if name == "rzz" else None
        same.add_instruction(
            operation, None if isinstance(operation, type) else target[name], name, angle_bounds=bounds
        )
    return same


@pytest.mark.parametrize("device", ["lima", "fractional", "almaden", "hanoi", "fez", "boston"])
def test_transpiles_to_the_same_circuits(device: str) -> None:
    configuration, properties = shipped_payloads(device)
    native = build_target(Snapshot.from_payloads(configuration, properties))
    official = in_order_of(convert_to_target(configuration_model(configuration), properties_model(properties)), native)
    ghz = QuantumCircuit(5)
    ghz.h(0)
    ghz.cx([0, 1, 2, 3], [1, 2, 3, 4])
    ghz.measure_all()
    for circuit in (ghz, random_circuit(5, 6, measure=True, seed=7)):
        for level in (1, 3):
            settings: dict[str, Any] = {"optimization_level": level, "seed_transpiler": 11}
            ours = transpile(circuit, target=native, **settings)
            theirs = transpile(circuit, target=official, **settings)
            # Parameters are made anew for each target, but a circuit without any has none of them.
            assert ours == theirs
            assert ours.layout == theirs.layout
