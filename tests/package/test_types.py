# SPDX-License-Identifier: Apache-2.0
"""Programs of users have the types that editors show: a long program, which also runs, the README and the pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT
from tests.support.documents import PAGES, snippets

SAMPLE = ROOT / "tests/typing/sample_program.py"
#: Qiskit has no types, which pyright infers from its sources, and mypy leaves out.
CHECKERS = {
    "mypy": ["-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", "cache"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
}
#: What pyright's strict mode says of everything that comes from Qiskit, which has neither stubs nor all annotations.
OF_QISKIT = (
    "reportMissingTypeStubs", "reportUnknownArgumentType", "reportUnknownMemberType", "reportUnknownVariableType",
)  # fmt: skip
#: Functions on pages have no annotations, to be short.
OF_PAGES = ["--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls"]
#: Pages with code that type checkers refuse for a reason.
UNTYPED_PAGES = {
    "docs/migrating.md": "shows errors of names that are gone",
    "docs/pictures.md": "interactive=True gives a figure of plotly",
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
def test_a_long_program_passes_the_strict_mode_of_pyright_but_for_what_is_qiskits(tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path)
    rules = {"typeCheckingMode": "strict", **dict.fromkeys(OF_QISKIT, "none")}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(rules))
    check("pyright", tmp_path, [SAMPLE.name])


@pytest.mark.slow
def test_snippets_of_pages_have_the_types_that_users_see(tmp_path: Path) -> None:
    pages = [page for page in PAGES if page.startswith("docs/") and snippets(page) and page not in UNTYPED_PAGES]
    names = [f"{Path(page).stem.replace('-', '_')}_page.py" for page in pages]
    for page, name in zip(pages, names):
        (tmp_path / name).write_text(snippets(page))
    assert len(pages) > 10
    check("mypy", tmp_path, [*OF_PAGES, *names])


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
