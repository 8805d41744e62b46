# SPDX-License-Identifier: Apache-2.0
"""Threads share one backend while its device is calibrated anew again and again.

``make test-threads`` runs other tests on eight threads each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.calibrations import Drift
from tests.support.running import transpiled

from qiskit_ibm_native import IBMProvider, Snapshot, build_target
from qiskit_ibm_native.exceptions import IBMBackendValueError, IBMJobFailureError
from qiskit_ibm_native.local.server import LocalService

SECONDS = 6.0
#: Errors of gates and of readout: those of two calibrations are never the same.
Errors = tuple[float, ...]


def errors_of_target(target: Any) -> Errors:
    gates = [target["cx"][pair].error for pair in sorted(target["cx"])]
    return tuple(gates + [target["measure"][(qubit,)].error for qubit in range(target.num_qubits)])


def errors_of_properties(properties: Any) -> Errors:
    gates = [properties.gate_error("cx", gate.qubits) for gate in properties.gates if gate.gate == "cx"]
    return tuple(gates + [properties.readout_error(qubit) for qubit in range(len(properties.qubits))])


class Publishing:
    """A device that is calibrated all the time; ``dates`` maps errors of calibrations, in two forms, to their dates."""

    def __init__(self, service: LocalService) -> None:
        self._service = service
        self.dates: dict[Errors, Any] = {}
        self.is_over = threading.Event()
        self.note(Snapshot.load("vigo"))

    def note(self, snapshot: Snapshot) -> None:
        assert snapshot.properties is not None
        self.dates[errors_of_properties(snapshot.properties)] = snapshot.last_update
        # Qubits and gates that do not work are not in the target.
        self.dates[errors_of_target(build_target(snapshot))] = snapshot.last_update

    def publish(self) -> None:
        for payloads in Drift("vigo").calibrations(10_000):
            snapshot = Snapshot.from_payloads(*payloads)
            self.note(snapshot)
            self._service.publish(snapshot)
            if self.is_over.wait(0.02):
                return


@pytest.mark.slow
def test_threads_refresh_run_and_read_while_calibrations_are_published(tmp_path: Path, monkeypatch: Any) -> None:
    service = LocalService(store=tmp_path / "jobs.sqlite3", workers=1)
    service.start()
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    device = Publishing(service)
    failures: list[BaseException] = []
    counts = dict.fromkeys(("refresh", "run", "read"), 0)
    try:
        with IBMProvider() as provider:
            backend = provider.get_backend("ibmq_vigo")
            circuit = transpiled(backend)

            def refresh() -> None:
                backend.refresh()

            def run() -> None:
                # Faulty qubits are refused: by the client, and by the service if they became so meanwhile.
                try:
                    assert sum(backend.run(circuit, shots=10).result(timeout=60).get_counts().values()) == 10
                except IBMBackendValueError:
                    pass
                except IBMJobFailureError as error:
                    assert "not operational" in str(error)

            def read() -> None:
                target, snapshot = backend.target, backend.snapshot
                assert errors_of_target(target) in device.dates
                assert snapshot.properties is not None
                assert device.dates[errors_of_properties(snapshot.properties)] == snapshot.last_update
                assert snapshot.configuration.backend_name == backend.name
                properties = backend.properties()
                assert device.dates[errors_of_properties(properties)] == properties.last_update_date

            def repeat(work: Callable[[], None]) -> None:
                try:
                    while not device.is_over.is_set():
                        work()
                        counts[work.__name__] += 1
                except BaseException as failure:
                    failures.append(failure)
                    device.is_over.set()

            works = [refresh] * 3 + [run] * 2 + [read] * 3
            threads = [threading.Thread(target=repeat, args=[work]) for work in works]
            threads.append(threading.Thread(target=device.publish))
            for thread in threads:
                thread.start()
            end = time.monotonic() + SECONDS
            device.is_over.wait(max(end - time.monotonic(), 0))
            device.is_over.set()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()
    finally:
        service.stop()
    assert not failures, failures[0]
    assert len(device.dates) > 10
    assert all(counts.values()), counts
