# SPDX-License-Identifier: Apache-2.0
"""Sweeps from TOML: the arguments of :class:`Sweep` that a file describes.

A file names functions, which are imported: it is a program, and is read only if its author is trusted.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import io
import os
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from glob import has_magic
from pathlib import Path
from typing import Any

from ...exceptions import IBMInputValueError
from ...snapshot.storage import bundled_folder
from ..inputs.circuits import is_program
from .named_functions import function_named

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Keys of a range of an archive, and of a range of seeds.
_RANGE = ("archive", "backend", "between", "provenance", "origin")
_SEEDS = ("start", "stop", "step")
#: Names that people try for keys.
_ALIASES = {
    "backend": "snapshots", "backends": "snapshots", "devices": "snapshots", "device": "snapshots", "level": "optimization_level",
    "levels": "optimization_level", "seed": "seeds", "seed_transpiler": "seeds", "circuit": "circuits",
}  # fmt: skip


def arguments_from(source: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arguments of a sweep that a file describes.

    Args:
        source: The path of the file, or, with a line break, its text, whose paths are relative to the current folder.

    Raises:
        IBMInputValueError: The text is no TOML, or says something that a sweep does not have.
        FileNotFoundError: There is no such file, or none that it names.
    """
    if isinstance(source, str) and "\n" in source:
        return arguments_of(source, "the text", Path())
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise IBMInputValueError(f"{path} is not valid TOML: {error}.") from error
    return arguments_of(text, str(path), path.parent)


def arguments_of(text: str, name: str, folder: Path) -> dict[str, Any]:
    """Return the arguments of a sweep that a text describes.

    Args:
        text: The text.
        name: Its name, for messages.
        folder: The folder to which its paths are relative.
    """
    return _Reader(name, folder).arguments(text)


class _Reader:
    """Reader of one file."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._readers: dict[str, Callable[[Any], Any]] = {
            "circuits": self._circuits,
            "circuits_qpy": self._inline_circuits,
            "snapshots": self._snapshots,
            "optimization_level": _same,
            "seeds": self._seeds,
            "use_fractional_gates": self._flag,
            "initial_layout": self._choices(_same, "initial_layout"),
            "initial_layout_by_circuit": self._mapping("initial_layout_by_circuit"),
            "basis_gates": self._choices(_same, "basis_gates"),
            "coupling_map": self._choices(_same, "coupling_map"),
            "scheduling_method": self._choices(_same, "scheduling_method"),
            "pass_manager": self._choices(self._pass_managers, "pass_manager"),
            "options": _same,
            "options_by_name": self._options_by_name,
            "metrics": self._metrics,
            "objective": _same,
            "stop_when": _same,
        }

    def arguments(self, text: str) -> dict[str, Any]:
        try:
            document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise IBMInputValueError(f"{self._name} is not valid TOML: {error}.") from error
        self._check_keys("", document, tuple(self._readers))
        read = {key: self._readers[key](value) for key, value in document.items()}
        if "circuits_qpy" in read:
            read["circuits"] = [*read.get("circuits", ()), *read.pop("circuits_qpy")]
        for key, argument in (("initial_layout_by_circuit", "initial_layout"), ("options_by_name", "options")):
            if key in read and argument in read:
                raise self._error(key, f"cannot stand beside {argument}, which says the same")
            if key in read:
                read[argument] = read.pop(key)
        for key in ("circuits", "snapshots"):
            if not read.get(key):
                raise self._error(key, "is missing: a sweep has at least one of them")
        return read

    def _error(self, key: str, why: str) -> IBMInputValueError:
        return IBMInputValueError(f"{self._name}: {key} {why}{'' if why.endswith('?') else '.'}")

    def _check_keys(self, within: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                close = get_close_matches(key, known, 1)
                near = _ALIASES.get(key) if not within and key in _ALIASES else close[0] if close else None
                hint = f"did you mean {near!r}?" if near is not None else f"there are {', '.join(known)}"
                raise self._error(f"{within}{key}", f"is no key; {hint}")

    def _path(self, text: str) -> Path:
        # Not by Path.expanduser(), to which "./~name" is "~name", and which fails if there is no such user.
        return self._folder / os.path.expanduser(text)  # noqa: PTH111

    def _circuits(self, value: Any) -> list[str | Path]:
        found: list[str | Path] = []
        for where, item in self._items("circuits", value):
            if not isinstance(item, str):
                raise self._error(where, f"is a path or an OpenQASM program, not {item!r:.80}")
            if is_program(item):
                found.append(item)
                continue
            path = self._path(item)
            matches = [path] if path.exists() or not has_magic(item) else self._matches(item)
            if not matches or not matches[0].exists():
                raise FileNotFoundError(
                    f"{self._name}: {where}: there is no circuit {item!r} in {self._folder.absolute()}."
                )
            found += matches
        return found

    def _matches(self, pattern: str) -> list[Path]:
        root = Path(Path(pattern).anchor) if Path(pattern).is_absolute() else self._folder
        return sorted(root.glob(str(Path(pattern).relative_to(root) if Path(pattern).is_absolute() else pattern)))

    def _inline_circuits(self, value: Any) -> list[Any]:
        from qiskit import qpy

        found: list[Any] = []
        for where, item in self._items("circuits_qpy", value):
            try:
                found += qpy.load(io.BytesIO(base64.b64decode("".join(item.split()), validate=True)))
            except (binascii.Error, AttributeError) as error:
                raise self._error(where, f"is no base64 text: {error}") from error
            except Exception as error:
                raise self._error(where, f"is no QPY: {error}") from error
        return found

    def _snapshots(self, value: Any) -> list[Any]:
        return [self._snapshot(where, item) for where, item in self._items("snapshots", value)]

    def _snapshot(self, where: str, item: Any) -> Any:
        if isinstance(item, Mapping):
            return self._range(where, item)
        if not isinstance(item, str):
            raise self._error(where, f"is the name of a device, a path, or a range of an archive, not {item!r:.80}")
        if bundled_folder(item) is not None:
            return item
        path = self._path(item)
        if not path.exists():
            raise FileNotFoundError(
                f"{self._name}: {where}: there is no bundled device {item!r}, and no such file in {self._folder.absolute()}."
            )
        return path

    def _range(self, where: str, table: Mapping[str, Any]) -> Any:
        from ...archive import CalibrationArchive

        self._check_keys(f"{where}.", table, _RANGE)
        texts = [table.get(key) for key in _RANGE[:2]]
        if not all(isinstance(text, str) for text in texts):
            raise self._error(where, "needs texts 'archive', the path of the file, and 'backend', the device")
        path = self._path(str(texts[0]))
        if not path.is_file():
            raise FileNotFoundError(f"{self._name}: {where}.archive: there is no archive {path}.")
        ends = table.get("between", (None, None))
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise self._error(f"{where}.between", f"is the start and the end of a period, not {ends!r:.80}")
        start, end = (self._moment(f"{where}.between", moment) for moment in ends)
        choice = {key: table[key] for key in _RANGE[3:] if key in table}
        if not all(isinstance(text, str) for text in choice.values()):
            raise self._error(where, "has texts as 'provenance' and 'origin'")
        return CalibrationArchive(path).between(str(texts[1]), start, end, **choice)

    def _moment(self, where: str, value: Any) -> datetime.datetime | None:
        """Return a moment; dates are their midnight, and times without an offset are in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime.datetime):
            return value if value.tzinfo is not None else value.replace(tzinfo=datetime.timezone.utc)
        if isinstance(value, datetime.date):
            return datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.timezone.utc)
        raise self._error(where, f"has dates, not {value!r:.80}")

    def _seeds(self, value: Any) -> Any:
        if isinstance(value, str):
            ends = [end.strip() for end in value.split("..")]
            if len(ends) != 2 or not all(end.isdecimal() for end in ends):
                raise self._error("seeds", f'is a number, a list, or "first..last", not {value!r:.80}')
            return range(int(ends[0]), int(ends[1]) + 1)
        if isinstance(value, Mapping):
            self._check_keys("seeds.", value, _SEEDS)
            start, stop, step = (value.get(key, default) for key, default in zip(_SEEDS, (0, "", 1), strict=True))
            if not all(type(number) is int for number in (start, stop, step)) or step == 0:
                raise self._error("seeds", "has whole numbers start, stop (excluded) and step, as Python's range")
            return range(start, stop, step)
        return value

    def _flag(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._error("use_fractional_gates", f"is true or false, not {value!r:.80}")
        return value

    def _choices(self, read: Callable[[Any], Any], key: str) -> Callable[[Any], Any]:
        """Return a reader of an axis, whose values have names if they stand in a table."""

        def reader(value: Any) -> Any:
            if not isinstance(value, Mapping):
                return read((key, value)) if read is not _same else value
            from ..inputs.choices import Choices

            named = {name: read((f"{key}.{name}", item)) if read is not _same else item for name, item in value.items()}
            return Choices(named)

        return reader

    def _mapping(self, key: str) -> Callable[[Any], Any]:
        def reader(value: Any) -> Any:
            if not isinstance(value, Mapping):
                raise self._error(key, f"is a table, not {value!r:.80}")
            return dict(value)

        return reader

    def _options_by_name(self, value: Any) -> Any:
        from ..inputs.choices import Choices

        return Choices(self._mapping("options_by_name")(value))

    def _pass_managers(self, named: tuple[str, Any]) -> Any:
        """Return a function, options of Qiskit's own, or a list of those."""
        where, value = named
        if isinstance(value, list):
            return [self._pass_managers((f"{where}[{number}]", item)) for number, item in enumerate(value)]
        return value if isinstance(value, Mapping) else function_named(value, f"{self._name}: {where}")

    def _metrics(self, value: Any) -> dict[str, Any]:
        named = self._mapping("metrics")(value)
        return {name: function_named(item, f"{self._name}: metrics.{name}") for name, item in named.items()}

    def _items(self, key: str, value: Any) -> list[tuple[str, Any]]:
        """Return one value or several, each with the path of its key."""
        if isinstance(value, list):
            return [(f"{key}[{number}]", item) for number, item in enumerate(value)]
        return [(key, value)]


def _same(value: Any) -> Any:
    return value
