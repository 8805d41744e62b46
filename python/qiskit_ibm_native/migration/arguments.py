# SPDX-License-Identifier: Apache-2.0
"""Arguments of calls that concern accounts: hubs, groups and projects, channels, addresses, instances."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from ..accounts.urls import url_problem
from .names import NEW, OLD, home_of
from .source import Edit, Edited, Source, text_of

PROVIDER = f"{NEW}.IBMProvider"
_OFFICIAL = "qiskit_ibm_runtime.QiskitRuntimeService"
#: Arguments without keywords, in order.
_POSITIONAL = {
    PROVIDER: ("token", "url", "name", "instance", "proxies", "verify"),
    f"{PROVIDER}.save_account": ("token", "url", "instance", "name", "proxies", "verify", "overwrite"),
    _OFFICIAL: (),
    f"{_OFFICIAL}.save_account": (),
}
#: Methods that take an instance.
_METHODS = ("backend", "backends", "get_backend", "jobs", "least_busy")
_HGP = re.compile(r"[^/:\s]+/[^/:\s]+/[^/:\s]+")
_NO_HGP = "Hubs, groups and projects were shut down: without an instance all of the account are used, or give a CRN."
KEY_IS_NEEDED = "Tokens of the former platform are void: create an API key at https://quantum.cloud.ibm.com."
_CHANNEL = "The channel ibm_quantum was shut down."
_URL = "The service at this address was shut down."


def is_of_2023(source: Source) -> bool:
    """Return whether a script has providers of 2023."""
    return source.imports_within(OLD, "qiskit.IBMQ", "qiskit.providers.ibmq") or source.uses("qiskit.IBMQ")


def rewrite_accounts(source: Source) -> None:
    """Ask for the edits of calls of providers, services and their methods."""
    is_former = is_of_2023(source)
    for call in source.all(cst.Call):
        callee, was_old = _callee_of(source, call)
        if callee in _POSITIONAL:
            _rewrite_call(source, call, _POSITIONAL[callee], was_old)
        elif is_former and isinstance(call.func, cst.Attribute) and call.func.attr.value in _METHODS:
            _rewrite_call(source, call, (), was_old=False)


def _callee_of(source: Source, call: cst.Call) -> tuple[str | None, bool]:
    name = source.name_of(call.func)
    if name is None or not name.startswith(f"{OLD}."):
        return name, False
    stem, _, method = name.rpartition(".")
    for candidate, suffix in ((name, ""), (stem, f".{method}")):
        home = home_of(candidate)
        if home is not None and f"{home.module}.{home.name}" == PROVIDER:
            return f"{PROVIDER}{suffix}", True
    return name, False


def _rewrite_call(source: Source, call: cst.Call, positional: Sequence[str], was_old: bool) -> None:
    arguments, reasons, left = adapted(call.args, positional)
    if was_old and any(name == "token" for name in _names_of(call.args, positional)):
        reasons.append(KEY_IS_NEEDED)
    for name in left if was_old else ():
        source.leave(
            call, f"{name}= is not written out here. If it is {_FORMER[name]}, leave it out: it was shut down."
        )
    if len(arguments) != len(call.args) or any(new is not old for new, old in zip(arguments, call.args, strict=True)):
        source.change(call, replacing_arguments(arguments, call.args), " ".join(reasons))
    elif was_old and KEY_IS_NEEDED in reasons:
        source.leave(call, KEY_IS_NEEDED)


_FORMER = {"instance": "hub/group/project", "url": "an address of the former platform"}


def adapted(arguments: Sequence[cst.Arg], positional: Sequence[str]) -> tuple[list[cst.Arg], list[str], list[str]]:
    """Return arguments without what was shut down, reasons, and names of arguments that only running would tell."""
    kept: list[cst.Arg] = []
    reasons: list[str] = []
    left: list[str] = []
    names = _names_of(arguments, positional)
    has_gap = False
    for given, name in zip(arguments, names, strict=True):
        reason = _reason_to_drop(name, given.value)
        if reason is not None:
            reasons.append(reason)
            has_gap = has_gap or given.keyword is None
            continue
        if name in _FORMER and text_of(given.value) is None and not _is_none(given.value):
            left.append(name)
        argument = given
        if name == "channel" and text_of(given.value) == "ibm_quantum":
            argument = given.with_changes(value=cst.SimpleString('"ibm_quantum_platform"'))
            reasons.append(_CHANNEL)
        if has_gap and given.keyword is None and not given.star:
            argument = argument.with_changes(keyword=cst.Name(name), equal=_EQUAL)
        kept.append(argument)
    return kept, list(dict.fromkeys(reasons)), left


_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def replacing_arguments(arguments: Sequence[cst.Arg], former: Sequence[cst.Arg]) -> Edit:
    """Return the edit that gives a call other arguments, after the edits of what is in them."""

    def edit(updated: cst.CSTNode) -> Edited:
        if not isinstance(updated, cst.Call):
            raise TypeError("a call stays one")
        inner = {
            id(old.value): new.value
            for old, new in zip(former, updated.args, strict=True)
            if old.value is not new.value
        }
        return updated.with_changes(args=_closed([_with_inner(given, inner) for given in arguments], former))

    return edit


def _with_inner(given: cst.Arg, inner: dict[int, cst.BaseExpression]) -> cst.Arg:
    return given.with_changes(value=inner[id(given.value)]) if id(given.value) in inner else given


def _closed(arguments: list[cst.Arg], former: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Return arguments that end as the former ones did, with the same white space or comma before the parenthesis."""
    if not arguments or not former:
        return arguments
    last = former[-1]
    arguments[-1] = arguments[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return arguments


def _names_of(arguments: Sequence[cst.Arg], positional: Sequence[str]) -> list[str]:
    return [
        given.keyword.value
        if given.keyword is not None
        else positional[index]
        if index < len(positional) and not given.star
        else ""
        for index, given in enumerate(arguments)
    ]


def _reason_to_drop(name: str, value: cst.BaseExpression) -> str | None:
    text = text_of(value)
    if name in ("hub", "group", "project"):
        return _NO_HGP
    if name == "instance" and text is not None and _HGP.fullmatch(text):
        return _NO_HGP
    if name == "url" and text is not None and "was shut down" in (url_problem(text) or ""):
        return _URL
    return None


def _is_none(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Name) and value.value == "None"
