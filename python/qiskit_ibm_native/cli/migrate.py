# SPDX-License-Identifier: Apache-2.0
"""The command ``qiskit-ibm-native migrate``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..migration import Migration

_DESCRIPTION = """\
Show what scripts that were written for qiskit-ibm-provider or Qiskit's IBMQ would be today, and what is left to do by hand.
Nothing is written without --write."""
_STATUSES = """\
exit status: 0 if nothing is to be done; 1 if something would change or is left to do; 2 if a script cannot be read, or
after an error"""


def add(commands: Any) -> None:
    """Add the command to those of the parser."""
    migrate = commands.add_parser(
        "migrate",
        help="bring scripts of 2023, for qiskit-ibm-provider or IBMQ, up to date",
        description=_DESCRIPTION,
        epilog=_STATUSES,
    )
    migrate.add_argument("paths", nargs="+", metavar="PATH", help="a script, or a folder of scripts")
    migrate.add_argument("--write", action="store_true", help="write the changes")
    migrate.add_argument("--diff", action="store_true", help="print the changes as a unified diff")
    migrate.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from ..migration import migrate_scripts

    migrations = migrate_scripts(options.paths)
    for migration in migrations:
        _print(migration, options.diff)
    if options.write:
        for migration in migrations:
            if migration.is_changed:
                migration.write()
    print(_summary(migrations, options.write), file=sys.stderr)
    if any(migration.error for migration in migrations):
        return 2
    would_change = not options.write and any(migration.is_changed for migration in migrations)
    return 1 if would_change or _left(migrations) else 0


def _print(migration: Migration, as_diff: bool) -> None:
    if migration.error:
        print(f"qiskit-ibm-native: {migration.path} is left as it is: {migration.error}", file=sys.stderr)
    if as_diff:
        print(migration.diff(), end="")
    for finding in migration.findings:
        if finding.new is None:
            print(f"{migration.path}:{finding.line}: left to do: {finding.old}")
            print(f"    {finding.reason}")
        elif not as_diff:
            print(f"{migration.path}:{finding.line}: {finding.old}")
            print(f"    -> {finding.new}")
            print(f"    {finding.reason}")


def _summary(migrations: Sequence[Migration], is_written: bool) -> str:
    changed = sum(migration.is_changed for migration in migrations)
    verb = "changed" if is_written else "would change with --write"
    parts = [f"{changed} of {len(migrations)} scripts {verb}", f"{_left(migrations)} left to do"]
    unread = sum(migration.error is not None for migration in migrations)
    return "; ".join([*parts, *([f"{unread} could not be read"] if unread else [])]) + "."


def _left(migrations: Sequence[Migration]) -> int:
    return sum(finding.new is None for migration in migrations for finding in migration.findings)
