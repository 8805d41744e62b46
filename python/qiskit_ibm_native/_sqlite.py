# SPDX-License-Identifier: Apache-2.0
"""SQLite files: versions, transactions, and what can go wrong with them.

A file may have been sent by somebody else. It is used only if it has the tables and indexes that this package makes,
and nothing else: no trigger, view or virtual table, so that SQLite does nothing that is not said here.

A file that cannot be written, or whose folder cannot, is read as it is.

Any number of threads and processes may use one file. A transaction is there as a whole or not at all, also when the
process is killed in the midst of it; SQLite's write-ahead log sees to that.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ._threads import members_of

if TYPE_CHECKING:
    from .exceptions import IBMError

#: Seconds to wait for others that write.
PATIENCE = 60.0
#: Bytes of the longest text or blob that SQLite handles here, where Python can tell it (since 3.11).
LONGEST = 256 << 20
#: Tables of statistics, which SQLite makes when somebody says ANALYZE.
_STATISTICS = re.compile(r"CREATE TABLE sqlite_stat[134]\([a-z,]+\)")
_COMMENT = re.compile(r"--[^\n]*")


class Schema(NamedTuple):
    """The kind and schema of a file."""

    #: Marks the file as one of ours, of this kind.
    application: int
    #: Migrations to the next version, starting from an empty file.
    migrations: tuple[str, ...]
    #: The name of the file in error messages.
    kind: str
    error: type[IBMError]
    #: For what is not as it was written.
    damaged: type[IBMError]
    #: By version, statements that make the tables that it added, empty and temporary: for files of earlier versions
    #: that cannot be written. Without them such a file cannot be read.
    stand_ins: Mapping[int, str] = MappingProxyType({})
    #: Functions that statements call, with their names. They are native: SQLite takes Ctrl-C in Python code for an
    #: error of the function.
    functions: tuple[tuple[str, Callable[..., Any]], ...] = ()
    #: By version, functions that look into a file before it is brought to that version, and return a function that is
    #: called after the statements, in their transaction, which a page that cannot be read would end.
    looks: Mapping[int, Callable[[sqlite3.Connection], Callable[[sqlite3.Connection], None]]] = MappingProxyType({})

    @property
    def version(self) -> int:
        """The version that this package writes."""
        return len(self.migrations)


class _Line:
    """A connection that one thread uses at a time; it is opened when it is first used."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None
        #: The state of a file that can only be read, when it was opened.
        self.state: object = None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Database:
    """A file, with one connection for reading and one for writing, so that who reads does not wait for who writes."""

    def __init__(self, path: str | os.PathLike[str], schema: Schema) -> None:
        """Open a file, make it if there is none, and bring it to the present version.

        Raises:
            IBMError: The schema's error: the file is something else, of a later version, or cannot be written.
        """
        self.path = Path(path).expanduser().absolute()
        self.schema = schema
        self._reader, self._writer = _Line(), _Line()
        self._is_closed = False
        _OPEN.add(self)
        with self._used(self._reader):
            pass

    @property
    def lines(self) -> tuple[_Line, _Line]:
        """Both connections, in the order in which they are to be locked."""
        return self._writer, self._reader

    def close(self) -> None:
        """Close the file."""
        self._is_closed = True
        for line in self.lines:
            with line.lock:
                line.close()

    def _open(self) -> sqlite3.Connection:
        is_writable = _is_writable(self.path)
        if is_writable:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            address = self.path.as_uri()
        else:
            address = f"{self.path.as_uri()}?mode=ro"
            # SQLite would make the files of a log beside it. If they are there, somebody else uses the file at present.
            if not _log_of(self.path).exists():
                address += "&immutable=1"
        connection = sqlite3.connect(address, PATIENCE, uri=True, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(connection, is_writable=is_writable)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection, *, is_writable: bool) -> None:
        _restrict(connection)
        _define(connection, self.schema.functions)
        # All at one moment, since another process may be bringing the file to another version.
        connection.execute("BEGIN")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        tables = connection.execute("SELECT sql FROM sqlite_master").fetchall()
        connection.rollback()
        schema = self.schema
        if application != schema.application and (application or version or tables):
            raise schema.error(f"{self.path} is the file of another program, not {schema.kind}.")
        if version > schema.version:
            raise schema.error(
                f"{self.path} has version {version}, and this package knows versions up to {schema.version}; a later one"
                " is needed."
            )
        problem = _problem([sql for (sql,) in tables], schema.migrations[:version], schema.functions)
        if problem is not None:
            raise schema.damaged(
                f"{self.path} was not used, because it {problem}. Files of this package have nothing else."
            )
        if not is_writable:
            self._stand_in(connection, version)
            return
        if not tables:
            # So that what is pruned can be given back.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _use_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if version < schema.version:
            _migrate(connection, schema, version)

    def _stand_in(self, connection: sqlite3.Connection, version: int) -> None:
        """Make temporary tables for those that a file of an earlier version lacks."""
        later = range(version + 1, self.schema.version + 1)
        if not self.schema.stand_ins.keys() >= set(later):
            raise self.schema.error(
                f"{self.path} has version {version}, has to be brought to version {self.schema.version}, and cannot be"
                " written: open a copy of it."
            )
        connection.execute("PRAGMA temp_store = MEMORY")
        for number in later:
            for statement in _statements(self.schema.stand_ins[number]):
                connection.execute(statement)
            if number in self.schema.looks:
                self.schema.looks[number](connection)(connection)

    @contextmanager
    def _used(self, line: _Line) -> Iterator[sqlite3.Connection]:
        with line.lock, self._explained():
            if self._is_closed:
                raise self.schema.error(f"{self.path} is closed.")
            if line.state is not None and line.state != _state_of(self.path):
                # The file was changed by a process that may write, which SQLite does not notice.
                line.close()
            if line.connection is None:
                line.state = None if _is_writable(self.path) else _state_of(self.path)
                # No thread forks while SQLite opens a file: its own locks would stay taken in the child.
                with _opening:
                    line.connection = self._open()
            yield line.connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading to this thread alone."""
        with self._used(self._reader) as connection:
            yield connection

    @contextmanager
    def one_moment(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reading to this thread alone; nothing that others write meanwhile is seen."""
        with self._used(self._reader) as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[sqlite3.Connection]:
        """Give the connection for writing to this thread alone, within a transaction.

        Args:
            patience: How many seconds to wait for other processes that write; :data:`PATIENCE` by default.
        """
        seconds = PATIENCE if patience is None else patience
        if not _is_writable(self.path):
            raise self.schema.error(f"{self.path} can only be read: it, or its folder, cannot be written.")
        with self._used(self._writer) as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.execute("COMMIT")

    def rows(
        self, statement: str, parameters: Sequence[Any] = (), kinds: tuple[type | tuple[type, ...], ...] | None = None
    ) -> list[Any]:
        """Return all rows of a query.

        Args:
            statement: The query.
            parameters: Its parameters.
            kinds: The classes of the values of a row. Columns of SQLite hold whatever was put into them.

        Raises:
            IBMError: The schema's error for damage: a value is of another class.
        """
        with self.reading() as connection:
            found = connection.execute(statement, parameters).fetchall()
        if kinds is not None:
            for types in {tuple(map(type, row)) for row in found}:
                self.check_kinds(types, kinds)
        return found

    def check_kinds(self, types: Sequence[type], kinds: Sequence[type | tuple[type, ...]]) -> None:
        """Raise the schema's error for damage unless the classes of a row's values are what they are to be."""
        for found, wanted in zip(types, kinds, strict=True):
            if not issubclass(found, wanted):
                raise self.schema.damaged(
                    f"{self.path} is damaged: a row has a value of the class {found.__name__}, which is not {wanted}."
                )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            self._explain(error)

    def _explain(self, error: Exception) -> NoReturn:
        code = getattr(error, "sqlite_errorname", "") or ""
        text = str(error)
        is_damaged = isinstance(error, UnicodeDecodeError) or "Could not decode" in text
        is_damaged |= "too big" in text or "malformed" in text or "not a database" in text
        if is_damaged or "NOTADB" in code or "CORRUPT" in code:
            raise self.schema.damaged(f"{self.path} is damaged, or not {self.schema.kind}: {text}.") from error
        if "locked" in text:
            raise self.schema.error(f"{self.path} is busy: another process is writing for too long.") from error
        raise self.schema.error(f"{self.path} cannot be used: {text}.") from error


#: All that a process that is forked off must not take over: SQLite's locks are those of a process.
_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()
_held: list[Database] = []
#: For two threads that fork at once.
_fork_lock = threading.Lock()
#: Held while a file is opened, by who holds the lock of its line.
_opening = threading.Lock()


def _before_fork() -> None:
    _fork_lock.acquire()
    while True:
        _held[:] = members_of(_OPEN)
        for database in _held:
            for line in database.lines:
                line.lock.acquire()
        _opening.acquire()
        if set(members_of(_OPEN)) <= set(_held):
            break
        # Another one was opened before the last lock was taken, and may be in use.
        _release()
    for database in _held:
        for line in database.lines:
            line.close()


def _release() -> None:
    _opening.release()
    for database in _held:
        for line in database.lines:
            line.lock.release()


def _after_fork_in_parent() -> None:
    _release()
    _held.clear()
    _fork_lock.release()


def _after_fork_in_child() -> None:
    global _fork_lock, _opening
    # The locks are held by a thread that is not there any more.
    for database in _held:
        database._reader, database._writer = _Line(), _Line()
    _held.clear()
    _fork_lock, _opening = threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


def _is_writable(path: Path) -> bool:
    """Return whether a file can be written, and the files of SQLite's log beside it, or be made."""
    return not path.exists() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _state_of(path: Path) -> object:
    """Return what changes when somebody writes to a file."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, _log_of(path).exists()


def _restrict(connection: sqlite3.Connection) -> None:
    """Have SQLite distrust the file, as its documentation says for files that come from elsewhere."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if sys.version_info >= (3, 11):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _define(connection: sqlite3.Connection, functions: Iterable[tuple[str, Callable[..., Any]]]) -> None:
    for name, function in functions:
        connection.create_function(name, -1, function, deterministic=True)


def _problem(
    found: Sequence[Any], migrations: tuple[str, ...], functions: tuple[tuple[str, Callable[..., Any]], ...]
) -> str | None:
    """Return what a file has that it must not have, or lacks; ``None`` if there is nothing.

    Args:
        found: The definitions of everything that is in it. What SQLite makes by itself has none.
        migrations: The file's own, up to its version.
        functions: Functions that these call.
    """
    expected, present = _definitions(migrations, functions), set()
    for sql in found:
        plain = _plain(sql) if isinstance(sql, str) else sql
        present.add(plain)
        # SQLite goes by the definition alone, whatever the other columns say.
        if plain is not None and plain not in expected and not (isinstance(sql, str) and _STATISTICS.fullmatch(sql)):
            return f"has something that is not of this package: {str(sql)[:200]!r}"
    missing = sorted(str(definition) for definition in expected - present)
    return f"lacks this: {missing[0]!r}" if missing else None


@cache
def _definitions(
    migrations: tuple[str, ...], functions: tuple[tuple[str, Callable[..., Any]], ...]
) -> frozenset[str | None]:
    """Return how SQLite keeps the definitions of some migrations."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _define(connection, functions)
        for script in migrations:
            connection.executescript(script)
        found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return frozenset(_plain(sql) for (sql,) in found)


def _plain(sql: str) -> str:
    """Return a definition without comments and line breaks, which may change from version to version.

    Nothing can be hidden like that: where ``--`` is no comment, there is a quotation mark, a bracket or the begin of
    another comment before it, which no definition of ours has.
    """
    return " ".join(_COMMENT.sub(" ", sql).split())


def _use_log(connection: sqlite3.Connection) -> None:
    """Switch the write-ahead log on. Waiting for others is not what SQLite does here."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(connection: sqlite3.Connection, schema: Schema, version: int) -> None:
    # There is nothing to look at in a new file.
    steps = {number: look(connection) for number, look in schema.looks.items() if 0 < version < number}
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for number, statements in enumerate(schema.migrations[version:], version + 1):
            for statement in _statements(statements):
                connection.execute(statement)
            if number in steps:
                steps[number](connection)
        connection.execute(f"PRAGMA application_id = {schema.application}")
        connection.execute(f"PRAGMA user_version = {schema.version}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script; ``executescript`` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
