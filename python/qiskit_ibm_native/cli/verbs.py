# SPDX-License-Identifier: Apache-2.0
"""The table of verbs: their names, their lines in ``--help``, and where they are.

A verb is a function of a module of this folder, which is imported when the verb is used. ``--help`` needs nothing but
this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Verb:
    """A verb, or a family of verbs such as ``archive``.

    Attributes:
        help: The line in the list of verbs, without a full stop.
        place: The module and the function, such as ``"devices:devices"``; empty for a family.
        verbs: The verbs of a family by name; empty for a verb.
    """

    help: str
    place: str = ""
    verbs: Mapping[str, Verb] = field(default_factory=dict)

    def function(self) -> Callable[..., Any]:
        """Import and return the function."""
        module, _, name = self.place.partition(":")
        function: Callable[..., Any] = getattr(import_module(f".{module}", __package__), name)
        return function


#: Verbs by the heading under which ``--help`` lists them.
SECTIONS: Mapping[str, Mapping[str, Verb]] = {
    "Devices": {
        "devices": Verb("list devices", "devices:devices"),
    },
    "Jobs": {
        "jobs": Verb(
            "look after jobs",
            verbs={
                "cancel": Verb("cancel jobs that services on this machine left when they ended", "local_jobs:cancel")
            },
        ),
    },
}

#: All verbs by name.
VERBS: Mapping[str, Verb] = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}
