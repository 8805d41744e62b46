# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native jobs``: jobs of the account, or of services on this machine."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completing, connecting, output
from .options import Json, one_of
from .times import Since, moment

if TYPE_CHECKING:
    from .job_sources import JobRow, JobSource

_STATUSES = ("pending", "completed", "queued", "running", "done", "cancelled", "error")
_STYLES = {"done": "green", "running": "cyan", "cancelled": "yellow", "error": "bold red"}
#: Seconds between two looks at a job: the first, the growth, and the longest.
_FIRST, _GROWTH, _LONGEST = 0.5, 1.5, 5.0
JobId = Annotated[
    str | None,
    typer.Argument(metavar="JOB", help="The job; by default the latest one.", autocompletion=completing.jobs),
]


def list_jobs(
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    store: connecting.Store = None,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="DEVICE", help="Those of a device.", autocompletion=completing.devices),
    ] = None,
    status: Annotated[
        list[str] | None,
        one_of(
            "--status",
            _STATUSES,
            f"Those that are {', '.join(_STATUSES[:-1])} or {_STATUSES[-1]}; repeatable.",
            "STATUS",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Those with this tag; repeatable.")
    ] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="SESSION", help="Those of a session.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The largest number of jobs.")] = 20,
    all_clients: Annotated[
        bool, typer.Option("--all-clients", help="Jobs of other clients, too, such as qiskit-ibm-runtime.")
    ] = False,
    json: Json = False,
) -> None:
    """List jobs, the latest one first.

    With --channel local, these are the jobs that services on this machine keep; no service is started for that.

    Examples:
        qiskit-ibm-native jobs list
        qiskit-ibm-native jobs list --channel local --status pending
        qiskit-ibm-native jobs list --device fez --since 1d --json
    """
    from .job_sources import JobFilter

    wanted = JobFilter(
        device=device, statuses=tuple(status or ()), tags=tuple(tag or ()), session=session, since=moment(since, "--since"),
        limit=limit, foreign=all_clients,
    )  # fmt: skip
    with _source(channel, name, instance, store) as source:
        rows = source.list(wanted)
    if json:
        output.document([row.to_dict() for row in rows])
        return
    from .._words import count

    output.table(
        ["Job", "Device", "Status", *(output.Column(title, is_optional=True) for title in ("Created", "Tags"))],
        [[row.id, row.device, _styled(row.status), _time(row.created), ", ".join(row.tags)] for row in rows],
        empty="There is no such job.",
    )
    if len(rows) == limit:
        output.message(f"These are the latest {count(limit, 'job')}; --limit shows more.")


def _source(
    channel: str | None, account: str | None, instance: str | None, store: Path | None
) -> JobSource:  # fmt: skip
    from .job_sources import AccountJobs, LocalJobs

    if connecting.is_local(channel, account):
        return LocalJobs(store)
    return AccountJobs(connecting.provider_of(channel, account, instance, store))


def _styled(status: str) -> output.Styled:
    return output.Styled(status, _STYLES.get(status.partition(",")[0], ""))


def _time(value: datetime.datetime | None) -> str:
    return "-" if value is None else f"{value.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def show(
    job: JobId = None,
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    store: connecting.Store = None,
    json: Json = False,
) -> None:
    """Show a job: its device, its status, its times, and why it failed.

    Examples:
        qiskit-ibm-native jobs show
        qiskit-ibm-native jobs show d2k8v0s1mp6s73f0a1b0 --channel local --json
    """
    with _source(channel, name, instance, store) as source:
        row = source.details(source.id_of(job))
    if json:
        output.document(row.to_dict())
        return
    _write_row(row)


def _write_row(row: JobRow) -> None:
    told: dict[str, str | output.Styled] = {
        "Device": row.device, "Program": row.program, "Status": _styled(row.told), "Created": _time(row.created),
        "Started": _time(row.started), "Ended": _time(row.ended), "Session": row.session or "-",
        "Tags": ", ".join(row.tags) or "-",
    }  # fmt: skip
    if row.reason:
        told["Reason"] = output.Styled(row.reason, "red")
    output.table(["Job", row.id], [[name, value] for name, value in told.items()])


def result(
    job: JobId = None,
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    store: connecting.Store = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0, help="Seconds to wait for a job that is not done."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what a job measured, as a histogram for each circuit; wait for a job that is not done.

    With --channel local, a service is started that reads the results.

    Examples:
        qiskit-ibm-native jobs result
        qiskit-ibm-native jobs result d2k8v0s1mp6s73f0a1b0 --channel local --json
    """
    with _source(channel, name, instance, store) as source:
        job_id = source.id_of(job)
        measured = source.counts(job_id, timeout)
    if json:
        output.document({"job": job_id, "circuits": [{"name": title, "counts": counts} for title, counts in measured]})
        return
    from .histogram import write_counts

    for number, (title, counts) in enumerate(measured):
        if len(measured) > 1:
            output.write(f"{'' if number == 0 else chr(10)}{output.printable(title)}")
        write_counts(counts)


def cancel(
    job: Annotated[str | None, typer.Argument(metavar="JOB", help="The job.", autocompletion=completing.jobs)] = None,
    left: Annotated[
        bool, typer.Option("--left", help="Jobs that services on this machine left when they ended or were killed.")
    ] = False,
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    store: connecting.Store = None,
) -> None:
    """Cancel a job; or with --left, jobs of services on this machine that nobody runs.

    Examples:
        qiskit-ibm-native jobs cancel d2k8v0s1mp6s73f0a1b0
        qiskit-ibm-native jobs cancel --left
    """
    from .._words import count

    if left == (job is not None):
        raise typer.BadParameter("jobs cancel needs either a job or --left.")
    if left:
        from .local_jobs import cancel_left

        output.write(f"{count(cancel_left(store), 'job')} cancelled")
        return
    with _source(channel, name, instance, store) as source:
        source.cancel(str(job))
    output.write("1 job cancelled")


def watch(
    job: JobId = None,
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    store: connecting.Store = None,
    interval: Annotated[
        float | None,
        typer.Option("--interval", metavar="SECONDS", min=0.05, help="Seconds between questions; by default 0.5 to 5."),
    ] = None,
    json: Json = False,
) -> int:
    """Follow a job until it is done; a terminal has one line that changes, a pipe a line for each change.

    The exit status is 1 if the job failed or was cancelled.

    Examples:
        qiskit-ibm-native jobs watch
        qiskit-ibm-native jobs watch d2k8v0s1mp6s73f0a1b0 --channel local --json
    """
    line = _Line(json=json)
    seconds = interval or _FIRST
    with _source(channel, name, instance, store) as source, line.ended_by_ctrl_c():
        job_id = source.id_of(job)
        while True:
            row = source.state(job_id)
            line.show(row)
            if row.is_final:
                return 0 if row.status == "done" else 1
            time.sleep(seconds)
            if interval is None:
                seconds = min(seconds * _GROWTH, _LONGEST)


class _Line:
    """The state of a job: a line that is written over on terminals, and a line for each change in pipes."""

    def __init__(self, *, json: bool) -> None:
        from .._terminal_line import TerminalLine

        self._json = json
        self._last: tuple[str, int | None] | None = None
        self._begin = time.monotonic()
        self._line = TerminalLine(sys.stdout) if output.is_terminal() and not json else None

    @contextmanager
    def ended_by_ctrl_c(self) -> Iterator[None]:
        """End the line before the prompt of the shell comes."""
        try:
            yield
        except KeyboardInterrupt:
            if self._line is not None and self._last is not None:
                self._line.end()
            raise

    def show(self, row: JobRow) -> None:
        """Show the state."""
        state = row.status, row.position
        is_new, self._last = state != self._last, state
        text = f"{row.id} on {row.device}: {row.told}"
        if self._line is not None:
            self._line.show(text, f", {time.monotonic() - self._begin:.0f} s")
            if row.is_final:
                self._line.end()
        elif is_new and self._json:
            output.line(row.to_dict())
        elif is_new:
            output.write(output.printable(text))
            sys.stdout.flush()
