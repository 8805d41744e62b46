# SPDX-License-Identifier: Apache-2.0
"""Devices as an archive has them: what clients see at a time, when it passes, and when jobs wait meanwhile."""

from __future__ import annotations

import datetime
import json
import random
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from qiskit import QuantumCircuit, transpile
from tests.support.calibrations import BEGINNING, DAY
from tests.support.equality import assert_targets_equal
from tests.support.histories import archived, date_of, drifting, in_force, reading_ones_as_zeros

from qiskit_ibm_native import CalibrationArchive, IBMBackend, IBMProvider, Snapshot, build_target
from qiskit_ibm_native.exceptions import (
    ArchiveDamagedError,
    IBMBackendApiError,
    IBMInputValueError,
    IBMJobFailureError,
    IBMProviderValueError,
    QiskitBackendNotFoundError,
)
from qiskit_ibm_native.local import LocalService
from qiskit_ibm_native.local.jobs.store import Store

LIMA = drifting("lima", 12)
#: A device that was new on the sixth day.
VIGO = drifting("vigo", 12, first=5)
#: On each day, the probability that a one is read as a zero.
ZEROS = [0.0, 0.5, 1.0]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archived(tmp_path_factory.mktemp("archive") / "history.sqlite3", LIMA, VIGO)


@pytest.fixture(scope="module")
def readout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    published = reading_ones_as_zeros("lima", ZEROS)
    return archived(tmp_path_factory.mktemp("readout") / "history.sqlite3", published)


@contextmanager
def past(archive: Path | CalibrationArchive, at: Any, **options: Any) -> Iterator[IBMProvider]:
    with IBMProvider(channel="local", archive=archive, at=at, workers=1, **options) as provider:
        yield provider


def lima(provider: IBMProvider) -> IBMBackend:
    return provider.get_backend("ibmq_lima")


def ones(backend: IBMBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return transpile(circuit, backend, initial_layout=[0], optimization_level=0)


def share_of_ones(counts: dict[str, int]) -> float:
    return counts.get("1", 0) / sum(counts.values())


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def content_of(archive: Path) -> list[str]:
    with closing(sqlite3.connect(archive)) as connection:
        return list(connection.iterdump())


def is_open(path: Path) -> bool:
    return str(path.resolve()) in [file.path for file in psutil.Process().open_files()]


class Http:
    """Requests of a program without a client."""

    def __init__(self, service: LocalService) -> None:
        self.session = requests.Session()
        token = self.session.post(f"{service.url}/identity/token", data={"apikey": service.token}, timeout=30).json()
        self.session.headers.update(Authorization=f"Bearer {token['access_token']}", **{"Service-CRN": service.crn})
        self.url = service.url

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}/api/v1{path}", params=query, timeout=30)

    def clock(self, **content: Any) -> requests.Response:
        if not content:
            return self.session.get(f"{self.url}/clock", timeout=30)
        return self.session.put(f"{self.url}/clock", json=content, timeout=30)


# Devices


def test_devices_are_as_they_were(archive: Path) -> None:
    noon = BEGINNING + 7.5 * DAY
    with past(archive, noon) as provider:
        assert provider.clock.now() == noon
        assert [backend.name for backend in provider.backends()] == ["ibmq_lima", "ibmq_vigo", "local_simulator"]
        for name, published in (("ibmq_lima", LIMA), ("ibmq_vigo", VIGO)):
            backend = provider.get_backend(name)
            assert backend.properties().payload == in_force(published, noon)
            assert backend.configuration().payload == published[0].configuration
            expected = build_target(Snapshot.from_payloads(backend.configuration().payload, in_force(published, noon)))
            assert_targets_equal(expected, backend.target)
        # The ideal simulator has no calibrations, and is there at any time.
        assert provider.get_backend("local_simulator").num_qubits == 32


def test_a_client_sees_the_past_and_never_the_future(archive: Path) -> None:
    present = BEGINNING + 8.25 * DAY
    draw = random.Random(1)
    with LocalService(archive=archive, at=present, workers=1) as service:
        client = Http(service)
        for _ in range(60):
            moment = BEGINNING + draw.uniform(-1, 14) * DAY
            found = client.get("/backends/ibmq_lima/properties", updated_before=moment.isoformat())
            # Strictly before: calibrations are of midnight, and no moment that is drawn is.
            assert found.content == (in_force(LIMA, min(moment, present)) or b"{}")
        exactly = LIMA[3].time
        found = client.get("/backends/ibmq_lima/properties", updated_before=exactly.isoformat())
        assert found.content == LIMA[2].properties
        # A calibration that is made just now is the present one.
        service.clock.move_to(exactly)
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[3].properties


def test_histories_of_a_backend_end_at_the_present(archive: Path) -> None:
    with past(archive, BEGINNING + 4.5 * DAY) as provider:
        backend = lima(provider)
        second = backend.target_history(BEGINNING + 1.5 * DAY)
        expected = build_target(Snapshot.from_payloads(LIMA[1].configuration, LIMA[1].properties))
        assert second["cx"][(0, 1)].error == expected["cx"][(0, 1)].error != backend.target["cx"][(0, 1)].error
        assert second.source == "service"
        assert date_of(backend.properties(datetime=BEGINNING + 11 * DAY).payload) == LIMA[4].time
        assert backend.snapshot_history(BEGINNING).last_update is None


def test_a_device_appears_when_the_clock_passes_its_first_calibration(archive: Path) -> None:
    with past(archive, BEGINNING) as provider:
        assert [backend.name for backend in provider.backends()] == ["ibmq_lima", "local_simulator"]
        with pytest.raises(QiskitBackendNotFoundError):
            provider.get_backend("ibmq_vigo")
        provider.clock.move_to(VIGO[0].time)
        assert provider.get_backend("ibmq_vigo").properties().payload == VIGO[0].properties
        assert "ibmq_vigo" in [backend.name for backend in provider.backends()]
        provider.clock.move_to(VIGO[0].time - datetime.datetime.resolution)
        assert "ibmq_vigo" not in [backend.name for backend in provider.backends()]


def test_refreshing_tells_what_the_days_between_have_changed(archive: Path) -> None:
    with past(archive, BEGINNING) as provider:
        backend = lima(provider)
        first, target = backend.snapshot, backend.target
        provider.clock.advance(hours=23)
        assert not backend.refresh()
        assert backend.target is target
        provider.clock.advance(days=3)
        diff = backend.refresh()
        expected = first.diff(Snapshot.from_payloads(LIMA[3].configuration, LIMA[3].properties))
        assert diff.qubits
        assert (diff.qubits, diff.gates) == (expected.qubits, expected.gates)
        assert backend.target is not target
        # Back again.
        provider.clock.move_to(BEGINNING)
        backend.refresh()
        assert backend.snapshot == first


def test_a_watch_sees_each_calibration_of_a_replayed_history(archive: Path) -> None:
    seen: list[datetime.datetime] = []
    with past(archive, BEGINNING) as provider:
        backend = lima(provider)
        backend.target  # noqa: B018 (fetches the first one)
        with backend.watch(0.01, lambda _: seen.append(date_of(backend.properties().payload))):
            for calibration in LIMA[1:]:
                provider.clock.move_to(calibration.time)
                until(lambda calibration=calibration: seen[-1:] == [calibration.time])
    assert seen == [calibration.time for calibration in LIMA[1:]]


def test_time_passes_by_itself_if_it_is_told_to(archive: Path) -> None:
    # Three days a second.
    with past(archive, BEGINNING, speed=3 * 86_400) as provider:
        backend = lima(provider)
        found = []
        while not found or found[-1] < LIMA[6].time:
            before = provider.clock.now()
            backend.refresh()
            found.append(date_of(backend.properties().payload))
            after = provider.clock.now()
            known = [in_force(LIMA, moment) for moment in (before, after)]
            assert date_of(known[0]) <= found[-1] <= date_of(known[1])
        assert found == sorted(found)
        # However long a refresh takes on a machine that is busy.
        assert len(set(found)) >= 2


def test_names_of_devices_choose_some_of_the_archive(archive: Path, tmp_path: Path) -> None:
    with past(archive, BEGINNING + 8 * DAY, devices="vigo") as provider:
        assert [backend.name for backend in provider.backends()] == ["ibmq_vigo", "local_simulator"]
    # A device that is not there yet is no error as long as another one is.
    with past(archive, BEGINNING, devices=["vigo", "lima"]) as provider:
        assert [backend.name for backend in provider.backends()] == ["ibmq_lima", "local_simulator"]
    fez = Snapshot.load("fez")
    with CalibrationArchive(tmp_path / "fez.sqlite3") as opened:
        opened.add(fez)
        with past(opened, "2026-01-01", devices=["fez+fractional"]) as provider:
            backend = provider.get_backend("ibm_fez", use_fractional_gates=True)
            assert {"rx", "rzz"} <= set(backend.operation_names)
            assert backend.properties().payload == fez.payloads.properties
        # It was not opened by the service.
        assert opened.latest("fez") == fez


def test_other_clients_see_the_same_past(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalService(archive=archive, at=BEGINNING + 2.5 * DAY, workers=1) as service, service.in_environment():
        providers = [IBMProvider(), IBMProvider()]
        service.clock.advance(DAY)
        for provider in providers:
            with provider:
                assert lima(provider).properties().payload == LIMA[3].properties
                with pytest.raises(
                    IBMProviderValueError, match=r"service has the present time\. IBMProvider.channel='local'"
                ):
                    provider.clock  # noqa: B018 (raises)


@pytest.mark.official
def test_the_official_client_sees_the_past(archive: Path) -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService

    with LocalService(archive=archive, at=BEGINNING + 2.5 * DAY, workers=1) as service, service.in_environment():
        backend = QiskitRuntimeService().backend("ibmq_lima")
        content = json.loads(LIMA[2].properties)
        assert backend.properties().t1(0) == pytest.approx(content["qubits"][0][0]["value"] * 1e-6)
        service.clock.advance(DAY)
        backend.refresh()
        later = json.loads(LIMA[3].properties)["qubits"][0][0]["value"]
        assert backend.properties().t1(0) == pytest.approx(later * 1e-6)


# Jobs


def test_jobs_have_the_noise_and_the_time_of_their_submission(readout: Path) -> None:
    with past(readout, BEGINNING, seed=5) as provider:
        backend = lima(provider)
        circuit = ones(backend)
        jobs = []
        for _ in ZEROS:
            jobs.append(backend.run(circuit, shots=4000))
            # Whether the job has begun meanwhile makes no difference.
            provider.clock.advance(DAY)
        for number, (job, probability) in enumerate(zip(jobs, ZEROS, strict=True)):
            # Gates and relaxation cost a few thousandths; 4000 shots have a standard deviation of 0.008.
            assert share_of_ones(job.result().get_counts()) == pytest.approx(1 - probability, abs=0.04)
            times = job.time_per_step()
            assert times["CREATED"] == job.creation_date() == BEGINNING + number * DAY
            assert times["RUNNING"] - times["CREATED"] == datetime.datetime.resolution
            assert times["RUNNING"] < times["COMPLETED"] < times["RUNNING"] + datetime.timedelta(minutes=1)
            assert 0 < job.usage() < 60
            assert date_of(job.properties().payload) == BEGINNING + number * DAY


def test_jobs_that_wait_run_on_the_calibration_that_is_there_when_they_begin(readout: Path) -> None:
    evening = BEGINNING + 0.75 * DAY
    with past(readout, evening, queue_time=12 * 3600) as provider:
        backend = lima(provider)
        waits = backend.run(ones(backend), shots=4000)
        provider.clock.advance(hours=11)
        second = backend.run(ones(backend), shots=4000)
        assert waits.status().name == second.status().name == "QUEUED"
        assert [job.queue_position(refresh=True) for job in (waits, second)] == [1, 2]
        # Further than it waits: it began in between nevertheless.
        provider.clock.advance(days=30)
        assert share_of_ones(waits.result().get_counts()) == pytest.approx(0.5, abs=0.04)
        assert share_of_ones(second.result().get_counts()) == pytest.approx(0.5, abs=0.04)
        begun = waits.time_per_step()["RUNNING"]
        assert begun == evening + datetime.timedelta(hours=12, microseconds=1)
        assert date_of(waits.properties().payload) == BEGINNING + DAY


def test_jobs_wait_for_a_clock_that_goes(readout: Path) -> None:
    with past(readout, BEGINNING, queue_time=datetime.timedelta(hours=12), speed=86_400) as provider:
        backend = lima(provider)
        job = backend.run(ones(backend))
        job.result(timeout=60)
        times = job.time_per_step()
        waited = times["RUNNING"] - times["CREATED"]
        assert waited == datetime.timedelta(hours=12, microseconds=1)
        assert provider.clock.now() > times["RUNNING"]


def test_jobs_do_not_wait_for_those_of_a_later_time(readout: Path) -> None:
    with past(readout, BEGINNING + 2 * DAY, queue_time=3600) as provider:
        backend = lima(provider)
        circuit = ones(backend)
        later = backend.run(circuit)
        provider.clock.move_to(BEGINNING)
        earlier = backend.run(circuit)
        assert [job.queue_position(refresh=True) for job in (later, earlier)] == [2, 1]
        provider.clock.advance(hours=1)
        assert share_of_ones(earlier.result(timeout=60).get_counts()) == pytest.approx(1, abs=0.04)
        assert later.status().name == "QUEUED"
        provider.clock.move_to(BEGINNING + 3 * DAY)
        assert share_of_ones(later.result(timeout=60).get_counts()) == pytest.approx(0, abs=0.04)


def test_waiting_jobs_can_be_cancelled_and_do_not_keep_a_service(readout: Path) -> None:
    with past(readout, BEGINNING, queue_time=3600) as provider:
        backend = lima(provider)
        first, second, third = (backend.run(ones(backend)) for _ in range(3))
        first.cancel()
        assert first.status().name == "CANCELLED"
        provider.clock.advance(hours=1)
        assert sum(second.result().get_counts().values()) == 4000
        third.result()
        backend.run(ones(backend))
    # The last one waits; closing did not.


def test_several_jobs_that_are_due_run_at_once(readout: Path) -> None:
    with IBMProvider(channel="local", archive=readout, at=BEGINNING, queue_time=60, workers=3) as provider:
        backend = lima(provider)
        jobs = [backend.run(ones(backend)) for _ in range(12)]
        provider.clock.advance(minutes=1)
        assert all(job.result(timeout=120).success for job in jobs)
        begun = BEGINNING + datetime.timedelta(minutes=1, microseconds=1)
        assert {job.time_per_step()["RUNNING"] for job in jobs} == {begun}


def test_a_program_that_runs_twice_gets_the_same_results(archive: Path) -> None:
    def play() -> list[Any]:
        found: list[Any] = []
        with past(archive, BEGINNING, seed=3, queue_time=3 * 3600) as provider:
            backend = lima(provider)
            for _ in range(3):
                job = backend.run(ones(backend), shots=500)
                provider.clock.advance(hours=20)
                found += [job.result().get_counts(), job.creation_date(), job.time_per_step()["RUNNING"]]
                backend.refresh()
                found.append(backend.snapshot.digest)
        return found

    assert play() == play()


@pytest.mark.parametrize("program", ["sampler", "executor"])
def test_times_in_results_are_those_of_the_clock(program: str, readout: Path) -> None:
    with past(readout, BEGINNING) as provider:
        backend = lima(provider)
        job = backend.run(ones(backend), program_id=program)
        job.result()
        end = job.time_per_step()["COMPLETED"]
        raw = job._api_client.job_results(job.job_id())
        start, stop = re.findall(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*\+00:00", raw)
        begun, ended = (datetime.datetime.fromisoformat(stamp.decode()) for stamp in (start, stop))
        assert BEGINNING < begun < ended < end < BEGINNING + datetime.timedelta(minutes=1)


def test_sessions_end_by_the_clock(archive: Path) -> None:
    with LocalService(archive=archive, at=BEGINNING + DAY, workers=1) as service:
        client = Http(service)
        opened = client.session.post(
            f"{service.url}/api/v1/sessions", json={"mode": "batch", "backend": "ibmq_lima", "max_ttl": 600}, timeout=30
        ).json()
        assert client.get(f"/sessions/{opened['id']}").json()["elapsed_time"] == 0
        service.clock.advance(minutes=9)
        assert client.get(f"/sessions/{opened['id']}").json()["elapsed_time"] == 540
        assert client.get(f"/sessions/{opened['id']}").json()["accepting_jobs"]
        service.clock.move_to(BEGINNING)
        assert client.get(f"/sessions/{opened['id']}").json()["elapsed_time"] == 0
        service.clock.advance(days=2)
        closed = client.get(f"/sessions/{opened['id']}").json()
        assert (closed["state"], closed["elapsed_time"]) == ("closed", 600)


def test_jobs_are_found_by_simulated_times(readout: Path) -> None:
    with past(readout, BEGINNING) as provider:
        backend = lima(provider)
        first = backend.run(ones(backend))
        provider.clock.advance(days=2)
        second = backend.run(ones(backend))
        middle = BEGINNING + DAY
        assert [job.job_id() for job in provider.jobs(start_datetime=middle)] == [second.job_id()]
        assert [job.job_id() for job in provider.jobs(end_datetime=middle)] == [first.job_id()]
        second.result()


def test_jobs_fail_whose_gates_have_failed_before_they_begin(tmp_path: Path) -> None:
    published = drifting("lima", 2)
    content = json.loads(published[1].properties)
    (gate,) = (gate for gate in content["gates"] if (gate["gate"], gate["qubits"]) == ("x", [0]))
    gate["parameters"].append({"name": "operational", "unit": "", "value": 0, "date": content["last_update_date"]})
    published[1] = published[1]._replace(properties=json.dumps(content).encode())
    archive = archived(tmp_path / "failing.sqlite3", published)
    with past(archive, BEGINNING + 0.75 * DAY, queue_time=12 * 3600) as provider:
        backend = lima(provider)
        job = backend.run(ones(backend))
        provider.clock.advance(DAY)
        with pytest.raises(IBMJobFailureError, match=r"\bx\b.*0"):
            job.result()
        assert job.time_per_step()["RUNNING"] == BEGINNING + 1.25 * DAY + datetime.datetime.resolution
        assert job.time_per_step()["COMPLETED"] - job.time_per_step()["RUNNING"] < datetime.timedelta(minutes=1)


# The store


def test_jobs_of_the_past_are_not_kept_among_those_of_the_user(readout: Path, tmp_path: Path) -> None:
    with past(readout, BEGINNING) as provider:
        lima(provider).run(ones(lima(provider))).result()
    # The variable of the environment names this one.
    assert not (tmp_path / "local.sqlite3").exists()


def test_a_store_of_the_past_keeps_its_jobs_for_years(readout: Path, tmp_path: Path) -> None:
    store = tmp_path / "past.sqlite3"
    with past(readout, BEGINNING, store=store) as provider:
        job = lima(provider).run(ones(lima(provider)))
        counts = job.result().get_counts()
    with past(readout, BEGINNING + 800 * DAY, store=store) as provider:
        found = provider.retrieve_job(job.job_id())
        assert found.result().get_counts() == counts
        assert found.creation_date() == BEGINNING
        time.sleep(0.2)
        assert [job.job_id() for job in provider.jobs()] == [job.job_id()]
    with pytest.raises(
        IBMInputValueError, match="times of its jobs are simulated, those of this service the machine's"
    ):
        LocalService(store=store)


def test_a_store_of_the_present_is_not_used_for_the_past(readout: Path, tmp_path: Path) -> None:
    path = tmp_path / "present.sqlite3"
    with closing(Store(path)) as store:
        store.add_job(backend="ibmq_lima", program="sampler", params=b"{}", tags=[], cost=1, private=0, noise=1)
        # As earlier versions left it.
        with store._changes() as db:
            db.execute("DELETE FROM settings")
    with pytest.raises(
        IBMInputValueError, match=r"present.sqlite3 cannot be used: the times of its jobs are the machine's"
    ):
        LocalService(archive=readout, at=BEGINNING, store=path)
    with closing(Store(path)) as store:
        assert store.left() == 1


# The clock, by HTTP


def test_programs_without_a_client_move_the_clock_by_http(archive: Path) -> None:
    with LocalService(archive=archive, at="2025-01-02", workers=1) as service:
        client = Http(service)
        assert client.clock().json() == {"time": "2025-01-02T00:00:00+00:00", "speed": 0.0, "is_simulated": True}
        assert client.clock(time="2025-01-03T12:00:00Z").json()["time"] == "2025-01-03T12:00:00+00:00"
        assert client.clock(advance=86_400).json()["time"] == "2025-01-04T12:00:00+00:00"
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[3].properties
        wrong = [{"time": "soon"}, {"time": 5}, {"advance": -1}, {"advance": "1"}, {"x": 1}, {"time": "2024-01-01"}]
        for content in [*wrong, {"time": "2025-01-03", "advance": 1}]:
            refused = client.clock(**content)
            assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, 1211), content
        assert "no calibrations of ibmq_lima, ibmq_vigo at 2024" in client.clock(time="2024-01-01").text
        assert service.clock.now() == BEGINNING + 3.5 * DAY
        assert requests.get(f"{service.url}/clock", timeout=30).status_code == 401
        assert requests.put(f"{service.url}/clock", json={"advance": 1}, timeout=30).status_code == 401


def test_the_machines_clock_is_told_and_not_moved(service: LocalService) -> None:
    client = Http(service)
    before = datetime.datetime.now(datetime.timezone.utc)
    told = client.clock().json()
    assert before <= datetime.datetime.fromisoformat(told.pop("time"))
    assert told == {"speed": 1.0, "is_simulated": False}
    assert client.clock(advance=1).status_code == 409
    with pytest.raises(
        IBMInputValueError, match=r"has the time of the machine, which cannot be moved; create the service with archive"
    ):
        service.clock  # noqa: B018 (raises)


def test_resetting_sets_the_clock_back(archive: Path) -> None:
    with (
        LocalService(archive=archive, at=BEGINNING, workers=1) as service,
        service.in_environment(),
        IBMProvider() as provider,
    ):
        service.clock.advance(days=4)
        lima(provider).run(ones(lima(provider))).result()
        service.reset()
        assert service.clock.now() == BEGINNING
        assert provider.jobs() == []
        with pytest.raises(
            IBMInputValueError, match=r"cannot be published, because the devices are those of the archive "
        ):
            service.publish(Snapshot.load("lima"))


# Many at once


def test_clients_that_poll_while_the_clock_is_moved_see_each_moment_as_it_was(archive: Path) -> None:
    problems: list[str] = []
    polls = 0
    with LocalService(archive=archive, at=BEGINNING, workers=1) as service:
        is_over = threading.Event()

        def poll() -> None:
            nonlocal polls
            client, last = Http(service), BEGINNING
            while not is_over.is_set():
                before = service.clock.now()
                reply = client.get("/backends/ibmq_lima/properties")
                names = [device["name"] for device in client.get("/backends").json()["devices"]]
                after = service.clock.now()
                found = date_of(reply.content)
                low, high = (date_of(in_force(LIMA, moment)) for moment in (before, after))
                if not max(low, last) <= found <= high or reply.content not in [one.properties for one in LIMA]:
                    problems.append(f"{found} is not between {low} and {high}, or before {last}")
                if ("ibmq_vigo" in names) not in {moment >= VIGO[0].time for moment in (before, after)}:
                    problems.append(f"{names} between {before} and {after}")
                last = found
                polls += 1

        def advance() -> None:
            for _ in range(55):
                service.clock.advance(hours=1)
                time.sleep(0.002)

        threads = [threading.Thread(target=poll) for _ in range(4)]
        movers = [threading.Thread(target=advance) for _ in range(4)]
        for thread in threads + movers:
            thread.start()
        for mover in movers:
            mover.join()
        seen = polls
        until(lambda: polls >= seen + 8)
        is_over.set()
        for thread in threads:
            thread.join()
        assert service.clock.now() == BEGINNING + datetime.timedelta(hours=220)
    assert problems == []


# The archive


def test_reading_puts_nothing_into_an_archive(readout: Path) -> None:
    before = content_of(readout)
    with past(readout, BEGINNING + 0.5 * DAY) as provider:
        backend = lima(provider)
        assert provider.archive is None
        for _ in range(2):
            backend.run(ones(backend)).result()
            provider.clock.advance(DAY)
            backend.refresh()
        backend.properties(datetime=BEGINNING + DAY)
        backend.target_history(BEGINNING + DAY)
        assert is_open(readout)
    assert content_of(readout) == before
    assert not is_open(readout)


def test_what_is_added_to_an_archive_is_there_for_the_next_service(tmp_path: Path) -> None:
    path = archived(tmp_path / "grows.sqlite3", LIMA[:3])
    with LocalService(archive=path, at=BEGINNING + 5 * DAY, workers=1) as service:
        client = Http(service)
        archived(path, LIMA[3:5], VIGO[:1])
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[2].properties
        assert client.get("/backends/ibmq_vigo/properties").status_code == 404
    with LocalService(archive=path, at=BEGINNING + 5 * DAY, workers=1) as service:
        client = Http(service)
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[4].properties
        assert client.get("/backends/ibmq_vigo/properties").content == VIGO[0].properties


def test_an_archive_without_a_time_records_as_before(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    with IBMProvider(channel="local", archive=path, workers=1) as provider:
        assert provider.archive is not None
        assert provider.get_backend("ibmq_vigo").properties() is not None
        with pytest.raises(IBMProviderValueError, match="has the present time"):
            provider.clock  # noqa: B018 (raises)
    with CalibrationArchive(path) as found:
        assert found.backends() == ["ibmq_vigo"]


def test_the_archive_of_the_user_is_named_by_true(
    archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(archive))
    with IBMProvider(channel="local", archive=True, at=BEGINNING, workers=1) as provider:
        assert lima(provider).properties().payload == LIMA[0].properties
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path / "none.sqlite3"))
    with pytest.raises(IBMInputValueError, match=r"There is no archive .*none.sqlite3; CalibrationArchive makes one"):
        LocalService(archive=True, at=BEGINNING)
    assert not (tmp_path / "none.sqlite3").exists()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"archive": "{folder}/none.sqlite3"}, "There is no archive .*none.sqlite3"),
    ({"archive": 5}, "archive is 5; it must be a CalibrationArchive, a path, or True"),
    ({"archive": None}, "^at: only devices of an archive have a past; add archive=True"),
    ({"archive": False, "speed": 1}, "^at, speed: only devices of an archive"),
    ({"at": None}, "archive needs the time at which the service starts; add at='2026-03-01', or leave archive out"),
    ({"at": "soon"}, "at must be a datetime, .*, not 'soon'"),
    (
        {"at": "2024-12-31"},
        "no calibrations of ibmq_lima, ibmq_vigo at 2024-12-31.*; the first one is of 2025-01-01T00:00",
    ),
    ({"devices": "vigo"}, "no calibrations of ibmq_vigo at 2025-01-02.*; the first one is of 2025-01-06T00:00"),
    ({"devices": "fez"}, "devices has 'fez'; of an archive, .* has ibmq_lima, ibmq_vigo"),
    ({"devices": ["vigo", 5]}, "devices has 5; of an archive, devices are the names"),
    ({"devices": []}, "devices is empty"),
    ({"devices": ["lima", "ibmq_lima+fractional"]}, "devices has ibmq_lima with fractional gates and without"),
    ({"speed": -1}, "speed is -1; it must be from 0"),
    ({"queue_time": -1}, "queue_time is -1; it must be a timedelta or a number of seconds"),
    ({"queue_time": float("nan")}, "queue_time is nan"),
    ({"queue_time": "1"}, "queue_time is '1'"),
    ({"queue_time": True}, "queue_time is True"),
    ({"queue_time": datetime.timedelta(days=400)}, "queue_time is .* to 366 days"),
]


@pytest.mark.parametrize(("arguments", "text"), WRONG)
def test_what_makes_no_sense_of_the_past_is_told(
    archive: Path, tmp_path: Path, arguments: dict[str, Any], text: str
) -> None:
    given = {"archive": archive, "at": "2025-01-02", **arguments}
    if isinstance(given["archive"], str):
        given["archive"] = given["archive"].format(folder=tmp_path)
    with pytest.raises(IBMInputValueError, match=text):
        LocalService(store=tmp_path / "jobs", **given)
    assert not is_open(archive)
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_provider_that_records_has_no_speed(archive: Path) -> None:
    with pytest.raises(
        IBMInputValueError, match=r"archive needs the time at which the service starts; add at='2026-03-01'"
    ):
        IBMProvider(channel="local", archive=archive, speed=1)


def test_channels_are_given_the_archive_and_say_what_is_recorded_into(
    service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other_channel.py").write_text(
        "from qiskit_ibm_native.provider.connection import Connection\n"
        "def connect(*, instance, archive, endpoint):\n"
        "    return Connection(endpoint, archive=archive.with_suffix('.other'))\n"
    )
    information = tmp_path / "other_channel-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: other-channel\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[qiskit_ibm_native.channels]\nother = other_channel:connect\n")
    monkeypatch.syspath_prepend(tmp_path)
    with IBMProvider(channel="other", archive=tmp_path / "mine.sqlite3", endpoint=service.endpoint()) as provider:
        assert provider.archive is not None
        assert provider.archive.path == tmp_path / "mine.other"
    assert not (tmp_path / "mine.sqlite3").exists()


def test_an_archive_of_nothing_has_no_past(tmp_path: Path) -> None:
    CalibrationArchive(tmp_path / "new.sqlite3").close()
    with pytest.raises(IBMInputValueError, match=r"has no calibrations; provider.backfill and import_folder"):
        LocalService(archive=tmp_path / "new.sqlite3", at="2025-01-02")


@pytest.mark.parametrize("channel", [None, "ibm_quantum_platform"])
def test_other_channels_have_no_past(channel: str | None, archive: Path) -> None:
    with pytest.raises(IBMInputValueError, match=r"Unknown arguments for this channel: \['at'\].*channel='local'"):
        IBMProvider(token="key", channel=channel, archive=archive, at="2025-01-02")


# Damage


@pytest.fixture
def damaged(archive: Path, tmp_path: Path) -> Path:
    """Return a copy in which the third calibration of a device is damaged."""
    path = Path(shutil.copy(archive, tmp_path / "damaged.sqlite3"))
    with closing(sqlite3.connect(path)) as connection:
        ((number,),) = connection.execute(
            "SELECT properties FROM calibrations WHERE backend = 'ibmq_lima' ORDER BY updated LIMIT 1 OFFSET 2"
        ).fetchall()
        ((packed,),) = connection.execute("SELECT packed FROM payloads WHERE id = ?", (number,)).fetchall()
        middle = len(packed) // 2
        broken = packed[:middle] + bytes([packed[middle] ^ 0x55]) + packed[middle + 1 :]
        connection.execute("UPDATE payloads SET packed = ? WHERE id = ?", (broken, number))
        connection.commit()
    return path


def test_a_service_does_not_start_at_a_damaged_calibration_nor_go_there(damaged: Path) -> None:
    with pytest.raises(ArchiveDamagedError, match=r"damaged.sqlite3 is damaged: .* verify\(\) tells more"):
        LocalService(archive=damaged, at=LIMA[2].time)
    with LocalService(archive=damaged, at=LIMA[1].time, workers=1) as service:
        client = Http(service)
        with pytest.raises(ArchiveDamagedError):
            service.clock.advance(DAY)
        assert client.clock(advance=86_400).status_code == 410
        assert service.clock.now() == LIMA[1].time
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[1].properties
        # Later ones are sound; the damaged one is told when somebody asks for it.
        service.clock.advance(2 * DAY)
        assert client.get("/backends/ibmq_lima/properties").content == LIMA[3].properties
        asked = client.get("/backends/ibmq_lima/properties", updated_before=LIMA[3].time.isoformat())
        assert asked.status_code == 410
        assert "verify() tells more" in asked.json()["errors"][0]["message"]


def test_time_that_passes_over_a_damaged_calibration_is_told(damaged: Path) -> None:
    almost = LIMA[2].time - datetime.timedelta(hours=1)
    with past(damaged, almost, queue_time=7200) as provider:
        backend = lima(provider)
        job = backend.run(ones(backend))
        provider.clock.move_to(LIMA[3].time)
        with pytest.raises(IBMJobFailureError, match="is damaged"):
            job.result()
        with pytest.raises(IBMBackendApiError, match="is damaged"):
            backend.properties(datetime=LIMA[3].time)
        # The next job goes on.
        job = backend.run(ones(backend))
        provider.clock.advance(hours=2)
        assert job.result().success


def test_what_is_no_archive_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, text in ((b"no archive at all" * 100, "is damaged, or not an archive"), (b"", "There is no archive")):
        path.write_bytes(content)
        with pytest.raises((ArchiveDamagedError, IBMInputValueError), match=text):
            LocalService(archive=path, at="2025-01-02")
        assert path.read_bytes() == content
