# SPDX-License-Identifier: Apache-2.0
"""Folders and files that this package writes to: whether it can. Nothing is made to find that out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding

TOPIC = "files"


def place_findings() -> Iterator[Finding]:
    """Yield findings about the home, the archive of calibrations and the store of local jobs."""
    from .._archive_file import DEFAULT, VARIABLE

    try:
        home = Path("~").expanduser()
    except RuntimeError:
        advice = "set HOME to a folder of yours"
        yield Finding(TOPIC, "home", "there is none, so that no account can be saved", "advice", advice)
    else:
        if is_writable(home):
            yield Finding(TOPIC, "home", f"{home}, can be written")
        else:
            advice = "set HOME to a folder that you may write to, if you want to save an account"
            yield Finding(TOPIC, "home", f"{home}, cannot be written", "advice", advice)
    yield _file("archive of calibrations", os.environ.get(VARIABLE) or DEFAULT, VARIABLE)
    yield from _store()
    yield _graphviz()


def _store() -> Iterator[Finding]:
    """Yield a finding about the store of local jobs, where services can run."""
    try:
        from ..local.jobs.store import DEFAULT_STORE, STORE_VARIABLE
    except ImportError:
        # The store needs locks that Windows does not have.
        return
    yield _file("store of local jobs", os.environ.get(STORE_VARIABLE) or DEFAULT_STORE, STORE_VARIABLE)


def _file(name: str, path: str, variable: str) -> Finding:
    advice = f"set {variable} to a file in a folder that you may write to"
    try:
        file = Path(path).expanduser().absolute()
    except RuntimeError:
        return Finding(TOPIC, name, f"{path}: there is no home", "problem", advice)
    if file.exists() and not file.is_file():
        return Finding(TOPIC, name, f"{file}, is no file", "problem", advice)
    if not is_writable(file):
        return Finding(TOPIC, name, f"{file}, cannot be written", "problem", advice)
    if not file.exists():
        return Finding(TOPIC, name, f"{file}, not there yet, can be made")
    return Finding(TOPIC, name, f"{file}, {file.stat().st_size / 1e6:.3g} MB, can be written")


def is_writable(path: Path) -> bool:
    """Return whether a file or folder can be written, or made if it is not there."""
    path = path.absolute()
    if path.exists():
        # SQLite makes files beside its own.
        folder = path if path.is_dir() else path.parent
        return os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)
    nearest = next(folder for folder in path.parents if folder.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _graphviz() -> Finding:
    found = shutil.which("dot")
    if found is None:
        advice = "install Graphviz for Qiskit's drawings of circuits as graphs; pictures of this package do without"
        return Finding(TOPIC, "Graphviz", "no program `dot`", "missing", advice)
    return Finding(TOPIC, "Graphviz", found)
