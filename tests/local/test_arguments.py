# SPDX-License-Identifier: Apache-2.0
"""Arguments that make no sense are refused by their names, before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from qiskit_ibm_native import IBMProvider, Snapshot
from qiskit_ibm_native.exceptions import IBMError, IBMInputValueError
from qiskit_ibm_native.local import Fault, Limits, LocalService

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"devices": 5}, "devices has a int; it takes names"),
    ({"devices": [5]}, "devices has a int; it takes names"),
    ({"devices": []}, "devices is empty; name some"),
    ({"devices": ""}, "devices has an empty name; name a bundled device"),
    ({"devices": "+fractional"}, "devices has an empty name"),
    ({"faults": Fault("drop")}, r"faults is one Fault; it must be a list of them: faults=\[Fault"),
    ({"faults": 5}, "faults is 5; it must be a list"),
    ({"faults": [1]}, "faults has 1; it must have nothing but Fault"),
    ({"noise": "no"}, "noise is 'no'; it must be True or False"),
    ({"public": "no"}, "public is 'no'; it must be True or False"),
    ({"finish_left_jobs": 1}, "finish_left_jobs is 1; it must be True or False"),
    ({"port": "x"}, "port is 'x'; it must be a whole number from 0 to 65535"),
    ({"port": None}, "port is None"),
    ({"port": True}, "port is True"),
    ({"host": None}, "host is None; it must be an address"),
    ({"token": b"secret"}, "token is a bytes; it must be a text"),
    ({"token": "ü"}, "token has a space, or a character that is not ASCII; choose one without"),
    ({"token": "a\nb"}, "token has a space"),
    ({"workers": "2"}, "workers is '2'; it must be a whole number from 1"),
    ({"workers": 1.5}, "workers is 1.5"),
    ({"workers": 0}, "workers is 0; it must be 1 or more"),
    ({"latency": "x"}, "latency is 'x'; it must be a number of seconds"),
    ({"limits": 5}, "limits is 5; it must be a Limits"),
    ({"store": 5}, "store is 5; it must be the path of a file"),
    ({"record": 5}, "record is 5; it must be the path of a new folder"),
]


@pytest.mark.parametrize(("arguments", "text"), WRONG)
def test_wrong_arguments_of_a_service_are_told(tmp_path: Path, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(IBMInputValueError, match=text) as caught:
        LocalService(**{"store": tmp_path / "jobs", **arguments})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("limits", 5), ("workers", "2"), ("workers", 0), ("noise", "no")])
def test_wrong_arguments_of_a_local_provider_are_told(name: str, value: Any) -> None:
    with pytest.raises(IBMInputValueError, match=f"{name} is "):
        IBMProvider(channel="local", **{name: value})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kind": "x"}, "kind of a fault is 'x'; use one of"),
        ({"times": 0}, "times of a fault is 0; it must be 1 or more"),
        ({"times": True}, "times of a fault is True; it must be a whole number"),
        ({"match": "("}, r"match of a fault is '\(', which is not a regular expression"),
        ({"status": "503"}, "status of a fault is '503'; it must be a whole number"),
        ({"status": 99}, "status of a fault is 99; it must be from 200 to 599"),
        ({"seconds": float("nan")}, "seconds of a fault is nan"),
        ({"retry_after": "a\nb"}, "retry_after of a fault is"),
    ],
)
def test_wrong_values_of_a_fault_are_told(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(IBMInputValueError, match=text):
        Fault(**{"kind": "status", **arguments})


@pytest.mark.parametrize("name", ["body", "unknown_body", "seconds", "connections", "job_memory", "store_days"])
@pytest.mark.parametrize("value", ["x", True])
def test_limits_that_are_no_numbers_are_told(name: str, value: Any) -> None:
    with pytest.raises(IBMInputValueError, match=f"{name} is {value!r}; it must be a"):
        Limits(**{name: value})


def test_folders_of_recordings_are_paths() -> None:
    with pytest.raises(IBMInputValueError, match="folder is 5; it must be the path of a recording"):
        LocalService.replay(5)  # type: ignore[arg-type]


def test_only_snapshots_are_published_and_only_while_there_is_a_service(tmp_path: Path) -> None:
    service = LocalService(store=tmp_path / "jobs")
    with pytest.raises(IBMInputValueError, match="publish takes a Snapshot, not 5"):
        service.publish(5)  # type: ignore[arg-type]
    service.stop()
    with pytest.raises(IBMError, match="was stopped"):
        service.publish(Snapshot.load("vigo"))


def test_a_fault_that_is_added_twice_counts_twice_and_stays_as_it_is(tmp_path: Path) -> None:
    fault = Fault("status", match="/versions", status=418)
    with LocalService(store=tmp_path / "jobs", workers=1) as service:
        with pytest.raises(IBMInputValueError, match=r"add takes a Fault, such as Fault\('drop'\), not 5"):
            service.faults.add(5)  # type: ignore[arg-type]
        service.faults.add(fault)
        service.faults.add(fault)
        url = f"{service.url}/experimental/v1/versions"
        found = [requests.get(url, timeout=30).status_code == 418 for _ in range(3)]
    assert found == [True, True, False]
    assert fault.times == 1
