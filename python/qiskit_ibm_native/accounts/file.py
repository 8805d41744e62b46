# SPDX-License-Identifier: Apache-2.0
"""The file of accounts: read as a whole, and replaced as a whole by one process at a time."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._files import make_private_folder, restrict

DEFAULT_FILE = Path("~/.qiskit/qiskit-ibm.json")
#: A larger file has no accounts in it, in bytes.
_LARGEST = 1 << 24
#: Seconds to wait for others that write. Anybody who may read the folder can hold its lock.
_PATIENCE = 30.0


def path_of(filename: str | os.PathLike[str] | None) -> Path:
    """Return the file that is meant; that of the user by default."""
    return Path(filename if filename is not None else DEFAULT_FILE).expanduser()


def invalid(message: str) -> Exception:
    """Return an InvalidAccountError; exceptions are imported when there is something to raise."""
    from ..exceptions import InvalidAccountError

    return InvalidAccountError(message)


def read_entries(path: Path) -> dict[str, Any]:
    """Return the entries of a file by name; none if there is no file.

    Raises:
        InvalidAccountError: The file cannot be read, or is no file of accounts.
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
            f"The file of accounts {path} is damaged ({reason}). Mend it, or move it away and save accounts anew."
        )
    return entries


def _text(path: Path) -> str:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no regular file")
        # Earlier versions and other programs may have left both open to others.
        restrict(file.fileno())
        _restrict_folder(path)
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(f"it is larger than {_LARGEST} bytes")
    return content.decode("utf-8")


def _without_waiting(name: str, flags: int) -> int:
    """Open a file; a pipe, which may be there instead of it, would be waited for otherwise."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _restrict_folder(path: Path) -> None:
    """Keep others out of the folder of the user's own file; another folder may be anything, such as that of a project."""
    if path.absolute() == path_of(None).absolute():
        restrict(path.parent)


@contextmanager
def changed(path: Path) -> Iterator[dict[str, Any]]:
    """Give the entries of the file to change, and write them if nothing was raised; one process at a time."""
    make_private_folder(path.parent)
    _restrict_folder(path)
    # If it is a link, the file that it points to is replaced.
    path = path.resolve()
    with _exclusively(path.parent):
        entries = read_entries(path)
        yield entries
        text = json.dumps(entries, sort_keys=True, indent=4)
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


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, where there are locks of folders: no file is left behind."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    deadline = time.monotonic() + _PATIENCE
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise invalid(f"Another process has kept {folder} locked for {_PATIENCE:g} s.") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)
