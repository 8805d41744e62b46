# SPDX-License-Identifier: Apache-2.0
"""Configurations for calibrations that come without one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from ...exceptions import IBMInputValueError
from ..device_names import find_device, short_name
from ..snapshot import Snapshot
from ..storage import bundled_devices, bundled_folder

#: The prefix of the names of the official client's fake devices.
_FAKE = "fake_"


class MissingConfigurationError(IBMInputValueError):
    """A calibration has no configuration yet; a file that is read later may have it."""


class Configurations:
    """Configuration payloads by the name of their device."""

    def __init__(self, given: Any = None) -> None:
        """Create it.

        Args:
            given: A configuration or several: the names of bundled devices, paths (also of JSON files), snapshots,
                backends, and configurations as models or dictionaries, in a list or alone.

        Raises:
            IBMInputValueError: Something else was given, or two of one device.
            FileNotFoundError: No bundled device or path has a given name.
        """
        self._payloads: dict[str, bytes] = {}
        self._of_files: dict[str, dict[bytes, Path]] = {}
        #: Names of devices whose configurations were found in files and asked for.
        self.used: set[str] = set()
        is_several = isinstance(given, list | tuple | set | frozenset)
        for source in given if is_several else () if given is None else (given,):
            configuration = _payload_of(source)
            name = device_of(configuration)
            if name in self._payloads:
                _refuse(f"configuration= has two of {name}: import calibrations of the two in two calls.")
            self._payloads[name] = configuration

    def found(self, configuration: bytes, path: Path) -> None:
        """Keep a configuration that was found in a file; those that were given come before it.

        Raises:
            BackendPayloadError: It is none.
        """
        name = device_of(configuration)
        self._of_files.setdefault(name, {})[configuration] = path

    def of(self, name: str | None) -> bytes:
        """Return the configuration of a device.

        Args:
            name: The device's name, ``None`` if the calibration has none.

        Raises:
            IBMInputValueError: There is none, or several that differ.
        """
        if name is None:
            if len(self._payloads) == 1:
                return next(iter(self._payloads.values()))
            _refuse("It names no device. Give configuration=, as in configuration='ibm_fez'.")
        known = _match(name, self._payloads)
        if known is not None:
            return self._payloads[known]
        known = _match(name, self._of_files)
        if known is not None:
            several = self._of_files[known]
            self.used.add(known)
            if len(several) > 1:
                files = ", ".join(str(path) for path in several.values())
                _refuse(f"There are several configurations of {name} ({files}); choose one by configuration=.")
            return next(iter(several))
        hint = f"'{name}', which is bundled" if bundled_folder(name) is not None else "a file or a backend"
        raise MissingConfigurationError(
            f"The calibration of {name} has no configuration, which tells its couplings and its gates. Give it as"
            f" configuration=: {hint}. Bundled are {', '.join(bundled_devices())}."
        )


@lru_cache(maxsize=16)
def device_of(configuration: bytes) -> str:
    """Return the name of the device of a configuration.

    Raises:
        BackendPayloadError: It is none.
    """
    return Snapshot.from_payloads(configuration).name


@lru_cache(maxsize=16)
def named(configuration: bytes, name: str) -> bytes:
    """Return a configuration with another spelling of the device's name, if it has another one."""
    content = json.loads(configuration)
    if content.get("backend_name") == name:
        return configuration
    content["backend_name"] = name
    return json.dumps(content).encode()


def _match(name: str, known: Mapping[str, Any]) -> str | None:
    plain = {_without_fake(other): other for other in known}
    found = find_device(_without_fake(name), plain)
    return None if found is None else plain[found]


def _without_fake(name: str) -> str:
    return short_name(name.removeprefix(_FAKE))


def _payload_of(source: Any) -> bytes:
    if isinstance(source, str | os.PathLike) and Path(source).suffix == ".json" and Path(source).is_file():
        from .dumps import configuration_in

        return configuration_in(Path(source))
    return Snapshot.of(source).payloads.configuration


def _refuse(message: str) -> NoReturn:
    raise IBMInputValueError(message)
