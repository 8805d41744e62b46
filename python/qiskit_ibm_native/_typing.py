# SPDX-License-Identifier: Apache-2.0
"""Types of annotations that several rooms use."""

from typing import Any, TypeAlias

#: ``X | MaybeNone`` is the type of values that only simulators, or only devices of today, lack. Type checkers let a
#: program use such a value as an ``X`` without a test for ``None``, as with typeshed's alias of the same name.
MaybeNone: TypeAlias = Any
