# SPDX-License-Identifier: Apache-2.0
"""Files of every version that was ever written, in ``tests/payloads/formats``.

Each was written by the release that wrote this version, and is never written anew.
"""

from __future__ import annotations

import lzma
from pathlib import Path

from tests.support import TESTS

FORMATS = TESTS / "payloads" / "formats"


def opened(name: str, folder: Path) -> Path:
    """Return a copy of an archive or of a ledger, which may be changed."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.sqlite3"
    path.write_bytes(lzma.decompress((FORMATS / f"{name}.sqlite3.xz").read_bytes()))
    return path
