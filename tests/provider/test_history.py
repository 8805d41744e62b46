# SPDX-License-Identifier: Apache-2.0
"""Earlier times: the archive first, then the service, and every answer says where it is from."""

from __future__ import annotations

import copy
import datetime
import itertools
import logging
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import equality, quick
from tests.support.calibrations import BEGINNING, STEP, Drift

from qiskit_ibm_native import CalibrationArchive, HistoricalTarget, IBMProvider, Snapshot, build_target
from qiskit_ibm_native.exceptions import (
    ArchiveError,
    IBMBackendApiError,
    IBMBackendError,
    IBMInputValueError,
    IBMProviderValueError,
)
from qiskit_ibm_native.local.server import LocalService
from qiskit_ibm_native.local.service.faults import Fault

COUNT = 30
AFTER = BEGINNING + COUNT * STEP


@pytest.fixture(scope="module")
def calibrations() -> list[Snapshot]:
    return Snapshot.parse_many(list(Drift("lima", seed=1).calibrations(COUNT)))


@pytest.fixture(scope="module")
def shared(calibrations, tmp_path_factory) -> Iterator[LocalService]:
    """Give a service that has the history of one device."""
    folder = tmp_path_factory.mktemp("history")
    for number, snapshot in enumerate(calibrations):
        snapshot.save(folder / f"{number}.zip")
    service = LocalService(devices=folder, store=folder / "jobs.sqlite3", workers=1)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def past(shared: LocalService, monkeypatch) -> Iterator[LocalService]:
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    yield shared
    shared.faults.clear()


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "archive.sqlite3"


@pytest.fixture
def archiving(past: LocalService, file: Path) -> Iterator[IBMProvider]:
    with IBMProvider(archive=file) as provider:
        yield provider


@pytest.fixture
def asked(archiving: IBMProvider) -> list[str]:
    """Give the ends of the paths of requests for payloads."""
    made: list[str] = []
    archiving._transport.on_request = lambda request: made.append(request.url.partition("?")[0].rsplit("/", 1)[-1])
    return made


def time_of(number: int, minutes: float = 1.0) -> datetime.datetime:
    """Return a time shortly after a calibration."""
    return BEGINNING + number * STEP + datetime.timedelta(minutes=minutes)


def test_what_passes_by_is_recorded(archiving: IBMProvider, calibrations, asked) -> None:
    backend = archiving.get_backend("ibmq_lima")
    assert archiving.archive.backends() == []
    assert backend.properties().source == "service"
    assert archiving.archive.latest("ibmq_lima") == calibrations[-1]
    backend.properties(datetime=time_of(10))
    assert archiving.archive.between("ibmq_lima").times == [calibrations[10].last_update, calibrations[-1].last_update]
    assert archiving.archive.verify()


def test_the_archive_is_asked_first(archiving: IBMProvider, calibrations, asked) -> None:
    backend = archiving.get_backend("ibmq_lima")
    first = backend.properties(datetime=time_of(10, 60))
    assert (first.source, first.t1(0)) == ("service", calibrations[10].properties.t1(0))
    count = len(asked)
    again = backend.properties(datetime=time_of(10, 30))
    assert (again.source, again.t1(0)) == ("archive", calibrations[10].properties.t1(0))
    target = backend.target_history(time_of(10, 60))
    assert isinstance(target, HistoricalTarget)
    assert target.source == "archive"
    equality.assert_targets_equal(build_target(calibrations[10], use_fractional_gates=False), target)
    snapshot = backend.snapshot_history(time_of(10, 5).replace(tzinfo=None).astimezone())
    assert snapshot.name == "ibmq_lima"
    assert len(asked) <= count + 1
    later = backend.target_history(time_of(10, 61))
    assert later.source == "service"
    assert backend.target_history() is backend.target


def test_the_archive_does_not_answer_what_it_cannot_know(past: LocalService, file: Path, calibrations) -> None:
    with CalibrationArchive(file) as archive:
        archive.add(calibrations[3])
    with IBMProvider(archive=file) as provider:
        found = provider.get_backend("ibmq_lima").snapshot_history(time_of(10))
    assert (found.source, found) == ("service", calibrations[10])


def test_the_service_failing_the_archive_answers_with_a_warning(past, file, calibrations, caplog) -> None:
    with IBMProvider(archive=file) as provider:
        provider._transport.policy = quick.QUICK
        backend = provider.get_backend("ibmq_lima")
        provider.archive.add(calibrations[3])
        past.faults.add(Fault("status", match="properties", status=400, times=5))
        with caplog.at_level(logging.WARNING, logger="qiskit_ibm_native"):
            logging.getLogger("qiskit_ibm_native").propagate = True
            found = backend.snapshot_history(time_of(10))
            assert (found.source, found) == ("archive-nearest", calibrations[3])
            assert pickle.loads(pickle.dumps(found)).properties.source == "archive-nearest"
            assert backend.target_history(time_of(10)).source == "archive-nearest"
        with pytest.raises(IBMBackendApiError):
            backend.snapshot_history(time_of(2))
        past.faults.clear()
        early = provider.get_backend("ibmq_lima").snapshot_history(BEGINNING - STEP)
        assert early.properties is None
        assert early.source is None


def test_the_past_of_a_device_whose_service_forgot_it(past, file, calibrations) -> None:
    older = calibrations[0]
    content = older.payloads.properties.replace(b"2024-12-31T19:00:00-05:00", b"2020-01-01T00:00:00-05:00")
    with IBMProvider(archive=file) as provider:
        provider.archive.add(Snapshot.from_payloads(older.payloads.configuration, content))
        found = provider.get_backend("ibmq_lima").properties(datetime=datetime.datetime(2021, 1, 1))
        assert found.source == "archive-nearest"
        assert found.t1(0) == calibrations[0].columns.t1[0]


def test_a_provider_asks_for_its_own_service(past, file, calibrations) -> None:
    """Devices of the same name on another service are other devices."""
    with IBMProvider(archive=file) as provider:
        provider._transport.policy = quick.QUICK
        archive, backend = provider.archive, provider.get_backend("ibmq_lima")
        archive.add(calibrations[3], origin=past.api_url)
        archive.add(calibrations[4], origin="https://quantum.example.org", until=AFTER)
        archive.add(calibrations[5].with_overrides(t1={0: 5e-5}), origin=past.api_url)
        past.faults.add(Fault("status", match="properties", status=400, times=1))
        assert backend.snapshot_history(time_of(10)) == calibrations[3]
        assert backend.snapshot_history(time_of(10)) == calibrations[10]
        assert archive.origins("ibmq_lima") == ["https://quantum.example.org", "local"]


def test_overrides_are_not_recorded(archiving: IBMProvider, calibrations) -> None:
    archiving._recorder.record(calibrations[0].with_overrides(t1={0: 5e-5}), AFTER)
    assert archiving.archive.stats().calibrations == 0


def test_a_refresh_records_what_is_new(past: LocalService, archiving: IBMProvider, calibrations) -> None:
    backend = archiving.get_backend("ibmq_lima")
    backend.target  # noqa: B018
    more = Snapshot.parse_many(list(Drift("lima", seed=1).calibrations(COUNT + 1)))[-1]
    past.publish(more)
    try:
        assert backend.refresh()
        assert archiving.archive.latest("ibmq_lima") == more
        now = datetime.datetime.now(datetime.timezone.utc)
        for minutes, origin, expected in (
            (15, past.api_url, more),
            (5, past.api_url, None),
            (15, "https://other", None),
        ):
            moment = now - datetime.timedelta(minutes=minutes)
            assert archiving.archive.latest_before_confirmed("ibmq_lima", moment, origin) == expected
    finally:
        device = past._catalog.get("ibmq_lima")
        device.calibrations.remove(more)


def test_pulse_defaults_of_earlier_times(file: Path, monkeypatch, tmp_path) -> None:
    service = LocalService(store=tmp_path / "jobs.sqlite3", workers=1)
    service.start()
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    try:
        with IBMProvider(archive=file) as provider:
            backend = provider.get_backend("ibmq_lima")
            before = backend.defaults()
            assert before.source == "service"
            backend.properties()
            known = backend.snapshot.last_update
            assert provider.archive.latest("ibmq_lima").defaults == before
            assert backend.defaults(datetime=known + datetime.timedelta(days=1)).source == "archive"
            with pytest.raises(IBMBackendError, match=r"before 2019-01-01.* are not known: services keep no history"):
                backend.defaults(datetime=datetime.datetime(2019, 1, 1, tzinfo=datetime.timezone.utc))
            with pytest.raises(TypeError, match="a moment must be a datetime"):
                backend.defaults(datetime=20250101)
            with pytest.raises(IBMInputValueError, match="not 'last week'"):
                backend.defaults(datetime="last week")
        with IBMProvider() as provider:
            backend = provider.get_backend("ibmq_lima")
            assert backend.defaults(datetime=known + datetime.timedelta(days=1)).source == "service"
            with pytest.raises(IBMBackendError, match="no archive with them"):
                backend.defaults(datetime=known)
    finally:
        service.stop()


def test_properties_of_a_job_say_where_they_are_from(tmp_path, monkeypatch) -> None:
    with IBMProvider(
        channel="local", store=tmp_path / "jobs.sqlite3", workers=1, archive=tmp_path / "archive"
    ) as provider:
        backend = provider.get_backend("ibmq_vigo")
        job = backend.run(quick.circuit(), shots=10)
        job.wait_for_final_state(60)
        first = job.properties()
        assert first.source == "service"
        assert first.last_update_date == backend.properties().last_update_date
        # A calibration that is minutes old may not have been published at the time of the request.
        assert job.properties(refresh=True).source == "service"
        monkeypatch.setattr("qiskit_ibm_native.provider.history.recorder.MARGIN", datetime.timedelta())
        job.properties(refresh=True)
        assert job.properties(refresh=True).source == "archive"


def test_backfill_walks_the_whole_history(archiving: IBMProvider, calibrations, asked) -> None:
    backend = archiving.get_backend("ibmq_lima")
    reports = []
    asked.clear()
    report = archiving.backfill(backend, BEGINNING, requests_per_minute=1e9, progress=reports.append)
    assert (report.added, report.known, report.requests) == (COUNT, 0, COUNT)
    assert report.fraction == 1.0
    assert report.reached == BEGINNING
    assert not report.is_exhausted
    assert [each.fraction for each in reports] == sorted(each.fraction for each in reports)
    assert reports[-1] == report
    assert asked == ["properties"] * COUNT
    assert [each.payloads[1] for each in archiving.archive.between("ibmq_lima")] == [
        each.payloads[1] for each in calibrations
    ]
    again = archiving.backfill("ibmq_lima", BEGINNING, AFTER, requests_per_minute=1e9)
    assert (again.added, again.requests) == (0, 0)
    assert backend.properties(datetime=time_of(17)).source == "archive"


def test_backfill_goes_on_where_it_was_interrupted(archiving: IBMProvider, past, calibrations, asked) -> None:
    archiving._transport.policy = quick.QUICK
    backend = archiving.get_backend("ibmq_lima")

    def interrupt(report) -> None:
        if report.requests == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archiving.backfill(backend, BEGINNING, AFTER, requests_per_minute=1e9, progress=interrupt)
    assert archiving.archive.stats().calibrations == 7
    past.faults.add(Fault("status", match="properties", status=429, times=100))
    with pytest.raises(IBMBackendApiError):
        archiving.backfill(backend, BEGINNING, AFTER, requests_per_minute=1e9)
    past.faults.clear()
    asked.clear()
    report = archiving.backfill(backend, BEGINNING, AFTER, requests_per_minute=1e9)
    assert (report.added, report.known, report.requests) == (COUNT - 7, 7, COUNT - 7)
    assert len(asked) == COUNT - 7
    assert archiving.archive.stats().calibrations == COUNT


def test_a_backfill_that_ctrl_c_stops_at_any_moment_goes_on(archiving: IBMProvider, asked) -> None:
    backend = archiving.get_backend("ibmq_lima")
    backend.properties()
    asked.clear()
    stops = 0
    # Programs in the background of a shell begin with signals of the keyboard ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in range(8):
        timer = threading.Timer(0.004 * number, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            archiving.backfill(backend, BEGINNING, AFTER, requests_per_minute=1e9)
            timer.join()
            # The signal may come behind the walk.
            time.sleep(0.05)
        except KeyboardInterrupt:
            stops += 1
            assert archiving.archive.verify()
    signal.signal(signal.SIGINT, before)
    assert stops == 8
    report = archiving.backfill(backend, BEGINNING, AFTER, requests_per_minute=1e9)
    assert report.added + report.known == COUNT
    assert archiving.archive.stats().calibrations == COUNT
    # An interruption costs one request at most: the one that it stopped, perhaps before it was counted here.
    assert COUNT - stops <= len(asked) <= COUNT + stops


def test_a_backfill_shows_a_bar_if_that_is_wanted(archiving: IBMProvider, capsys) -> None:
    archiving.backfill("ibmq_lima", BEGINNING, AFTER, requests_per_minute=1e9, progress=True)
    shown = capsys.readouterr().err
    assert "backfill ibmq_lima: 100%" in shown
    assert f"added={COUNT}" in shown
    archiving.backfill("ibmq_lima", BEGINNING, AFTER, requests_per_minute=1e9)
    assert capsys.readouterr().err == ""


def test_backfill_fetches_again_what_is_damaged(archiving: IBMProvider, file, calibrations, asked) -> None:
    archiving.backfill("ibmq_lima", BEGINNING, AFTER, requests_per_minute=1e9)
    row = archiving.archive.between("ibmq_lima")._rows[7]
    with archiving.archive._database.writing() as connection:
        connection.execute("UPDATE payloads SET packed = zeroblob(40) WHERE id = ?", (row.properties,))
    assert not archiving.archive.verify()
    asked.clear()
    report = archiving.backfill("ibmq_lima", BEGINNING, AFTER, requests_per_minute=1e9)
    assert (report.added, report.requests) == (0, 1)
    assert asked == ["properties"]
    assert archiving.archive.verify()
    assert archiving.archive.between("ibmq_lima")[7].payloads[1] == calibrations[7].payloads[1]


def test_backfill_in_steps_to_the_beginning_of_everything(archiving: IBMProvider, calibrations) -> None:
    report = archiving.backfill(
        "ibmq_lima", datetime.datetime(2020, 1, 1), AFTER, datetime.timedelta(hours=12), requests_per_minute=1e9
    )
    assert report.is_exhausted
    assert report.fraction == 1.0
    times = archiving.archive.between("ibmq_lima").times
    assert all(later - earlier >= datetime.timedelta(hours=9) for earlier, later in itertools.pairwise(times))
    assert 5 <= len(times) <= 8
    assert set(times) <= {each.last_update for each in calibrations}


def test_backfill_does_not_ask_too_often(archiving: IBMProvider) -> None:
    started = datetime.datetime.now()
    archiving.backfill("ibmq_lima", time_of(COUNT - 4), AFTER, requests_per_minute=600)
    assert datetime.datetime.now() - started >= datetime.timedelta(seconds=0.2)


def test_backfill_refuses_what_makes_no_sense(archiving: IBMProvider, past) -> None:
    for arguments, message in (
        ((AFTER, BEGINNING), "must be before end"),
        ((BEGINNING, AFTER, datetime.timedelta(-1)), "step must not be negative"),
    ):
        with pytest.raises(IBMInputValueError, match=message):
            archiving.backfill("ibmq_lima", *arguments)
    with pytest.raises(IBMInputValueError, match="requests_per_minute must be above 0"):
        archiving.backfill("ibmq_lima", BEGINNING, requests_per_minute=0)
    with pytest.raises(TypeError):
        archiving.backfill("ibmq_lima", 20250101)
    with pytest.raises(IBMInputValueError, match=r"start must be .* not 'last week'"):
        archiving.backfill("ibmq_lima", "last week")
    with IBMProvider() as provider, pytest.raises(IBMProviderValueError, match="no archive to fill"):
        provider.backfill("ibmq_lima", BEGINNING)


def test_an_archive_is_given_in_many_ways(past: LocalService, file: Path, monkeypatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(file))
    with CalibrationArchive(file) as archive:
        for given in (True, str(file), file, archive):
            with IBMProvider(archive=given) as provider:
                assert provider.archive.path == file
        assert archive.backends() == []
    for given in (None, False):
        with IBMProvider(archive=given) as provider:
            assert provider.archive is None
    with pytest.raises(IBMInputValueError, match="archive must be a CalibrationArchive, a path or True, not 3"):
        IBMProvider(archive=3)
    file.write_text("no archive")
    with pytest.raises(ArchiveError):
        IBMProvider(archive=file)


def test_a_broken_archive_stops_nobody(past: LocalService, file: Path, calibrations) -> None:
    with IBMProvider(archive=file) as provider:
        backend = provider.get_backend("ibmq_lima")
        provider.archive.close()
        assert backend.properties().source == "service"
        assert backend.snapshot_history(time_of(4)) == calibrations[4]
        assert not backend.refresh()


def test_historical_targets_are_targets(archiving: IBMProvider, calibrations) -> None:
    from qiskit import QuantumCircuit, transpile

    target = archiving.get_backend("ibmq_lima").target_history(time_of(5))
    for other in (pickle.loads(pickle.dumps(target)), copy.deepcopy(target)):
        assert other.source == "service"
        equality.assert_targets_equal(target, other)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    assert transpile(circuit, target=target, seed_transpiler=1).num_qubits == 5


def test_a_chosen_calibration_is_not_taken_for_the_latest_one(archiving: IBMProvider) -> None:
    backend = archiving.get_backend("ibmq_lima", calibration_id="mine")
    assert backend.properties() is not None
    assert archiving.archive.stats().calibrations == 0


def test_pulses_are_kept_with_the_calibration_that_they_were_fetched_with(file, monkeypatch, tmp_path) -> None:
    service = LocalService(store=tmp_path / "jobs.sqlite3", workers=1)
    service.start()
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    configuration, properties, defaults = Snapshot.load("lima").payloads
    later = properties.replace(b"2021-03-15T00:36:03-04:00", b"2021-03-16T00:36:03-04:00", 1)
    assert later != properties
    try:
        with IBMProvider(archive=file) as provider:
            backend = provider.get_backend("ibmq_lima")
            pulses = backend.defaults(), backend.properties()
            service.publish(Snapshot.from_payloads(configuration, later, defaults))
            assert not backend.refresh()
            assert backend.properties() is not pulses[1]
            assert provider.archive.latest("ibmq_lima").payloads == (configuration, later, defaults)
            other = Snapshot.load("hanoi").payloads.defaults
            service.publish(Snapshot.from_payloads(configuration, later, other))
            held = backend.target, backend.properties()
            diff = backend.refresh()
            assert diff
            assert diff.defaults
            assert not diff.qubits
            assert (backend.target, backend.properties()) == held
            assert backend.defaults().payload == other
            assert "pulse defaults: others" in str(diff)
    finally:
        service.stop()


def test_a_service_that_ignores_the_time_is_not_believed(calibrations) -> None:
    from qiskit_ibm_native import IBMBackend
    from qiskit_ibm_native.exceptions import IBMBackendApiProtocolError

    class Client:
        def backend_properties(self, name, datetime=None):
            return calibrations[9].payloads.properties

    configuration = Snapshot.from_payloads(calibrations[0].payloads.configuration)
    backend = IBMBackend(configuration, None, Client())
    with pytest.raises(IBMBackendApiProtocolError, match="and sent later ones"):
        backend.snapshot_history(time_of(3))
