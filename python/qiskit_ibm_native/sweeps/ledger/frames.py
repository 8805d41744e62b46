# SPDX-License-Identifier: Apache-2.0
"""Tables of results as data frames of pandas and polars."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ...exceptions import LedgerError


def pandas_frame(read: Callable[[], Any]) -> Any:
    """Return the table that ``read`` returns, a ``pyarrow.Table``, as a ``pandas.DataFrame``.

    Raises:
        LedgerError: pandas is not installed.
    """
    _needed("pandas")
    return read().to_pandas()


def polars_frame(read: Callable[[], Any]) -> Any:
    """Return the table that ``read`` returns, a ``pyarrow.Table``, as a ``polars.DataFrame``.

    Raises:
        LedgerError: polars is not installed.
    """
    polars = _needed("polars")
    return polars.from_arrow(read())


def _needed(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise LedgerError(f"Frames of {package} need one more package: pip install {package}") from None
