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
        default: The verb of a family that is meant if none is named, as in ``sweep plan.toml``; empty for none.
    """

    help: str
    place: str = ""
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    default: str = ""

    def function(self) -> Callable[..., Any]:
        """Import and return the function."""
        module, _, name = self.place.partition(":")
        function: Callable[..., Any] = getattr(import_module(f".{module}", __package__), name)
        return function


#: Verbs of ``archive``.
_ARCHIVE = {
    "add": Verb("keep calibrations of devices or of saved snapshots", "archive.filling:add"),
    "list": Verb("list calibrations", "archive.asking:list_calibrations"),
    "latest": Verb("print which calibration of a device is the last one", "archive.asking:latest"),
    "stats": Verb("print devices, numbers of calibrations and sizes", "archive.asking:stats"),
    "verify": Verb("check that everything is as it was stored; exit status 1 if not", "archive.asking:verify"),
    "events": Verb("print what happened to a device", "archive.alerts:events"),
    "alerts": Verb("print the alerts of rules; exit status 1 if there are any", "archive.alerts:alerts"),
    "import": Verb(
        "add all calibrations of a folder and its sub-folders, or of a file", "archive.filling:import_folder"
    ),
    "merge": Verb("add all that another archive has", "archive.filling:merge"),
    "export": Verb("write calibrations to a folder of snapshots or of Parquet files", "archive.filling:export"),
    "prune": Verb("thin out calibrations, or remove those that are damaged", "archive.removing:prune"),
    "remove": Verb("remove calibrations by device, digest, time or origin", "archive.removing:remove"),
}

#: Verbs by the heading under which ``--help`` lists them.
SECTIONS: Mapping[str, Mapping[str, Verb]] = {
    "Devices": {
        "devices": Verb("list devices", "devices:devices"),
        "show": Verb("show a device: its topology, medians, worst and faulty parts", "show:show"),
        "target": Verb("print the instructions of a device, or write them to a file", "target:target"),
        "diff": Verb("print what changed between two calibrations", "diff:diff"),
        "history": Verb("print one quantity over time", "history:history"),
        "archive": Verb("check, fill, export and ask an archive of calibrations", verbs=_ARCHIVE),
    },
    "Circuits and jobs": {
        "score": Verb("rank devices by how well a circuit would run there", "circuits:score"),
        "transpile": Verb("transpile a circuit for a device, and show what that changed", "circuits:transpile"),
        "run": Verb("run a circuit, and show what was measured", "circuits:run"),
        "jobs": Verb(
            "list, show, follow and cancel jobs of the account, or of services on this machine",
            verbs={
                "list": Verb("list jobs, the latest one first", "jobs:list_jobs"),
                "show": Verb("show a job", "jobs:show"),
                "result": Verb("show what a job measured", "jobs:result"),
                "watch": Verb("follow a job until it is done", "jobs:watch"),
                "cancel": Verb("cancel a job, or jobs that services on this machine left", "jobs:cancel"),
            },
        ),
    },
    "Sweeps": {
        "sweep": Verb(
            "transpile many circuits for many devices, and look into the results",
            verbs={
                "run": Verb("run the sweep of a TOML file ('sweep PLAN.toml' does the same)", "sweeps:run"),
                "describe": Verb("show what a sweep would do, and how long that takes", "sweeps:describe"),
                "status": Verb("show what is done, and what failed", "sweeps:status"),
                "best": Verb("show the best results", "sweeps:best"),
                "table": Verb("show results, or write them as CSV or Parquet", "sweeps:table"),
            },
            default="run",
        ),
    },
    "Account and machine": {
        "account": Verb(
            "save, list, delete and try accounts",
            verbs={
                "save": Verb("save an account", "accounts:save_account"),
                "list": Verb("list saved accounts, without their keys", "accounts:list_accounts"),
                "delete": Verb("delete a saved account", "accounts:delete_account"),
                "test": Verb("ask the service whether it takes an account", "accounts:try_account"),
            },
        ),
        "doctor": Verb("look at this installation: what is missing, what is slow, what to do", "doctor:doctor"),
        "bench": Verb("measure this machine, beside the official client", "bench:bench"),
    },
    "Services and scripts": {
        "serve": Verb("run a service on this machine that simulates devices", "serve:serve"),
        "migrate": Verb("bring scripts of 2023, for qiskit-ibm-provider or IBMQ, up to date", "migrate:migrate"),
    },
}

#: All verbs by name.
VERBS: Mapping[str, Verb] = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}
