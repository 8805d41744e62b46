# SPDX-License-Identifier: Apache-2.0
"""Every public name has an example in its docstring, and every example does what it says."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.examples import all_examples, failures_of, has_example, public_objects

import qiskit_ibm_native.local

EXAMPLES = all_examples()
PUBLIC = public_objects()


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name: str) -> None:
    assert has_example(PUBLIC[name]), f"{name}: its docstring needs a section 'Examples:' that begins with '>>> '"


@pytest.fixture
def _one_service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give all examples one service: by ``channel="local"``, and by the environment as if it were the cloud.

    Providers that ask for another kind of service, such as one with certain devices, get their own.
    """
    from qiskit_ibm_native.provider.connection import Connection

    service = request.getfixturevalue("service")
    start = qiskit_ibm_native.local.connect

    def connect(instance: str | None = None, *, archive: Any = None, faults: Any = (), **options: Any) -> Connection:
        if options:
            return start(instance, archive=archive, faults=faults, **options)
        for fault in faults:
            service.faults.add(fault)
        return Connection(service.endpoint(), close=service.faults.clear, archive=archive)

    monkeypatch.setattr(qiskit_ibm_native.local, "connect", connect)
    yield
    # Providers that an example leaves open are closed here, and not while another test runs.
    gc.collect()


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_do_what_they_say(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example runs in an empty folder, with a home of its own (``conftest.py``)."""
    test = EXAMPLES[name]
    if "IBMProvider" in test.docstring:
        request.getfixturevalue("_one_service")
    folder = tmp_path / "examples"
    folder.mkdir()
    monkeypatch.chdir(folder)
    failures = failures_of(test)
    assert not failures, failures
