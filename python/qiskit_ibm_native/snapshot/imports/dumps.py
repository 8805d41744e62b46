# SPDX-License-Identifier: Apache-2.0
"""JSON files of calibrations: payloads, and what ``json.dump`` made of ``properties().to_dict()``.

A payload as it was published is kept byte for byte. A dump is written anew, with dates that are instants; its values
are the same bit by bit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import orjson

from ..storage import read_plain_file
from .instants import Zone, has_offset

#: The keys of dates in properties.
_DATES = frozenset({"date", "last_update_date"})
#: A key of a date in JSON, and its value: a text, what the official client's encoder writes, or anything else.
_DATE_IN_TEXT = re.compile(
    rb'"(?:last_update_date|date)"\s*:\s*("(?:[^"\\]|\\.)*"|\{[^{}]*\}|\[[^\[\]]*\]|[^",{}\[\]\s][^,}\]]*)'
)
#: Keys that tell what a dictionary is.
_OF_CONFIGURATION, _OF_PROPERTIES = frozenset({"n_qubits", "basis_gates"}), frozenset({"qubits", "gates"})


class Dump(NamedTuple):
    """A calibration or a configuration in a JSON file.

    Attributes:
        name: The device's name; ``None`` if the content has none.
        configuration: The configuration payload, if there is one.
        properties: The decoded properties, if there are any.
        text: The properties as JSON, if the file has nothing else.
        label: The place within the file; empty if the file has one calibration.
    """

    name: str | None
    configuration: bytes | None
    properties: dict[str, Any] | None
    text: bytes | None = None
    label: str = ""


def dumps_in(path: Path, root: Path) -> list[Dump]:
    """Return the calibrations and configurations in a JSON file; none if it has something else.

    Args:
        path: A file with JSON, with lines of JSON, or either compressed (``.gz``).
        root: The folder that links must not lead out of.

    Raises:
        ValueError: The file is no JSON.
        OSError: The file cannot be read.
    """
    content = _in_utf8(read_plain_file(path, root))
    with not_too_deep():
        decoded = _decoded(content)
        found = list(_dumps(decoded, ""))
    if len(found) == 1 and not found[0].label:
        if found[0].properties is decoded:
            return [found[0]._replace(text=content)]
        if found[0].properties is None:
            return [found[0]._replace(configuration=content)]
    return found


def configuration_in(path: Path) -> bytes:
    """Return the configuration payload that a JSON file has.

    Raises:
        IBMInputValueError: The file has none, or several.
    """
    configurations = {dump.configuration for dump in dumps_in(path, path.parent) if dump.configuration is not None}
    if len(configurations) != 1:
        _refuse(f"{path} has {len(configurations) or 'no'} configurations, and must have one.")
    return configurations.pop()


def properties_payload(dump: Dump, name: str, zone: Zone, date: str | None) -> bytes:
    """Return the properties payload of a calibration.

    Args:
        dump: The calibration.
        name: The device's name, as the configuration has it.
        zone: The time zone of dates without an offset.
        date: The time of the last update, if the calibration has none.

    Raises:
        IBMInputValueError: A date is none, or no instant.
    """
    content = dump.properties
    if content is None:
        _refuse("There are no properties.")
    is_dated = content.get("last_update_date") is not None
    if dump.text is not None and is_dated and content.get("backend_name") == name:
        # The text stays as it is but for dates, in a fraction of the time of writing it anew.
        return dump.text if is_as_published(dump.text) else _rewritten(dump.text, zone)
    with not_too_deep():
        written: dict[str, Any] = _with_instants(content, zone)
    if not is_dated:
        if date is None:
            _refuse("It has no last_update_date. Give the time of the measurement by date=.")
        written["last_update_date"] = date
    written["backend_name"] = name
    return json.dumps(written).encode()


def _rewritten(text: bytes, zone: Zone) -> bytes:
    """Return JSON with dates that are instants."""
    # A calibration repeats a few hundred dates thousands of times.
    known = {b"null": b"null"}

    def date(matched: re.Match[bytes]) -> bytes:
        value = matched[1].strip()
        if value not in known:
            known[value] = json.dumps(zone.instant(json.loads(value)).isoformat()).encode()
        return matched[0][: matched.start(1) - matched.start()] + known[value]

    return _DATE_IN_TEXT.sub(date, text)


@contextmanager
def not_too_deep() -> Iterator[None]:
    """Refuse content that is nested more deeply than Python can follow.

    Raises:
        IBMInputValueError: The content is.
    """
    try:
        yield
    except RecursionError:
        # The message of Python would be the whole stack.
        _refuse("It is nested too deeply.")


def _in_utf8(content: bytes) -> bytes:
    """Return JSON without a mark of its encoding, and not in UTF-16, which shells of Windows write."""
    encoding = json.detect_encoding(content)
    return content if encoding == "utf-8" else content.decode(encoding).encode()


def _decoded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        # NaN is no JSON, but Python writes it.
        pass
    try:
        return json.loads(content)
    except ValueError:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        try:
            # Each line may be a calibration.
            return [json.loads(line) for line in lines]
        except ValueError:
            pass
        raise


def _dumps(content: Any, label: str) -> Iterator[Dump]:
    if isinstance(content, list):
        for number, item in enumerate(content):
            yield from _dumps(item, f"{label}[{number}]")
    elif not isinstance(content, Mapping):
        return
    elif content.keys() >= _OF_CONFIGURATION:
        yield Dump(_name_in(content), json.dumps(content).encode(), None, label=label)
    elif content.keys() >= _OF_PROPERTIES and isinstance(content["qubits"], list):
        yield Dump(_name_in(content), None, dict(content) if label else content, label=label)  # type: ignore[arg-type]
    elif isinstance(content.get("properties"), Mapping):
        yield from _pair(content, label)
    else:
        # Calibrations by date or by device.
        for key, item in content.items():
            if isinstance(item, Mapping | list):
                yield from (dump for dump in _dumps(item, f"{label}[{key!r}]") if _is_whole(dump))


def _pair(content: Mapping[str, Any], label: str) -> Iterator[Dump]:
    """Yield the calibration of a dictionary that has properties, and maybe a configuration, under these names."""
    configuration = content.get("configuration")
    has_configuration = isinstance(configuration, Mapping) and "backend_name" in configuration
    for dump in _dumps(content["properties"], f"{label}['properties']" if label else ""):
        if dump.properties is not None:
            name = dump.name or _name_in(configuration if has_configuration else content)  # type: ignore[arg-type]
            yield dump._replace(
                name=name, configuration=json.dumps(configuration).encode() if has_configuration else None
            )


def _name_in(content: Mapping[str, Any]) -> str | None:
    name = content.get("backend_name")
    return name if isinstance(name, str) else None


def _is_whole(dump: Dump) -> bool:
    return dump.configuration is not None or "last_update_date" in (dump.properties or ())


def is_as_published(content: bytes) -> bool:
    """Return whether all dates of a payload are texts with an offset."""
    for matched in _DATE_IN_TEXT.finditer(content):
        text = matched[1].decode("ascii", "replace")
        if text.startswith('"') and has_offset(text[1:-1]):
            continue
        if text.strip() == "null":
            continue
        return False
    return True


def _with_instants(content: Any, zone: Zone) -> Any:
    if isinstance(content, list):
        return [_with_instants(item, zone) for item in content]
    if isinstance(content, Mapping):
        return {
            key: zone.instant(value).isoformat() if key in _DATES and value is not None else _with_instants(value, zone)
            for key, value in content.items()
        }
    return content


def _refuse(message: str) -> NoReturn:
    from ...exceptions import IBMInputValueError

    raise IBMInputValueError(message)
