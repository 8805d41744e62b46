# SPDX-License-Identifier: Apache-2.0
"""One call with one fault in a process of its own, and the judgement of its outcome."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import resource
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.exceptions import IBMError

from .calls import CALLS, Call
from .faults import FAULTS, ONCE, plan_of
from .peer import Peer, Trap

#: Seconds that a call may take, and seconds more for a busy machine.
TIMEOUT, PATIENCE = 5.0, 3.0
#: Bytes by which a call may make the process grow: several times the largest published payload, 1.1 MB.
MOST_MEMORY = 256 << 20
#: Largest results of a job in bytes.
MOST_RESULT = 64 << 20
#: Bytes that a process may map, so that a decompression bomb does not end other processes.
_MOST_ADDRESSES = 3 << 30
#: Characters of a part of a secret that counts as a leak.
_PART = 16

#: Calls whose successful response has no content that matters: no client can notice a false one.
LIMITS = {
    (call, fault) for call in ("cancel", "tags", "delete", "close session") for fault in ("nothing", "other members")
}


@dataclass
class Stage:
    """The context of a call.

    Attributes:
        peer: Is between the client and the service.
        provider: Asks the peer.
        direct: Asks the service.
        done: The id of a job that is done.
        tag: A tag of this scenario alone.
        timeout: The longest time of a call, in seconds.
        backend: The backend that the call is about, if it is known before.
        job: The job that the call is about.
        session: The session that the call is about.
    """

    peer: Peer
    provider: IBMProvider
    direct: IBMProvider
    done: str
    tag: str
    timeout: float = TIMEOUT
    backend: Any = None
    job: Any = None
    session: Any = None

    def submitted(self) -> str | None:
        """Return the service's job of this scenario, if there is one."""
        jobs = self.jobs()
        return jobs[0] if jobs else None

    def jobs(self) -> list[str]:
        """Return the service's jobs of this scenario, the latest first."""
        return [job.job_id() for job in self.direct.jobs(limit=None, job_tags=[self.tag])]


@dataclass
class Record:
    """The outcome of a scenario.

    Attributes:
        call: The call.
        fault: The fault.
        times: ``"once"`` or ``"always"``.
        outcome: ``"ok"``, the class of the exception, or ``"wrong"`` for a value that is not the right one.
        seconds: The duration of the call.
        requests: The number of requests.
        message: The exception's message.
        again: The outcome of the same call after the fault was over; nothing if it makes no sense twice.
        jobs: The number of jobs that the service has of a submission.
        memory: The growth of the process, in bytes.
        problems: Everything that must not be.
    """

    call: str
    fault: str
    times: str
    outcome: str = ""
    seconds: float = 0.0
    requests: int = 0
    message: str = ""
    again: str = ""
    jobs: int | None = None
    memory: int | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Service:
    """The service that the peer is in front of.

    Attributes:
        environment: The variables by which clients find it.
        done: The id of a job that is done.
        pid: The process.
    """

    environment: dict[str, str]
    done: str
    pid: int

    @property
    def address(self) -> tuple[str, int]:
        """The base URL of the service."""
        parts = urlsplit(self.environment["IAM_URL"])
        return str(parts.hostname), int(parts.port or 80)


def play(service: Service, call_name: str, fault_name: str, times: float) -> dict[str, Any]:
    """Play a scenario in this process; return its record as a dictionary."""
    record = Record(call_name, fault_name, "once" if times == ONCE else "always")
    log = _listen_to_log()
    with _stage(service) as (stage, trap):
        call, fault = CALLS[call_name], FAULTS[fault_name]
        call.prepare(stage)
        end = plan_of(stage, fault, call.match, times)
        before = _peak_memory(start=True)
        value, error = _attempt(record, call, stage)
        after = _peak_memory()
        record.requests = len(stage.peer.requests)
        processed = list(stage.peer.processed)
        stage.peer.is_over.set()
        end()
        stage.peer.is_over.clear()
        if before is not None and after is not None:
            record.memory = max(after - before, 0)
        _judge_value(record, call, stage, value, error)
        _judge_submission(record, stage, value, error)
        _judge_session(record, processed, error)
        _judge_secrets(record, stage, trap, error, log)
        if call.may_repeat:
            again = Record(call_name, fault_name, "again")
            value, error = _attempt(again, call, stage)
            _judge_value(again, call, stage, value, error)
            record.again = again.outcome
            if again.outcome != "ok":
                record.problems.append(f"after the fault was over: {again.outcome} {again.message}")
    if record.seconds > TIMEOUT + PATIENCE:
        record.problems.append(f"took {record.seconds:.1f} s, may take {TIMEOUT:.0f} s")
    if record.memory is not None and record.memory > MOST_MEMORY:
        record.problems.append(f"needed {record.memory >> 20} MB")
    return asdict(record)


@contextlib.contextmanager
def _stage(service: Service) -> Any:
    """Yield a provider that reaches the service through a peer."""
    with contextlib.ExitStack() as stack:
        os.environ.update(service.environment)
        direct = stack.enter_context(IBMProvider())
        peer, trap = Peer(service.address), Trap()
        peer.elsewhere = f"http://localhost:{trap.server_address[1]}/elsewhere"
        old = service.environment["IAM_URL"]
        os.environ.update({name: value.replace(old, peer.url) for name, value in service.environment.items()})
        os.environ["QISKIT_IBM_NATIVE_TIMEOUT"] = str(TIMEOUT)
        # The limit of other responses: the results of scenarios are small.
        os.environ["QISKIT_IBM_NATIVE_MAX_RESULT_BYTES"] = str(MOST_RESULT)
        provider = stack.enter_context(IBMProvider())
        yield Stage(peer, provider, direct, service.done, f"scenario-{uuid.uuid4().hex}"), trap
        peer.is_over.set()


def _attempt(record: Record, call: Call, stage: Stage) -> tuple[Any, BaseException | None]:
    start = time.monotonic()
    value, error = None, None
    try:
        value = call.act(stage)
    except Exception as caught:
        error = caught
    record.seconds = round(time.monotonic() - start, 2)
    if error is not None:
        record.outcome, record.message = type(error).__name__, str(error)
        if not isinstance(error, IBMError):
            record.problems.append(f"raised {type(error).__name__}, which is no IBMError: {error}")
    return value, error


def _judge_value(record: Record, call: Call, stage: Stage, value: Any, error: BaseException | None) -> None:
    if error is not None:
        return
    truth = _truth(call, stage)
    if value == truth:
        record.outcome = "ok"
    elif call.is_verbatim:
        record.outcome = "as told"
    else:
        record.outcome = "wrong"
        record.message = f"{str(value)[:200]}, should be {str(truth)[:200]}"
        if (record.call, record.fault) not in LIMITS:
            record.problems.append(f"a wrong value: {record.message}")


def _truth(call: Call, stage: Stage) -> Any:
    if call.truth is not None:
        return call.truth(stage)
    return call.act(Stage(stage.peer, stage.direct, stage.direct, stage.done, stage.tag))


def _judge_submission(record: Record, stage: Stage, value: Any, error: BaseException | None) -> None:
    if not record.call.startswith("submit"):
        return
    jobs = stage.jobs()
    record.jobs = len(jobs)
    if len(jobs) > 1:
        record.problems.append(f"submitted {len(jobs)} times")
    if error is None and value not in jobs:
        record.problems.append("returned a job that is not the one that was submitted")
    if error is not None and jobs and "qiskit-ibm-native:" not in str(error):
        record.problems.append("the service has the job, and the error does not say how to find it")


def _judge_session(record: Record, processed: list[Any], error: BaseException | None) -> None:
    opened = [what for what, answer in processed if what.endswith("/sessions") and answer.status < 300]
    if record.call == "open session":
        record.jobs = len(opened)
        if len(opened) > (1 if error is None else 0) and "is open" not in str(error):
            record.problems.append(f"{len(opened)} sessions are open, and nobody is told")


def _judge_secrets(record: Record, stage: Stage, trap: Trap, error: BaseException | None, log: io.StringIO) -> None:
    texts = {"log": log.getvalue(), "message": record.message}
    if error is not None:
        texts["traceback"] = "".join(traceback.format_exception(error))
        texts["attributes"] = " ".join(repr(vars(cause)) for cause in _chain(error))
    secrets = {os.environ["QISKIT_IBM_TOKEN"], *stage.peer.secrets, *_issued(stage.peer)}
    shown = [where for where, text in texts.items() if any(_is_in(secret, text) for secret in secrets)]
    if shown:
        record.problems.append(f"a key or a token is in the {' and the '.join(shown)}")
    record.message = _without(secrets, record.message)[:300]
    if trap.visits:
        record.problems.append(f"another host was asked: {trap.visits}")


def _issued(peer: Peer) -> set[str]:
    """Return the access tokens issued since the fault was planned."""
    bodies = [answer.body for what, answer in peer.processed if what.endswith("/identity/token")]
    return {token.decode() for body in bodies for token in re.findall(rb'"access_token":"([^"]+)"', body)}


def _is_in(secret: str, text: str) -> bool:
    """Return whether a text has a sufficiently long part of a secret."""
    return any(secret[start : start + _PART] in text for start in range(len(secret) - _PART + 1))


def _without(secrets: set[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an exception with its causes and contexts."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _listen_to_log() -> io.StringIO:
    """Return a stream to which all later log records go."""
    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.DEBUG, force=True)
    return log


def _peak_memory(*, start: bool = False) -> int | None:
    """Return the largest resident size of this process since ``start``, in bytes; ``None`` if the system has none."""
    with contextlib.suppress(OSError):
        if start:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
        return None if found is None else int(found[1]) << 10
    return None


def _limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + _MOST_ADDRESSES, most))


def play_in_process(answer: Any, *arguments: Any) -> None:
    """Play a scenario in the process started for it, and send the record through a pipe."""
    _limit_memory()
    try:
        answer.send(play(*arguments))
    except BaseException:
        answer.send({"crash": traceback.format_exc()})
        raise
    finally:
        answer.close()


def scenarios(
    calls: Callable[[str], bool] = bool, faults: Callable[[str], bool] = bool
) -> list[tuple[str, str, float]]:
    """Return scenarios of every call with every fault, once and always."""
    return [
        (call, name, times)
        for name, fault in FAULTS.items()
        for times in fault.times
        for call in CALLS
        if calls(call) and faults(name)
    ]
