# SPDX-License-Identifier: Apache-2.0
"""Columns, series, differences, compact forms and refreshes: thousands of calibrations of a device of 156 qubits."""

from __future__ import annotations

import json
import pickle
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.support.calibrations import BEGINNING, STEP, Drift
from tests.support.equality import assert_targets_equal
from tests.support.official import configuration_model, properties_model

from measure import rounds, summary
from provider import DEVICE, service
from qiskit_ibm_native import CalibrationArchive, CalibrationSeries, IBMProvider, Snapshot, build_target

if TYPE_CHECKING:
    from sides import Payloads

CALIBRATIONS, COLUMNS, OFFICIAL = 2000, 1000, 40


def archive() -> dict[str, Any]:
    """Calibrations over time: columns, compact forms, differences, archives, refreshes."""
    payloads = list(Drift("fez").calibrations(CALIBRATIONS))
    found = {"columns": columns(payloads[:COLUMNS]), "form": forms(payloads), "diff": differences(payloads)}
    with tempfile.TemporaryDirectory() as folder:
        found |= archives(Path(folder, "archive.sqlite3"), payloads)
        found["blocks"] = blocks(Path(folder, "blocks.sqlite3"), payloads[:COLUMNS])
    return {**found, "refresh": refreshes()}


def columns(payloads: list[Payloads]) -> dict[str, Any]:
    """Payload bytes to columns on two threads, against the official models."""
    # Configurations of their own, so that none is read once for all.
    apart = [(bytes(bytearray(configuration)), properties) for configuration, properties in payloads]
    size = sum(len(payload) for both in apart for payload in both)

    def native() -> CalibrationSeries:
        return CalibrationSeries.from_payloads(apart, threads=2)

    def official() -> list[Any]:
        return [
            (configuration_model(configuration), properties_model(properties))
            for configuration, properties in apart[:OFFICIAL]
        ]

    series, models = native(), official()
    for at, (_, properties) in enumerate(models):
        assert series.t1[at].tolist() == [properties.t1(qubit) for qubit in range(156)]
        error = [properties.gate_error("cz", place) for place in series.gate("cz").qargs.tolist()]
        assert series.gate("cz").error[at].tolist() == error
    del series, models
    times = rounds({"native": (native, 3), "official": (official, 1)}, 3)
    each = {"native": times["native"]["median"] / len(apart), "official": times["official"]["median"] / OFFICIAL}
    return {
        **times,
        "bytes": size,
        "calibrations": len(apart),
        "official_calibrations": OFFICIAL,
        "gb_per_s": round(size / times["native"]["median"] / 1e3, 2),
        "ratio": round(each["official"] / each["native"], 1),
    }


def forms(payloads: list[Payloads]) -> dict[str, Any]:
    """The compact form against payloads."""
    configuration, properties = payloads[0]
    snapshot = Snapshot.from_payloads(configuration, properties)
    form = snapshot.to_bytes()
    assert_targets_equal(build_target(snapshot), build_target(Snapshot.from_bytes(form)))
    size = len(configuration) + len(properties)
    times = rounds(
        {
            "json": (lambda: build_target(Snapshot.from_payloads(configuration, properties)), 60),
            "form": (lambda: build_target(Snapshot.from_bytes(form)), 60),
            "read json": (lambda: Snapshot.from_payloads(configuration, properties), 60),
            "read form": (lambda: Snapshot.from_bytes(form), 60),
            "write": (snapshot.to_bytes, 20),
        },
        9,
    )
    return {
        **times,
        "ratio": round(times["form"]["median"] / times["json"]["median"], 3),
        "read_ratio": round(times["read form"]["median"] / times["read json"]["median"], 3),
        "bytes": size,
        "pickled": len(pickle.dumps(snapshot)),
        "without_payloads": len(snapshot.to_bytes(payloads=False)),
    }


def differences(payloads: list[Payloads]) -> dict[str, Any]:
    """The difference of two calibrations in a row, with and without making Python objects of all changes."""
    old, new = (Snapshot.from_payloads(*each) for each in payloads[:2])
    diff = old.diff(new)
    times = rounds(
        {"diff": (lambda: old.diff(new), 200), "read": (lambda: (old.diff(new).qubits, old.diff(new).gates), 20)}, 5
    )
    return {**times, "changes": len(diff.qubits) + len(diff.gates)}


def archives(path: Path, payloads: list[Payloads]) -> dict[str, Any]:
    """Filling an archive and asking it."""
    added = []
    with CalibrationArchive(path) as store:
        for each in payloads:
            snapshot = Snapshot.from_payloads(*each)
            start = time.perf_counter()
            store.add(snapshot)
            added.append(time.perf_counter() - start)
        stats = store.stats()
        expected = [json.loads(properties)["qubits"][3][0]["value"] / 1e6 for _, properties in payloads]
        first = []
        for _ in range(5):
            with store._database.writing() as connection:
                connection.execute("DELETE FROM blocks")
            start = time.perf_counter()
            series = store.series(DEVICE, "t1", qubits=3)
            first.append(time.perf_counter() - start)
            assert np.array_equal(series.values[:, 0], expected)
        again = rounds({"again": (lambda: store.series(DEVICE, "t1", qubits=3), 20)}, 3)["again"]
    middle = BEGINNING + CALIBRATIONS // 2 * STEP

    def cold() -> Any:
        with CalibrationArchive(path) as store:
            snapshot = store.at(DEVICE, middle)
            assert snapshot is not None
            return build_target(snapshot)

    assert_targets_equal(build_target(Snapshot.from_payloads(*payloads[CALIBRATIONS // 2])), cold())
    return {
        "add": summary(added),
        "series": {"first": summary(first), "again": again},
        "at": rounds({"cold": (cold, 30)}, 5)["cold"],
        "size": {"published": stats.published_bytes, "file": stats.file_bytes, "calibrations": stats.calibrations},
    }


def blocks(path: Path, payloads: list[Payloads], runs: int = 5) -> dict[str, Any]:
    """A quantity of an archive, then others; and by how much the file grows. The first one reads all payloads."""
    with CalibrationArchive(path) as store:
        for each in payloads:
            store.add(Snapshot.from_payloads(*each))
    # A file that is closed has no log beside it.
    empty = path.stat().st_size
    with CalibrationArchive(path) as store:
        store.series(DEVICE, "t1")
    full = path.stat().st_size
    with CalibrationArchive(path) as store:
        expected = CalibrationSeries.from_payloads(payloads)
        for quantity in ("t1", "t2", "readout_error", "operational"):
            assert np.array_equal(store.series(DEVICE, quantity).values, getattr(expected, quantity), equal_nan=True)
        for gate in ("cz", "sx"):
            assert np.array_equal(store.series(DEVICE, "error", gate=gate).values, expected.gate(gate).error)
        del expected
        others = [("t2", None), ("readout_error", None), ("operational", None), ("error", "sx"), ("error", "cz")]
        times: dict[str, list[float]] = {"first": [], "second": []}
        for _ in range(runs):
            with store._database.writing() as connection:
                connection.execute("DELETE FROM blocks")
            for name, subjects in (("first", [("t1", None)]), ("second", others)):
                for quantity, gate in subjects:
                    start = time.perf_counter()
                    store.series(DEVICE, quantity, gate=gate)
                    times[name].append(time.perf_counter() - start)
    return {
        **{name: summary(each) for name, each in times.items()},
        "calibrations": len(payloads),
        "file": empty,
        "growth": round((full - empty) / empty, 4),
    }


def refreshes() -> dict[str, Any]:
    """Processor time of the client's process for a refresh with nothing changed, the service in another one."""
    with service(), IBMProvider() as provider:
        backend = provider.get_backend(DEVICE)
        target = backend.target
        times = []
        for _ in range(400):
            start = time.process_time()
            diff = backend.refresh()
            times.append(time.process_time() - start)
            assert not diff
        assert backend.target is target
    return summary(times[20:])
