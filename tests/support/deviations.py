# SPDX-License-Identifier: Apache-2.0
"""The rows of ``docs/deviations.md`` that are about payloads, as code, by the first cell of each.

A payload that only this package accepts has a repair: the same payload written as the official client wants it. So a
case is not explained by an error alone: after the repair both have to accept it, with equal results.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dateutil.parser import isoparse
from qiskit_ibm_runtime.utils.backend_decoder import properties_from_server_data

GOOD_DATE = "2024-02-03T04:05:06+00:00"
DIGITS = 4300

Content = dict[str, Any]


def load(payload: bytes) -> Any:
    """Read a payload as Python does, without its limit of digits."""
    return json.loads(payload, parse_int=lambda text: int(text) if len(text) <= DIGITS else 0)


def _elements(content: Any, key: str) -> list[Content]:
    """Return the objects of a list, or of lists in a list, as far as there are any."""
    found = content.get(key) if isinstance(content, dict) else None
    elements = found if isinstance(found, list) else []
    inner = [part for element in elements if isinstance(element, list) for part in element]
    return [part for part in [*elements, *inner] if isinstance(part, dict)]


def quantities(properties: Content) -> Iterator[Content]:
    """Go through the quantities that targets are made of."""
    yield from _elements(properties, "qubits")
    for gate in _elements(properties, "gates"):
        yield from _elements(gate, "parameters")


def _without_unknown_keys(configuration: Content, properties: Content) -> None:
    for content in (configuration, properties):
        content.pop("self", None)
    known = ["name", "parameters", "qasm_def", "coupling_map", "latency_map", "conditional", "description"]
    _keep(_elements(configuration, "gates"), known)
    _keep(_elements(properties, "gates"), ["qubits", "gate", "parameters", "name"])
    _keep([*quantities(properties), *_elements(properties, "general")], ["date", "name", "unit", "value"])


def _keep(contents: Any, keys: list[str]) -> None:
    for content in contents:
        for key in content.keys() - keys:
            del content[key]


def _with_missing_keys(configuration: Content, properties: Content) -> None:
    flags = dict.fromkeys(["local", "simulator", "conditional", "open_pulse", "memory"], False)
    _fill(configuration, {**flags, "online_date": GOOD_DATE, "backend_version": "1", "coupling_map": None})
    for gate in _elements(configuration, "gates"):
        _fill(gate, {"parameters": [], "qasm_def": None})
    for signature in _elements(configuration, "instruction_signatures"):
        _fill(signature, {"parameters": []})
    if properties:
        names = {"backend_name": "", "backend_version": "1", "last_update_date": GOOD_DATE}
        _fill(properties, {**names, "general": []})
    for quantity in quantities(properties):
        _fill(quantity, {"date": GOOD_DATE})
    for quantity in _elements(properties, "general"):
        _fill(quantity, {"date": GOOD_DATE, "name": "x", "unit": "", "value": 0})


def _fill(content: Content, values: Content) -> None:
    content.update({key: value for key, value in values.items() if key not in content})


def _with_values_of_every_qubit(configuration: Content, properties: Content) -> None:
    qubits = properties["qubits"]
    qubits += [[] for _ in range(configuration["n_qubits"] - len(qubits))]
    for qubit in qubits:
        if not qubit:
            qubit.append({"date": GOOD_DATE, "name": "nothing", "unit": "", "value": 0})


def _with_places_of_faulty_gates(configuration: Content, properties: Content) -> None:
    """Let the configuration list the places that are taken away from gates without coupling map."""
    model = properties_from_server_data(copy.deepcopy(properties), use_fractional_gates=None)
    faulty_qubits = set(model.faulty_qubits())
    taken: dict[str, list[list[int]]] = {}
    for row in properties["gates"]:
        name, qubits = row["gate"], row["qubits"]
        if not faulty_qubits.isdisjoint(qubits) or not model.is_gate_operational(name, qubits):
            taken.setdefault(name, []).append(qubits)
    definitions = {gate["name"]: gate for gate in configuration["gates"]}
    for name, places in taken.items():
        if name not in definitions:
            definitions[name] = {"name": name, "parameters": [], "qasm_def": None}
            configuration["gates"].append(definitions[name])
        if not definitions[name].get("coupling_map"):
            definitions[name]["coupling_map"] = places


def _without_null(configuration: Content, properties: Content) -> None:
    for key, nothing in (("timing_constraints", {}), ("instruction_signatures", []), ("supported_instructions", [])):
        if key in configuration and configuration[key] is None:
            configuration[key] = nothing
    for element in [*_elements(configuration, "gates"), *_elements(configuration, "instruction_signatures")]:
        if element.get("parameters", ()) is None:
            element["parameters"] = []
    for quantity in quantities(properties):
        if quantity["value"] is None:
            quantity["unit"] = ""


def _with_good_dates(configuration: Content, properties: Content) -> None:
    for quantity in [*quantities(properties), *_elements(properties, "general")]:
        if not _is_date(quantity.get("date")):
            quantity["date"] = GOOD_DATE


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and 1 < isoparse(value).year < 9999
    except ValueError:
        return False


#: Keys of a configuration whose values the official client converts, though targets do not need them.
NOT_NEEDED = [
    "u_channel_lo",
    "dtm",
    "qubit_lo_range",
    "meas_lo_range",
    "rep_times",
    "rep_delay_range",
    "default_rep_delay",
    "n_registers",
]


def _without_values_that_targets_do_not_need(configuration: Content, properties: Content) -> None:
    if not _is_date(configuration.get("online_date")):
        configuration["online_date"] = GOOD_DATE
    for key in NOT_NEEDED:
        configuration.pop(key, None)
    if "general" in properties:
        properties["general"] = []


def _with_timing_only(configuration: Content, properties: Content) -> None:
    timing = configuration.get("timing_constraints")
    if isinstance(timing, dict):
        _keep([timing], ["granularity", "min_length", "pulse_alignment", "acquire_alignment"])


def _with_characters_only(configuration: Content, properties: Content) -> None:
    """Exchange halves of surrogate pairs for U+FFFD, as our reader does."""
    for content in (configuration, properties):
        text = json.dumps(content, ensure_ascii=False)
        content.clear()
        content.update(json.loads(re.sub("[\ud800-\udfff]", "�", text)))


def _with_floats_for_large_integers(configuration: Content, properties: Content) -> None:
    for quantity in quantities(properties):
        value = quantity["value"]
        if isinstance(value, int) and abs(value) >= 2**53:
            quantity["value"] = float(value)


def _as_it_is_read(configuration: Content, properties: Content) -> None:
    """Change nothing: ``load`` has read numbers that Python would not."""


@dataclass(frozen=True)
class Accepted:
    """A row about what is accepted here, or accepted otherwise.

    Attributes:
        row: The first cell of the row.
        there: A pattern of what the official client says, as ``stage|exception|function|message``, or ``differs``.
        repair: Writes contents of the payloads as the official client wants them.
    """

    row: str
    there: str
    repair: Callable[[Content, Content], None]


ACCEPTED = [
    Accepted("unknown keys, anywhere", r"TypeError\|.*(unexpected keyword argument|multiple values for)", _without_unknown_keys),
    Accepted(
        "missing keys that targets do not need, such as `memory`, `online_date`, `general`, the date of a quantity",
        r"KeyError\|.*'(online_date|backend_name|backend_version|last_update_date|general|date)'|TypeError\|.*(required positional|NoneType. object is not iter)",
        _with_missing_keys,
    ),
    Accepted("a qubit without values, or fewer lists than qubits", "target.*find the properties for qubit", _with_values_of_every_qubit),
    Accepted("first place of a gate without coupling map faulty", "target.*not support item deletion", _with_places_of_faulty_gates),
    Accepted(
        "`null` for `timing_constraints`, `instruction_signatures`, `supported_instructions`, parameters of custom gates, or a value with a unit",
        r"(target|configuration)\|TypeError\|(convert_to_target|filter_raw_configuration)\|'NoneType' object is not|Could not understand units",
        _without_null,
    ),
    Accepted("a date that is none, or no text, at a quantity", r"properties\|(TypeError|ValueError|OverflowError)\|(isoparse|_parse_\w+|raise_from|utc_to_local\w*)\|", _with_good_dates),
    Accepted(
        "values that targets do not need, of any kind: a number for `general`, text for `dtm`, `[[1]]` for `meas_lo_range`, an `online_date` that is none",
        r"configuration\|(Type|Value|Key|Overflow)Error\|(<listcomp>|__init__|decode_backend_configuration|_to_complex|isoparse|_parse_\w+|raise_from)\|"
        r"|properties\|\w+\|properties_from_server_data\|.*(not iterable|not subscriptable|indices must be)|properties\|.*Nduv",
        _without_values_that_targets_do_not_need,
    ),
    Accepted("an integer of more than 4,300 digits that targets do not need", "Exceeds the limit", _as_it_is_read),
    Accepted("half of a surrogate pair in a name", "target.*surrogates not allowed", _with_characters_only),
    Accepted("`timing_constraints` that contain other arguments of `Target`, such as `num_qubits`", "target|differs", _with_timing_only),
    Accepted("integers of 2^53 or more with a unit that multiplies", "differs", _with_floats_for_large_integers),
]  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A row about what is refused here.

    Attributes:
        row: The first cell of the row.
        here: A pattern of what our reader says, as ``payload|path, * for every index|what was expected|what was
            found``; the last part may be left out.
    """

    row: str
    here: str


_NAMES = r"backend_name|basis_gates\.\*|supported_instructions\.\*|gates\.\*\.(name|parameters\.\*)|instruction_signatures\.\*\.(name|parameters\.\*)"
REFUSED = [
    Refused("configuration and properties that name different devices", r"properties\|backend_name\|the properties of .*"),
    Refused("a qubit index that is not below `n_qubits`", r"(configuration\|gates\.\*\.coupling_map|properties\|gates\.\*\.qubits)(\.\*)+\|an integer below \d+"),
    Refused("`n_qubits` above 65,536", r"configuration\|n_qubits\|an integer below 65537"),
    Refused("more than 128 levels of nesting", r".*\|at most 128 levels of nesting"),
    Refused("a number that no 64-bit float holds", r"(configuration\|dt|properties\|(qubits\.\*|gates\.\*\.parameters)\.\*\.value)\|a number that a 64-bit float can hold"),
    Refused("UTF-16 and UTF-32, and halves of surrogate pairs in UTF-8", r".*\|UTF-8|\w+\|\|an object \(in UTF-16\)"),
    Refused(
        "another JSON type than a string for a name, a unit or `last_update_date`",
        rf"(configuration\|({_NAMES})|properties\|(backend_name|last_update_date|gates\.\*\.gate|(qubits\.\*|gates\.\*\.parameters)\.\*\.(name|unit)))\|a string",
    ),
    Refused(
        "another JSON type than an array for a list, or than an object for `timing_constraints` and properties",
        r"configuration\|(basis_gates|supported_instructions|gates(\.\*\.(parameters|coupling_map(\.\*)?))?|instruction_signatures(\.\*\.parameters)?)\|an array"
        r"|properties\|(qubits(\.\*)?|gates|gates\.\*\.(qubits|parameters))\|an array|configuration\|timing_constraints\|an object|properties\|\|an object",
    ),
    Refused(
        "`true`, `false`, `1.0` or `-0` for a count or a qubit index; `true` or `false` for `dt`",
        r"configuration\|(n_qubits|gates\.\*\.coupling_map\.\*\.\*|timing_constraints\.\w+|instruction_signatures\.\*\.num_\w+)\|an integer from 0.*"
        r"|properties\|gates\.\*\.qubits\.\*\|an integer from 0|configuration\|dt\|a number",
    ),
    Refused("white space, `_` or `+` within the numbers of `last_update_date`", r"properties\|last_update_date\|a date in ISO 8601\|.*(\\[nrt]| |_|\\u00|[-T:]\+\d).*"),
    Refused("no qubits at all for a gate", r"(configuration\|gates\.\*\.coupling_map\.\*|properties\|gates\.\*\.qubits)\|at least one qubit index"),
    Refused("text or a list with a unit, which Python repeats so many times", r"properties\|(qubits\.\*|gates\.\*\.parameters)\.\*\.value\|a number or null, because there is a unit"),
]  # fmt: skip

#: The row about what a repeated key hides. It is no pattern: the payload without the repetition has to be equal.
REPEATED_KEY = "an earlier value of a key that repeats, if it is wrong"

ROWS = {row.row for row in [*ACCEPTED, *REFUSED]} | {REPEATED_KEY}
