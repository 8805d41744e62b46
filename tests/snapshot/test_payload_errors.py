# SPDX-License-Identifier: Apache-2.0
"""Bad input: one typed error that says what, where and what was expected; never a panic, a hang or a lot of memory."""

from __future__ import annotations

import json
import pickle
import random
import re
import time
from typing import Any

import pytest
from qiskit.exceptions import QiskitError
from tests.support.device import configuration, gate, payload, properties, put, quantity

from qiskit_ibm_native import BackendPayloadError, Snapshot, build_target

CONF = payload(configuration())
PROPS = payload(properties())


def error_of(conf: Any, props: Any = None, defaults: Any = None) -> BackendPayloadError:
    with pytest.raises(BackendPayloadError) as caught:
        Snapshot.from_payloads(conf, props, defaults)
    return caught.value


def test_error_has_everything() -> None:
    content = put(properties(), ["gates", 12, "parameters", 0, "value"], "abc")
    error = error_of(CONF, payload(content))
    assert isinstance(error, ValueError)
    assert isinstance(error, QiskitError)
    assert error.payload == "properties"
    assert error.path == "$.gates[12].parameters[0].value"
    assert payload(content)[error.offset :].startswith(b'"abc"')
    assert str(error) == (
        f'properties payload, $.gates[12].parameters[0].value (byte {error.offset}): expected a number or null, found "abc"'
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.path, again.offset, again.payload) == (str(error), error.path, error.offset, "properties")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["n_qubits"], -1, "an integer from 0"),
        (["n_qubits"], 10**9, "below 65537"),
        (["n_qubits"], 10**30, "below 65537"),
        (["n_qubits"], "3", "an integer"),
        (["n_qubits"], 3.0, "an integer"),
        (["n_qubits"], None, "an integer"),
        (["basis_gates"], None, "an array"),
        (["basis_gates", 1], 5, "a string"),
        (["gates"], {}, "an array"),
        (["gates", 2, "name"], None, "a string"),
        (["gates", 2, "coupling_map", 1, 0], 3, "below 3"),
        (["gates", 2, "coupling_map", 1, 0], -1, "an integer from 0"),
        (["gates", 2, "coupling_map", 1, 0], 0.5, "an integer from 0"),
        (["gates", 2, "coupling_map", 1], [], "at least one qubit"),
        (["gates", 2, "coupling_map", 1], "01", "an array"),
        (["backend_name"], None, "a string"),
        (["dt"], "0.2", "a number"),
        (["dt"], [1], "a number"),
        (["timing_constraints", "granularity"], 1.5, "an integer from 0"),
        (["timing_constraints", "granularity"], 2**32, "4294967295"),
        (["instruction_signatures"], [5], "an object"),
        (["supported_instructions"], "cx", "an array"),
    ],
)
def test_wrong_values_in_a_configuration(path: list[Any], value: Any, expected: str) -> None:
    content = configuration()
    bad = payload(put(content, path, value))
    error = error_of(bad)
    assert expected in str(error)
    rendered = "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    assert error.path.startswith(rendered)
    assert error.payload == "configuration"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["qubits"], {}, "an array"),
        (["qubits", 1, 0, "value"], "100", "a number"),
        (["qubits", 1, 0, "value"], [1], "a number or null"),
        (["qubits", 1, 0, "unit"], "Hz", "a unit"),
        (["qubits", 1, 0, "unit"], "KHz", "a unit"),
        (["qubits", 1, 0, "unit"], "μs", "a unit"),
        (["qubits", 1, 0, "unit"], 5, "a string"),
        (["qubits", 1, 0, "name"], None, "a string"),
        (["gates", 3, "qubits", 0], 3, "below 3"),
        (["gates", 3, "qubits", 0], -2, "an integer from 0"),
        (["gates", 3, "qubits"], 1, "an array"),
        (["gates", 3, "gate"], 1, "a string"),
        (["gates", 3, "parameters"], None, "an array"),
        (["last_update_date"], "yesterday", "ISO 8601"),
        (["last_update_date"], 1704164645, "a string"),
    ],
)
def test_wrong_values_in_properties(path: list[Any], value: Any, expected: str) -> None:
    bad = json.dumps(put(properties(), path, value))
    error = error_of(CONF, bad)
    assert expected in str(error)
    assert error.path.startswith("$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path))


@pytest.mark.parametrize("key", ["backend_name", "n_qubits", "basis_gates", "gates"])
def test_keys_that_a_configuration_needs(key: str) -> None:
    error = error_of(payload(configuration(**{key: ...})))
    assert f'expected the key "{key}", found an object without it' in str(error)
    assert error.path == "$"


@pytest.mark.parametrize(
    "path",
    [
        ["qubits"],
        ["gates"],
        ["qubits", 1, 2, "name"],
        ["qubits", 1, 2, "unit"],
        ["gates", 5, "gate"],
        ["gates", 5, "parameters", 1, "value"],
        ["gates", 5, "qubits"],
    ],
)
def test_keys_that_properties_need(path: list[Any]) -> None:
    error = error_of(CONF, payload(put(properties(), path, ...)))
    assert f'the key "{path[-1]}"' in str(error)
    assert error.path == "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path[:-1])


def test_payloads_of_different_devices() -> None:
    error = error_of(Snapshot.load("lima").payloads.configuration, Snapshot.load("vigo").payloads.properties)
    assert error.path == "$.backend_name"
    assert 'the properties of "ibmq_lima"' in str(error) and '"ibmq_vigo"' in str(error)
    # Without names, the number of qubits gives them away.
    fez = Snapshot.load("fez").payloads.properties
    assert fez is not None
    error = error_of(Snapshot.load("lima").payloads.configuration, fez.replace(b'"backend_name": "ibm_fez", ', b""))
    assert "below 5" in str(error)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nul", "[]", "7", '"text"', "{", '{"a"', '{"a":', '{"a": 1', '{"a": 1,', '{"a": 1,}', "{'a': 1}", "{} {}", '{"a": 01}',
     '{"a": 1.}', '{"a": .5}', '{"a": +1}', '{"a": 1e}', '{"a": "\x01"}', '{"a": "\\x"}', '{"a": "\\u12g4"}', '{"a": tru}',
     '{"a": [1 2]}', '{"a": [1,]}', '{"a": {"b": [}]}', '{"a": -}', '{"a": Nan}', "\ufeff", "{\x00}", "\x0cnull", "{\x0c}", "\x0b{}", "\ud800", '{"a": "\ud800"}'],
)  # fmt: skip
def test_text_that_is_no_json_object(text: str) -> None:
    error = error_of(text)
    assert error.path.startswith("$")
    assert error_of(CONF, text if text.strip() != "nul" else "nul").payload == "properties"
    assert error_of(CONF, None, text).payload == "defaults"


def test_bytes_that_are_no_utf_8() -> None:
    bad = CONF.replace(b"ibm_three", b"ibm_\xff\xfe")
    error = error_of(bad)
    assert (error.path, bad[error.offset]) == ("$.backend_name", 0xFF)
    bad = CONF.replace(b'"memory"', b'"\xc3("')
    assert bad[error_of(bad).offset] == 0xC3
    assert error_of(json.dumps(configuration()).encode("utf-16")).offset == 0


def test_other_objects_are_type_errors() -> None:
    for bad in (None, 5, ["{}"], object(), {"backend_name": "x"}):
        with pytest.raises(TypeError, match="bytes-like or str"):
            Snapshot.from_payloads(bad)  # type: ignore[arg-type]


def test_bytes_like_objects_and_text() -> None:
    expected = Snapshot.from_payloads(CONF, PROPS)
    changeable = bytearray(CONF)
    snapshot = Snapshot.from_payloads(changeable, memoryview(PROPS))
    changeable[:] = b" " * len(changeable)
    assert snapshot == expected == Snapshot.from_payloads(CONF.decode(), PROPS.decode())
    assert snapshot.payloads == expected.payloads
    assert expected.payloads.configuration is CONF


def test_what_python_accepts() -> None:
    """A byte order mark, and white space of all kinds."""
    loose = json.dumps(configuration(), indent="\t").replace("\n", "\r\n").encode()
    assert Snapshot.from_payloads(b"\xef\xbb\xbf" + loose + b" \n").num_qubits == 3
    for nothing in ("{}", " null ", "{ }"):
        snapshot = Snapshot.from_payloads(CONF, nothing)
        assert snapshot.properties is None
        assert build_target(snapshot).qubit_properties is None


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting(opening: str, closing: str) -> None:
    for levels in (129, 10_000, 1_000_000):
        text = '{"a": ' + opening * levels + "1" + closing * levels + "}"
        error = error_of(text)
        assert "128 levels" in str(error)
        assert len(str(error)) < 2000
    deep = '{"a": ' + opening * 126 + "1" + closing * 126 + ", " + CONF.decode()[1:]
    assert Snapshot.from_payloads(deep).num_qubits == 3


def test_truncated_everywhere() -> None:
    for cut in range(len(CONF)):
        error_of(CONF[:cut])
    for cut in range(len(PROPS)):
        if PROPS[:cut].strip() not in (b"null", b"{}"):
            assert error_of(CONF, PROPS[:cut]).offset <= cut


def test_large_payloads_truncated_at_thousands_of_places() -> None:
    conf, props, _ = Snapshot.load("fez").payloads
    assert props is not None
    places = random.Random(5)
    for cut in [places.randrange(len(props)) for _ in range(1500)]:
        assert error_of(conf, props[:cut]).offset <= cut
    for cut in [places.randrange(len(conf)) for _ in range(1500)]:
        assert error_of(conf[:cut]).offset <= cut


def python_accepts(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return True


def test_mutated_payloads_never_panic_and_are_never_taken_if_they_are_no_json() -> None:
    chance = random.Random(17)
    alphabet = b'{}[]",:\\0123456789.eE+-nulltrue \x00\xff\xc2\xb5'
    accepted = 0
    for _ in range(20_000):
        mutant = bytearray(chance.choice([CONF, PROPS]))
        is_configuration = mutant == CONF
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(mutant))
            kind = chance.randrange(3)
            if kind == 0:
                mutant[at] = chance.choice(alphabet)
            elif kind == 1:
                del mutant[at : at + chance.randrange(1, 9)]
            else:
                mutant[at:at] = bytes(chance.choices(alphabet, k=chance.randrange(1, 4)))
        try:
            snapshot = Snapshot.from_payloads(mutant) if is_configuration else Snapshot.from_payloads(CONF, mutant)
        except BackendPayloadError as error:
            assert error.offset <= len(mutant)
            continue
        accepted += 1
        assert python_accepts(bytes(mutant)), bytes(mutant)
        assert snapshot.num_qubits >= 0
    assert accepted > 1000


@pytest.mark.parametrize(
    "make",
    [
        lambda n: json.dumps(configuration(basis_gates=[f"g{i}" for i in range(n)])),
        lambda n: json.dumps(configuration(basis_gates=[f"g{i}" for i in range(n)], gates=[{"name": f"g{i}", "coupling_map": [[2], [1]]} for i in range(n)])),
        lambda n: json.dumps(configuration() | {f"key{i}": [[i]] for i in range(n)}),
        lambda n: json.dumps(configuration(backend_name="\\u00b5" * n, extra="\u00b5\n" * n)),
        lambda n: json.dumps(configuration(extra=[{"a": pow(10, i, 997), "b": "x" * (i % 40)} for i in range(n)])),
        lambda n: json.dumps(configuration(extra=int("9" * 4000))).replace("9" * 4000, "9" * 40 * n),
        lambda n: json.dumps(configuration()).replace('"cx", "parameters": []', '"cx", "parameters": [' + "[" * n),
    ],
    ids=["names", "gates", "keys", "escapes", "siblings", "digits", "brackets"],
)  # fmt: skip
@pytest.mark.slow
def test_time_grows_with_the_size(make: Any) -> None:
    def seconds_per_byte(text: str) -> float:
        start = time.thread_time()
        try:
            snapshot = Snapshot.from_payloads(text)
        except BackendPayloadError:
            pass
        else:
            assert snapshot.num_qubits == 3
        return (time.thread_time() - start) / len(text)

    # Sixteen times the size would take sixteen times the time per byte if it were quadratic, in every round. A linear
    # reader may look slow in a round, because the processor has other things to do, but not in all twenty.
    large, small = make(32_000), make(2_000)
    assert any(seconds_per_byte(large) < 6 * seconds_per_byte(small) + 1e-8 for _ in range(20))


@pytest.mark.parametrize(
    "make",
    [
        lambda: (CONF, json.dumps(properties(qubits=[[]] * 3_000_000))),
        lambda: (CONF, json.dumps(properties(gates=[gate(f"g{i}", [0]) for i in range(60_000)]))),
        lambda: (json.dumps(configuration(n_qubits=65_536, other=[[0, 1]] * 1_000_000)), None),
    ],
    ids=["qubits", "gates", "edges"],
)
def test_memory_is_bounded_by_the_input(make: Any) -> None:
    """Measured from outside, because the reader's memory is not Python's."""
    conf, props = make()
    size = len(conf) + len(props or "")
    before = resident()
    snapshot = Snapshot.from_payloads(conf, props)
    # The payloads that were made of the strings are part of it.
    assert resident() - before < 8 * size + 20_000_000
    assert snapshot.num_qubits >= 3


def resident() -> int:
    """Return the peak memory of this process, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_error_does_not_depend_on_the_thread_that_finds_it() -> None:
    good, bad = (CONF, PROPS), (CONF, PROPS[:-1])
    worse = (CONF, b"")
    with pytest.raises(BackendPayloadError) as caught:
        Snapshot.parse_many([good] * 5 + [bad, worse] + [good] * 5, threads=4)
    assert caught.value.offset == len(PROPS) - 1
    with pytest.raises(ValueError, match="threads"):
        Snapshot.parse_many([good], threads=0)
    with pytest.raises(TypeError):
        Snapshot.parse_many([CONF])  # type: ignore[list-item]


def test_unknown_keys_never_make_a_device_vanish() -> None:
    """The official client makes None of such a configuration, and raises a TypeError for such properties."""
    conf, props = configuration(), properties()
    for content in (
        conf,
        conf["gates"][0],
        props,
        props["gates"][0],
        props["qubits"][0][0],
        props["gates"][0]["parameters"][0],
    ):
        content["new_key"] = {"anything": [1, 2]}
    for key in (
        "local",
        "simulator",
        "memory",
        "online_date",
        "open_pulse",
        "conditional",
        "coupling_map",
        "backend_version",
    ):
        del conf[key]
    for key in ("general", "last_update_date", "backend_version"):
        del props[key]
    del props["qubits"][1][0]["date"]
    snapshot = Snapshot.from_payloads(payload(conf), payload(props))
    expected = build_target(Snapshot.from_payloads(CONF, PROPS))
    target = build_target(snapshot)
    assert {name: repr(entries) for name, entries in target.items()} == {
        name: repr(it) for name, it in expected.items()
    }
    assert snapshot.last_update is None
    assert snapshot.properties is not None and snapshot.properties.qubit_property(1, "T1") == (102.25 / 10**6, None)


def test_null_means_nothing_where_that_is_obvious() -> None:
    conf = configuration(timing_constraints=None, instruction_signatures=None, supported_instructions=None, dt=None)
    conf["gates"][0]["coupling_map"] = None
    conf["basis_gates"].append("own")
    conf["gates"].append({"name": "own", "parameters": None, "qasm_def": None, "coupling_map": [[0]]})
    conf["timing_constraints"] = {"granularity": None, "other": [1]}
    target = build_target(Snapshot.from_payloads(payload(conf)))
    assert (target.granularity, target.dt) == (1, None)
    assert target.operation_from_name("own").params == []
    props = properties()
    props["qubits"][0][0] = quantity("T1", "us", None)
    assert build_target(Snapshot.from_payloads(CONF, payload(props))).qubit_properties[0].t1 is None


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 400])
def test_numbers_that_no_float_holds(number: str) -> None:
    error = error_of(CONF, PROPS.replace(b"0.0123", number.encode(), 1))
    assert error.path == "$.qubits[0][3].value"
    assert "a number that a 64-bit float can hold" in str(error)
    # A number that is not decoded may be any number, as in Python.
    assert Snapshot.from_payloads(CONF.decode().replace("true", number)).configuration.memory is not None


def test_integers_that_python_does_not_convert_are_errors_where_they_are_read() -> None:
    digits = "9" * 5000
    snapshot = Snapshot.from_payloads(CONF.decode().replace("true", digits), PROPS.decode().replace('"jq_01"', digits))
    assert build_target(snapshot).num_qubits == 3
    for read in (
        lambda: snapshot.configuration.memory,
        snapshot.configuration.to_dict,
        lambda: snapshot.properties.general,
    ):
        with pytest.raises(BackendPayloadError, match="4300 digits") as caught:
            read()
        assert caught.value.path in {"$.memory", "$.general"}


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


@pytest.mark.parametrize("content", [configuration(), properties()], ids=["configuration", "properties"])
def test_keys_and_names_may_be_written_with_escapes(content: dict[str, Any]) -> None:
    text = re.sub(r'"(\w[^"]*)"', lambda match: f'"{escaped(match[1])}"', json.dumps(content))
    assert json.loads(text) == content
    conf, props = (text, PROPS) if "n_qubits" in content else (CONF, text)
    expected, target = (build_target(Snapshot.from_payloads(*payloads)) for payloads in ((CONF, PROPS), (conf, props)))
    assert repr(list(target.items())) == repr(list(expected.items()))
    assert [repr(qubit) for qubit in target.qubit_properties] == [repr(qubit) for qubit in expected.qubit_properties]
    assert (target.dt, target.granularity) == (expected.dt, expected.granularity)


def test_timing_constraints_constrain_timing() -> None:
    conf = configuration(timing_constraints={"granularity": 2, "num_qubits": 7, "description": "no", "dt": 1.0})
    target = build_target(Snapshot.from_payloads(payload(conf)))
    assert (target.granularity, target.num_qubits, target.description) == (2, 3, None)
    assert target.dt == 0.2222222222222222 * 1e-9


def test_nesting_is_counted_whatever_stands_beside() -> None:
    inner = "[" * 100 + '"q"' + "]" * 100
    beside = "[" + inner + "," + "[" * 29 + inner + "]" * 29 + "]"
    assert "128 levels" in str(error_of('{"other": ' + beside + "}"))
