# SPDX-License-Identifier: Apache-2.0
"""Programs on a terminal of their own, and the picture that their output leaves on it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence

from tests.support import ROOT

#: Seconds after which a program that writes nothing has failed.
_PATIENCE = 90.0


def environment(**others: str) -> dict[str, str]:
    """Return the environment of a person at a terminal, with further variables."""
    plain = {name: value for name, value in os.environ.items() if name not in ("CI", "QISKIT_IBM_NATIVE_PROGRESS")}
    return {**plain, "PYTHONPATH": str(ROOT), **others}


def on_a_terminal(
    code: str, *, columns: int = 100, interrupt_after: str | None = None, stdout_too: bool = True, **variables: str
) -> tuple[str, int]:
    """Return all that a program writes to a terminal of its own, and its exit status.

    Args:
        code: The program.
        columns: The width of the terminal.
        interrupt_after: A text after which ``^C`` is pressed, half a second later.
        stdout_too: Whether standard output is the terminal; otherwise it is nowhere.
        variables: Further environment variables.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # The terminal is the child's, which gets a signal for ^C.
    wrapped = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{code}"
    program = subprocess.Popen(
        [sys.executable, "-c", wrapped], env=environment(**variables), start_new_session=True, stdin=follower,
        stdout=follower if stdout_too else subprocess.DEVNULL, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    written, is_interrupted = b"", interrupt_after is None
    try:
        while select.select([leader], [], [], _PATIENCE)[0]:
            part = os.read(leader, 65536)
            if not part:
                break
            written += part
            if not is_interrupted and str(interrupt_after).encode() in written:
                is_interrupted = True
                time.sleep(0.5)
                os.write(leader, b"\x03")
    except OSError:
        # On Linux, the end of a terminal is an error.
        pass
    finally:
        os.close(leader)
    return written.decode(), program.wait(_PATIENCE)


def screen(written: str, columns: int = 100) -> str:
    """Return the text that a terminal shows in the end, for output of lines and carriage returns."""
    lines: list[list[str]] = [[]]
    column = 0
    for character in written:
        if character == "\r":
            column = 0
        elif character == "\n":
            lines.append([])
        else:
            if column == columns:
                lines.append([])
                column = 0
            line = lines[-1]
            line += " " * (column + 1 - len(line))
            line[column] = character
            column += 1
    return "\n".join("".join(line).rstrip() for line in lines)


def shown_lines(written: str) -> Sequence[str]:
    """Return the texts that were written at the begin of a line of the terminal, in order, without blank ones."""
    parts = written.replace("\n", "\r").split("\r")
    return [part.rstrip() for part in parts if part.strip()]
