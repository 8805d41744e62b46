# SPDX-License-Identifier: Apache-2.0
"""Child processes of this package: how they start, what they import, how they talk, and how they end.

A :class:`ChildProcess` runs a function ``main`` of one of our own modules in a fresh interpreter, in a session of its
own. Parent and child exchange messages of bytes through a :class:`Channel`.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

#: Bytes of one piece of a message. Connection writes pieces of up to 16 KiB at once, and Linux takes such a write to a
#: socket as a whole, so that a peer that is killed or stopped does not leave half of a piece.
_PIECE = 1 << 14
#: Bytes of the longest message. Circuits have 512 MiB at most, and results of jobs less; a peer that goes on sends
#: nonsense.
MAX_MESSAGE = 1 << 32
#: Seconds of silence in the midst of a piece after which a peer is given up: pieces come as a whole.
_STALL = 5
#: Seconds after which a message is given up that the peer does not take; a child may be importing Qiskit meanwhile.
_SEND_STALL = 120
#: Seconds between two looks at whether a child is alive: its end of the channel may be held by processes that it forked
#: off.
_LOOK = 0.5
#: Bytes that are kept of the end of what a child prints: a traceback has about a thousand.
_MAX_OUTPUT = 2000
_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import main; main({descriptor}, *{arguments!r})"


def import_path(*, with_current_folder: bool = False) -> list[str]:
    """Return the import path of a child: that of this process without the current folder.

    The empty entry, which interactive interpreters have, means whatever folder is the current one, before all others.

    Args:
        with_current_folder: If this process has the current folder on its path, append it, so that it is used for
            modules that are found nowhere else: functions of users may come from there.
    """
    given = [entry for entry in sys.path if isinstance(entry, str)]
    found = [os.path.abspath(entry) for entry in given if entry not in ("", os.curdir)]  # noqa: PTH100 (of a text)
    # If this package was found in the current folder, it has to be found there again.
    ours = str(Path(__file__).parents[1])
    if ours not in found:
        found.append(ours)
    if with_current_folder and len(found) < len(given):
        found.append(os.path.abspath(os.curdir))  # noqa: PTH100 (the same)
    return found


class Channel:
    """One end of a connection for messages of bytes, between a process and its child.

    A message is sent in pieces of at most 16 KiB; the first piece that is shorter than that ends the message. The
    receiver therefore never allocates more than has arrived, whatever the sender announces.
    """

    def __init__(self, descriptor: int) -> None:
        """Take over the descriptor of a connected socket."""
        self._connection = Connection(descriptor)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._connection.fileno()

    @property
    def is_closed(self) -> bool:
        """Whether this end was closed here."""
        return self._connection.closed

    def poll(self, seconds: float) -> bool:
        """Return whether something can be received, or the other end is closed, after so many seconds at most."""
        return self._connection.poll(seconds)

    def send(self, message: bytes) -> None:
        """Send a message.

        Raises:
            OSError: The other end is closed.
        """
        view = memoryview(message)
        for start in range(0, len(message) + 1, _PIECE):
            self._connection.send_bytes(view[start : start + _PIECE])

    def receive_piece(self) -> bytes:
        """Return the next piece of a message.

        Raises:
            OSError: The other end is closed, or what it sent is no piece.
        """
        try:
            return self._connection.recv_bytes(_PIECE)
        except EOFError as error:
            raise ConnectionResetError("the other end is closed") from error

    def receive(self) -> bytes | None:
        """Return the next message; ``None`` if the other end is closed."""
        pieces: list[bytes] = []
        with suppress(OSError):
            while not pieces or len(pieces[-1]) == _PIECE:
                pieces.append(self.receive_piece())
            return b"".join(pieces)
        return None

    def close(self) -> None:
        """Close this end."""
        with suppress(OSError):
            self._connection.close()


def channel_to_parent(descriptor: int) -> Channel:
    """Return the channel of a child, whose ``main`` was given ``descriptor``.

    Processes that the child starts do not inherit it, and what is printed goes to the standard error.
    """
    os.set_inheritable(descriptor, False)
    os.dup2(2, 1)
    return Channel(descriptor)


class ChildProcess:
    """An interpreter that runs ``main(descriptor, *arguments)`` of a module of this package.

    The child is in a session of its own: Ctrl-C does not reach it, and it is ended with all that it started.
    """

    def __init__(
        self,
        module: str,
        *arguments: int,
        environment: Mapping[str, str] | None = None,
        descriptors: tuple[int, ...] = (),
        with_current_folder: bool = False,
        keep_output: bool = False,
    ) -> None:
        """Start the process.

        Args:
            module: The full name of the module.
            arguments: Arguments of its ``main`` behind the descriptor of its channel.
            environment: The child's environment variables; those of this process by default.
            descriptors: Open files that the child inherits.
            with_current_folder: See :func:`import_path`.
            keep_output: Keep the end of what the child prints for :attr:`output`, instead of letting it print here.

        Raises:
            OSError: The system does not let it start.
        """
        ours, theirs = socket.socketpair()
        # The program exchanges sys.path before it imports anything: the current folder is on the path of each
        # interpreter that runs no file, and no flag of Python 3.10 prevents that without ignoring the user's
        # environment, too.
        path = import_path(with_current_folder=with_current_folder)
        program = _PROGRAM.format(path=path, module=module, descriptor=theirs.fileno(), arguments=arguments)
        with ours, theirs:
            # Calls that have begun do not outlast these: deadlines hold even if the child writes half of a piece.
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _STALL, 0))
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_STALL, 0))
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter)
                [sys.executable, "-c", program],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE if keep_output else None,
                bufsize=0,
                # A copy: another thread may change the environment while the process starts, which then has none.
                env=os.environ.copy() if environment is None else environment,
                start_new_session=True,
                pass_fds=(theirs.fileno(), *descriptors),
            )
            self._channel = Channel(ours.detach())
        self.pid = self._process.pid
        self._output = b""
        self._listener: threading.Thread | None = None
        if keep_output:
            self._listener = threading.Thread(target=self._listen, daemon=True)
            try:
                self._listener.start()
            except RuntimeError as error:
                self.kill()
                self.close_files()
                raise OSError(str(error)) from error

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """The end of what the process printed, if that is kept."""
        if self._listener is not None:
            self._listener.join(_LOOK)
        return self._output.decode(errors="replace").strip()

    def _listen(self) -> None:
        """Keep the end of what the process prints, and throw the rest away: a full pipe would stop the process."""
        stream = self._process.stderr
        with suppress(OSError, ValueError):
            while stream is not None and (printed := stream.read(1 << 16)):
                self._output = (self._output + printed)[-_MAX_OUTPUT:]

    def descriptors(self) -> list[int]:
        """Return the descriptors of this process that lead to the child, unless they are closed."""
        stream = self._process.stderr
        found = [] if stream is None or stream.closed else [stream.fileno()]
        return found if self._channel.is_closed else [*found, self._channel.fileno()]

    def send(self, message: bytes) -> None:
        """Send a message.

        Raises:
            OSError: The process has ended, or does not read.
        """
        self._channel.send(message)

    def has_message(self) -> bool:
        """Return whether :meth:`receive` has something to look at now: a message, or the end of the process."""
        return self._channel.poll(0)

    def receive(self, seconds: float | None = None, max_bytes: int = MAX_MESSAGE) -> bytes | None:
        """Return the next message of the process; ``None`` if it ended, or sent something else than a message.

        Args:
            seconds: How long to wait for the end of the message; by default as long as the process lives.
            max_bytes: A longer message counts as none.

        Raises:
            TimeoutError: The message did not come in time; the process is killed.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        pieces: list[bytes] = []
        size = 0
        while not pieces or len(pieces[-1]) == _PIECE:
            if not self._wait(deadline):
                return None
            try:
                pieces.append(self._channel.receive_piece())
            except OSError:
                return None
            size += len(pieces[-1])
            if size > max_bytes:
                return None
        return b"".join(pieces)

    def _wait(self, deadline: float | None) -> bool:
        """Wait until something can be received; return ``False`` if nothing will come any more."""
        while not self._channel.poll(_LOOK):
            # Something may have come between the two looks.
            if not self.is_alive:
                return self._channel.poll(0)
            if deadline is not None and time.monotonic() > deadline:
                self.kill()
                raise TimeoutError("the process did not answer in time")
        return True

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for the end of the process; return its exit code, ``None`` if it still runs after so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def kill(self, *, wait: float = 0.0) -> int:
        """End the process and all that it started; return its exit code.

        Args:
            wait: Seconds that the process gets to end by itself.
        """
        if wait:
            self.wait(wait)
        with suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """End the process and close the files that lead to it."""
        self.kill()
        if self._listener is not None:
            self._listener.join(_LOOK)
        self.close_files()

    def close_files(self) -> None:
        """Close the files that lead to the child, and leave it alone: a forked process must not end its parent's."""
        self._channel.close()
        if self._process.stderr is not None:
            with suppress(OSError):
                self._process.stderr.close()


def name_of_end(code: int) -> str:
    """Return how a process ended in words, such as ``SIGKILL`` or ``exit code 3``."""
    return signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"


def limit_memory(allowed: int) -> None:
    """Limit what this process can allocate to ``allowed`` bytes more than it had at the first call, on Linux."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = reserved_memory() + allowed
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


@functools.cache
def reserved_memory() -> int:
    """Return the bytes that counted against the limit at the first call; allocators reserve some that they never touch.

    Raises:
        OSError: The system does not tell; only Linux does.
    """
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
