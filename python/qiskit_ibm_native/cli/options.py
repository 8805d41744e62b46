# SPDX-License-Identifier: Apache-2.0
"""Arguments and options that several verbs have, so that they are called and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import completing

#: Print JSON.
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
#: A device: the name of a bundled one or of one in the archive, a file or a folder.
Device = Annotated[
    str,
    typer.Argument(
        metavar="DEVICE",
        help="A bundled device, a file or folder, or a device in the archive; NAME@TIME is the device at that time.",
        autocompletion=completing.devices,
    ),
]
#: Several devices.
Devices = Annotated[
    list[str],
    typer.Argument(metavar="DEVICE...", help="Devices, as 'show' takes them.", autocompletion=completing.devices),
]
#: The file of an archive.
ArchiveFile = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="The archive; by default that of the user."),
]


def one_of(flag: str, choices: tuple[str, ...], text: str, metavar: str = "") -> Any:
    """Return an option whose value, or each of whose values, is one of some words.

    Args:
        flag: The option, such as ``"--format"``.
        choices: The words.
        text: Its line in the help.
        metavar: The word for its value in the help; by default all words.
    """

    def check(value: Any) -> Any:
        from .program import did_you_mean

        for word in value if isinstance(value, list | tuple) else [value]:
            if word is not None and word not in choices:
                raise typer.BadParameter(
                    f"there is no {word!r}; it is one of {', '.join(choices)}.{did_you_mean(word, choices)}"
                )
        return value

    def complete(incomplete: str) -> list[str]:
        return [word for word in choices if word.startswith(incomplete)]

    return typer.Option(flag, metavar=metavar or "|".join(choices), help=text, callback=check, autocompletion=complete)
