# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native sweep``: run the sweep of a TOML file, and look into its ledger."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing, output
from .options import Json

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..sweeps.ledger.ledger import Ledger
    from ..sweeps.ledger.summary import Summary
    from ..sweeps.sweep import Sweep
    from ..sweeps.tasks import TaskResult

#: Headings of figures.
_TITLES = {"two_qubit_depth": "2q depth", "two_qubit_count": "2q gates"}
_VERBS = ("status", "best", "table", "describe")
Plan = Annotated[Path, typer.Argument(metavar="PLAN.toml", help="The description of the sweep.")]
LedgerFile = Annotated[
    Path, typer.Argument(metavar="LEDGER", help="The ledger of sweeps.", autocompletion=completing.ledgers)
]
OfPlan = Annotated[
    Path | None, typer.Option("--plan", metavar="PLAN.toml", help="Tasks of this sweep alone; by default all.")
]
ToLedger = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="The ledger; by default PLAN.sqlite3 beside the plan.",
        autocompletion=completing.ledgers,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, help="Number of workers; by default one for each processor."),
]


def run(
    plan: Plan,
    ledger: ToLedger = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep of which the ledger has a part.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: try tasks again that failed.")
    ] = False,
    workers: Workers = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="Seconds that a task may take.")
    ] = None,
    keep_circuits: Annotated[
        bool, typer.Option("--keep-circuits", help="Keep transpiled circuits in the ledger, too.")
    ] = False,
    json: Json = False,
) -> int:
    """Run the sweep that a TOML file describes: all circuits on all devices, with all settings and seeds.

    The word run may be left out. Results go into the ledger as they come, so that a sweep that was interrupted goes on
    with --resume. The exit status is 1 if tasks failed.

    Examples:
        qiskit-ibm-native sweep run plan.toml
        qiskit-ibm-native sweep run plan.toml --resume --workers 4
        qiskit-ibm-native sweep run plan.toml --ledger results.sqlite3 --json
    """
    from ..sweeps.ledger.ledger import Ledger

    sweep, path = _sweep(plan), ledger or plan.with_suffix(".sqlite3")
    if not resume:
        _check_that_it_is_new(sweep, plan, path)
    if retry_failed and not resume:
        raise typer.BadParameter("--retry-failed goes with --resume.")
    with Ledger(path) as opened:
        with warnings.catch_warnings(), _executor(workers) as executor:
            # The summary says it.
            warnings.simplefilter("ignore", RuntimeWarning)
            results = sweep.run(
                executor, opened, timeout=timeout, keep_circuits=keep_circuits, retry_failed=retry_failed
            )
        errors = results.errors if results.num_failed else []
        summary = opened.summary(sweep)
    _write_summary(str(path), summary, json=json, lost=[error for error in errors if error.is_lost])
    return 1 if errors else 0


def _sweep(plan: Path) -> Sweep:
    from ..sweeps.sweep import Sweep

    if not plan.exists():
        names = [path.name for path in plan.parent.glob("*.toml")] if plan.parent.is_dir() else []
        near = difflib.get_close_matches(plan.name, [*names, *_VERBS], 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise FileNotFoundError(f"There is no file {plan}.{hint}")
    return Sweep.from_toml(plan)


def _check_that_it_is_new(sweep: Sweep, plan: Path, ledger: Path) -> None:
    """Refuse to go on with a sweep unasked: a changed plan with few new tasks would look as if it had been run."""
    from .._words import count
    from ..exceptions import IBMInputValueError
    from ..sweeps.ledger.ledger import existing

    if not ledger.exists():
        return
    with existing(ledger) as opened:
        known = sum(done.tasks for done in opened.measured(sweep).done.values())
    if known:
        raise IBMInputValueError(
            f"{ledger} has {known:,} of the {count(len(sweep), 'task')} of {plan} already. Add --resume to do the rest, or"
            " name another --ledger."
        )


@contextmanager
def _executor(workers: int | None) -> Iterator[Executor | None]:
    """Give an executor of so many workers, each of which has a process for the transpiler; ``None`` for the default."""
    if workers is None:
        yield None
        return
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(workers)
    try:
        yield executor
    finally:
        # After Ctrl-C nothing is waited for.
        executor.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _opened(ledger: Path) -> Iterator[Ledger]:
    """Open a ledger that is there: these verbs make none."""
    from ..sweeps.ledger.ledger import existing

    if not ledger.exists():
        folder = ledger.absolute().parent
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(ledger.name, names, 1, 0.7)
        hint = f" Did you mean {ledger.parent / near[0]}?" if near else ""
        raise FileNotFoundError(f"There is no ledger {ledger}.{hint}")
    with existing(ledger) as opened:
        yield opened


def status(ledger: LedgerFile, plan: OfPlan = None, json: Json = False) -> None:
    """Show how many tasks of a ledger are done, which failed, and figures by device and level.

    Examples:
        qiskit-ibm-native sweep status plan.sqlite3
        qiskit-ibm-native sweep status plan.sqlite3 --plan plan.toml --json
    """
    with _opened(ledger) as opened:
        summary = opened.summary(None if plan is None else _sweep(plan))
    _write_summary(str(ledger), summary, json=json)


def _write_summary(name: str, summary: Summary, *, json: bool, lost: list[TaskResult] | None = None) -> None:
    from .._words import count, ratio

    if json:
        output.document({
            "ledger": name, "tasks": summary.distinct, "done": summary.done, "failed": summary.failed,
            "lost": len(lost or []),
            "failures": [kind._asdict() for kind in summary.kinds],
            "groups": [group._asdict() for group in summary.groups],
        })  # fmt: skip
        return
    total = (
        count(summary.done, "task") if summary.distinct is None else f"{summary.done:,} of {summary.distinct:,} tasks"
    )
    output.write(f"{output.printable(name)}: {total} done, {summary.failed:,} failed")
    numbers = [
        output.Column(title, is_number=True, is_optional=index > 3)
        for index, title in enumerate(("Level", "Tasks", "Failed", "Best ESP", "Median", "Least 2q depth", "Median"))
    ]
    rows: list[list[str | output.Styled]] = [
        [
            group.backend, str(group.optimization_level), str(group.tasks),
            output.Styled(str(group.failed), "bold red" if group.failed else ""), ratio(group.best_esp, 3),
            ratio(group.esp, 3), _figure(group.best_two_qubit_depth), _figure(group.two_qubit_depth),
        ]
        for group in summary.groups
    ]  # fmt: skip
    if rows:
        output.table(["Device", *numbers], rows)
    if summary.num_groups > len(rows):
        output.write(f"and {count(summary.num_groups - len(rows), 'other group')}")
    for kind in summary.kinds:
        output.message(f"{count(kind.tasks, 'task')} failed, as {kind.example}: {kind.error}")
    if summary.num_kinds > len(summary.kinds):
        output.message(f"There are {count(summary.num_kinds - len(summary.kinds), 'other kind')} of failures.")
    for result in lost or []:
        output.message(f"{result.circuit} on {result.backend} was not done: {result.error}")


def _figure(value: float | None, name: str = "") -> str:
    from .._words import quantity
    from ..sweeps.ledger.figures import FIGURES

    unit = next((figure.unit for figure in FIGURES if figure.name == name), "")
    return "-" if value is None else quantity(value, unit) if unit else f"{value:g}"


def best(
    ledger: LedgerFile,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="FIGURE",
            help="esp, depth, two_qubit_count, ... or a metric (default: esp).",
            autocompletion=completing.figures,
        ),
    ] = None,
    per: Annotated[
        str, typer.Option("--per", metavar="NAMES", help="The best for each of these; empty for the best of all.")
    ] = "circuit,snapshot",
    number: Annotated[
        int, typer.Option("--number", "-n", metavar="N", min=1, help="Number of results for each of these.")
    ] = 1,
    plan: OfPlan = None,
    json: Json = False,
) -> None:
    """Show the best results of a ledger, for each circuit and calibration.

    Examples:
        qiskit-ibm-native sweep best plan.sqlite3
        qiskit-ibm-native sweep best plan.sqlite3 --by two_qubit_count --per circuit -n 3
    """  # fmt: skip
    with _opened(ledger) as opened:
        names = [name.strip() for name in per.split(",") if name.strip()]
        results = opened.best(by, names, sweep=None if plan is None else _sweep(plan), n=number)
    if json:
        output.document([_plain(result) for result in results])
    else:
        _write_results(results, by)


def table(
    ledger: LedgerFile,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Write all columns to FILE.csv or FILE.parquet; '-' for CSV here."),
    ] = None,
    plan: OfPlan = None,
    json: Json = False,
) -> None:
    """Show the results of a ledger, or write them as a table for other programs.

    With --json, there is one object a line.

    Examples:
        qiskit-ibm-native sweep table plan.sqlite3
        qiskit-ibm-native sweep table plan.sqlite3 --out results.parquet
    """
    from .._words import count
    from ..exceptions import IBMInputValueError

    if out is not None and json:
        raise typer.BadParameter("--json and --out are two forms of the same; choose one.")
    with _opened(ledger) as opened:
        sweep = None if plan is None else _sweep(plan)
        if out == "-":
            opened.to_csv(sys.stdout, sweep)
        elif out is not None:
            if not out.endswith((".csv", ".parquet")):
                raise IBMInputValueError(f"{out} does not tell a format: its name must end in .csv or .parquet.")
            if not Path(out).absolute().parent.is_dir():
                raise IBMInputValueError(f"{out} cannot be written: there is no such folder; make it first.")
            written = opened.to_csv(out, sweep) if out.endswith(".csv") else opened.to_parquet(out, sweep)
            output.message(f"{count(written, 'result')} written to {out}.")
        elif json:
            for result in opened._chosen(sweep):
                output.line(_plain(result))
        else:
            _write_results(list(opened._chosen(sweep)), None)


def _plain(result: TaskResult) -> dict[str, Any]:
    from ..sweeps.ledger.table import column_names

    return {
        **{name: getattr(result, name) for name in column_names()},
        "axes": dict(result.axes), "metrics": dict(result.metrics),
    }  # fmt: skip


def _write_results(results: list[TaskResult], by: str | None) -> None:
    from .._words import ratio

    figures = ["depth", "two_qubit_depth", "two_qubit_count"]
    shown = (by or "").removeprefix("-")
    if shown and shown not in {*figures, "esp"}:
        figures.append(shown)
    titles = [_TITLES.get(name, name.replace("_", " ").capitalize()) for name in figures]
    numbers = [
        output.Column("ESP", is_number=True),
        *(output.Column(title, is_number=True, is_optional=True) for title in ("Level", "Seed", *titles)),
    ]
    rows: list[list[str | output.Styled]] = [
        [
            result.circuit, result.backend, ratio(result.esp, 4), str(result.optimization_level), str(result.seed),
            *(_figure(result.metrics.get(name, getattr(result, name, None)), name) for name in figures),
            output.Styled((result.error or "").partition("\n")[0], "red"),
        ]
        for result in results
    ]  # fmt: skip
    columns: list[output.Column | str] = ["Circuit", "Device", *numbers]
    if any(result.error for result in results):
        columns.append("Error")
    else:
        rows = [row[:-1] for row in rows]
    output.table(columns, rows, empty="There are no results.")


def describe(plan: Plan, ledger: ToLedger = None, workers: Workers = None, json: Json = False) -> None:
    """Show how many tasks a sweep has, how many are done, and what the others will take by what was measured.

    Nothing is run or written.

    Examples:
        qiskit-ibm-native sweep describe plan.toml
        qiskit-ibm-native sweep describe plan.toml --ledger results.sqlite3 --workers 16
    """
    from dataclasses import asdict

    path = ledger or plan.with_suffix(".sqlite3")
    found = _sweep(plan).describe(path if path.exists() else None, workers=workers)
    if json:
        output.document({**asdict(found), "sent": found.sent._asdict()})
    else:
        output.write(str(found))
