# SPDX-License-Identifier: Apache-2.0
"""The extension of IPython: ``%load_ext qiskit_ibm_native``."""

from __future__ import annotations

from typing import Any

from .arguments import argument_names

#: The name by which IPython's settings may disable the matcher.
_NAME = "qiskit_ibm_native.arguments"


def load_ipython_extension(shell: Any) -> None:
    """Let a shell complete arguments; IPython calls this for ``%load_ext qiskit_ibm_native``.

    Examples:
        >>> from IPython import get_ipython
        >>> from qiskit_ibm_native.completion import load_ipython_extension
        >>> shell = get_ipython()  # None outside of IPython, where %load_ext qiskit_ibm_native does all of this
        >>> if shell is not None:
        ...     load_ipython_extension(shell)
    """
    if not _ours(shell):
        shell.Completer.custom_matchers.append(_matcher_of(shell))


def unload_ipython_extension(shell: Any) -> None:
    """Undo :func:`load_ipython_extension`; IPython calls this for ``%unload_ext qiskit_ibm_native``.

    Examples:
        >>> from IPython import get_ipython
        >>> from qiskit_ibm_native.completion import unload_ipython_extension
        >>> shell = get_ipython()  # None outside of IPython, where %unload_ext qiskit_ibm_native does all of this
        >>> if shell is not None:
        ...     unload_ipython_extension(shell)
    """
    for matcher in _ours(shell):
        shell.Completer.custom_matchers.remove(matcher)


def _ours(shell: Any) -> list[Any]:
    return [
        matcher for matcher in shell.Completer.custom_matchers if getattr(matcher, "matcher_identifier", "") == _NAME
    ]


def _matcher_of(shell: Any) -> Any:
    """Return a matcher of IPython's second interface, which knows the whole line."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=_NAME)  # type: ignore[untyped-decorator]
    def match(context: Any) -> dict[str, Any]:
        prefix, names = argument_names(context.text_until_cursor, shell.user_ns)
        return {
            "completions": [SimpleCompletion(name, type="param") for name in names],
            "matched_fragment": prefix,
            # Names of files and magics would be in between.
            "suppress": bool(names),
        }

    return match
