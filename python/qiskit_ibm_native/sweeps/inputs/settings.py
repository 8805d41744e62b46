# SPDX-License-Identifier: Apache-2.0
"""Settings of a sweep: each combination of optimization level, options and factory of pass managers."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from itertools import product
from typing import Any, NamedTuple

from .fingerprint import fingerprint
from .pickling import Pickled, pickled

#: Options that a sweep sets by itself, and the argument of the sweep that they come from.
_OURS = {
    "target": "snapshots", "backend": "snapshots", "coupling_map": "snapshots", "basis_gates": "snapshots",
    "dt": "snapshots",     "optimization_level": "optimization_level", "seed_transpiler": "seeds", "initial_layout": "initial_layout",
}  # fmt: skip


class Setting(NamedTuple):
    """Factory of pass managers, optimization level and options."""

    digest: bytes
    optimization_level: int
    options: Mapping[str, Any]
    #: The name of the factory; empty for Qiskit's own.
    pass_manager: str
    #: The pickled :class:`Recipe`, of which workers make pass managers.
    recipe: bytes

    @property
    def text(self) -> str:
        """The options as text for people."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class Recipe(NamedTuple):
    """A setting as workers get it."""

    #: The factory; ``None`` for Qiskit's own.
    factory: Pickled | None
    optimization_level: int
    options: dict[str, Any]


def settings_of(optimization_level: Any, options: Any, pass_manager: Callable[..., Any] | None) -> list[Setting]:
    """Return the settings of all combinations of options and levels; levels vary faster.

    Raises:
        IBMInputValueError: A level or an option is invalid, or an option or the factory cannot be pickled.
    """
    if not isinstance(options, Iterable) or isinstance(options, str | bytes):
        raise _wrong(f"options are mappings of names, or several of those, not {options!r}")
    levels = [_level(level) for level in several("optimization_level", optimization_level)]
    variants = [options] if isinstance(options, Mapping) else list(options)
    factory = _pickled(pass_manager)
    known = _preset_options() if pass_manager is None else None
    name = "" if pass_manager is None else _name(pass_manager)
    found = []
    for variant, level in product(variants or [{}], levels):
        chosen = _checked(variant, known)
        try:
            digest = fingerprint("setting", level, chosen, pass_manager)
            recipe = pickle.dumps(Recipe(factory, level, chosen), protocol=5)
        except Exception as error:
            raise _wrong(f"options {chosen} cannot be sent to workers: {error}") from error
        found.append(Setting(digest, level, chosen, name, recipe))
    return found


def seeds_of(seeds: Any) -> list[int] | range:
    """Return seeds as a list; ranges stay ranges.

    Raises:
        IBMInputValueError: A seed is no whole number from 0 to 2^63 - 1.
    """
    chosen = several("seeds", seeds)
    # Members of a range are whole numbers between its ends.
    for seed in (chosen[0], chosen[-1]) if isinstance(chosen, range) else chosen:
        if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**63:
            raise _wrong(f"seeds are whole numbers of at least 0, so that results can be had again, not {seed!r}")
    return chosen if isinstance(chosen, range) else [int(seed) for seed in chosen]


def several(name: str, values: Any) -> list[Any] | range:
    """Return one value or several as a list of at least one; ranges stay ranges."""
    try:
        chosen = values if isinstance(values, range) else list(values)
    except TypeError:
        # One value; arrays without a dimension are iterable by name only.
        chosen = [values]
    if not chosen:
        raise _wrong(f"{name} must have at least one value")
    return chosen


def _level(level: Any) -> int:
    if isinstance(level, bool) or level not in (0, 1, 2, 3):
        raise _wrong(f"optimization_level is 0, 1, 2 or 3, not {level!r}")
    return int(level)


def _preset_options() -> list[str]:
    """Return the names of the arguments of Qiskit's own factory."""
    from qiskit.transpiler import generate_preset_pass_manager

    return list(inspect.signature(generate_preset_pass_manager).parameters)


def _checked(options: Any, known: list[str] | None) -> dict[str, Any]:
    """Return options as a dictionary.

    Args:
        options: The options.
        known: The names that the factory takes; ``None`` if the factory decides by itself.
    """
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise _wrong(f"options are mappings of names, or several of those, not {options!r}")
    for name in options:
        if name in _OURS:
            raise _wrong(f"{name!r} is no option: it comes from the sweep's {_OURS[name]}")
        if known is not None and name not in known:
            close = get_close_matches(name, known, 1)
            others = ", ".join(sorted(other for other in known if other not in _OURS and not other.startswith("_")))
            hint = f"did you mean {close[0]!r}?" if close else f"there are {others}"
            raise _wrong(f"{name!r} is no option of generate_preset_pass_manager; {hint}")
    return dict(options)


def _pickled(factory: Callable[..., Any] | None) -> Pickled | None:
    if factory is None:
        return None
    if not callable(factory):
        raise _wrong(f"pass_manager is a function (target, **options) -> PassManager, not {factory!r}")
    return pickled(factory, f"pass_manager {_name(factory)}")


def _name(factory: Any) -> str:
    function = getattr(factory, "func", factory)
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def _wrong(message: str) -> Exception:
    from ...exceptions import IBMInputValueError

    return IBMInputValueError(message if message.endswith("?") else f"{message}.")
