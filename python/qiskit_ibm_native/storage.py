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

    What is written appears under ``path`` when it is complete, in place of a snapshot that was there before. If that
    fails, the one before is still there.
    """
    if isinstance(path, str) and _bundled(path) is not None:
        raise ValueError(f"{path!r} is the name of a bundled device, which load would give; save to {'./' + path!r}")
    path = Path(path)
    present = [(kind, payload) for kind, payload in zip(_KINDS, payloads, strict=True) if payload is not None]
    is_zip = path.suffix == ".zip"
    if path.exists() and not (_is_zip_of_payloads(path) if is_zip else _is_folder_of_payloads(path)):
        raise FileExistsError(f"{path} exists and is not a saved snapshot; it was left alone")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as scratch:
        new = Path(scratch, "new")
        (_write_zip if is_zip else _write_folder)(new, present)
        if is_zip or not path.exists():
            new.replace(path)
        else:
            _exchange(new, path, Path(scratch, "old"))


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Put one folder in place of another one, which takes two steps; if the second one fails, undo the first."""
    path.replace(old)
    try:
        new.replace(path)
    except BaseException:
        old.rename(path)
        raise


def _bundled(name: str) -> Path | None:
    for prefix in ("", "ibm_", "ibmq_"):
        if name.startswith(prefix) and name[len(prefix) :] in bundled_devices():
            return _BUNDLED / name[len(prefix) :]
    return None


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    bundled = _bundled(name_or_path) if isinstance(name_or_path, str) else None
    if bundled is not None:
        return bundled
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
        if isinstance(error, OSError | MemoryError) and not isinstance(error, gzip.BadGzipFile):
            raise
        from .exceptions import BackendPayloadError

        raise BackendPayloadError(f"{path} is damaged, or no saved snapshot: {error} ({kind})", kind, "$", 0) from error


def _is_folder_of_payloads(path: Path) -> bool:
    files = {f"{kind}.json.gz" for kind in _KINDS}
    return path.is_dir() and all(entry.name in files for entry in path.iterdir())


def _is_zip_of_payloads(path: Path) -> bool:
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist()) <= {f"{kind}.json" for kind in _KINDS}


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
