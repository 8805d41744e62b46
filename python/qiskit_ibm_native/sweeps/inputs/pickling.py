# SPDX-License-Identifier: Apache-2.0
"""Pickles for workers, which cannot always import the program that started the sweep."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any, NamedTuple


class Pickled(NamedTuple):
    """An object for workers."""

    content: bytes
    #: The path of the main program, if the object needs something that is defined there.
    main: str | None


def pickled(value: Any, what: str) -> Pickled:
    """Pickle an object for workers.

    Args:
        value: The object.
        what: Its description, for messages.

    Raises:
        IBMInputValueError: It cannot be pickled, or workers would not find what it is made of.
    """
    from ...exceptions import IBMInputValueError

    try:
        content = pickle.dumps(value, protocol=5)
        if b"__main__" not in content:
            return Pickled(content, None)
        # Workers on other machines may not have the program; cloudpickle sends the code of functions and classes.
        try:
            import cloudpickle
        except ImportError:
            return Pickled(content, _main_program(what))
        return Pickled(cloudpickle.dumps(value, protocol=5), None)
    except IBMInputValueError:
        raise
    except Exception as error:
        raise IBMInputValueError(
            f"{what} cannot be sent to workers: {error}. Functions and classes that workers can find are those at the top"
            " of a module; functools.partial adds arguments."
        ) from error


def unpickled(found: Pickled) -> Any:
    """Return the object that :func:`pickled` wrote, after importing the main program if it is needed."""
    if found.main is not None:
        _import_main(found.main)
    return pickle.loads(found.content)  # noqa: S301 (from our own driver)


def _main_program(what: str) -> str:
    from ...exceptions import IBMInputValueError

    main = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    if not main.is_file():
        raise IBMInputValueError(
            f"{what} is defined in an interactive session, where workers cannot find it. Put it into a module, or install"
            " cloudpickle."
        )
    return str(main.absolute())


def _import_main(path: str) -> None:
    """Import the program that started the sweep, as multiprocessing does, so that what it defines is found."""
    from multiprocessing import spawn

    if getattr(sys.modules["__main__"], "__file__", None) != path:
        spawn.prepare({"init_main_from_path": path})
