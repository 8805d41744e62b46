# SPDX-License-Identifier: Apache-2.0
"""Credentials: modes of their file, URLs that they may be sent to, and texts without them."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native._files import lock_file
from qiskit_ibm_native.accounts import Account, ProxyConfiguration, discover_account, save_account
from qiskit_ibm_native.client.endpoint import cloud_endpoint, default_base_url
from qiskit_ibm_native.exceptions import IBMInputValueError, InvalidAccountError

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:01234567-89ab-cdef-0123-456789abcdef::"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".qiskit" / "qiskit-ibm.json"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Modes of the file


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_file_and_its_folder_are_the_owners_alone(mask: int, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "some" / "where" / "accounts.json"
    with umask(mask):
        IBMProvider.save_account("KEY")
        IBMProvider.save_account("KEY", name="second")
        IBMProvider.save_account("KEY", filename=str(other))
    for path in (file, other):
        assert mode(path) == 0o600
        assert mode(path.parent) == 0o700
    assert mode(other.parent.parent) == 0o700


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("reads", [True, False])
def test_an_open_file_and_folder_are_closed_when_accounts_are_read_or_saved(mask: int, reads: bool, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.parent.chmod(0o777)
    file.write_text(json.dumps({"mine": Account("ibm_quantum_platform", "KEY").to_entry()}))
    file.chmod(0o666)
    with umask(mask):
        if reads:
            assert discover_account(name="mine").token == "KEY"
        else:
            IBMProvider.save_account("KEY")
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_folders_that_are_there_and_may_be_anybodys_are_left_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    IBMProvider.save_account("KEY", filename=str(tmp_path / "accounts.json"))
    assert mode(tmp_path) == 0o775
    assert mode(tmp_path / "accounts.json") == 0o600


def test_what_is_no_file_of_accounts_is_told_at_once(file: Path) -> None:
    file.parent.mkdir(parents=True)
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 5000 + "}"):
        file.write_text(text)
        with pytest.raises(InvalidAccountError, match=r"qiskit-ibm\.json is damaged"):
            IBMProvider.saved_accounts()
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InvalidAccountError, match="not a regular file"):
        IBMProvider.saved_accounts()
    file.unlink()
    file.symlink_to("/dev/zero")
    with pytest.raises(InvalidAccountError, match="not a regular file"):
        IBMProvider.saved_accounts()
    file.unlink()
    with file.open("wb") as large:
        large.truncate(1 << 30)
    with pytest.raises(InvalidAccountError, match="larger than"):
        IBMProvider.saved_accounts()


def test_a_lock_that_somebody_keeps_does_not_hold_up_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.accounts.file._LOCK_TIMEOUT", 0.2)
    IBMProvider.save_account("KEY", name="first")
    lock = lock_file(file.with_name(f".{file.name}.lock"))
    with pytest.raises(InvalidAccountError, match=r"locked for 0\.2 s"):
        IBMProvider.save_account("KEY", name="second")
    lock.release()
    IBMProvider.save_account("KEY", name="second")


def test_a_lock_is_private_no_link_and_not_that_of_a_forked_child(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = lock_file(path)
    assert mode(path) == 0o600
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            lock.release(force=True)
        os._exit(0)
    os.waitpid(child, 0)
    # The parent still holds it, so no other lock object gets it.
    with pytest.raises(TimeoutError):
        lock_file(path)
    lock.release()
    lock_file(path).release()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        lock_file(link)
    assert not (tmp_path / "elsewhere").exists()


# URLs


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1/experimental", "http://127.0.0.1", "http://127.5.6.7:80/x", "http://[::1]:8000", "https://cloud.ibm.com"],
)  # fmt: skip
def test_keys_may_be_sent_to_this_machine_and_over_tls(url: str) -> None:
    Account("ibm_quantum_platform", "KEY", url).validate()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://cloud.ibm.com", "unencrypted"), ("http://0.0.0.0:8000", "unencrypted"), ("http://10.0.0.1", "unencrypted"),
        ("http://localhost.example.org", "unencrypted"), ("http://127.0.0.1@example.org", "unencrypted"),
        ("http://2130706433", "unencrypted"), ("http://127.0.0.1.example.org", "unencrypted"),
        (r"http://example.org\@127.0.0.1", "begins with https://"), ("http://example.org\n@127.0.0.1", "begins with"),
        ("ftp://cloud.ibm.com", "begins with"), ("https://", "begins with"), ("https://:443", "a host"),
        ("https://[::1", "valid host"), ("https://auth.quantum-computing.ibm.com/api", r"shut down.*https://cloud\.ibm\.com"),
        ("https://auth.quantum.ibm.com/api", "shut down"), ("https://api.quantum-computing.ibm.com/v2", "shut down"),
        ("https://runtime-us-east.quantum-computing.ibm.com", "shut down"), ("https://quantum.ibm.com.", "shut down"),
    ],
)  # fmt: skip
def test_keys_are_sent_nowhere_else(url: str, message: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account("ibm_quantum_platform", "KEY", url)
    with pytest.raises(InvalidAccountError, match=f"Invalid `url` value.*{message}"):
        save_account(account)
    with pytest.raises(InvalidAccountError, match=message):
        IBMProvider.save_account("KEY", url=url)
    assert not file.exists()
    with pytest.raises(InvalidAccountError, match=message):
        IBMProvider("KEY", url)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"saved": account.to_entry()}))
    with pytest.raises(InvalidAccountError, match=message):
        IBMProvider(name="saved")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "KEY")
    for name in ("QISKIT_IBM_URL", "IAM_URL", "GLOBAL_SEARCH_URL", "GLOBAL_CATALOG_URL"):
        with monkeypatch.context() as environment:
            environment.setenv(name, url)
            with pytest.raises(InvalidAccountError, match=message):
                IBMProvider()


def test_a_key_that_was_given_as_the_url_is_not_repeated() -> None:
    with pytest.raises(InvalidAccountError) as caught:
        IBMProvider("https://cloud.ibm.com", "SECRET-KEY")
    assert "SECRET-KEY" not in str(caught.value)


def test_names_below_this_machine_are_not_asked() -> None:
    endpoint = cloud_endpoint(Account("ibm_quantum_platform", "KEY", "http://127.0.0.1:80", CRN))
    assert endpoint.iam_url == endpoint.search_url == "http://127.0.0.1:80"
    assert endpoint.base_url(CRN) == endpoint.catalog_url == "http://127.0.0.1:80/api/v1"


def test_resolvers_and_crns_do_not_lead_tokens_elsewhere() -> None:
    account = Account("ibm_quantum_platform", "KEY", instance=CRN)
    with pytest.raises(IBMInputValueError, match="unencrypted"):
        cloud_endpoint(account, lambda *_: "http://example.org").base_url(CRN)
    assert cloud_endpoint(account, lambda *_: "https://example.org/").base_url(CRN) == "https://example.org"
    for region in ("", "example.org/", "example.org#", "u@example.org?"):
        with pytest.raises(IBMInputValueError, match="region"):
            default_base_url("https://cloud.ibm.com", CRN.replace("us-east", region), False, "ibm_quantum_platform")


# Texts


def test_accounts_and_endpoints_show_no_secrets() -> None:
    proxies = ProxyConfiguration({"https": "http://user:PASSWORD@proxy"}, "user", "PASSWORD")
    account = Account("ibm_quantum_platform", "SECRET", "https://user:PASSWORD@cloud.ibm.com", CRN, proxies)
    for shown in (repr(account), repr(cloud_endpoint(account)), f"{account}", str([account])):
        assert "SECRET" not in shown
        assert "PASSWORD" not in shown
        assert "0123456789abcdef" not in shown
        assert "01234567-89ab" not in shown
        assert "instance='crn:v1:bluemix:public:quantum-computing:us-east:***:***cdef::'" in shown
    assert "instance='by-name'" in repr(Account("ibm_quantum_platform", "SECRET", instance="by-name"))
    assert "instance=None" in repr(Account("ibm_quantum_platform", "SECRET"))
    assert "instance='crn:'" not in repr(Account("ibm_quantum_platform", "SECRET", instance="crn:"))


# The log


@pytest.mark.parametrize("has_file", [True, False])
def test_the_log_goes_to_the_file_only_if_there_is_one(has_file: bool, tmp_path: Path) -> None:
    file = tmp_path / "log"
    environment = {**os.environ, "QISKIT_IBM_NATIVE_LOG_LEVEL": "info"}
    if has_file:
        environment["QISKIT_IBM_NATIVE_LOG_FILE"] = str(file)
    script = "from qiskit_ibm_native._logger import logger; logger.info('seen'); logger.debug('not seen')"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    logged = file.read_text() if has_file else done.stderr
    assert "INFO" in logged
    assert "seen" in logged
    assert "not seen" not in logged
    assert done.stdout == ""
    assert (done.stderr == "") is has_file
    assert logging.getLogger("qiskit_ibm_native").handlers == []
