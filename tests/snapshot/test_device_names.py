# SPDX-License-Identifier: Apache-2.0
"""Devices are found by their names with and without prefix."""

from __future__ import annotations

import pytest

from qiskit_ibm_native import CalibrationArchive, Snapshot
from qiskit_ibm_native.snapshot.device_names import find_device, short_name, spellings


@pytest.mark.parametrize("name", ["fez", "ibm_fez", "ibmq_fez"])
def test_all_spellings_name_one_device(name):
    assert short_name(name) == "fez"
    assert spellings(name)[0] == name
    assert set(spellings(name)) == {"fez", "ibm_fez", "ibmq_fez"}
    assert find_device(name, ["ibm_torino", "ibm_fez"]) == "ibm_fez"
    assert Snapshot.load(name) == Snapshot.load("fez")


def test_an_exact_name_comes_first():
    assert find_device("fez", ["ibm_fez", "fez"]) == "fez"
    assert find_device("ibm_fez", ["ibm_fez", "fez"]) == "ibm_fez"
    assert find_device("nowhere", ["ibm_fez"]) is None
    assert short_name("ibm_") == "ibm_"


@pytest.mark.parametrize("name", ["lima", "ibm_lima", "ibmq_lima"])
def test_archives_take_every_spelling(tmp_path, name):
    lima = Snapshot.load("lima")
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.add(lima, until=lima.last_update)
        assert archive.latest(name) == archive.at(name, lima.last_update) == lima
        assert archive.latest_before_confirmed(name, lima.last_update) is None
        assert list(archive.between(name)) == [lima]
        assert archive.between(name).backend == "ibmq_lima"
        assert archive.series(name, "t1").backend == "ibmq_lima"
        assert archive.export(tmp_path / "out", backend=name) == 1
        assert archive.prune(name, before=lima.last_update).calibrations == 0
        assert archive.latest("vigo") is None
