# SPDX-License-Identifier: Apache-2.0
"""Qiskit's passes for one target and setting, which can go on from where an earlier run of them was.

There are two such places: before the first pass that uses the seed, and before the first one whose choice depends on
the values of a calibration. What is kept there is the circuit as passes see it, a ``DAGCircuit``, copied as a whole: a
circuit made of it and taken apart again has its operations in another order, and other sums of angles in their last
digits.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit.transpiler import AnalysisPass, Layout, PassManager, TransformationPass

if TYPE_CHECKING:
    from qiskit.dagcircuit import DAGCircuit
    from qiskit.transpiler import StagedPassManager

#: Passes that use the seed, which is all that they keep of it. Other passes of the preset pass managers have none.
_SEEDED = frozenset({"SabreLayout", "SabreSwap"})
#: The search for a layout that needs no routing; it ranks layouts by the values of a calibration.
_SEARCH = "VF2Layout"
#: The search for a better layout of a routed circuit, which does, too.
_LATER_SEARCH = "VF2PostLayout"
#: What the search for a layout leaves behind.
_FOUND = ("layout", "VF2Layout_stop_reason")


class State(NamedTuple):
    """A circuit between two passes."""

    dag: DAGCircuit
    properties: dict[str, Any]
    #: The index of the pass, or group of passes, that comes next.
    following: int
    #: Whether a pass has used the seed.
    used_seed: bool


class Passed(NamedTuple):
    """A transpiled circuit, with the states that were seen on the way."""

    circuit: QuantumCircuit
    #: The state before the seed matters, without what depends on values.
    before_seed: State | None
    #: The state before values of a calibration matter; ``None`` if they have mattered before.
    before_values: State | None
    #: Whether a pass has used the seed.
    used_seed: bool


class CutPasses:
    """The passes of a preset pass manager, which can begin in their midst."""

    def __init__(self, staged: StagedPassManager) -> None:
        """Take the passes of a pass manager of Qiskit's own stages."""
        tasks: Sequence[Any] = staged.to_flow_controller().tasks
        kinds = [{type(single).__name__ for single in _passes(task)} for task in tasks]
        routed = _tasks_until_routed(staged)
        self._seeded = [single for task in tasks for single in _passes(task) if type(single).__name__ in _SEEDED]
        self._seed = next((index for index in range(routed) if kinds[index] & _SEEDED), routed)
        self._search = next((index for index in range(self._seed) if _SEARCH in kinds[index]), self._seed)
        self._values = next((index for index in range(self._seed, routed) if _LATER_SEARCH in kinds[index]), routed)
        self._before_seed, self._before_values, self._begin = _Mark("seed"), _Mark("values"), _Begin()
        until_values = [*tasks[self._seed : self._values], self._before_values, *tasks[self._values :]]
        self._whole = PassManager([*tasks[: self._seed], self._before_seed, *until_values])
        self._rests = {
            self._values: PassManager([self._begin, *tasks[self._values :]]),
            self._seed: PassManager([self._begin, *until_values]),
            self._search: PassManager([self._begin, *tasks[self._search : self._seed], *until_values]),
        }

    def run(self, circuit: QuantumCircuit, seed: int, begun: State | None = None) -> Passed:
        """Transpile a circuit.

        Args:
            circuit: The circuit.
            seed: The transpiler's seed.
            begun: A state of the same circuit from which to go on.
        """
        used: list[str] = []

        def notice(**state: Any) -> None:
            if type(state["pass_"]).__name__ in _SEEDED:
                used.append(type(state["pass_"]).__name__)

        for single in self._seeded:
            single.seed = seed
        self._before_seed.seen = self._before_values.seen = None
        if begun is None:
            transpiled = self._whole.run(circuit, callback=notice)
        else:
            self._begin.state = begun
            # The circuit comes from the state.
            transpiled = self._rests[begun.following].run(QuantumCircuit(), callback=notice)
        used_seed = bool(used) or (begun is not None and begun.used_seed)
        return Passed(transpiled, self._state_before_seed(), self._state_before_values(used_seed), used_seed)

    def _state_before_seed(self) -> State | None:
        if self._before_seed.seen is None:
            return None
        dag, properties = self._before_seed.seen
        if not _is_found(properties):
            return State(dag, properties, self._seed, False)
        # A layout that was found is the best one by these values alone.
        rest = {name: value for name, value in properties.items() if name not in _FOUND}
        return State(dag, rest, self._search, False)

    def _state_before_values(self, used_seed: bool) -> State | None:
        if self._before_values.seen is None or _is_found(self._before_values.seen[1]):
            return None
        return State(*self._before_values.seen, self._values, used_seed)


class _Mark(AnalysisPass):  # type: ignore[misc]  # Qiskit has no types
    """Keeps the circuit as it is at some place."""

    def __init__(self, name: str) -> None:
        """Mark a place; passes of one class and the same arguments would count as one."""
        super().__init__()
        self.place = name
        self.seen: tuple[DAGCircuit, dict[str, Any]] | None = None

    def run(self, dag: DAGCircuit) -> None:
        self.seen = copy.deepcopy(dag), _copied(self.property_set)


class _Begin(TransformationPass):  # type: ignore[misc]
    """Puts a state in place of the circuit that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.state: State | None = None

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        if self.state is None:
            return dag
        self.property_set.update(_copied(self.state.properties))
        return copy.deepcopy(self.state.dag)


def _copied(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties, with those copied that passes change in place."""
    return {
        name: value.copy() if isinstance(value, (Layout, dict, list, set)) else value
        for name, value in properties.items()
    }


def _is_found(properties: dict[str, Any]) -> bool:
    reason = properties.get("VF2Layout_stop_reason")
    return reason is not None and bool(reason.name == "SOLUTION_FOUND")


def _passes(task: Any) -> Iterator[Any]:
    """Return the passes of a task, which may be a group of them."""
    group: Iterable[Any] | None = getattr(task, "tasks", None)
    if group is None:
        yield task
        return
    for member in group:
        yield from _passes(member)


def _tasks_until_routed(staged: StagedPassManager) -> int:
    names = takewhile(lambda name: name != "pre_translation", staged.expanded_stages)
    stages = (getattr(staged, name, None) for name in names)
    return sum(len(stage.to_flow_controller().tasks) for stage in stages if stage is not None)
