# SPDX-License-Identifier: Apache-2.0
"""The command line in a terminal of its own, as a person has it."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

#: Makes the terminal that of the process, as a login does, so that prompts for passwords find it. Programs in the
#: background of a shell, such as these tests, begin with signals of the keyboard ignored.
_PROGRAM = (
    "import fcntl, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    " signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from qiskit_ibm_native.cli import main; sys.exit(main())"
)
_STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Shown(NamedTuple):
    """Exit status of a command, and all that the terminal got, with and without colours."""

    status: int
    raw: str

    @property
    def text(self) -> str:
        return _STYLE.sub("", self.raw).replace("\r\n", "\n")


def at_terminal(
    *arguments: str,
    typed: str = "",
    prompt: str = "",
    columns: int = 80,
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 120,
    program: str = _PROGRAM,
) -> Shown:
    """Run the command in a terminal.

    Args:
        arguments: The arguments.
        typed: Text that is typed when the prompt is there.
        prompt: The text that is waited for before.
        columns: The width of the terminal.
        environment: Changes of the environment.
        cwd: The current folder.
        seconds: The longest time to wait.
        program: The program in place of the command.
    """
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "COLUMNS"}}
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd,
        start_new_session=True, env={**kept, "TERM": "xterm-256color", **(environment or {})},
    )  # fmt: skip
    os.close(theirs)
    try:
        raw = _conversation(ours, typed, prompt, time.monotonic() + seconds)
        return Shown(process.wait(30), raw)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _conversation(terminal: int, typed: str, prompt: str, end: float) -> str:
    raw, is_typed = b"", not typed
    while True:
        left = end - time.monotonic()
        assert left > 0, raw.decode(errors="replace")
        ready: Any = select.select([terminal], [], [], min(left, 1.0))[0]
        if ready:
            piece = b""
            # The other end is closed.
            with suppress(OSError):
                piece = os.read(terminal, 1 << 16)
            if not piece:
                return raw.decode(errors="replace")
            raw += piece
        if not is_typed and prompt.encode() in raw:
            os.write(terminal, typed.encode())
            is_typed = True
