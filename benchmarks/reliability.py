# SPDX-License-Identifier: Apache-2.0
"""Tables of the page about reliability."""

from __future__ import annotations

from collections import Counter
from typing import Any

_KINDS = ("IBM", "Error")


def short(outcome: str) -> str:
    """Return the name of an exception without what all have."""
    for part in _KINDS:
        outcome = outcome.replace(part, "")
    return outcome


def matrix(results: dict[str, Any]) -> list[str]:
    """Return the table of outcomes: a row for each fault, a column for each call."""
    records = results["faults"]["scenarios"]
    calls = list(dict.fromkeys(record["call"] for record in records))
    cells = {(record["fault"], record["times"], record["call"]): record for record in records}
    rows = dict.fromkeys((record["fault"], record["times"]) for record in records)
    lines = [f"| fault | {' | '.join(calls)} |", "|---" * (len(calls) + 1) + "|"]
    for fault, times in rows:
        found = [cells.get((fault, times, call)) for call in calls]
        lines.append(
            f"| {fault}, {times} | " + " | ".join("" if record is None else cell(record) for record in found) + " |"
        )
    return lines


def cell(record: dict[str, Any]) -> str:
    """Return an outcome, seconds and requests; bold if something is not right."""
    text = f"{short(record['outcome'])} {record['seconds']:.1f}/{record['requests']}"
    return f"**{text}**" if record["problems"] else text


def faults(results: dict[str, Any]) -> list[str]:
    """Return what each fault is."""
    return [
        "| fault | |",
        "|---|---|",
        *(f"| {name} | {about} |" for name, about in results["faults"]["faults"].items()),
    ]


def figures(results: dict[str, Any]) -> list[str]:
    """Return the matrix as figures."""
    found = results["faults"]
    records = found["scenarios"]
    submissions = [record for record in records if record["call"].startswith("submit")]
    outcomes = Counter(short(record["outcome"]) for record in records)
    longest = max(records, key=lambda record: record["seconds"])
    twice = sum((record.get("jobs") or 0) > 1 for record in submissions)
    untold = sum(any("error does not say" in text for text in record["problems"]) for record in submissions)
    secrets = sum(any("key or a token" in text for text in record["problems"]) for record in records)
    strangers = sum(any("another host" in text for text in record["problems"]) for record in records)
    memory = max((record.get("memory") or 0) for record in records)
    rows = [
        ("scenarios", f"{len(records):,} in {found['seconds'] / 60:.0f} minutes"),
        ("the call returned the right value", f"{outcomes['ok']:,}"),
        ("a text of the peer was handed on as the service's", f"{outcomes['as told']:,}"),
        (
            "the call raised one of this package's exceptions",
            ", ".join(f"{name} {count}" for name, count in outcomes.most_common() if name not in _NO_EXCEPTION),
        ),
        ("something else came of it", f"{sum(outcomes[name] for name in ('wrong', 'crash'))}"),
        (
            f"longest call, at `timeout={found['timeout']:.0f}`",
            f"{longest['seconds']:.1f} s ({longest['call']}, {longest['fault']})",
        ),
        (
            "the same call after the fault was over",
            f"right in all but {sum(record.get('again') not in ('', 'ok', None) for record in records)}",
        ),
        ("submissions", f"{len(submissions)}; twice {twice}, on the service with nobody told {untold}"),
        ("a key or a token in a message, a traceback or the log", f"{secrets}"),
        ("requests to the host of a redirect", f"{strangers}"),
        ("largest growth of a process", f"{memory / 2**20:.0f} MB"),
        ("scenarios that are not right", f"{sum(bool(record['problems']) for record in records)}"),
    ]
    return ["| | |", "|---|---|", *(f"| {what} | {text} |" for what, text in rows)]


_NO_EXCEPTION = ("ok", "as told", "wrong", "crash")


def soak(results: dict[str, Any]) -> list[str]:
    """Return the tables of the long runs."""
    found = results["soak"]
    lines = ["| run | after | resident | descriptors | threads | objects |", "|---|---|---|---|---|---|"]
    for name, run in found["runs"].items():
        for which, sample in (("warm", run["warm"]), ("end", run["end"])):
            for whose, size in sample["sizes"].items():
                objects = f"{size['objects']:,}" if "objects" in size else ""
                lines.append(
                    f"| {name}, {whose} | {sample['done']:,} ({which}) | {size['resident'] / 1e6:.1f} MB |"
                    f" {size['descriptors']} | {size['threads']} | {objects} |"
                )
    return lines


def soak_jobs(results: dict[str, Any]) -> list[str]:
    """Return what became of the jobs of the long run."""
    run = results["soak"]["runs"]["jobs"]
    return [
        f"{run['jobs']:,} jobs from {run['threads']} threads, with the service killed {run['kills']} times: {run['results']:,}",
        f"results, {run['lost'] + run['untold']} lost, {run['twice']} there twice, {run['errors']} waits that ended in an error.",
        f"{run['refused']} submissions ended in an error that says that the service cannot be reached, and were made again;",
        f"{run['unknown']} in the one that says that the job may be there and how to find it, and the run did what it says.",
    ]
