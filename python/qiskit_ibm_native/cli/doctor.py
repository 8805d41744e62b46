# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native doctor``: is this installation well, and what is to be done?"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .histogram import speaks_unicode
from .options import Json

if TYPE_CHECKING:
    from ..diagnosis.finding import Finding

#: Signs and styles of findings, by state; and signs where the encoding has no others.
_SIGNS = {"ok": ("✓", "+", "green"), "missing": ("·", ".", "dim"), "advice": ("!", "!", "yellow"),
          "problem": ("✗", "x", "bold red")}  # fmt: skip


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Ask the service about the account, too.")] = False,
    json: Json = False,
) -> int:
    """Look at this installation: versions, extras, processors, files, the account, and plug-ins that slow Qiskit down.

    Nothing is changed, and nothing but --online uses the network. The exit status is 1 if something does not work until
    you do something.

    Examples:
        qiskit-ibm-native doctor
        qiskit-ibm-native doctor --online --json
    """
    from ..diagnosis.doctor import examine

    findings: list[Finding] = []
    topic = ""
    for finding in examine(online=online):
        findings.append(finding)
        if json:
            continue
        if finding.topic != topic:
            topic = finding.topic
            _write_heading(topic, is_first=len(findings) == 1)
        _write_finding(finding)
    problems = sum(finding.state == "problem" for finding in findings)
    advice = sum(finding.state == "advice" for finding in findings)
    if json:
        output.document({
            "problems": problems, "advice": advice,
            "findings": [finding.to_dict() for finding in findings],
        })  # fmt: skip
    else:
        _write_end(problems, advice)
    return 1 if problems else 0


def _write_heading(topic: str, *, is_first: bool) -> None:
    if not is_first:
        output.write("")
    _styled(f"{topic[0].upper()}{topic[1:]}", "bold")


def _write_finding(finding: Finding) -> None:
    good, plain, style = _SIGNS[finding.state]
    sign = good if speaks_unicode() else plain
    _styled(_filled(f"{finding.name}: {finding.value}", f"  {sign} "), style if finding.state != "ok" else "")
    if finding.advice and finding.state != "ok":
        _styled(_filled(finding.advice, "      "), "cyan")


def _filled(text: str, indent: str) -> str:
    """Return a text in lines as wide as a terminal; a pipe gets one line."""
    text = output.printable(text)
    if not output.is_terminal():
        return f"{indent}{text}"
    return textwrap.fill(
        text, output.width() - 1, initial_indent=indent, subsequent_indent=" " * (len(indent) + 2),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _write_end(problems: int, advice: int) -> None:
    from .._words import count

    output.write("")
    if problems:
        _styled(f"{count(problems, 'problem')} to be solved.", "bold red")
    else:
        more = f", and {count(advice, 'thing')} could be better" if advice else ""
        _styled(f"Everything works{more}.", "green")


def _styled(text: str, style: str) -> None:
    if output.has_colour() and style:
        from rich.text import Text

        output.rich(Text(text, style=style))
    else:
        output.write(text)
