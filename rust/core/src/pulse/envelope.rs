// SPDX-License-Identifier: Apache-2.0
//! Parametric pulses: shapes, their parameters, and checks of these.

use crate::error::Invalid;
use crate::named_enum::named_enum;

named_enum! {
    /// A number that an envelope depends on, besides its duration and its amplitude.
    pub enum Parameter {
        /// Standard deviation of gaussians, dt.
        Sigma = "sigma",
        /// Weight of the derivative, dt.
        Beta = "beta",
        /// Duration of the flat part, dt.
        Width = "width",
        /// Amplitude of the part that is not echoed.
        ActiveAmp = "active_amp",
        /// Phase of the part that is not echoed, rad.
        ActiveAngle = "active_angle",
        /// Frequency, 1 / dt.
        Freq = "freq",
        /// Phase of the oscillation, rad.
        Phase = "phase",
        /// Phase of the whole, rad.
        Angle = "angle",
        /// Duration of a rise in units of sigma; stands for a width.
        RisefallSigmaRatio = "risefall_sigma_ratio",
    }
}

named_enum! {
    /// The shape of an envelope; the formulas are those of `sampling.rs`.
    #[expect(missing_docs, reason = "the names are those of the formulas")]
    pub enum Shape {
        Constant = "constant",
        Cos = "cos",
        Drag = "drag",
        Gaussian = "gaussian",
        GaussianDeriv = "gaussian_deriv",
        GaussianSquare = "gaussian_square",
        GaussianSquareDrag = "gaussian_square_drag",
        GaussianSquareEcho = "gaussian_square_echo",
        Sawtooth = "sawtooth",
        Sech = "sech",
        SechDeriv = "sech_deriv",
        SechOpen = "sech_open",
        Sin = "sin",
        Square = "square",
        Triangle = "triangle",
    }
}

use Parameter::{ActiveAmp, ActiveAngle, Beta, Freq, Phase, Sigma, Width};

impl Shape {
    /// Return the name that Qiskit displays.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Cos => "Cos",
            Self::Drag => "Drag",
            Self::Gaussian => "Gaussian",
            Self::GaussianDeriv => "GaussianDeriv",
            Self::GaussianSquare => "GaussianSquare",
            Self::GaussianSquareDrag => "GaussianSquareDrag",
            Self::GaussianSquareEcho => "gaussian_square_echo",
            Self::Sawtooth => "Sawtooth",
            Self::Sech | Self::SechOpen => "Sech",
            Self::SechDeriv => "SechDeriv",
            Self::Sin => "Sin",
            Self::Square => "Square",
            Self::Triangle => "Triangle",
        }
    }

    /// Return the names of all parameters besides the duration, in Qiskit's order.
    #[must_use]
    pub fn parameter_names(self) -> Vec<&'static str> {
        let own = self.parameters().iter().map(|parameter| parameter.name());
        let amplitude = ["amp", "angle"];
        match self {
            Self::GaussianSquareEcho => amplitude.into_iter().chain(own).collect(),
            _ => own.chain(amplitude).collect(),
        }
    }

    /// The parameters that it needs, besides duration, `amp` and `angle`.
    #[must_use]
    pub fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Gaussian | Self::GaussianDeriv | Self::Sech | Self::SechDeriv | Self::SechOpen => &[Sigma],
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

/// A parametric pulse: `amp * exp(i * angle)` times a shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// The shape.
    pub shape: Shape,
    /// Number of samples.
    pub duration: u32,
    /// Magnitude of the amplitude.
    pub amp: f64,
    /// Phase of the amplitude, rad.
    pub angle: f64,
    /// Values by [`Parameter`]; those that the shape does not need are not read.
    pub parameters: [f64; Parameter::COUNT],
}

/// Envelopes are at most this long, dt; a readout takes tens of thousands.
pub const MAX_DURATION: u32 = 10_000_000;

/// Amount by which a sample may be above 1, as rounding makes it so; Qiskit's `epsilon`.
pub const AMPLITUDE_TOLERANCE: f64 = 1e-7;

impl Envelope {
    /// The value of a parameter.
    #[inline]
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> f64 {
        self.parameters[parameter as usize]
    }

    /// Check that the parameters make sense, as Qiskit 1.4 does; fails with what is expected of them.
    pub fn check(&self, limit_amplitude: bool) -> Result<(), Invalid> {
        let (duration, width) = (f64::from(self.duration), self.get(Width));
        let needs = |parameter| self.shape.parameters().contains(&parameter);
        if self.duration > MAX_DURATION {
            return Err(Invalid::new("a duration of at most 10,000,000 dt"));
        }
        // A gaussian that is lifted from 1 to 1 is no number.
        if needs(Sigma) && self.get(Sigma) > 1e7 * (duration + 2.0) {
            return Err(Invalid::new("a sigma of at most 10,000,000 times the duration"));
        }
        if needs(Sigma) && (self.get(Sigma).is_nan() || self.get(Sigma) <= 0.0) {
            return Err(Invalid::new("sigma above 0"));
        }
        if needs(Width) && !(width >= 0.0 && width <= duration) {
            return Err(Invalid::new("a width from 0 to the duration"));
        }
        if needs(Freq) && !(self.get(Freq) > 0.0 && self.get(Freq) < 0.5) {
            return Err(Invalid::new("a frequency above 0 and below 0.5 / dt"));
        }
        if limit_amplitude && !self.is_surely_limited() && !self.is_limited() {
            return Err(Invalid::new("an amplitude of at most 1"));
        }
        Ok(())
    }

    /// Return whether the parameters alone show that no sample is above 1.
    fn is_surely_limited(&self) -> bool {
        let amp = self.amp.abs();
        match self.shape {
            Shape::Drag | Shape::GaussianSquareDrag => amp <= 1.0 && self.get(Beta).abs() < self.get(Sigma),
            Shape::GaussianSquareEcho => amp + self.get(ActiveAmp).abs() <= 1.0,
            Shape::GaussianDeriv => amp <= self.get(Sigma) * 0.5_f64.exp(),
            Shape::SechDeriv => amp <= self.get(Sigma) * 2.0,
            _ => amp <= 1.0,
        }
    }

    fn is_limited(&self) -> bool {
        let mut limited = true;
        self.sample(|re, im| limited &= re.hypot(im) < 1.0 + AMPLITUDE_TOLERANCE);
        limited
    }
}
