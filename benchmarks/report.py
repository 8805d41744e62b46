# SPDX-License-Identifier: Apache-2.0
"""Results as tables, in the places of pages that are marked for them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

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
        means += f"; the floor reaches {devices['geometric_mean_of_floor']:.0f} over all"
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


def readme_table(results: dict[str, Any]) -> list[str]:
    """Return the table of the project's README."""
    devices, grids = results["devices"], results["grids"]["qubits"]
    lines = ["| bytes to `Target` | qubits | official client | this package | times faster |", "|---|---|---|---|---|"]
    for name in ("fez", "sherbrooke", "hanoi", "lima"):
        row = devices["devices"][name]
        ours, theirs = (row[side]["median"] / 1000 for side in ("native", "official"))
        lines.append(f"| {name} | {row['qubits']} | {theirs:.1f} ms | {ours:.2f} ms | {theirs / ours:.0f} |")
    row = grids["10000"]
    ours, theirs = (row[side]["median"] / 1000 for side in ("native", "official"))
    lines.append(f"| a synthetic grid | 10000 | {theirs:.0f} ms | {ours:.0f} ms | {theirs / ours:.0f} |")
    mean, count = devices["geometric_mean"], len(devices["devices"])
    imports = results["imports"]
    lines += [
        "",
        f"Over all {count} devices that the official client ships, the geometric mean is {mean:.0f}.",
        f"Importing the package takes {imports['native_over_bare_ms']:.0f} ms; importing the official client takes",
        f"{imports['official_over_bare_ms']:.0f} ms.",
    ]
    return lines


def tokenizer_table(results: dict[str, Any]) -> list[str]:
    """Return the table of the decision about the tokenizer: GB/s."""
    rows = results["tokenizers"]["devices"]
    readers = list(next(iter(rows.values()))["gb_per_s"])
    lines = [f"| device | kB | {' | '.join(readers)} |", "|---" * (len(readers) + 2) + "|"]
    for name, row in rows.items():
        figures = " | ".join(f"{row['gb_per_s'][reader]:.2f}" for reader in readers)
        lines.append(f"| {name} | {row['bytes'] / 1000:.0f} | {figures} |")
    return lines


def abi3_table(results: dict[str, Any]) -> list[str]:
    """Return the table of the decision about the stable ABI: microseconds."""
    lines = ["| work | one Python version | stable ABI | costs |", "|---|---|---|---|"]
    for work, row in results["abi3"]["work"].items():
        lines.append(f"| {work} | {row['version']:.0f} µs | {row['abi3']:.0f} µs | {row['cost_percent']:.0f} % |")
    return lines


def device_rows(results: dict[str, Any]) -> list[str]:
    """Return a table line per device, the largest first."""
    rows = sorted(results["devices"]["devices"].items(), key=lambda item: (-item[1]["qubits"], item[0]))
    return [
        f"| {name} | {row['qubits']} | {row['bytes'] / 1000:.0f} | {row['native']['median']:.0f} |"
        f" {row['official']['median'] / 1000:.1f} | {row['ratio']:.0f} |"
        for name, row in rows
    ]


def goals_page(results: dict[str, Any]) -> list[str]:
    """Return the tables of the page of benchmarks."""
    environment = results["large_devices"]["environment"]
    packages = ", ".join(f"{name} {number}" for name, number in environment["packages"].items())
    lines = ["## Goals", "", "| work | goal | measured |", "|---|---|---|"]
    lines += [f"| {work} | {goal} | {measured} |" for work, goal, measured in goals(results)]
    lines += ["", f"Python {environment['python']} on {environment['machine']}; {packages}.", ""]
    lines += ["## Bytes to target, by device", ""]
    lines += ["| device | qubits | kB | ours, µs | official, ms | times faster |", "|---|---|---|---|---|---|"]
    return lines + device_rows(results)


#: What fills the marked places of pages, by name.
TABLES = {"goals": goals_page, "readme": readme_table, "tokenizers": tokenizer_table, "abi3": abi3_table}
#: Pages with marked places.
PAGES = ["README.md", "benchmarks/README.md", "docs/decisions/0001-tokenizer.md", "docs/decisions/0002-abi3.md"]
MARK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def filled(text: str, results: dict[str, Any]) -> str:
    """Return a page with its marked places filled from the results."""
    return MARK.sub(lambda mark: mark[1] + "\n".join(TABLES[mark[2]](results)) + "\n" + mark[3], text)


def write_pages(root: Path) -> None:
    """Fill the marked places of all pages from the committed results."""
    results = load(root / "benchmarks" / "results")
    for page in PAGES:
        path = root / page
        path.write_text(filled(path.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(__file__).parent.parent)
