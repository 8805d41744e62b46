# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native jobs``: the jobs that services on this machine keep."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command to a parser's commands."""
    jobs = commands.add_parser(
        "jobs",
        help="cancel jobs that services on this machine left when they ended",
        description="Look after the jobs that services on this machine keep.",
    )
    works = jobs.add_subparsers(required=True, metavar="work")
    cancel = works.add_parser("cancel", help="cancel jobs that nobody runs")
    cancel.add_argument(
        "--left", action="store_true", required=True, help="those that services left when they ended or were killed"
    )
    cancel.add_argument("--store", help="the file of jobs and sessions (default: that of the user)")
    cancel.set_defaults(run=_cancel)


def _cancel(options: argparse.Namespace) -> int:
    from ..local.jobs.store import open_store

    store = open_store(options.store)
    try:
        number = store.cancel_left()
    finally:
        store.close()
    print(f"{number} job{'' if number == 1 else 's'} cancelled")
    return 0
