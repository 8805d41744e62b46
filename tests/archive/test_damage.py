# SPDX-License-Identifier: Apache-2.0
"""Damaged bytes: whatever answers differently, or not at all, is found by verify()."""

from __future__ import annotations

import random
import shutil
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.archive.test_provenance import CLOUD, HOUR, OTHER
from tests.support.calibrations import Drift

from qiskit_ibm_native import CalibrationArchive, Snapshot
from qiskit_ibm_native.exceptions import IBMError
from qiskit_ibm_native.snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES

NAMES = {"lima": "ibmq_lima", "vigo": "ibmq_vigo"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an archive with everything: devices, origins, confirmations, overrides, pulse defaults, blocks."""
    path = tmp_path_factory.mktemp("sound") / "archive.sqlite3"
    with CalibrationArchive(path) as archive:
        for device in NAMES:
            for number, payloads in enumerate(Drift(device).calibrations(8)):
                made = Snapshot.from_payloads(*payloads)
                archive.add(made, until=made.last_update + HOUR, origin=(CLOUD, OTHER)[number % 2])
                if number % 3 == 0:
                    archive.add(made, until=made.last_update + 2 * HOUR)
                    archive.add(made.with_overrides(t1={0: number * 1e-6}, date=made.last_update + HOUR))
            archive.add(Snapshot.load(device))
            archive.series(device, "t1", origin="any")
    return path


def digests(found: Any) -> Any:
    return [getattr(calibration, "digest", None) for calibration in found]


def answers(archive: CalibrationArchive, folder: Path) -> dict[str, Any]:
    """Return the answers to all kinds of questions; errors and warnings are answers as well."""
    asked: dict[str, Any] = {"stats": lambda: str(archive.stats()).partition("\n")[2], "backends": archive.backends}
    for device, name in NAMES.items():
        times = [Snapshot.from_payloads(*payloads).last_update for payloads in Drift(device).calibrations(8)]
        for origin in (CLOUD, OTHER, "any"):
            for provenance in ("measured", "overridden"):
                choice = {"origin": origin, "provenance": provenance}
                asked |= {
                    f"latest {name} {choice}": lambda name=name, choice=choice: digests(
                        [archive.latest(name, **choice)]
                    ),
                    f"between {name} {choice}": lambda name=name, choice=choice: digests(
                        archive.between(name, **choice)
                    ),
                    f"times {name} {choice}": lambda name=name, choice=choice: archive.between(name, **choice).times,
                }
        asked |= {
            f"origins {name}": lambda name=name: archive.origins(name),
            f"at {name}": lambda name=name, times=times: digests(
                archive.at(name, time, origin="any") for time in times[1::2]
            ),
            f"confirmed {name}": lambda name=name, times=times: [
                getattr(archive.latest_before_confirmed(name, time + hours * HOUR, origin), "digest", None)
                for time in times
                for hours in (0.5, 1.5)
                for origin in (CLOUD, OTHER)
            ],
        }
        subjects = [(name, None) for name in QUBIT_QUANTITIES] + [(name, "cx") for name in GATE_QUANTITIES]
        for quantity, gate in subjects:
            asked[f"series {name} {quantity} {gate}"] = lambda name=name, quantity=quantity, gate=gate: values(
                archive, name, quantity, gate
            )
    asked["export"] = lambda: exported(archive, folder)
    return {question: answer(ask) for question, ask in asked.items()}


def values(archive: CalibrationArchive, name: str, quantity: str, gate: str | None) -> Any:
    found = archive.series(name, quantity, gate=gate, origin="any", provenance="any", threads=1)
    return found.times.tolist(), found.values.tobytes(), found.valid.tobytes(), found.qubits.tolist()


def exported(archive: CalibrationArchive, folder: Path) -> Any:
    shutil.rmtree(folder, ignore_errors=True)
    archive.export(folder, origin="any", provenance="any")
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def answer(ask: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return ask()
        except (IBMError, RuntimeWarning) as error:
            return f"{type(error).__name__}: {error}"


def outcome(path: Path, folder: Path) -> tuple[dict[str, Any] | None, bool]:
    """Return the answers of a file, if it can be opened, and whether verify() is content with it."""
    try:
        with CalibrationArchive(path) as archive:
            is_content = bool(archive.verify())
            return answers(archive, folder), is_content
    except IBMError:
        # That the file cannot be opened is told.
        return None, False


def tables(path: Path) -> list[int]:
    """Return offsets of pages of tables and indexes other than those of payloads and columns."""
    small = "('calibrations', 'sightings', 'calibrations_by_time', 'calibrations_by_content', 'sightings_by_origin', 'blocks')"
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = [root for (root,) in connection.execute(f"SELECT rootpage FROM sqlite_master WHERE name IN {small}")]
    return [(root - 1) * size + byte for root in roots for byte in range(size)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["anywhere", "tables"])
def test_verify_finds_every_damaged_byte_that_changes_an_answer(sound: Path, tmp_path: Path, kind: str) -> None:
    content = sound.read_bytes()
    with CalibrationArchive(sound) as archive:
        expected = answers(archive, tmp_path / "out")
        assert archive.verify(), str(archive.verify())
    assert not [answer for answer in expected.values() if isinstance(answer, str) and "Error" in answer]
    chance = random.Random(18)
    offsets = [offset for offset in tables(sound) if content[offset]] if kind == "tables" else range(len(content))
    changed = 0
    for _ in range(150):
        path = tmp_path / "damaged.sqlite3"
        for left in tmp_path.glob("damaged.sqlite3*"):
            left.unlink()
        offset = chance.choice(offsets)
        wrong = bytearray(content)
        wrong[offset] ^= chance.randrange(1, 256)
        path.write_bytes(wrong)
        found, is_content = outcome(path, tmp_path / "out")
        if found != expected:
            changed += 1
            differing = None if found is None else [key for key in expected if found[key] != expected[key]]
            assert not is_content, (offset, content[offset], wrong[offset], differing)
    # Most bytes are used, and no test is as good as its number says if they are not.
    assert changed >= 40


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE calibrations SET added = added + 1 WHERE id = 2", "its row is not what its checksum says"),
        ("UPDATE calibrations SET is_overridden = 1 WHERE id = 1", "it has no overrides"),
        (
            "UPDATE calibrations SET is_overridden = 0 WHERE is_overridden = 1",
            "it is listed as measured, and has overrides",
        ),
        ("UPDATE calibrations SET configuration = 4 - configuration WHERE id = 4", ""),
        ("UPDATE sightings SET until = until + 1 WHERE calibration = 1", "not what their checksum says"),
        ("UPDATE sightings SET origin = 'https://nowhere' WHERE calibration = 3", "not what their checksum says"),
        ("UPDATE calibrations SET backend = CAST(x'ff' AS TEXT) WHERE id = 2", "it cannot be read"),
        ("UPDATE sightings SET origin = CAST(x'ff' AS TEXT) WHERE calibration = 3", "not what their checksum says"),
        ("UPDATE sightings SET origin = CAST(origin AS BLOB) WHERE calibration = 3", "not what their checksum says"),
        ("UPDATE sightings SET calibration = 999 WHERE calibration = 3", "there is no such calibration"),
    ],
)
def test_rows_that_no_payload_contradicts_are_found_and_removed(
    sound: Path, tmp_path: Path, statement: str, problem: str
) -> None:
    path = tmp_path / "copy.sqlite3"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(statement).rowcount
        connection.commit()
    with CalibrationArchive(path) as archive:
        report = archive.verify()
        assert not report
        assert problem in str(report)
        archive.prune(damaged=True)
        assert archive.verify(), str(archive.verify())


def test_a_confirmation_that_is_damaged_confirms_nothing(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite3"
    shutil.copy(sound, path)
    last = Snapshot.from_payloads(*list(Drift("lima").calibrations(8))[-1]).last_update
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE sightings SET until = until + 10000000000")
        connection.commit()
    with CalibrationArchive(path) as archive:
        assert archive.latest_before_confirmed("lima", last + 2 * HOUR, OTHER) is None
    with CalibrationArchive(sound) as archive:
        assert archive.latest_before_confirmed("lima", last + HOUR / 2, OTHER) is not None
