# SPDX-License-Identifier: Apache-2.0
"""Results as a page: `benchmarks/README.md`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[str, str, str]


def load(folder: Path) -> dict[str, Any]:
    """Return all committed results by subject."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def goals(results: dict[str, Any]) -> list[Row]:
    """Return what was to be reached and what was: work, goal, measured."""
    rows: list[Row] = []
    if large := results.get("large_devices"):
        on, off = (
            {name: large[f"{name}, collection {state}"] for name in ("fez", "boston")} for state in ("on", "off")
        )
        measured = [
            " / ".join(f"{side[name]['official_ratio']:.0f}" for side in (on, off)) for name in ("fez", "boston")
        ]
        rows.append(
            (
                "bytes → Target, fez; boston, against official, collection on / off",
                "≥ 150 / ≥ 110 times faster",
                "; ".join(measured),
            )
        )
        fez = on["fez"]
        rows.append(("bytes → Target, fez, of the time of `orjson.loads`", "≤ 0.45", f"{fez['of_orjson']:.2f}"))
        rows.append(("bytes → Target, fez, of the floor", "≤ 1.6", f"{fez['of_floor']:.2f}"))
    if devices := results.get("devices"):
        means = f"{devices['geometric_mean']:.0f} / {devices['geometric_mean_5_qubits']:.0f}"
        rows.insert(1, ("the same, geometric mean over all devices / of 5 qubits", "≥ 90 / ≥ 40 times", means))
    if parsing := results.get("parsing"):
        slow = min(parsing["devices"].items(), key=lambda item: item[1]["gb_per_s"])
        text = f"{parsing['all_gb_per_s']:.2f} over all; fez {parsing['devices']['fez']['gb_per_s']:.2f}"
        text += f"; slowest {slow[0]} ({slow[1]['bytes'] // 1000} kB) {slow[1]['gb_per_s']:.2f}"
        rows.append(("bytes → Snapshot, GB/s", "≥ 1.5, go for 2.5", text))
    if grids := results.get("grids"):
        rows.append(("10,000 qubits, against official", "≥ 60 times", f"{grids['qubits']['10000']['ratio']:.0f}"))
        rows.append(("10,000 qubits, of our time for 1,000", "≤ 12 times", f"{grids['10000_over_1000']:.1f}"))
    if views := results.get("views"):
        sides = [views[f"fez, collection {state}"] for state in ("on", "off")]
        text = " / ".join(f"{side['durations_ratio']:.1f}" for side in sides)
        rows.append(
            ("`build_instruction_durations`, fez, against cold `durations()`, collection on / off", "≥ 6", text)
        )
        text = " / ".join(f"{side['coupling_ratio']:.1f}" for side in sides)
        rows.append(
            ("`build_coupling_map`, fez, against cold `build_coupling_map()`, collection on / off", "≥ 4", text)
        )
    if models := results.get("models"):
        text = f"{models['fez']['ratio']:.0f} (fez), {models['boston']['ratio']:.0f} (boston)"
        rows.append(("`snapshot.properties` and all its values, against official models", "≥ 20 times", text))
    if threads := results.get("threads"):
        rows.append(("`parse_many` of 200 snapshots, two threads", "≥ 1.7 times", f"{threads['ratio']:.2f}"))
    if memory := results.get("memory"):
        text = f"{memory['fez']['beyond_target'] / 1e6:.1f} MB / {memory['100x100']['beyond_target_over_payload']:.1f} times"
        rows.append(("peak memory beyond the Target, fez / 10,000 qubits", "≤ 4 MB / ≤ 3 times the payload", text))
    if imports := results.get("imports"):
        text = f"{imports['native_over_bare_ms']:.1f} ms (official: {imports['official_over_bare_ms']:.0f} ms)"
        rows.append(("`import qiskit_ibm_native`, over a bare interpreter", "≤ 15 ms", text))
    return rows


def device_rows(results: dict[str, Any]) -> list[str]:
    """Return a table line per device, the largest first."""
    rows = sorted(results["devices"]["devices"].items(), key=lambda item: (-item[1]["qubits"], item[0]))
    return [
        f"| {name} | {row['qubits']} | {row['bytes'] / 1000:.0f} | {row['native']['median']:.0f} |"
        f" {row['official']['median'] / 1000:.1f} | {row['ratio']:.0f} |"
        for name, row in rows
    ]


def write_report(folder: Path, page: Path) -> None:
    """Write the page anew; everything above its first rule is kept."""
    results = load(folder)
    words = page.read_text(encoding="utf-8").partition("\n---\n")[0]
    environment = next(iter(results.values()))["environment"]
    packages = ", ".join(f"{name} {number}" for name, number in environment["packages"].items())
    lines = [words, "", "---", "", "## Goals", "", "| work | goal | measured |", "|---|---|---|"]
    lines += [f"| {work} | {goal} | {measured} |" for work, goal, measured in goals(results)]
    lines += ["", f"Python {environment['python']} on {environment['machine']}; {packages}.", ""]
    if "devices" in results:
        lines += ["## Bytes to target, by device", ""]
        lines += ["| device | qubits | kB | ours, µs | official, ms | times faster |", "|---|---|---|---|---|---|"]
        lines += device_rows(results)
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
