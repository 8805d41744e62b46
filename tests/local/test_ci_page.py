# SPDX-License-Identifier: Apache-2.0
"""docs/testing-in-ci.md is true: its tests pass, and its workflow and containers work as far as processes go."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support import ROOT

PAGE = (ROOT / "docs" / "testing-in-ci.md").read_text()
CONTAINERFILE = (ROOT / "container" / "Containerfile").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
FILES = {
    code.splitlines()[0].removeprefix("# "): code
    for language, code in BLOCKS
    if language == "python" and "test_" in code
}
WORKFLOW, COMPOSE_OF_PAGE = (text for language, text in BLOCKS if language == "yaml")
COMPOSE = (ROOT / "container" / "compose.yaml").read_text()


@pytest.fixture
def port() -> int:
    """Return a port in place of the one in the page, which somebody else may use."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def commands(tmp_path: Path) -> dict[str, str]:
    """Return an environment with the commands of an installed package; ``pip`` has nothing to do."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = shlex.quote(sys.executable)
    scripts = {
        "qiskit-ibm-native": f'exec {python} -m qiskit_ibm_native "$@"',
        "pytest": f'exec {python} -m pytest -p no:cacheprovider -p no:run-parallel "$@"',
        "python": f'exec {python} "$@"',
        "pip": "exit 0",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return environment | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "QISKIT_IBM_NATIVE_LOCAL_STORE": str(tmp_path / "jobs"),
    }


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """End a process and what it started."""
    with process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.official
@pytest.mark.slow
def test_the_tests_of_the_page_pass(tmp_path: Path, commands: dict[str, str]) -> None:
    names = ["test_bell.py", "test_backends.py", "test_failures.py"]
    for name in names:
        (tmp_path / name).write_text(FILES[name])
    done = subprocess.run(
        ["pytest", "-q", *names], cwd=tmp_path, env=commands, check=False, capture_output=True, text=True
    )
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def steps(port: int) -> list[str]:
    workflow = yaml.safe_load(WORKFLOW)
    # YAML 1.1 takes the key `on` for a truth.
    assert set(workflow) == {"name", True, "jobs"}
    (job,) = workflow["jobs"].values()
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    return [step["run"].replace(" serve ", f" serve --port {port} ") for step in job["steps"] if "run" in step]


@pytest.mark.official
@pytest.mark.slow
def test_the_steps_of_the_workflow_run(tmp_path: Path, commands: dict[str, str], port: int) -> None:
    (tmp_path / "test_platform.py").write_text(FILES["test_platform.py"])
    exported = tmp_path / "github.env"
    exported.touch()
    # Each step is a shell of its own, with what earlier ones have exported; what they have started goes on.
    script = "".join(
        f"(set -a; . {exported}; set +a; export GITHUB_ENV={exported}; bash -e {tmp_path / f'step-{number}'}) || exit 1\n"
        for number, step in enumerate(steps(port))
        if (tmp_path / f"step-{number}").write_text(step)
    )
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=tmp_path, env=commands, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with ended(process):
        assert process.wait(240) == 0, process.stdout.read()
        assert f"QISKIT_IBM_URL=http://127.0.0.1:{port}/experimental/v1" in exported.read_text()
        assert (tmp_path / "recording" / "exchanges.jsonl").stat().st_size > 0
        log = (tmp_path / "quantum.log").read_text()
        assert log.startswith("Serving on ")
        # It is uploaded. GitHub takes lines with a name and a value only.
        lines = exported.read_text().splitlines()
        assert all(re.match(r"\w+=", line) for line in lines)
        (key,) = (line.partition("=")[2] for line in lines if line.startswith("QISKIT_IBM_TOKEN="))
        assert key not in log


def test_the_file_of_the_containers_is_the_one_in_the_page() -> None:
    assert COMPOSE_OF_PAGE == COMPOSE
    assert "make wheel\ndocker compose -f container/compose.yaml " in PAGE


def test_what_tests_import_is_installed() -> None:
    first = next(text for language, text in BLOCKS if language == "console")
    for name, installed in (
        ("test_bell.py", first), ("test_backends.py", first), ("test_platform.py", WORKFLOW), ("test_platform.py", COMPOSE),
    ):  # fmt: skip
        commands = " ".join(re.findall(r"pip install (.*)", installed))
        for module in re.findall(r"^(?:from|import) (\w+)", FILES[name], re.MULTILINE):
            package = module.replace("_", "-")
            assert package in commands or package == "qiskit"


def instruction(name: str) -> str:
    (found,) = re.findall(rf"^{name} (.+)$", CONTAINERFILE, re.MULTILINE)
    return str(found)


@pytest.mark.official
@pytest.mark.slow
def test_the_commands_of_the_containers_run(tmp_path: Path, commands: dict[str, str], port: int) -> None:
    services = yaml.safe_load(COMPOSE.replace("8964", str(port)))["services"]
    check = yaml.safe_load(instruction("HEALTHCHECK").partition("CMD ")[2].replace("8964", str(port)))
    command = [*yaml.safe_load(instruction("ENTRYPOINT")), *services["quantum"]["command"], "--port", str(port)]

    def is_healthy() -> bool:
        return subprocess.run(check, env=commands, check=False, capture_output=True).returncode == 0

    assert not is_healthy()
    with ended(
        subprocess.Popen(command, cwd=tmp_path, env=commands, stdout=subprocess.DEVNULL, start_new_session=True)
    ):
        end = time.monotonic() + 120
        while not is_healthy():
            assert time.monotonic() < end
            time.sleep(0.2)
        tests = services["tests"]
        assert tests["depends_on"] == {"quantum": {"condition": "service_healthy"}}
        # Paths begin at the folder of the file, which is one of the project's.
        (volume,) = tests["volumes"]
        source, _, target = volume.partition(":")
        assert target == tests["working_dir"]
        (tmp_path / "container").mkdir()
        folder = tmp_path / "container" / source
        assert folder.resolve() == tmp_path / "tests"
        folder.resolve().mkdir()
        (folder / "test_platform.py").write_text(FILES["test_platform.py"])
        done = subprocess.run(
            tests["command"], shell=True, cwd=folder, env=commands | tests["environment"], check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_image_has_the_wheel_and_no_root() -> None:
    assert instruction("COPY").startswith("dist/*.whl ")
    assert (ROOT / ".dockerignore").read_text().split() == ["*", "!dist/*.whl"]
    assert instruction("USER") == "quantum"
