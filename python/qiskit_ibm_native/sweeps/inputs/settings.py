# SPDX-License-Identifier: Apache-2.0
"""Settings of a sweep: each combination of options, pass manager, restriction and optimization level."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from itertools import product
from typing import Any, NamedTuple

from .choices import Choice, Choices, choices_of, wrong
from .class_sources import class_sources
from .fingerprint import fingerprint
from .metrics import pickled_metrics, unpickled_metrics
from .pass_managers import Manager, check_objects, manager_choices
from .pickling import Pickled, unpickled
from .plugins import check_plugins, plugin_versions
from .restrictions import Restriction, coupling_choices, gate_choices

#: Options that a sweep sets by itself, and the argument of the sweep that they come from.
_OURS = {
    "target": "snapshots", "backend": "snapshots", "coupling_map": "coupling_map", "basis_gates": "basis_gates",
    "dt": "snapshots", "optimization_level": "optimization_level", "seed_transpiler": "seeds",
    "initial_layout": "initial_layout",
}  # fmt: skip


class Setting(NamedTuple):
    """The choices of a sweep for a task, but for device, circuit, seed and layout."""

    digest: bytes
    optimization_level: int
    options: Mapping[str, Any]
    #: The name of the pass manager or its factory; empty for Qiskit's own.
    pass_manager: str
    #: The pickled :class:`Recipe`, of which workers make pass managers.
    recipe: bytes
    #: Names of what was chosen, by axis.
    axes: Mapping[str, str]

    @property
    def text(self) -> str:
        """The options as text for people."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class Recipe(NamedTuple):
    """A setting as workers get it."""

    #: The factory, or the pass manager; ``None`` for Qiskit's own factory.
    manager: Pickled | None
    optimization_level: int
    options: dict[str, Any]
    restriction: Restriction
    #: The user's own metrics by name.
    metrics: dict[str, Pickled]
    #: Whether the pass manager runs as it is.
    is_object: bool


class LoadedRecipe(NamedTuple):
    """A :class:`Recipe` in a worker, with objects in place of bytes."""

    #: A function that makes a pass manager for a target; ``None`` for Qiskit's own.
    factory: Any
    options: dict[str, Any]
    restriction: Restriction
    metrics: dict[str, Callable[..., Any]]


def loaded_recipe(blob: bytes) -> LoadedRecipe:
    """Return a recipe with objects, all of them new."""
    recipe = Recipe(*pickle.loads(blob))  # noqa: S301 (from our own driver)
    manager = None if recipe.manager is None else unpickled(recipe.manager)
    options = {**recipe.options, "optimization_level": recipe.optimization_level}
    factory = (lambda *_, **__: manager) if recipe.is_object else manager
    return LoadedRecipe(factory, options, recipe.restriction, unpickled_metrics(recipe.metrics))


class Axes(NamedTuple):
    """The arguments of a sweep that settings are made of, as they were given; ``None`` for what was not."""

    options: Any = ()
    pass_manager: Any = None
    basis_gates: Any = None
    coupling_map: Any = None
    scheduling_method: Any = None
    optimization_level: Any = (2,)
    metrics: Mapping[str, Callable[..., Any]] = {}


class Values(NamedTuple):
    """The values of the axes of settings, in the order in which they vary; levels vary fastest."""

    options: list[Choice]
    pass_manager: list[Choice]
    basis_gates: list[Choice]
    coupling_map: list[Choice]
    scheduling_method: list[Choice]
    levels: list[int]


def values_of(axes: Axes) -> Values:
    """Return the values of all axes.

    Raises:
        IBMInputValueError: A value is invalid, or cannot be sent to workers.
    """
    values = Values(
        _option_choices(axes.options), manager_choices(axes.pass_manager), gate_choices(axes.basis_gates),
        coupling_choices(axes.coupling_map),
        choices_of("scheduling_method", axes.scheduling_method, is_one=_is_name, read=_method, text=_method_text),
        [_level(level) for level in several("optimization_level", axes.optimization_level)],
    )  # fmt: skip
    check_objects(values.pass_manager, {
        "several optimization levels": len(values.levels) > 1,
        "options": any(choice.value for choice in values.options),
        "scheduling_method": any(choice.value for choice in values.scheduling_method),
        "basis_gates": any(choice.value for choice in values.basis_gates),
        "coupling_map": any(choice.value for choice in values.coupling_map),
    })  # fmt: skip
    return values


def settings_of(axes: Axes, values: Values) -> list[Setting]:
    """Return the settings of all combinations of values.

    Raises:
        IBMInputValueError: An option is invalid, or something cannot be pickled.
    """
    metrics = pickled_metrics(axes.metrics)
    given = [axis for axis in Values._fields[1:-1] if getattr(axes, axis) is not None]
    given += ["options"] if isinstance(axes.options, Choices) else []
    known = _preset_options()
    found = []
    for *choices, level in product(*values):
        chosen = dict(zip(Values._fields, choices, strict=False))
        manager: Manager = chosen["pass_manager"].value
        options = _checked(_merged(chosen), known if manager.is_own else None)
        restriction = Restriction(chosen["basis_gates"].value, chosen["coupling_map"].value)
        try:
            recipe = Recipe(manager.sent, level, options, restriction, metrics, manager.is_object)
            digest = _digest(level, options, manager, restriction, axes.metrics)
            blob = _dumped(recipe)
        except Exception as error:
            raise wrong(f"options {options} cannot be sent to workers: {error}") from error
        names = {axis: chosen[axis].name for axis in given}
        label = names.get("pass_manager", "") if manager.value is not None else ""
        found.append(Setting(digest, level, options, label, blob, names))
    return found


def _dumped(recipe: Recipe) -> bytes:
    if not hasattr(recipe.options.get("hls_config"), "methods"):
        return pickle.dumps(tuple(recipe), protocol=5)
    import dill  # type: ignore[import-untyped]  # a dependency of Qiskit, which sends its objects like that

    # Qiskit's HLSConfig has a function within a function.
    return bytes(dill.dumps(tuple(recipe), protocol=5))


def _digest(
    level: int, options: dict[str, Any], manager: Manager, restriction: Restriction, metrics: Mapping[str, Any]
) -> bytes:
    """Return the digest of a setting. What a setting does not have adds nothing, so that digests stay as they were."""
    added = {
        "restriction": tuple(restriction) if restriction else None,
        "metrics": {name: (function, class_sources(function)) for name, function in metrics.items()},
        "plug-ins": plugin_versions(options),
        "classes": class_sources((manager.value, options)) if not manager.is_object else None,
    }
    added = {name: value for name, value in added.items() if value}
    content = manager.content if manager.is_object else manager.value
    return fingerprint("setting", level, options, content, *([added] if added else []))


def _merged(chosen: Mapping[str, Choice]) -> dict[str, Any]:
    """Return the options of a combination: those that were given as such, as pass manager, and as scheduling method."""
    method = chosen["scheduling_method"].value
    merged = dict(chosen["options"].value)
    for more in (chosen["pass_manager"].value.options, {} if method is None else {"scheduling_method": method}):
        if not isinstance(more, Mapping):
            raise wrong(f"options are mappings of names, not {more!r:.100}")
        for name in more:
            if name in merged:
                raise wrong(f"{name!r} is given twice: as an option, and otherwise")
        merged.update(more)
    return merged


def _option_choices(given: Any) -> list[Choice]:
    if not isinstance(given, Iterable | Choices) or isinstance(given, str | bytes):
        raise wrong(f"options are mappings of names, or several of those, not {given!r}")
    if not isinstance(given, Mapping | Choices):
        given = list(given) or [{}]
    return choices_of("options", given, is_one=lambda value: isinstance(value, Mapping), read=_mapping, text=str)


def _mapping(options: Any) -> Mapping[str, Any]:
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise wrong(f"options are mappings of names, or several of those, not {options!r}")
    return options


def _is_name(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _method(value: Any) -> str | None:
    if not _is_name(value):
        raise wrong(f"scheduling_method is 'asap', 'alap' or None, or several of those, not {value!r:.100}")
    return None if value is None else str(value)


def _method_text(method: str | None) -> str:
    return method or "none"


def seeds_of(seeds: Any) -> list[int] | range:
    """Return seeds as a list; ranges stay ranges.

    Raises:
        IBMInputValueError: A seed is no whole number from 0 to 2^63 - 1.
    """
    chosen = several("seeds", seeds)
    # Members of a range are whole numbers between its ends.
    for seed in (chosen[0], chosen[-1]) if isinstance(chosen, range) else chosen:
        if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**63:
            raise wrong(f"seeds are whole numbers of at least 0, so that results can be reproduced, not {seed!r}")
    return chosen if isinstance(chosen, range) else [int(seed) for seed in chosen]


def several(name: str, values: Any) -> list[Any] | range:
    """Return one value or several as a list of at least one; ranges stay ranges."""
    if isinstance(values, Choices):
        raise wrong(f"{name} has no names: its values are numbers, which name themselves")
    try:
        chosen = values if isinstance(values, range) else list(values)
    except TypeError:
        # One value; arrays without a dimension are iterable by name only.
        chosen = [values]
    if not chosen:
        raise wrong(f"{name} must have at least one value")
    return chosen


def _level(level: Any) -> int:
    if isinstance(level, bool) or level not in (0, 1, 2, 3):
        raise wrong(f"optimization_level is 0, 1, 2 or 3, not {level!r}")
    return int(level)


def _preset_options() -> list[str]:
    """Return the names of the arguments of Qiskit's own factory."""
    from qiskit.transpiler import generate_preset_pass_manager

    return list(inspect.signature(generate_preset_pass_manager).parameters)


def _checked(options: Mapping[str, Any], known: list[str] | None) -> dict[str, Any]:
    """Return options as a dictionary.

    Args:
        options: The options.
        known: The names that the factory takes; ``None`` if the factory decides by itself.
    """
    for name in options:
        if name in _OURS:
            raise wrong(f"{name!r} cannot be an option: it comes from the sweep's {_OURS[name]}")
        if known is not None and name not in known:
            close = get_close_matches(name, known, 1)
            others = ", ".join(sorted(other for other in known if other not in _OURS and not other.startswith("_")))
            hint = f"did you mean {close[0]!r}?" if close else f"there are {others}"
            raise wrong(f"generate_preset_pass_manager has no option {name!r}; {hint}")
    if known is not None:
        check_plugins(options)
    return dict(options)
