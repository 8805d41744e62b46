# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native serve``: a service that runs until it is ended, and says how clients find it."""

from __future__ import annotations

import json as json_format
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing, output

if TYPE_CHECKING:
    from ..local import LocalService, ReplayService

#: The device of examples.
_DEVICE = "ibm_fez"
#: Headings of options.
_PAST = "Devices as they were"
_STARTED = "For programs that start it"
_SHOWN = "Failures that somebody else is to see"
#: Values that mean the same to a shell, to Docker and to GitHub, all of which read such files.
_PLAIN = re.compile(r"[\w.:/+=@%,~-]*", re.ASCII)
#: The first line of a file of variables; a comment to those that read such files, but for GitHub.
_WRITTEN = "# Written by qiskit-ibm-native serve"
#: Options that make no sense for a service that simulates nothing.
_SIMULATING = (
    "devices",
    "store",
    "store_days",
    "store_mib",
    "ideal",
    "workers",
    "seed",
    "record",
    "job_memory",
    "archive",
    "at",
    "speed",
    "queue_time",
)


def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port to listen on; 0 for any free one.")] = 8964,
    public: Annotated[bool, typer.Option("--public", help="Accept connections of other machines.")] = False,
    token: Annotated[
        str | None, typer.Option("--token", metavar="KEY", help="The API key; a random one by default.")
    ] = None,
    max_body: Annotated[
        int | None, typer.Option("--max-body", metavar="MIB", help="The largest body of a request; 64 by default.")
    ] = None,
    latency: Annotated[float, typer.Option("--latency", metavar="SECONDS", help="Time that each request waits.")] = 0.0,
    devices: Annotated[
        list[str] | None,
        typer.Option(
            "--devices",
            metavar="DEVICE...",
            help="A folder of saved snapshots, names of bundled devices, or official, instead of all bundled ones.",
            autocompletion=completing.devices,
        ),
    ] = None,
    more_devices: Annotated[
        list[str] | None, typer.Argument(metavar="DEVICE", hidden=True, autocompletion=completing.devices)
    ] = None,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="FILE", help="The file of jobs and sessions; by default that of the user."),
    ] = None,
    store_days: Annotated[
        float | None,
        typer.Option("--store-days", metavar="DAYS", help="How long jobs are kept after they are done; 30 by default."),
    ] = None,
    store_mib: Annotated[
        int | None,
        typer.Option(
            "--store-mib", metavar="MIB", help="Size of that file before the oldest jobs go; 1024 by default."
        ),
    ] = None,
    ideal: Annotated[bool, typer.Option("--ideal", help="Simulate without noise.")] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="Derive the seeds of jobs that have none from this number."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="The number of jobs that run at once.")
    ] = None,
    job_memory: Annotated[
        int | None,
        typer.Option(
            "--job-memory",
            metavar="MIB",
            help="Memory that a job may allocate; by default three quarters of the memory, shared by the workers.",
        ),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(
            "--archive",
            metavar="FILE",
            rich_help_panel=_PAST,
            help="An archive of calibrations, whose devices are served.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            rich_help_panel=_PAST,
            help="The time at which the service starts, such as 2026-03-01T12:00Z.",
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed",
            metavar="N",
            rich_help_panel=_PAST,
            help="Seconds that pass for the service in a second; 0 by default.",
        ),
    ] = None,
    queue_time: Annotated[
        float | None,
        typer.Option(
            "--queue-time",
            metavar="SECONDS",
            rich_help_panel=_PAST,
            help="How long a job waits before it begins, by that clock.",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", rich_help_panel=_STARTED, help="Print one line of JSON instead of a text.")
    ] = False,
    env_file: Annotated[
        Path | None,
        typer.Option(
            "--env-file",
            metavar="PATH",
            rich_help_panel=_STARTED,
            help="Write the environment variables of clients to this file.",
        ),
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            "--ready-file",
            metavar="PATH",
            rich_help_panel=_STARTED,
            help="Write this file when requests are answered; it is removed at the end.",
        ),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            "--record",
            metavar="FOLDER",
            rich_help_panel=_SHOWN,
            help="Write requests and replies to this new folder, without keys.",
        ),
    ] = None,
    replay: Annotated[
        str | None,
        typer.Option(
            "--replay",
            metavar="FOLDER",
            rich_help_panel=_SHOWN,
            help="Answer as a service did that was recorded, and simulate nothing.",
        ),
    ] = None,
) -> None:
    """Run a service that speaks the protocol of the IBM Quantum Platform and simulates its devices.

    Examples:
        qiskit-ibm-native serve
        qiskit-ibm-native serve --devices fez torino --port 0
        qiskit-ibm-native serve --seed 1 --env-file quantum.env
    """
    options = SimpleNamespace(**locals())
    if more_devices and not devices:
        raise typer.BadParameter(f"serve takes no argument {more_devices[0]!r}; devices come after --devices.")
    options.devices = [*(devices or ()), *(more_devices or ())] or None
    _run(options)


def _run(options: SimpleNamespace) -> None:
    from ..local import require_packages

    require_packages()
    files = [(options.ready_file, _is_ready_file), (options.env_file, _is_env_file)]
    named = [(path, is_own) for path, is_own in files if path is not None]
    for path, is_own in named:
        _check_replaceable(path, is_own)
    service = _service(options)
    with _removed(options.ready_file):
        try:
            # The port is ours. Whoever waits for a file waits for this service.
            for path, _ in named:
                path.unlink(missing_ok=True)
            service.serve(lambda: _tell(service, options))
        finally:
            service.stop()


def _service(options: SimpleNamespace) -> LocalService | ReplayService:
    from ..local import LocalService, prepare
    from ..local.service.limits import Limits

    asked = {"body": options.max_body, "job_memory": options.job_memory, "store_bytes": options.store_mib}
    sizes = {name: size << 20 for name, size in asked.items() if size is not None}
    limits = Limits(**sizes, **({} if options.store_days is None else {"store_days": options.store_days}))
    address = {name: getattr(options, name) for name in ("host", "port", "token", "public", "latency")}
    if options.replay is not None:
        given = [f"--{name.replace('_', '-')}" for name in _SIMULATING if getattr(options, name) not in (None, False)]
        if given:
            raise _refusal(f"--replay simulates nothing; leave out {', '.join(given)}.")
        return LocalService.replay(options.replay, limits=limits, **address)
    devices = options.devices
    return prepare(
        devices=devices[0] if devices is not None and len(devices) == 1 else devices, store=options.store,
        noise=not options.ideal, seed=options.seed, workers=options.workers, record=options.record, limits=limits,
        finish_left_jobs=True, archive=options.archive, at=options.at, speed=options.speed, queue_time=options.queue_time,
        **address,
    )  # fmt: skip


def _tell(service: LocalService | ReplayService, options: SimpleNamespace) -> None:
    if options.env_file is not None:
        _write(options.env_file, _env_file(service.environment))
    if options.json:
        output.line(_described(service))
    else:
        end = _end(options)
        text = _text(service) if options.env_file is None else _short_text(service, options.env_file)
        output.write(f"{text}\n\n{end}")
        sys.stdout.flush()
    # Last: whoever sees this file reads the others.
    if options.ready_file is not None:
        _write(options.ready_file, json_format.dumps({"url": service.url, "pid": os.getpid()}) + "\n")


def _described(service: LocalService | ReplayService) -> dict[str, Any]:
    from ..local.clients import CLIENTS

    clients = {client: service.client_options(client, _DEVICE)._asdict() for client in CLIENTS}
    return {
        "url": service.url, "api_url": service.api_url, "token": service.token, "instance": service.crn,
        "pid": os.getpid(), "environment": service.environment, "clients": clients,
    }  # fmt: skip


def _text(service: LocalService | ReplayService) -> str:
    qdmi = service.client_options("ibm-qdmi", _DEVICE).arguments
    qrmi = service.client_options("qrmi", _DEVICE).environment
    return "\n".join([
        f"Serving on {service.url}",
        "",
        "For IBMProvider() and QiskitRuntimeService(), in another shell:",
        "",
        *_exports(service.environment),
        "",
        "For ibm-qdmi:",
        "",
        "  " + f"IBMBackend({', '.join(f'{name}={value!r}' for name, value in qdmi.items())})",
        "",
        "For QRMI, with such variables for each device:",
        "",
        *_exports(qrmi),
    ])  # fmt: skip


def _short_text(service: LocalService | ReplayService, env_file: Path) -> str:
    """Return a text without the key, which is in a file already: what is printed may be kept for others."""
    return f"Serving on {service.url}\n\nThe variables of clients are in {env_file}."


def _end(options: SimpleNamespace) -> str:
    if options.at is None:
        return "Ctrl-C ends it; jobs are kept."
    jobs = "jobs are kept" if options.store else "jobs are forgotten then"
    return f"Its clock starts at {options.at}; PUT /clock moves it. Ctrl-C ends it; {jobs}."


def _exports(variables: dict[str, str]) -> Iterator[str]:
    return (f"  export {name}={shlex.quote(value)}" for name, value in variables.items())


def _env_file(variables: dict[str, str]) -> str:
    for name, value in variables.items():
        if not _PLAIN.fullmatch(value):
            raise _refusal(
                f"{name} has characters that shells and Docker read differently in a file; use a --token of letters,"
                " digits and -._~+/=:@%."
            )
    return "".join(f"{line}\n" for line in (_WRITTEN, *(f"{name}={value}" for name, value in variables.items())))


def _is_env_file(content: str) -> bool:
    return content.splitlines()[:1] == [_WRITTEN]


def _is_ready_file(content: str) -> bool:
    return _pid(content) is not None


def _pid(content: str) -> int | None:
    """Return the process that wrote a ready file, or ``None`` if it is no such file."""
    try:
        written = json_format.loads(content)
    except ValueError:
        return None
    is_own = isinstance(written, dict) and set(written) == {"url", "pid"} and type(written["pid"]) is int
    return written["pid"] if is_own else None


def _check_replaceable(path: Path, is_own: Callable[[str], bool]) -> None:
    """Refuse a place that cannot be written, a file of somebody else, and one of a service that runs."""
    if not path.absolute().parent.is_dir():
        raise _refusal(f"{path} cannot be written: there is no folder {path.absolute().parent}; make it first.")
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise _refusal(f"{path} cannot be written: {path.absolute().parent} may not be written to; name another file.")
    if not os.path.lexists(path):
        return
    try:
        content = path.read_text(errors="replace") if path.is_file() else ""
    except OSError as error:
        raise _refusal(f"{path} is there, and cannot be read: {error.strerror}; name another file.") from error
    if not is_own(content):
        raise _refusal(f"{path} is there, and was not written by this command; name another file.")
    pid = _pid(content)
    if pid is not None and pid != os.getpid() and _is_alive(pid):
        raise _refusal(
            f"{path} is that of process {pid}, which runs; name another file, or remove it if that is no such service."
        )


def _is_alive(pid: int) -> bool:
    # Windows knows no signal that does nothing: asking would end the process.
    if os.name != "posix" or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        # The file belongs to another program.
        return True
    return True


def _refusal(problem: str) -> Exception:
    from ..exceptions import IBMInputValueError

    return IBMInputValueError(problem)


def _write(path: Path, content: str) -> None:
    """Write a file as a whole, for its owner only: it may have a key, and others may wait for it."""
    # mkstemp makes it with mode 0600.
    descriptor, name = mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _removed(path: Path | None) -> Iterator[None]:
    """Remove the ready file at the end, because the service that it names is no more; not that of another one."""
    try:
        yield
    finally:
        if path is not None:
            with suppress(OSError):
                if _pid(path.read_text(errors="replace")) == os.getpid():
                    path.unlink()
