# SPDX-License-Identifier: Apache-2.0
"""docs/migrating.md tells the truth: names that are said to be here are, and none is left out."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.support import ROOT

import qiskit_ibm_native
from qiskit_ibm_native._former_names import advice_for
from qiskit_ibm_native.cli import main

if TYPE_CHECKING:
    from qiskit_ibm_native import IBMProvider

PAGE = (ROOT / "docs/migrating.md").read_text()
#: Documented names of 0.11, taken from its published wheel: what its pages list, public members of the classes among
#: them, and the attributes that the page of IBMBackend lists.
NAMES_OF_0_11 = (ROOT / "tests/migration/names_of_0_11.txt").read_text().split()
SECTIONS = {"0.11": "## Names of qiskit-ibm-provider 0.11", "official": "## Names of the official client"}


class Row(NamedTuple):
    """A name of a table, and what is said about it."""

    name: str
    here: str
    why: str


def rows_of(section: str) -> list[Row]:
    """Return the names of all tables of a section, members with their classes."""
    text = PAGE.split(SECTIONS[section], 1)[1].split("\n## ", 1)[0]
    rows = []
    for part in text.split("\n### ")[1:]:
        owner = re.match(r"`([\w.]+)`", part)
        prefix = f"{owner[1]}." if owner is not None and owner[1] != "job" else ("job." if owner is not None else "")
        for line in re.findall(r"^\| (`.*) \|$", part, re.MULTILINE):
            names, here, why = line.rsplit("|", 2)
            rows += [Row(f"{prefix}{name}", here.strip(), why.strip()) for name in re.findall(r"`([\w.]+)`", names)]
    return rows


def found(name: str, backend: Any = None) -> bool:
    """Return whether a name is in this package; attributes of backends are those of a backend."""
    if backend is not None and name.startswith("IBMBackend."):
        return hasattr(backend, name.partition(".")[2])
    value: Any = qiskit_ibm_native
    path = qiskit_ibm_native.__name__
    for part in name.split("."):
        path = f"{path}.{part}"
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError):
            try:
                value = importlib.import_module(path)
            except ImportError:
                return False
    return True


def test_the_example_of_the_command_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, shown = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("py", "console"))
    assert script is not None
    assert shown is not None
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments/bell.py").write_text(script[1])
    monkeypatch.chdir(tmp_path)
    assert main(["migrate", "experiments/"]) == 1
    printed = "".join(capsys.readouterr())
    # The page breaks long lines.
    assert printed.split() == shown[1].split("experiments/\n", 1)[1].split()


def test_every_documented_name_of_0_11_is_there_once() -> None:
    listed = [row.name for row in rows_of("0.11")]
    assert sorted(listed) == sorted(set(listed))
    assert sorted(listed) == sorted(NAMES_OF_0_11)
    assert len(listed) > 200


def test_names_of_0_11_are_here_as_said(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_sherbrooke")
    verdicts = defaultdict(int)
    for row in rows_of("0.11"):
        verdicts[row.here] += 1
        assert found(row.name, backend) is (row.here != "gone"), row
        # A changed name says how, and a name that is gone says what to use, here as in the error.
        assert row.why or row.here == "same", row
        if row.here == "gone":
            assert advice_for(row.name) is not None, row
    assert set(verdicts) == {"same", "changed", "gone"}
    assert verdicts["same"] > 100


def test_successors_of_the_official_clients_names_are_here(local_provider: IBMProvider) -> None:
    backend = local_provider.get_backend("ibm_fez")
    for row in rows_of("official"):
        for successor in re.findall(r"`([\w.]+)`", row.here):
            assert found(successor, backend), row
        if row.here in ("same", "changed"):
            assert found(row.name, backend), row
        elif row.here == "`IBMCircuitJob`" and "." in row.name:
            assert found(f"IBMCircuitJob.{row.name.partition('.')[2]}"), row
        elif row.here == "`Session`" and "." in row.name:
            assert found(row.name), row


@pytest.mark.official
def test_every_public_member_of_the_official_clients_classes_is_there() -> None:
    official = importlib.import_module("qiskit_ibm_runtime")
    listed = {row.name for row in rows_of("official")}
    for owner in ("QiskitRuntimeService", "IBMBackend", "RuntimeJobV2", "Session"):
        members = {name for name in dir(getattr(official, owner)) if not name.startswith("_")}
        assert {name.partition(".")[2] for name in listed if name.startswith(f"{owner}.")} == members
    assert {name for name in listed if "." not in name and not hasattr(official, name)} == set()
    exceptions = {
        name for name, kind in vars(official).items() if isinstance(kind, type) and issubclass(kind, Exception)
    } - {"QiskitError", "JobError", "JobTimeoutError"}
    assert exceptions <= listed
