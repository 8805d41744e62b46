# SPDX-License-Identifier: Apache-2.0
"""``account``: keys come in unseen and never go out."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.at_terminal import at_terminal

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.accounts import discover_account
from qiskit_ibm_native.cli import completing, main

KEY = "a-key-that-nobody-may-see-0123456789"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:0123456789abcdef::"


def saved() -> dict[str, Any]:
    return json.loads((Path.home() / ".qiskit/qiskit-ibm.json").read_text())


def test_a_key_is_typed_without_echo() -> None:
    shown = at_terminal("account", "save", "work", "--instance", CRN, typed=f"{KEY}\n", prompt="API key")
    assert shown.status == 0
    assert "API key: " in shown.text
    assert KEY not in shown.raw
    assert saved()["work"]["token"] == KEY
    assert stat.S_IMODE((Path.home() / ".qiskit/qiskit-ibm.json").stat().st_mode) == 0o600


def test_ctrl_c_at_the_prompt_saves_nothing() -> None:
    shown = at_terminal("account", "save", typed="\x03", prompt="API key")
    assert shown.status == 130
    assert "Traceback" not in shown.text
    assert not (Path.home() / ".qiskit").exists()


def test_a_key_comes_from_a_pipe_or_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"  {KEY}\n"))
    assert main(["account", "save", "piped", "--region", "eu-de", "--default"]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["account", "save", "nothing"]) == 2
    assert "There is no API key" in capsys.readouterr().err
    monkeypatch.setenv("QISKIT_IBM_TOKEN", KEY[::-1])
    assert main(["account", "save", "named", "--channel", "ibm_cloud"]) == 0
    assert "The key is that of QISKIT_IBM_TOKEN" in capsys.readouterr().err
    assert {name: entry["token"] for name, entry in saved().items()} == {"piped": KEY, "named": KEY[::-1]}
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    assert discover_account().region == "eu-de"


def test_a_key_among_the_arguments_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "save", "--token", KEY]) == 0
    told = capsys.readouterr()
    assert "--token shows the key to other users" in told.err
    assert KEY not in told.out + told.err
    assert main(["account", "save", "--token", KEY]) == 2
    assert "already exists. Add --overwrite to replace it.\n" in capsys.readouterr().err
    assert main(["account", "save", "--token", KEY, "--overwrite"]) == 0


def test_lists_have_no_keys_and_no_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    proxies = {"urls": {"https": "http://user:password@proxy:1"}, "username_ntlm": "me", "password_ntlm": "secret-word"}
    IBMProvider.save_account(KEY, name="work", instance=CRN, proxies=proxies, set_as_default=True)
    IBMProvider.save_account(KEY, name="other", region="eu-de")
    assert main(["account", "list"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[1].split() == ["other", "all", "of", "eu-de", "ibm_quantum_platform"]
    assert text.splitlines()[2].split() == ["work", "yes", "us-east,", "...89abcdef", "ibm_quantum_platform"]
    assert main(["account", "list", "--json"]) == 0
    found = capsys.readouterr().out
    assert {entry["name"]: entry["token"] for entry in json.loads(found)} == {"work": "***", "other": "***"}
    for secret in (KEY, "password@", "secret-word"):
        assert secret not in text + found
    assert completing.accounts("w") == ["work"]


def test_an_account_is_deleted_by_its_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "delete", "work"]) == 2
    assert "None is saved" in capsys.readouterr().err
    IBMProvider.save_account(KEY, name="work")
    assert main(["account", "delete", "wrk"]) == 2
    assert "Did you mean 'work'?" in capsys.readouterr().err
    assert main(["account", "delete", "work"]) == 0
    assert IBMProvider.saved_accounts() == {}
    assert main(["account", "list"]) == 0
    assert "No account is saved" in capsys.readouterr().err


def test_reading_makes_nothing_and_a_damaged_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert main(["account", "test"]) == 2
    assert "Unable to find account" in capsys.readouterr().err
    assert not (Path.home() / ".qiskit").exists()
    (Path.home() / ".qiskit").mkdir(parents=True)
    (Path.home() / ".qiskit/qiskit-ibm.json").write_text(f'{{"a": {{"token": "{KEY}",')
    assert main(["account", "list"]) == 2
    told = capsys.readouterr().err
    assert "is damaged" in told
    assert KEY not in told
    assert completing.accounts("") == []


def test_an_account_is_tried_and_its_instances_answer(service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "test", "--json"]) == 0
    (state,) = json.loads(capsys.readouterr().out)
    assert state["crn"] == service.crn
    assert "ibm_fez" in state["devices"]
    assert state["error"] is None
    assert main(["account", "test"]) == 0
    text = capsys.readouterr().out
    assert "reachable" in text
    assert service.token not in text


def test_an_instance_that_does_not_answer_is_exit_status_1_and_a_wrong_key_2(
    service: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native.local import Fault

    service.faults.add(Fault("status", "GET .*/backends$", status=403, times=9))
    assert main(["account", "test", "--json"]) == 1
    told = capsys.readouterr()
    (state,) = json.loads(told.out)
    assert state["error"]
    assert state["devices"] == []
    assert "1 instance of 1 cannot be reached." in told.err
    service.faults.clear()
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "wrong-key-wrong-key")
    assert main(["account", "test"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "wrong-key" not in error
