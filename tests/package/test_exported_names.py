# SPDX-License-Identifier: Apache-2.0
"""What the package exports is what it says it exports."""

from __future__ import annotations

import importlib
import inspect

import pytest

import qiskit_ibm_native


def test_all_names_exist_and_are_documented() -> None:
    assert sorted(qiskit_ibm_native.__all__) == qiskit_ibm_native.__all__
    for name in qiskit_ibm_native.__all__:
        value = getattr(qiskit_ibm_native, name)
        assert value.__module__.startswith("qiskit_ibm_native.")
        assert inspect.getdoc(value)
    assert set(qiskit_ibm_native.__all__) <= set(dir(qiskit_ibm_native))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = qiskit_ibm_native.no_such_name


def test_star_import_binds_them_all() -> None:
    namespace: dict[str, object] = {}
    exec("from qiskit_ibm_native import *", namespace)
    assert set(qiskit_ibm_native.__all__) <= set(namespace)


def test_every_exception_is_in_the_tree_and_in_its_drawing() -> None:
    exceptions = importlib.import_module("qiskit_ibm_native.exceptions")
    own = {
        name for name, it in vars(exceptions).items() if inspect.isclass(it) and it.__module__ == exceptions.__name__
    }
    assert exceptions.__doc__ is not None
    assert all(name in exceptions.__doc__ for name in own)
    assert all(issubclass(getattr(exceptions, name), exceptions.IBMError) for name in own)
