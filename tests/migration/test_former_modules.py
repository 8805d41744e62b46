# SPDX-License-Identifier: Apache-2.0
"""Modules of qiskit-ibm-provider 0.11: there under the new name, or an error that says what to use."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import ROOT

import qiskit_ibm_native
from qiskit_ibm_native._former_names import ADVICE, advice_for

#: What 2023's programs imported, by module.
GIVEN = {
    "accounts": ("Account", "AccountAlreadyExistsError", "AccountNotFoundError", "InvalidAccountError"),
    "accounts.exceptions": (
        "AccountAlreadyExistsError",
        "AccountNotFoundError",
        "AccountsError",
        "InvalidAccountError",
    ),
    "api.clients": ("RuntimeClient",),
    "api.exceptions": ("ApiError", "ApiIBMProtocolError", "RequestsApiError"),
    "exceptions": ("IBMError", "IBMProviderError", "IBMBackendValueError"),
    "ibm_backend": ("IBMBackend", "IBMRetiredBackend"),
    "ibm_backend_service": ("IBMBackendService",),
    "ibm_provider": ("IBMProvider",),
    "ibm_qubit_properties": ("IBMQubitProperties",),
    "job": ("IBMCircuitJob", "IBMCompositeJob", "IBMJob", "IBMJobError", "QueueInfo", "job_monitor"),
    "job.exceptions": ("IBMJobFailureError", "IBMJobInvalidStateError", "IBMJobNotFoundError", "IBMJobTimeoutError"),
    "job.ibm_circuit_job": ("IBMCircuitJob",),
    "job.ibm_composite_job": ("IBMCompositeJob",),
    "job.ibm_job": ("IBMJob",),
    "job.job_monitor": ("job_monitor",),
    "job.queueinfo": ("QueueInfo",),
    "proxies": ("ProxyConfiguration",),
    "session": ("Session",),
    "version": ("__version__",),
}
GONE_MODULES = (
    "apiconstants", "hub_group_project", "jupyter", "qpy", "transpiler.passes.scheduling", "transpiler.plugin",
    "utils.converters", "utils.json", "utils.pubsub", "visualization.interactive",
)  # fmt: skip


@pytest.mark.parametrize("module", GIVEN)
def test_a_module_gives_what_the_package_exports(module: str) -> None:
    imported = importlib.import_module(f"qiskit_ibm_native.{module}")
    for name in GIVEN[module]:
        assert getattr(imported, name) is getattr(qiskit_ibm_native, name)


def test_modules_are_attributes_after_a_plain_import() -> None:
    program = (
        "import qiskit_ibm_native as p\n"
        "assert p.job.job_monitor is p.job_monitor and p.session.Session is p.Session\n"
        "assert p.job.exceptions.IBMJobTimeoutError is p.exceptions.IBMJobTimeoutError\n"
        "assert p.version.__version__ == p.__version__\n"
        "import qiskit_ibm_native.job.job_monitor, qiskit_ibm_native.transpiler.passes.basis as basis\n"
        "assert basis.ConvertIdToDelay is p.transpiler.ConvertIdToDelay is p.transpiler.passes.ConvertIdToDelay\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_classes_are_pickled_under_either_name() -> None:
    error = pickle.loads(b"cqiskit_ibm_native.job.exceptions\nIBMJobFailureError\n(Vmessage\ntR.")
    assert isinstance(error, qiskit_ibm_native.IBMJobFailureError)
    assert str(pickle.loads(pickle.dumps(error))) == "message"


def test_names_of_devices_become_those_of_0_11() -> None:
    utils = importlib.import_module("qiskit_ibm_native.utils")
    assert utils.to_python_identifier("ibmq_16_melbourne") == "ibmq_16_melbourne"
    assert [utils.to_python_identifier(name) for name in ("5qubits", "aB", "class")] == ["_5qubits", "a_b", "class_"]
    assert utils.to_python_identifier("\u00e9-1") == "\u00e9_1"


@pytest.mark.parametrize("module", GONE_MODULES)
def test_a_module_that_has_nothing_to_give_says_what_to_use(module: str) -> None:
    with pytest.raises(ImportError) as caught:
        importlib.import_module(f"qiskit_ibm_native.{module}")
    assert str(caught.value) == f"qiskit_ibm_provider.{module} is not in qiskit_ibm_native. {advice_for(module)}."
    assert caught.value.name == f"qiskit_ibm_native.{module}"


@pytest.mark.parametrize(
    ("module", "name", "advice"),
    [
        ("", "IBMProviderCredentialsNotFound", "AccountNotFoundError is raised today"),
        ("", "QISKIT_IBM_PROVIDER_LOGGER_NAME", "The logger is called qiskit_ibm_native"),
        ("", "jupyter", "There is no dashboard"),
        ("exceptions", "IBMProviderCredentialsInvalidToken", "IBMNotAuthorizedError is raised today"),
        ("accounts", "AccountManager", "Use IBMProvider.save_account"),
        ("api.exceptions", "WebsocketError", "There is no websocket"),
        ("session", "get_cm_session", "backend.session"),
        ("transpiler.passes", "PadDynamicalDecoupling", "qiskit_ibm_runtime.transpiler.passes.scheduling"),
        ("utils", "utc_to_local", "value.astimezone"),
        ("visualization", "iplot_error_map", "qiskit.visualization.plot_error_map"),
    ],
)
def test_a_name_that_is_gone_says_what_to_use(module: str, name: str, advice: str) -> None:
    where = ".".join(filter(None, ("qiskit_ibm_native", module)))
    with pytest.raises(ImportError, match=advice):
        exec(f"from {where} import {name}")


@pytest.mark.parametrize("module", [*GIVEN, "transpiler.passes", "utils", "visualization"])
def test_names_that_nobody_ever_had_are_missing_as_usual(module: str) -> None:
    imported = importlib.import_module(f"qiskit_ibm_native.{module}")
    assert not hasattr(imported, "no_such_name")
    assert not hasattr(imported, "__wrapped__")
    with pytest.raises(ImportError, match="cannot import name"):
        exec(f"from qiskit_ibm_native.{module} import no_such_name")


def test_advice_is_about_names_that_are_not_there() -> None:
    for name in ADVICE:
        module, _, last = f"qiskit_ibm_native.{name}".rpartition(".")
        with pytest.raises((ImportError, AttributeError)):
            getattr(importlib.import_module(module), last)
        with pytest.raises(ImportError):
            importlib.import_module(f"qiskit_ibm_native.{name}")


def test_advice_of_a_module_holds_for_what_is_in_it() -> None:
    assert advice_for("utils.pubsub.Publisher") == ADVICE["utils.pubsub"]
    assert advice_for("exceptions.IBMProviderCredentialsNotFound") == ADVICE["IBMProviderCredentialsNotFound"]
    assert advice_for("job.job_monitor") is None
    assert advice_for("utilities") is None


@pytest.mark.slow
def test_type_checkers_know_which_names_are_there(tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text(
        "from qiskit_ibm_native.job import IBMJobError, job_monitor\n"
        "from qiskit_ibm_native.ibm_backend import IBMBackend\n"
        "import qiskit_ibm_native.session\n"
        "reveal_type(IBMJobError)\nreveal_type(qiskit_ibm_native.session.Session.session_id)\n"
    )
    (tmp_path / "gone.py").write_text("from qiskit_ibm_native.utils import utc_to_local\n")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    run = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "--ignore-missing-imports"]
    there, gone = (
        subprocess.run(
            [*run, "--config-file", str(ROOT / "pyproject.toml"), name],
            cwd=tmp_path, env=environment, check=False, capture_output=True, text=True,
        )
        for name in ("there.py", "gone.py")
    )  # fmt: skip
    assert there.returncode == 0, there.stdout
    assert "IBMJobError" in there.stdout
    assert 'Module "qiskit_ibm_native.utils" has no attribute "utc_to_local"' in gone.stdout
