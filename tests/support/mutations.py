# SPDX-License-Identifier: Apache-2.0
"""Mutations of payloads as edits of their text: all other bytes stay as they are.

A text is Latin-1 of the payload's bytes, so that one kind of edit does for JSON values and for bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from json.decoder import scanstring
from random import Random
from typing import Any

Path = tuple[str | int, ...]

BOM, HALF_A_PAIR = "\xef\xbb\xbf", "\xed\xa0\x80"  # bytes of UTF-8
SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|-?Infinity|NaN|true|false|null")
NUMBER = re.compile(r"\d+")
SPACE = re.compile(r"[ \t\r\n]*")


def _words(text: str) -> list[str]:
    return text.split()


# fmt: off
VALUES = _words("""null true false 0 1 -1 2 3 7 0.5 1.0 -0.0 1e0 NaN Infinity -Infinity 1e308 5e-324 1e400 -1e999 4294967295 4294967296
    9007199254740993 18446744073709551616 "" "x" "0" "5" [] {} [[]] [null] [0] [1.0] ["x"] [[0]] {"x":1} [[0,1]]""")
VALUES += ["9" * 400, "9" * 5000, "[" * 126 + "]" * 126, "[" * 200 + "]" * 200]
NUMBERS = _words("""0 -0 0.0 -0.0 1 -1 2 0.5 1.0 4e0 1.5e1 1E+2 NaN Infinity -Infinity 1e308 -1e308 5e-324 1e400 200 65537 2147483648
    4294967295 4294967296 9007199254740993 18446744073709551616 1000000000000000000000000 0.1 0.30000000000000004""")
UNITS = ["", *_words("s ms us \\u00b5s ns ps fs kHz MHz GHz THz PHz Hz KHz dt min u \\u03bcs")]
DATES = ["", "2024-01-02 03:04:05", "2024-01-02T03:04:05 +00:00", *_words("""2024-01-02T03:04:05-05:00 2024-01-02T03:04:05Z 2024-01-02
    2024-01 2024 20240102T030405 2024-W05-3 2024-061 2024-01-02T24:00:00 2024-01-02T03:04:05,123456789+0530 2024-02-30T00:00:00 2024-13-01
    2024-01-02T03:04:60 yesterday 2024-1-2 1704164645 0001-01-01T00:00:00Z 9999-12-31T23:59:59Z 0000-01-01 10000-01-01""")]
QUANTITIES = _words("""T1 T2 frequency anharmonicity readout_error readout_length prob_meas0_prep1 operational gate_error gate_length t1
    \\u00541 x""")
NAMES = _words("""id rz sx x cx cz ecr rzz rx u1 u2 u3 u ccx h measure reset delay box if_else while_loop for_loop switch_case store play
    measure_2 reset_2 warp cx_ CX \\u0063x barrier global_phase cu""")
FLAGS = _words("""0 1 0.0 false true null NaN "" "0" [] [0] -0.0 0.5 {}""")
QUBIT_INDICES = _words("""0 1 2 -1 5 7 64 65536 1000000 1.0 true null "0" -0 4294967296 [0]""")
TIMINGS = _words("""0 1 2 16 null 1.5 1.0 true -1 4294967295 4294967296 "16" []""")
#: Keys of a configuration that small devices lack, with values that newer devices give them, and others.
ADDITIONS = {
    "dt": _words('0.2222222222222222 4 0 -1.5 null NaN true "4" 5e-324 1e400'),
    "timing_constraints": _words("""{} null [] {"granularity":16,"min_length":64} {"granularity":2,"num_qubits":9} {"dt":1.0,"x":[1]}
        {"description":"x"}"""),
    "supported_instructions": _words("""null [] ["measure","reset","delay","if_else"] ["x"] ["box","measure","store","while_loop"]"""),
    "instruction_signatures": _words("""null [] {} [{"name":"measure_2","num_qubits":1,"num_clbits":1,"parameters":[]}]
        [{"name":"reset_2","num_qubits":1,"num_clbits":0,"parameters":["a","a"],"return_type":"None"}]
        [{"name":"measure","num_qubits":1,"num_clbits":1,"parameters":[]},{"name":"if_else","num_qubits":2,"num_clbits":0,"parameters":[]}]
        [{"name":"rzz","num_qubits":2,"num_clbits":0,"parameters":["t"]}] [{"name":"cx","num_qubits":2,"num_clbits":0,"parameters":null}]
        [{"name":"rzz","num_qubits":2,"num_clbits":0,"parameters":[]}] [{"name":"huge","num_qubits":100000,"num_clbits":0,"parameters":[]}]"""),
    "new_key": _words('1 null {"a":[1]}'),
    "simulator": ["true"],
    "u_channel_lo": _words('[] null [[{"q":0,"scale":[1,0]}]] [[{"q":0,"scale":[1]}]]'),
    "rep_delay_range": _words('[0,500] null ["x"]'),
    "online_date": _words('"2021" null'),
    "dtm": _words('1 "x"'),
}
# fmt: on
DATE = '"date":"2024-02-03T04:05:06-05:00"'


@dataclass(frozen=True)
class Node:
    """A value of a payload: where it is, and what is in it."""

    path: Path
    start: int
    end: int
    #: The start of its member, key included; ``start`` for elements of arrays.
    outer: int
    children: list[Node] = field(default_factory=list, compare=False)

    @property
    def shape(self) -> Path:
        """The path, with ``*`` for every index, and ``#`` for numbers in keys, such as those of channels."""
        return tuple("*" if isinstance(key, int) else NUMBER.sub("#", key) for key in self.path)


@dataclass(frozen=True)
class Edit:
    """A text put between two places of a payload, instead of what is there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutation:
    """Edits of one payload that mean one thing together."""

    payload: str
    what: str
    edits: tuple[Edit, ...]

    def __str__(self) -> str:
        return f"{self.payload}: {self.what}"


class Source:
    """A payload with an index of its values."""

    def __init__(self, payload: bytes) -> None:
        self.text = payload.decode("latin-1")
        self.root = self._value((), 0, 0)
        nodes = list(self._all(self.root))
        self.by_shape: dict[Path, list[Node]] = {}
        for node in nodes:
            self.by_shape.setdefault(node.shape, []).append(node)
        self.shapes = list(self.by_shape)

    @cached_property
    def members(self) -> dict[str | int, Node]:
        """The nodes of the payload by key."""
        return {node.path[0]: node for node in self.root.children}

    def of(self, node: Node) -> str:
        """Return the text of a value."""
        return self.text[node.start : node.end]

    def _all(self, node: Node) -> Iterator[Node]:
        yield node
        for child in node.children:
            yield from self._all(child)

    def _after(self, offset: int) -> int:
        match = SPACE.match(self.text, offset)
        assert match is not None
        return match.end()

    def _value(self, path: Path, start: int, outer: int) -> Node:
        first = self.text[start]
        if first == '"':
            return Node(path, start, scanstring(self.text, start + 1)[1], outer)
        if first in "[{":
            return self._container(path, start, outer)
        match = SCALAR.match(self.text, start)
        assert match is not None, (path, self.text[start : start + 20])
        return Node(path, start, match.end(), outer)

    def _container(self, path: Path, start: int, outer: int) -> Node:
        children: list[Node] = []
        offset = self._after(start + 1)
        while self.text[offset] not in "]}":
            begin, key = offset, len(children)
            if self.text[start] == "{":
                key, offset = scanstring(self.text, offset + 1)
                offset = self._after(self._after(offset) + 1)
            children.append(self._value((*path, key), offset, begin))
            offset = self._after(children[-1].end)
            if self.text[offset] == ",":
                offset = self._after(offset + 1)
        return Node(path, start, offset + 1, outer, children)


def _string(content: str) -> str:
    return f'"{content}"'


def _shown(text: str) -> str:
    return text if len(text) < 70 else f"{text[:40]}... ({len(text)} bytes)"


def _path(path: Path) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


#: Gives a mutation of a node of a payload, or nothing where it makes no sense.
Kind = Callable[[Random, Source, Node], tuple[str, list[Edit]] | None]


def _replaced(source: Source, node: Node, text: str) -> tuple[str, list[Edit]]:
    what = f"{_path(node.path)}: {_shown(source.of(node))} -> {_shown(text)}"
    return what, [Edit(node.start, node.end, text)]


def another_value(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]]:
    """Put any value where another one is."""
    return _replaced(source, node, random.choice(VALUES))


def fitting_value(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Put a value of the same kind, as far as the place tells: a unit for a unit, a number for a number."""
    choices = _fitting(source, node)
    return _replaced(source, node, random.choice(choices)) if choices else None


def _fitting(source: Source, node: Node) -> list[str]:
    key = node.shape[-1] if node.path else ""
    first = source.of(node)[0]
    if key == "unit":
        return [_string(unit) for unit in UNITS]
    if first == '"' and str(key).endswith("date"):
        return [_string(date) for date in DATES]
    if first == '"':
        is_quantity = node.shape[-2:] == ("*", "name") and "parameters" in node.shape + ("parameters",) * (
            "qubits" in node.shape
        )
        return [_string(name) for name in (QUANTITIES if is_quantity else NAMES)]
    if "coupling_map" in node.shape or node.shape[-2:] == ("qubits", "*"):
        return (
            QUBIT_INDICES
            if not node.children
            else ["[]", "[[]]", "[[0,1]]", "[[1,0],[0,1]]", "[[0]]", "[0,0]", "[1,2]", "[0,1,2]"]
        )
    if node.shape[:1] == ("timing_constraints",):
        return TIMINGS
    return NUMBERS if first not in "[{" else []


def sibling_value(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]]:
    """Put there what stands at another place of the same kind, or of any other."""
    shape = node.shape if random.random() < 0.7 else random.choice(source.shapes)
    return _replaced(source, node, source.of(random.choice(source.by_shape[shape])))


def scaled_number(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Change a number a little, or write it otherwise."""
    text = source.of(node)
    if text[0] not in "-0123456789":
        return None
    number = json.loads(text)
    ways = [
        repr(number + 1),
        repr(-number),
        f"{number:e}",
        repr(float(number)),
        _string(text),
        f"{text}e3",
        f"[{text}]",
        text + "0" * 20,
    ]
    return _replaced(source, node, random.choice(ways).replace("inf", "Infinity"))


def escaped_text(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Write a character of a string as an escape, or put an unusual one into it."""
    text = source.of(node)
    if text[0] != '"' or len(text) < 3 or "\\" in text:
        return None
    offset = random.randrange(1, len(text) - 1)
    escape = f"\\u{ord(text[offset]):04x}"
    odd = random.choice(
        [
            escape,
            escape,
            escape.upper().replace("U", "u"),
            "\\u0000",
            "\\ud800",
            "\\n",
            "\xc2\xb5",
            "\xf0\x9f\x98\x80",
            "\t",
            "\\x",
        ]
    )
    return _replaced(source, node, text[:offset] + odd + text[offset + 1 :])


def dropped(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Leave out an element or a member."""
    if not node.children:
        return None
    index = random.randrange(len(node.children))
    child = node.children[index]
    if index + 1 < len(node.children):
        edit = Edit(child.outer, node.children[index + 1].outer, "")
    else:
        edit = Edit(node.children[index - 1].end if index else child.outer, child.end, "")
    return f"{_path(child.path)} left out", [edit]


def repeated(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Repeat an element, or a key with the same or another value, in front or at the end."""
    if not node.children:
        return None
    child = random.choice(node.children)
    value = source.of(child) if random.random() < 0.5 else random.choice(VALUES)
    text = source.text[child.outer : child.start] + value
    offset, added = random.choice([(node.children[0].outer, f"{text}, "), (node.children[-1].end, f", {text}")])
    return f"{_path(child.path)} again, {_shown(added)}", [Edit(offset, offset, added)]


def exchanged(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Exchange two elements or members."""
    if len(node.children) < 2:
        return None
    first, second = sorted(random.sample(range(len(node.children)), 2))
    one, other = node.children[first], node.children[second]
    text = source.text[other.outer : other.end] + source.text[one.end : other.outer] + source.text[one.outer : one.end]
    return f"{_path(one.path)} and {_path(other.path)} exchanged", [Edit(one.outer, other.end, text)]


def reordered(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Put all elements or members into another order."""
    if len(node.children) < 2:
        return None
    texts = [source.text[child.outer : child.end] for child in node.children]
    random.shuffle(texts)
    return f"{_path(node.path)} in another order", [
        Edit(node.children[0].outer, node.children[-1].end, ", ".join(texts))
    ]


def added(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Add an element or a member of any kind."""
    first = source.of(node)[0]
    if first not in "[{":
        return None
    value = random.choice(VALUES)
    name = random.choice(
        ["new_key", "name", "operational", "value", "unit", "coupling_map", "parameters", "n_qubits", "_data", "self"]
    )
    text = f"{_string(name)}: {value}" if first == "{" else value
    return _put_in(random, node, text)


def _put_in(random: Random, node: Node, text: str) -> tuple[str, list[Edit]]:
    if not node.children:
        offset = node.start + 1
    elif random.random() < 0.5:
        offset, text = node.children[0].outer, f"{text}, "
    else:
        offset, text = node.children[-1].end, f", {text}"
    return f"{_path(node.path)} has {_shown(text)} more", [Edit(offset, offset, text)]


def renamed_key(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Write a key otherwise: another name, or the same one with an escape."""
    key = node.path[-1] if node.path else 0
    if not isinstance(key, str) or not key:
        return None
    escaped = f"\\u{ord(key[0]):04x}{key[1:]}"
    name = random.choice(
        [escaped, escaped, key.upper(), f"{key} ", "new_key", random.choice(source.shapes)[-1:] or ("",)]
    )
    name = name if isinstance(name, str) else str(name[0])
    end = source.text.index(key, node.outer) + len(key)
    return f"{_path(node.path)} called {name!r}", [Edit(node.outer + 1, end, name)]


def flagged(random: Random, source: Source, node: Node) -> tuple[str, list[Edit]] | None:
    """Say of a qubit or a gate whether it is operational."""
    is_list = node.shape in (("qubits", "*"), ("gates", "*", "parameters"))
    if not is_list or source.of(node)[0] != "[":
        return None
    flag = random.choice(FLAGS)
    unit = random.choice(['""', '""', "null", '"us"'])
    return _put_in(random, node, f'{{{DATE},"name":"operational","unit":{unit},"value":{flag}}}')


#: Mutations of a value, and their weights.
KINDS: dict[Kind, int] = {
    another_value: 4, fitting_value: 5, sibling_value: 2, scaled_number: 2, escaped_text: 2, dropped: 3, repeated: 3, exchanged: 2,
    reordered: 1, added: 2, renamed_key: 2, flagged: 2,
}  # fmt: skip


def _value_mutation(random: Random, source: Source) -> tuple[str, list[Edit]]:
    while True:
        # By kind of place first: of the values of a payload, nine of ten are dates, names and units.
        node = random.choice(source.by_shape[random.choice(source.shapes)])
        kind = random.choices(list(KINDS), KINDS.values())[0]
        mutation = kind(random, source, node)
        if mutation is not None:
            return mutation


def _byte_mutation(random: Random, source: Source) -> tuple[str, list[Edit]]:
    offset = random.randrange(len(source.text))
    length = random.choice([1, 1, 1, 2, 8])
    odd = random.choice([*list('{}[]",:\\0123456789.eE+-n \t\x00ÿÂ'), "Âµ", HALF_A_PAIR, "null", "//", "1e5", "\r\n"])
    ways = [
        (f"bytes {offset}..{offset + length} left out", Edit(offset, min(offset + length, len(source.text)), "")),
        (f"{odd!r} at byte {offset}", Edit(offset, offset, odd)),
        (f"{odd!r} instead of byte {offset}", Edit(offset, offset + 1, odd)),
        (f"bytes from {offset} left out", Edit(offset, len(source.text), "")),
        (f"a byte order mark and {odd!r} in front", Edit(0, 0, random.choice([BOM, odd, BOM + " ", " "]))),
        (f"{odd!r} at the end", Edit(len(source.text), len(source.text), odd)),
        ("in UTF-16", Edit(0, len(source.text), source.text.encode("utf-16").decode("latin-1"))),
    ]
    what, edit = random.choices(ways, [4, 6, 6, 2, 1, 1, 1])[0]
    return what, [edit]


def _new_member(random: Random, source: Source) -> tuple[str, list[Edit]]:
    key = random.choice(list(ADDITIONS))
    value = random.choice(ADDITIONS[key])
    if key in source.members:
        return _replaced(source, source.members[key], value)
    return _put_in(random, source.root, f"{_string(key)}: {value}")


def _new_gate(random: Random, source: Source) -> tuple[str, list[Edit]]:
    """Give the device a gate that it does not have: in its basis, and perhaps among its definitions."""
    name = random.choice(NAMES)
    places = random.choice(
        ["[[0]]", "[[0,1],[1,0]]", "[[1,0]]", "[]", "null", "[[0,1,2]]", "[[0],[0,1]]", "[[0,0]]", "[[1],[0],[1]]"]
    )
    parameters = random.choice(["[]", '["a"]', '["a","b"]', '["a","a"]', "null"])
    definition = f'{{"name":"{name}","parameters":{parameters},"qasm_def":"","coupling_map":{places}}}'
    basis, gates = source.members["basis_gates"], source.members["gates"]
    edits = _put_in(random, basis, _string(name))[1]
    if random.random() < 0.8:
        edits += _put_in(random, gates, definition)[1]
    return f"a gate {name} on {places} with parameters {parameters}" + " without definition" * (len(edits) == 1), edits


def _new_calibration(random: Random, source: Source) -> tuple[str, list[Edit]]:
    """Measure a gate at places where it was not measured, or was."""
    name, flag = random.choice(NAMES), random.choice(["", "", *FLAGS])
    qubits = random.choice(["[0]", "[1]", "[0,1]", "[1,0]", "[0,2]", "[2]", "[0,1,2]", "[6]"])
    parameters = f'{{{DATE},"name":"gate_length","unit":"ns","value":{random.choice(NUMBERS[:14])}}}'
    parameters += flag and f',{{{DATE},"name":"operational","unit":"","value":{flag}}}'
    return _put_in(
        random, source.members["gates"], f'{{"qubits":{qubits},"gate":"{name}","parameters":[{parameters}],"name":"x"}}'
    )


def mutation(random: Random, sources: dict[str, Source]) -> Mutation:
    """Return a mutation of one of the payloads of a device, which are ``configuration`` and ``properties``."""
    payload = random.choice(list(sources))
    special = [_new_member, _new_gate] if payload == "configuration" else [_new_calibration]
    make = random.choices([_value_mutation, _byte_mutation, random.choice(special)], [82, 6, 12])[0]
    what, edits = make(random, sources[payload])
    return Mutation(payload, what, tuple(edits))


def mutations(random: Random, sources: dict[str, Source]) -> list[Mutation]:
    """Return one mutation, or a few that do not touch each other."""
    chosen: list[Mutation] = []
    for _ in range(random.choices([1, 2, 3, 6], [60, 25, 10, 5])[0]):
        another = mutation(random, sources)
        if not any(_touch(another, other) for other in chosen):
            chosen.append(another)
    return chosen


def _touch(one: Mutation, other: Mutation) -> bool:
    if one.payload != other.payload:
        return False
    return any(a.start <= b.end and b.start <= a.end for a in one.edits for b in other.edits)


def mutated(source: Source, payload: str, chosen: Iterable[Mutation]) -> bytes:
    """Return a payload after those mutations that are of it."""
    edits = sorted(
        (edit for change in chosen if change.payload == payload for edit in change.edits), key=lambda edit: edit.start
    )
    parts, offset = [], 0
    for edit in edits:
        parts += [source.text[offset : edit.start], edit.text]
        offset = edit.end
    return "".join([*parts, source.text[offset:]]).encode("latin-1")


def device(configuration: dict[str, Any] | bytes, properties: dict[str, Any] | bytes) -> dict[str, Source]:
    """Return the sources of a device's payloads."""
    given = {"configuration": configuration, "properties": properties}
    return {
        name: Source(value if isinstance(value, bytes) else json.dumps(value).encode()) for name, value in given.items()
    }
