# SPDX-License-Identifier: Apache-2.0
"""Boxes whose noise is to be learned, and the circuits that are run for that."""

from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import rustworkx
from qiskit import QuantumCircuit
from qiskit.circuit import Annotation, BoxOp
from qiskit.circuit.annotation import QPYSerializer
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford
from samplomatic import Twirl, build
from samplomatic.annotations import ChangeBasis

from ...errors import BadInputError
from ..executor.runs import Runner
from ..executor.samplex import sample_piece

if TYPE_CHECKING:
    from ..simulation import Simulation

#: Nine settings of three bases for four groups of qubits, such that any two groups have each pair of bases once.
SETTINGS = np.array([(a, b, (a + b) % 3, (a + 2 * b) % 3) for a, b in itertools.product(range(3), repeat=2)])
#: The numbers that samplomatic has for bases: Z, X and Y.
_CODES = np.array([1, 2, 3], np.uint8)
LETTERS = "ZXY"


class _Other(Annotation):  # type: ignore[misc]  # Qiskit has no type information
    """An annotation that learning does not need."""

    namespace = "samplomatic.other"


class AnnotationReader(QPYSerializer):  # type: ignore[misc]  # Qiskit has no type information
    """Reads the annotations of boxes, as clients write them."""

    def dump_annotation(self, namespace: str, annotation: Annotation) -> bytes:
        """Refuse, since this reader writes nothing."""
        raise TypeError(f"{type(annotation).__name__} of {namespace}: annotations are read here, and not written")

    def load_annotation(self, payload: bytes) -> Annotation:
        """Return an annotation: the length of its name, its name, lengths of texts, texts."""
        stream = io.BytesIO(payload)
        name = stream.read(struct.unpack("!H", stream.read(2))[0])
        if name != b"Twirl":
            return _Other()
        lengths = struct.unpack("!QQQ", stream.read(24))
        group, dressing, decomposition = (stream.read(length).decode() for length in lengths)
        return Twirl(group=group, dressing=dressing, decomposition=decomposition)


def twirl_of(box: BoxOp) -> Any:
    """Return the annotation by which a box is twirled; ``None`` if it is not."""
    return next((annotation for annotation in box.annotations if isinstance(annotation, Twirl)), None)


class BoxToLearn:
    """A box on qubits of a device.

    Attributes:
        qubits: Its qubits, sorted.
        measures: Whether it measures all of them; otherwise it is a Clifford operation.
        edges: Pairs of positions in ``qubits`` that the device couples.
        bases: The basis of each qubit by setting, as indices of ``LETTERS``, of shape ``(settings, qubits)``.
    """

    def __init__(self, box: BoxOp, qubits: tuple[int, ...], simulation: Simulation) -> None:
        """Look at a box.

        Raises:
            BadInputError: It is neither a Clifford operation nor a measurement.
        """
        self._box = BoxOp(box.body, annotations=[twirl_of(box)])
        self._placed = qubits
        self._simulation = simulation
        self.qubits = tuple(sorted(qubits))
        self.measures = "measure" in box.body.count_ops()
        positions = {qubit: position for position, qubit in enumerate(self.qubits)}
        coupling = simulation.target.build_coupling_map()
        pairs = {tuple(sorted(pair)) for pair in (() if coupling is None else coupling.get_edges())}
        self.edges = sorted((positions[a], positions[b]) for a, b in pairs if a in positions and b in positions)
        # All-zero settings measure Z everywhere.
        self.bases = np.zeros((1, len(qubits)), int) if self.measures else SETTINGS[:, self._groups()]
        if not self.measures:
            self.clifford = self._as_clifford(box.body, [positions[qubit] for qubit in qubits])

    def _groups(self) -> list[int]:
        """Return the group of each qubit, such that coupled qubits are in different ones."""
        graph = rustworkx.PyGraph(multigraph=False)
        graph.add_nodes_from(range(len(self.qubits)))
        graph.add_edges_from_no_data(self.edges)
        colors = rustworkx.two_color(graph) or rustworkx.graph_greedy_color(graph)
        if max(colors.values(), default=0) >= SETTINGS.shape[1]:
            raise BadInputError("the noise of a box cannot be learned: its qubits have too many neighbours")
        return [colors[position] for position in range(len(self.qubits))]

    def _as_clifford(self, body: QuantumCircuit, positions: list[int]) -> Clifford:
        whole = QuantumCircuit(len(positions))
        for instruction in body.data:
            if instruction.name != "barrier":
                where = [positions[body.find_bit(qubit).index] for qubit in instruction.qubits]
                whole.append(instruction.operation, where)
        try:
            return Clifford(whole)
        except QiskitError as error:
            raise BadInputError(
                f"the noise of a box cannot be learned: it is not a Clifford operation ({error})"
            ) from None

    def measured(self, depths: list[int], randomizations: int, shots: int) -> list[npt.NDArray[np.bool_]]:
        """Return measured words, of shape ``(settings, randomizations, shots, qubits)``, for each depth."""
        return [self._measured(depth, randomizations, shots) for depth in depths]

    def _measured(self, depth: int, randomizations: int, shots: int) -> npt.NDArray[np.bool_]:
        bases = _CODES[self.bases][:, None, :]
        arguments = {"basis_changes": {"measure": bases}}
        if not self.measures:
            arguments["basis_changes"]["prepare"] = bases
        template, samplex = build(self._circuit(depth))
        piece = sample_piece(
            template, samplex, arguments, (len(self.bases), randomizations), shots, self._simulation.random, "a box"
        )
        bits = Runner(piece, self._simulation).run(0, len(self.bases) * randomizations)
        flips = piece.outputs["measurement_flips.c"]
        return np.asarray(bits.reshape(*piece.shape, shots, -1) ^ flips)

    def _circuit(self, depth: int) -> QuantumCircuit:
        """Return the circuit that repeats the box a number of pairs of times."""
        circuit = QuantumCircuit(self._simulation.device.num_qubits, len(self.qubits))
        clbits = range(len(self.qubits))
        if not self.measures:
            with circuit.box([Twirl(), ChangeBasis(mode="prepare", ref="prepare")]):
                circuit.noop(*self.qubits)
            for _ in range(2 * depth):
                circuit.append(self._box, self._placed)
        with circuit.box([Twirl(), ChangeBasis(mode="measure", ref="measure")]):
            circuit.measure(self.qubits, clbits)
        return circuit
