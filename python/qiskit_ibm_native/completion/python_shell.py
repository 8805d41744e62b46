# SPDX-License-Identifier: Apache-2.0
"""A completer for Python's own shell, in front of the one that it has."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .arguments import argument_names

_Completer = Callable[[str, int], str | None]


class ArgumentCompleter:
    """A completer of ``readline`` that knows arguments and leaves everything else to another one."""

    def __init__(self, line: Callable[[], str], namespace: Mapping[str, Any], other: _Completer | None) -> None:
        """Create a completer.

        Args:
            line: Returns the line up to the cursor.
            namespace: The variables of the session.
            other: The completer for everything else.
        """
        self._line, self._namespace, self._other = line, namespace, other
        self._found: list[str] = []

    def __call__(self, text: str, state: int) -> str | None:
        """Return a completion, as ``readline`` asks for them.

        Args:
            text: The word at the cursor.
            state: The number of the completion; the first one is 0.
        """
        if state == 0:
            prefix, names = argument_names(self._line(), self._namespace)
            # readline's words end at signs such as "-", which names may have.
            self._found = [text + name[len(prefix) :] for name in names]
        if self._found:
            return self._found[state] if state < len(self._found) else None
        return None if self._other is None else self._other(text, state)


def install() -> None:
    """Complete arguments in this session of Python's shell.

    Raises:
        IBMError: The shell takes no completer: it has no ``readline``, or is the new shell of Python 3.13.
    """
    if "_pyrepl.readline" in sys.modules and not os.environ.get("PYTHON_BASIC_REPL"):
        raise _impossible(
            "the shell of Python 3.13 and later takes no other completer; start it with PYTHON_BASIC_REPL=1"
        )
    try:
        import readline
    except ImportError:
        raise _impossible("this Python has no module readline") from None
    import rlcompleter

    def line() -> str:
        return readline.get_line_buffer()[: readline.get_endidx()]

    namespace = vars(sys.modules["__main__"])
    other = readline.get_completer()
    if isinstance(other, ArgumentCompleter):
        return
    readline.set_completer(ArgumentCompleter(line, namespace, other or rlcompleter.Completer(namespace).complete))
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")


def _impossible(reason: str) -> Exception:
    from ..exceptions import IBMError

    return IBMError(
        f"Arguments cannot be completed here, because {reason}. Attributes can be completed here; IPython and"
        " notebooks complete both."
    )
