# SPDX-License-Identifier: Apache-2.0
"""A program that adds calibrations to an archive and reads them, until its time is over or it is killed.

Usage: python archive_worker.py FILE SEED SECONDS. Each line that it writes is the digest of a snapshot that add() took.
"""

from __future__ import annotations

import random
import sys
import time

from tests.support.calibrations import Drift

from qiskit_ibm_native import CalibrationArchive, Snapshot


def work(path: str, seed: int, seconds: float) -> None:
    """Add and read; any answer that is wrong raises."""
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    calibrations = iter(Drift("lima", seed).calibrations(1_000_000))
    with CalibrationArchive(path) as archive:
        mine: list[Snapshot] = []
        while time.monotonic() < deadline:
            snapshot = Snapshot.from_payloads(*next(calibrations))
            assert archive.add(snapshot, until=snapshot.last_update, origin=f"http://127.0.0.1:{4000 + seed}")
            if chance.random() < 0.1:
                invented = snapshot.with_overrides(t1={0: 1e-6})
                assert archive.add(invented)
                assert archive.remove(digest=invented.digest).calibrations == 1
            sys.stdout.write(f"{snapshot.digest}\n")
            sys.stdout.flush()
            mine.append(snapshot)
            known = chance.choice(mine)
            found = archive.between("ibmq_lima", known.last_update, None)[0]
            assert found.last_update == known.last_update
            assert archive.at("ibmq_lima", known.last_update).last_update == known.last_update
            if chance.random() < 0.1:
                series = archive.series("ibmq_lima", "t1", qubits=0)
                assert len(series) >= len(mine)
                assert not archive.add(known)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
