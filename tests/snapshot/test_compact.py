# SPDX-License-Identifier: Apache-2.0
"""The compact form: everything can be made of it as of payloads, and nothing of what is damaged."""

from __future__ import annotations

import pickle
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from tests.support import equality
from tests.support.official import shipped_devices, shipped_payloads
from tests.support.pulses import payload as defaults_payload

from qiskit_ibm_native import (
    CompactFormError,
    IBMError,
    Snapshot,
    build_coupling_map,
    build_instruction_durations,
    build_target,
)


@pytest.mark.parametrize("device", shipped_devices())
@pytest.mark.parametrize("with_payloads", [True, False])
def test_everything_can_be_made_of_it(device, with_payloads):
    snapshot = Snapshot.from_payloads(*shipped_payloads(device))
    again = Snapshot.from_bytes(snapshot.to_bytes(payloads=with_payloads))
    assert again == snapshot
    assert (again.name, again.num_qubits, again.last_update) == (
        snapshot.name,
        snapshot.num_qubits,
        snapshot.last_update,
    )
    assert not again.diff(snapshot)
    equality.assert_targets_equal(build_target(snapshot), build_target(again))
    durations = [build_instruction_durations(each) for each in (snapshot, again)]
    assert equality.durations_state(durations[0]) == equality.durations_state(durations[1])
    couplings = [build_coupling_map(each) for each in (snapshot, again)]
    assert equality.coupling_state(couplings[0]) == equality.coupling_state(couplings[1])
    if with_payloads:
        assert again.payloads == snapshot.payloads
        assert again.properties.to_dict() == snapshot.properties.to_dict()


@pytest.mark.parametrize("name", ["fez", "sherbrooke", "vigo"])
def test_pickles_are_small_and_whole(name):
    snapshot = Snapshot.load(name)
    pickled = pickle.dumps(snapshot)
    size = sum(len(payload) for payload in snapshot.payloads if payload is not None)
    assert len(pickled) <= size / (8 if name == "fez" else 4)
    again = pickle.loads(pickled)
    assert again.payloads == snapshot.payloads
    assert hash(again) == hash(snapshot)
    assert again.defaults == snapshot.defaults
    assert pickle.loads(pickle.dumps(again)).payloads == snapshot.payloads
    for model in (snapshot.configuration, snapshot.properties):
        assert pickle.loads(pickle.dumps(model)) == model


def test_a_form_is_read_by_another_process(tmp_path: Path):
    file = tmp_path / "fez"
    file.write_bytes(Snapshot.load("fez").to_bytes())
    program = (
        "import sys; from pathlib import Path; from qiskit_ibm_native import Snapshot;"
        "print(Snapshot.from_bytes(Path(sys.argv[1]).read_bytes()).digest); assert 'qiskit' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", program, file], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == Snapshot.load("fez").digest


def test_payloads_may_be_left_out():
    whole = Snapshot.load("lima")
    form = whole.to_bytes(payloads=False)
    assert len(form) < len(whole.to_bytes())
    snapshot = Snapshot.from_bytes(form)
    assert whole.has_payloads
    assert not snapshot.has_payloads
    assert snapshot.columns.t1.tolist() == whole.columns.t1.tolist()
    for what in ("payloads", "configuration", "properties", "defaults", "provenance"):
        with pytest.raises(CompactFormError, match="without payloads"):
            getattr(snapshot, what)
    with pytest.raises(CompactFormError, match="without payloads"):
        snapshot.to_bytes()
    with pytest.raises(CompactFormError, match="without payloads"):
        snapshot.with_overrides(t1={0: 1e-4})
    again = pickle.loads(pickle.dumps(snapshot))
    assert not again.has_payloads
    assert again == snapshot == whole
    assert repr(again) == repr(whole)


def test_what_has_payloads_can_do_without_them_later():
    snapshot = Snapshot.from_bytes(Snapshot.load("vigo").to_bytes())
    assert snapshot.to_bytes(payloads=False) == Snapshot.load("vigo").to_bytes(payloads=False)
    assert snapshot.to_bytes() == Snapshot.load("vigo").to_bytes()


def test_no_properties_no_defaults():
    configuration, properties, defaults = Snapshot.load("lima").payloads
    for given in (
        (configuration,),
        (configuration, properties),
        (configuration, None, defaults),
        (configuration, b"{}"),
    ):
        snapshot = Snapshot.from_payloads(*given)
        again = Snapshot.from_bytes(snapshot.to_bytes())
        assert again.payloads == snapshot.payloads
        assert (again.properties is None, again.defaults is None) == (
            snapshot.properties is None, snapshot.defaults is None,
        )  # fmt: skip


def test_a_form_that_is_damaged_is_refused():
    form = Snapshot.load("vigo").to_bytes()
    for length in {0, 1, 7, 8, 10, 19, 51, 60, len(form) // 2, len(form) - 4, len(form) - 1}:
        with pytest.raises(CompactFormError):
            Snapshot.from_bytes(form[:length])
    for at in range(0, len(form), 97):
        with pytest.raises(CompactFormError):
            Snapshot.from_bytes(form[:at] + bytes([form[at] ^ 1]) + form[at + 1 :])
    with pytest.raises(CompactFormError, match="damaged: its length is not what it says"):
        Snapshot.from_bytes(form + b"\n")
    with pytest.raises(CompactFormError, match="no compact form of a snapshot"):
        Snapshot.from_bytes(b'{"backend_name": "vigo"}')
    assert issubclass(CompactFormError, IBMError)
    assert issubclass(CompactFormError, ValueError)
    with pytest.raises(TypeError):
        Snapshot.from_bytes(3)


def _resealed(form: bytes) -> bytes:
    return form[:-4] + struct.pack("<I", zlib.crc32(form[:-4]))


@pytest.mark.parametrize(
    ("position", "change", "message"),
    [
        (
            8,
            1,
            r"version \d+ \(\d+ columns of qubits and \d+ of gates\), and .* up to \d+ \(.*\); a later one is needed",
        ),
        (52, 1, r"version \d+ and \d+ columns of qubits and \d+ of gates, which no release wrote"),
        (54, 1, r"version \d+ and \d+ columns of qubits and \d+ of gates, .* make it anew from the payloads"),
        (8, None, "there is no version 0"),
    ],
)
def test_a_form_of_another_version_or_with_other_columns_is_refused(position, change, message):
    form = bytearray(Snapshot.load("vigo").to_bytes())
    form[position] = 0 if change is None else form[position] + change
    with pytest.raises(CompactFormError, match=message):
        Snapshot.from_bytes(_resealed(bytes(form)))


def test_payloads_that_are_not_those_of_the_digest_are_refused():
    form = bytearray(Snapshot.load("vigo").to_bytes())
    form[20] ^= 1
    snapshot = Snapshot.from_bytes(_resealed(bytes(form)))
    with pytest.raises(CompactFormError, match="not those of its digest"):
        _ = snapshot.payloads


def test_pulses_come_back(monkeypatch):
    configuration, properties, _ = Snapshot.load("lima").payloads
    snapshot = Snapshot.from_payloads(configuration, properties, defaults_payload("lima"))
    again = Snapshot.from_bytes(bytearray(snapshot.to_bytes()))
    assert again.defaults.instruction_schedule_map.get("x", 0).duration > 0
    assert again.payloads == snapshot.payloads
