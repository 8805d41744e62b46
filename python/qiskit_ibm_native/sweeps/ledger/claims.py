# SPDX-License-Identifier: Apache-2.0
"""Claims: which run of which program does a task at present, so that runs with one ledger share the work.

A run renews its claims as long as it lives. A run that is killed leaves claims that are not renewed any more: they no
longer hold when another run has seen them unchanged for a minute, or knows that the process is gone. Each run measures
that minute by its own steady clock, so that clocks of machines may differ, and may be set, as they like.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ...exceptions import LedgerError

if TYPE_CHECKING:
    import sqlite3

    from ..._sqlite import Database

#: Seconds for which a claim holds without being renewed, and after which it is renewed: three renewals may fail.
LEASE, _RENEWAL = 60.0, 15.0


class Answer(NamedTuple):
    """Tasks by what is known of them: identifiers."""

    #: Claimed for this run, or free.
    ours: set[bytes]
    #: The ledger has their results by now.
    done: set[bytes]
    #: Those of the latter that failed.
    failed: set[bytes]


class Claims:
    """The claims of one run."""

    def __init__(self, database: Database, condition: str) -> None:
        """Begin without a claim.

        Args:
            database: The ledger's file.
            condition: The condition in SQL under which a row of ``tasks`` counts as done.
        """
        self._database, self._condition = database, condition
        self._owner = f"{_place()} {os.getpid()} {uuid.uuid4().hex}"
        #: Of other runs: the latest renewal, and the time of this run's steady clock at which it was seen first, s.
        self._seen: dict[str, tuple[float, float]] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="claims", daemon=True)

    def take(self, ids: Sequence[bytes]) -> Answer:
        """Claim tasks that nobody else does or has done."""
        if not self._thread.ident:
            self._thread.start()
        with self._database.writing() as connection:
            answer = self._look(connection, ids)
            until = _following(connection, self._owner)
            connection.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", [(task, self._owner, until) for task in answer.ours]
            )
        return answer

    def look(self, ids: Sequence[bytes]) -> Answer:
        """Return which tasks are done by now, and which ones nobody does."""
        with self._database.reading() as connection:
            return self._look(connection, ids)

    def _look(self, connection: sqlite3.Connection, ids: Sequence[bytes]) -> Answer:
        marks = ", ".join("?" * len(ids))
        statement = f"SELECT id, error IS NOT NULL FROM tasks WHERE id IN ({marks}){self._condition}"  # noqa: S608 (ours)
        done: dict[bytes, int] = dict(connection.execute(statement, ids).fetchall())
        claimed = connection.execute(
            f"SELECT id, owner FROM claims WHERE id IN ({marks}) AND owner != ?",  # noqa: S608
            (*ids, self._owner),
        ).fetchall()
        gone = {owner for owner in {owner for _, owner in claimed} if self._has_ended(connection, owner)}
        others = {task for task, owner in claimed if owner not in gone}
        failed = {task for task, is_failed in done.items() if is_failed}
        return Answer(set(ids) - done.keys() - others, set(done), failed)

    def _has_ended(self, connection: sqlite3.Connection, owner: str) -> bool:
        """Return whether another run has ended, or has not renewed its claims for long."""
        if _is_gone(owner):
            return True
        ((until,),) = connection.execute("SELECT max(until) FROM claims WHERE owner = ?", (owner,))
        now = time.monotonic()
        latest, since = self._seen.get(owner, (None, now))
        if latest != until:
            since = now
        self._seen[owner] = until, since
        return now - since > LEASE

    def _renew(self) -> None:
        while not self._is_over.wait(_RENEWAL):
            # A file that is busy for a while is no reason to stop.
            with suppress(LedgerError), self._database.writing() as connection:
                connection.execute(
                    "UPDATE claims SET until = ? WHERE owner = ?", (_following(connection, self._owner), self._owner)
                )

    def drop(self) -> None:
        """Give up all claims of this run."""
        if not self._thread.ident:
            return
        self._is_over.set()
        self._thread.join()
        with self._database.writing() as connection:
            ended = [owner for owner in self._seen if self._has_ended(connection, owner)]
            connection.executemany("DELETE FROM claims WHERE owner = ?", [(owner,) for owner in (self._owner, *ended)])


def _following(connection: sqlite3.Connection, owner: str) -> float:
    """Return a time for the claims of a run that is later than all that it has used, whatever the clock says."""
    ((latest,),) = connection.execute("SELECT max(until) FROM claims WHERE owner = ?", (owner,))
    return max(time.time() + LEASE, 0.0 if latest is None else latest + 1e-3)


@cache
def _place() -> str:
    """Return a name of the processes among which an identifier of a process is known: a machine, or a container."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 (it is no file)
    return f"{socket.gethostname()}/{namespace}".replace(" ", "_")


def _is_gone(owner: str) -> bool:
    """Return whether the process of a run is known to have ended."""
    place, _, rest = owner.partition(" ")
    process = rest.partition(" ")[0]
    if place != _place() or not process.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
