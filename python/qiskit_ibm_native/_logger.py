# SPDX-License-Identifier: Apache-2.0
"""The logger of the package.

By default it logs warnings only, through the handlers of the program. ``QISKIT_IBM_NATIVE_LOG_LEVEL`` sets another
level and a handler of its own: standard error, or the file that ``QISKIT_IBM_NATIVE_LOG_FILE`` names.
"""

from __future__ import annotations

import logging
import os

from ._redaction import redact

LOG_LEVEL = "QISKIT_IBM_NATIVE_LOG_LEVEL"
LOG_FILE = "QISKIT_IBM_NATIVE_LOG_FILE"
FORMAT = "%(module)s.%(funcName)s:%(levelname)s:%(asctime)s: %(message)s"

logger = logging.getLogger("qiskit_ibm_native")


class _RedactingFilter(logging.Filter):
    """Removes secrets from records before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


logger.addFilter(_RedactingFilter())


def setup_logger(target: logging.Logger) -> None:
    """Set level and handler of a logger by the environment; without the variables, change nothing."""
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
