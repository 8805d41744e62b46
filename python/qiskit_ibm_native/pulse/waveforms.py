# SPDX-License-Identifier: Apache-2.0
"""Pulses: sampled waveforms, and parametric pulses, which are sampled when their samples are first read."""

from __future__ import annotations

import cmath
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _native
from .errors import pulse_error
from .parameters import bound, parameters_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .._native import Defaults as NativeDefaults
    from .._native import Envelope as NativeEnvelope
    from .._native import ParametricPulse as NativeParametricPulse

    Samples = npt.NDArray[np.complex128]

#: Amount by which a sample may be above 1, as rounding makes it so.
EPSILON: float = _native.AMPLITUDE_TOLERANCE

#: Display name and parameters besides the duration of each shape, by its name in payloads; as Qiskit has them.
SHAPES: dict[str, tuple[str, tuple[str, ...]]] = _native.PULSE_SHAPES


class Pulse:
    """The base class of pulses; see :class:`Waveform` and :class:`SymbolicPulse`.

    Examples:
        >>> from qiskit_ibm_native.pulse import Constant, Pulse, Waveform
        >>> isinstance(Constant(4, amp=0.5), Pulse), isinstance(Waveform([0.1, 0.2]), Pulse)
        (True, True)
    """

    __slots__ = ()

    #: Number of samples; the duration, dt.
    duration: Any
    #: The name, or ``None``.
    name: str | None
    #: The complex amplitude of each sample, shape ``(duration,)``, read-only.
    samples: Any
    #: The parameters by name.
    parameters: Any

    def is_parameterized(self) -> bool:
        """Return ``True`` if a parameter is unbound."""
        return bool(parameters_of(self.parameters.values()))

    def _bound(self, values: Mapping[Any, Any]) -> Pulse:  # noqa: ARG002 (most have none)
        """Return the pulse with parameters replaced."""
        return self


class Waveform(Pulse):
    """A pulse given by its samples.

    Two waveforms are equal if no sample differs by more than 1e-7.

    Examples:
        >>> from qiskit_ibm_native.pulse import Waveform
        >>> Waveform([0.1, 0.2j, 0.1]).duration  # dt
        3
    """

    __slots__ = ("_name", "_samples")

    def __init__(
        self,
        samples: npt.ArrayLike,
        name: str | None = None,
        epsilon: float = EPSILON,
        limit_amplitude: bool | None = None,
    ) -> None:
        """Take over samples.

        Args:
            samples: Complex amplitudes, shape ``(duration,)``; 1 is what the device can do at most.
            name: What to call it.
            epsilon: How much above 1 the magnitude of a sample may be; it is made 1 then.
            limit_amplitude: Whether samples above that are an error; they are, by default.

        Raises:
            PulseError: The samples are too large, or have more than one dimension.
        """
        import numpy as np

        array = np.array(samples, dtype=np.complex128)
        if array.ndim != 1:
            raise pulse_error(f"Samples must have one dimension, not {array.ndim}.")
        norm = np.abs(array)
        above = (norm > 1.0) & (norm <= 1.0 + epsilon)
        array[above] *= (1.0 - np.finfo(float).eps) / norm[above]
        if not np.all(np.isfinite(norm)) or (limit_amplitude is not False and np.any(norm > 1.0 + epsilon)):
            raise pulse_error(f"Samples must be at most 1 in size, but one is {norm.max()}.")
        self._name = name
        # Nobody can make these writable again.
        self._samples = np.frombuffer(array.tobytes(), np.complex128)

    @classmethod
    def _of(cls, samples: Samples, name: str) -> Waveform:
        """Make a waveform of samples that have been checked."""
        waveform = cls.__new__(cls)
        waveform._samples, waveform._name = samples, name
        return waveform

    @property
    def name(self) -> str | None:  # type: ignore[override]
        """The name, or ``None``."""
        return self._name

    @property
    def duration(self) -> int:
        """The number of samples; the duration, dt."""
        return len(self._samples)

    @property
    def samples(self) -> Samples:
        """The complex amplitude of each sample, shape ``(duration,)``, read-only."""
        return self._samples

    @property
    def parameters(self) -> dict[str, Any]:
        """Always empty."""
        return {}

    def get_waveform(self) -> Waveform:
        """Return the waveform itself, as parametric pulses return theirs."""
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Waveform):
            return NotImplemented
        import numpy as np

        return self is other or (
            self.duration == other.duration and np.allclose(self._samples, other._samples, rtol=0, atol=EPSILON)
        )

    def __hash__(self) -> int:
        # Samples that are nearly the same are equal, so they cannot count.
        return hash((Waveform, self.duration))

    def __repr__(self) -> str:
        import numpy as np

        with np.printoptions(threshold=50):
            name = "" if self.name is None else f", name={self.name!r}"
            return f"Waveform({self._samples!r}{name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Waveform, (self._samples, self._name, EPSILON, False)


class SymbolicPulse(Pulse):
    """A pulse of a known shape. Its parameters are attributes, too: ``amp``, ``angle``, ``sigma``, ``beta``, ``width``.

    The functions of ``pulse.library``, such as ``Gaussian``, make them. Two are equal if shape, complex amplitude
    (within 1e-8) and the other parameters are.

    Examples:
        >>> from qiskit_ibm_native.pulse import Gaussian
        >>> pulse = Gaussian(160, amp=0.2, sigma=40)
        >>> pulse.pulse_type, pulse.sigma, pulse.parameters
        ('Gaussian', 40, {'duration': 160, 'sigma': 40, 'amp': 0.2, 'angle': 0.0})
    """

    __slots__ = ("_duration", "_limit", "_name", "_parameters", "_samples", "_shape", "_source")

    _parameters: dict[str, Any]
    _samples: Samples | None
    _source: tuple[NativeDefaults, int] | None

    def __init__(
        self,
        shape: str,
        duration: Any,
        parameters: Mapping[str, Any],
        name: str | None = None,
        limit_amplitude: bool | None = None,
    ) -> None:
        """Create a pulse.

        Args:
            shape: What payloads call the shape, such as ``"gaussian_square"``.
            duration: How many samples it has, dt.
            parameters: Its parameters by name; numbers, or Qiskit's parameter expressions.
            name: What to call it.
            limit_amplitude: Whether a sample above 1 is an error; it is, by default.

        Raises:
            PulseError: There is no such shape, or its parameters make no sense.
        """
        if shape not in SHAPES:
            raise pulse_error(f"There is no pulse shape {shape!r}; known are {', '.join(SHAPES)}.")
        needed = SHAPES[shape][1]
        if set(parameters) != set(needed):
            raise pulse_error(f"A {shape} needs {', '.join(needed)}, not {', '.join(parameters) or 'nothing'}.")
        self._shape, self._duration, self._name = shape, duration, name
        self._parameters = {key: _real(key, parameters[key]) for key in needed}
        self._limit, self._samples, self._source = limit_amplitude is not False, None, None
        if not self.is_parameterized():
            self._duration = _whole(duration)
            self._envelope()

    @classmethod
    def _of(cls, native: NativeDefaults, source: NativeParametricPulse) -> SymbolicPulse:
        """Return a pulse of a payload, whose parameters are known to make sense."""
        pulse = cls.__new__(cls)
        pulse._shape, pulse._duration, pulse._name = source.shape, source.duration, source.label
        pulse._parameters, pulse._source = source.parameters, (native, source.index)
        pulse._limit, pulse._samples = True, None
        return pulse

    def _envelope(self) -> NativeEnvelope:
        """Return the native half; PulseError if the parameters make no sense."""
        try:
            parameters = {key: float(value) for key, value in self._parameters.items()}
            amp, angle = parameters.pop("amp"), parameters.pop("angle")
            return _native.Envelope(self._shape, self._duration, amp, angle, parameters, self._limit)
        except (OverflowError, ValueError) as error:
            raise pulse_error(f"{self!r} cannot be played: {error}") from None

    @property
    def pulse_type(self) -> str:
        """The name of the shape, as Qiskit has it: ``"Gaussian"``, ``"GaussianSquare"``, ``"Drag"`` ..."""
        return SHAPES[self._shape][0]

    @property
    def shape(self) -> str:
        """The name of the shape in payloads: ``"gaussian"``, ``"gaussian_square"``, ``"drag"`` ..."""
        return self._shape

    @property
    def duration(self) -> Any:
        """The number of samples; the duration, dt."""
        return self._duration

    @property
    def name(self) -> str | None:  # type: ignore[override]
        """The name: its label, or, in payloads without labels, the shape with four digits of a checksum."""
        if self._name is None and self._source is not None:
            native, index = self._source
            text = f"{self._shape}_{sorted(native.parametric(index))}"
            self._name = f"{self._shape}_{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:4]}"
        return self._name

    @property
    def parameters(self) -> dict[str, Any]:
        """Duration and parameters by name."""
        return {"duration": self._duration, **self._parameters}

    @property
    def samples(self) -> Samples:
        """The complex amplitude at the middle of each sample, shape ``(duration,)``, read-only.

        Raises:
            PulseError: A parameter is not bound.
        """
        if self._samples is None:
            if self.is_parameterized():
                raise pulse_error(f"{self!r} has unbound parameters; assign them first.")
            import numpy as np

            self._samples = np.frombuffer(self._envelope().samples(), np.complex128)
        return self._samples

    def get_waveform(self) -> Waveform:
        """Return the samples as a waveform of the same name."""
        return Waveform(self.samples, self.name, limit_amplitude=self._limit)

    def _bound(self, values: Mapping[Any, Any]) -> SymbolicPulse:
        if not self.is_parameterized():
            return self
        parameters = {key: bound(value, values) for key, value in self._parameters.items()}
        return SymbolicPulse(self._shape, bound(self._duration, values), parameters, self._name, self._limit)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._parameters:
            return self._parameters[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SymbolicPulse):
            return NotImplemented
        if self is other:
            return True
        if self._shape != other._shape or self._duration != other._duration:
            return False
        one, two = self._parameters, other._parameters
        return _same_amplitude(one, two) and all(one[key] == two[key] for key in one if key not in {"amp", "angle"})

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = [f"{key}={value}" for key, value in self.parameters.items()]
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        return f"{self.pulse_type}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return SymbolicPulse, (self._shape, self._duration, self._parameters, self.name, self._limit)


def _real(key: str, value: Any) -> Any:
    if isinstance(value, complex):
        raise pulse_error(f"{key} must be real, not {value}; the phase of an amplitude is its angle.")
    if not hasattr(value, "parameters") and (isinstance(value, str | bytes) or not hasattr(value, "__float__")):
        raise pulse_error(f"{key} must be a number or a parameter, not {value!r}.")
    return value


def _whole(duration: Any) -> int:
    try:
        whole = int(duration)
    except (OverflowError, TypeError, ValueError):
        whole = -1
    if whole != duration or whole < 0:
        raise pulse_error(f"A duration must be a whole number of dt from 0, not {duration}.")
    return whole


def _same_amplitude(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Return whether complex amplitudes are as close as numpy's ``isclose`` wants them to be."""
    try:
        first, second = (cmath.rect(it["amp"], it["angle"]) for it in (one, two))
    except TypeError:
        # Parameters that are not bound.
        return bool((one["amp"], one["angle"]) == (two["amp"], two["angle"]))
    return abs(first - second) <= 1e-8 + 1e-5 * abs(second)
