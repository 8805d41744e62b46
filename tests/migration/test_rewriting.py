# SPDX-License-Identifier: Apache-2.0
"""Scripts of 2023 become scripts of today; what cannot is reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from tests.support import ROOT

from qiskit_ibm_native.migration.names import home_of
from qiskit_ibm_native.migration.rewriting import rewrite

SCRIPTS = ROOT / "tests" / "migration" / "scripts"
NAMES = sorted(path.name.partition(".")[0] for path in SCRIPTS.glob("*.2023.txt"))


def rewritten(code: str) -> tuple[str, list[str], list[str]]:
    """Return a script of today, reasons of changes, and what is left to do."""
    new, findings = rewrite(dedent(code).encode())
    made = [finding.reason for finding in findings if finding.new is not None]
    return new.decode(), made, [finding.reason for finding in findings if finding.new is None]


def code_of(code: str) -> str:
    """Return the script of today of one from which nothing is left to do."""
    new, _, left = rewritten(code)
    assert left == []
    return new


@pytest.mark.parametrize("name", NAMES)
def test_scripts_of_2023_become_those_of_today(name: str) -> None:
    old, expected = ((SCRIPTS / f"{name}.{year}.txt").read_bytes() for year in ("2023", "today"))
    new, findings = rewrite(old)
    assert new.decode() == expected.decode()
    assert findings
    # Once is enough.
    again, more = rewrite(new)
    assert again == new
    assert all(finding.new is None for finding in more)
    compile(new, name, "exec")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bell", "ibmq"])
def test_a_migrated_script_runs_on_the_local_service(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_bytes((SCRIPTS / f"{name}.today.txt").read_bytes())
    environment = {**os.environ, "QISKIT_IBM_CHANNEL": "local", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert name != "bell" or "'00'" in run.stdout


def test_what_is_left_to_do_has_its_line_and_advice() -> None:
    _, findings = rewrite((SCRIPTS / "modules.2023.txt").read_bytes())
    left = {finding.line: finding for finding in findings if finding.new is None}
    assert sorted(left) == [7, 8, 9, 10, 16, 18, 23, 24]
    assert left[7].old == "import qiskit_ibm_provider.jupyter"
    assert left[8].reason.startswith("ALAPScheduleAnalysis, PadDynamicalDecoupling: qiskit_ibm_runtime.transpiler")
    assert left[18].old == "provider.backend.ibmq_qasm_simulator"
    assert 'get_backend("local_simulator")' in left[18].reason
    assert "circuit.if_test" in left[23].reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from qiskit_ibm_provider import IBMProvider as P\nP()\n", "from qiskit_ibm_native import IBMProvider as P\nP()\n"),
        ("import qiskit_ibm_provider.job as jobs\n", "import qiskit_ibm_native.job as jobs\n"),
        ("import qiskit_ibm_provider.job.job_monitor\n", "import qiskit_ibm_native.job.job_monitor\n"),
        ("from qiskit_ibm_provider.ibm_backend import IBMBackend; x = 1\n", "from qiskit_ibm_native import IBMBackend; x = 1\n"),
        (
            "from qiskit_ibm_provider.transpiler.passes import ConvertIdToDelay\n",
            "from qiskit_ibm_native.transpiler.passes import ConvertIdToDelay\n",
        ),
        ("from qiskit_ibm_provider.qpy import dump, load\n", "from qiskit.qpy import dump, load\n"),
        ("from qiskit.test.mock import FakeVigoV2\n", "from qiskit_ibm_runtime.fake_provider import FakeVigoV2\n"),
        ("from qiskit.providers.models import BackendStatus, GateConfig\n", "from qiskit_ibm_native import BackendStatus, GateConfig\n"),
        ("from qiskit.pulse import DriveChannel, Play\n", "from qiskit_ibm_native.pulse import DriveChannel, Play\n"),
        ("from qiskit.providers.aer import AerSimulator\n", "from qiskit_aer import AerSimulator\n"),
        ("from qiskit.providers.fake_provider import GenericBackendV2\n",) * 2,
        ("from qiskit import QuantumCircuit, transpile\n",) * 2,
        ("from qiskit import execute, transpile\n", "from qiskit import transpile\n"),
        ("from qiskit import transpile, execute\n", "from qiskit import transpile\n"),
        ("import qiskit.providers.aer\nqiskit.providers.aer.AerSimulator\n", "import qiskit_aer, qiskit\nqiskit_aer.AerSimulator\n"),
        ("from . import qiskit_ibm_provider\n",) * 2,
    ],
)  # fmt: skip
def test_imports(old: str, new: str) -> None:
    assert code_of(old) == new


def test_imports_of_functions_stay_where_they_are() -> None:
    old = """\
    def run(circuit, backend):
        # late
        from qiskit import execute  # slow
        return execute(circuit, backend)
    """
    new = """\
    def run(circuit, backend):
        # late
        from qiskit import transpile  # slow
        return backend.run(transpile(circuit, backend))
    """
    assert code_of(old) == dedent(new)


def test_imports_behind_a_colon() -> None:
    old = "if True: from qiskit import IBMQ, execute  # both\nIBMQ.load_account()\nexecute(circuit, backend)\n"
    assert code_of(old) == (
        "if True: from qiskit import transpile; from qiskit_ibm_native import IBMProvider  # both\n"
        "IBMProvider()\nbackend.run(transpile(circuit, backend))\n"
    )


def test_a_name_that_is_imported_under_another_one_is_imported_as_itself() -> None:
    new = code_of("from qiskit import execute, transpile as t\nexecute(circuit, backend)\n")
    assert new == "from qiskit import transpile, transpile as t\nbackend.run(transpile(circuit, backend))\n"


def test_a_module_under_a_short_name() -> None:
    old = "import qiskit as qk\njob = qk.execute(circuit, self.backend, shots=2)\nprovider = qk.IBMQ.load_account()\n"
    assert code_of(old) == (
        "import qiskit as qk\nimport qiskit_ibm_native\njob = self.backend.run(qk.transpile(circuit, self.backend), shots=2)\n"
        "provider = qiskit_ibm_native.IBMProvider()\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('IBMProvider(hub="a", group="b", project="c")', "IBMProvider()"),
        ('IBMProvider(name="work", instance="a/b/c")', 'IBMProvider(name="work")'),
        ('IBMProvider(instance="crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::")',) * 2,
        ('IBMProvider(verify=False, url="https://auth.quantum-computing.ibm.com/api")', "IBMProvider(verify=False)"),
        ("IBMProvider(None, None, 'work', f'{hub}/{group}/main')", "IBMProvider(None, None, 'work')"),
        ('IBMProvider(None, "https://auth.quantum-computing.ibm.com/api", "work")', 'IBMProvider(None, name="work")'),
        ('provider.get_backend("ibm_fez", instance="a/b/c")', 'provider.get_backend("ibm_fez")'),
        ('provider.backends(\n    simulator=False,\n    instance="a/b/c",\n)', "provider.backends(\n    simulator=False,\n)"),
        ('other(instance="a/b/c")',) * 2,
    ],
)  # fmt: skip
def test_arguments_of_accounts(old: str, new: str) -> None:
    code = "from qiskit_ibm_provider import IBMProvider\n"
    result = rewritten(f"{code}{old}\n")[0]
    assert result == f"from qiskit_ibm_native import IBMProvider\n{new}\n"


def test_the_official_clients_accounts_are_brought_up_to_date_too() -> None:
    old = 'from qiskit_ibm_runtime import QiskitRuntimeService\nQiskitRuntimeService(channel="ibm_quantum", instance="a/b/c")\n'
    assert code_of(old).endswith('QiskitRuntimeService(channel="ibm_quantum_platform")\n')


def test_values_that_only_running_tells_are_left() -> None:
    code = "from qiskit_ibm_provider import IBMProvider\nIBMProvider(token=token, instance=instance, url=None)\n"
    new, _, left = rewritten(code)
    assert "instance=instance" in new
    assert {reason.partition(" ")[0] for reason in left} == {"Tokens", "instance="}


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("execute(circuit, backend, **options)", "behind the stars"),
        ("execute(circuit, choose())", "give it a name first"),
        ("execute(circuit, backend, parameter_binds=[{}], pass_manager=p)", "neither of the two takes parameter_binds, pass_manager"),
        ("execute(circuit, backend, ['x'])", "need keywords"),
        ("execute(circuit)", "not written out"),
    ],
)  # fmt: skip
def test_an_execute_that_has_no_successor_is_left(call: str, problem: str) -> None:
    new, made, left = rewritten(f"from qiskit import execute\n{call}\n")
    assert new == f"from qiskit import execute\n{call}\n"
    assert made == []
    assert any(problem in reason for reason in left)


def test_names_that_are_something_else_are_not_touched() -> None:
    code = """\
    from mine import IBMQ, execute, transpile
    from mine import qiskit_ibm_provider as other

    execute(circuit, backend)
    IBMQ.load_account()
    other.jupyter
    circuit.bind_parameters({})
    """
    assert rewritten(code) == (dedent(code), [], [])
    taken = "from qiskit import execute\ndef transpile(): ...\nexecute(circuit, backend)\n"
    assert any("something else here" in reason for reason in rewritten(taken)[2])


def test_a_name_that_is_used_in_both_ways_stays_beside_its_successor() -> None:
    new, _, left = rewritten("from qiskit import execute\nexecute(circuit, backend)\nrunner = execute\n")
    assert (
        new
        == "from qiskit import execute\nfrom qiskit import transpile\nbackend.run(transpile(circuit, backend))\nrunner = execute\n"
    )
    assert left == ["execute: Use backend.run(transpile(circuits, backend))."]


def test_texts_that_are_names() -> None:
    old = """\
    import logging
    from unittest import mock
    logging.getLogger('qiskit_ibm_provider')
    mock.patch("qiskit_ibm_provider.IBMProvider")
    mock.patch("qiskit_ibm_provider.jupyter")
    text = "qiskit_ibm_provider is a package"
    """
    new, _, left = rewritten(old)
    assert new == dedent(old).replace("'qiskit_ibm_provider'", "'qiskit_ibm_native'").replace(
        '"qiskit_ibm_provider.IBMProvider"', '"qiskit_ibm_native.IBMProvider"'
    )
    assert len(left) == 1


def test_devices_of_today_are_not_reported() -> None:
    code = 'from qiskit_ibm_native import IBMProvider\nIBMProvider(channel="local").get_backend("ibmq_vigo")\n'
    assert rewritten(code) == (code, [], [])


def test_layout_and_encodings_stay() -> None:
    old = (
        "# -*- coding: latin-1 -*-\r\nfrom qiskit_ibm_provider import IBMProvider  # \u00e9\r\nx = [1,2 ,3]\r\n".encode(
            "latin-1"
        )
    )
    assert rewrite(old)[0] == old.replace(b"qiskit_ibm_provider", b"qiskit_ibm_native")


def test_comments_that_cannot_stay_are_named() -> None:
    old = """\
    from qiskit import (
        execute,  # the usual way
        IBMQ,  # accounts
    )
    execute(
        circuit,  # a Bell state
        backend,  # a quiet one
        shots=10,  # a few
    )
    IBMQ.load_account()
    """
    new, made, _ = rewritten(old)
    assert "transpile,  # the usual way" in new
    assert "# a few" in new
    assert "Dropped with it: # accounts" in made[0]
    assert [comment for comment in ("# a Bell state", "# a quiet one") if comment not in new] == ["# a quiet one"]
    assert "Dropped with it: # a quiet one" in made[1]


@pytest.mark.parametrize(
    "code",
    [
        b"def (",
        b"print 'old'\n",
        "# coding: latin-9000\n\u00e9".encode(),
        b"x = '\xff'\n",
        b"x = '\0'\n",
        # The parser of libcst ends the process.
        b"x = " + b"(" * 5000 + b")" * 5000,
        b"x = " + b"-" * 50000 + b"1",
        b"x = " + b"1 + " * 50000 + b"1",
    ],
    ids=lambda code: repr(code[:8]),
)
def test_scripts_that_are_no_python_are_errors(code: bytes) -> None:
    with pytest.raises(SyntaxError):
        rewrite(code)


def test_findings_do_not_repeat_tokens() -> None:
    key = "0123456789abcdef" * 8
    findings = rewrite(f'from qiskit_ibm_provider import IBMProvider\nIBMProvider.save_account("{key}")\n'.encode())[1]
    assert len(findings) == 2
    assert key not in repr(findings)
    assert 'save_account("***")' in repr(findings)


@pytest.mark.official
def test_homes_exist() -> None:
    """Import what names are said to be today."""
    from importlib import import_module

    from qiskit_ibm_native.migration.names import _MOVED_NAMES

    fakes = ("qiskit.providers.fake_provider.FakeVigoV2", "qiskit.test.mock.FakeLimaV2")
    exceptions = [
        f"qiskit.providers.ibmq.exceptions.IBMQ{kind}Error" for kind in ("", "Account", "Backend", "Provider")
    ]
    for name in [*_MOVED_NAMES, *fakes, *exceptions, "qiskit.providers.aer.noise.NoiseModel"]:
        home = home_of(name)
        assert home is not None
        assert home.module is not None
        assert hasattr(import_module(home.module), home.name), name
