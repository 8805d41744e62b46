# SPDX-License-Identifier: Apache-2.0
"""The attributes of the official client that acceleration replaces, and by which functions.

Every seam is here, and no other file names an attribute of the client that is replaced. A replacement does what the
original does, but for payloads that it has kept as bytes; everything else it hands to the original.
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..snapshot.acceptance import find_payloads_by
from .conversion import converted
from .dates import decode_dates, localize_dates
from .dictionaries import PayloadDict, UnreadDict, filling
from .dictionaries import Source as PayloadSource
from .models import official_class, payload_of, track, unread_model
from .payloads import JsonKeepingBytes, SessionKeepingBytes, checked_payload

#: The package of the official client.
CLIENT = "qiskit_ibm_runtime"

#: Versions of the official client that the seams fit, and whether their targets have bounds of angles.
KNOWN_VERSIONS: Mapping[str, bool] = {"0.47": False, "0.48": True, "0.49": True, "0.50": True, "0.51": True}

Replacement = Callable[[Any], Any]

find_payloads_by(payload_of)


class Seam(NamedTuple):
    """An attribute that is replaced.

    Attributes:
        module: The module within the client's package.
        name: The attribute, or class and attribute with a dot between them.
        replace: A function that returns the replacement of the original value.
    """

    module: str
    name: str
    replace: Replacement


class SeamError(Exception):
    """The client has no such attribute, or it has another signature than the known versions have."""


def seams(version: str) -> list[Seam]:
    """Return the seams of a known version, as in ``"0.51"``."""
    convert = functools.partial(_converter, has_angle_bounds=KNOWN_VERSIONS[version])
    by_function: list[tuple[str, Replacement, list[str]]] = [
        # Where bytes come from: responses of the service, and files of fake devices.
        ("CloudBackend.configuration", _keeping(is_properties=False), ["api.rest.cloud_backend"]),
        ("CloudBackend.properties", _keeping(is_properties=True), ["api.rest.cloud_backend"]),
        ("json", _json_of_files, ["fake_provider.fake_backend"]),
        # Where the client goes through all values.
        (
            "decode_backend_configuration",
            _configuration_decoder,
            ["utils.backend_decoder", "fake_provider.fake_backend"],
        ),
        ("filter_raw_configuration", _configuration_filter, ["utils.backend_decoder"]),
        (
            "properties_from_server_data",
            _properties_reader,
            ["utils.backend_decoder", "ibm_backend", "fake_provider.fake_backend"],
        ),
        ("QasmBackendConfiguration.from_dict", _maker(is_properties=False), ["models.backend_configuration"]),
        ("BackendProperties.from_dict", _maker(is_properties=True), ["models.backend_properties"]),
        ("convert_to_target", convert, ["utils.backend_converter", "ibm_backend", "fake_provider.fake_backend"]),
    ]
    return [Seam(module, name, replace) for name, replace, modules in by_function for module in modules]


#: Parameters of the functions that are replaced, as the known versions have them.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "CloudBackend.configuration": ("self", "calibration_id"),
    "CloudBackend.properties": ("self", "datetime", "calibration_id"),
    "decode_backend_configuration": ("config",),
    "filter_raw_configuration": ("raw_config", "use_fractional_gates"),
    "properties_from_server_data": ("properties", "use_fractional_gates"),
    "QasmBackendConfiguration.from_dict": ("cls", "data"),
    "BackendProperties.from_dict": ("cls", "data"),
    "convert_to_target": (
        "configuration", "properties", "include_control_flow", "include_fractional_gates", "custom_name_mapping",
        "add_delay", "filter_faulty", "kwargs",
    ),
}  # fmt: skip


def owner_of(seam: Seam) -> tuple[Any, str]:
    """Return the module or class that a seam is in, and the attribute's own name.

    Raises:
        SeamError: The client has no such module, class or attribute, or it is a function of other parameters.
    """
    owner: Any = sys.modules.get(f"{CLIENT}.{seam.module}")
    *classes, name = seam.name.split(".")
    for part in classes:
        owner = getattr(owner, part, None)
    value = None if owner is None else vars(owner).get(name)
    parameters = _PARAMETERS.get(seam.name)
    if value is None or (parameters is not None and _parameters(value) != parameters):
        raise SeamError(f"{CLIENT}.{seam.module}.{seam.name}")
    return owner, name


def _parameters(value: Any) -> tuple[str, ...] | None:
    function = value.__func__ if isinstance(value, classmethod) else value
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def _dictionary(content: bytes, *, is_properties: bool, is_shared: bool = False) -> UnreadDict | None:
    payload = checked_payload(content, is_properties=is_properties)
    return None if payload is None else UnreadDict.of(PayloadSource(payload, is_shared=is_shared))


def _keeping(*, is_properties: bool) -> Replacement:
    """Return a replacement of a method that asks the service for a payload."""
    make = functools.partial(_dictionary, is_properties=is_properties)

    def replace(original: Any) -> Any:
        @functools.wraps(original)
        def fetch(self: Any, *arguments: Any, **keywords: Any) -> Any:
            asking = copy.copy(self)
            asking.session = SessionKeepingBytes(self.session, make)
            return original(asking, *arguments, **keywords)

        return fetch

    return replace


def _json_of_files(_original: Any) -> JsonKeepingBytes:
    def make(content: bytes) -> UnreadDict | None:
        # Properties alone have this key.
        is_properties = b'"last_update_date"' in content
        return _dictionary(content, is_properties=is_properties, is_shared=True)

    return JsonKeepingBytes(make)


def _configuration_decoder(original: Any) -> Any:
    @functools.wraps(original)
    def decode(config: Any) -> Any:
        # Decoding a second time is an error, which the original raises.
        is_first = isinstance(config, UnreadDict) and not (
            config._source.payload.is_properties or config._source.is_decoded
        )
        source = config.add_step(original) if is_first else None
        if source is None:
            return original(config)
        source.is_decoded = True
        return None

    return decode


def _configuration_filter(original: Any) -> Any:
    @functools.wraps(original)
    def leave_out(raw_config: Any, use_fractional_gates: bool | None = False) -> Any:
        if not isinstance(raw_config, UnreadDict) or raw_config._source.payload.is_properties:
            return original(raw_config, use_fractional_gates)
        if use_fractional_gates is None or use_fractional_gates:
            return None
        source = raw_config.add_step(functools.partial(original, use_fractional_gates=False))
        if source is None:
            return original(raw_config, use_fractional_gates)
        source.use_fractional_gates = False
        return None

    return leave_out


def _properties_reader(original: Any) -> Any:
    @functools.wraps(original)
    def read(properties: Any, use_fractional_gates: bool | None = False) -> Any:
        # Checked properties have no row that the client would leave out as a fractional gate.
        source = None
        if isinstance(properties, UnreadDict) and properties._source.payload.is_properties:
            # Dates that are datetimes already stay as they are.
            source = properties.add_step(None if properties._source.is_decoded else decode_dates)
        if source is None:
            return original(properties, use_fractional_gates)
        source.is_decoded = True
        localized = UnreadDict.of(source.copied())
        localized.add_step(localize_dates)
        models = sys.modules[f"{CLIENT}.models"]
        return models.BackendProperties.from_dict(localized)

    return read


def _maker(*, is_properties: bool) -> Replacement:
    """Return a replacement of a class method that makes a model of a dictionary."""

    def replace(original: classmethod[Any, Any, Any]) -> classmethod[Any, Any, Any]:
        make = original.__func__

        @functools.wraps(make)
        def from_dict(cls: Any, data: Any) -> Any:
            kind = official_class(cls)
            is_kept = isinstance(data, PayloadDict) and data._source.payload.is_properties == is_properties
            if not is_kept or not kind.__module__.startswith(f"{CLIENT}.models."):
                return make(kind, data)
            with filling:
                if isinstance(data, UnreadDict):
                    return unread_model(kind, data, make)
            model = make(kind, data)
            track(model, data._source, make)
            return model

        return classmethod(from_dict)

    return replace


def _converter(original: Any, *, has_angle_bounds: bool) -> Any:
    @functools.wraps(original)
    def convert(configuration: Any, properties: Any = None, **options: Any) -> Any:
        target = converted(configuration, properties, options, has_angle_bounds=has_angle_bounds)
        return original(configuration, properties, **options) if target is None else target

    return convert


def bindings(version: str) -> Iterator[tuple[Any, str, Any, Replacement]]:
    """Return owner, name, original value and replacement of each seam.

    Raises:
        SeamError: The client lacks a seam.
    """
    for seam in seams(version):
        owner, name = owner_of(seam)
        yield owner, name, vars(owner)[name], seam.replace
