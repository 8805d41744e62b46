# SPDX-License-Identifier: Apache-2.0
"""Which calibrations of a device a question is about: measured or overridden ones, and of which origin."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from .._hosts import is_loopback
from ..exceptions import ArchiveError, IBMInputValueError

if TYPE_CHECKING:
    from .._sqlite import Database

#: The name of all services on this machine, whose ports differ from time to time.
LOCAL = "local"
ANY = "any"
#: Conditions by provenance, on a row ``c`` of calibrations.
_PROVENANCES = {
    "measured": "c.is_overridden = 0",
    "overridden": "c.is_overridden = 1",
    ANY: "c.is_overridden IN (0, 1)",
}
#: The next origin after another one, which an index has in order: one look for each, however many sightings there are.
_NEXT_ORIGIN = "SELECT min(origin) FROM sightings WHERE origin > ?"


class Choice(NamedTuple):
    """A choice of calibrations.

    Attributes:
        provenance: ``"measured"``, ``"overridden"`` or ``"any"``.
        origin: The service that published them, ``"any"``, or ``None`` for the only one there is.
    """

    provenance: str = "measured"
    origin: str | None = None


class Condition(NamedTuple):
    """A condition in SQL on rows ``c`` of calibrations, with its parameters."""

    text: str
    parameters: tuple[Any, ...] = ()


#: All calibrations that were measured.
MEASURED = Condition(_PROVENANCES["measured"])


def of_provenance(provenance: str) -> Condition:
    """Return the condition that calibrations were measured or overridden.

    Raises:
        IBMInputValueError: There is no such provenance.
    """
    if provenance not in _PROVENANCES:
        raise IBMInputValueError(f"provenance must be one of {', '.join(map(repr, _PROVENANCES))}, not {provenance!r}.")
    return Condition(_PROVENANCES[provenance])


def label(origin: str) -> str:
    """Return the name of an origin: the origin itself, or ``"local"`` for the address of a service on this machine."""
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return origin
    return LOCAL if host is not None and is_loopback(host) else origin


def recorded_origins(database: Database) -> list[str]:
    """Return the addresses of all origins, in order."""
    found: list[str] = []
    while True:
        ((following,),) = database.rows(_NEXT_ORIGIN, (found[-1] if found else "",))
        if not isinstance(following, str):
            return found
        found.append(following)


def condition(database: Database, backend: str, choice: Choice) -> Condition:
    """Return the condition of a choice for the calibrations of a device.

    Calibrations of unknown origin go with any origin.

    Raises:
        ArchiveError: The device has calibrations of several origins, and none was chosen.
        IBMInputValueError: There is no such provenance, or the origin is no text.
    """
    origin = choice.origin
    if origin is not None and (not isinstance(origin, str) or not origin):
        raise IBMInputValueError(f"origin must be the name of a service, or 'any', not {origin!r}.")
    chosen = of_provenance(choice.provenance)
    if origin == ANY:
        return chosen
    recorded = recorded_origins(database)
    labels = {label(name) for name in recorded}
    if origin is None:
        if len(labels) > 1:
            _check_is_one(database, backend, chosen)
        return chosen
    if labels <= {label(origin)}:
        return chosen
    seen = "SELECT 1 FROM sightings s WHERE s.calibration = c.id AND s.origin"
    wanted = tuple(name for name in recorded if label(name) == label(origin))
    of_origin = f"EXISTS ({seen} IN ({', '.join('?' * len(wanted))}))"
    return Condition(f"{chosen.text} AND ({of_origin} OR NOT EXISTS ({seen} <> ''))", wanted)


def origins_of(database: Database, backend: str, chosen: Condition) -> dict[int, frozenset[str]]:
    """Return the names of origins by number of the calibration; those of unknown origin are left out."""
    found: dict[int, set[str]] = {}
    rows = database.rows(
        "SELECT s.calibration, s.origin FROM calibrations c JOIN sightings s ON s.calibration = c.id"  # noqa: S608 (ours)
        f" WHERE c.backend = ? AND s.origin <> '' AND {chosen.text}",
        (backend, *chosen.parameters),
        (int, str),
    )
    labels = {origin: label(origin) for _, origin in rows}
    for number, origin in rows:
        found.setdefault(number, set()).add(labels[origin])
    return {number: frozenset(names) for number, names in found.items()}


def _check_is_one(database: Database, backend: str, chosen: Condition) -> None:
    """Make sure that one origin has all calibrations whose origin is known, so that all are one series."""
    names = origins_of(database, backend, chosen).values()
    counts = Counter(name for of_one in names for name in of_one)
    if len(counts) > 1 and max(counts.values()) < len(names):
        listed = ", ".join(f"{name!r} ({count})" for name, count in sorted(counts.items()))
        raise ArchiveError(
            f"{database.path} has calibrations of {backend} from {len(counts)} origins: {listed}. Choose one by origin=, or join"
            ' them by origin="any".'
        )
