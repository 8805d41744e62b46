# SPDX-License-Identifier: Apache-2.0
"""Payloads on disk: the bundled devices, and folders and files in the same layout.

A snapshot is a folder of ``configuration.json.gz``, ``properties.json.gz`` and ``defaults.json.gz``, of which only the
first has to be there, or a ZIP file of the same names without ``.gz``.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KINDS = ("configuration", "properties", "defaults")
_BUNDLED = Path(__file__).with_name("devices")


def bundled_devices() -> list[str]:
    """Return the names of the devices that come with this package; :meth:`Snapshot.load` takes them."""
    return sorted(entry.name for entry in _BUNDLED.iterdir() if entry.is_dir())


def read_payloads(name_or_path: str | os.PathLike[str]) -> tuple[bytes, bytes | None, bytes | None]:
    """Return configuration, properties and defaults of a bundled device or of a saved snapshot."""
    path = _find(name_or_path)
    read = _read_folder if path.is_dir() else _read_zip
    configuration, properties, defaults = (_intact(read, path, kind) for kind in _KINDS)
    if configuration is None:
        raise FileNotFoundError(f"{path} is not a saved snapshot: it has no configuration")
    return configuration, properties, defaults


def write_payloads(path: str | os.PathLike[str], payloads: Sequence[bytes | None]) -> None:
    """Write configuration, properties and defaults to a folder or, if ``path`` ends in ``.zip``, to a file.

    What is written appears under ``path`` when it is complete, in place of a snapshot that was there before.
    """
    path = Path(path)
    present = [(kind, payload) for kind, payload in zip(_KINDS, payloads, strict=True) if payload is not None]
    is_zip = path.suffix == ".zip"
    if path.exists() and not (path.is_file() if is_zip else _is_folder_of_payloads(path)):
        raise FileExistsError(f"{path} exists and is not a saved snapshot; it was left alone")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        (_write_zip if is_zip else _write_folder)(new, present)
        if not is_zip and path.exists():
            # A folder cannot take the place of one that is not empty.
            path.rename(old)
        new.replace(path)


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    if isinstance(name_or_path, str):
        name = name_or_path.removeprefix("ibm_").removeprefix("ibmq_")
        # A name with a separator is a path, and "" and ".." are no names either.
        if name in bundled_devices():
            return _BUNDLED / name
    path = Path(name_or_path)
    if not path.exists():
        known = ", ".join(bundled_devices())
        raise FileNotFoundError(f"no bundled device and no path {str(name_or_path)!r}; bundled devices: {known}")
    return path


def _intact(read: Callable[[Path, str], bytes | None], path: Path, kind: str) -> bytes | None:
    try:
        return read(path, kind)
    except Exception as error:
        # gzip, zipfile and zlib have seven classes between them for what is one thing here.
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise
        from .exceptions import BackendPayloadError

        raise BackendPayloadError(f"{path} is damaged, or no saved snapshot: {error} ({kind})", kind, "$", 0) from error


def _is_folder_of_payloads(path: Path) -> bool:
    files = {f"{kind}.json.gz" for kind in _KINDS}
    return path.is_dir() and all(entry.name in files for entry in path.iterdir())


def _read_folder(path: Path, kind: str) -> bytes | None:
    file = path / f"{kind}.json.gz"
    return gzip.decompress(file.read_bytes()) if file.exists() else None


def _write_folder(path: Path, payloads: Sequence[tuple[str, bytes]]) -> None:
    path.mkdir()
    for kind, payload in payloads:
        # No time stamp, so that the same payload gives the same file.
        (path / f"{kind}.json.gz").write_bytes(gzip.compress(payload, mtime=0))


def _read_zip(path: Path, kind: str) -> bytes | None:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return archive.read(f"{kind}.json") if f"{kind}.json" in archive.namelist() else None


def _write_zip(path: Path, payloads: Sequence[tuple[str, bytes]]) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, payload in payloads:
            archive.writestr(zipfile.ZipInfo(f"{kind}.json"), payload, zipfile.ZIP_DEFLATED)
