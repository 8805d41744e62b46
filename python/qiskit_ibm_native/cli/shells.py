# SPDX-License-Identifier: Apache-2.0
"""Completion by shells: what they ask, what is added to their settings, and which one the user has."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

NAME = "qiskit-ibm-native"
INSTALL, SHOW = "--install-completion", "--show-completion"
#: The variable by which a shell asks for words.
COMPLETING = "_QISKIT_IBM_NATIVE_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "pwsh", "powershell")


def answer_shell(program: Any) -> None:
    """Print the words for which a shell asks, and end.

    Raises:
        SystemExit: Always.
    """
    _completion().completion_init()
    program.main(prog_name=NAME)


def with_shell(arguments: list[str]) -> list[str]:
    """Return the arguments; an option about completion at their end gets the name of the user's shell."""
    if arguments[-1:] not in ([INSTALL], [SHOW]):
        return arguments
    return [*arguments, _users_shell()]


def show(value: str | None) -> None:
    """Print the script that makes a shell complete."""
    if value is None:
        return
    from .output import write

    write(_completion().get_completion_script(prog_name=NAME, complete_var=COMPLETING, shell=_checked(value)))
    raise typer.Exit


def install(value: str | None) -> None:
    """Write that script to where the shell finds it."""
    if value is None:
        return
    from .output import write

    shell, path = _completion().install(shell=_checked(value), prog_name=NAME, complete_var=COMPLETING)
    write(f"{path} is written; {shell} completes in new terminals")
    raise typer.Exit


def _completion() -> Any:
    # Type checkers take its functions for names that it imports for itself.
    return import_module("typer.completion")


def _checked(shell: str) -> str:
    if shell not in SHELLS:
        raise typer.BadParameter(f"completion is for {', '.join(SHELLS)}, not {shell!r}.")
    return shell


def _users_shell() -> str:
    """Return the shell that runs this command, or else that of the user."""
    try:
        from shellingham import detect_shell

        found: str = detect_shell()[0]
    except (ImportError, OSError, RuntimeError):
        found = ""
    return found if found in SHELLS else Path(os.environ.get("SHELL", "")).name
