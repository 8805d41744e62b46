# SPDX-License-Identifier: Apache-2.0
"""A file beside exported calibrations: of which services they are, and until when these published no later ones.

It has a line of JSON for each calibration and service: the digest of the snapshot, the ``origin``, which is empty for a
confirmation that holds for all services, and ``until``, a time in UTC.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._moments import moment_of
from .._timestamps import FIRST, LAST, moment
from ..exceptions import BackendPayloadError, IBMInputValueError
from ..snapshot.storage import read_plain_file, scratch_folder
from .schema import SIGHTING_CHECKSUM

if TYPE_CHECKING:
    from .._sqlite import Database

NAME = "sightings.ndjson"
_DIGEST = re.compile(r"[0-9a-f]{64}")

#: Times by digest and origin.
Sightings = dict[str, dict[str, datetime.datetime]]


class Read(NamedTuple):
    """The content of a file of sightings, and the first reason why a line was left out."""

    known: Sightings
    problem: str | None = None


def write(folder: Path, database: Database, digests: Mapping[int, str]) -> None:
    """Write the sightings of calibrations, given by number, beside those that the file has already.

    Args:
        folder: The folder of the calibrations.
        database: The archive. Sightings that are damaged are left out.
        digests: Digests of snapshots by number.
    """
    known = read(folder, folder).known
    rows = database.rows(f"SELECT calibration, origin, until FROM sightings WHERE checksum IS {SIGHTING_CHECKSUM}")  # noqa: S608
    for number, origin, until in rows:
        if number in digests and FIRST <= until <= LAST:
            of_digest = known.setdefault(digests[number], {})
            of_digest[origin] = max(of_digest.get(origin, moment(until)), moment(until))
    lines = [
        json.dumps({"digest": digest, "origin": origin, "until": known[digest][origin].isoformat()})
        for digest in sorted(known)
        for origin in sorted(known[digest])
    ]
    if lines:
        with scratch_folder(".sightings-", folder) as scratch:
            new = scratch / NAME
            new.write_text("\n".join(lines) + "\n", encoding="utf-8")
            new.replace(folder / NAME)


def read(folder: Path, root: Path) -> Read:
    """Return the sightings in a folder; there are none if it has no such file.

    Args:
        folder: The folder.
        root: The folder that links must not lead out of.
    """
    if not (folder / NAME).is_file():
        return Read({})
    try:
        lines = read_plain_file(folder / NAME, root).decode().splitlines()
    except (BackendPayloadError, OSError, UnicodeDecodeError) as error:
        return Read({}, str(error))
    known: Sightings = {}
    problem = None
    for number, line in enumerate(lines, 1):
        try:
            digest, origin, until = _line(json.loads(line))
        except (IBMInputValueError, RecursionError, TypeError, ValueError) as error:
            problem = problem or f"line {number} is left out: {error}"
            continue
        of_digest = known.setdefault(digest, {})
        of_digest[origin] = max(of_digest.get(origin, until), until)
    return Read(known, problem)


def _line(content: Any) -> tuple[str, str, datetime.datetime]:
    if not isinstance(content, dict):
        raise TypeError("it is not an object")
    digest, origin = content.get("digest"), content.get("origin")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or not isinstance(origin, str):
        raise ValueError("digest must be that of a snapshot, and origin a text")
    until = content.get("until")
    if not isinstance(until, str):
        raise TypeError("until must be a time")
    return digest, origin, moment_of(until, name="until")
