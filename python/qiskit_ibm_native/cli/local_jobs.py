# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native jobs cancel --left``: the jobs that services on this machine left."""

from __future__ import annotations

from typing import Annotated

import typer

from . import output


def cancel(
    left: Annotated[
        bool, typer.Option("--left", help="Those that services left when they ended or were killed.")
    ] = False,
    store: Annotated[
        str | None, typer.Option("--store", metavar="FILE", help="The file of jobs; by default that of the user.")
    ] = None,
) -> None:
    """Cancel jobs that nobody runs.

    Examples:
        qiskit-ibm-native jobs cancel --left
    """
    from .._words import count

    if not left:
        raise typer.BadParameter("jobs cancel needs --left.")
    from ..local.jobs.store import open_store

    opened = open_store(store)
    try:
        number = opened.cancel_left()
    finally:
        opened.close()
    output.write(f"{count(number, 'job')} cancelled")
