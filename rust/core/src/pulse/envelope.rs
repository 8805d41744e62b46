// SPDX-License-Identifier: Apache-2.0
//! Parametric pulses: their shapes, what a shape needs, and when its parameters make sense.

/// A number that an envelope depends on, besides its duration and its amplitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// Standard deviation of gaussians, dt.
    Sigma,
    /// Weight of the derivative, dt.
    Beta,
    /// How long the flat part is, dt.
    Width,
    /// Amplitude of the part that is not echoed.
    ActiveAmp,
    /// Phase of the part that is not echoed, rad.
    ActiveAngle,
    /// Frequency, 1 / dt.
    Freq,
    /// Phase of the oscillation, rad.
    Phase,
    /// Phase of the whole, rad.
    Angle,
    /// How long a rise is, in units of sigma; stands for a width.
    RisefallSigmaRatio,
}

impl Parameter {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// All, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Sigma,
        Self::Beta,
        Self::Width,
        Self::ActiveAmp,
        Self::ActiveAngle,
        Self::Freq,
        Self::Phase,
        Self::Angle,
        Self::RisefallSigmaRatio,
    ];

    /// What payloads and pulses call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sigma => "sigma",
            Self::Beta => "beta",
            Self::Width => "width",
            Self::ActiveAmp => "active_amp",
            Self::ActiveAngle => "active_angle",
            Self::Freq => "freq",
            Self::Phase => "phase",
            Self::Angle => "angle",
            Self::RisefallSigmaRatio => "risefall_sigma_ratio",
        }
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| parameter.name().as_bytes() == name)
    }
}

/// The form of an envelope; the formulas are in the documentation of the functions that sample them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Shape {
    Gaussian,
    GaussianSquare,
    GaussianSquareDrag,
    GaussianSquareEcho,
    Drag,
    Constant,
    Sin,
    Cos,
    Sawtooth,
    Triangle,
    Square,
}

use Parameter::{ActiveAmp, ActiveAngle, Beta, Freq, Phase, Sigma, Width};

impl Shape {
    /// All shapes with the names that payloads have for them.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Gaussian, "gaussian"),
        (Self::GaussianSquare, "gaussian_square"),
        (Self::GaussianSquareDrag, "gaussian_square_drag"),
        (Self::GaussianSquareEcho, "gaussian_square_echo"),
        (Self::Drag, "drag"),
        (Self::Constant, "constant"),
        (Self::Sin, "sin"),
        (Self::Cos, "cos"),
        (Self::Sawtooth, "sawtooth"),
        (Self::Triangle, "triangle"),
        (Self::Square, "square"),
    ];

    /// The shape that payloads call `name`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| known.as_bytes() == name).map(|(shape, _)| shape)
    }

    /// What payloads call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The parameters that it needs, besides duration, `amp` and `angle`.
    #[must_use]
    pub fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Gaussian => &[Sigma],
            Self::GaussianSquare => &[Sigma, Width],
            Self::GaussianSquareDrag => &[Sigma, Width, Beta],
            Self::GaussianSquareEcho => &[Sigma, Width, ActiveAmp, ActiveAngle],
            Self::Drag => &[Sigma, Beta],
            Self::Constant => &[],
            Self::Sin | Self::Cos | Self::Sawtooth | Self::Triangle | Self::Square => &[Freq, Phase],
        }
    }

    /// The value of a parameter that is not given; `None` if it has to be.
    #[must_use]
    pub fn default_of(self, parameter: Parameter) -> Option<f64> {
        matches!(parameter, Parameter::Angle | ActiveAmp | ActiveAngle).then_some(0.0)
    }
}

/// A parametric pulse: `amp * exp(i * angle)` times a form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Its form.
    pub shape: Shape,
    /// How many samples it has, dt.
    pub duration: u32,
    /// Magnitude of the amplitude.
    pub amp: f64,
    /// Phase of the amplitude, rad.
    pub angle: f64,
    /// By [`Parameter`]; what the shape does not need is not read.
    pub parameters: [f64; Parameter::COUNT],
}

/// Envelopes are at most this long, dt; a readout takes tens of thousands.
pub const MAX_DURATION: u32 = 10_000_000;

/// How much above 1 a sample may be, as rounding makes it so.
pub const AMPLITUDE_TOLERANCE: f64 = 1e-7;

impl Envelope {
    /// The value of a parameter.
    #[inline]
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> f64 {
        self.parameters[parameter as usize]
    }

    /// Makes sure that the parameters make sense, as Qiskit 1.4 does; fails with what is expected of them.
    pub fn check(&self, limit_amplitude: bool) -> Result<(), &'static str> {
        let (duration, width) = (f64::from(self.duration), self.get(Width));
        let needs = |parameter| self.shape.parameters().contains(&parameter);
        if self.duration > MAX_DURATION {
            return Err("a duration of at most 10,000,000 dt");
        }
        // A gaussian that is lifted from 1 to 1 is no number.
        if needs(Sigma) && self.get(Sigma) > 1e7 * (duration + 2.0) {
            return Err("a sigma of at most 10,000,000 times the duration");
        }
        if needs(Sigma) && (self.get(Sigma).is_nan() || self.get(Sigma) <= 0.0) {
            return Err("sigma above 0");
        }
        if needs(Width) && !(width >= 0.0 && width <= duration) {
            return Err("a width from 0 to the duration");
        }
        if needs(Freq) && !(self.get(Freq) > 0.0 && self.get(Freq) < 0.5) {
            return Err("a frequency above 0 and below 0.5 / dt");
        }
        if limit_amplitude && !self.is_surely_limited() && !self.is_limited() {
            return Err("an amplitude of at most 1");
        }
        Ok(())
    }

    /// Whether no sample can be above 1, whatever the samples are.
    fn is_surely_limited(&self) -> bool {
        let amp = self.amp.abs();
        match self.shape {
            Shape::Drag | Shape::GaussianSquareDrag => amp <= 1.0 && self.get(Beta).abs() < self.get(Sigma),
            Shape::GaussianSquareEcho => amp + self.get(ActiveAmp).abs() <= 1.0,
            _ => amp <= 1.0,
        }
    }

    fn is_limited(&self) -> bool {
        let mut limited = true;
        self.sample(|re, im| limited &= re.hypot(im) < 1.0 + AMPLITUDE_TOLERANCE);
        limited
    }
}
