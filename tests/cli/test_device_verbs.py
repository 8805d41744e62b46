# SPDX-License-Identifier: Apache-2.0
"""``devices``, ``show``, ``target``, ``diff`` and ``history``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from tests.support.at_terminal import at_terminal
from tests.support.command import piped
from tests.support.equality import assert_targets_equal
from tests.support.histories import archived, drifting

from qiskit_ibm_native import CalibrationArchive, Snapshot, build_target, bundled_devices
from qiskit_ibm_native.cli import main, output
from qiskit_ibm_native.cli.history import sparkline
from qiskit_ibm_native.snapshot.summary import couplings_of, processor_of, summary_of


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert main([*arguments, "--json"]) == status
    told = capsys.readouterr()
    assert told.err == ""
    return json.loads(told.out)


def lines_of(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> list[str]:
    assert main(list(arguments)) == status
    told = capsys.readouterr()
    assert told.err == ""
    return told.out.splitlines()


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    try:
        status: object = main(list(arguments))
    except SystemExit as end:
        status = end.code
    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert told.err.count("\n") == 1
    return told.err


def changed(device: str, change: Any = None, *, properties: bool = True) -> Snapshot:
    """Return a device whose payloads were changed."""
    payloads = Snapshot.load(device).payloads
    contents = [json.loads(payloads.configuration), json.loads(payloads.properties or b"null")]
    if change is not None:
        change(*contents)
    configuration, measured = (json.dumps(content).encode() for content in contents)
    return Snapshot.from_payloads(configuration, measured if properties else None)


# devices


def test_all_bundled_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json_of(capsys, "devices")
    snapshots = [Snapshot.load(name) for name in bundled_devices()]
    assert [device["name"] for device in listed] == [snapshot.name for snapshot in snapshots]
    assert [device["num_qubits"] for device in listed] == [snapshot.num_qubits for snapshot in snapshots]
    assert [device["processor"] for device in listed] == [processor_of(snapshot) for snapshot in snapshots]
    lines = lines_of(capsys, "devices")
    assert lines[0].split() == ["Device", "Qubits", "Processor", "Calibrated", "(UTC)", "From"]
    assert "ibm_fez            156  Heron r2      2025-02-26 20:16  bundled" in lines


def test_devices_of_the_archive_are_listed_too(
    archive: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json_of(capsys, "devices", "--file", archive)[-1] == {
        "name": "ibmq_lima", "num_qubits": 5, "processor": None, "last_update": "2025-01-05T00:00:00+00:00", "source": "archive",
    }  # fmt: skip
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", archive)
    assert json_of(capsys, "devices")[-1]["source"] == "archive"
    assert "There is no archive" in error_of(capsys, "devices", "--file", f"{archive}x")


@pytest.mark.slow
def test_devices_of_a_service_have_a_status(home: Path) -> None:
    listed = piped("devices", "--channel", "local", "--json")
    assert listed.returncode == 0, listed.stderr
    by_name = {device["name"]: device for device in json.loads(listed.stdout)}
    assert by_name["ibm_fez"]["operational"] is True
    assert by_name["ibm_fez"]["pending_jobs"] == 0
    assert by_name["ibm_fez"]["source"] == "service"
    shown = piped("show", "lima", "--channel", "local", "--no-map")
    assert shown.stdout.startswith("ibmq_lima: 5 qubits, 4 couplings, Falcon r4, from the service\n")
    assert "does not work" not in piped("devices", "--channel", "local").stdout
    missing = piped("show", "lima", "--account")
    assert missing.returncode == 2
    assert missing.stderr.count("\n") == 1
    assert "account" in missing.stderr


# show


def test_a_device_is_shown_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(capsys, "show", "lima")
    assert lines[0] == "ibmq_lima: 5 qubits, 4 couplings, Falcon r4, bundled with this package"
    assert lines[1].startswith("calibrated 2021-03-15 04:36 UTC, ")
    assert lines[1].endswith(" days ago")
    assert lines[3:8] == ["0─1─2", "  │", "  3", "  │", "  4"]
    assert "T1                 59.70 µs    17.54 µs  qubit 4" in lines
    assert "id, sx, x error  3.3 × 10⁻⁴  6.8 × 10⁻⁴  qubit 4" in lines
    assert "cx error         9.1 × 10⁻³       0.020  qubits 4-3" in lines
    assert lines[-1] == "No faulty parts."
    assert lines_of(capsys, "show", "lima", "--no-map")[3].startswith("Quantity")


def test_values_are_those_of_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json_of(capsys, "show", "fez")
    fez = Snapshot.load("fez")
    by_name = {(one["gate"], one["quantity"]): one for one in shown["quantities"]}
    t1 = fez.columns.t1[np.isfinite(fez.columns.t1)]
    assert by_name[None, "t1"]["median"] == median(t1.tolist())
    assert by_name[None, "t1"]["worst"] == min(t1.tolist())
    assert fez.columns.t1[by_name[None, "t1"]["worst_qargs"][0]] == min(t1.tolist())
    cz = fez.columns.gate("cz")
    usable = cz.operational & (cz.error < 1)
    assert by_name["cz", "error"]["number"] == int(usable.sum())
    assert by_name["cz", "error"]["worst"] == cz.error[usable].max()
    assert by_name["cz", "error"]["median"] == np.median(cz.error[usable])
    assert len([gate for gate in shown["faulty_gates"] if gate["gate"] == "cz"]) == int((~usable).sum())
    assert shown["edges"] == [list(pair) for pair in couplings_of(fez)]
    assert shown["digest"] == fez.digest


def test_faulty_qubits_are_named_and_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worst = Snapshot.load("lima").columns.t1.argmin()
    faulty = Snapshot.load("lima").with_overrides(operational={int(worst): False})
    faulty.save(tmp_path / "faulty.zip")
    lines = lines_of(capsys, "show", str(tmp_path / "faulty.zip"))
    assert lines[3:8] == ["0─1─2", "  │", "  3", "  │", "  ×"]
    assert f"Faulty qubits: {worst}" in lines
    shown = json_of(capsys, "show", str(tmp_path / "faulty.zip"))
    assert shown["faulty_qubits"] == [worst]
    assert shown["quantities"][0]["worst_qargs"] != [worst]
    assert shown["source"] == f"from {tmp_path / 'faulty.zip'}"


def test_a_device_without_anything_that_works_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lima = Snapshot.load("lima")
    broken = lima.with_overrides(operational=dict.fromkeys(range(5), False))
    broken.save(tmp_path / "broken.zip")
    lines = lines_of(capsys, "show", str(tmp_path / "broken.zip"))
    assert lines[3] == "×─×─×"
    assert "Faulty qubits: 0, 1, 2, 3, 4" in lines


def test_a_device_without_properties_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed("lima", properties=False).save(tmp_path / "bare.zip")
    lines = lines_of(capsys, "show", str(tmp_path / "bare.zip"))
    assert lines[1] == "no calibration"
    assert "Quantity" not in "".join(lines)
    assert lines[-1] == "Nothing is known of faulty parts."
    assert json_of(capsys, "show", str(tmp_path / "bare.zip"))["quantities"] == []


def test_a_device_of_one_qubit_with_a_hostile_name_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "ibm_\x1b[31m<b>[red]"

    def one(configuration: dict[str, Any], properties: dict[str, Any]) -> None:
        configuration.update(n_qubits=1, coupling_map=None, backend_name=name)
        configuration["gates"] = [gate for gate in configuration["gates"] if gate["name"] == "x"]
        configuration["gates"][0]["coupling_map"] = [[0]]
        properties.update(
            backend_name=name,
            qubits=properties["qubits"][:1],
            gates=[g for g in properties["gates"] if g["qubits"] == [0]],
        )

    changed("lima", one).save(tmp_path / "one.zip")
    lines = lines_of(capsys, "show", str(tmp_path / "one.zip"))
    assert lines[0].startswith("ibm_\\x1b[31m<b>[red]: 1 qubit, 0 couplings, Falcon r4, from ")
    assert lines[3] == "0"
    assert json_of(capsys, "show", str(tmp_path / "one.zip"))["name"] == name


@pytest.mark.slow
def test_terminals_of_any_width_show_a_device(home: Path) -> None:
    for columns in (200, 80, 60, 40, 20):
        shown = at_terminal("show", "fez", columns=columns)
        assert shown.status == 0
        assert ("\x1b[1;31m×" in shown.raw) == (columns > 20), "dots side by side have no couplings"
        drawing = [line for line in shown.text.splitlines() if "─" in line and set(line) <= set(" 0123456789─×●│")]
        assert len(drawing) >= 7 or columns == 20
        assert max(map(len, drawing), default=0) <= columns
        if columns >= 60:
            assert "errors of readout and cz: best half, next 40 %, worst tenth" in shown.text
    assert "144─145" not in at_terminal("show", "fez", columns=40).text


def test_a_drawing_that_does_not_fit_is_left_out_and_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setattr(output, "width", lambda: 10)
    assert main(["show", "fez"]) == 0
    assert (
        capsys.readouterr().err
        == "qiskit-ibm-native: the drawing of ibm_fez is wider than 10 columns; it is left out\n"
    )


@pytest.mark.slow
def test_an_encoding_without_lines_gets_ascii(home: Path) -> None:
    shown = piped("show", "lima", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0, shown.stderr
    assert "0-1-2\n  |\n  3\n  |\n  4\n" in shown.stdout
    assert shown.stdout.isascii()


# Names of devices


def test_a_device_is_a_name_a_file_or_a_calibration_of_the_archive(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(*arguments: str) -> str:
        return str(json_of(capsys, "show", *arguments)["digest"])

    with CalibrationArchive(archive) as opened:
        calibrations = list(opened.between("lima"))
    bundled = Snapshot.load("lima")
    for path in ("lima.zip", "lima.bin", "folder"):
        bundled.save(tmp_path / path)
        assert digest(str(tmp_path / path)) == bundled.digest
    monkeypatch.chdir(tmp_path)
    assert digest("lima.bin") == bundled.digest
    for name in ("lima", "ibmq_lima", "ibm_lima"):
        assert digest(name) == bundled.digest
        assert digest(name, "--file", archive) == calibrations[-1].digest
        assert digest(f"{name}@now", "--file", archive) == calibrations[-1].digest
        assert digest(f"{name}@2025-01-02T12:00Z", "--file", archive) == calibrations[1].digest
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", archive)
    assert digest("lima@2025-01-02") == calibrations[1].digest
    assert "no calibration of 'lima' of 2024 or before" in error_of(capsys, "show", "lima@2024")
    assert "must be a time such as" in error_of(capsys, "show", "lima@soon")
    assert "has no calibrations of 'fez'" in error_of(capsys, "show", "fez@2026")


def test_a_device_of_the_archive_alone_is_found_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def renamed(configuration: dict[str, Any], properties: dict[str, Any]) -> None:
        configuration["backend_name"] = properties["backend_name"] = "ibm_lisbon"

    with CalibrationArchive(tmp_path / "own") as archive:
        archive.add(changed("lima", renamed))
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(tmp_path / "own"))
    assert lines_of(capsys, "show", "lisbon")[0].startswith(
        "ibm_lisbon: 5 qubits, 4 couplings, Falcon r4, from the archive"
    )
    assert "Did you mean 'lisbon'?" in error_of(capsys, "show", "ibm_lisbonn")


def test_damaged_files_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x.zip", "x.bin", "x.json"):
        (tmp_path / name).write_bytes(b"nothing")
        assert str(tmp_path / name) in error_of(capsys, "show", str(tmp_path / name)) or name == "x.bin"
    assert "it has no configuration" in error_of(capsys, "show", str(tmp_path))
    assert "There is no device, file or folder ''" in error_of(capsys, "show", "")


# target


def test_instructions_of_a_target_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(capsys, "target", "lima")
    target = build_target("lima")
    assert lines[0] == f"ibmq_lima: {len(target.instructions)} instructions on 5 qubits"
    assert lines[2].split() == ["Operation", "Qargs", "Duration", "Error"]
    assert [line.split()[0] for line in lines[3:]] == list(target.operation_names)


def test_json_has_all_instructions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = json_of(capsys, "target", "fez")
    target = build_target("fez")
    found = {(one["name"], tuple(one["qubits"]) if one["qubits"] else None): one for one in described["instructions"]}
    expected = {
        (name, qargs): entry
        for name in target.operation_names
        for qargs, entry in (target[name] or {None: None}).items()
    }
    assert found.keys() == expected.keys()
    assert all(
        (found[key]["duration"], found[key]["error"])
        == (getattr(entry, "duration", None), getattr(entry, "error", None))
        for key, entry in expected.items()
    )
    assert (described["dt"], described["num_qubits"]) == (target.dt, 156)
    assert main(["target", "fez", "--out", str(tmp_path / "fez.json")]) == 0
    assert capsys.readouterr() == ("", f"qiskit-ibm-native: {tmp_path / 'fez.json'} is written\n")
    assert json.loads((tmp_path / "fez.json").read_text()) == described


@pytest.mark.parametrize("name", ["fez.bin", "fez.zip"])
def test_files_of_a_target_are_read_again(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["target", "fez", "--out", str(tmp_path / name)]) == 0
    assert Snapshot.load(tmp_path / name) == Snapshot.load("fez")
    assert_targets_equal(build_target(tmp_path / name), build_target("fez"))
    assert main(["target", "torino", "--out", str(tmp_path / name)]) == 0
    assert Snapshot.load(str(tmp_path / name)) == Snapshot.load("torino")
    assert list(tmp_path.glob(".*")) == []


def test_other_files_of_targets_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "QPY has circuits, and no targets." in error_of(capsys, "target", "fez", "--out", str(tmp_path / "fez.qpy"))
    assert "must end in .bin, .zip or .json" in error_of(capsys, "target", "fez", "--out", str(tmp_path / "fez.txt"))
    (tmp_path / "x.bin").mkdir()
    assert "exists" in error_of(capsys, "target", "fez", "--out", str(tmp_path / "x.bin"))


# diff


def test_changes_between_two_calibrations_are_printed(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    sides = "lima@2025-01-01", "lima@2025-01-03"
    with CalibrationArchive(archive) as opened:
        first, _, third, *_ = opened.between("lima")
    expected = first.diff(third)
    described = json_of(capsys, "diff", *sides, "--file", archive)
    assert [tuple(change.values()) for change in described["qubits"]] == expected.qubits
    assert [(change["gate"], tuple(change["qargs"]), change["quantity"]) for change in described["gates"]] == [
        change[:3] for change in expected.gates
    ]
    lines = lines_of(capsys, "diff", *sides, "--file", archive)
    assert len(lines) == 3 + len(list(expected._rows()))
    assert lines[2].split() == ["Where", "Quantity", "Before", "Now"]
    assert main(["diff", *sides, "--file", archive, "--exit-code"]) == 1
    capsys.readouterr()
    assert len(lines_of(capsys, "diff", *sides, "--file", archive, "--rtol", "10")) < len(lines)


def test_calibrations_that_are_the_same_have_no_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, "diff", "lima", "lima", "--exit-code") == ["ibmq_lima: nothing changed"]
    described = json_of(capsys, "diff", "lima", "lima", "--exit-code")
    assert described.pop("pulse_defaults") is False
    assert set(map(len, described.values())) == {0}


@pytest.mark.slow
def test_a_terminal_shows_a_screenful_of_changes(home: Path) -> None:
    shown = at_terminal("diff", "fez", "torino")
    assert shown.status == 0
    assert len(shown.text.splitlines()) < 50
    assert "more changes; a pipe or --json has all" in shown.text


# history


def test_one_quantity_over_time_is_that_of_the_series(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    with CalibrationArchive(archive) as opened:
        series = opened.series("lima", "t1")
        cx = opened.series("lima", "error", gate="cx", qubits=[(0, 1)])
    described = json_of(capsys, "history", "lima", "--qubit", "3", "--qubit", "1", "--file", archive)
    assert described["values"] == series.values[:, [3, 1]].tolist()
    assert described["qubits"] == [3, 1]
    assert described["unit"] == "s"
    assert described["times"][0] == "2025-01-01T00:00:00Z"
    assert json_of(capsys, "history", "lima", "--file", archive)["values"] == series.values.tolist()
    gates = "--gate", "cx", "--qubit", "0-1", "--quantity", "error"
    assert json_of(capsys, "history", "lima", *gates, "--file", archive)["values"] == cx.values.tolist()
    lines = lines_of(capsys, "history", "lima", "--qubit", "3", "--file", archive)
    assert lines[0] == "ibmq_lima: t1, 5 calibrations"
    assert len(lines) == 3 + 5
    assert lines[3].startswith("2025-01-01 00:00  ")
    part = lines_of(capsys, "history", "lima", "--since", "2025-01-02", "--until", "2025-01-04", "--file", archive)
    assert len(part) == 3 + 2
    assert part[2].split()[2:] == ["Median", "Smallest", "Largest"]
    empty = lines_of(capsys, "history", "lima", "--since", "2026", "--file", archive)
    assert empty == ["ibmq_lima: t1, 0 calibrations"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lima", "--qubit", "9"], "qubit"),
        (["lima", "--qubit", "x"], "--qubit must be a number such as 3, not 'x'"),
        (["lima", "--qubit", "0-1"], "--qubit must be a number such as 3, not '0-1'"),
        (
            ["lima", "--gate", "cx", "--qubit", "a-b", "--quantity", "error"],
            "--qubit must be qubits of the gate such as 0-1",
        ),
        (["lima", "--gate", "nogate", "--quantity", "error"], "nogate"),
        (["lima", "--quantity", "readout_eror"], "Did you mean 'readout_error'?"),
        (["lima", "--gate", "cx", "--quantity", "t1"], "There is no quantity 't1' of gates; there are error, duration"),
        (["limma"], "Did you mean 'lima'?"),
        (["lima", "--since", "soon"], "--since must be a time"),
    ],
)
def test_wrong_questions_about_the_past_are_one_line(
    arguments: list[str], told: str, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in error_of(capsys, "history", *arguments, "--file", archive)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "begin"), [("t1.png", b"\x89PNG"), ("t1.svg", b"<?xml")])
def test_a_quantity_over_time_is_drawn(
    name: str, begin: bytes, archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    assert main(["history", "lima", "--quantity", "t1", "--qubit", "3", "--plot", str(path), "--file", archive]) == 0
    assert path.read_bytes().startswith(begin)
    assert capsys.readouterr().err == f"qiskit-ibm-native: {path} is written\n"
    assert main(["history", "lima", "--plot", str(tmp_path / "t1.docx"), "--file", archive]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_flags_and_missing_values_are_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with CalibrationArchive(tmp_path / "a") as archive:
        archive.add(Snapshot.load("lima").with_overrides(t1={0: None}), origin="x")
        for calibration in drifting("lima", 1):
            archive.add(Snapshot.from_payloads(calibration.configuration, calibration.properties))
    lines = lines_of(
        capsys, "history", "lima", "--quantity", "operational", "--qubit", "0", "--file", str(tmp_path / "a")
    )
    assert lines[-1].split()[-1] == "yes"


def test_bars_go_from_the_smallest_value_to_the_largest() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 80) == "▁▂▃▄▅▆▇█"
    assert sparkline([1, math.nan, 2], 80) == "▁ █"
    assert sparkline([5.0, 5.0], 80) == "▁▁"
    assert sparkline([math.nan], 80) == " "
    assert sparkline([], 80) == ""
    assert sparkline([0, 0, 8, 8], 2) == "▁█"


@pytest.mark.slow
def test_a_terminal_shows_bars_and_the_first_columns(tmp_path: Path) -> None:
    file = str(archived(tmp_path / "hanoi.sqlite3", drifting("hanoi", 12)))
    qubits = [word for qubit in range(9) for word in ("--qubit", str(qubit))]
    shown = at_terminal("history", "hanoi", *qubits, "--file", file)
    assert shown.status == 0
    bars = [line for line in shown.text.splitlines() if "▁" in line]
    assert len(bars) == 6
    assert all(len(line) <= 80 for line in shown.text.splitlines())
    assert "the first 6 of 9 are shown" in shown.text


def test_a_summary_counts_what_it_sums_up() -> None:
    summary = summary_of(Snapshot.load("fez"))
    assert [one.quantity for one in summary.quantities[:3]] == ["t1", "t2", "readout_error"]
    assert {one.gate for one in summary.quantities[3:]} <= set(Snapshot.load("fez").columns.gates)
    assert all(one.number > 0 for one in summary.quantities)
