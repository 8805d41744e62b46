# SPDX-License-Identifier: Apache-2.0
"""Programs of users have the types that editors show: a long program, which also runs, and the README."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT
from tests.support.documents import snippets

SAMPLE = ROOT / "tests/typing/sample_program.py"
#: Qiskit has no types, which pyright infers from its sources, and mypy leaves out.
CHECKERS = {
    "mypy": ["-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", "cache"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
}


def check(checker: str, folder: Path, files: list[str]) -> None:
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    checked = subprocess.run(
        [sys.executable, *CHECKERS[checker], *files], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_long_program_has_the_types_that_users_see(checker: str, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path)
    text = SAMPLE.read_text(encoding="utf-8")
    assert "type: ignore" not in text
    assert "cast(" not in text
    check(checker, tmp_path, [SAMPLE.name])


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_snippets_of_the_readme_have_the_types_that_users_see(checker: str, tmp_path: Path) -> None:
    (tmp_path / "readme.py").write_text(snippets("README.md"))
    check(checker, tmp_path, ["readme.py"])


@pytest.mark.slow
def test_the_long_program_runs(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(SAMPLE)], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == str(sorted(path.name for path in tmp_path.glob("*.sqlite3")))
