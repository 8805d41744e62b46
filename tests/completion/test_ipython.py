# SPDX-License-Identifier: Apache-2.0
"""Completion in IPython and notebooks, by IPython's own completer, with jedi and without."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from tests.support.faulty.peer import Answer, Peer
from tests.support.quick import hurry
from traitlets.config import Config

import qiskit_ibm_native
from qiskit_ibm_native import CalibrationSeries, IBMProvider, Snapshot, bundled_devices, enable_completion

Tab = Callable[[str], list[str]]


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def shell(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """Yield IPython with its own settings, but for the history, which is a file."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    settings = Config({"HistoryManager": {"enabled": False}, "Completer": {"use_jedi": request.param}})
    InteractiveShell.clear_instance()
    # The module of a session would take the name of the main program.
    shell = InteractiveShell.instance(config=settings, user_module=types.ModuleType("session"))
    assert shell.Completer.evaluation == "limited"
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def tab(shell: InteractiveShell) -> Tab:
    def press(text: str) -> list[str]:
        with provisionalcompleter():
            return [found.text.removeprefix(".") for found in shell.Completer.completions(text, len(text))]

    return press


@pytest.mark.slow
def test_devices_are_completed_as_attributes_for_one_request(
    shell: InteractiveShell, tab: Tab, provider: IBMProvider, requests: list[str]
) -> None:
    shell.user_ns.update(provider=provider)
    assert requests == []
    devices = {"ibmq_vigo", "ibm_fez", "local_simulator"}
    assert devices <= set(tab("provider.backend."))
    assert requests == ["GET /backends"]
    assert tab("provider.backend.ibm_f") == tab("x = provider.backend.ibm_f") == ["ibm_fez"]
    assert {"get_backend", "jobs", *devices} <= set(tab("provider.backend."))
    shell.user_ns.update(service=provider.backend)
    assert tab("service.ibmq_v") == ["ibmq_vigo"]
    assert devices <= set(tab('provider.backend["'))
    assert tab("provider.backend") == ["backend", "backends"]
    # jedi knows the class of devices; without it, IPython gets no attributes of objects that have ``__getattr__``.
    assert tab("provider.backend.ibm_fez.open_s") == (["open_session"] if shell.Completer.use_jedi else [])
    assert requests == ["GET /backends"]
    assert provider.backend.ibm_fez.name == "ibm_fez"
    shell.user_ns.update(fez=provider.backend.ibm_fez)
    assert tab("fez.basis_g") == ["basis_gates"]


def test_without_a_service_completion_offers_methods_and_asks_once(
    shell: InteractiveShell, tab: Tab, peer: Peer
) -> None:
    with IBMProvider() as provider:
        shell.user_ns.update(provider=provider)
        hurry(provider, 1.0)
        peer.plan(lambda exchange: exchange.send_and_close(Answer(500)), "", float("inf"))
        asked: list[str] = []
        provider._transport.on_request = lambda request: asked.append(request.url)
        assert {"get_backend", "jobs"} <= set(tab("provider.backend."))
        assert asked
        asked.clear()
        assert {"get_backend", "jobs"} <= set(tab("provider.backend."))
        assert asked == []
        peer.heal()
        hurry(provider, 60)
        assert provider.backend.ibm_fez.num_qubits == 156  # listed now
        assert tab("provider.backend.ibm_f") == ["ibm_fez"]


@pytest.fixture(params=["%load_ext", "enable_completion()"])
def extension(shell: InteractiveShell, request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "%load_ext":
        assert shell.run_line_magic("load_ext", "qiskit_ibm_native") is None
    else:
        enable_completion()
        enable_completion()
    yield
    shell.run_line_magic("unload_ext", "qiskit_ibm_native")


@pytest.mark.usefixtures("extension")
def test_names_of_devices_and_gates_are_completed_as_arguments(shell: InteractiveShell, tab: Tab) -> None:
    snapshot = Snapshot.load("fez")
    # Several matchers of one extension would give names twice.
    assert len(shell.Completer.custom_matchers) == 1
    shell.user_ns.update(Snapshot=Snapshot, snapshot=snapshot, columns=snapshot.columns, package=qiskit_ibm_native)
    shell.user_ns.update(holder=types.SimpleNamespace(columns=snapshot.columns), load=Snapshot.load)
    assert tab('Snapshot.load("') == tab("Snapshot.load('") == bundled_devices()
    assert tab('x = package.Snapshot.load( "she') == tab('f(load(name_or_path="she') == ["sherbrooke"]
    gates = sorted(snapshot.columns.gates)
    assert tab('columns.gate("') == tab('snapshot.columns.gate("') == tab('holder.columns.gate("') == gates
    shell.user_ns.update(series=CalibrationSeries([snapshot, snapshot]))
    assert tab('series.gate("') == gates
    assert tab('a = 1\ncolumns.gate("rz') == ["rz", "rzz"]


@pytest.mark.usefixtures("extension")
def test_names_of_the_accounts_devices_are_completed_as_arguments_for_one_request(
    shell: InteractiveShell, tab: Tab, provider: IBMProvider, requests: list[str]
) -> None:
    shell.user_ns.update(provider=provider)
    for call in (
        "provider.get_backend(",
        "provider.backends(name=",
        "provider.backend(",
        "provider.backend.get_backend(",
    ):
        assert tab(f'{call}"ibm_f') == ["ibm_fez"]
    assert "ibm_fez" not in tab('provider.get_backend(instance="')
    assert requests == ["GET /backends"]


def test_the_extension_is_unloaded(shell: InteractiveShell, tab: Tab) -> None:
    shell.user_ns.update(columns=Snapshot.load("fez").columns)
    before = list(shell.Completer.custom_matchers)
    shell.run_line_magic("load_ext", "qiskit_ibm_native")
    assert "rzz" in tab('columns.gate("')
    shell.run_line_magic("unload_ext", "qiskit_ibm_native")
    assert shell.Completer.custom_matchers == before
    assert "rzz" not in tab('columns.gate("')


def test_code_of_users_is_not_run(shell: InteractiveShell, tab: Tab) -> None:
    ran: list[str] = []

    class Custom:
        @property
        def columns(self) -> Any:
            ran.append("property")
            return Snapshot.load("fez").columns

        def __getattr__(self, name: str) -> Any:
            ran.append(name)
            raise AttributeError(name)

        def load(self, name: str) -> None:
            ran.append(name)

    shell.run_line_magic("load_ext", "qiskit_ibm_native")
    shell.user_ns.update(custom=Custom(), Custom=Custom, nothing=None)
    for text in (
        "custom.columns.gate(",
        "custom.snapshot.columns.gate(",
        "custom.load(",
        "Custom(",
        "nothing.load(",
        "unknown.load(",
    ):
        assert "rzz" not in tab(f'{text}"')
    assert ran == []
