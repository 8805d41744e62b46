# SPDX-License-Identifier: Apache-2.0
"""Sweeps as TOML, which :mod:`.reading` reads: the same tasks with the same identifiers."""

from __future__ import annotations

import base64
import datetime
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...exceptions import IBMInputValueError
from ...snapshot import Snapshot
from ...snapshot.acceptance import accept
from ...snapshot.sources import LazySnapshots, is_collection
from ...snapshot.storage import bundled_folder
from ..inputs.choices import Choices
from ..inputs.circuits import is_program
from ..inputs.qpy_codec import decode_transfer
from ..tasks import TaskSource
from .named_functions import name_of_function
from .reading import arguments_of
from .toml_text import NotWritableError, toml_text

if TYPE_CHECKING:
    from ...archive import SnapshotRange
    from ..inputs.circuits import CircuitStore

#: Names that a sweep gives to circuits whose name Qiskit made up, and a name of that kind.
_RENAMED, _AUTOMATIC = "circuit-", "circuit-0"
#: Characters that names of files are without, and the longest part of one that is the name of a device.
_NO_FILE_NAME, _MAX_FILE_NAME = re.compile(r"[^\w.-]", re.ASCII), 60
#: Arguments that are written as they are, or by the names of functions.
_PLAIN = ("basis_gates", "coupling_map", "scheduling_method", "objective", "stop_when")
#: The end of a period is not in it.
_MOMENT = datetime.timedelta(microseconds=1)


class WritableSweep(TaskSource, Protocol):
    """The part of a :class:`Sweep` of which a file is made."""

    _given: dict[str, Any]
    _circuits: CircuitStore


def remembered(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those arguments of a sweep of which :func:`sweep_toml` makes a file.

    Circuits are kept by the sweep itself, so that only their paths are remembered; snapshots of an iterator likewise.
    """
    given = {name: value for name, value in arguments.items() if not name.startswith("_") and name != "self"}
    circuits = given.pop("circuits")
    sources = [circuits] if isinstance(circuits, str | os.PathLike) else circuits
    if isinstance(sources, list | tuple) and all(map(_is_path, sources)):
        # As absolute ones, since the working folder may change.
        given["circuits"] = [Path(source).absolute() for source in sources]
    if isinstance(given["snapshots"], Iterator):
        given["snapshots"] = None
    return given


def _is_path(source: Any) -> bool:
    return isinstance(source, os.PathLike) or (isinstance(source, str) and not is_program(source))


def sweep_toml(sweep: WritableSweep, path: str | os.PathLike[str] | None, make: Callable[..., TaskSource]) -> str:
    """Return a sweep as TOML; with a path, write it and what it needs beside it.

    Args:
        sweep: The sweep.
        path: The path.
        make: The class of sweeps.

    Raises:
        IBMInputValueError: A file cannot say something that the sweep was given.
    """
    writer = _Writer(sweep, None if path is None else Path(path))
    try:
        text = toml_text(writer.document())
    except NotWritableError as error:
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.path).lstrip(".")
        raise IBMInputValueError(f"{where or 'A key'} cannot be written: {error}.") from error
    with writer.files_beside():
        _check_that_tasks_are_the_same(sweep, text, writer.folder or Path(), make)
    if path is not None:
        replace_file(Path(path).expanduser(), text.encode())
    return text


class _Writer:
    """Writer of one sweep."""

    def __init__(self, sweep: WritableSweep, path: Path | None) -> None:
        self._sweep, self._given, self._path = sweep, sweep._given, path
        #: The folder to which paths are relative.
        self.folder = None if path is None else path.expanduser().absolute().parent
        #: Files beside the file of the sweep.
        self.files: dict[Path, bytes | Snapshot] = {}

    def document(self) -> dict[str, Any]:
        given = self._given
        document = {**self._circuits(), "snapshots": list(self._snapshots()), **self._levels(), "seeds": self._seeds()}
        choice = self._fractional_gates()
        if choice is not None:
            document["use_fractional_gates"] = choice
        for name in _PLAIN:
            if given.get(name) is not None:
                document[name] = self._axis(name, given[name])
        document.update(self._layouts())
        if given.get("pass_manager") is not None:
            document["pass_manager"] = self._pass_managers("pass_manager", given["pass_manager"])
        document.update(self._options())
        if given.get("metrics"):
            document["metrics"] = {
                name: name_of_function(function, f"metrics.{name}") for name, function in given["metrics"].items()
            }
        return document

    @contextmanager
    def files_beside(self) -> Iterator[None]:
        """Write the files beside that of the sweep, and remove new ones if the sweep cannot be written."""
        new = [file for file in self.files if not file.exists()]
        try:
            for file, content in self.files.items():
                if isinstance(content, Snapshot):
                    content.save(file)
                else:
                    replace_file(file, content)
            yield
        except BaseException:
            for file in new:
                file.unlink(missing_ok=True)
            raise

    def _relative(self, path: Path) -> str:
        """Return a path as the file has it: one that reads as something else begins with the present folder.

        Raises:
            IBMInputValueError: It reads as a program.
        """
        text = str(path) if self.folder is None else os.path.relpath(path, self.folder)
        if is_program(text):
            raise _refusal(f"The path {text!r:.200}", "it reads as an OpenQASM program; give the file another name")
        return f"./{text}" if text.startswith("~") or bundled_folder(text) is not None else text

    def _beside(self, ending: str) -> Path:
        assert self._path is not None and self.folder is not None  # noqa: S101, PT018 (for mypy)
        return self.folder / f"{self._path.stem}{ending}"

    def _circuits(self) -> dict[str, Any]:
        if "circuits" in self._given:
            return {"circuits": [self._relative(path) for path in self._given["circuits"]]}
        content = _qpy(self._sweep._circuits)
        if self._path is None:
            return {"circuits_qpy": base64.b64encode(content).decode()}
        file = self._beside(".qpy")
        self.files[file] = content
        return {"circuits": [file.name]}

    def _snapshots(self) -> Iterator[Any]:
        given = self._given["snapshots"]
        if given is not None:
            yield from self._sources(given)
            return
        for number in range(len(self._sweep.snapshots)):
            snapshot = self._sweep.snapshots.snapshot(number)
            if snapshot is None:
                raise _target_refusal(self._sweep.snapshots.entry(number).backend)
            yield self._snapshot(snapshot)

    def _sources(self, source: Any) -> Iterator[Any]:
        if isinstance(source, LazySnapshots):
            yield from self._range(source)
        elif isinstance(source, str) and bundled_folder(source) is not None:
            yield source
        elif isinstance(source, str | os.PathLike):
            yield self._relative(Path(source).absolute())
        elif (accepted := accept(source)) is not None:
            yield self._snapshot(accepted.snapshot)
        elif is_collection(source):
            for item in source:
                yield from self._sources(item)
        else:
            raise _target_refusal(getattr(source, "name", None) or type(source).__name__)

    def _range(self, found: Any) -> Iterator[Any]:
        """Yield a range of an archive: one period, or a period for each calibration if it leaves some out."""
        times = getattr(found, "times", None)
        if times is None:
            yield from map(self._snapshot, found)
            return
        chosen: SnapshotRange = found
        if not times:
            return
        archive = {"archive": self._relative(chosen._archive.path), "backend": chosen.backend}
        choice = {key: value for key, value in chosen._choice._asdict().items() if value not in (None, "measured")}
        archive.update(choice)
        whole = chosen._archive.between(chosen.backend, times[0], times[-1] + _MOMENT, **choice).times
        periods = [(times[0], times[-1])] if whole == times else [(time, time) for time in times]
        yield from ({**archive, "between": [start, end + _MOMENT]} for start, end in periods)

    def _snapshot(self, snapshot: Snapshot) -> str:
        name = snapshot.name
        if bundled_folder(name) is not None and Snapshot.load(name) == snapshot:
            return name
        if self._path is None or not snapshot.has_payloads:
            raise IBMInputValueError(
                f"The snapshot of {name} cannot be written "
                + ("into the text: to_toml('plan.toml') writes it to a file beside." if snapshot.has_payloads
                   else "because it has no payloads: it was made from a compact form without them.")
            )  # fmt: skip
        # The name of a device may be any text, and the digest tells files apart.
        file = self._beside(f"-{_NO_FILE_NAME.sub('_', name)[:_MAX_FILE_NAME]}-{snapshot.digest[:12]}.zip")
        self.files[file] = snapshot
        return file.name

    def _fractional_gates(self) -> bool | None:
        """Return the choice of all snapshots, which backends may have made.

        Raises:
            IBMInputValueError: It is another one for some of them.
        """
        if self._given.get("use_fractional_gates") is not None:
            return bool(self._given["use_fractional_gates"])
        devices = self._sweep.snapshots
        choices = {devices.entry(number).use_fractional_gates for number in range(len(devices))}
        if len(choices) > 1:
            raise IBMInputValueError(
                "The backends of this sweep differ in their choice of fractional gates, and a file has one for all. Make a"
                " sweep for each choice, or give use_fractional_gates."
            )
        return choices.pop() if choices else None

    def _levels(self) -> dict[str, Any]:
        return {"optimization_level": self._plain("optimization_level", self._given["optimization_level"])}

    def _seeds(self) -> Any:
        seeds = self._sweep.seeds
        if isinstance(seeds, range) and seeds.step == 1:
            return f"{seeds[0]}..{seeds[-1]}"
        if isinstance(seeds, range):
            return {"start": seeds.start, "stop": seeds.stop, "step": seeds.step}
        return list(seeds)

    def _layouts(self) -> dict[str, Any]:
        layout = self._given.get("initial_layout")
        if layout is None:
            return {}
        if isinstance(layout, Mapping) and not isinstance(layout, Choices):
            if not all(isinstance(name, str) for name in layout):
                raise _refusal("initial_layout", "it is by qubits: give the physical qubits as a list")
            return {"initial_layout_by_circuit": {name: _qubits(name, found) for name, found in layout.items()}}
        return {"initial_layout": self._axis("initial_layout", layout)}

    def _options(self) -> dict[str, Any]:
        options = self._given.get("options") or ()
        if isinstance(options, Choices):
            return {"options_by_name": self._plain("options", dict(options.items()))}
        if isinstance(options, Iterator):
            raise _refusal("options", "they were given by an iterator, which has ended: give a list")
        if isinstance(options, Mapping):
            return {"options": self._plain("options", options)}
        return {"options": self._plain("options", list(options))} if list(options) else {}

    def _pass_managers(self, where: str, value: Any) -> Any:
        """Return functions by their names, and options of Qiskit's own as they are; one set of them as a list."""
        if isinstance(value, Choices):
            return {name: self._pass_manager(f"{where}.{name}", item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._pass_manager(f"{where}[{number}]", item) for number, item in enumerate(value)]
        return [self._plain(where, value)] if isinstance(value, Mapping) else name_of_function(value, where)

    def _pass_manager(self, where: str, value: Any) -> Any:
        return self._plain(where, value) if isinstance(value, Mapping) else name_of_function(value, where)

    def _axis(self, where: str, value: Any) -> Any:
        return self._plain(where, dict(value.items()) if isinstance(value, Choices) else value)

    def _plain(self, where: str, value: Any) -> Any:
        """Return a value as TOML has it: ranges, tuples, arrays and couplings as lists, numpy's numbers as Python's."""
        if isinstance(value, str | bool | int | float | datetime.datetime) and type(value).__module__ != "numpy":
            return value
        if isinstance(value, Mapping):
            return {str(name): self._plain(f"{where}.{name}", item) for name, item in value.items()}
        if isinstance(value, Iterator):
            raise _refusal(where, "it was given by an iterator, which has ended: give a list")
        if hasattr(value, "get_edges"):
            return [list(map(int, pair)) for pair in value.get_edges()]
        if hasattr(value, "tolist"):
            return value.tolist()
        if isinstance(value, list | tuple | range | set | frozenset):
            items = sorted(value) if isinstance(value, set | frozenset) else value
            return [self._plain(f"{where}[{number}]", item) for number, item in enumerate(items)]
        raise _refusal(
            where, f"a file has no {type(value).__name__}: give text, numbers, true or false, and lists of these"
        )


def _qubits(name: str, layout: Any) -> list[int]:
    try:
        return [index(qubit) for qubit in layout]
    except TypeError:
        raise _refusal(f"initial_layout of {name!r}", "give the physical qubits as a list") from None


def _refusal(where: str, why: str) -> IBMInputValueError:
    return IBMInputValueError(f"{where} cannot be written: {why}.")


def _target_refusal(name: Any) -> IBMInputValueError:
    return _refusal(
        f"Device {name!r}", "it is a target, which no file has. A file takes names of bundled devices, snapshots, and ranges"
        " of archives"
    )  # fmt: skip


def _qpy(store: CircuitStore) -> bytes:
    """Return the circuits of a sweep as one QPY file."""
    from qiskit import qpy

    circuits = []
    # A store has its circuits once for each initial layout.
    for number in range(len(store) // len(store._choices)):
        circuit = decode_transfer(store.blob(number))
        # A name that a sweep made of a circuit's content becomes one that it would make again.
        if circuit.name == f"{_RENAMED}{store.entry(number).digest.hex()[:12]}":
            circuit.name = _AUTOMATIC
        circuits.append(circuit)
    content = io.BytesIO()
    try:
        qpy.dump(circuits, content)
    except Exception as error:
        raise IBMInputValueError(
            f"A circuit cannot be written as QPY: {error}. Write the circuits to OpenQASM files, and give their paths."
        ) from error
    return content.getvalue()


def replace_file(file: Path, content: bytes) -> None:
    """Write a file, which appears when it is complete."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _check_that_tasks_are_the_same(
    sweep: WritableSweep, text: str, folder: Path, make: Callable[..., TaskSource]
) -> None:
    """Make a sweep of a text, and compare tasks along each axis.

    Raises:
        IBMInputValueError: They differ.
    """
    again = make(**arguments_of(text, "the text", folder))
    why = "" if len(again) == len(sweep) else f"the file would have {len(again)} tasks in place of {len(sweep)}"
    stride = 1
    for length in reversed(sweep.shape):
        indices = range(0, stride * length, stride)
        different = (number for number in indices if not why and again.task_key(number) != sweep.task_key(number))
        number = next(different, None)
        why = why if number is None else f"the file would have another {_difference(sweep, again, number)}"
        stride *= length
    if why:
        raise IBMInputValueError(
            f"This sweep cannot be written: {why}. Use plain values: text, numbers, and lists of these in place of tuples,"
            " sets and objects."
        )


def _difference(sweep: WritableSweep, again: TaskSource, number: int) -> str:
    """Return the part of a task that two sweeps do not have in common."""
    mine, other = sweep[number], again[number]
    if mine.circuit_digest != other.circuit_digest:
        return f"circuit than {mine.circuit!r:.80}, which OpenQASM may be able to write"
    if mine.snapshot_digest != other.snapshot_digest or mine.use_fractional_gates != other.use_fractional_gates:
        return f"device than {mine.backend}"
    if sweep.setting(number).digest != again.setting(number).digest:
        return f"setting than {sweep.setting(number).text or 'that of its pass manager':.80}"
    return "seed or layout"
