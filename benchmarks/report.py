# SPDX-License-Identifier: Apache-2.0
"""Results as tables, in the places of pages that are marked for them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import reliability
import sweep_tables

#: Work, goal, measured, and whether the goal is met.
Row = tuple[str, str, str, bool]


def load(folder: Path) -> dict[str, Any]:
    """Return all committed results by subject."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def goals(results: dict[str, Any]) -> list[Row]:
    """Return what was to be reached and what was."""
    large, devices, parsing = results["large_devices"], results["devices"], results["parsing"]
    on, off = ({name: large[f"{name}, collection {state}"] for name in ("fez", "boston")} for state in ("on", "off"))
    ratios = {name: [side[name]["official_ratio"] for side in (on, off)] for name in ("fez", "boston")}
    fez, grids, models, memory = on["fez"], results["grids"], results["models"], results["memory"]
    views = [results["views"][f"fez, collection {state}"] for state in ("on", "off")]
    means = (devices["geometric_mean"], devices["geometric_mean_5_qubits"])
    growth, tenthousand = grids["10000_over_1000"], grids["qubits"]["10000"]["ratio"]
    beyond, times_payload = memory["fez"]["beyond_target"] / 1e6, memory["100x100"]["beyond_target_over_payload"]
    imports = results["imports"]
    rows: list[Row] = [
        (
            f"bytes → Target, {name}, against official, collection on / off",
            "≥ 150 / ≥ 110 times faster",
            f"{both[0]:.0f} / {both[1]:.0f}",
            both[0] >= 150 and both[1] >= 110,
        )
        for name, both in ratios.items()
    ]
    rows += [
        (
            "the same, collection on, geometric mean over all devices",
            "≥ 90 times",
            f"{means[0]:.0f}; the floor reaches {devices['geometric_mean_of_floor']:.0f}",
            means[0] >= 90,
        ),
        ("the same, geometric mean over 5 qubits", "≥ 40 times", f"{means[1]:.0f}", means[1] >= 40),
        (
            "bytes → Target, fez, of the time of `orjson.loads`",
            "≤ 0.45",
            f"{fez['of_orjson']:.2f}",
            fez["of_orjson"] <= 0.45,
        ),
        ("bytes → Target, fez, of the floor", "≤ 1.6", f"{fez['of_floor']:.2f}", fez["of_floor"] <= 1.6),
        (
            "bytes → Snapshot, all devices together",
            "≥ 1.5 GB/s, go for 2.5",
            f"{parsing['all_gb_per_s']:.2f}; fez {parsing['devices']['fez']['gb_per_s']:.2f}",
            parsing["all_gb_per_s"] >= 1.5,
        ),
        ("10,000 qubits, against official", "≥ 60 times", f"{tenthousand:.0f}", tenthousand >= 60),
        ("10,000 qubits, of our time for 1,000", "≤ 12 times", f"{growth:.1f}", growth <= 12),
    ]
    for what, name, least in (("durations", "durations", 6), ("coupling", "build_coupling_map", 4)):
        both = [side[f"{what}_ratio"] for side in views]
        text = f"{what}, fez, against a target's `{name}()` when first asked, collection on / off"
        rows.append((text, f"≥ {least} times", f"{both[0]:.1f} / {both[1]:.1f}", min(both) >= least))
    slowest = min(models[name]["ratio"] for name in ("fez", "boston"))
    rows += [
        ("`snapshot.properties` and all its values, fez and boston", "≥ 20 times", f"{slowest:.0f}", slowest >= 20),
        (
            "`parse_many` of 200 snapshots, two threads",
            "≥ 1.7 times",
            f"{results['threads']['ratio']:.2f}",
            results["threads"]["ratio"] >= 1.7,
        ),
        (
            "peak memory beyond the Target, fez / 10,000 qubits",
            "≤ 4 MB / ≤ 3 times the payload",
            f"{beyond:.1f} MB / {times_payload:.1f} times",
            beyond <= 4 and times_payload <= 3,
        ),
        (
            "`import qiskit_ibm_native`, over a bare interpreter",
            "≤ 15 ms",
            f"{imports['native_over_bare_ms']:.1f} ms; official {imports['official_over_bare_ms']:.0f} ms",
            imports["native_over_bare_ms"] <= 15,
        ),
    ]
    return rows


def provider_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached by the provider, and what was."""
    found = results["provider"]
    target, refresh, encode, decode = (found[name] for name in ("target", "refresh", "encode", "decode"))
    beyond, ours, theirs = refresh["beyond_http_ms"], found["requests"]["native"], found["requests"]["official"]
    counts = [" / ".join(str(side[step]) for step in ours) for side in (ours, theirs)]
    limits = {"construction": 1, "backend": 2, "target": 1, "run": 2, "poll": 1}
    times = {name: [target[name]["median"] / 1000, encode[name]["median"] / 1000] for name in ("native", "official")}
    by_size = ", ".join(f"{bits} bits {decode[bits]['ratio']:.1f}" for bits in ("5", "20", "156"))
    wire = found["wire"]
    rows: list[Row] = [
        (
            '`get_backend("ibm_fez").target`, nothing known before, processor time of the client',
            "≥ 25 times less",
            f"{target['ratio']:.0f} times: {times['native'][0]:.1f} ms, official {times['official'][0]:.0f} ms",
            target["ratio"] >= 25,
        ),
        (
            "`backend.refresh()` beside its requests, nothing changed / properties changed, with a new target",
            "≤ 2 ms / ≤ 4 ms",
            f"{beyond['unchanged']:.1f} ms / {beyond['changed']:.1f} ms",
            beyond["unchanged"] <= 2 and beyond["changed"] <= 4,
        ),
        (
            "300 circuits of 20 qubits into the body of a job",
            "≤ the official client's time",
            f"{times['native'][1]:.0f} ms, official {times['official'][1]:.0f} ms",
            encode["ratio"] >= 1,
        ),
        (
            "300 circuits x 4,000 shots, 20 bits, into counts, against loops over shots in Python",
            "≥ 5 times faster",
            f"{decode['20']['ratio']:.1f}; by size: {by_size}",
            decode["20"]["ratio"] >= 5,
        ),
        (
            "requests of construction / backend / target / run / poll, without a look at all instances",
            "≤ 1 / 2 / 1 / 2 / 1, and not more than the official client",
            f"{counts[0]}; official {counts[1]}",
            all(ours[step] <= min(limits[step], theirs[step]) for step in ours),
        ),
        (
            "properties of fez on the wire",
            "compressed",
            f"{wire['sent'] / 1000:.0f} kB of {wire['bytes'] / 1000:.0f} kB",
            wire["sent"] < wire["bytes"] / 10,
        ),
    ]
    lines = ["| work | goal | measured | |", "|---|---|---|---|"]
    return lines + [
        f"| {work} | {goal} | {text} | {'met' if met else '**missed**'} |" for work, goal, text, met in rows
    ]


def pulse_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached by pulses, and what was."""
    found = results["pulse"]["work"]
    works = [
        ("pulse defaults, bytes → `PulseDefaults` ready to use, sherbrooke", "load, sherbrooke", 40),
        ("the same, washington", "load, washington", 40),
        ("every schedule of washington: 1,301 of them, 8,447 instructions of the payload", "schedules, washington", 30),
        ("all distinct parametric envelopes of sherbrooke sampled", "samples, sherbrooke", 10),
        ("three payloads → Target and `PulseDefaults`, washington", "path, washington", 80),
    ]
    lines = ["| work | goal | measured | ours | Qiskit 1.4.5 | |", "|---|---|---|---|---|---|"]
    for work, name, least in works:
        row = found[name]
        ours, theirs = (f"{row[side]['median'] / 1000:.1f} ms" for side in ("native", "qiskit_1"))
        met = "met" if row["ratio"] >= least else "**missed**"
        lines.append(f"| {work} | ≥ {least} times faster | {row['ratio']:.0f} | {ours} | {theirs} | {met} |")
    used = results["pulse"]["memory"]["of_payload"]
    text = "peak memory while washington's defaults are read, payload included"
    met = "met" if used <= 3 else "**missed**"
    return [*lines, f"| {text} | ≤ 3 times the payload | {used:.1f} times | | | {met} |"]


def archive_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached with calibrations over time, and what was."""
    found = results["archive"]
    columns, form, size = found["columns"], found["form"], found["size"]
    first, again = (found["series"][name]["median"] / 1000 for name in ("first", "again"))
    at, refresh = (found[name]["median"] / 1000 for name in ("at", "refresh"))
    diff = found["diff"]["diff"]["median"] / 1000
    alone = (form["form"]["median"] - form["read form"]["median"]) / form["json"]["median"]
    fraction, pickled = size["published"] / size["file"], form["bytes"] / form["pickled"]
    rows: list[Row] = [
        (
            f"payload bytes → columns, 1,000 calibrations of fez ({columns['bytes'] / 1e6:.0f} MB), two threads",
            "≥ 3 GB/s, ≥ 150 times the official models",
            f"{columns['gb_per_s']:.1f} GB/s, {columns['ratio']:.0f} times",
            columns["gb_per_s"] >= 3 and columns["ratio"] >= 150,
        ),
        (
            "`archive.series` of one qubit's T1 over 2,000 calibrations of 156 qubits, first time / again",
            "≤ 1 s / ≤ 20 ms",
            f"{first / 1000:.2f} s / {again:.1f} ms",
            first <= 1000 and again <= 20,
        ),
        *_block_rows(found),
        ("`archive.at` → Target, cold", "≤ 3 ms", f"{at:.1f} ms", at <= 3),
        (
            f"archive of 2,000 calibrations of fez, of the {size['published'] / 1e6:.0f} MB of payloads",
            "≤ 1/12",
            f"1/{fraction:.1f}",
            fraction >= 12,
        ),
        (
            "`Snapshot.from_bytes` → Target, fez, of the time of the JSON path; making the Target alone",
            "0.05 more than the latter",
            f"{form['ratio']:.2f}; {alone:.2f}",
            form["ratio"] <= alone + 0.05,
        ),
        (
            f"`snapshot.diff`, fez, {found['diff']['changes']} values changed",
            "≤ 0.2 ms",
            f"{diff:.2f} ms",
            diff <= 0.2,
        ),
        ("pickled snapshot, of its payloads", "≤ 1/8", f"1/{pickled:.1f}", pickled >= 8),
        (
            "`backend.refresh()` with nothing changed, processor time of the client, requests included",
            "≤ 1 ms",
            f"{refresh:.2f} ms",
            refresh <= 1,
        ),
    ]
    lines = ["| work | goal | measured | |", "|---|---|---|---|"]
    return lines + [
        f"| {work} | {goal} | {text} | {'met' if met else '**missed**'} |" for work, goal, text, met in rows
    ]


def _block_rows(found: dict[str, Any]) -> list[Row]:
    """Return what was to be reached with columns that archives keep, if it was measured."""
    if "blocks" not in found:
        return []
    kept = found["blocks"]
    first, second = (kept[name]["median"] / 1000 for name in ("first", "second"))
    return [
        (
            "`archive.series` of all qubits or pairs over 1,000 calibrations of 156 qubits, first quantity / any other",
            "≤ 300 ms / ≤ 20 ms",
            f"{first:.0f} ms / {second:.1f} ms",
            first <= 300 and second <= 20,
        ),
        (
            "growth of the file by columns of all quantities",
            "≤ 20 %",
            f"{kept['growth'] * 100:.1f} %",
            kept["growth"] <= 0.2,
        ),
    ]


def frames_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached with frames, and how long questions take."""
    found = results["frames"]
    first, again, rows = found["first"], found["again"], found["rows"]
    lines = [
        "| work | rows | goal | first time | its processor time | again | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("pandas, qubits", "pandas, gates"):
        wall, later = (times[name]["median"] / 1e6 for times in (first, again))
        used = first[f"processor, {name}"]["median"] / 1e6
        count = rows[name.rpartition(" ")[2]][0]
        met = "met" if wall <= 2 else "**missed**"
        lines.append(f"| {name} | {count:,} | ≤ 2 s | {wall:.2f} s | {used:.2f} s | {later:.2f} s | {met} |")
    lines.append(f"| polars, gates | {rows['gates'][0]:,} | | | | {again['polars, gates']['median'] / 1e6:.2f} s | |")
    count, size = sum(each[0] for each in rows.values()), found["parquet_bytes"] / 1e6
    lines.append(
        f"| `to_parquet`, both, {size:.0f} MB | {count:,} | | | | {again['parquet']['median'] / 1e6:.2f} s | |"
    )
    asked = ", ".join(f"`{name}` {each['median'] / 1e3:.0f} ms" for name, each in found["questions"].items())
    return [
        *lines,
        "",
        f"Questions about the errors of all `cz` of a device over the year: {asked}. The machine's load was {found['load']} on two",
        "processors, this program included: with more than two, clocks count what others did, and processor time does not.",
    ]


def archive_text(results: dict[str, Any]) -> list[str]:
    """Return a paragraph about an archive."""
    found = results["archive"]
    size, series = found["size"], found["series"]
    return [
        f"2,000 calibrations of a device of 156 qubits are {size['published'] / 1e6:.0f} MB of payloads and take",
        f"{size['file'] / 1e6:.0f} MB. T1 of one qubit over all of them takes {series['first']['median'] / 1e6:.2f} s the first",
        f"time and {series['again']['median'] / 1e3:.0f} ms after that; adding one takes {found['add']['median'] / 1e3:.1f} ms.",
    ]


def limits(results: dict[str, Any]) -> list[str]:
    """Return what ten million tasks on a thousand workers need."""
    found = results["sweeps"]
    tasks, workers = 10_000_000, 1000
    driver, row = found["driver"]["seconds"], found["resume"]["bytes_per_task"]
    sent, answer, snapshot = found["bytes"]["per_task"], found["driver"]["outcome_bytes"], found["bytes"]["snapshot"]
    return [
        "| | measured | 10^7 tasks on 1,000 workers |",
        "|---|---|---|",
        (
            f"| driver's processor, a task | {driver * 1e6:.0f} µs | {tasks * driver / 60:.0f} minutes: at most"
            f" {1 / driver:,.0f} tasks a second. Tasks of {workers * driver * 1e3:.0f} ms keep 1,000 workers just busy; longer ones"
            " wait for nothing |"
        ),
        (
            f"| overhead of a worker, a task, with the driver's | {found['overhead']['seconds'] * 1e3:.2f} ms |"
            f" {tasks * found['overhead']['seconds'] / workers:.0f} s on each |"
        ),
        f"| sent with a task | {sent:.0f} B | {tasks * sent / 1e6:,.0f} MB |",
        (
            f"| a snapshot of fez | {snapshot / 1e3:.0f} kB, once to each worker | {workers * snapshot / 1e6:.0f} MB for each"
            " calibration that all workers need |"
        ),
        f"| a result | {answer} B | {tasks * answer / 1e9:.1f} GB |",
        f"| a row of the ledger, without circuits | {row:.0f} B | {tasks * row / 1e9:.1f} GB |",
        f"| memory of the driver, 10^6 tasks | {found['memory']['bytes'] / 1e6:.0f} MB | the same |",
        (
            f"| resuming | {found['resume']['seconds'] / found['resume']['tasks'] * 1e6:.0f} µs a task |"
            f" {tasks * found['resume']['seconds'] / found['resume']['tasks']:.0f} s |"
        ),
    ]


def readme_pulse(results: dict[str, Any]) -> list[str]:
    """Return a sentence about reading pulses."""
    found = results["pulse"]["work"]
    load, schedules = found["load, washington"], found["schedules, washington"]
    times = [row[side]["median"] / 1000 for row in (load, schedules) for side in ("native", "qiskit_1")]
    return [
        f"Reading the 1.5 MB of washington takes {times[0]:.1f} ms, where Qiskit 1.4.5 takes {times[1]:.0f} ms; making",
        f"every schedule of it takes {times[2]:.0f} ms instead of {times[3]:.0f} ms.",
    ]


#: Work of the official client, by the name of its result, with its goal.
ACCELERATED = {
    "first_fake_fez": ("`FakeFez().target`, the first one in a process", 40),
    "fake_fez": ("`FakeFez().target`, again", 40),
    "all_fake_devices": ("`FakeProviderForBackendV2().backends()` and the targets of all 68", 30),
    "refresh": ("`backend.refresh()` of ibm_fez and `backend.target`, requests included", 15),
}


def _sides_of(found: dict[str, Any]) -> tuple[str, str]:
    theirs, ours = (found[side]["median"] / 1000 for side in ("official", "accelerated"))
    return f"{theirs:.0f} ms", f"{ours:.1f} ms"


def accelerated_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached by acceleration, and what was."""
    found = results["accelerated"]
    lines = ["| work | goal | measured | official | accelerated | |", "|---|---|---|---|---|---|"]
    for name, (work, goal) in ACCELERATED.items():
        ratio, (theirs, ours) = found[name]["ratio"], _sides_of(found[name])
        met = "met" if ratio >= goal else "**missed**"
        lines.append(f"| {work} | ≥ {goal} times less | {ratio:.0f} | {theirs} | {ours} | {met} |")
    tests = found["tests"]
    seconds = [f"{tests['seconds'][side]:.1f} s" for side in ("official", "accelerated")]
    what = f"the client's own {tests['count']} tests of backends and fake devices, by the clock, pytest included"
    machine = ["", f"Measured on {found['environment']['machine']}, with qiskit-ibm-runtime {tests['version']}."]
    return [*lines, f"| {what} | a figure | {tests['ratio']:.2f} | {seconds[0]} | {seconds[1]} | |", *machine]


#: Goals of the local service, as parts of the earlier release's times.
LOCAL_SERVICE = {
    "first_result": ('`IBMProvider(channel="local")` to the first result', 0.7),
    "short_job": ("`run().result()` of two qubits, the service being warm", 0.4),
    "jobs_of_threads": ("{jobs} such jobs from {threads} threads", 0.5),
}


def local_service_page(results: dict[str, Any]) -> list[str]:
    """Return what was to be reached by the local service, and what was."""
    found = results["local_service"]
    lines = [f"| work | goal | measured | {found['earlier']} | now | |", "|---|---|---|---|---|---|"]
    for name, (work, goal) in LOCAL_SERVICE.items():
        times = found[name]
        met = "met" if times["ratio"] <= goal else "**missed**"
        label = work.format(**found)
        lines.append(
            f"| {label} | ≤ {goal} | {times['ratio']:.2f} | {times['earlier']:.0f} ms | {times['now']:.0f} ms | {met} |"
        )
    used = found["processor_of_threads"]
    lines.append(
        f"| the same, processor time of all processes | a figure | {used['ratio']:.2f} | {used['earlier']:.0f} ms |"
        f" {used['now']:.0f} ms | |"
    )
    for name, times in found["routes"].items():
        met = "met" if times["now"] <= 10 else "**missed**"
        lines.append(
            f"| 50,000 jobs in the store, {name} | ≤ 10 ms | | {times['earlier']:.1f} ms | {times['now']:.1f} ms | {met} |"
        )
    return [*lines, "", f"Measured on {found['environment']['machine']}."]


def readme_accelerated(results: dict[str, Any]) -> list[str]:
    """Return the table of the README about acceleration."""
    found = results["accelerated"]
    lines = ["| processor time | official client | accelerated | times less |", "|---|---|---|---|"]
    for name, (work, _) in ACCELERATED.items():
        theirs, ours = _sides_of(found[name])
        lines.append(f"| {work} | {theirs} | {ours} | {found[name]['ratio']:.0f} |")
    return [*lines, "", f"Measured on {found['environment']['machine']}."]


def readme_provider(results: dict[str, Any]) -> list[str]:
    """Return a sentence about asking for a device."""
    target = results["provider"]["target"]
    ours, theirs = (target[side]["median"] / 1000 for side in ("native", "official"))
    return [f"{ours:.1f} ms of processor time for fez, where the official client takes {theirs:.0f} ms."]


def sides(results: dict[str, Any]) -> list[str]:
    """Return the medians of everybody on the large devices, in microseconds."""
    large = {name: row for name, row in results["large_devices"].items() if "collection" in name}
    names = ("native", "floor", "orjson", "json", "official")
    lines = ["| device | ours | floor | `orjson.loads` | `json.loads` | official |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | " + " | ".join(f"{row[side]['median']:.0f}" for side in names) + " |"
        for name, row in large.items()
    ]
    return lines


def shares(results: dict[str, Any]) -> list[str]:
    """Return where the time of a conversion goes, in microseconds."""
    lines = [
        "| device | parse | native objects | Qiskit | together | floor | official |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in results["small_devices"]["devices"].items():
        parts = [row[part]["median"] for part in ("parse", "objects", "qiskit", "native", "floor", "official")]
        lines.append(f"| {name} | {' | '.join(f'{part:.0f}' for part in parts)} |")
    return lines


def readme_table(results: dict[str, Any]) -> list[str]:
    """Return the table of the project's README."""
    devices, grids, large = results["devices"], results["grids"]["qubits"], results["large_devices"]
    lines = ["| bytes to `Target` | qubits | official client | this package | times faster |", "|---|---|---|---|---|"]
    for name in ("fez", "sherbrooke", "hanoi", "lima"):
        row = {**devices["devices"][name], **large.get(f"{name}, collection on", {})}
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
        f"Measured on {devices['environment']['machine']}.",
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


def number_table(results: dict[str, Any]) -> list[str]:
    """Return the table of readers of numbers: ns a number alone, microseconds a device in place."""
    numbers = results["numbers"]
    devices = numbers["in_place_us"]
    lines = [
        f"| reader | alone, ns a number | {' | '.join(f'{name}, µs' for name in devices)} |",
        "|---" * (len(devices) + 2) + "|",
    ]
    for reader, alone in numbers["alone_ns"].items():
        ranges = [row.get(reader) for row in devices.values()]
        cells = [
            "" if span is None else f"{span[0]}" if span[0] == span[1] else f"{span[0]}-{span[1]}" for span in ranges
        ]
        lines.append(f"| {reader} | {alone} | {' | '.join(cells)} |")
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
    lines = ["## Goals", "", "| work | goal | measured | |", "|---|---|---|---|"]
    lines += [
        f"| {work} | {goal} | {measured} | {'met' if met else '**missed**'} |"
        for work, goal, measured, met in goals(results)
    ]
    lines += ["", f"Python {environment['python']} on {environment['machine']}; {packages}.", ""]
    lines += ["## Bytes to target, by device", ""]
    lines += ["| device | qubits | kB | ours, µs | official, ms | times faster |", "|---|---|---|---|---|---|"]
    return lines + device_rows(results)


#: Functions that fill the marked places of pages, by name.
TABLES = {
    "goals": goals_page,
    "provider": provider_page,
    "pulse": pulse_page,
    "archive": archive_page,
    "archive_text": archive_text,
    "frames": frames_page,
    "sweeps": sweep_tables.goals,
    "realistic": sweep_tables.realistic,
    "carrying": sweep_tables.carrying,
    "speed": sweep_tables.speed,
    "scores": sweep_tables.scores,
    "limits": limits,
    "readme_sweeps": sweep_tables.readme,
    "readme_pulse": readme_pulse,
    "readme_provider": readme_provider,
    "accelerated": accelerated_page,
    "readme_accelerated": readme_accelerated,
    "local_service": local_service_page,
    "readme": readme_table,
    "shares": shares,
    "sides": sides,
    "tokenizers": tokenizer_table,
    "numbers": number_table,
    "abi3": abi3_table,
    "matrix": reliability.matrix,
    "faults": reliability.faults,
    "fault_figures": reliability.figures,
    "soak": reliability.soak,
    "soak_jobs": reliability.soak_jobs,
}
#: Pages with marked places.
PAGES = [
    "README.md",
    "benchmarks/README.md",
    "docs/calibrations.md",
    "docs/sweeps.md",
    "docs/sweeps-limits.md",
    "docs/reliability.md",
    "docs/decisions/0001-tokenizer.md",
    "docs/decisions/0002-abi3.md",
]
MARK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def filled(text: str, results: dict[str, Any]) -> str:
    """Return a page with its marked places filled from the results."""
    return MARK.sub(lambda mark: mark[1] + "\n".join(TABLES[mark[2]](results)) + "\n" + mark[3], text)


def outdated_pages(root: Path, *, is_written: bool = False) -> list[str]:
    """Return the pages whose marked places are not what the committed results say, or that have none.

    Args:
        root: The project's folder.
        is_written: Whether to fill them.
    """
    results = load(root / "benchmarks" / "results")
    outdated = []
    for page in PAGES:
        path = root / page
        text = path.read_text(encoding="utf-8")
        found = filled(text, results)
        if found != text or not MARK.search(text):
            outdated.append(page)
        if is_written:
            path.write_text(found, encoding="utf-8")
    return outdated


def write_pages(root: Path) -> None:
    """Fill the marked places of all pages from the committed results."""
    outdated_pages(root, is_written=True)


if __name__ == "__main__":
    ROOT = Path(__file__).parent.parent
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{page} does not say what the results say" for page in outdated_pages(ROOT)) or 0)
    write_pages(ROOT)
