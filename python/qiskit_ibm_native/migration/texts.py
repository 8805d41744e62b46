# SPDX-License-Identifier: Apache-2.0
"""Names of modules, variables and translation stages inside texts."""

from __future__ import annotations

import libcst as cst

from .names import NEW, OLD, home_of
from .source import Edit, Edited, Source, argument, text_of

_VARIABLES = {f"QISKIT_IBM_PROVIDER_LOG_{kind}": f"QISKIT_IBM_NATIVE_LOG_{kind}" for kind in ("LEVEL", "FILE")}
_STAGES = ("ibm_backend", "ibm_dynamic_circuits")


def rewrite_texts(source: Source) -> None:
    """Ask for today's names in literals that are such a name as a whole, as those of loggers and of mocks are."""
    for literal in source.all(cst.SimpleString):
        text = text_of(literal)
        if text in _VARIABLES:
            source.change(literal, _to(_VARIABLES[text]), "The variable has another name.")
        elif text == OLD or (text is not None and text.startswith(f"{OLD}.") and text.replace(".", "").isidentifier()):
            home = home_of(text)
            if home is not None and home.module is None:
                source.leave(literal, f"{text}: {home.advice}.")
            else:
                source.change(literal, _to(f"{NEW}{text[len(OLD) :]}"), f"The package is {NEW} today.")
    for call in source.all(cst.Call):
        stage = argument(call.args, "translation_method")
        if stage is not None and text_of(stage.value) in _STAGES:
            source.change(stage.value, _to(NEW), "The translation stage has another name.")


def _to(text: str) -> Edit:
    def edit(updated: cst.CSTNode) -> Edited:
        if not isinstance(updated, cst.SimpleString):
            raise TypeError("a literal stays one")
        return updated.with_changes(value=f"{updated.prefix}{updated.quote}{text}{updated.quote}")

    return edit
