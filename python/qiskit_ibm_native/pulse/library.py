# SPDX-License-Identifier: Apache-2.0
"""The shapes of parametric pulses, by their formulas in Qiskit 1.4. A sample is the value at the middle of its dt."""

from __future__ import annotations

from typing import Any, Protocol

from .errors import pulse_error
from .waveforms import SymbolicPulse


def Gaussian(
    duration: Any, amp: Any, sigma: Any, angle: Any = 0.0, name: str | None = None, limit_amplitude: bool | None = None
) -> SymbolicPulse:
    r"""Return a gaussian that is lifted to 0 one sample after its end.

    With :math:`g(t) = \exp(-(t - d/2)^2 / 2\sigma^2)`, a duration of :math:`d`, and :math:`A = amp \cdot e^{i\,angle}`:
    :math:`A\,(g(t) - g(d + 1)) / (1 - g(d + 1))`.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        sigma: Standard deviation, dt.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import Gaussian
        >>> pulse = Gaussian(160, amp=0.2, sigma=40)
        >>> print(pulse.samples[80].round(3))
        (0.2+0j)
    """
    return SymbolicPulse("gaussian", duration, {"sigma": sigma, "amp": amp, "angle": angle}, name, limit_amplitude)


def _width(duration: Any, sigma: Any, width: Any, risefall_sigma_ratio: Any) -> Any:
    if (width is None) == (risefall_sigma_ratio is None):
        raise pulse_error("Either width or risefall_sigma_ratio must be given, and not both.")
    return duration - 2.0 * risefall_sigma_ratio * sigma if width is None else width


def GaussianSquare(
    duration: Any,
    amp: Any,
    sigma: Any,
    width: Any = None,
    angle: Any = 0.0,
    risefall_sigma_ratio: Any = None,
    name: str | None = None,
    limit_amplitude: bool | None = None,
) -> SymbolicPulse:
    """Return a flat top with half a gaussian before and after, lifted to 0 one sample outside of the pulse.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        sigma: Standard deviation of the gaussians, dt.
        width: How long the flat top is, dt.
        angle: Phase of the amplitude, rad.
        risefall_sigma_ratio: How long a rise is, in units of sigma; instead of a width.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import GaussianSquare
        >>> pulse = GaussianSquare(320, amp=0.2, sigma=32, width=192)
        >>> print(abs(pulse.samples[64:256]).round(3).min())
        0.2
    """
    width = _width(duration, sigma, width, risefall_sigma_ratio)
    parameters = {"sigma": sigma, "width": width, "amp": amp, "angle": angle}
    return SymbolicPulse("gaussian_square", duration, parameters, name, limit_amplitude)


def GaussianSquareDrag(
    duration: Any,
    amp: Any,
    sigma: Any,
    beta: Any,
    width: Any = None,
    angle: Any = 0.0,
    risefall_sigma_ratio: Any = None,
    name: str | None = None,
    limit_amplitude: bool | None = None,
) -> SymbolicPulse:
    """Return a :func:`GaussianSquare` whose edges are those of a :func:`Drag`.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        sigma: Standard deviation of the gaussians, dt.
        beta: Weight of the derivative, dt.
        width: How long the flat top is, dt.
        angle: Phase of the amplitude, rad.
        risefall_sigma_ratio: How long a rise is, in units of sigma; instead of a width.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import GaussianSquareDrag
        >>> pulse = GaussianSquareDrag(320, amp=0.2, sigma=32, beta=1.5, width=192)
        >>> print(pulse.samples[160].round(3), pulse.samples[40].round(3))
        (0.2+0j) (0.146+0.005j)

    """
    width = _width(duration, sigma, width, risefall_sigma_ratio)
    parameters = {"sigma": sigma, "width": width, "beta": beta, "amp": amp, "angle": angle}
    return SymbolicPulse("gaussian_square_drag", duration, parameters, name, limit_amplitude)


def gaussian_square_echo(
    duration: Any,
    amp: Any,
    sigma: Any,
    width: Any = None,
    angle: Any = 0.0,
    active_amp: Any = 0.0,
    active_angle: Any = 0.0,
    risefall_sigma_ratio: Any = None,
    name: str | None = None,
    limit_amplitude: bool | None = None,
) -> SymbolicPulse:
    """Return a flat top, the same with the other sign behind it, and one of its own amplitude over both.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude of the two flat tops.
        sigma: Standard deviation of the gaussians, dt.
        width: How long the flat top over both is, dt.
        angle: Phase of the amplitude, rad.
        active_amp: Magnitude of the amplitude of the flat top over both.
        active_angle: Its phase, rad.
        risefall_sigma_ratio: How long a rise is, in units of sigma; instead of a width.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import gaussian_square_echo
        >>> pulse = gaussian_square_echo(640, amp=0.2, sigma=32, width=384)
        >>> print(pulse.samples[160].round(3), pulse.samples[480].round(3))
        (0.2+0j) (-0.2+0j)
    """
    parameters = {
        "amp": amp, "angle": angle, "sigma": sigma, "width": _width(duration, sigma, width, risefall_sigma_ratio),
        "active_amp": active_amp, "active_angle": active_angle,
    }  # fmt: skip
    return SymbolicPulse("gaussian_square_echo", duration, parameters, name, limit_amplitude)


def Drag(
    duration: Any,
    amp: Any,
    sigma: Any,
    beta: Any,
    angle: Any = 0.0,
    name: str | None = None,
    limit_amplitude: bool | None = None,
) -> SymbolicPulse:
    r"""Return a :func:`Gaussian` with its derivative as imaginary part, which keeps the qubit out of its third level.

    With the lifted gaussian :math:`g`: :math:`A\,g(t)\,(1 - i\,beta\,(t - d/2) / \sigma^2)`; see Motzoi, Gambetta,
    Rebentrost and Wilhelm, Phys. Rev. Lett. 103, 110501 (2009).

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        sigma: Standard deviation, dt.
        beta: Weight of the derivative, dt.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import Drag, DriveChannel, Play, Schedule
        >>> pulse = Drag(160, amp=0.1, sigma=40, beta=-0.5)
        >>> Schedule(Play(pulse, DriveChannel(0))).duration  # dt
        160
    """
    parameters = {"sigma": sigma, "beta": beta, "amp": amp, "angle": angle}
    return SymbolicPulse("drag", duration, parameters, name, limit_amplitude)


def Constant(
    duration: Any, amp: Any, angle: Any = 0.0, name: str | None = None, limit_amplitude: bool | None = None
) -> SymbolicPulse:
    """Return a pulse whose samples are all the same.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import Constant
        >>> Constant(4, amp=0.5).samples
        array([0.5+0.j, 0.5+0.j, 0.5+0.j, 0.5+0.j])
    """
    return SymbolicPulse("constant", duration, {"amp": amp, "angle": angle}, name, limit_amplitude)


def GaussianDeriv(
    duration: Any, amp: Any, sigma: Any, angle: Any = 0.0, name: str | None = None, limit_amplitude: bool | None = None
) -> SymbolicPulse:
    r"""Return the derivative of a gaussian that is not lifted.

    With :math:`x = (t - d/2) / \sigma`: :math:`-A\,x / \sigma \cdot \exp(-x^2 / 2)`, at most
    :math:`amp / (\sigma \sqrt{e})` in size.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude of the gaussian, dt.
        sigma: Standard deviation, dt.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import GaussianDeriv
        >>> pulse = GaussianDeriv(160, amp=10.0, sigma=40)
        >>> print(pulse.samples[40].real.round(3), pulse.samples[119].real.round(3))
        0.152 -0.152
    """
    return SymbolicPulse(
        "gaussian_deriv", duration, {"sigma": sigma, "amp": amp, "angle": angle}, name, limit_amplitude
    )


def Sech(
    duration: Any,
    amp: Any,
    sigma: Any,
    angle: Any = 0.0,
    name: str | None = None,
    zero_ends: bool = True,
    limit_amplitude: bool | None = None,
) -> SymbolicPulse:
    r"""Return a hyperbolic secant around the middle of the pulse: :math:`A / \cosh((t - d/2) / \sigma)`.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        sigma: Width, dt.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        zero_ends: Whether to lift it to 0 one sample before and after the pulse, with the same peak.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import Sech
        >>> print(Sech(160, amp=0.2, sigma=20).samples[80].round(3))
        (0.2+0j)
    """
    shape = "sech" if zero_ends else "sech_open"
    return SymbolicPulse(shape, duration, {"sigma": sigma, "amp": amp, "angle": angle}, name, limit_amplitude)


def SechDeriv(
    duration: Any, amp: Any, sigma: Any, angle: Any = 0.0, name: str | None = None, limit_amplitude: bool | None = None
) -> SymbolicPulse:
    r"""Return the derivative of a hyperbolic secant that is not lifted.

    With :math:`x = (t - d/2) / \sigma`: :math:`-A \tanh(x) / (\sigma \cosh(x))`, at most :math:`amp / 2\sigma` in size.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude of the secant, dt.
        sigma: Width, dt.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import SechDeriv
        >>> print(SechDeriv(160, amp=4.0, sigma=20).samples[60].real.round(3))
        0.099
    """
    return SymbolicPulse("sech_deriv", duration, {"sigma": sigma, "amp": amp, "angle": angle}, name, limit_amplitude)


class _Wave(Protocol):
    """A function that makes pulses of an oscillating shape, as type checkers and editors see it."""

    def __call__(
        self,
        duration: Any,
        amp: Any,
        phase: Any,
        freq: Any = None,
        angle: Any = 0.0,
        name: str | None = None,
        limit_amplitude: bool | None = None,
    ) -> SymbolicPulse: ...


def _wave(shape: str, what: str) -> _Wave:
    """Return the function that makes pulses of an oscillating shape."""

    def wave(
        duration: Any,
        amp: Any,
        phase: Any,
        freq: Any = None,
        angle: Any = 0.0,
        name: str | None = None,
        limit_amplitude: bool | None = None,
    ) -> SymbolicPulse:
        freq = 1 / duration if freq is None else freq
        parameters = {"freq": freq, "phase": phase, "amp": amp, "angle": angle}
        return SymbolicPulse(shape, duration, parameters, name, limit_amplitude)

    wave.__name__ = wave.__qualname__ = kind = shape.capitalize()
    wave.__doc__ = f"""Return {what}.

    Args:
        duration: How many samples it has, dt.
        amp: Magnitude of the amplitude.
        phase: Phase of the oscillation, rad.
        freq: Frequency of the oscillation, 1 / dt; by default, one period fills the pulse.
        angle: Phase of the amplitude, rad.
        name: What to call it.
        limit_amplitude: Whether a sample above 1 is an error; it is, by default.

    Raises:
        PulseError: The parameters make no sense.

    Examples:
        >>> from qiskit_ibm_native.pulse import {kind}
        >>> pulse = {kind}(160, amp=0.2, phase=0.0)
        >>> pulse.duration, pulse.freq  # dt, 1 / dt
        (160, 0.00625)
    """
    return wave


Sin = _wave("sin", "a sine")
Cos = _wave("cos", "a cosine")
Sawtooth = _wave("sawtooth", "lines from minus the amplitude to the amplitude")
Triangle = _wave("triangle", "lines from minus the amplitude to the amplitude and back")
Square = _wave("square", "the amplitude and minus the amplitude in turn")
