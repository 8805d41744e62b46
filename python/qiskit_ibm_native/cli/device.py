# SPDX-License-Identifier: Apache-2.0
"""The argument DEVICE of all verbs: whatever names a device is made a snapshot."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completing

if TYPE_CHECKING:
    from ..archive import CalibrationArchive
    from ..snapshot import Snapshot

#: Look for devices in the account.
Account = Annotated[
    bool, typer.Option("--account", help="Ask the service of the account, or the one that the environment names.")
]
#: Look for devices in a channel.
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="NAME",
        help="Ask the service of a channel: ibm_quantum_platform or local.",
        autocompletion=completing.channels,
    ),
]


def snapshot_of(text: str, *, file: Path | None = None, account: bool = False, channel: str | None = None) -> Snapshot:
    """Return the snapshot of a device.

    A path that is there comes first, then the account if it is asked for, then bundled devices, then the archive.
    ``NAME@TIME`` is the calibration that held at a time, as the archive has it, and ``NAME@now`` the last one.

    Args:
        text: The argument.
        file: The file of the archive; ``None`` for that of the user.
        account: Whether to ask the service of the account.
        channel: The channel of the account.

    Raises:
        IBMInputValueError: There is no such device; the message has names that are like it.
        ArchiveError: The archive has no such calibration, or there is none.
    """
    from ..snapshot import Snapshot
    from ..snapshot.storage import bundled_folder

    bundled = bundled_folder(text)
    if not text:
        raise no_device(text)
    if bundled is None and Path(text).exists():
        return Snapshot.load(Path(text))
    name, separator, time = text.rpartition("@")
    if separator and name:
        return _archived_at(name, time, file)
    if account or channel is not None:
        return _published(text, channel)
    if bundled is not None and file is None:
        return Snapshot.load(text)
    return _last_archived(text, file)


def source_of(text: str, snapshot: Snapshot) -> str:
    """Return where a snapshot is from, as people say it."""
    from ..snapshot.storage import bundled_folder

    words = {"service": "from the service", "archive": "from the archive", "archive-nearest": "from the archive"}
    if snapshot.source is not None:
        return words.get(snapshot.source, snapshot.source)
    return "bundled with this package" if bundled_folder(text) is not None else f"from {text}"


def _archived_at(name: str, time: str, file: Path | None) -> Snapshot:
    from ..exceptions import ArchiveError
    from .archive import known_device, opened
    from .times import moment

    then = moment(time, f"the time of {name}@{time}") or datetime.datetime.now(datetime.timezone.utc)
    with opened(file) as archive:
        found = archive.at(known_device(archive, name, "measured"), then)
        if found is None:
            raise ArchiveError(f"{archive.path} has no calibration of {name!r} of {time} or before.")
    return found


def _last_archived(name: str, file: Path | None) -> Snapshot:
    from .._archive_file import archive_path, is_there
    from ..snapshot.device_names import find_device
    from .archive import known_device, opened

    if file is not None:
        with opened(file) as archive:
            return _last(archive, known_device(archive, name, "measured"))
    if is_there(archive_path()):
        with opened(None) as archive:
            known = find_device(name, archive.backends())
            if known is not None:
                return _last(archive, known)
    raise no_device(name)


def _last(archive: CalibrationArchive, name: str) -> Snapshot:
    from ..exceptions import ArchiveError

    found = archive.latest(name)
    if found is None:
        raise ArchiveError(f"{archive.path} has no calibration of {name!r}.")
    return found


def _published(name: str, channel: str | None) -> Snapshot:
    from ..provider.provider import IBMProvider

    with IBMProvider(channel=channel) as provider:
        return provider.get_backend(name).snapshot


def no_device(text: str) -> Exception:
    """Return the error that there is no such device, with the names that are like it."""
    from .._archive_file import archived_devices
    from ..exceptions import IBMInputValueError
    from ..snapshot.device_names import short_name
    from ..snapshot.storage import bundled_devices
    from .program import did_you_mean

    names = [*bundled_devices(), *(short_name(device.name) for device in archived_devices())]
    suggestion = did_you_mean(short_name(text), names) or " 'qiskit-ibm-native devices' lists devices."
    return IBMInputValueError(f"There is no device, file or folder {text!r}.{suggestion}")
