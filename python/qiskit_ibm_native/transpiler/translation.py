# SPDX-License-Identifier: Apache-2.0
"""The translation stage of IBM devices, under a name of our own: ``qiskit_ibm_native``."""

from __future__ import annotations

from qiskit.transpiler import PassManager
from qiskit.transpiler.passmanager_config import PassManagerConfig
from qiskit.transpiler.preset_passmanagers.builtin_plugins import BasisTranslatorPassManager
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin

from .id_to_delay import ConvertIdToDelay


class IBMTranslation(PassManagerStagePlugin):  # type: ignore[misc]
    """Qiskit's translation, behind a pass that makes a delay of each ``id`` if the device has no ``id``."""

    def pass_manager(
        self, pass_manager_config: PassManagerConfig, optimization_level: int | None = None
    ) -> PassManager:
        """Return the passes of the stage."""
        passes = BasisTranslatorPassManager().pass_manager(pass_manager_config, optimization_level)
        target = pass_manager_config.target
        if target is None or "id" in target or "sx" not in target:
            return passes
        durations = pass_manager_config.instruction_durations
        if durations is None or not durations.duration_by_name_qubits:
            durations = target.durations()
        if durations.duration_by_name_qubits:
            return PassManager([ConvertIdToDelay(durations)]) + passes
        return passes
