# SPDX-License-Identifier: Apache-2.0
"""Scripts on the disk: which there are, how they would change, and writing them."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import IBMInputValueError

if TYPE_CHECKING:
    from .findings import Finding

#: Folders that are not the user's own code.
_FOREIGN = ("__pycache__", "build", "dist", "node_modules", "site-packages", "venv")


@dataclass(frozen=True)
class Migration:
    r"""A script, and what it would be today.

    Attributes:
        path: The file.
        old: Its content.
        new: The content that would replace it; the same if nothing changes.
        findings: What was found, in the order of lines.
        error: Why the script could not be read, if so. Such a script is left as it is.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native.migration import migrate_scripts
        >>> _ = Path("old.py").write_text("from qiskit_ibm_provider import IBMProvider\n")
        >>> (migration,) = migrate_scripts(["old.py"])
        >>> print(migration.diff())
        --- old.py
        +++ old.py
        @@ -1 +1 @@
        -from qiskit_ibm_provider import IBMProvider
        +from qiskit_ibm_native import IBMProvider
    """

    path: Path
    old: bytes = field(repr=False)
    new: bytes = field(repr=False)
    findings: tuple[Finding, ...] = ()
    error: str | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the content would be another one."""
        return self.old != self.new

    def diff(self) -> str:
        """Return the change as a unified diff."""
        old, new = (content.decode("utf-8", "backslashreplace").splitlines(True) for content in (self.old, self.new))
        return "".join(difflib.unified_diff(old, new, str(self.path), str(self.path)))

    def write(self) -> None:
        """Replace the file as a whole: whatever happens, it has its old content or its new one. Its mode stays.

        Raises:
            IBMInputValueError: The file is not what it was when it was read.
            OSError: It cannot be written.
        """
        target = self.path.resolve()
        if target.read_bytes() != self.old:
            raise IBMInputValueError(
                f"{self.path} was changed since it was read, and is left as it is: run this again."
            )
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.new)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def migrate_scripts(paths: Iterable[str | os.PathLike[str]]) -> list[Migration]:
    r"""Read scripts and work out how they would be written today. Nothing is written.

    Args:
        paths: Scripts, and folders of which all ``*.py`` are read, hidden folders and installed packages left out.

    Raises:
        IBMInputValueError: A path does not exist or is no script, or a package is missing.
        OSError: A file cannot be read.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native.migration import migrate_scripts
        >>> _ = Path("old.py").write_text("from qiskit_ibm_provider import IBMProvider\n")
        >>> for migration in migrate_scripts(["."]):
        ...     print(migration.path, migration.is_changed)
        old.py True
    """
    from . import require_packages

    require_packages()
    # A script that is named twice is one script.
    found = dict.fromkeys(script for path in paths for script in _scripts_at(Path(path)))
    return [_migrate(script) for script in found]


def _migrate(path: Path) -> Migration:
    from .rewriting import rewrite

    old = path.read_bytes()
    if b"qiskit" not in old:
        # Parsing takes milliseconds a line.
        return Migration(path, old, old)
    try:
        new, findings = rewrite(old)
    except SyntaxError as error:
        return Migration(path, old, old, error=str(error.msg))
    except RecursionError:
        return Migration(path, old, old, error="expressions are nested too deeply")
    return Migration(path, old, new, tuple(findings))


def _scripts_at(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if name not in _FOREIGN and not name.startswith("."))
            yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))
    elif path.suffix == ".ipynb":
        raise IBMInputValueError(
            f"{path} is a notebook, and only scripts can be read. Convert it first: jupyter nbconvert --to script"
            f" {path}."
        )
    elif path.is_file():
        yield path
    else:
        raise IBMInputValueError(f"{path} does not exist: give scripts, or folders of scripts.")
