# SPDX-License-Identifier: Apache-2.0
"""Tables about sweeps and scores."""

from __future__ import annotations

from typing import Any

#: Work, goal, measured, and whether the goal is met.
Row = tuple[str, str, str, bool]
#: Parts of the loop's processor time that were to be reached, by level.
_GOALS = {"1": 1.1, "2": 0.75, "3": 0.85}
#: Processor time of a task beside the transpiler's that was to be reached at level 1, ms: without and with circuits.
_OVERHEAD, _OVERHEAD_KEPT = 1.5, 3.0


def goals(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached with sweeps, and what was."""
    found = results["sweeps"]
    cost, loop, sent = found["overhead"], found["official"], found["bytes"]
    first, resume, grown, scored = found["first_use"], found["resume"], found["memory"], found["score"]
    rows: list[Row] = [
        (
            (
                f"processor time of a task beside the transpiler's ({cost['transpiling'] * 1e3:.1f} ms), 2,000 small circuits;"
                " driver and one worker, without its start"
            ),
            "≤ 1 ms",
            f"{cost['seconds'] * 1e3:.2f} ms",
            cost["seconds"] <= 1e-3,
        ),
        (
            "two processes against one, circuits of 12 qubits on fez",
            "≥ 1.85 times",
            f"{found['workers']['ratio']:.2f} times",
            found["workers"]["ratio"] >= 1.85,
        ),
        (
            (
                f"{loop['calibrations']} calibrations of fez x {loop['circuits']} small circuits, against a loop with the official"
                " client's target and `transpile`; two workers / one"
            ),
            "≥ 5 times",
            f"{loop['ratio']:.1f} / {loop['ratio_one_worker']:.1f} times ({loop['native']:.1f} s, {loop['official']:.0f} s)",
            loop["ratio"] >= 5,
        ),
        (
            "bytes sent for a task beside its circuit, after the first on a worker / with the first snapshot",
            "≤ 2 kB / ≤ 100 kB",
            f"{sent['per_task']:.0f} B / {sent['first'] / 1e3:.0f} kB",
            sent["per_task"] <= 2000 and sent["first"] <= 100_000,
        ),
        (
            "from `run()` to the end of a first small sweep, processes started while it was described, of the time without",
            "less",
            f"{first['warm']['run']:.1f} of {first['cold']['run']:.1f} s",
            first["warm"]["run"] < first["cold"]["run"],
        ),
        (
            f"resuming a finished ledger of {resume['tasks']:,} tasks",
            "≤ 1 s",
            f"{resume['seconds']:.2f} s",
            resume["seconds"] <= 1,
        ),
        (
            "what the driver's memory grows by for 10^6 tasks that are described and gone through",
            "≤ 100 MB",
            f"{grown['bytes'] / 1e6:.0f} MB",
            grown["bytes"] <= 100e6,
        ),
        (
            f"`score`, {scored['gates']} gates over {scored['calibrations']:,} calibrations of 156 qubits, two threads",
            "≤ 100 ms",
            f"{scored['seconds'] * 1e3:.0f} ms",
            scored["seconds"] <= 0.1,
        ),
    ]
    lines = ["| work | goal | measured | |", "|---|---|---|---|"]
    return lines + [
        f"| {work} | {goal} | {text} | {'met' if met else '**missed**'} |" for work, goal, text, met in rows
    ]


def scores(results: dict[str, Any]) -> list[str]:
    """Return how estimates of circuits' worth agree with simulated fidelity."""
    found = results["scores"]
    count = len(found["circuits"])
    lines = ["| Spearman's rank correlation with the simulated fidelity | ESP | mapomatic |", "|---|---|---|"]
    both = [found["esp"], found["mapomatic"]]
    overall = [
        f"{side['overall']:.2f} ({side['interval']['low']:.2f} to {side['interval']['high']:.2f})" for side in both
    ]
    lines.append(
        f"| all {found['points']} points, with the 95 % interval of a bootstrap | {overall[0]} | {overall[1]} |"
    )
    plain = [f"{side['overall_hellinger']:.2f}" for side in both]
    lines.append(f"| the same, with the Hellinger fidelity that is not normalised | {plain[0]} | {plain[1]} |")
    rows = {
        "within_circuits": f"within a circuit, mean of {count} (least to greatest)",
        "within_devices": f"within a device, mean of {len(found['devices'])} (least to greatest)",
        "within_both": "layouts of one circuit on one device, mean (least to greatest)",
    }
    for name, text in rows.items():
        cells = [
            f"{side[name]['mean']:.2f} ({side[name]['least']:.2f} to {side[name]['greatest']:.2f})" for side in both
        ]
        lines.append(f"| {text} | {cells[0]} | {cells[1]} |")
    losses = [f"{side['loss']['mean']:.4f} (at most {side['loss']['greatest']:.3f})" for side in both]
    lines.append(f"| fidelity lost by the layout with the best estimate, mean | {losses[0]} | {losses[1]} |")
    difference, off = found["esp_minus_mapomatic"], found["esp_minus_fidelity"]
    return [
        *lines,
        "",
        (
            f"{count} circuits of 4 and 5 qubits x {len(found['devices'])} devices ({', '.join(found['devices'])}) x"
            f" {found['layouts']['found'] + found['layouts']['drawn']} layouts, half of"
        ),
        "them found by Qiskit, half drawn at random; circuits are scheduled. The fidelity is the Hellinger fidelity of",
        f"{found['shots']:,} shots with the exact distribution, normalised so that the uniform distribution has 0. Overall, the",
        (
            f"correlation of ESP is larger by {difference['median']:.2f} ({difference['low']:.2f} to"
            f" {difference['high']:.2f})."
        ),
        (
            f"ESP minus fidelity: {off['mean']:.2f} in the mean, {off['least']:.2f} to {off['greatest']:.2f}. ESP ranks;"
            " it is no fidelity."
        ),
    ]


def realistic(results: dict[str, Any]) -> list[str]:
    """Return sweeps of realistic circuits beside other ways to transpile them."""
    found = results["realistic_sweeps"]
    texts = {
        "devices": "20 circuits x 5 devices x 3 seeds",
        "calibrations": "20 circuits x 20 calibrations of fez",
    }
    lines: list[str] = []
    for work, text in texts.items():
        lines += [
            f"**{text}, {found['tasks'][work]} tasks.** Processor time as a part of the loop's, and seconds by the clock:",
            "",
            "| level | goal | sweep, one worker | | could be | loop | sweep, two workers | `ProcessPoolExecutor`, two | `transpile(list)` |",
            "|---|---|---|---|---|---|---|---|---|",
            *(_level(level, each, _rounds(work)) for level, each in found[work].items()),
            "",
        ]
    return lines + _overheads(found)


def speed(results: dict[str, Any]) -> list[str]:
    """Return the processor time of sweeps as a part of a loop's, by level."""
    found = results["realistic_sweeps"]
    works = ("devices", "calibrations")
    lines = ["| optimization level | 5 devices, 3 seeds | 20 calibrations of a device |", "|---|---|---|"]
    for level in found["devices"]:
        cells = [f"{found[work][level]['cpu_of_loop']['sweep, one worker']:.2f}" for work in works]
        lines.append(f"| {level} | {cells[0]} | {cells[1]} |")
    return lines


def _rounds(work: str) -> int:
    """Return for how many seeds, or calibrations, the same is done."""
    return 3 if work == "devices" else 20


def _level(level: str, found: dict[str, Any], rounds: int) -> str:
    parts, sides, goal = found["cpu_of_loop"], found["sides"], _GOALS[level]
    again = found["again"]["seed" if rounds == 3 else "values"]
    least = again + (1 - again) / rounds
    ours = parts["sweep, one worker"]
    others = ("sweep, two workers", "pool of two", "list")
    cells = [f"{parts[side]:.2f}; {sides[side]['wall']:.1f} s" for side in others]
    met = "met" if ours <= goal else "**missed**"
    clock = sides["sweep, one worker"]["wall"]
    head = f"| {level} | ≤ {goal} | {ours:.2f}; {clock:.1f} s | {met} | {least:.2f} | {sides['loop']['wall']:.1f} s"
    return f"{head} | {' | '.join(cells)} |"


def _overheads(found: dict[str, Any]) -> list[str]:
    plain, kept = (
        [1e3 * found[work]["1"]["overhead"][f"sweep, one worker{text}"] for work in ("devices", "calibrations")]
        for text in ("", ", circuits kept")
    )
    rows = (
        ("beside the transpiler", plain, _OVERHEAD),
        ("the same with circuits kept", kept, _OVERHEAD_KEPT),
    )
    return ["| processor time of a task at level 1 | goal | devices / calibrations | |", "|---|---|---|---|"] + [
        f"| {text} | ≤ {goal} ms | {values[0]:.1f} / {values[1]:.1f} ms | {'met' if max(values) <= goal else '**missed**'} |"
        for text, values, goal in rows
    ]


def carrying(results: dict[str, Any]) -> list[str]:
    """Return days of a year that need no transpiling, by tolerance."""
    found = results["carrying"]
    lines = ["| relative change that counts as none | circuits saved | ESP lost, mean / greatest |", "|---|---|---|"]
    for tolerance, each in found["by_rtol"].items():
        lost = each["esp_lost"]
        text = "" if lost is None else f"{lost['mean']:.4f} / {lost['greatest']:.3f}"
        lines.append(f"| {float(tolerance):.0%} | {each['saved']:.1%} | {text} |")
    return lines


def readme(results: dict[str, Any]) -> list[str]:
    """Return a sentence about sweeps."""
    loop = results["sweeps"]["official"]
    return [
        (
            f"{loop['circuits']} small circuits on {loop['calibrations']} calibrations of a device of 156 qubits take"
            f" {loop['native']:.1f} s on two processors, where a"
        ),
        f"loop with the official client's targets takes {loop['official']:.0f} s.",
    ]
