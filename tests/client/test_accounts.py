# SPDX-License-Identifier: Apache-2.0
"""Accounts in the file that is shared with the official client and in the environment, and the choice between them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.accounts import Account, ProxyConfiguration, discover_account, save_account
from qiskit_ibm_native.exceptions import AccountAlreadyExistsError, AccountNotFoundError, InvalidAccountError

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".qiskit" / "qiskit-ibm.json"


def test_what_is_saved_is_read_and_nobody_else_may(file: Path) -> None:
    assert IBMProvider.saved_accounts() == {}
    assert not file.exists()  # reading makes nothing
    IBMProvider.save_account("KEY", instance=CRN, proxies={"urls": {"https": "http://p:1"}}, verify=False, tags=["t"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(os.listdir(file.parent)) == [f".{file.name}.lock", file.name]
    entry = IBMProvider.saved_accounts()["default-ibm-quantum-platform"]
    assert entry == {
        "channel": "ibm_quantum_platform", "token": "KEY", "url": "https://cloud.ibm.com", "instance": CRN, "verify": False,
        "private_endpoint": False, "proxies": {"urls": {"https": "http://p:1"}}, "tags": ["t"],
    }  # fmt: skip
    account = discover_account()
    assert (account.token, account.instance, account.verify, account.tags) == ("KEY", CRN, False, ("t",))
    with pytest.raises(AccountAlreadyExistsError, match="overwrite=True"):
        IBMProvider.save_account("OTHER")
    IBMProvider.save_account("OTHER", overwrite=True)
    assert discover_account().token == "OTHER"
    assert IBMProvider.delete_account()
    assert not IBMProvider.delete_account()


def test_entries_that_are_not_ours_are_left_alone(file: Path) -> None:
    file.parent.mkdir(parents=True)
    foreign = {
        "old": {"channel": "ibm_quantum", "token": "X", "url": "u"},
        "new": {"channel": "next", "what": [1]},
        "odd": 5,
    }
    file.write_text(json.dumps(foreign))
    IBMProvider.save_account("KEY", name="mine")
    assert {key: value for key, value in json.loads(file.read_text()).items() if key != "mine"} == foreign
    with pytest.raises(InvalidAccountError, match="shut down"):
        IBMProvider(name="old")


def test_a_damaged_file_is_named_and_kept_and_its_content_is_not_told(file: Path) -> None:
    file.parent.mkdir(parents=True)
    for text in ('{"a": {"token": "SECRET",', "[]", ""):
        file.write_text(text)
        with pytest.raises(InvalidAccountError, match=r"qiskit-ibm\.json is damaged") as caught:
            IBMProvider.save_account("KEY")
        assert "SECRET" not in str(caught.value)
        assert file.read_text() == text


def test_files_that_are_none_and_entries_that_are_none(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(InvalidAccountError, match="cannot be read"):
        IBMProvider.saved_accounts()
    file.rmdir()
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InvalidAccountError, match="cannot be read"):
        IBMProvider()
    file.write_text('{"foo": 5}')
    with pytest.raises(InvalidAccountError, match="foo"):
        IBMProvider(name="foo")


def test_links_are_followed_and_many_may_save_at_once(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir(parents=True)
    real = tmp_path / "real.json"
    real.write_text("{}")
    file.symlink_to(real)
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda n: IBMProvider.save_account("KEY", name=f"n{n}"), range(40)))
    assert file.is_symlink()
    assert len(json.loads(real.read_text())) == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "local"}, "Invalid `channel` value"), ({"channel": "ibm_quantum"}, "shut down in 2025"),
        ({"token": ""}, "Invalid `token` value"), ({"token": 5}, "Invalid `token` value"),
        ({"url": "cloud"}, "Invalid `url` value"), ({"instance": ""}, "Invalid `instance` value"),
        ({"instance": "hub/group/project"}, "shut down in 2025"),
    ],
)  # fmt: skip
def test_accounts_are_validated(changes: dict[str, Any], message: str, file: Path) -> None:
    account = Account(**{"channel": "ibm_quantum_platform", "token": "KEY", **changes})
    with pytest.raises(InvalidAccountError, match=message):
        save_account(account)
    assert not file.exists()


@pytest.mark.parametrize(
    "proxies",
    [{"urls": []}, {"urls": {"http": 5}}, {"username_ntlm": "a"}, {"password_ntlm": "a"}, {"wrong": 1}, 5],
)
def test_proxies_are_validated(proxies: Any) -> None:
    with pytest.raises(ValueError, match="Invalid proxy configuration"):
        ProxyConfiguration.from_dict(proxies)


def test_which_account_is_used(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AccountNotFoundError, match='channel="local"'):
        IBMProvider()
    IBMProvider.save_account("last", name="cloud", channel="ibm_cloud")
    IBMProvider.save_account("saved", name="saved")
    IBMProvider.save_account("marked", name="marked", set_as_default=True)
    assert discover_account().token == "marked"
    assert discover_account(channel="ibm_cloud").token == "last"
    assert discover_account(name="saved").token == "saved"
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "environment")
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", CRN)
    assert discover_account() == Account("ibm_quantum_platform", "environment", instance=CRN)
    assert discover_account(channel="ibm_cloud").channel == "ibm_cloud"
    assert discover_account(name="saved", instance=CRN).instance == CRN
    assert discover_account(token="given").token == "given"
    assert discover_account(token="given").instance is None
    discover_account(name="saved", token="ignored")
    assert "are ignored" in caplog.text
    with pytest.raises(AccountNotFoundError, match="does not exist"):
        discover_account(name="nobody")


def test_the_mark_of_the_default_is_moved_if_asked_for(file: Path) -> None:
    IBMProvider.save_account("a", name="a", set_as_default=True)
    with pytest.raises(AccountAlreadyExistsError):
        IBMProvider.save_account("b", name="b", set_as_default=True)
    IBMProvider.save_account("b", name="b", set_as_default=True, overwrite=True)
    entries = json.loads(file.read_text())
    assert [name for name in entries if entries[name].get("is_default_account")] == ["b"]


def test_keys_are_not_shown() -> None:
    account = Account(
        "ibm_quantum_platform", "SECRET", proxies=ProxyConfiguration({"http": "http://u:SECRET@p"}, "u", "SECRET")
    )
    assert "SECRET" not in repr(account)


@pytest.mark.slow
def test_the_official_client_reads_what_we_saved_and_we_read_what_it_saved(file: Path) -> None:
    IBMProvider.save_account(
        "KEY", instance=CRN, region="us-east", plans_preference=["open"], tags=["x"], set_as_default=True,
        proxies={"urls": {"http": "http://p:1"}}, private_endpoint=True,
    )  # fmt: skip
    IBMProvider.save_account("KEY2", name="second", channel="ibm_cloud")
    script = f"""
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.accounts import AccountManager
accounts = QiskitRuntimeService.saved_accounts()
assert accounts["default-ibm-quantum-platform"]["token"] == "KEY", accounts
assert accounts["second"]["channel"] == "ibm_cloud"
assert AccountManager.get().instance == {CRN!r}
assert AccountManager.get().proxies.urls == {{"http": "http://p:1"}}
QiskitRuntimeService.save_account(channel="ibm_quantum_platform", token="THEIRS", name="theirs", instance={CRN!r})
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
    assert discover_account(name="theirs").token == "THEIRS"
    assert discover_account().token == "KEY"
