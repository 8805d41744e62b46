# SPDX-License-Identifier: Apache-2.0
"""Options of primitives as programs use them, with the platform's defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .checks import choices
from .mitigation.decoupling import Decoupling
from .mitigation.error_models import LayerError, read_layer_errors
from .mitigation.learning import LearningOptions
from .mitigation.twirling import Twirling

#: The platform's defaults.
DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 1 / 64
STRATEGY = "active-accum"
PEC_OVERHEAD = 100.0
PEC_SHOTS = 64


@dataclass(frozen=True)
class Zne:
    """Options of zero-noise extrapolation."""

    amplifier: str
    noise_factors: tuple[float, ...]
    extrapolators: tuple[str, ...]
    extrapolated_noise_factors: tuple[float, ...]


@dataclass(frozen=True)
class Pec:
    """Options of probabilistic error cancellation; ``None`` for no limit, and for a gain that follows from it."""

    max_overhead: float | None
    noise_gain: float | None


@dataclass(frozen=True)
class EstimatorOptions:
    """Options of a job of the program ``estimator``.

    Attributes:
        shots: Shots of pubs without a precision of their own.
        precision: The precision that they have instead; ``None`` if shots are given.
        twirling: Options of twirling.
        decoupling: Options of dynamical decoupling; ``None`` without.
        trex: Number of randomizations and shots of each to measure errors of readout; ``None`` without mitigation, and
            for a number of shots that follows from that of the pubs.
        zne: Options of zero-noise extrapolation; ``None`` without.
        pec: Options of probabilistic error cancellation; ``None`` without.
        learning: Options of learning the noise of layers.
        layer_noise: Noise of layers that need not be learned; ``None`` to learn it.
        echo: The options by group, for the metadata of results.
    """

    shots: int
    precision: float | None
    twirling: Twirling
    decoupling: Decoupling | None
    trex: tuple[int, int | None] | None
    zne: Zne | None
    pec: Pec | None
    learning: LearningOptions
    layer_noise: list[LayerError] | None
    echo: dict[str, Any]

    @property
    def needs_layer_noise(self) -> bool:
        """Whether errors of layers are amplified or cancelled."""
        return self.pec is not None or (self.zne is not None and self.zne.amplifier == "pea")


def read_twirling(options: dict[str, Any], gates: bool = False, measure: bool = False) -> Twirling:
    """Return options of twirling, with what is twirled by default."""
    group = options.get("twirling") or {}
    return Twirling(
        bool(_chosen(group, "enable_gates", gates)), bool(_chosen(group, "enable_measure", measure)),
        _number(group.get("num_randomizations")), _number(group.get("shots_per_randomization")),
        _chosen(group, "strategy", STRATEGY),
    )  # fmt: skip


def read_decoupling(options: dict[str, Any]) -> Decoupling | None:
    """Return options of dynamical decoupling, ``None`` if it is not enabled."""
    group = {key: value for key, value in (options.get("dynamical_decoupling") or {}).items() if value is not None}
    return Decoupling(**group) if group.pop("enable", False) else None


def read_learning(group: dict[str, Any]) -> LearningOptions:
    """Return options of learning the noise of layers."""
    default = LearningOptions()
    return LearningOptions(
        group.get("max_layers_to_learn", default.max_layers_to_learn),
        _chosen(group, "shots_per_randomization", default.shots_per_randomization),
        _chosen(group, "num_randomizations", default.num_randomizations),
        tuple(sorted(set(_chosen(group, "layer_pair_depths", default.layer_pair_depths)))),
    )


def read_estimator_options(params: dict[str, Any]) -> EstimatorOptions:
    """Return the options of a job of the program ``estimator``.

    Raises:
        BadInputError: The noise of layers cannot be read.
    """
    options = params.get("options") or {}
    resilience = options.get("resilience") or {}
    level = params.get("resilience_level", options.get("resilience_level"))
    level = 1 if level is None else level
    measures = bool(_chosen(resilience, "measure_mitigation", level >= 1))
    pec = bool(_chosen(resilience, "pec_mitigation", False))
    # One of the two: who asks for cancellation at level 2 gets no extrapolation.
    zne = (
        _read_zne(resilience.get("zne") or {})
        if _chosen(resilience, "zne_mitigation", level >= 2 and not pec)
        else None
    )
    needs_gates = pec or (zne is not None and zne.amplifier == "pea")
    twirling = read_twirling(options, gates=level >= 2 or needs_gates, measure=level >= 1)
    # Errors of readout are only known for twirled measurements, those of layers for twirled gates.
    twirling = Twirling(
        twirling.gates or needs_gates, twirling.measure or measures or needs_gates, twirling.num_randomizations,
        twirling.shots_per_randomization, twirling.strategy,
    )  # fmt: skip
    learning = resilience.get("measure_noise_learning") or {}
    noise = resilience.get("layer_noise_model")
    shots, precision = _read_shots(options, twirling)
    return EstimatorOptions(
        shots, precision, twirling, read_decoupling(options),
        (_chosen(learning, "num_randomizations", 32), _number(learning.get("shots_per_randomization"))) if measures else None,
        zne, _read_pec(resilience.get("pec") or {}) if pec else None,
        read_learning(resilience.get("layer_noise_learning") or {}), None if noise is None else read_layer_errors(noise),
        _echo(options, twirling, measures, zne, pec),
    )  # fmt: skip


def _read_shots(options: dict[str, Any], twirling: Twirling) -> tuple[int, float | None]:
    if twirling.is_enabled and twirling.num_randomizations and twirling.shots_per_randomization:
        return twirling.num_randomizations * twirling.shots_per_randomization, None
    if options.get("default_shots"):
        return int(options["default_shots"]), None
    precision = float(options.get("default_precision") or DEFAULT_PRECISION)
    return shots_of(precision), precision


def shots_of(precision: float) -> int:
    """Return the shots that a precision takes: an expectation value of 0 has then that standard error."""
    return max(math.ceil(round((1 / precision) ** 2, 6)), 1)


def _read_zne(group: dict[str, Any]) -> Zne:
    factors = tuple(map(float, _chosen(group, "noise_factors", choices.NOISE_FACTORS)))
    extrapolators = _chosen(group, "extrapolator", choices.DEFAULT_EXTRAPOLATORS)
    points = group.get("extrapolated_noise_factors")
    return Zne(
        _chosen(group, "amplifier", "gate_folding"), factors,
        (extrapolators,) if isinstance(extrapolators, str) else tuple(extrapolators),
        (0.0, *factors) if points is None else tuple(map(float, points)),
    )  # fmt: skip


def _read_pec(group: dict[str, Any]) -> Pec:
    gain = _chosen(group, "noise_gain", "auto")
    return Pec(group.get("max_overhead", PEC_OVERHEAD), None if gain == "auto" else float(gain))


def _echo(options: dict[str, Any], twirling: Twirling, measures: bool, zne: Zne | None, pec: bool) -> dict[str, Any]:
    given = options.get("twirling") or {}
    return {
        "dynamical_decoupling": {"enable": False, **(options.get("dynamical_decoupling") or {})},
        "twirling": {
            "enable_gates": twirling.gates, "enable_measure": twirling.measure,
            "num_randomizations": _chosen(given, "num_randomizations", "auto"),
            "shots_per_randomization": _chosen(given, "shots_per_randomization", "auto"), "strategy": twirling.strategy,
        },
        "resilience": {"measure_mitigation": measures, "zne_mitigation": zne is not None, "pec_mitigation": pec},
    }  # fmt: skip


def _chosen(group: dict[str, Any], name: str, default: Any) -> Any:
    """Return an option; ``None`` is not given."""
    value = group.get(name)
    return default if value is None else value


def _number(value: Any) -> int | None:
    return None if value in (None, "auto") else int(value)
