# SPDX-License-Identifier: Apache-2.0
"""The official client's own unit tests, with acceleration and without, compared test by test.

The tests are in the source distribution of the installed version, which pip fetches. ``make test-official`` runs this.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import time
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as ET

#: What acceleration is about: backends, fake devices, targets, local mode.
ABOUT_BACKENDS = ["test/unit/fake_provider", "test/unit/test_backend.py", "test/unit/test_backend_retrieval.py"]

Outcomes = dict[str, str]


def fetch_tests(version: str, folder: Path) -> Path:
    """Return a folder with nothing but the tests of a version; the client that is tested is the installed one."""
    tests = folder / f"tests-{version}"
    if not (tests / "test").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetched = ["--no-deps", "--no-binary", "qiskit-ibm-runtime", f"qiskit-ibm-runtime=={version}", "--dest", folder]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *fetched], check=True)
        name = f"qiskit_ibm_runtime-{version}"
        with tarfile.open(folder / f"{name}.tar.gz") as archive:
            inside = [member for member in archive.getmembers() if member.name.startswith(f"{name}/test/")]
            # The first releases of Python 3.10 and 3.11 have no filters.
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            archive.extractall(folder, members=inside, **safely)
        (folder / name).rename(tests)
    # Otherwise pytest would take the options of the project that the folder is in.
    (tests / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tests


def run(tests: Path, files: list[str], options: list[str], *, accelerated: bool) -> tuple[Outcomes, float]:
    """Run tests, and return their outcomes by name and the seconds that they took."""
    report = tests / ("accelerated.xml" if accelerated else "plain.xml")
    report.unlink(missing_ok=True)
    plugin = ["-p", "qiskit_ibm_native.acceleration"] if accelerated else []
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}", *plugin, *options]
    start = time.monotonic()
    # Warnings are the client's, and tests of accounts must not find one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QISKIT_", "PYTHONPATH"))}
    done = subprocess.run(
        [sys.executable, *command, "-W", "ignore", *files],
        cwd=tests, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    seconds = time.monotonic() - start
    # 0 and 1: all tests ran, and passed or did not.
    if done.returncode > 1 or not report.exists():
        sys.exit(f"The tests did not run:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return {name(case): outcome(case) for case in ET.parse(report).iter("testcase")}, seconds


def name(case: ET.Element) -> str:
    """Return the name of a test in a report."""
    return f"{case.get('classname')}::{case.get('name')}"


def outcome(case: ET.Element) -> str:
    """Return ``passed``, ``failure``, ``error`` or ``skipped``."""
    return next((kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), "passed")


def main() -> None:
    """Run the tests twice; fail if one ends otherwise with acceleration than without, or if none passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="run all unit tests, not just those about backends")
    parser.add_argument("--folder", type=Path, required=True, help="where the tests are kept")
    parser.add_argument("options", nargs="*", help="options of pytest, behind --")
    choices = parser.parse_args()
    version = metadata.version("qiskit-ibm-runtime")
    tests = fetch_tests(version, choices.folder.resolve())
    files = ["test/unit"] if choices.all else ABOUT_BACKENDS
    plain, plain_seconds = run(tests, files, choices.options, accelerated=False)
    accelerated, seconds = run(tests, files, choices.options, accelerated=True)
    for test in sorted(plain.keys() | accelerated.keys()):
        before, after = plain.get(test, "missing"), accelerated.get(test, "missing")
        if before != after:
            print(f"{test}: {before}, accelerated {after}")
    passed = sum(end == "passed" for end in accelerated.values())
    print(
        f"qiskit-ibm-runtime {version}: {len(plain)} tests in {plain_seconds:.1f} s; accelerated {len(accelerated)} in"
        f" {seconds:.1f} s, {passed} passed, {'the same' if plain == accelerated else 'NOT the same'} one by one."
    )
    sys.exit(0 if plain == accelerated and passed > 0.9 * len(plain) else 1)


if __name__ == "__main__":
    main()
