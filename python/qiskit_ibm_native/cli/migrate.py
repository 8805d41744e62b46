# SPDX-License-Identifier: Apache-2.0
"""The command ``qiskit-ibm-native migrate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .options import Json

if TYPE_CHECKING:
    from ..migration import Migration


def migrate(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="A script, or a folder of scripts.")],
    write: Annotated[bool, typer.Option("--write", help="Write the changes.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the changes as a unified diff.")] = False,
    json: Json = False,
) -> int:
    """Show what scripts that were written for qiskit-ibm-provider or Qiskit's IBMQ would be today.

    What is left to do by hand is listed, too. Nothing is written without --write. The exit status is 0 if nothing is to
    be done; 1 if something would change or is left to do; 2 if a script cannot be read, or after an error.

    Examples:
        qiskit-ibm-native migrate experiments/
        qiskit-ibm-native migrate --write bell.py
    """
    from ..migration import migrate_scripts

    migrations = migrate_scripts(paths)
    if json:
        output.document([_described(migration) for migration in migrations])
    else:
        for migration in migrations:
            _print(migration, diff)
    if write:
        for migration in migrations:
            if migration.is_changed:
                migration.write()
    sys.stderr.write(f"{_summary(migrations, write)}\n")
    if any(migration.error for migration in migrations):
        return 2
    would_change = not write and any(migration.is_changed for migration in migrations)
    return 1 if would_change or _left(migrations) else 0


def _described(migration: Migration) -> dict[str, Any]:
    return {
        "path": migration.path,
        "error": migration.error,
        "is_changed": migration.is_changed,
        "findings": [asdict(finding) for finding in migration.findings],
    }


def _print(migration: Migration, as_diff: bool) -> None:
    if migration.error:
        output.message(f"{migration.path} is left as it is: {migration.error}")
    if as_diff:
        output.write(migration.diff(), end="")
    for finding in migration.findings:
        if finding.new is None:
            output.write(f"{migration.path}:{finding.line}: left to do: {finding.old}")
            output.write(f"    {finding.reason}")
        elif not as_diff:
            output.write(f"{migration.path}:{finding.line}: {finding.old}")
            output.write(f"    -> {finding.new}")
            output.write(f"    {finding.reason}")


def _summary(migrations: Sequence[Migration], is_written: bool) -> str:
    changed = sum(migration.is_changed for migration in migrations)
    verb = "changed" if is_written else "would change with --write"
    parts = [f"{changed} of {len(migrations)} scripts {verb}", f"{_left(migrations)} left to do"]
    unread = sum(migration.error is not None for migration in migrations)
    return "; ".join([*parts, *([f"{unread} could not be read"] if unread else [])]) + "."


def _left(migrations: Sequence[Migration]) -> int:
    return sum(finding.new is None for migration in migrations for finding in migration.findings)
