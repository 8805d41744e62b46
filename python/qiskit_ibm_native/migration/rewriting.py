# SPDX-License-Identifier: Apache-2.0
"""All rules on one script."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

import libcst as cst

from .arguments import rewrite_accounts
from .calls import rewrite_backends, rewrite_circuits, rewrite_execute, rewrite_ibmq
from .imports import Imports, rewrite_full_names
from .source import Source
from .texts import rewrite_texts

if TYPE_CHECKING:
    from .findings import Finding


def rewrite(code: bytes) -> tuple[bytes, list[Finding]]:
    """Return a script as it would be written today, and what was found in it.

    Args:
        code: The script, in the encoding that it declares.

    Raises:
        SyntaxError: The script is no valid Python.
    """
    _check(code)
    try:
        source = Source(code)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(f"line {error.raw_line}: {error.message}") from None
    except (UnicodeError, LookupError) as error:
        raise SyntaxError(f"the text is not in the encoding that it declares: {error}") from None
    rewrite_execute(source)
    wanted = rewrite_ibmq(source)
    rewrite_accounts(source)
    rewrite_backends(source)
    rewrite_circuits(source)
    rewrite_texts(source)
    wanted += rewrite_full_names(source)
    Imports(source).rewrite(wanted)
    new, findings = source.apply()
    try:
        cst.parse_module(new)
    except cst.ParserSyntaxError as error:
        # A rule is wrong. Nothing is handed out that Python would not take.
        raise SyntaxError(f"line {error.raw_line} would not be valid Python: {error.message}") from None
    return new, findings


def _check(code: bytes) -> None:
    """Let Python itself read a script first: it has limits of nesting, of which libcst's parser knows none.

    Raises:
        SyntaxError: Python does not take the script.
    """
    with warnings.catch_warnings():
        # Of escapes that are none, and the like.
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except SyntaxError as error:
            raise SyntaxError(f"line {error.lineno}: {error.msg}" if error.lineno else error.msg) from None
        except (RecursionError, MemoryError):
            raise SyntaxError("expressions are nested too deeply") from None
        except ValueError as error:
            raise SyntaxError(str(error)) from None
