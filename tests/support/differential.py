# SPDX-License-Identifier: Apache-2.0
"""Mutated payloads of small devices, read by the official client and by this package.

Both make equal targets of them, or both refuse them, or a row of ``docs/deviations.md`` tells the difference.
Everything follows from the number of a case, which a failure names. ``make differential`` runs this file.
"""

from __future__ import annotations

import argparse
import copy
import faulthandler
import json
import logging
import multiprocessing
import re
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing.connection import Connection, wait
from random import Random
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.transpiler import Target
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data, properties_from_server_data
from tests.support import device as three_qubits
from tests.support.accelerated import same_as_without
from tests.support.deviations import ACCEPTED, REFUSED, REPEATED_KEY, load
from tests.support.equality import coupling_state, differences, durations_state, target_state
from tests.support.mutations import Mutation, Source, device, mutated, mutations
from tests.support.official import shipped_devices, shipped_payloads

from qiskit_ibm_native import (
    BackendPayloadError,
    Snapshot,
    build_coupling_map,
    build_instruction_durations,
    build_target,
)

SECONDS = 2
GIGABYTES = 4
LARGE_DEVICES = ["fez", "sherbrooke"]


@dataclass(frozen=True)
class Refusal:
    """Why a client makes no target of payloads: ``where`` is a function of the official one, or a path in a payload."""

    stage: str
    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.stage}|{self.kind}|{self.where}|{self.message}"


Options = dict[str, Any]
#: Results of this package for payloads, in an order that the official client does not have.
Built = tuple[Target, Any, Any]


class _SwallowedErrors(logging.Handler):
    """Keeps the traceback that the official client logs instead of raising an error about a configuration."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.DEBUG:
            self.last = record.getMessage()


@cache
def _swallowed_errors() -> _SwallowedErrors:
    logger = logging.getLogger("qiskit_ibm_runtime.utils.backend_decoder")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    handler = _SwallowedErrors()
    logger.addHandler(handler)
    return handler


def _refusal(stage: str, error: BaseException) -> Refusal:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    function = trace.tb_frame.f_code.co_name if trace else ""
    return Refusal(stage, type(error).__name__, getattr(error, "path", function), str(error))


def _swallowed_refusal(traceback: str) -> Refusal:
    kind, _, message = traceback.strip().rpartition("\n")[2].partition(": ")
    functions = re.findall(r", in (\S+)$", traceback, re.MULTILINE)
    return Refusal("configuration", kind, functions[-1] if functions else "", message)


def _official_target(
    configuration: Callable[[], Any], properties: Callable[[], Any], options: Options
) -> Target | Refusal:
    """Return the official client's target of what two functions read, or why there is none."""
    errors = _swallowed_errors()
    errors.last = ""
    rest = dict(options)
    stage = "configuration"
    try:
        flag = rest.pop("use_fractional_gates")
        model = configuration_from_server_data(configuration(), use_fractional_gates=flag)
        if model is None:
            return _swallowed_refusal(errors.last)
        stage = "properties"
        content = properties()
        # Nothing, in any form, means that the device has no properties.
        calibration = properties_from_server_data(content, use_fractional_gates=None) if content else None
        stage = "target"
        return convert_to_target(model, calibration, **rest)
    except Exception as error:
        return _refusal(stage, error)


def _native_target(configuration: bytes, properties: bytes, options: Options) -> Built | Refusal:
    stage = "target"
    try:
        snapshot = Snapshot.from_payloads(configuration, properties)
        return (
            build_target(snapshot, **options),
            build_instruction_durations(snapshot, **options),
            build_coupling_map(snapshot, **options),
        )
    except (BackendPayloadError, QiskitError) as error:
        return _refusal(getattr(error, "payload", stage), error)


def _state(target: Target) -> Any:
    """Return what a target consists of, or why Qiskit cannot tell."""
    try:
        return target_state(target)
    except Exception as error:
        return repr(error)


def _differences(official: Target, native: Built) -> list[str]:
    target, durations, couplings = native
    state = _state(target)
    found = differences(_state(official), state)
    if isinstance(state, dict):
        found += differences(durations_state(target.durations()), durations_state(durations), "durations")
        found += differences(coupling_state(target.build_coupling_map()), coupling_state(couplings), "couplings")
    return found


@cache
def small_devices() -> list[str]:
    """Return the devices of up to seven qubits, and one that is made up."""
    return [name for name in shipped_devices() if json.loads(shipped_payloads(name)[0])["n_qubits"] <= 7] + ["three"]


@cache
def _sources(name: str) -> dict[str, Source]:
    if name == "three":
        return device(three_qubits.configuration(), three_qubits.properties())
    return device(*shipped_payloads(name))


@dataclass(frozen=True)
class Case:
    """Mutated payloads of a device, and how a target is made of them."""

    number: int
    device: str
    mutations: tuple[Mutation, ...]
    options: Options

    @classmethod
    def of(cls, number: int, devices: list[str]) -> Case:
        """Return the case of a number."""
        random = Random(number)
        name = random.choice(devices)
        chosen = mutations(random, _sources(name))
        options: Options = {"use_fractional_gates": random.choice([None, None, True, False])}
        if random.random() < 0.3:
            options[random.choice(["filter_faulty", "add_delay", "include_control_flow"])] = False
        return cls(number, name, tuple(chosen), options)

    def payloads(self) -> tuple[bytes, bytes]:
        """Return configuration and properties."""
        sources = _sources(self.device)
        return mutated(sources["configuration"], "configuration", self.mutations), mutated(
            sources["properties"], "properties", self.mutations
        )

    def __str__(self) -> str:
        return "\n  ".join([f"case {self.number}: {self.device} with {self.options}", *map(str, self.mutations)])


class Unexplained(AssertionError):
    """The two clients differ, and no row says so."""


def agreement(configuration: bytes, properties: bytes, options: Options) -> list[str]:
    """Return how the clients agree, ``["equal"]`` or ``["both refuse"]``, or the rows that tell how they differ.

    Raises:
        Unexplained: They differ otherwise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        native = _native_target(configuration, properties, options)
        if isinstance(native, Refusal) and "below 65537" in native.message:
            # The official client would ask for as much memory as there is.
            return [_row_of_refusal(native, configuration, properties)]
        official = _official_target(lambda: json.loads(configuration), lambda: json.loads(properties), options)
        if isinstance(native, Refusal):
            if isinstance(official, Refusal):
                return ["both refuse"]
            if _is_hidden_by_repetition(configuration, properties, official, options):
                return [REPEATED_KEY]
            return [_row_of_refusal(native, configuration, properties)]
        found = _comparison(official, native)
        return _rows_of_repairs(configuration, properties, native, found, options) if found else ["equal"]


def verdict(case: Case) -> list[str]:
    """Return how the clients agree about a case."""
    return agreement(*case.payloads(), case.options)


def _comparison(official: Target | Refusal, native: Built) -> str:
    """Return why the official client has no equal target; nothing if it has."""
    if isinstance(official, Refusal):
        return str(official)
    found = _differences(official, native)
    return f"differs|{found[:5]}" if found else ""


def _row_of_refusal(refusal: Refusal, configuration: bytes, properties: bytes) -> str:
    path = re.sub(r"\[\d+\]", ".*", refusal.where)
    # A key with an escape stands in the path as it is written.
    path = re.sub(r'\["(.*?)"\]', lambda key: "." + json.loads(f'"{key[1]}"'), path).removeprefix("$").removeprefix(".")
    said = re.search(r"\(byte \d+\): expected (.*), found (.*)$", refusal.message, re.DOTALL)
    expected, found = said.groups() if said else ("", refusal.message)
    payload = configuration if refusal.stage == "configuration" else properties
    if not path and not json.detect_encoding(payload).startswith("utf-8"):
        expected += " (in UTF-16)"
    for row in REFUSED:
        if re.fullmatch(rf"({row.here})(\|.*)?", f"{refusal.stage}|{path}|{expected}|{found}", re.DOTALL):
            return row.row
    raise Unexplained(f"refused here, accepted there: {refusal}")


def _rows_of_repairs(configuration: bytes, properties: bytes, native: Built, found: str, options: Options) -> list[str]:
    """Return the rows whose repairs make the official client accept the payloads, with an equal result."""
    content = [load(configuration), load(properties) or {}]
    used: list[str] = []
    first = found
    for _ in range(len(ACCEPTED)):
        for row in ACCEPTED:
            if row.row in used or not re.search(row.there, found, re.DOTALL):
                continue
            before = json.dumps(content)
            row.repair(*content)
            if json.dumps(content) != before or "digits" in row.row:
                used.append(row.row)
                break
        else:
            break
        again = copy.deepcopy(content)
        found = _comparison(_official_target(lambda: again[0], lambda: again[1], options), native)
        if not found:
            return used
    raise Unexplained(f"accepted here; there: {first}" + (f"; after {used}: {found}" if used else ""))


def _is_hidden_by_repetition(configuration: bytes, properties: bytes, official: Target, options: Options) -> bool:
    """Whether both agree as soon as keys that repeat are there once, with their last values."""
    repeats = False

    def last_values(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        repeats |= len(dict(members)) < len(members)
        return dict(members)

    once = [
        json.dumps(json.loads(payload, object_pairs_hook=last_values)).encode()
        for payload in (configuration, properties)
    ]
    if not repeats:
        return False
    native = _native_target(once[0], once[1], options)
    return not isinstance(native, Refusal) and not _differences(official, native)


def failure(case: Case, check: Callable[[Case], Any]) -> str | None:
    """Return what is wrong with a case, with as few of its mutations as show it; nothing if all is well."""
    text = None
    try:
        check(case)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        for mutation in case.mutations:
            fewer = replace(case, mutations=tuple(other for other in case.mutations if other is not mutation))
            simpler = failure(fewer, check) if fewer.mutations else None
            if simpler:
                return simpler
        text = f"{case}\n  {text}"
    return text


def survives(case: Case) -> list[str]:
    """Read payloads here alone: within two seconds, with a result or an error of ours."""
    configuration, properties = case.payloads()
    start = time.thread_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        native = _native_target(configuration, properties, case.options)
    assert time.thread_time() - start < SECONDS, f"it takes {time.thread_time() - start:.1f} s"
    return ["refused"] if isinstance(native, Refusal) else ["taken"]


CHECKS: dict[str, tuple[Callable[[Case], list[str]], Callable[[], list[str]]]] = {
    "differential": (verdict, small_devices),
    "large": (survives, lambda: LARGE_DEVICES),
    "accelerated": (same_as_without, small_devices),
}


def run(
    kind: str, numbers: Iterable[int], started: Callable[[int], None] = lambda number: None
) -> tuple[Counter[str], list[str]]:
    """Check cases, and return how many ended in which way, and what is wrong."""
    check, devices = CHECKS[kind]
    ends: Counter[str] = Counter()
    failures = []
    for number in numbers:
        started(number)
        case = Case.of(number, devices())
        wrong = failure(case, lambda case: ends.update(check(case)))
        if wrong:
            failures.append(wrong)
            _say(wrong)
    return ends, failures


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _work(kind: str, numbers: range, current: Any, results: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    logging.getLogger("qiskit").setLevel(logging.ERROR)

    def started(number: int) -> None:
        current.value = number
        faulthandler.dump_traceback_later(60, exit=True)

    results.send(run(kind, numbers, started))


def _run_in_processes(kind: str, first: int, cases: int, processes: int) -> int:
    """Check cases in processes of their own, which may crash or hang; return the number of wrong ones."""
    context = multiprocessing.get_context("fork")
    workers = []
    for index in range(processes):
        current, (receiver, sender) = context.Value("q", -1), context.Pipe(duplex=False)
        numbers = range(first + index, first + cases, processes)
        process = context.Process(target=_work, args=(kind, numbers, current, sender))
        process.start()
        sender.close()
        workers.append((process, current, receiver))
    ends: Counter[str] = Counter()
    wrong = 0
    waiting = {receiver: (process, current) for process, current, receiver in workers}
    while waiting:
        for receiver in wait(list(waiting)):
            process, current = waiting.pop(receiver)
            try:
                some, failures = receiver.recv()
            except EOFError:
                process.join()
                case = Case.of(current.value, CHECKS[kind][1]())
                _say(f"{case}\n  ended the process with {process.exitcode}: a crash, or no end after 60 s")
                wrong += 1
                continue
            ends += some
            wrong += len(failures)
            process.join()
    for end, count in ends.most_common():
        _say(f"{count:8,}  {end}")
    return wrong


def main() -> None:
    """Run as many cases as are asked for; fail if there is anything that nobody has written down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--large", action="store_true", help="read large devices here alone, as fast, without any crash")
    kinds.add_argument(
        "--accelerated", action="store_true", help="compare the official client with itself, accelerated"
    )
    parser.add_argument("--processes", type=int, default=2)
    choices = parser.parse_args()
    kind = "large" if choices.large else "accelerated" if choices.accelerated else "differential"
    start = time.monotonic()
    wrong = _run_in_processes(kind, choices.first, choices.cases, choices.processes)
    _say(f"{choices.cases:,} cases in {time.monotonic() - start:.0f} s, {wrong} of them wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
