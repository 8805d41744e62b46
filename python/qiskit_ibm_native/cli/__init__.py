# SPDX-License-Identifier: Apache-2.0
"""Command line of the package: ``qiskit-ibm-native``.

Exit statuses are the same for all verbs:

======  ======================================================================================================
0       done
1       a check found something: damage, alerts, differences that were asked for, scripts that would change
2       wrong use, or an error; one line on standard error says which
130     Ctrl-C
141     the reader of the output closed the pipe, as in ``| head``; shells report the same of any program
======  ======================================================================================================
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

#: If it is set, errors have their traceback, for reports of faults.
TRACEBACK = "QISKIT_IBM_NATIVE_TRACEBACK"
WRONG, INTERRUPTED, CLOSED_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The arguments; by default those of the process.

    Returns:
        The exit status, see the module.

    Raises:
        SystemExit: The arguments are wrong (status 2), or a shell asked for completions.
    """
    try:
        status = _status(arguments)
        return _flushed(is_told=status == WRONG) or status
    except BrokenPipeError:
        _discard()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:
        failed = _flushed()
        if failed:
            return failed
        raise


def _status(arguments: Sequence[str] | None) -> int:
    try:
        from .._extras import needed

        needed("typer", "cli", "Verbs of the command line")
        needed("rich", "cli", "Verbs of the command line")
        from .program import run

        return run(arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        from .output import message

        if os.environ.get(TRACEBACK, "0") not in {"", "0"}:
            traceback.print_exc()
        message(_line(error))
        return WRONG


def _line(error: Exception) -> str:
    """Return an error as one line that a terminal shows as it is."""
    import sqlite3

    from ..exceptions import IBMError
    from .output import printable

    text = printable(" ".join(str(error).split()))
    if isinstance(error, IBMError | OSError | ValueError | sqlite3.Error) and text:
        return text
    return f"{type(error).__name__}: {text} (this is a fault of the program; {TRACEBACK}=1 shows where)"


def _flushed(*, is_told: bool = False) -> int:
    """Write what is left of the output; return an exit status if that failed, and say so unless an error was told."""
    try:
        # Standard output is None in programs without a console.
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard()
        return CLOSED_PIPE
    except OSError as error:
        from .output import message

        _discard()
        if not is_told:
            message(f"The output cannot be written: {error.strerror}.")
        return WRONG
    return 0


def _discard() -> None:
    """Give the rest of the output to nobody: the interpreter flushes it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
