# SPDX-License-Identifier: Apache-2.0
"""A home without anything, so that no test sees or changes what the user has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.histories import archived, drifting


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of its own for the test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("QISKIT_IBM_NATIVE_ARCHIVE", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """Return the file of an archive with five days of a device."""
    return str(archived(tmp_path / "archive.sqlite3", drifting("lima", 5)))
