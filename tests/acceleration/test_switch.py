# SPDX-License-Identifier: Apache-2.0
"""Acceleration turned on and off: what is replaced, when, and that nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import qiskit_ibm_runtime
from qiskit_ibm_runtime.fake_provider import FakeFez, FakeVigoV2, fake_backend

import qiskit_ibm_native
from qiskit_ibm_native.acceleration import Acceleration, accelerate, is_accelerated
from qiskit_ibm_native.acceleration.seams import KNOWN_VERSIONS, seams


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    yield
    Acceleration().undo()


def attributes() -> dict[str, dict[str, int]]:
    """Return the identity of every attribute of every module of the client and of the classes in them."""
    modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "qiskit_ibm_runtime"}
    owners = dict(modules)
    for module in modules.values():
        owners |= {
            f"{kind.__module__}.{kind.__qualname__}": kind for kind in vars(module).values() if isinstance(kind, type)
        }
    return {name: {key: id(value) for key, value in vars(owner).items()} for name, owner in owners.items()}


def run(*arguments: str, **environment: str) -> str:
    """Return the output of a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", *arguments],
        check=False, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_undo_restores_every_attribute() -> None:
    before = attributes()
    handle = accelerate()
    during = attributes()
    replaced = {
        (owner, key) for owner, values in during.items() for key in values if values[key] != before[owner].get(key)
    }
    assert {key for _, key in replaced} == {seam.name.rpartition(".")[2] for seam in seams("0.51")}
    handle.undo()
    assert attributes() == before and not is_accelerated()
    handle.undo()
    assert attributes() == before


def test_no_other_module_of_the_client_holds_what_is_replaced() -> None:
    before = attributes()
    with accelerate():
        during = attributes()
    originals = {
        before[owner][key]
        for owner, values in during.items()
        for key, value in values.items()
        if before[owner][key] != value
    }
    left = {(owner, key) for owner, values in during.items() for key, value in values.items() if value in originals}
    # The name by which the server once called the decoder, and the module of JSON, which is everybody's.
    assert {key for _, key in left} <= {"_decode_backend_configuration", "json"}


def test_twice_is_once_and_an_inner_block_leaves_the_outer_one_on() -> None:
    before = attributes()
    with accelerate():
        during = attributes()
        with accelerate():
            assert attributes() == during
        assert attributes() == during and is_accelerated()
    assert attributes() == before
    accelerate()
    accelerate().undo()
    assert attributes() == before


def test_a_handle_says_whether_it_is_on() -> None:
    handle = accelerate()
    assert repr(handle) == "<Acceleration of qiskit_ibm_runtime: on>"
    handle.undo()
    assert repr(handle) == "<Acceleration of qiskit_ibm_runtime: off>"
    with handle:
        assert is_accelerated()
    assert not is_accelerated()


@pytest.mark.parametrize("version", ["0.46.1", "0.52.0", "1.0.0", "unknown"])
def test_an_unknown_version_is_left_alone_with_one_warning(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qiskit_ibm_runtime, "__version__", version)
    before = attributes()
    with pytest.warns(RuntimeWarning, match=f"{version} is not accelerated: known are 0.47 to 0.51") as said:
        handle = accelerate()
    accelerate()
    assert len(said) == 1 and said[0].filename == __file__
    assert attributes() == before and not is_accelerated() and "known are 0.47 to 0.51" in repr(handle)
    monkeypatch.undo()
    # Nothing stands in the way of another try.
    with accelerate():
        assert is_accelerated()
    assert not is_accelerated()
    assert FakeVigoV2().target.num_qubits == 5


@pytest.mark.parametrize("changed", ["convert_to_target", "json"])
def test_a_client_that_is_not_as_its_version_is_left_alone(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if changed == "json":
        monkeypatch.delattr(fake_backend, "json")
    else:
        monkeypatch.setattr(fake_backend, changed, lambda configuration, calibration: None)
    before = attributes()
    with pytest.warns(RuntimeWarning, match=f"fake_backend.{changed} is not as that version has it"):
        accelerate()
    assert attributes() == before


def test_a_mock_that_was_put_over_a_seam_stays_until_it_is_undone() -> None:
    handle = accelerate()
    with mock.patch.object(fake_backend, "convert_to_target", return_value="mocked"):
        assert FakeVigoV2().target == "mocked"
        handle.undo()
        assert FakeVigoV2().target == "mocked"


def test_what_was_made_before_undo_works_after_it() -> None:
    with accelerate():
        backend = FakeFez()
        unread = backend.properties()
    assert backend.target.num_qubits == 156
    assert unread == FakeFez().properties() and backend.configuration() == FakeFez().configuration()


def test_importing_replaces_nothing_and_imports_nothing() -> None:
    code = """
import sys
import qiskit_ibm_native.acceleration
assert not [name for name in sys.modules if name.partition(".")[0] in ("qiskit", "qiskit_ibm_runtime", "numpy", "dateutil", "logging")]
handle = qiskit_ibm_native.accelerate()
assert "qiskit" not in sys.modules and "qiskit_ibm_runtime" not in sys.modules
assert repr(handle).endswith("on, as soon as it is imported>")
"""
    run("-c", code)


def test_a_client_that_is_imported_later_is_accelerated_then() -> None:
    code = """
import sys
import qiskit_ibm_native
handle = qiskit_ibm_native.accelerate()
[watch] = [finder for finder in sys.meta_path if type(finder).__module__.startswith("qiskit_ibm_native")]
from qiskit_ibm_runtime.fake_provider import FakeVigoV2
assert watch not in sys.meta_path and repr(handle).endswith(": on>")
assert type(FakeVigoV2().properties()) is not FakeVigoV2().properties().__class__
handle.undo()
assert type(FakeVigoV2().properties()) is FakeVigoV2().properties().__class__
"""
    run("-c", code)


def test_undo_before_the_import_leaves_the_import_alone() -> None:
    code = """
import sys
import qiskit_ibm_native
finders = list(sys.meta_path)
qiskit_ibm_native.accelerate().undo()
assert sys.meta_path == finders
from qiskit_ibm_runtime.fake_provider import FakeVigoV2
assert type(FakeVigoV2().properties()) is FakeVigoV2().properties().__class__
"""
    run("-c", code)


SCRIPT = """
import sys
from neighbour import here
from qiskit_ibm_runtime.fake_provider import FakeVigoV2
assert __name__ == "__main__" and here
properties = FakeVigoV2().properties()
print(sys.argv[1:], type(properties) is properties.__class__)

class Own:
    pass

import pickle
assert type(pickle.loads(pickle.dumps(Own()))) is Own and sys.modules["__main__"].Own is Own
"""


def test_scripts_and_modules_run_accelerated(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("here = True\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    assert run("-m", "qiskit_ibm_native.acceleration", str(script), "-m", "x") == "['-m', 'x'] False\n"
    said = run("-m", "qiskit_ibm_native.acceleration", "-m", "script", "y", PYTHONPATH=str(tmp_path))
    assert said == "['y'] False\n"
    assert run(str(script)) == "[] True\n"


def test_the_command_without_a_script_says_how_it_is_used() -> None:
    assert "usage: python -m" in run("-m", "qiskit_ibm_native.acceleration", "--help")
    done = subprocess.run(
        [sys.executable, "-m", "qiskit_ibm_native.acceleration"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2 and "usage: python -m" in done.stderr


@pytest.mark.slow
def test_tests_run_accelerated_by_a_plug_in(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from qiskit_ibm_runtime.fake_provider import FakeVigoV2\n\n"
        "def test_it():\n"
        "    properties = FakeVigoV2().properties()\n"
        "    assert type(properties) is not properties.__class__\n"
    )
    pytest_ = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    assert "1 passed" in run(*pytest_, "-p", "qiskit_ibm_native.acceleration")
    assert subprocess.run([sys.executable, *pytest_], check=False, capture_output=True).returncode == 1


def test_a_child_of_a_fork_that_happened_while_a_model_was_filled_can_fill_it() -> None:
    from qiskit_ibm_native.acceleration.dictionaries import filling

    with accelerate(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        properties = FakeVigoV2().properties()
        import threading

        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with filling:
                held.set()
                done.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        child = os.fork()
        if child == 0:
            os._exit(0 if properties.t1(0) > 0 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        done.set()
        holder.join()


def test_known_versions_are_the_ones_that_the_documentation_names() -> None:
    text = (Path(__file__).parents[2] / "docs" / "acceleration.md").read_text()
    assert f"{min(KNOWN_VERSIONS)} to {max(KNOWN_VERSIONS)}" in text


def test_the_function_and_the_room_have_different_names() -> None:
    import qiskit_ibm_native.acceleration as room

    made: Any = qiskit_ibm_native.accelerate
    assert callable(made) and qiskit_ibm_native.acceleration is room
