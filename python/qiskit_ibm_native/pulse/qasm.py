# SPDX-License-Identifier: Apache-2.0
"""Names, numbers and expressions as OpenQASM 3 spells them."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from .errors import pulse_error

#: Words that OpenQASM 3 and OpenPulse keep for themselves; a gate or a parameter has another name.
_KEYWORDS = frozenset(
    re.findall(
        r"\S+",
        "OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for while "
        "in switch case default pragma input output const readonly mutable qreg creg qubit bool bit int uint float "
        "angle complex array void duration stretch gphase inv pow ctrl negctrl dim durationof barrier nop true false "
        "im pi tau euler π τ ℇ port frame waveform",
    )
)
#: Operations that have no other definition, so that a defcal is one of a keyword.
_OPERATIONS = frozenset({"delay", "measure", "reset"})
#: Functions of expressions, by the names that Qiskit writes.
_FUNCTIONS = {
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "cos": "cos",
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "tan": "tan",
}
_TOKEN = re.compile(r"(?<![\w.])(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(?P<function>[^\W\d]\w*)(?=\())")
#: A word, or the unit behind an imaginary number.
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*|(?<=[\d.])[ij]\b")


def gate_name(name: Any) -> str:
    """Return the name of a gate; PulseError if OpenQASM 3 takes it for no name or for something else."""
    return name if isinstance(name, str) and name in _OPERATIONS else _checked("gate", name)


def parameter_name(name: str) -> str:
    """Return the name of a gate's parameter; PulseError if OpenQASM 3 takes it for no name or for something else."""
    if name in _OPERATIONS or name in _FUNCTIONS.values():
        raise pulse_error(
            f"The parameter {name!r} has a name that OpenQASM 3 uses; assign another parameter in its place."
        )
    return _checked("parameter", name)


def _checked(what: str, name: Any) -> str:
    if not isinstance(name, str):
        raise pulse_error(f"The name of a {what} must be a string, not {name!r}.")
    if not name or name[0].isdigit() or not all(_is_letter(letter) or letter in "0123456789" for letter in name):
        raise pulse_error(
            f"{name!r} cannot be the name of a {what} in OpenQASM 3: names consist of letters, digits and _."
        )
    if name in _KEYWORDS:
        raise pulse_error(f"{name!r} cannot be the name of a {what}, because it is a word of OpenQASM 3.")
    return name


def _is_letter(letter: str) -> bool:
    return letter == "_" or unicodedata.category(letter) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"}


def real(value: Any) -> str:
    """Return a number or one of Qiskit's parameter expressions as text.

    Raises:
        PulseError: The number is not finite, or the expression calls a function that OpenQASM 3 does not have, or
            divides by a negated product or quotient, which Qiskit writes without parentheses.
    """
    if getattr(value, "parameters", None):
        text = str(value)
        if _is_ambiguous(text):
            raise pulse_error(
                f"{text} cannot be written in OpenQASM 3, because Qiskit writes x/(-(y/z)) and x/(-y)/z alike; put"
                " the sign in front of the quotient, as in -(x/(y/z))."
            )
        # Infinities, and complex numbers, which are written with i or j.
        names = {one.name for one in value.parameters} | _FUNCTIONS.keys()
        if strange := [name for name in _NAME.findall(text) if name not in names and f"{name}(" not in text]:
            raise pulse_error(f"{text} cannot be written in OpenQASM 3: {strange[0]} is not a finite real number.")
        return _TOKEN.sub(_respelt, text)
    number = float(value)
    if not math.isfinite(number):
        raise pulse_error(f"{value} cannot be written in OpenQASM 3: the number must be finite.")
    return repr(number)


def _is_ambiguous(text: str) -> bool:
    """Return whether an expression divides by something negated that goes on with a multiplication or a division."""
    for division in re.finditer("/-", text):
        depth = 0
        for token in re.finditer(r"\*\*|[()*/ ]", text[division.end() :]):
            depth += (token[0] == "(") - (token[0] == ")")
            if depth < 0 or (depth == 0 and token[0] == " "):
                break
            if depth == 0 and token[0] in "*/":
                return True
    return False


def _respelt(token: re.Match[str]) -> str:
    number, function = token["number"], token["function"]
    if function is None:
        # Integers would be divided as integers, and those of more than 64 bits are none.
        return f"{number}.0" if number.isdigit() else str(number)
    if function not in _FUNCTIONS:
        raise pulse_error(f"OpenQASM 3 has no function {function}(), which the expression {token.string} calls.")
    return _FUNCTIONS[function]


def duration(value: Any) -> str:
    """Return a number of samples as text, with the unit dt."""
    return f"{value if isinstance(value, int) else real(value)}dt"


def complex_number(value: complex) -> str:
    """Return a complex number as text."""
    sign = "-" if value.imag < 0 else "+"
    return f"{value.real!r} {sign} {abs(value.imag)!r}im"
