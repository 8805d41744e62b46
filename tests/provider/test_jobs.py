# SPDX-License-Identifier: Apache-2.0
"""Jobs, from submission to results, on a real service over real sockets."""

from __future__ import annotations

import copy
import datetime
import inspect
import io
import pickle
import subprocess
import sys
import time
from concurrent.futures import Future
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.providers import JobStatus, JobV1

from qiskit_ibm_native import BackendProperties, IBMCircuitJob, IBMCompositeJob, IBMJob, IBMProvider, job_monitor
from qiskit_ibm_native.exceptions import (
    IBMBackendValueError,
    IBMError,
    IBMInputValueError,
    IBMJobApiError,
    IBMJobFailureError,
    IBMJobInvalidStateError,
    IBMJobNotFoundError,
    IBMJobTimeoutError,
)
from qiskit_ibm_native.local.service.faults import Fault
from qiskit_ibm_native.provider.jobs.base import job_status
from qiskit_ibm_native.provider.jobs.composite_job import _Part

if TYPE_CHECKING:
    from qiskit_ibm_native.local.server import LocalService


def flipped(number: int = 1, name: str = "flipped") -> QuantumCircuit:
    """Return a circuit that always measures the same."""
    circuit = QuantumCircuit(number, number, name=name)
    circuit.x(range(number))
    circuit.measure(range(number), range(number))
    return circuit


def slow() -> QuantumCircuit:
    """Return a circuit that takes a simulator minutes."""
    circuit = QuantumCircuit(24, 1)
    for step in range(400):
        circuit.rx(0.3, range(24))
        circuit.cx(step % 24, (step + 5) % 24)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    return circuit


@pytest.fixture
def simulator(provider: IBMProvider) -> Any:
    return provider.get_backend("local_simulator")


def test_a_job_from_submission_to_result(simulator: Any) -> None:
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    job = simulator.run(flipped(), shots=10, job_tags=["first", "second"])
    assert isinstance(job, JobV1)
    assert job.backend() is simulator
    result = job.result(timeout=60)
    assert result.get_counts() == {"1": 10}
    assert job.status() is JobStatus.DONE
    assert job.done()
    assert job.in_final_state()
    assert not job.running()
    assert not job.cancelled()
    assert result.job_id == job.job_id()
    assert result.backend_name == "local_simulator"
    assert result.success
    assert job.tags() == ["first", "second"]
    assert job.error_message() is None
    assert job.queue_info() is None
    assert job.queue_position() is None
    assert job.scheduling_mode() is None
    times = job.time_per_step()
    assert before <= times["CREATED"] <= times["RUNNING"] <= times["COMPLETED"]
    assert before <= job.creation_date()
    assert job.creation_date().tzinfo is not None
    assert job.usage() > 0
    assert set(job.usage_estimation) == {"quantum_seconds"}
    assert set(job.client_version) == {"qiskit-ibm-native", "qiskit"}
    assert job.logs() == ""
    assert job.properties() is None  # simulators have none
    assert job.session_id is None
    assert repr(job) == f"<IBMCircuitJob('{job.job_id()}') on {job.backend().name}: done>"
    assert job.job_id() in job._repr_html_()
    with pytest.raises(IBMJobInvalidStateError, match="not supported"):
        job.submit()


def test_results_are_kept_and_fetched_again_on_request(simulator: Any) -> None:
    job = simulator.run(flipped(), shots=3)
    first = job.result()
    assert job.result() is first
    first.results[0].header["name"] = "changed"
    assert job.result(None, True).results[0].header["name"] == "flipped"


def test_attributes_of_a_header_are_its_members(simulator: Any) -> None:
    result = simulator.run(flipped(), shots=3).result()
    header = result.results[0].header
    header.name = "renamed"
    assert header["name"] == header.name == header.to_dict()["name"] == result.to_dict()["results"][0]["header"]["name"]
    assert result.get_counts("renamed") == {"1": 3}
    assert "memory_slots" in dir(header)
    header.series = 7
    assert copy.deepcopy(header) == pickle.loads(pickle.dumps(header)) == header.to_dict()
    del header.series
    assert "series" not in header
    with pytest.raises(AttributeError, match="the header has no 'series'"):
        del header.series
    with pytest.raises(AttributeError, match=r"header\['items'\]"):
        header.items = 5
    assert list(header.items()) == list(header.to_dict().items())


@pytest.mark.slow
def test_metrics_of_a_job_that_runs_are_not_kept(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = simulator.run(slow())
    assert "COMPLETED" not in job.time_per_step()
    while job.status() is not JobStatus.RUNNING:
        time.sleep(0.05)
    assert "COMPLETED" not in job.time_per_step()
    job.cancel()
    assert "COMPLETED" in job.time_per_step()


def test_a_job_is_rebuilt_in_another_process_from_its_id(simulator: Any, service: LocalService) -> None:
    circuit = flipped(3, "three")
    job = simulator.run(circuit, shots=7, memory=True, header={"a": 1}, job_tags=["t"], meas_level=2)
    job.result()
    script = f"""
from qiskit_ibm_native import IBMProvider
job = IBMProvider().job({job.job_id()!r})
assert job.status().name == "DONE"
assert job.result().get_counts("three") == {{"111": 7}}
assert job.result().get_memory(0) == ["111"] * 7
assert job.header() == {{"a": 1}} and job.tags() == ["t"]
assert job.backend_options()["shots"] == 7 and job.backend_options()["memory"] is True
(circuit,) = job.circuits()
assert circuit.name == "three" and dict(circuit.count_ops()) == {{"x": 3, "measure": 3}} and circuit.metadata == {{}}
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=120)
    (again,) = simulator.provider.job(job.job_id()).circuits()
    assert again == circuit


def test_properties_of_a_job_are_those_of_its_time(provider: IBMProvider) -> None:
    backend = provider.get_backend("ibmq_vigo")
    job = backend.run(transpile(flipped(), backend), shots=5)
    job.result()
    assert job.properties().last_update_date == backend.properties().last_update_date
    assert job.properties() is job.properties()


def test_failed_jobs_say_why(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    job = simulator.run(flipped(), method="no such method")
    with pytest.raises(IBMJobFailureError, match="no such method"):
        job.result()
    assert job.status() is JobStatus.ERROR
    assert job.error_message().startswith("Error code 1517; ")
    partial = job.result(partial=True)
    assert not partial.success
    assert "no such method" in partial.status
    # The second position is ``refresh``, as in qiskit-ibm-provider 0.11: a failure stays one.
    with pytest.raises(IBMJobFailureError, match="no such method"):
        job.result(60, True)
    assert provider.job(job.job_id()).error_message() == job.error_message()


@pytest.mark.slow
def test_cancelling_ends_a_job_that_runs_and_one_that_waits(simulator: Any) -> None:
    jobs = [simulator.run(slow(), shots=100_000) for _ in range(3)]
    while jobs[0].status() is not JobStatus.RUNNING:
        time.sleep(0.05)
    for job in jobs:
        assert job.cancel()
        assert job.status() is JobStatus.CANCELLED
        assert simulator.provider.job(job.job_id()).status() is JobStatus.CANCELLED
        with pytest.raises(IBMJobInvalidStateError, match="Job was cancelled"):
            job.result()
    assert simulator.run(flipped(), shots=2).result(timeout=60).get_counts() == {"1": 2}  # there is room again
    done = simulator.run(flipped(), shots=2)
    done.result()
    with pytest.raises(IBMJobInvalidStateError, match="cannot be cancelled"):
        done.cancel()


def test_a_job_that_runs_too_long_is_cancelled_and_says_so(simulator: Any) -> None:
    job = simulator.run(slow(), shots=100_000, max_execution_time=1)
    with pytest.raises(IBMJobInvalidStateError, match="Ran too long"):
        job.result(timeout=60)
    assert job.status() is JobStatus.CANCELLED
    assert job.error_message() == "Error code 1305; Ran too long"


def test_waiting_ends_in_time_and_reports(simulator: Any) -> None:
    job = simulator.run(slow(), shots=100_000)
    seen: list[Any] = []
    start = time.monotonic()
    with pytest.raises(IBMJobTimeoutError, match=r"0\.5 secs"):
        job.wait_for_final_state(timeout=0.5, callback=lambda *args, **kwargs: seen.append((args, kwargs)))
    assert time.monotonic() - start < 5
    (job_id, status, reported), keywords = seen[0]
    assert job_id == job.job_id()
    assert status in (JobStatus.QUEUED, JobStatus.RUNNING)
    assert reported is job
    assert set(keywords) == {"queue_info"}
    with pytest.raises(IBMJobTimeoutError):
        job.result(timeout=0.1)
    job.cancel()


def test_tags_are_replaced_within_limits(simulator: Any) -> None:
    job = simulator.run(flipped(), shots=1, job_tags=["a"])
    assert sorted(job.update_tags(["b", "c"])) == ["b", "c"]
    assert job.update_tags([]) == []
    assert simulator.provider.job(job.job_id()).tags() == []
    for wrong in ("text", [1], ["x"] * 2 + [str(n) for n in range(8)], ["y" * 87]):
        with pytest.raises(IBMJobInvalidStateError):
            job.update_tags(wrong)


def test_names_are_kept_by_the_object(simulator: Any) -> None:
    job = simulator.run(flipped(), shots=1)
    assert job.name() is None
    assert job.update_name("mine") == "mine"
    assert job.name() == "mine"
    with pytest.raises(IBMJobInvalidStateError):
        job.update_name(5)


def test_private_jobs_are_read_once_and_keep_nothing(simulator: Any) -> None:
    job = simulator.run(flipped(), shots=4, private=True)
    assert job.result().get_counts() == {"1": 4}
    assert job.result(refresh=True).get_counts() == {"1": 4}  # not fetched again
    again = simulator.provider.job(job.job_id())
    assert again.circuits() == []
    assert again.backend_options() == {}
    with pytest.raises(IBMJobApiError, match="have been read already: the service sends those of a private job once"):
        again.result()


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("CREATING", "INITIALIZING"), ("TRANSPILED", "INITIALIZING"), ("VALIDATING", "VALIDATING"), ("Queued", "QUEUED"),
        ("PENDING_IN_QUEUE", "QUEUED"), ("running", "RUNNING"), ("Completed", "DONE"), ("Cancelled", "CANCELLED"),
        ("Cancelled - Ran too long", "CANCELLED"), ("Failed", "ERROR"), ("ERROR_RUNNING_JOB", "ERROR"),
    ],
)  # fmt: skip
def test_words_for_a_status(word: str, status: str) -> None:
    assert job_status(word) is JobStatus[status]
    assert job_status("unheard of") is None


# Finding jobs


def test_jobs_are_found_by_what_they_are(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    mark = f"mark-{time.time_ns()}"
    jobs = [simulator.run(flipped(), shots=1, job_tags=[mark, f"n{n}"]) for n in range(5)]
    for job in jobs:
        job.result()
    ids = [job.job_id() for job in jobs]

    def found(**filters: Any) -> list[str]:
        return [job.job_id() for job in provider.backend.jobs(job_tags=[mark], **filters)]

    assert found() == ids[::-1]
    assert found(descending=False) == ids
    assert found(limit=2) == ids[:-3:-1]
    assert found(limit=2, skip=1) == ids[3:1:-1]
    assert found(limit=None, skip=4) == ids[:1]
    assert found(backend_name="local_simulator") == ids[::-1]
    assert found(backend_name="ibm_fez") == []
    assert found(status="completed") == found(status=JobStatus.DONE) == found(status=["DONE", "ERROR"]) == ids[::-1]
    assert found(status="pending") == found(status="cancelled") == found(status=JobStatus.INITIALIZING) == []
    assert found(status=["RUNNING", "DONE"]) == ids[::-1]
    assert [job.job_id() for job in provider.jobs(job_tags=[mark, "n3"])] == [ids[3]]
    middle = jobs[2].creation_date()
    assert found(start_datetime=middle) == ids[:2:-1]
    assert found(end_datetime=middle) == ids[1::-1]
    assert found(end_datetime=middle.astimezone(datetime.timezone(datetime.timedelta(hours=-7)))) == ids[1::-1]
    assert found(start_datetime=middle.replace(tzinfo=None)) == ids[:2:-1]  # of this machine
    for unknown in ("sleeping", 5, [5], b"done"):
        with pytest.raises(IBMBackendValueError, match="not a status"):
            found(status=unknown)
    assert found(limit=0) == []
    for count in (-1, 1.5, "3", True):
        with pytest.raises(IBMBackendValueError, match=r"limit is .* an integer from 0, or None for all jobs"):
            found(limit=count)
    for count in (-1, None):
        with pytest.raises(IBMBackendValueError, match=r"skip is .* an integer from 0"):
            found(skip=count)
    with pytest.raises(IBMBackendValueError, match="list of strings"):
        provider.jobs(job_tags="x")
    with pytest.raises(TypeError):
        provider.jobs(start_datetime="today")


def test_more_jobs_than_a_page_has(provider: IBMProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.provider.jobs import search

    simulator = provider.get_backend("local_simulator")
    mark = f"mark-{time.time_ns()}"
    ids = [simulator.run(flipped(), shots=1, job_tags=[mark]).job_id() for _ in range(7)]
    monkeypatch.setattr(search, "_PAGE", 3)
    assert [job.job_id() for job in provider.jobs(limit=None, job_tags=[mark])] == ids[::-1]
    assert [job.job_id() for job in provider.jobs(limit=4, skip=2, job_tags=[mark])] == ids[4:0:-1]


def test_jobs_with_eight_tags_are_found_too(provider: IBMProvider) -> None:
    tags = [f"t{time.time_ns()}-{n}" for n in range(8)]
    job = provider.get_backend("local_simulator").run(flipped(), shots=1, job_tags=tags)
    job.result()
    assert [each.job_id() for each in provider.jobs(job_tags=tags)] == [job.job_id()]
    assert provider.jobs(limit=0) == []
    with pytest.warns(UserWarning, match="cannot be retrieved"):
        assert provider.jobs(legacy=True) == []


def test_jobs_of_several_instances_come_in_one_order(provider: IBMProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = provider.get_backend("local_simulator")
    jobs = [simulator.run(flipped(), shots=1) for _ in range(4)]
    replies = [simulator._api_client.job_get(job.job_id()) for job in jobs]

    class Instance:
        instance = "one"

        def __init__(self, own: list[Any]) -> None:
            self.own = own

        def jobs_get(self, limit: int, skip: int, **_filters: Any) -> dict[str, Any]:
            return {"jobs": self.own[skip : skip + limit], "count": len(self.own)}

        def backend_configuration(self, *arguments: Any) -> bytes:
            return simulator._api_client.backend_configuration(*arguments)

    two = [Instance([replies[3], replies[0]]), Instance([replies[2], replies[1]])]
    monkeypatch.setattr(provider.backend, "_clients", lambda _instance: two)
    assert [job.job_id() for job in provider.jobs(limit=3)] == [job.job_id() for job in jobs[:0:-1]]


def test_times_end_in_the_middle_of_a_request(simulator: Any, service: LocalService) -> None:
    job = simulator.run(slow(), shots=100_000)
    service.faults.add(Fault("latency", match="GET .*/jobs/", seconds=5, times=9))
    start = time.monotonic()
    with pytest.raises(IBMJobTimeoutError):
        job.result(timeout=0.5)
    assert time.monotonic() - start < 2
    service.faults.clear()
    job.cancel()


@pytest.mark.parametrize(
    "changes",
    [{"created": "junk"}, {"created": 5}, {"state": {"status": "Sleeping"}}, {"program": None}, {"state": None}],
)
def test_replies_about_jobs_that_make_no_sense(
    provider: IBMProvider, monkeypatch: pytest.MonkeyPatch, changes: Any
) -> None:
    job = provider.get_backend("local_simulator").run(flipped(), shots=1)
    job.result()
    client = job._api_client
    reply = {**client.job_get(job.job_id()), **changes}
    monkeypatch.setattr(client, "job_get", lambda *_args, **_kwargs: reply)
    monkeypatch.setattr(client, "jobs_get", lambda *_args, **_kwargs: {"jobs": [reply], "count": 1})
    if changes == {"state": None}:
        assert provider.job(job.job_id()).status() is JobStatus.DONE  # the other place tells
        return
    with pytest.raises(IBMError):
        provider.job(job.job_id()).status()
    assert provider.jobs() == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[1]", b"{}", b'{"__type__":"PrimitiveResult","__value__":{"pub_results":[1]}}',
        b'{"__type__":"PrimitiveResult","__value__":{"pub_results":[{"__type__":"SamplerPubResult","__value__":{"metadata":[1]}}]}}',
    ],
)  # fmt: skip
def test_results_that_make_no_sense(simulator: Any, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    job = simulator.run(flipped(), shots=1)
    job.wait_for_final_state()
    monkeypatch.setattr(job._api_client, "job_results", lambda _job_id: body)
    with pytest.raises(IBMJobApiError, match="cannot be understood"):
        job.result()


def test_a_composite_job_that_was_cancelled_before_it_was_submitted(simulator: Any) -> None:
    future: Future[Any] = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    job = IBMCompositeJob(simulator, "ibm_composite_job_id_x", [_Part(0, 1, future)])
    assert job.status() is JobStatus.CANCELLED
    assert job.sub_jobs() == []
    assert [each.success for each in job.result(partial=True).results] == [False, False]
    with pytest.raises(IBMJobInvalidStateError, match="cancelled before"):
        job.sub_job(0)


def test_unknown_jobs_and_deleted_jobs(provider: IBMProvider) -> None:
    with pytest.raises(IBMJobNotFoundError, match="3250"):
        provider.backend.retrieve_job("BAD_JOB_ID")
    for nothing in ("", " ", None, 5):
        with pytest.raises(IBMInputValueError, match="job_id must be a text"):
            provider.retrieve_job(nothing)
    job = provider.get_backend("local_simulator").run(flipped(), shots=1)
    job.result()
    provider.delete_job(job.job_id())
    with pytest.raises(IBMJobNotFoundError):
        provider.job(job.job_id())
    with pytest.raises(IBMJobNotFoundError, match="any more"):
        IBMCircuitJob(job.backend(), job._api_client, job.job_id()).status()


def test_jobs_of_devices_that_are_gone(provider: IBMProvider) -> None:
    job = provider.get_backend("local_simulator").run(flipped(), shots=1)
    job.result()
    reply = {**job._api_client.job_get(job.job_id()), "backend": "ibm_gone"}
    restored = provider.backend._search.restored(reply, job._api_client)
    assert restored.backend().name == "ibm_gone"
    assert restored.result().get_counts() == {"1": 1}


# Several jobs as one


#: Names of the documentation of qiskit-ibm-provider 0.11.
_DOCUMENTED = [
    "backend", "backend_options", "cancel", "cancelled", "circuits", "client_version", "creation_date", "done",
    "error_message", "header", "in_final_state", "job_id", "name", "properties", "queue_info", "queue_position",
    "refresh", "result", "running", "scheduling_mode", "status", "submit", "tags", "time_per_step", "update_name",
    "update_tags", "wait_for_final_state",
]  # fmt: skip
_OF_COMPOSITE_JOBS = ["block_for_submit", "from_jobs", "report", "rerun_failed", "sub_job", "sub_jobs"]


def test_jobs_have_every_documented_name_and_result_its_positions() -> None:
    for kind in (IBMCircuitJob, IBMCompositeJob):
        assert [name for name in _DOCUMENTED if not hasattr(kind, name)] == []
        assert [name for name in _DOCUMENTED if not inspect.getdoc(getattr(kind, name))] == []
    assert all(hasattr(IBMCompositeJob, name) for name in _OF_COMPOSITE_JOBS)
    assert {"update_tags", "time_per_step", "properties", "refresh"} <= IBMJob.__abstractmethods__

    def positions(kind: type[IBMJob]) -> list[str]:
        parameters = inspect.signature(kind.result).parameters.values()
        return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][1:]

    assert positions(IBMCircuitJob) == ["timeout", "refresh"]
    assert positions(IBMCompositeJob) == ["timeout", "wait", "partial", "refresh"]
    assert positions(IBMJob) == ["timeout"]


@pytest.mark.slow
def test_a_composite_job_knows_times_properties_and_versions_of_its_parts(provider: IBMProvider) -> None:
    vigo = provider.get_backend("ibmq_vigo")
    circuit = transpile(flipped(), vigo)
    job = vigo.run([circuit] * 76, shots=1, composite=True)
    first, second = job.sub_jobs()
    job.refresh()
    job.result(timeout=120)
    job.refresh()  # nothing is asked about parts that are done
    times, of_first, of_second = job.time_per_step(), first.time_per_step(), second.time_per_step()
    assert times["CREATED"] == of_first["CREATED"] == job.creation_date()
    assert times["RUNNING"] == min(of_first["RUNNING"], of_second["RUNNING"])
    assert times["COMPLETED"] == times["finished"] == max(of_first["COMPLETED"], of_second["COMPLETED"])
    assert job.properties() is first.properties()
    assert job.client_version == first.client_version
    assert set(job.client_version) == {"qiskit-ibm-native", "qiskit"}
    assert job.usage() == first.usage() + second.usage() > 0
    again = IBMCompositeJob.from_jobs(job.job_id(), [second, first], first._api_client)
    assert [part.job_id() for part in again.sub_jobs()] == [first.job_id(), second.job_id()]


def test_a_composite_job_of_parts_before_and_after_a_calibration_has_both(provider: IBMProvider) -> None:
    vigo = provider.get_backend("ibmq_vigo")
    job = vigo.run([transpile(flipped(), vigo)] * 76, shots=1, composite=True)
    later = BackendProperties.from_dict({**vigo.properties().to_dict(), "last_update_date": "2031-01-01T00:00:00Z"})
    first, second = job.sub_jobs()
    second._properties = later
    assert job.properties() == [first.properties(), later]
    job.cancel()


def test_a_step_of_a_composite_job_is_over_when_it_is_for_all_parts(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    done = simulator.run(flipped(), shots=1)
    done.result()
    waiting: Future[IBMCircuitJob] = Future()
    parts = [_Part(0, 0, Future()), _Part(1, 1, waiting)]
    job = IBMCompositeJob(simulator, "ibm_composite_job_id_x", parts)
    assert job.time_per_step() == {}
    assert job.client_version == {}
    parts[0].future.set_result(done)
    assert job.time_per_step().keys() == {"created", "running", "CREATED", "RUNNING"}
    waiting.set_exception(IBMBackendValueError("no"))
    assert "COMPLETED" not in job.time_per_step()


def test_tags_of_a_composite_job_are_replaced_in_all_parts(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    job = simulator.run([flipped()] * 301, shots=1, composite=True, job_tags=["old"])
    assert job.update_tags(["new", "newer"]) == job.tags() == ["new", "newer"]
    for part in job.sub_jobs():
        assert sorted(part.tags()) == ["new", "newer"]
        assert provider.job(part.job_id()).tags() == part.tags()
    assert isinstance(provider.job(job.job_id()), IBMCompositeJob)  # the parts are still found
    job.cancel()
    job.rerun_failed()
    assert [sorted(part.tags()) for part in job.sub_jobs()] == [["new", "newer"]] * 2
    job.cancel()
    for tags in ("x", [5], ["t"] * 6, ["t" * 87]):
        with pytest.raises(IBMJobInvalidStateError):
            job.update_tags(tags)
    assert job.update_tags([]) == []


@pytest.mark.slow
def test_more_circuits_than_the_device_takes_become_several_jobs(provider: IBMProvider) -> None:
    vigo = provider.get_backend("ibmq_vigo")
    circuits = [transpile(flipped(1, f"c{n}"), vigo) for n in range(100)]
    job = vigo.run(circuits, shots=5, composite=True, job_tags=["many"], header={"h": 1})
    assert isinstance(job, IBMCompositeJob)
    result = job.result(timeout=120)
    assert [each.header.name for each in result.results] == [f"c{n}" for n in range(100)]
    assert result.success
    assert result.header == {"h": 1}
    assert sum(result.get_counts("c99").values()) == 5
    assert job.status() is JobStatus.DONE
    assert [part.job_id() for part in job.sub_jobs()] == [job.sub_job(0).job_id(), job.sub_job(75).job_id()]
    assert "circuits 75-99" in job.report()
    assert job.tags() == ["many"]
    assert job.error_message() is None
    assert len(job.circuits()) == 100
    with pytest.raises(IBMJobInvalidStateError, match="There is no circuit 100"):
        job.sub_job(100)

    again = provider.job(job.job_id())
    assert isinstance(again, IBMCompositeJob)
    assert len(again.result().results) == 100
    assert again.tags() == ["many"]
    assert again.backend_options()["shots"] == 5
    again.sub_jobs()[0]._api_client.job_delete(again.sub_job(0).job_id())
    with pytest.raises(IBMJobInvalidStateError, match=r"Parts \[0\]"):
        provider.job(job.job_id())
    with pytest.raises(IBMJobNotFoundError):
        provider.job("ibm_composite_job_id_nothing_")


def test_parts_that_failed_are_told_and_run_again(provider: IBMProvider) -> None:
    simulator = provider.get_backend("local_simulator")
    simulator._options.update_options(shots=3)
    circuits = [flipped(1, f"c{n}") for n in range(302)]
    inner = QuantumCircuit(1, name="unknown to the simulator")
    circuits[301].append(inner.to_instruction(), [0])
    job = simulator.run(circuits, composite=True)
    with pytest.raises(IBMJobFailureError, match="Circuits 300-301"):
        job.result(timeout=120)
    with pytest.raises(IBMJobFailureError, match="Circuits 300-301"):
        job.result(60, 5)  # timeout, wait
    partial = job.result(60, 5, True)
    assert partial is job.result(partial=True)
    assert partial.status == "PARTIAL COMPLETED"
    assert [each.success for each in partial.results] == [True] * 300 + [False] * 2
    failed = job.sub_job(300).job_id()
    job.rerun_failed()
    job.block_for_submit()
    assert job.sub_job(300).job_id() != failed
    assert job.cancel() in (True, False)


# Following a job


def test_the_monitor_writes_lines_until_the_end(simulator: Any) -> None:
    output = io.StringIO()
    job = simulator.run(flipped(), shots=1)
    job_monitor(job, interval=0.05, output=output)
    text = output.getvalue()
    assert text.splitlines()[-1].startswith("Job Status: job has successfully run, ")
    assert text.endswith("\n")
    assert "\r" not in text


def test_the_monitor_follows_jobs_of_other_clients() -> None:
    class Other:
        def __init__(self) -> None:
            self.words = ["QUEUED", "DONE"]

        def status(self) -> str:
            return self.words.pop(0)

    output = io.StringIO()
    job_monitor(Other(), interval=0.01, output=output)
    assert "QUEUED" in output.getvalue()
    assert output.getvalue().rstrip().split(",")[-2].endswith("DONE")


def test_the_monitor_writes_in_one_place_of_a_notebook(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, content: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(content["text/plain"])

    class ZMQInteractiveShell:
        """A class with the name of a notebook's shell."""

    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    display.display = lambda _content, raw, display_id: Handle() if raw and display_id else None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    job_monitor(simulator.run(flipped(), shots=1), interval=0.05)
    assert "job has successfully run" in shown[-1]


def test_jobs_of_other_programs_are_told_apart(provider: IBMProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    job = provider.get_backend("local_simulator").run(flipped(), shots=1)
    client = job._api_client
    reply = {**client.job_get(job.job_id()), "program": {"id": "estimator"}}
    monkeypatch.setattr(client, "job_get", lambda *_args, **_kwargs: reply)
    with pytest.raises(IBMInputValueError, match="'estimator'"):
        provider.job(job.job_id())
