# SPDX-License-Identifier: Apache-2.0
"""Payloads on disk: the bundled devices, and folders and files in the same layout.

A snapshot is a folder of ``configuration.json.gz``, ``properties.json.gz`` and ``defaults.json.gz``, of which only the
first has to be there, or a ZIP file of the same names without ``.gz``.

Files may come from somebody else. Only regular files are read, no link is followed out of the folder, and no payload
may have more than :func:`most_bytes`.
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .._files import write_whole
from .device_names import find_device

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator, Sequence

#: Names how many bytes a payload may have, if that is not the default.
VARIABLE = "QISKIT_IBM_NATIVE_MAX_PAYLOAD_BYTES"
#: Published payloads have 1.5 MB, and that of a device of 10,000 qubits would have 30 MB.
MOST_BYTES = 256 << 20
#: A compressed file has at most this share of it. Payloads become a tenth at least.
_COMPRESSED = 8
#: Bytes that are decompressed at once.
_WINDOW = 64 << 10
#: The end of names of files that have the compact form.
COMPACT = ".bin"
_KINDS = ("configuration", "properties", "defaults")
_BUNDLED = Path(__file__).with_name("devices")


def most_bytes() -> int:
    """Return how many bytes of a payload are read: 256 MiB, or what ``QISKIT_IBM_NATIVE_MAX_PAYLOAD_BYTES`` says."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return MOST_BYTES
    if not text.isascii() or not text.isdigit() or not int(text):
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(f"{VARIABLE} must be a number of bytes, not {text!r}.")
    return int(text)


def bundled_devices() -> list[str]:
    """Return the names of the devices that come with this package; :meth:`Snapshot.load` takes them.

    Examples:
        >>> from qiskit_ibm_native import Snapshot, bundled_devices
        >>> bundled_devices()[:3]
        ['boston', 'fez', 'hanoi']
        >>> max(Snapshot.load(name).num_qubits for name in bundled_devices())
        156
    """
    return sorted(entry.name for entry in _BUNDLED.iterdir() if entry.is_dir())


def read_payloads(name_or_path: str | os.PathLike[str]) -> tuple[bytes, bytes | None, bytes | None]:
    """Return configuration, properties and defaults of a bundled device or of a saved snapshot."""
    path = _find(name_or_path)
    if not path.is_dir():
        return read_zip(path)
    files = fake_device_files(path)
    return read_folder(path, path) if files is None else read_files(files, path)


def read_bundled(device: str) -> tuple[bytes, bytes | None]:
    """Return configuration and properties of a bundled device, one of :func:`bundled_devices`, without its pulses."""
    folder = _BUNDLED / device
    configuration, properties, _ = read_folder(folder, folder, _KINDS[:2])
    return configuration, properties


def read_compact(name_or_path: str | os.PathLike[str]) -> bytes | None:
    """Return the compact form of a file whose name ends in ``.bin``; ``None`` for whatever has payloads."""
    path = Path(name_or_path)
    if path.suffix != COMPACT or not path.is_file():
        return None
    with _explained(path, "compact form"), _opened(path, None) as file:
        size = os.fstat(file.fileno()).st_size
        _check_size(size, most_bytes())
        return file.read(size)


def write_compact(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a compact form to a file, which appears when it is complete, in place of one that was there before."""
    path = Path(path)
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} exists and is not a file; it was not changed")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def read_configuration(folder: Path) -> bytes:
    """Return the configuration of a folder alone, in a tenth of the time of :func:`read_payloads`."""
    files = fake_device_files(folder)
    file = folder / "configuration.json.gz" if files is None else files[0]
    with _explained(file, _KINDS[0]):
        return _gunzipped(file, folder) if files is None else _content(file, folder, most_bytes())


def fake_device_files(path: Path) -> list[Path] | None:
    """Return the files of a folder that is laid out as fake devices of the official client are; ``None`` if it is not.

    Their names end in the device's: ``conf_fez.json``, ``props_fez.json``, ``defs_fez.json``.
    """
    configurations = sorted(path.glob("conf_*.json"))
    if len(configurations) != 1 or (path / "configuration.json.gz").exists():
        return None
    device = configurations[0].name.removeprefix("conf_")
    return [path / f"{prefix}_{device}" for prefix in ("conf", "props", "defs")]


def read_folder(path: Path, root: Path, kinds: Sequence[str] = _KINDS) -> tuple[bytes, bytes | None, bytes | None]:
    """Return configuration, properties and defaults of a folder.

    Args:
        path: The folder.
        root: The folder that links must not lead out of: ``path``, or one that it is in.
        kinds: The payloads that are read; others are ``None``.
    """
    payloads = []
    for kind in _KINDS:
        file = path / f"{kind}.json.gz"
        with _explained(path, kind):
            payloads.append(_gunzipped(file, root) if kind in kinds and os.path.lexists(file) else None)
    return _complete(path, payloads)


def read_files(files: Sequence[Path], root: Path) -> tuple[bytes, bytes | None, bytes | None]:
    """Return configuration, properties and defaults of three files without compression, see :func:`read_folder`."""
    payloads = []
    for kind, file in zip(_KINDS, files, strict=True):
        with _explained(file, kind):
            payloads.append(_content(file, root, most_bytes()) if os.path.lexists(file) else None)
    return _complete(files[0], payloads)


def read_plain_file(path: Path, root: Path) -> bytes:
    """Return the content of one file, decompressed if its name ends in ``.gz``, see :func:`read_folder`.

    Raises:
        BackendPayloadError: The file is damaged or too large.
    """
    with _explained(path, "file"):
        return _gunzipped(path, root) if path.suffix == ".gz" else _content(path, root, most_bytes())


def read_zip(path: Path, root: Path | None = None) -> tuple[bytes, bytes | None, bytes | None]:
    """Return configuration, properties and defaults of a ZIP file, see :func:`read_folder`."""
    import zipfile

    payloads = []
    with _explained(path, _KINDS[0]), _opened(path, root) as file:
        _check_size(os.fstat(file.fileno()).st_size, most_bytes() // _COMPRESSED)
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            for kind in _KINDS:
                with _explained(path, kind):
                    payloads.append(_unzipped(archive, f"{kind}.json") if f"{kind}.json" in names else None)
    return _complete(path, payloads)


def has_payloads(path: Path, payloads: Sequence[bytes | None]) -> bool:
    """Return whether a ZIP file has these payloads, by their lengths and checksums."""
    import zipfile

    present = {f"{kind}.json": payload for kind, payload in zip(_KINDS, payloads, strict=True) if payload is not None}
    try:
        with zipfile.ZipFile(path) as archive:
            there = {entry.filename: (entry.file_size, entry.CRC) for entry in archive.infolist()}
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
    return there == {name: (len(payload), zlib.crc32(payload)) for name, payload in present.items()}


def _complete(path: Path, payloads: Sequence[bytes | None]) -> tuple[bytes, bytes | None, bytes | None]:
    configuration, properties, defaults = payloads
    if configuration is None:
        raise FileNotFoundError(f"{path} is not a saved snapshot: it has no configuration")
    return configuration, properties, defaults


def write_payloads(path: str | os.PathLike[str], payloads: Sequence[bytes | None]) -> None:
    """Write configuration, properties and defaults to a folder or, if ``path`` ends in ``.zip``, to a file.

    What is written appears under ``path`` when it is complete, in place of a snapshot that was there before. If that
    fails, the one before is still there.
    """
    if isinstance(path, str) and bundled_folder(path) is not None:
        raise ValueError(f"{path!r} is the name of a bundled device, which load would give; save to {'./' + path!r}")
    path = Path(path)
    present = [(kind, payload) for kind, payload in zip(_KINDS, payloads, strict=True) if payload is not None]
    is_zip = path.suffix == ".zip"
    if path.exists() and not (_is_zip_of_payloads(path) if is_zip else _is_folder_of_payloads(path)):
        raise FileExistsError(f"{path} exists and is not a saved snapshot; it was not changed")
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(f".{path.name}-", path.parent) as scratch:
        new = scratch / "new"
        (_write_zip if is_zip else _write_folder)(new, present)
        if is_zip or not path.exists():
            new.replace(path)
        else:
            _exchange(new, path, scratch / "old")


@contextmanager
def scratch_folder(prefix: str, parent: Path) -> Iterator[Path]:
    """Make a folder in another one for as long as it is needed."""
    # A TemporaryDirectory is removed by every process that ends, also by one that was forked off meanwhile.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Put one folder in place of another one, which takes two steps; if the second one fails, undo the first."""
    path.replace(old)
    try:
        new.replace(path)
    except BaseException:
        old.rename(path)
        raise


def bundled_folder(name: str) -> Path | None:
    """Return the folder of a bundled device; ``None`` if no bundled device has that name."""
    device = find_device(name, bundled_devices())
    return None if device is None else _BUNDLED / device


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    bundled = bundled_folder(name_or_path) if isinstance(name_or_path, str) else None
    if bundled is not None:
        return bundled
    path = Path(name_or_path)
    if not path.exists():
        known = ", ".join(bundled_devices())
        raise FileNotFoundError(
            f"There is no bundled device and no path {str(name_or_path)!r}; bundled devices: {known}"
        )
    return path


@contextmanager
def _explained(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from ..exceptions import BackendPayloadError, IBMError

        # gzip, zipfile and zlib have seven classes between them for what is one thing here.
        if isinstance(error, OSError | MemoryError | IBMError) and not isinstance(error, gzip.BadGzipFile):
            raise
        raise BackendPayloadError(
            f"{path} is damaged, or no saved snapshot: {error} ({kind}).", kind, "$", 0
        ) from error


def _content(path: Path, root: Path, most: int) -> bytes:
    with _opened(path, root) as file:
        size = os.fstat(file.fileno()).st_size
        _check_size(size, most)
        return file.read(size)


@contextmanager
def _opened(path: Path, root: Path | None) -> Iterator[BinaryIO]:
    """Open a regular file.

    Args:
        path: The file.
        root: The folder that links must not lead out of; ``None`` if the user named the file, so that links may lead
            anywhere.
    """
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        path = Path(os.path.realpath(path))
        if root is not None and not path.is_relative_to(os.path.realpath(root)):
            raise ValueError(f"there is a link to {path}, which is outside of the folder and was not read")
        status = os.lstat(path)
    # Some devices do something when they are opened, so a look comes first; another one, because it may be exchanged.
    _check_kind(status, path)
    with open(path, "rb", opener=_open) as file:
        _check_kind(os.fstat(file.fileno()), path)
        yield file


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _check_kind(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path.name} is not a regular file and was not read")


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ValueError(f"it has more than {most} bytes; {VARIABLE} sets how many a payload may have")


def _gunzipped(path: Path, root: Path) -> bytes:
    most = most_bytes()
    content = memoryview(_content(path, root, most // _COMPRESSED))
    parts: list[bytes] = []
    length = position = 0
    engine = zlib.decompressobj(wbits=31)
    while position < len(content) or not parts:
        window = content[position : position + _WINDOW]
        if not window:
            raise EOFError("the compressed file ended too early")
        part = engine.decompress(window, most + 1 - length)
        parts.append(part)
        length += len(part)
        _check_size(length, most)
        position += len(window) - len(engine.unused_data)
        if engine.eof:
            # Several compressed files in a row are one, and zeros may stand behind it.
            while position < len(content) and not content[position]:
                position += 1
            if position < len(content):
                engine = zlib.decompressobj(wbits=31)
    if not engine.eof:
        raise EOFError("the compressed file ended too early")
    return b"".join(parts)


def _is_folder_of_payloads(path: Path) -> bool:
    files = {f"{kind}.json.gz" for kind in _KINDS}
    return path.is_dir() and all(entry.name in files for entry in path.iterdir())


def _is_zip_of_payloads(path: Path) -> bool:
    import zipfile

    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist()) <= {f"{kind}.json" for kind in _KINDS}


def _write_folder(path: Path, payloads: Sequence[tuple[str, bytes]]) -> None:
    path.mkdir()
    for kind, payload in payloads:
        # No time stamp, so that the same payload gives the same file.
        (path / f"{kind}.json.gz").write_bytes(gzip.compress(payload, mtime=0))


def _unzipped(archive: zipfile.ZipFile, name: str) -> bytes:
    import zipfile

    entry = archive.getinfo(name)
    # Others are decompressed at once by zipfile, whatever comes out.
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError(f"{name} is compressed by a method that saved snapshots do not use")
    most = most_bytes()
    _check_size(entry.file_size, most)
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    _check_size(len(content), most)
    return content


def _write_zip(path: Path, payloads: Sequence[tuple[str, bytes]]) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, payload in payloads:
            archive.writestr(zipfile.ZipInfo(f"{kind}.json"), payload, zipfile.ZIP_DEFLATED)
