# SPDX-License-Identifier: Apache-2.0
"""Sources of the devices of a local service: bundled ones, snapshots, files, fake devices of the official client.

Devices of packages are read when somebody asks for them: those of the official client are 68, of 16 MB together. Files
of the user are read at once, so that the service does not start with damaged ones.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from ..snapshot import Snapshot, bundled_devices
from ..snapshot.storage import bundled_folder, fake_device_files, read_configuration
from .fractional_gates import with_fractional_gates

Device: TypeAlias = "str | os.PathLike[str] | Snapshot"
#: The devices that a service is given.
Devices: TypeAlias = "Device | Iterable[Device] | None"

#: All fake devices of the official client.
OFFICIAL = "official"
#: The end of a name of devices that are to have the fractional gates of their calibrations.
FRACTIONAL = "+fractional"
_FAKE_DEVICES = Path("fake_provider", "backends")
#: The beginning of most configurations.
_NAME_FIRST = re.compile(rb'\s*\{\s*"backend_name"\s*:\s*"([\w.-]+)"')
#: Bytes of a file in which a name that comes first is found.
_BEGINNING = 512


class SavedSnapshot:
    """A snapshot in a folder, which is read when it is needed.

    Attributes:
        name: The name of the device.
    """

    def __init__(self, folder: Path, adds_fractional_gates: bool = False) -> None:
        """Create a source of a folder, of which no more than the device's name is read.

        Args:
            folder: The folder.
            adds_fractional_gates: Whether the device is to have the fractional gates of its calibration.
        """
        self._folder = folder
        self._adds_fractional_gates = adds_fractional_gates
        self.name = _name_in(folder) or self.bare.name

    @cached_property
    def bare(self) -> Snapshot:
        """The configuration alone, as a snapshot without properties."""
        if self._adds_fractional_gates:
            return self.whole
        return Snapshot.from_payloads(read_configuration(self._folder))

    @cached_property
    def whole(self) -> Snapshot:
        """The snapshot."""
        snapshot = Snapshot.load(self._folder)
        return with_fractional_gates(snapshot) if self._adds_fractional_gates else snapshot

    def with_fractional_gates(self) -> SavedSnapshot:
        """Return the same source, of a device that has the fractional gates of its calibration."""
        return SavedSnapshot(self._folder, adds_fractional_gates=True)


def _name_in(folder: Path) -> str | None:
    """Return the name of a device if its configuration begins with that."""
    fake = fake_device_files(folder)
    with (fake[0] if fake else folder / "configuration.json.gz").open("rb") as file:
        beginning = file.read(_BEGINNING)
    if not fake:
        beginning = zlib.decompressobj(wbits=31).decompress(beginning, _BEGINNING)
    match = _NAME_FIRST.match(beginning)
    return match.group(1).decode() if match else None


def sources_of(devices: Devices) -> Iterator[Snapshot | SavedSnapshot]:
    """Yield snapshots, or folders of some, see :class:`Catalog`.

    Raises:
        IBMInputValueError: There are no such devices.
        BackendPayloadError: A snapshot is damaged.
    """
    if devices is None:
        devices = bundled_devices()
    if isinstance(devices, str | os.PathLike | Snapshot):
        devices = [devices]
    try:
        devices = list(devices)
    except TypeError:
        raise _wrong_type(devices) from None
    if not devices:
        raise invalid_devices("devices is empty; name some, or leave it out for all bundled ones.")
    for device in devices:
        yield from _sources(device)


def is_name(device: str) -> bool:
    """Return whether a text is the name of devices, not a path."""
    name = device.removesuffix(FRACTIONAL)
    return name == OFFICIAL or bool(bundled_folder(name))


def _sources(device: Device) -> Iterable[Snapshot | SavedSnapshot]:
    if isinstance(device, Snapshot):
        return [device]
    if device == "":
        # As a path it would be the present folder.
        raise invalid_devices("devices has an empty name; name a bundled device, or the path of a snapshot.")
    if isinstance(device, str) and device.endswith(FRACTIONAL):
        return map(_with_fractional_gates, _sources(device.removesuffix(FRACTIONAL)))
    if device == OFFICIAL:
        return _official()
    if isinstance(device, str) and (folder := bundled_folder(device)):
        return [SavedSnapshot(folder)]
    if isinstance(device, str | os.PathLike):
        return _saved(Path(device))
    raise _wrong_type(device)


def _wrong_type(device: object) -> Exception:
    return invalid_devices(
        f"devices has a {type(device).__name__}; it takes names of bundled devices, snapshots, paths, {OFFICIAL!r}, and these with"
        f" {FRACTIONAL!r} behind them."
    )


def _with_fractional_gates(source: Snapshot | SavedSnapshot) -> Snapshot | SavedSnapshot:
    return with_fractional_gates(source) if isinstance(source, Snapshot) else source.with_fractional_gates()


def invalid_devices(message: str) -> Exception:
    """Return the error of devices; its module imports Qiskit, which a service needs for nothing else."""
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(message)


def _official() -> Iterator[SavedSnapshot]:
    """Yield the fake devices of the official client, under the names in their payloads, without importing anything."""
    found = find_spec("qiskit_ibm_runtime")
    roots = [Path(location) / _FAKE_DEVICES for location in (found and found.submodule_search_locations) or ()]
    folders = sorted(path for root in roots if root.is_dir() for path in root.iterdir() if _is_fake(path))
    if not folders:
        from .._extras import missing

        raise missing(["qiskit_ibm_runtime"], None, "Fake devices of the official client")
    yield from map(SavedSnapshot, folders)


def _is_fake(path: Path) -> bool:
    return path.is_dir() and fake_device_files(path) is not None


def _saved(path: Path) -> Iterator[Snapshot]:
    if _is_snapshot(path):
        yield Snapshot.load(path)
        return
    if not path.is_dir():
        known = ", ".join(bundled_devices())
        raise invalid_devices(
            f"{path} is neither a saved snapshot nor a folder of saved snapshots, and there is no such bundled device;"
            f" bundled devices: {known}."
        )
    paths = sorted(filter(_is_snapshot, path.iterdir()))
    if not paths:
        raise invalid_devices(f"{path} has no saved snapshots; write some with Snapshot.save.")
    for found in paths:
        yield Snapshot.load(found)


def _is_snapshot(path: Path) -> bool:
    return (path.suffix == ".zip" and path.is_file()) or (path / "configuration.json.gz").exists() or _is_fake(path)
