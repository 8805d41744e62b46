# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native devices``: which devices there are."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from . import output
from .device import Account, Channel
from .options import ArchiveFile, Json
from .times import minute


class _Row(NamedTuple):
    name: str
    num_qubits: int
    processor: str | None
    last_update: datetime.datetime | None
    source: str


def devices(account: Account = False, channel: Channel = None, file: ArchiveFile = None, json: Json = False) -> None:
    """List devices: those that come with this package and those of the archive, or those of an account.

    Nothing is asked for over the network without --account or --channel.

    Examples:
        qiskit-ibm-native devices
        qiskit-ibm-native devices --account
        qiskit-ibm-native devices --json
    """
    if account or channel is not None:
        _list_published(channel, json=json)
        return
    rows = [*_bundled(), *_archived(file)]
    if json:
        output.document([row._asdict() for row in rows])
        return
    output.table(
        [
            "Device",
            output.Column("Qubits", is_number=True),
            output.Column("Processor", is_optional=True),
            "Calibrated (UTC)",
            output.Column("From", is_optional=True),
        ],
        [
            (row.name, str(row.num_qubits), row.processor or "-", minute(row.last_update), row.source)
            for row in rows
        ],
    )  # fmt: skip


def _bundled() -> list[_Row]:
    from ..snapshot import Snapshot, bundled_devices
    from ..snapshot.storage import read_bundled

    return [_row(Snapshot.from_payloads(*read_bundled(name)), "bundled") for name in bundled_devices()]


def _row(snapshot: Any, source: str) -> _Row:
    from ..snapshot.summary import processor_of

    return _Row(snapshot.name, snapshot.num_qubits, processor_of(snapshot) or None, snapshot.last_update, source)


def _archived(file: Any) -> list[_Row]:
    from .._archive_file import archived_devices
    from .archive import opened

    if file is not None:
        # A file that was named has to be there.
        opened(file).close()
    return [_Row(known.name, known.num_qubits, None, known.last_update, "archive") for known in archived_devices(file)]


def _list_published(channel: str | None, *, json: bool) -> None:
    from ..provider.provider import IBMProvider

    with IBMProvider(channel=channel) as provider:
        found = []
        for backend in provider.backends():
            status = backend.status()
            found.append((_row(backend.snapshot, "service"), status.operational, status.pending_jobs))
    if json:
        output.document(
            [
                {**row._asdict(), "operational": operational, "pending_jobs": pending}
                for row, operational, pending in found
            ]
        )
        return
    output.table(
        ["Device", output.Column("Qubits", is_number=True), output.Column("Processor", is_optional=True),
         output.Column("Calibrated (UTC)", is_optional=True), "Status",
         output.Column("Jobs waiting", is_number=True)],
        [
            (row.name, str(row.num_qubits), row.processor or "-", minute(row.last_update),
             output.Styled("works", "green") if operational else output.Styled("does not work", "bold red"), str(pending))
            for row, operational, pending in found
        ],
        empty="The account has no devices.",
    )  # fmt: skip
