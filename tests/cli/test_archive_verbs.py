# SPDX-License-Identifier: Apache-2.0
"""``archive``: what its verbs print, change, and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.histories import archived, drifting

from qiskit_ibm_native import CalibrationArchive, Snapshot
from qiskit_ibm_native.cli import main


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert main(["archive", *arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(["archive", *arguments]) == status
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    try:
        status: object = main(["archive", *arguments])
    except SystemExit as end:
        status = end.code
    shown = capsys.readouterr()
    assert (status, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    return shown.err


def times_of(file: str, device: str = "lima") -> list[str]:
    with CalibrationArchive(file) as archive:
        return [time.isoformat() for time in archive.between(device).times]


def test_devices_and_files_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "new" / "archive.sqlite3")
    Snapshot.load("hanoi").save(tmp_path / "hanoi.zip")
    assert told(capsys, "add", "lima", str(tmp_path / "hanoi.zip"), "--file", file) == "2 added, 0 known\n"
    assert json_of(capsys, "add", "lima", "fez", "--file", file, "--origin", "lab") == {"added": 1, "known": 1}
    with CalibrationArchive(file) as archive:
        assert archive.backends() == ["ibm_fez", "ibm_hanoi", "ibmq_lima"]
        assert archive.origins("fez") == ["lab"]
    assert "Did you mean 'lima'?" in refused(capsys, "add", "limma", "--file", file)


def test_calibrations_are_listed_with_the_digests_that_remove_takes(
    archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json_of(capsys, "list", "--file", archive)
    assert [one["last_update"] for one in listed] == times_of(archive)
    lines = told(
        capsys, "list", "lima", "--file", archive, "--since", "2025-01-02", "--until", "2025-01-04"
    ).splitlines()
    assert lines[0].split() == ["Device", "Calibrated", "(UTC)", "Digest"]
    assert [line.split()[-1] for line in lines[1:]] == [one["digest"][:12] for one in listed[1:3]]
    assert len(json_of(capsys, "list", "--last", "2", "--file", archive)) == 2
    digest = lines[1].split()[-1]
    report = json_of(capsys, "remove", "--digest", digest, "--dry-run", "--file", archive)
    assert (report["calibrations"], report["dry_run"]) == (1, True)
    assert len(times_of(archive)) == 5
    assert told(capsys, "remove", "--digest", digest, "--file", archive).startswith(
        "1 calibration and 1 payload removed, "
    )
    assert times_of(archive) == [one["last_update"] for one in listed if not one["digest"].startswith(digest)]


def test_that_there_is_nothing_to_list_is_said(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "list", "--since", "2030", "--file", archive]) == 0
    assert capsys.readouterr() == ("", "qiskit-ibm-native: There are no such calibrations.\n")
    assert json_of(capsys, "list", "--since", "2030", "--file", archive) == []


def test_the_last_calibration_is_printed_and_written(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with CalibrationArchive(archive) as opened:
        last = opened.latest("lima")
    assert last is not None
    shown = told(capsys, "latest", "lima", "--file", archive)
    assert shown.startswith("ibmq_lima: 2025-01-05 00:00 UTC (")
    assert shown.endswith(f" ago), 5 qubits, digest {last.digest[:12]}\n")
    assert (
        json_of(capsys, "latest", "lima", "--file", archive, "--out", str(tmp_path / "x.zip"))["digest"] == last.digest
    )
    assert Snapshot.load(tmp_path / "x.zip") == last
    assert "has no calibrations of 'fez'" in refused(capsys, "latest", "fez", "--file", archive)
    assert "no overridden calibrations" in refused(
        capsys, "latest", "lima", "--file", archive, "--provenance", "overridden"
    )


def test_damage_has_the_exit_status_1(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    assert json_of(capsys, "verify", "--file", archive)["is_sound"] is True
    connection = sqlite3.connect(archive)
    connection.execute("UPDATE payloads SET packed = zeroblob(9) WHERE id = 2")
    connection.commit()
    connection.close()
    report = json_of(capsys, "verify", "--file", archive, status=1)
    assert report["is_sound"] is False
    assert report["damaged_payloads"].keys() == {"2"}
    assert "problems" in told(capsys, "verify", "--file", archive, status=1)
    assert told(capsys, "prune", "--damaged", "--file", archive).startswith("1 calibration and ")
    assert told(capsys, "verify", "--file", archive).endswith("no damage found\n")


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_not_there_is_an_error_and_is_not_made(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "typo.sqlite3"
    if content is not None:
        file.write_bytes(content)
    for verb in (["list"], ["latest", "fez"], ["stats"], ["verify"], ["events", "fez"], ["alerts", "r.toml"], ["export", "out"],
                 ["prune", "--damaged"], ["remove", "fez"]):  # fmt: skip
        assert f"There is no archive {file}; --file names another one." in refused(capsys, *verb, "--file", str(file))
    assert [path.read_bytes() for path in folder.iterdir()] == ([] if content is None else [b""])
    assert "is the file of another program" in refused(capsys, "stats", "--file", str(_other_database(tmp_path)))


def _other_database(folder: Path) -> Path:
    import sqlite3

    connection = sqlite3.connect(folder / "other")
    connection.execute("CREATE TABLE x(y)")
    connection.close()
    return folder / "other"


def test_the_users_own_archive_may_be_missing_when_it_is_asked_for_its_statistics(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no archive yet" in told(capsys, "stats")
    assert json_of(capsys, "stats")["calibrations"] == 0
    assert list(home.iterdir()) == []
    told(capsys, "add", "lima")
    assert json_of(capsys, "stats")["backends"]["ibmq_lima"]["calibrations"] == 1


def test_periods_are_exported(archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    period = "--since", "2025-01-02", "--until", "2025-01-04", "--file", archive
    assert json_of(capsys, "export", str(tmp_path / "out"), *period)["calibrations"] == 2
    other = str(tmp_path / "other.sqlite3")
    assert json_of(capsys, "import", str(tmp_path / "out"), "--file", other)["added"] == 2
    assert times_of(other) == times_of(archive)[1:3]
    assert json_of(capsys, "merge", archive, "--file", other) == {"added": 3, "known": 2, "damaged": {}}
    assert times_of(other) == times_of(archive)


def test_calibrations_are_thinned_out(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = times_of(archive)
    plan = json_of(capsys, "prune", "lima", "--every", "2d", "--dry-run", "--file", archive)
    assert times_of(archive) == before
    assert (
        json_of(capsys, "prune", "lima", "--every", "2d", "--file", archive)["calibrations"]
        == plan["calibrations"]
        == 2
    )
    assert json_of(capsys, "prune", "--before", "2025-01-03", "--file", archive)["calibrations"] == 1
    assert all(time >= "2025-01-03" for time in times_of(archive))
    assert "2 calibrations and 3 payloads would be removed" in told(
        capsys, "remove", "lima", "--dry-run", "--file", archive
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prune"], "prune needs DEVICE, --before, --every or --damaged."),
        (["remove"], "remove needs DEVICE, --digest, --since, --until, --provenance or --origin."),
        (["prune", "limma"], "Did you mean 'lima'?"),
        (["prune", "--every", "x"], "--every must be a length of time"),
        (["prune", "--before", "soon"], "--before must be a time"),
        (["remove", "fez"], "no calibrations of 'fez'"),
        (["remove", "--digest", "zz"], "digest must be"),
        (["remove", "lima", "--origin", "nobody"], "no calibrations of the origin 'nobody'"),
        (["list", "--provenance", "mesured"], "Did you mean 'measured'?"),
        (["list", "--last", "0"], "--last"),
        (["events", "limma"], "Did you mean 'lima'?"),
        (["events", "lima", "--kind", "faild"], "Did you mean 'failed'?"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_changes_nothing(
    arguments: list[str], message: str, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = times_of(archive)
    assert message in refused(capsys, *arguments, "--file", archive)
    assert times_of(archive) == before


def test_overridden_calibrations_are_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = archived(tmp_path / "a", drifting("lima", 1))
    with CalibrationArchive(file) as archive:
        archive.add(Snapshot.load("lima").with_overrides(t1={0: 1e-6}))
    assert len(json_of(capsys, "list", "--file", str(file))) == 1
    assert len(json_of(capsys, "list", "--file", str(file), "--provenance", "any")) == 2
    assert json_of(capsys, "remove", "--provenance", "overridden", "--file", str(file))["calibrations"] == 1
    assert len(json_of(capsys, "list", "--file", str(file), "--provenance", "any")) == 1
