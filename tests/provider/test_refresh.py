# SPDX-License-Identifier: Apache-2.0
"""Refreshing: nothing happens if nothing changed, everything at one instant if something did."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator

import pytest
from tests.support import equality
from tests.support.calibrations import Drift

from qiskit_ibm_native import IBMProvider, Snapshot, SnapshotDiff, build_target
from qiskit_ibm_native.exceptions import IBMBackendApiError, IBMInputValueError
from qiskit_ibm_native.local.server import LocalService
from qiskit_ibm_native.local.service.faults import Fault


@pytest.fixture
def own(tmp_path, monkeypatch) -> Iterator[LocalService]:
    """Give a service of its own, which the environment points to."""
    service = LocalService(store=tmp_path / "jobs.sqlite3", workers=1)
    service.start()
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    yield service
    service.stop()


@pytest.fixture
def mine(own: LocalService) -> Iterator[IBMProvider]:
    with IBMProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def lima() -> list[Snapshot]:
    return Snapshot.parse_many(list(Drift("lima").calibrations(60)))


def test_nothing_changed(own: LocalService, mine: IBMProvider) -> None:
    backend = mine.get_backend("ibm_fez")
    held = (
        backend.target,
        backend.instruction_durations,
        backend.coupling_map,
        backend.properties(),
        backend.configuration(),
    )
    diff = backend.refresh()
    assert isinstance(diff, SnapshotDiff)
    assert not diff
    now = (
        backend.target,
        backend.instruction_durations,
        backend.coupling_map,
        backend.properties(),
        backend.configuration(),
    )
    assert all(one is other for one, other in zip(held, now, strict=True))


def test_what_is_known_is_not_sent_again(mine: IBMProvider) -> None:
    replies = []
    mine._transport.on_response = lambda request, reply: replies.append(
        (request.url.rsplit("/", 1)[-1], reply.status, reply.headers.get("Content-Length", "0"))
    )
    backend = mine.get_backend("ibm_sherbrooke")
    backend.properties()
    backend.defaults()
    backend.refresh()
    assert [each[:2] for each in replies] == [
        ("configuration", 200), ("properties", 200), ("defaults", 200),
        ("configuration", 304), ("properties", 304), ("defaults", 304),
    ]  # fmt: skip
    assert all(length == "0" for _, status, length in replies if status == 304)


def test_what_changed_is_new_and_told(own: LocalService, mine: IBMProvider, lima: list[Snapshot]) -> None:
    backend = mine.get_backend("ibmq_lima")
    before, target, properties = backend.snapshot, backend.target, backend.properties()
    assert backend.instruction_durations is not None
    own.publish(lima[3])
    diff = backend.refresh()
    assert diff
    assert [tuple(each) for each in diff.qubits] == [tuple(each) for each in before.diff(lima[3]).qubits]
    assert backend.snapshot == lima[3]
    assert backend.target is not target
    assert backend.properties() is not properties
    assert backend.properties().source == "service"
    equality.assert_targets_equal(build_target(lima[3], use_fractional_gates=False), backend.target)
    assert not backend.refresh()
    assert backend.properties(refresh=True) is backend.properties()


def test_a_configuration_that_changed(own: LocalService, mine: IBMProvider, lima: list[Snapshot]) -> None:
    backend = mine.get_backend("ibmq_lima")
    configuration, properties, _ = lima[3].payloads
    version = backend.backend_version
    own.publish(Snapshot.from_payloads(configuration.replace(f'"{version}"'.encode(), b'"7.7.7"', 1), properties))
    backend.refresh()
    assert backend.backend_version == backend.configuration().backend_version == "7.7.7"


def test_before_anything_was_asked_for_only_the_configuration_is_compared(own, mine, lima) -> None:
    backend = mine.get_backend("ibmq_lima")
    own.publish(lima[3])
    assert not backend.refresh()
    assert backend.snapshot == lima[3]


def test_a_refresh_that_fails_leaves_everything_as_it_was(own: LocalService, mine: IBMProvider, lima) -> None:
    backend = mine.get_backend("ibmq_lima")
    target, properties = backend.target, backend.properties()
    own.publish(lima[3])
    own.faults.add(Fault("status", match="properties", status=400, times=1))
    with pytest.raises(IBMBackendApiError):
        backend.refresh()
    own.faults.add(Fault("body", match="properties", body='{"qubits": 3}', times=1))
    with pytest.raises(ValueError, match=r"properties payload, \$.qubits"):
        backend.refresh()
    assert backend.target is target
    assert backend.properties() is properties
    own.faults.clear()
    assert backend.refresh()


def test_all_threads_see_one_calibration(own: LocalService, mine: IBMProvider, lima: list[Snapshot]) -> None:
    backend = mine.get_backend("ibmq_lima")
    backend.refresh()
    wrong, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            calibration = backend._state.version
            target = [each.t1 for each in calibration.target.qubit_properties]
            seen = (
                target,
                calibration.snapshot.columns.t1.tolist(),
                list(map(calibration.snapshot.properties.t1, range(5))),
            )
            if not seen[0] == seen[1] == seen[2]:
                wrong.append(seen)

    def refresh() -> None:
        while not stop.is_set():
            backend.refresh()

    threads = [threading.Thread(target=each) for each in (look, look, refresh, refresh)]
    for thread in threads:
        thread.start()
    for snapshot in lima:
        own.publish(snapshot)
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    backend.refresh()
    assert backend.snapshot == lima[-1]


def test_refresh_all(own: LocalService, mine: IBMProvider, lima: list[Snapshot]) -> None:
    backends = [mine.get_backend(name) for name in ("ibmq_lima", "ibm_hanoi", "ibmq_vigo")]
    for backend in backends:
        backend.target  # noqa: B018
    own.publish(lima[5])
    diffs = mine.refresh_all()
    assert {backend.name: bool(diff) for backend, diff in diffs.items()} == {
        "ibmq_lima": True, "ibm_hanoi": False, "ibmq_vigo": False,
    }  # fmt: skip
    own.publish(lima[6])
    own.faults.add(Fault("status", match="ibm_hanoi/configuration", status=400, times=2))
    outcomes = mine.refresh_all(backends, threads=2, return_exceptions=True)
    assert list(outcomes) == backends
    assert isinstance(outcomes[backends[1]], IBMBackendApiError)
    assert outcomes[backends[0]]
    with pytest.raises(IBMBackendApiError, match="1 of 3 backends could not be refreshed: ibm_hanoi"):
        mine.refresh_all(backends)
    with pytest.raises(IBMInputValueError, match="threads must be at least 1"):
        mine.refresh_all(threads=0)


def eventually(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_watch_tells_of_changes_until_it_is_stopped(own: LocalService, mine: IBMProvider, lima) -> None:
    backend = mine.get_backend("ibmq_lima")
    backend.target  # noqa: B018
    told: list[SnapshotDiff] = []
    watch = backend.watch(0.02, told.append, jitter=0.5)
    assert eventually(lambda: watch.refreshes > 2)
    assert not told
    own.publish(lima[1])
    assert eventually(lambda: told)
    assert backend.snapshot == lima[1]
    assert watch.is_running
    assert watch.stop()
    assert not watch.is_running
    own.publish(lima[2])
    count = len(told)
    time.sleep(0.1)
    assert len(told) == count == 1
    assert repr(watch) == "<Watch ibmq_lima: stopped, every 0.02 s>"


def test_watch_goes_on_after_failures(own: LocalService, mine: IBMProvider, lima) -> None:
    backend = mine.get_backend("ibmq_lima")
    backend.target  # noqa: B018
    errors, told = [], []

    def tell(diff: SnapshotDiff) -> None:
        told.append(diff)
        raise RuntimeError("the callback is broken")

    own.faults.add(Fault("status", match="configuration", status=400, times=2))
    with backend.watch(datetime.timedelta(milliseconds=20), tell, on_error=errors.append) as watch:
        assert eventually(lambda: len(errors) == 2)
        assert isinstance(errors[0], IBMBackendApiError)
        assert eventually(lambda: watch.last_error is None)
        own.publish(lima[1])
        assert eventually(lambda: len(errors) == 3)
        assert str(errors[2]) == "the callback is broken"
        refreshes = watch.refreshes
        assert eventually(lambda: watch.refreshes > refreshes)
    assert not watch.is_running
    assert len(told) == 1


def test_watch_waits_longer_after_each_failure(mine: IBMProvider) -> None:
    watch = mine.get_backend("ibmq_lima").watch(100, print, jitter=0.1)
    waits = [watch._wait(failures) for failures in range(12)]
    assert all(90 * 2**n <= each <= 110 * 2**n for n, each in enumerate(waits[:5]))
    assert all(3240 <= each <= 3960 for each in waits[6:])
    started = time.monotonic()
    assert watch.stop()
    assert time.monotonic() - started < 5


def test_watch_ends_with_its_provider_and_by_its_own_hand(own: LocalService, lima) -> None:
    provider = IBMProvider()
    backend = provider.get_backend("ibmq_lima")
    backend.target  # noqa: B018
    told = []
    first = backend.watch(0.02, told.append)
    second = backend.watch(0.02, lambda diff: told.append(second.stop()))
    own.publish(lima[1])
    assert eventually(lambda: told)
    provider.close()
    assert eventually(lambda: not first.is_running)
    second.stop()
    assert not second.is_running


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, print), "interval must be a number of seconds above 0"),
        ((float("inf"), print), "interval must be a number of seconds above 0"),
        ((1e10, print), "at most 30 days"),
        ((True, print), "interval must be"),
        ((datetime.timedelta(-1), print), "interval must be"),
        ((1, "print"), "callback must be callable"),
    ],
)
def test_watch_refuses_what_makes_no_sense(mine: IBMProvider, arguments, message) -> None:
    with pytest.raises(IBMInputValueError, match=message):
        mine.get_backend("ibmq_lima").watch(*arguments)
    with pytest.raises(IBMInputValueError, match="jitter must be"):
        mine.get_backend("ibmq_lima").watch(1, print, jitter=1.0)


def test_each_watch_is_told_of_everything(own: LocalService, mine: IBMProvider, lima) -> None:
    backend = mine.get_backend("ibmq_lima")
    backend.target  # noqa: B018
    told: list[list[SnapshotDiff]] = [[], []]
    with backend.watch(0.05, told[0].append), backend.watch(0.05, told[1].append):
        own.publish(lima[1])
        backend.refresh()
        assert eventually(lambda: all(told))
    assert [len(each) for each in told] == [1, 1]


def test_watch_survives_what_other_clients_raise(mine: IBMProvider) -> None:
    backend = mine.get_backend("ibmq_lima")
    errors: list[Exception] = []
    backend.refresh = lambda: 1 / 0  # type: ignore[method-assign]
    with backend.watch(0.02, print, on_error=errors.append) as watch:
        assert eventually(lambda: len(errors) > 1)
        assert watch.is_running
    assert isinstance(watch.last_error, ZeroDivisionError)


def test_the_configuration_stays_the_same_object(mine: IBMProvider) -> None:
    backend = mine.get_backend("ibmq_lima")
    configuration = backend.configuration()
    backend.refresh()
    assert backend.configuration() is configuration
