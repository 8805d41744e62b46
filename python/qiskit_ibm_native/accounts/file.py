# SPDX-License-Identifier: Apache-2.0
"""The file of accounts, read as a whole, and replaced as a whole by one process at a time."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._files import lock_file, make_private_folder, restrict

DEFAULT_FILE = Path("~/.qiskit/qiskit-ibm.json")
#: Largest file that is read, in bytes: an account takes about 500, so 16 MiB are no file of accounts.
_LARGEST = 1 << 24
#: Seconds to wait for other processes that save accounts, which takes some milliseconds each.
_LOCK_TIMEOUT = 30.0


def path_of(filename: str | os.PathLike[str] | None) -> Path:
    """Return the path of a file of accounts, by default the user's."""
    return Path(filename if filename is not None else DEFAULT_FILE).expanduser()


def invalid(message: str) -> Exception:
    """Return an InvalidAccountError; importing exceptions imports Qiskit, so that is done to raise one only."""
    from ..exceptions import InvalidAccountError

    return InvalidAccountError(message)


def read_entries(path: Path) -> dict[str, Any]:
    """Return the entries of a file by name, none if the file does not exist.

    Raises:
        InvalidAccountError: The file cannot be read, or is no JSON object.
    """
    try:
        text = _text(path)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(f"The file of accounts {path} cannot be read: {error}") from None
    entries = None
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        # The text has API keys: say where, not what.
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (RecursionError, ValueError):
        reason = "it is nested too deep, or has numbers that are too long"
    else:
        reason = "it is not an object"
    if not isinstance(entries, dict):
        raise invalid(
            f"The file of accounts {path} is damaged ({reason}). Repair it, or move it away and save the accounts"
            " again."
        )
    return entries


def _text(path: Path) -> str:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        # Other programs may have left both open to others.
        restrict(file.fileno())
        _restrict_folder(path)
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(f"it is larger than {_LARGEST} bytes")
    return content.decode("utf-8")


def _without_waiting(name: str, flags: int) -> int:
    """Open a file without blocking: opening a pipe in its place would wait for a writer."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _restrict_folder(path: Path) -> None:
    """Close the folder of the user's own file to others; any other folder may be that of a project, say."""
    if path.absolute() == path_of(None).absolute():
        restrict(path.parent)


@contextmanager
def changing(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of the file to change, and replace the file if nothing is raised; one process at a time.

    Raises:
        InvalidAccountError: The file is not valid, or another process keeps it locked.
    """
    make_private_folder(path.parent)
    _restrict_folder(path)
    # If it is a link, the file that it points to is replaced.
    path = path.resolve()
    # A lock of the file itself would be one of a file that is replaced.
    try:
        lock = lock_file(path.with_name(f".{path.name}.lock"), _LOCK_TIMEOUT)
    except TimeoutError:
        raise invalid(
            f"Another process has kept {path} locked for {_LOCK_TIMEOUT:g} s. End that process, or try again."
        ) from None
    try:
        entries = read_entries(path)
        yield entries
        _replace(path, json.dumps(entries, sort_keys=True, indent=4))
    finally:
        lock.release()


def _replace(path: Path, text: str) -> None:
    """Replace a file by one with this text, which appears under its name when it is complete on the disk."""
    # Its mode is 0600.
    handle, scratch = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
