# SPDX-License-Identifier: Apache-2.0
"""Documents tell the truth: snippets run, figures come from committed results, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT
from tests.support.documents import PAGES, snippets


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.slow
def test_snippets_run(page: str, tmp_path: Path) -> None:
    """All snippets of a page run in turn, in one process and an empty folder."""
    code = snippets(page)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert page != "README.md" or "ibm_fez 156 2025-02-26 15:16:25-05:00" in run.stdout


def test_figures_come_from_committed_results() -> None:
    checked = subprocess.run(
        [sys.executable, "benchmarks/report.py", "--check"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text()):
        assert link.startswith("https://") or (ROOT / page).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_files_that_are_named_exist(page: str) -> None:
    folders = [ROOT, *(ROOT / name for name in (".ci", "python/qiskit_ibm_native", "rust/core/src", "rust/python/src"))]
    named = set(re.findall(r"`([\w./]+\.(?:py|rs))`", (ROOT / page).read_text()))
    assert named
    assert {name for name in named if not any((folder / name).exists() for folder in folders)} == set()


def test_every_verb_is_explained_and_every_verb_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z0-9-]+):.*## .", makefile, re.MULTILINE))
    assert verbs == explained
    for page in [*PAGES, ".ci/run"]:
        text = (ROOT / page).read_text()
        named = re.findall(r"make ([a-z][a-z0-9-]+)(?=[`\s])", text)
        named += " ".join(re.findall(r"^step ([a-z0-9 -]+)$", text, re.MULTILINE)).split()
        assert {verb for verb in named if verb in verbs or "-" in verb} <= verbs, page


def test_every_deviation_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\|.*\|$", (ROOT / "docs/deviations.md").read_text(), re.MULTILINE)
    tests = [row.split("|")[-2].strip() for row in rows if not set(row) <= set("|- ")]
    module = ""
    checked = 0
    for cell in tests:
        for name in re.findall(r"`((?:[a-z]+/)?test_\w+)`", cell):
            if "/" in name:
                module = (ROOT / "tests" / f"{name}.py").read_text()
                continue
            assert f"def {name}(" in module, name
            checked += 1
    assert checked >= 18
