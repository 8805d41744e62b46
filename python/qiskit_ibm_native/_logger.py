# SPDX-License-Identifier: Apache-2.0
"""The package's logger.

It is silent below warnings, as libraries are, unless ``QISKIT_IBM_NATIVE_LOG_LEVEL`` says otherwise. The log goes to standard
error then, or, with ``QISKIT_IBM_NATIVE_LOG_FILE``, to that file only.
"""

from __future__ import annotations

import logging
import os

from ._redaction import redact

LOG_LEVEL = "QISKIT_IBM_NATIVE_LOG_LEVEL"
LOG_FILE = "QISKIT_IBM_NATIVE_LOG_FILE"
FORMAT = "%(module)s.%(funcName)s:%(levelname)s:%(asctime)s: %(message)s"

logger = logging.getLogger("qiskit_ibm_native")


class _Discretion(logging.Filter):
    """Takes secrets out of what is logged, before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


logger.addFilter(_Discretion())


def setup_logger(target: logging.Logger) -> None:
    """Set level and handlers of a logger by the environment; without the variables, nothing is changed."""
    level = os.environ.get(LOG_LEVEL, "")
    if not level:
        return
    known = isinstance(logging.getLevelName(level.upper()), int)
    target.setLevel(level.upper() if known else logging.WARNING)
    target.propagate = False
    file = os.environ.get(LOG_FILE)
    handler = logging.FileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    target.addHandler(handler)
    if not known:
        target.warning("%s is not a log level: %s. WARNING is used.", level, LOG_LEVEL)


setup_logger(logger)
