# SPDX-License-Identifier: Apache-2.0
"""The health check: what it finds on machines and installations that are not well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, version
from pathlib import Path
from typing import Any

import pytest

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.diagnosis import Finding, doctor, examine, machine, packages, places, plugins
from qiskit_ibm_native.diagnosis.account import account_findings
from qiskit_ibm_native.diagnosis.packages import fits, requirements_of
from qiskit_ibm_native.diagnosis.plugins import PluginTime

KEY = "a-key-that-nobody-may-see-0123456789"


class Installed(Distribution):
    """A distribution with some requirements."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    @property
    def requires(self) -> list[str]:
        return self.lines

    def read_text(self, filename: Any) -> None:
        return None

    def locate_file(self, path: Any) -> Any:
        return path


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_extras_are_those_of_the_metadata_with_the_command_for_what_is_missing() -> None:
    found = by_name(
        packages.package_findings(
            Installed(
                "qiskit<3,>=2.2",
                "numpy>=999",
                "no-such-package-of-anyone>=2",
                "tomli>=2; python_version < '3.11'",
                'qiskit-ibm-native[inner]; extra == "outer"',
                'orjson>=1; extra == "outer"',
                'no-such-package-of-anyone>=1; extra == "inner"',
                'orjson>=999; extra == "old"',
                'orjson>=1; extra == "good"',
                'qiskit-ibm-native[outer,inner]; extra == "all"',
            )
        )
    )
    assert found["qiskit"] == Finding("packages", "qiskit", version("qiskit"))
    assert found["numpy"].state == found["no-such-package-of-anyone"].state == "problem"
    assert found["no-such-package-of-anyone"].advice == "pip install 'no-such-package-of-anyone>=2'"
    assert found["outer"].state == found["inner"].state == "missing"
    assert found["outer"].advice == "pip install 'qiskit-ibm-native[outer]'"
    assert found["outer"].value == "not installed: no-such-package-of-anyone"
    assert found["old"].state == "problem"
    assert found["good"].value == f"orjson {version('orjson')}"
    assert not {"tomli", "all"} & set(found)


@pytest.mark.parametrize(
    ("found", "versions", "is_fitting"),
    [
        ("2.2", ">=2.2,<3", True),
        ("2.2.0", ">=2.2", True),
        ("3.0.0rc1", ">=2.2,<3", False),
        ("2.10", ">=2.9", True),
        ("1.9.4", ">=1.9.4,<2", True),
        ("2", "", True),
        ("0.51.0", "!=0.50,>0.49", True),
    ],
)
def test_versions_are_compared_as_numbers(found: str, versions: str, is_fitting: bool) -> None:
    assert fits(found, versions) is is_fitting


def test_requirements_of_all_forms_are_read() -> None:
    assert [tuple(need) for need in requirements_of([
        "a", "b (>=1)", "c[x,y]>=2,<3 ; extra == 'z'", "d; sys_platform == 'win32'", "!nonsense"
    ])] == [("a", (), "", None), ("b", (), ">=1", None), ("c", ("x", "y"), ">=2,<3", "z")]  # fmt: skip


def made(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        # The group above has less.
        (
            {
                "proc/self/cgroup": "1:name=systemd:/\n0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "400000 100000",
                "sys/fs/cgroup/a/cpu.max": "200000 100000",
            },
            2.0,
        ),
        # A path outside of the container.
        ({"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3.0),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 0.5),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "nonsense"}, None),
    ],
)
def test_limits_of_control_groups_are_read(tmp_path: Path, files: dict[str, str], quota: float | None) -> None:
    assert machine.quota_of(made(tmp_path, files)) == quota


def test_more_processors_than_a_container_has_time_for_are_told_with_what_to_set() -> None:
    assert machine._processor_finding(64, 64, None).state == "ok"
    assert machine._processor_finding(64, 2, 2.0).state == "ok"
    found = machine._processor_finding(64, 64, 1.5)
    assert found.state == "advice"
    assert str(found.advice).startswith("export PYTHON_CPU_COUNT=2:")


def test_processors_are_described_by_what_the_system_says(tmp_path: Path) -> None:
    root = made(tmp_path, {"proc/cpuinfo": "model name\t: Test 5000\nflags\t\t: sse4_2 avx2 fpu\n"})
    assert machine.processor_name(root) == "Test 5000"
    assert machine._feature_finding(root).value == "sse4_2, avx2; none for SHA-256, so that digests take longer"
    root = made(tmp_path, {"proc/cpuinfo": "Features\t: asimd sha2\n"})
    assert machine._feature_finding(root).value == "asimd, sha2"
    assert machine._feature_finding(tmp_path / "none").value == "the system does not tell"


def test_a_build_for_trying_something_out_is_a_problem() -> None:
    assert machine._build_finding("release").state == "ok"
    assert machine._build_finding("debug").state == "problem"


def test_threads_of_numpy_are_counted_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert machine._algebra_threads() == 1
    monkeypatch.setattr(machine, "_algebra_threads", lambda: 500)
    found = machine._algebra_finding()
    assert found.state == "advice"
    assert "OPENBLAS_NUM_THREADS=" in str(found.advice)


def test_places_are_looked_at_and_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("QISKIT_IBM_NATIVE_LOCAL_STORE")
    found = by_name(places.place_findings())
    assert {found[name].state for name in ("home", "archive of calibrations", "store of local jobs")} == {"ok"}
    assert list(home.iterdir()) == []
    # A file where a folder would have to be, for root as for everybody.
    (home / ".qiskit").write_text("")
    found = by_name(places.place_findings())
    assert found["archive of calibrations"].state == "problem"
    assert "QISKIT_IBM_NATIVE_ARCHIVE" in str(found["archive of calibrations"].advice)
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path))
    assert by_name(places.place_findings())["archive of calibrations"].value.endswith("is no file")


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    # Root may write everywhere.
    monkeypatch.setattr(places.os, "access", lambda path, mode: home not in (path, *Path(path).parents))
    found = by_name(places.place_findings())
    assert found["home"].state == "advice"
    assert found["archive of calibrations"].state == "problem"
    assert found["store of local jobs"].state == "ok"


def test_plug_ins_are_told_by_what_they_cost() -> None:
    slow, fast, own = plugins.SLOW * 2, plugins.SLOW / 2, plugins.SLOW * 3
    found = by_name(
        plugins.plugin_findings(
            [
                PluginTime("qiskit", (), own, None),
                PluginTime("fast", ("one",), fast, None),
                PluginTime("slow", ("one", "two"), slow, None),
                PluginTime("broken", ("three",), 0.0, "ImportError: no"),
            ]
        )
    )
    assert {name: finding.state for name, finding in found.items()} == {
        "qiskit": "ok", "fast": "ok", "slow": "advice", "broken": "problem"
    }  # fmt: skip
    assert "for one and two" in found["slow"].value
    assert str(found["slow"].advice).startswith("pip uninstall slow")


def test_each_package_is_timed_and_what_fails_is_told(tmp_path: Path) -> None:
    info = made(
        tmp_path / "site",
        {
            "plugged-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: plugged\nVersion: 1\n",
            "plugged-1.dist-info/entry_points.txt": "[qiskit.transpiler.layout]\nbad = plugged:Nothing\nok = plugged:Ok\n",
            "plugged.py": "import time\nprint('noise')\nend = time.process_time() + 0.2\n"
            "while time.process_time() < end: pass\nclass Ok: pass\n",
        },
    )
    program = (
        f"import sys; sys.path.insert(0, {str(info)!r})\n"
        "from qiskit_ibm_native.diagnosis.plugins import plugin_times\n"
        "import json; print(json.dumps(plugin_times()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = {each[0]: PluginTime(*each) for each in json.loads(done.stdout)}
    assert found["plugged"].seconds >= 0.2
    assert str(found["plugged"].error).startswith("AttributeError")
    assert found["qiskit"].error is None
    assert found["qiskit-ibm-native"].names == ["qiskit_ibm_native"]  # type: ignore[comparison-overlap]


def test_the_account_is_told_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_name(account_findings())["account"].state == "missing"
    IBMProvider.save_account(KEY, instance="crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::")
    found = by_name(account_findings())
    assert found["account"].value == "saved, channel ibm_quantum_platform, one instance"
    assert found["file"].value.endswith("for you alone")
    (Path.home() / ".qiskit/qiskit-ibm.json").chmod(0o644)
    found = by_name(account_findings())
    assert found["file"].state == "problem"
    assert "chmod 600" in str(found["file"].advice)
    (Path.home() / ".qiskit/qiskit-ibm.json").write_text(f'{{"token": "{KEY}"')
    found = by_name(account_findings())
    assert found["account"].state == "problem"
    monkeypatch.setenv("QISKIT_IBM_TOKEN", KEY)
    found = by_name(account_findings())
    assert found["account"].value.startswith("by QISKIT_IBM_TOKEN")
    assert KEY not in str(found)
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "local")
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    assert list(by_name(account_findings())) == ["channel"]


def test_online_the_instances_are_asked(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = list(account_findings(online=True))
    assert findings[-1].name.startswith("instance")
    assert "ibm_boston" in findings[-1].value
    assert {finding.state for finding in findings} == {"ok"}
    assert service.token not in str(findings)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "wrong-key-wrong-key")
    findings = list(account_findings(online=True))
    assert (findings[-1].name, findings[-1].state) == ("service", "problem")
    assert "wrong-key" not in str(findings)


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Iterator[Finding]:
        raise ZeroDivisionError("here")
        yield

    monkeypatch.setattr(machine, "machine_findings", fail)
    monkeypatch.setattr(plugins, "plugin_findings", lambda: iter([Finding(plugins.TOPIC, "x", "y")]))
    found = list(examine())
    assert Finding("machine", "check", "failed: ZeroDivisionError: here", "problem", "please report this") in found
    assert found[-1].name == "x"
    assert {finding.topic for finding in found} >= {"packages", "files", "account"}
    assert doctor.examine is examine


def test_findings_are_sentences() -> None:
    assert str(Finding("a", "b", "c")) == "a: b: c"
    assert str(Finding("a", "b", "c", "problem", "do d")) == "a: b: c (problem): do d"
