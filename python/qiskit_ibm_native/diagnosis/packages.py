# SPDX-License-Identifier: Apache-2.0
"""Versions of Python, of this package and of what it needs, and the extras that are there, by its metadata."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from typing import NamedTuple

from .. import _native
from .._extras import install_command
from .._words import listed
from .finding import Finding

TOPIC, EXTRAS = "packages", "extras"
NAME = "qiskit-ibm-native"
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[([^\]]*)\])?\s*([^;]*)(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w.-]+)["']""")
_CLIENT = "qiskit-ibm-runtime"
#: An extra of extras.
_ALL = "all"


class Requirement(NamedTuple):
    """A package that this one needs.

    Attributes:
        name: Its name.
        extras: Extras of it.
        versions: The versions that fit, as in ``">=2.2,<3"``.
        extra: The extra of this package that needs it; ``None`` if everybody does.
    """

    name: str
    extras: tuple[str, ...]
    versions: str
    extra: str | None


def requirements_of(lines: Iterable[str]) -> list[Requirement]:
    """Return requirements of the lines of metadata, but for those of other versions of Python."""
    found = []
    for line in lines:
        match = _REQUIREMENT.fullmatch(line.strip())
        if match is None:
            continue
        name, extras, versions, marker = match.groups()
        extra = _EXTRA.search(marker or "")
        if marker and extra is None:
            # For some versions of Python alone: pip has seen to it.
            continue
        names = tuple(each.strip() for each in (extras or "").split(",") if each.strip())
        found.append(Requirement(name, names, versions.strip(" ()"), extra[1] if extra else None))
    return found


def package_findings(installed: Distribution | None = None) -> Iterator[Finding]:
    """Yield findings about versions and extras.

    Args:
        installed: The distribution of this package; by default the installed one.
    """
    yield Finding(TOPIC, "Python", f"{platform.python_version()} ({platform.python_implementation()})")
    yield Finding(TOPIC, NAME, _native.__version__)
    try:
        lines = (installed or distribution(NAME)).requires or []
    except PackageNotFoundError:
        advice = "pip install qiskit-ibm-native"
        yield Finding(TOPIC, "metadata", "not installed as a package, so that needs are unknown", "advice", advice)
        return
    needs = requirements_of(lines)
    for need in needs:
        if need.extra is None:
            yield _need(need)
    yield from _official()
    for extra in dict.fromkeys(need.extra for need in needs if need.extra not in (None, _ALL)):
        yield _extra(str(extra), needs)


def _need(need: Requirement) -> Finding:
    there, advice = version_of(need.name), f"pip install '{need.name}{need.versions}'"
    if there is None:
        return Finding(TOPIC, need.name, f"not installed, {need.versions} is needed", "problem", advice)
    if not fits(there, need.versions):
        return Finding(TOPIC, need.name, f"{there}, {need.versions} is needed", "problem", advice)
    return Finding(TOPIC, need.name, there)


def _official() -> Iterator[Finding]:
    from ..acceleration.seams import KNOWN_VERSIONS

    there = version_of(_CLIENT)
    if there is None:
        return
    is_known = ".".join(there.split(".")[:2]) in KNOWN_VERSIONS
    told = "accelerate() fits it" if is_known else "accelerate() does not know it, and leaves it as it is"
    yield Finding(TOPIC, _CLIENT, f"{there}; {told}")


def _extra(extra: str, needs: Sequence[Requirement]) -> Finding:
    packages = list(_packages_of(extra, needs, set()))
    there = {need.name: version_of(need.name) for need in packages}
    missing = [name for name, found in there.items() if found is None]
    command = install_command(extra)
    if missing:
        return Finding(EXTRAS, extra, f"not installed: {listed(missing)}", "missing", command)
    told = listed([f"{name} {found}" for name, found in there.items()])
    old = [f"{need.name}{need.versions}" for need in packages if not fits(str(there[need.name]), need.versions)]
    if old:
        return Finding(EXTRAS, extra, f"{told}; {listed(old)} is needed", "problem", command)
    return Finding(EXTRAS, extra, told)


def _packages_of(extra: str, needs: Sequence[Requirement], seen: set[str]) -> Iterator[Requirement]:
    """Yield the packages of an extra, and of the extras that it has."""
    seen.add(extra)
    for need in needs:
        if need.extra != extra:
            continue
        if need.name != NAME:
            yield need
        for inner in need.extras if need.name == NAME else ():
            if inner not in seen:
                yield from _packages_of(inner, needs, seen)


def version_of(name: str) -> str | None:
    """Return the installed version of a package; ``None`` if it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def fits(found: str, versions: str) -> bool:
    """Return whether a version is one of those that fit; a comparison that is not known is left to pip."""
    for each in filter(None, (part.strip() for part in versions.split(","))):
        match = re.fullmatch(r"(>=|<=|<|>)\s*([\d.]+)", each)
        if match is None:
            continue
        one, other = _numbers(found), _numbers(match[2])
        is_fitting = {">=": one >= other, "<=": one <= other, "<": one < other, ">": one > other}[match[1]]
        if not is_fitting:
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a version without what follows them, such as ``rc1``, and without zeros at the end."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(number) for number in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
