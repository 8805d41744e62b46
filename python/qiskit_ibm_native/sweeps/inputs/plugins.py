# SPDX-License-Identifier: Apache-2.0
"""Plug-ins of the transpiler that options name: whether they exist, and the versions on which results depend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .choices import wrong
from .function_sources import module_sources

#: Groups of entry points by the option that names one of them.
_GROUPS = {
    **{f"{stage}_method": f"qiskit.transpiler.{stage}"
       for stage in ("init", "layout", "routing", "translation", "optimization", "scheduling")},
    "unitary_synthesis_method": "qiskit.unitary_synthesis",
}  # fmt: skip
#: The group of plug-ins that ``hls_config`` names, as ``operation.method``.
_SYNTHESIS = "qiskit.synthesis"
#: Distributions whose versions are part of a task's identifier in any case.
_KNOWN = frozenset({"qiskit", "qiskit-ibm-native"})


def check_plugins(options: Mapping[str, Any]) -> None:
    """Check that plug-ins exist, for options of Qiskit's own factory.

    Raises:
        IBMInputValueError: There is none of that name.
    """
    for option, group, name in _named(options):
        names = sorted({found.name for found in entry_points(group=group)})
        if name in names:
            continue
        if group == _SYNTHESIS:
            names = [other for other in names if other.partition(".")[0] == name.partition(".")[0]] or names
        close = get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
        raise wrong(f"{option} names the plug-in {name!r}, which is not installed here; {hint}")


def plugin_versions(options: Mapping[str, Any]) -> list[tuple[str, str, str, str, str, list[tuple[str, str]]]]:
    """Return option, name, distribution, version, object and local sources of plug-ins that are not Qiskit's own."""
    found = []
    for option, group, name in _named(options):
        for entry in entry_points(group=group, name=name):
            distribution = entry.dist
            if distribution is None or distribution.name.lower().replace("_", "-") in _KNOWN:
                continue
            sources = sorted(_local_sources(entry).items())
            found.append((option, name, distribution.name, distribution.version, entry.value, sources))
    return sorted(found)


def _named(options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield option, group and name of each plug-in that options name."""
    for option, group in _GROUPS.items():
        name = options.get(option)
        if isinstance(name, str):
            yield option, group, name
    methods = getattr(options.get("hls_config"), "methods", None)
    for operation, choices in sorted(methods.items()) if isinstance(methods, Mapping) else ():
        for choice in choices or ():
            name = choice[0] if isinstance(choice, tuple) and choice else choice
            if isinstance(name, str):
                yield "hls_config", _SYNTHESIS, f"{operation}.{name}"


def _local_sources(entry: EntryPoint) -> dict[str, str]:
    """Return the sources of a plug-in that is no installed package, such as an editable one."""
    return module_sources(entry.module)
