# SPDX-License-Identifier: Apache-2.0
"""Make every call with every fault; record outcome, time and requests. Ends with 1 if anything is not right.

Words on the command line choose calls and faults that have one of them in their names; then nothing is written.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.faulty.faults import FAULTS
from tests.support.faulty.matrix import play_all, service
from tests.support.faulty.scenario import MOST_MEMORY, PATIENCE, TIMEOUT, scenarios

from measure import environment
from report import write_pages

RESULTS = Path(__file__).parent / "results" / "faults.json"
_LONGEST_MESSAGE = 120


def chosen(words: list[str]) -> list[tuple[str, str, float]]:
    """Return the scenarios with a call or a fault that has one of the words in its name; all, if there are none."""
    return [
        scenario
        for scenario in scenarios()
        if not words or any(word in name for name in scenario[:2] for word in words)
    ]


def play(words: list[str]) -> list[dict[str, Any]]:
    """Play scenarios, and show what comes of them."""
    ordered, records = chosen(words), []
    # In no order, so that those that need much processor time are not all at once.
    wanted = random.Random(1).sample(ordered, len(ordered))
    with service() as target:
        for record in play_all(target, wanted):
            records.append(record)
            if words or record["problems"] or len(records) % 100 == 0:
                print(f"{len(records)}/{len(wanted)} {line(record)}", flush=True)
    order = {
        (call, fault, "once" if times == 1 else "always"): rank for rank, (call, fault, times) in enumerate(ordered)
    }
    return sorted(records, key=lambda record: order[record["call"], record["fault"], record["times"]])


def line(record: dict[str, Any]) -> str:
    """Return a record as a line, and its problems as further ones."""
    first = "{call} / {fault} / {times}: {outcome}, {seconds:.1f} s, {requests} requests".format(**record)
    return "\n    ".join([first, *record["problems"]])


def result(records: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Return what is kept beside the records, whose messages are cut short."""
    for record in records:
        record["message"] = record.get("message", "")[:_LONGEST_MESSAGE]
    return {
        "subject": "faults",
        "about": "Every call with every fault, in processes of their own, over sockets.",
        "environment": environment(),
        "timeout": TIMEOUT,
        "patience": PATIENCE,
        "most_memory": MOST_MEMORY,
        "seconds": round(seconds),
        "faults": {name: fault.about for name, fault in FAULTS.items()},
        "scenarios": [],
    }


def main() -> int:
    """Play the matrix; return the exit status."""
    words, start = sys.argv[1:], time.monotonic()
    records = play(words)
    seconds = time.monotonic() - start
    if not words:
        text = json.dumps(result(records, seconds), indent=1)
        # A line for each scenario.
        rows = ",\n".join(json.dumps(record) for record in records)
        RESULTS.write_text(text.replace('"scenarios": []', f'"scenarios": [\n{rows}\n ]') + "\n", encoding="utf-8")
        write_pages(RESULTS.parent.parent.parent)
    bad = [record for record in records if record["problems"]]
    print(f"{len(records)} scenarios in {seconds:.0f} s; {len(bad)} are not right")
    for record in bad:
        print(line(record))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
