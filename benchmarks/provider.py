# SPDX-License-Identifier: Apache-2.0
"""The provider against the official client: CPU time of the client's process; the local service is another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import orjson
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.random import random_circuit
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder
from tests.support.equality import assert_targets_equal

from measure import summary
from qiskit_ibm_native import IBMProvider, Snapshot
from qiskit_ibm_native.local.programs.wire import write_bits
from qiskit_ibm_native.provider.jobs.circuit_job import IBMCircuitJob
from qiskit_ibm_native.provider.run.programs import RECORD, SamplerProgram
from qiskit_ibm_native.provider.run.submission import submission_of

DEVICE = "ibm_fez"
CIRCUITS, SHOTS = 300, 4000


@contextmanager
def service() -> Iterator[None]:
    """Run the service in a process of its own, which the environment points to."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "qiskit_ibm_native", "serve", "--port", "0", "--store", f"{folder}/jobs"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if line.strip().startswith("export "):
                    name, _, value = line.strip().removeprefix("export ").partition("=")
                    os.environ[name] = value.strip("'")
                if "Ctrl-C" in line:
                    break
            try:
                yield
            finally:
                process.terminate()


def processor_times(sides: dict[str, Callable[[], Callable[[], Any]]], runs: int) -> dict[str, dict[str, float]]:
    """Return the processor time of calls, taken in turn; each side prepares a call and is timed for the call alone."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs + 1):
        for name, prepare in sides.items():
            call = prepare()
            start = time.process_time()
            result = call()
            elapsed = time.process_time() - start
            del result
            # Imports and compilation, once a process, are left out.
            if run:
                times[name].append(elapsed)
    return {name: summary(each) for name, each in times.items()}


def provider() -> dict[str, Any]:
    """Return all figures."""
    warnings.simplefilter("ignore")
    with service(), IBMProvider() as ours:
        found = {
            "target": targets(ours),
            "refresh": refreshes(ours),
            "requests": requests_made(),
            "wire": on_the_wire(ours),
        }
    return {**found, "encode": encoding(), "decode": decoding()}


def targets(ours: IBMProvider) -> dict[str, Any]:
    """From the name of a device to its target; nothing is known about it before."""
    theirs = QiskitRuntimeService()
    assert_targets_equal(theirs.backend(DEVICE).target, ours.get_backend(DEVICE).target)

    def native() -> Callable[[], Any]:
        ours.backend._forget()
        return lambda: ours.get_backend(DEVICE).target

    def official() -> Callable[[], Any]:
        fresh = QiskitRuntimeService()
        return lambda: fresh.backend(DEVICE).target

    times = processor_times(
        {
            "native": native,
            "official": official,
            "official, configuration known": lambda: lambda: theirs.backend(DEVICE).target,
        },
        15,
    )
    return {**times, "ratio": round(times["official"]["median"] / times["native"]["median"], 1)}


def refreshes(ours: IBMProvider) -> dict[str, Any]:
    """Refreshing a backend, beside the requests that it makes."""
    backend = ours.get_backend(DEVICE)
    client = backend._api_client
    payload = Snapshot.load("fez").payloads.properties
    assert payload is not None
    variants = [payload.replace(b'"value": ', b'"value":  ', count) for count in (1, 2)]
    assert backend.target is not None
    changed = 0

    class Changing:
        def backend_configuration(self, *arguments: Any) -> bytes:
            return client.backend_configuration(*arguments)

        def backend_properties(self, *arguments: Any, **options: Any) -> bytes:
            nonlocal changed
            changed += 1
            client.backend_properties(*arguments, **options)
            return variants[changed % 2]

    def http() -> Callable[[], Any]:
        return lambda: (client.backend_configuration(DEVICE), client.backend_properties(DEVICE))

    def unchanged() -> Callable[[], Any]:
        backend._api_client = client
        backend.refresh()
        return backend.refresh

    def different() -> Callable[[], Any]:
        backend._api_client = Changing()
        backend.refresh()

        def call() -> Any:
            backend.refresh()
            return backend.target

        return call

    times = processor_times({"http": http, "unchanged": unchanged, "changed": different}, 40)
    backend._api_client = client
    beyond = {
        name: round((times[name]["median"] - times["http"]["median"]) / 1e3, 3) for name in ("unchanged", "changed")
    }
    return {**times, "beyond_http_ms": beyond}


def requests_made() -> dict[str, Any]:
    """Count the requests that each side makes."""
    import requests

    made: list[str] = []
    original = requests.Session.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        made.append(request.path_url)
        return original(self, request, **options)

    def count(call: Callable[[], Any]) -> tuple[int, Any]:
        made.clear()
        result = call()
        return len(made), result

    circuit = QuantumCircuit(1, 1)
    requests.Session.send = send  # type: ignore[method-assign]
    try:
        found: dict[str, dict[str, int]] = {"native": {}, "official": {}}
        side = found["native"]
        side["construction"], fresh = count(IBMProvider)
        side["backend"], backend = count(lambda: fresh.get_backend(DEVICE))
        side["target"], _ = count(lambda: backend.target)
        side["run"], job = count(lambda: backend.run(circuit))
        side["poll"], _ = count(job.status)
        side = found["official"]
        from qiskit_ibm_runtime import SamplerV2

        side["construction"], theirs = count(QiskitRuntimeService)
        side["backend"], backend = count(lambda: theirs.backend(DEVICE))
        side["target"], _ = count(lambda: backend.target)
        measured = transpile(QuantumCircuit(1, 1), backend)
        sampler = SamplerV2(mode=backend)
        side["run"], job = count(lambda: sampler.run([measured], shots=1))
        side["poll"], _ = count(job.status)
        fresh.close()
    finally:
        requests.Session.send = original  # type: ignore[method-assign]
    return found


def on_the_wire(ours: IBMProvider) -> dict[str, int]:
    """The size of a device's properties, and the number of bytes that travel."""
    client = ours.get_backend(DEVICE)._api_client
    headers = {"Service-CRN": client.instance, "Authorization": ours._authenticator.header()}
    url = f"{client._base_url}/backends/{DEVICE}/properties"
    response = ours._transport._session.get(url, headers=headers)
    return {"bytes": len(response.content), "sent": int(response.headers["Content-Length"])}


def encoding() -> dict[str, Any]:
    """Circuits to the body of a job."""
    circuits = [random_circuit(20, 20, max_operands=2, measure=True, seed=seed) for seed in range(CIRCUITS)]
    inputs = {"shots": SHOTS, "meas_level": 2, "meas_return": "avg", "memory": False, "circuits": circuits}
    program, nothing = SamplerProgram(), BindingsArray().as_array([])

    def native() -> bytes:
        return orjson.dumps(program.encode(submission_of(circuits, circuits, inputs)))

    def official() -> bytes:
        pubs = [(circuit, nothing, SHOTS) for circuit in circuits]
        params = {"pubs": pubs, "options": {}, "version": 2, "support_qiskit": True}
        return json.dumps(params, cls=RuntimeEncoder).encode()

    pairs = program.circuits(orjson.loads(native()))
    decoded = [pub[0] for pub in json.loads(official(), cls=RuntimeDecoder)["pubs"]]
    assert [circuit.data for circuit, _ in pairs] == [circuit.data for circuit in decoded]
    times = processor_times({"native": lambda: native, "official": lambda: official}, 5)
    sizes = {"native_bytes": len(native()), "official_bytes": len(official())}
    return {**times, **sizes, "ratio": round(times["official"]["median"] / times["native"]["median"], 2)}


def body_of(bits: int) -> bytes:
    """Return results of circuits with one register, as the service sends them: half of the words are of two kinds."""
    random = np.random.default_rng(7)
    circuit = QuantumCircuit(bits, bits)
    circuit.measure(range(bits), range(bits))
    inputs = {"shots": SHOTS, "meas_level": 2, "meas_return": "avg", "memory": False, "circuits": [circuit]}
    submission = submission_of([circuit], [circuit], inputs)
    pubs = []
    for _ in range(CIRCUITS):
        values = random.random((SHOTS, bits)) < 0.5
        values[: SHOTS // 2] = random.random((SHOTS // 2, 1)) < 0.5
        data = {"field_names": ["c"], "field_types": ["BitArray"], "shape": [], "fields": {"c": write_bits(values)}}
        record = {**submission.records[0], "job": submission.job}
        metadata = {"circuit_metadata": {RECORD: record}}
        content = {"data": {"__type__": "DataBin", "__value__": data}, "metadata": metadata}
        pubs.append({"__type__": "SamplerPubResult", "__value__": content})
    return orjson.dumps({"__type__": "PrimitiveResult", "__value__": {"pub_results": pubs, "metadata": {}}})


class Anywhere:
    """A backend, as far as a result asks for one."""

    name, backend_version = DEVICE, "1.0.0"


def in_hexadecimal(counts: dict[int, int]) -> dict[str, int]:
    """Return counts as a ``Result`` has them."""
    return {hex(word): number for word, number in counts.items()}


def decoding() -> dict[str, Any]:
    """The body of results to counts of every circuit."""
    rows = {}
    for bits in (5, 20, 156):
        body = body_of(bits)
        job = IBMCircuitJob(Anywhere(), None, "job")  # type: ignore[arg-type]

        def native() -> list[dict[str, int]]:
            return [each.data.counts for each in job._read(job._program.decode(body)).results]

        def official() -> list[dict[str, int]]:
            result = json.loads(body, cls=RuntimeDecoder)
            return [in_hexadecimal(pub.data.c.get_int_counts()) for pub in result]

        arrays = [pub.data.c for pub in json.loads(body, cls=RuntimeDecoder)]
        assert all(isinstance(array, BitArray) for array in arrays)

        def loops() -> list[dict[str, int]]:
            return [in_hexadecimal(array.get_int_counts()) for array in arrays]

        assert native() == official()
        times = processor_times(
            {"native": lambda: native, "official": lambda: official, "loops alone": lambda: loops}, 5
        )
        rows[str(bits)] = {**times, "ratio": round(times["official"]["median"] / times["native"]["median"], 1)}
    rows["smallest_ratio"] = min(row["ratio"] for row in rows.values())
    return rows


if __name__ == "__main__":
    sys.stdout.write(json.dumps(provider(), indent=1))
