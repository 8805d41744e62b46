# SPDX-License-Identifier: Apache-2.0
"""`make test-notebooks` runs these tests in an environment that has JupyterLab; others leave them out."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

if find_spec("jupyterlab") is None or find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave warnings of Jupyter to Jupyter."""
    for item in items:
        if "tests/notebooks/rendering" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("default"))
