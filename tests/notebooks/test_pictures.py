# SPDX-License-Identifier: Apache-2.0
"""Pictures of objects in notebooks: each class has one that is closed, safe, short, and made without a request."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import warnings
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers import JobStatus
from tests.support import ROOT
from tests.support.calibrations import DAY, Drift
from tests.support.pages import Page, page_of
from tests.support.sweeping import Serial, ghz, misbehaving

import qiskit_ibm_native as package
from qiskit_ibm_native import (
    ArchiveSeries,
    BackendStatus,
    CalibrationArchive,
    CalibrationSeries,
    IBMBackend,
    IBMCircuitJob,
    IBMCompositeJob,
    ImportReport,
    Ledger,
    QueueInfo,
    Snapshot,
    Sweep,
    VerifyReport,
    best_layouts,
    build_target,
    compare_scores,
    score,
)
from qiskit_ibm_native.archive import MergeReport, PruneReport
from qiskit_ibm_native.provider.history.backfill import BackfillReport
from qiskit_ibm_native.provider.jobs.composite_job import _Part
from qiskit_ibm_native.sweeps.ledger.check import LedgerReport

REFERENCES = Path(__file__).with_name("references")
HOSTILE = '<script>alert("1")</script> & \ud800\x1b\u202e $x$'
UTC = datetime.timezone.utc


class NoClient:
    """A client that must not be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the service was asked for {name}")


@pytest.fixture(scope="module")
def lima() -> Snapshot:
    return Snapshot.load("lima")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> CalibrationArchive:
    made = CalibrationArchive(tmp_path_factory.mktemp("archive") / "archive.sqlite3")
    for payloads in Drift("lima", step=DAY).calibrations(40):
        made.add(Snapshot.from_payloads(*payloads))
    return made


@pytest.fixture(scope="module")
def bell(lima: Snapshot) -> QuantumCircuit:
    return transpile(ghz(2, "bell"), target=build_target(lima), seed_transpiler=1, optimization_level=1)


def backend_of(snapshot: Snapshot) -> IBMBackend:
    return IBMBackend(snapshot, None, NoClient())


def job_of(status: str, **more: Any) -> IBMCircuitJob:
    reply = {"state": {"status": status, **more.pop("state", {})}, "program": {"id": "sampler"}, **more}
    backend = backend_of(Snapshot.load("lima"))
    return IBMCircuitJob(backend, NoClient(), "d2k1", "2026-03-01T10:00:00Z", tags=["a tag"], reply=reply)  # type: ignore[arg-type]


def composite() -> IBMCompositeJob:
    done: Future[IBMCircuitJob] = Future()
    done.set_result(job_of("Completed"))
    failed: Future[IBMCircuitJob] = Future()
    failed.set_exception(ValueError("it is too large"))
    parts = [_Part(0, 9, done), _Part(10, 19, failed), _Part(20, 24, Future())]
    return IBMCompositeJob(backend_of(Snapshot.load("lima")), "ibm_composite_job_id_1_", parts, ["a tag"])


#: Objects by the name of their class: functions of the snapshot, the archive and a circuit on it.
OBJECTS: dict[str, Any] = {
    "Snapshot": lambda lima, archive, bell: lima,
    "BackendProperties": lambda lima, archive, bell: lima.properties,
    "BackendConfiguration": lambda lima, archive, bell: lima.configuration,
    "SnapshotColumns": lambda lima, archive, bell: lima.columns,
    "GateColumns": lambda lima, archive, bell: lima.columns.gate("cx"),
    "SnapshotDiff": lambda lima, archive, bell: lima.diff(lima.with_overrides(t1={0: 1e-4})),
    "CalibrationSeries": lambda lima, archive, bell: CalibrationSeries([lima, lima]),
    "GateSeries": lambda lima, archive, bell: CalibrationSeries([lima]).gate("cx"),
    "IBMBackend": lambda lima, archive, bell: backend_of(lima),
    "BackendStatus": lambda lima, archive, bell: BackendStatus("ibmq_lima", "1.0.0", True, 1, "active"),
    "QueueInfo": lambda lima, archive, bell: QueueInfo(3, "QUEUED", job_id="d2k1"),
    "IBMCircuitJob": lambda lima, archive, bell: job_of("Queued", queue_position=1200),
    "IBMCompositeJob": lambda lima, archive, bell: composite(),
    "CalibrationArchive": lambda lima, archive, bell: archive,
    "ArchiveStats": lambda lima, archive, bell: archive.stats(),
    "SnapshotRange": lambda lima, archive, bell: archive.between("lima"),
    "ArchiveSeries": lambda lima, archive, bell: archive.series("lima", "t1"),
    "Drift": lambda lima, archive, bell: archive.series("lima", "t1").drift(),
    "ChangePoints": lambda lima, archive, bell: archive.series("lima", "t1").change_points(significance=0.9),
    "Outliers": lambda lima, archive, bell: archive.series("lima", "t1").outliers(threshold=0.5),
    "Correlation": lambda lima, archive, bell: archive.series("lima", "t1").correlation(),
    "Stability": lambda lima, archive, bell: archive.series("lima", "t1").stability("7d"),
    "CoherenceLimit": lambda lima, archive, bell: archive.coherence_limit("lima", "cx"),
    "Ranking": lambda lima, archive, bell: archive.ranking("t1", every="7d"),
    "LastWorked": lambda lima, archive, bell: archive.last_worked("lima", "cx", (0, 1)),
    "Explanation": lambda lima, archive, bell: archive.explain(
        bell, archive.between("lima")[0], archive.between("lima")[9]
    ),
    "Events": lambda lima, archive, bell: archive.events("lima"),
    "VerifyReport": lambda lima, archive, bell: archive.verify(),
    "ImportReport": lambda lima, archive, bell: ImportReport(
        2, 1, {Path("a"): "no"}, {"UTC": [Path("b")]}, [Path("c")]
    ),
    "MergeReport": lambda lima, archive, bell: MergeReport(2, 1, {7: "lost"}),
    "PruneReport": lambda lima, archive, bell: PruneReport(1, 2, 12_345_678),
    "BackfillReport": lambda lima, archive, bell: BackfillReport(
        "ibm_fez", 3, 1, 4, datetime.datetime(2026, 1, 1, tzinfo=UTC), 0.25
    ),
    "LedgerReport": lambda lima, archive, bell: LedgerReport(2, 1, {"ab": "lost"}),
    "Sweep": lambda lima, archive, bell: Sweep(ghz(2), "lima", seeds=range(1000)),
    "SweepDescription": lambda lima, archive, bell: Sweep(ghz(2), "lima").describe(),
    "Ledger": lambda lima, archive, bell: Ledger(),
    "Scores": lambda lima, archive, bell: score(bell, archive.between("lima")),
    "ScoreComparison": lambda lima, archive, bell: compare_scores([bell], [lima]),
    "LayoutTable": lambda lima, archive, bell: best_layouts(bell, lima),
    "Acceleration": lambda lima, archive, bell: package.Acceleration(),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_each_class_has_a_picture_that_is_closed_safe_and_short(
    name: str, lima: Snapshot, archive: CalibrationArchive, bell: QuantumCircuit
) -> None:
    shown = OBJECTS[name](lima, archive, bell)
    assert type(shown).__name__ == name
    html = shown._repr_html_()
    page = page_of(shown)
    assert len(html) < 30_000
    assert name in page.text
    assert "nan" not in page.text.lower().split()
    assert len(repr(shown)) < 600
    assert len(repr(shown).splitlines()) <= 2
    # Texts and lines have the colours of the page, light or dark: no element sets black, white or a background.
    colours = [value for tag, key, value in page.attributes if key == "style"]
    assert not any("background" in value or "color:#" in value for value in colours)


@pytest.mark.parametrize("name", ["Snapshot", "SnapshotDiff", "IBMCircuitJob", "ArchiveSeries", "VerifyReport"])
def test_the_structure_of_pictures_is_as_it_was(
    name: str, lima: Snapshot, archive: CalibrationArchive, bell: QuantumCircuit
) -> None:
    outline = "\n".join(page_of(OBJECTS[name](lima, archive, bell)).outline) + "\n"
    path = REFERENCES / f"{name}.txt"
    if os.environ.get("UPDATE_REFERENCES"):
        path.write_text(outline)
    assert outline == path.read_text()


def test_values_are_as_people_write_them(lima: Snapshot) -> None:
    text = page_of(Snapshot.load("fez")).text
    for value in ("144.9 µs", "2.1 × 10⁻³", "84.00 ns"):
        assert value in text
    assert "5.030 GHz" in page_of(lima).text
    assert "calibrated 2025-02-26 20:16 UTC" in text


def test_plurals_of_differences_are_right(lima: Snapshot) -> None:
    one = lima.diff(lima.with_overrides(t1={0: 1e-4}))
    assert repr(one) == "<SnapshotDiff of ibmq_lima: 1 value of 1 qubit>"
    assert "1 value of 1 qubit" in page_of(one).text
    two = lima.diff(lima.with_overrides(t1={0: 1e-4, 1: 1e-4}, t2={0: 1e-5}, error={("cx", (0, 1)): 0.5}))
    assert repr(two) == "<SnapshotDiff of ibmq_lima: 3 values of 2 qubits, 1 value of 1 gate>"
    # Digits are as many as tell values apart.
    near = lima.diff(lima.with_overrides(frequency={0: lima.properties.frequency(0) + 3.0}))
    assert "5.0296855 GHz -> 5.0296856 GHz" in str(near)


def test_parts_that_failed_come_first(lima: Snapshot) -> None:
    page = page_of(lima.with_overrides(operational={4: False}))
    assert page.text.index("1 qubit is faulty : qubit 4") < page.text.index("median")
    gone = page_of(lima.diff(lima.with_overrides(operational={4: False})))
    assert gone.text.index("on 4 vanished") < gone.text.index("quantity")
    failed = page_of(job_of("Failed", state={"reason": "It is too large.", "reason_code": 1517}))
    assert failed.text.index("failed") < failed.text.index("1517") < failed.text.index("program")
    damaged = VerifyReport(2, 3, {7: "lost"}, {})
    assert "1 problem" in page_of(damaged).text
    assert "payload 7 lost" in page_of(damaged).text


def test_a_long_list_of_problems_folds(lima: Snapshot) -> None:
    page = page_of(VerifyReport(2, 300, dict.fromkeys(range(300), "lost"), {}))
    assert page.elements["details"] == 1
    assert "300 problems" in page.text
    assert "and 200 more" in page.text


def hostile(snapshot: Snapshot, name: str) -> Snapshot:
    """Return a device whose name, gates and texts are what an attacker would choose."""
    configuration, properties, _ = snapshot.payloads
    assert properties is not None
    clean = name.encode("utf-8", "replace").decode()
    text = configuration.decode().replace("ibmq_lima", json.dumps(clean)[1:-1])
    values = properties.decode().replace("ibmq_lima", json.dumps(clean)[1:-1])
    return Snapshot.from_payloads(text, values)


def test_hostile_names_are_texts(lima: Snapshot, tmp_path: Path) -> None:
    evil = hostile(lima, HOSTILE)
    shown: list[Any] = [
        evil, evil.properties, evil.configuration, evil.diff(evil.with_overrides(t1={0: 1e-4})), backend_of(evil),
        CalibrationSeries([evil]), BackendStatus(HOSTILE, HOSTILE, True, 1, HOSTILE), QueueInfo(1, HOSTILE, job_id=HOSTILE),
        IBMCircuitJob(backend_of(evil), NoClient(), HOSTILE, tags=[HOSTILE], name=HOSTILE, status="Completed"),  # type: ignore[arg-type]
        ImportReport(0, 0, {Path("\udcff<b>"): HOSTILE}, {HOSTILE: [Path(HOSTILE.replace("\x1b", ""))]}),
        VerifyReport(0, 0, {1: HOSTILE}, {2: HOSTILE}, (HOSTILE,)), MergeReport(damaged={1: HOSTILE}), BackfillReport(HOSTILE),
        LedgerReport(0, 0, {HOSTILE: HOSTILE}), Sweep(ghz(2, "<script>"), "lima"),
        ArchiveSeries(HOSTILE, "t1", None, np.zeros(0, "datetime64[us]"), np.zeros((0, 1)), np.zeros((0, 1), bool), np.zeros(1, np.uint32)),
    ]  # fmt: skip
    for one in shown:
        page = page_of(one)
        # Texts are escaped; nothing of them changes the direction of others, or is mathematics.
        assert "script" not in page.elements
        assert not set(page.text) & {"\x1b", "\u202e"}
        assert ("div", "class", "mathjax_ignore tex2jax_ignore") in page.attributes


def test_odd_devices_have_pictures() -> None:
    one = {"backend_name": "one", "n_qubits": 1, "basis_gates": ["x"], "gates": [], "backend_version": "1"}
    alone = Snapshot.from_payloads(json.dumps(one))
    assert "There are no measured values." in page_of(alone).text
    assert "Map of 1 qubit" in alone._repr_html_()
    loose = Snapshot.from_payloads(json.dumps({**one, "n_qubits": 3, "coupling_map": None}))
    assert "svg" not in page_of(loose).elements
    odd = {**one, "coupling_map": [[0, 0], [0, 9], ["a", 1], [0]], "max_shots": "many", "online_date": "never"}
    odd["processor_type"] = ["Eagle"]
    assert page_of(Snapshot.from_payloads(json.dumps({**odd, "coupling_map": []})).configuration).text.startswith("one")
    lima = Snapshot.load("lima")
    page = page_of(lima.with_overrides(operational=dict.fromkeys(range(5), False)))
    assert "5 qubits are faulty : qubits 0, 1, 2, 3 and 4" in page.text
    bare = lima.with_overrides(readout_error=dict.fromkeys(range(5), None))
    assert page_of(bare)
    assert page_of(Snapshot.from_bytes(lima.to_bytes(payloads=False)))


def test_odd_series_have_pictures_without_warnings() -> None:
    start = np.datetime64("2026-01-01", "us")
    for values in (
        np.empty((0, 3)),
        np.full((1, 3), 1e-4),
        np.full((9, 3), np.nan),
        np.zeros((9, 0)),
        np.zeros((9, 3)),
    ):
        times = start + np.arange(len(values)) * np.timedelta64(1, "D")
        qubits = np.arange(values.shape[1], dtype=np.uint32)
        for quantity, array in (("t1", values), ("operational", np.nan_to_num(values).astype(bool))):
            series = ArchiveSeries("ibm_tiny", quantity, None, times, array, ~np.isnan(values), qubits)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert "ArchiveSeries" in page_of(series).text


def test_a_backend_is_shown_without_a_request(lima: Snapshot) -> None:
    bare = IBMBackend(lima.configuration, None, NoClient())
    page = page_of(bare)
    assert "backend.properties() fetches them" in page.text
    assert page.elements["svg"] >= 1
    assert "59.70" in page_of(backend_of(lima)).text


def test_jobs_are_shown_as_they_were_when_last_asked() -> None:
    assert "queued, position 1,200" in page_of(job_of("Queued", queue_position=1200)).text
    assert repr(job_of("Completed")) == "<IBMCircuitJob('d2k1') on ibmq_lima: done>"
    assert "a tag" in page_of(job_of("Completed")).text
    page = page_of(composite())
    assert "25 circuits · 3 parts" in page.text
    assert "1 part failed or cancelled" in page.text
    assert "not submitted: it is too large" in page.text
    unknown = IBMCircuitJob(backend_of(Snapshot.load("lima")), NoClient(), "d2k1")  # type: ignore[arg-type]
    assert "not asked yet" in page_of(unknown).text
    assert unknown._status is not JobStatus.DONE


def test_providers_are_shown_without_requests_and_secrets(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = provider.backends()[0].name
    secret = provider._endpoint.api_key

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a request was made")

    monkeypatch.setattr(provider._transport, "request", refuse)
    for shown in (provider, provider._service):
        page = page_of(shown)
        assert name in page.text
        assert secret not in page.text
    assert page_of(provider.backend).text.startswith("Backends")


def test_sweeps_say_what_failed_first(tmp_path: Path) -> None:
    sweep = Sweep([ghz(2), ghz(2, "raise_1")], "lima", pass_manager=misbehaving)
    with pytest.warns(package.SweepWarning):
        results = sweep.run(Serial(), tmp_path / "sweep.sqlite3", retries=0)
    page = page_of(results)
    assert page.text.index("2 tasks in sweep.sqlite3") < page.text.index("1 failed") < page.text.index("esp, median")
    assert "last ledger sweep.sqlite3" in page_of(sweep).text
    assert repr(Sweep(ghz(2), "lima")) == "<Sweep of 1 task: 1 snapshot, 1 setting, 1 seed, 1 circuit>"


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    archive = CalibrationArchive(tmp_path / "archive.sqlite3")
    archive._database.path.write_bytes(b"no database")
    archive.close()
    assert "archive.sqlite3" in page_of(archive).text


HEAVY = {"matplotlib", "pandas", "plotly", "rich", "typer", "IPython", "tqdm", "pyarrow"}
LOOK = """
import sys
from qiskit_ibm_native import Snapshot
snapshot = Snapshot.load("fez")
for shown in (snapshot, snapshot.properties, snapshot.configuration, snapshot.diff(snapshot.with_overrides(t1={0: 1e-4}))):
    shown._repr_html_()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_pictures_import_nothing_heavy() -> None:
    found = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(found.stdout.split()) & (HEAVY | {"qiskit"})


def test_a_picture_is_the_same_each_time(lima: Snapshot) -> None:
    assert lima._repr_html_() == Snapshot.load("lima")._repr_html_()
    assert Page(lima._repr_html_()).titles
