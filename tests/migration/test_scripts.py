# SPDX-License-Identifier: Apache-2.0
"""The command ``migrate``: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_ibm_native import IBMInputValueError
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.migration import migrate_scripts

OLD = "#!/usr/bin/env python3\nfrom qiskit_ibm_provider import IBMProvider\n\nprovider = IBMProvider()\n"
NEW = OLD.replace("qiskit_ibm_provider", "qiskit_ibm_native")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(OLD)
    path.chmod(0o750)
    return path


def test_nothing_is_written_unless_asked_for(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(script)]) == 1
    assert script.read_text() == OLD
    out, err = capsys.readouterr()
    assert (
        f"{script}:2: from qiskit_ibm_provider import IBMProvider\n    -> from qiskit_ibm_native import IBMProvider"
        in out
    )
    assert err == "1 of 1 scripts would change with --write; 0 left to do.\n"


def test_scripts_are_written_once_and_keep_their_mode(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--write", str(script)]) == 0
    assert script.read_text() == NEW
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert [path.name for path in script.parent.iterdir()] == ["script.py"]
    assert main(["migrate", "--write", str(script)]) == 0
    assert "0 of 1 scripts changed" in capsys.readouterr().err


def test_a_diff_can_be_applied(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--diff", str(script)]) == 1
    patch = capsys.readouterr().out
    assert "-from qiskit_ibm_provider import IBMProvider\n+from qiskit_ibm_native import IBMProvider\n" in patch
    subprocess.run(["patch", "-s", str(script)], input=patch, text=True, check=True)
    assert script.read_text() == NEW


def test_something_left_to_do_is_status_1_also_after_writing(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(f"{OLD}import qiskit_ibm_provider.jupyter\n")
    assert main(["migrate", "--write", str(script)]) == 1
    assert f"{script}:5: left to do: import qiskit_ibm_provider.jupyter\n    " in capsys.readouterr().out
    assert script.read_text() == f"{NEW}import qiskit_ibm_provider.jupyter\n"


def test_scripts_of_today_are_status_0(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("from qiskit_ibm_native import IBMProvider\n")
    assert main(["migrate", str(tmp_path)]) == 0


def test_a_script_that_is_no_python_is_left_and_the_others_are_written(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = script.parent / "a_broken.py"
    broken.write_text("from qiskit_ibm_provider import\n")
    assert main(["migrate", "--write", str(script.parent)]) == 2
    assert broken.read_text() == "from qiskit_ibm_provider import\n"
    assert script.read_text() == NEW
    assert f"{broken} is left as it is: line 1" in capsys.readouterr().err


def test_folders_are_searched_for_the_users_own_scripts(tmp_path: Path) -> None:
    for name in ("b/c.py", "a.py", "venv/x.py", ".hidden/x.py", "b/__pycache__/x.py", "text.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(OLD)
    found = [migration.path for migration in migrate_scripts([tmp_path, tmp_path / "a.py"])]
    assert found == [tmp_path / "a.py", tmp_path / "b/c.py"]
    assert len(migrate_scripts([tmp_path / "text.txt"])) == 1


def test_paths_that_are_no_scripts_are_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(tmp_path / "none.py")]) == 2
    assert "does not exist" in capsys.readouterr().err
    (tmp_path / "n.ipynb").write_text("{}")
    assert main(["migrate", str(tmp_path / "n.ipynb")]) == 2
    assert "jupyter nbconvert" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["migrate"])
    assert caught.value.code == 2


def test_a_script_that_was_changed_meanwhile_is_left(script: Path) -> None:
    (migration,) = migrate_scripts([script])
    script.write_text("print()\n")
    with pytest.raises(IBMInputValueError, match="was changed since"):
        migration.write()
    assert script.read_text() == "print()\n"


def test_a_failed_write_leaves_the_script_and_nothing_else(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (migration,) = migrate_scripts([script])
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        migration.write()
    assert script.read_text() == OLD
    assert [path.name for path in script.parent.iterdir()] == ["script.py"]


def test_links_stay_links(script: Path) -> None:
    link = script.parent / "link.py"
    link.symlink_to(script)
    assert main(["migrate", "--write", str(link)]) == 0
    assert link.is_symlink()
    assert script.read_text() == NEW


def test_without_libcst_the_error_says_what_to_install(script: Path) -> None:
    program = (
        "import sys; sys.modules['libcst'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'libcst' else find(name, *rest)\n"
        "from qiskit_ibm_native.cli import main; sys.exit(main(['migrate', sys.argv[1]]))\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(script)], check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr == (
        "qiskit-ibm-native: Migrations of scripts need libcst, which is not installed:"
        " pip install 'qiskit-ibm-native[migrate]'\n"
    )
