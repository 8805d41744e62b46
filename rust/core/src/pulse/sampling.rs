// SPDX-License-Identifier: Apache-2.0
//! The samples of envelopes, by the formulas of `qiskit.pulse.library` of Qiskit 1.4.
//!
//! A sample stands for the middle of its interval: `t = k + 1/2`, in units of dt.

use std::f64::consts::TAU;

use super::envelope::Parameter::{ActiveAmp, ActiveAngle, Beta, Freq, Phase, Sigma, Width};
use super::envelope::{Envelope, Shape};

type Complex = [f64; 2];

impl Envelope {
    /// Give the real and the imaginary part of each sample to `put`.
    #[inline]
    pub fn sample(&self, mut put: impl FnMut(f64, f64)) {
        let (duration, sigma) = (f64::from(self.duration), self.get(Sigma));
        let (freq, phase) = (self.get(Freq), self.get(Phase));
        let mut real = |envelope: &dyn Fn(f64) -> f64| {
            let [re, im] = polar(self.amp, self.angle);
            times(self.duration).for_each(|t| {
                let value = envelope(t);
                put(re * value, im * value);
            });
        };
        match self.shape {
            Shape::Gaussian => {
                let gaussian = Lifted::new(duration / 2.0, duration + 1.0, sigma);
                real(&|t| gaussian.at(t));
            }
            Shape::GaussianDeriv => real(&|t| {
                let x = (t - duration / 2.0) / sigma;
                -x / sigma * gaussian(x)
            }),
            Shape::Sech => {
                let end = sech((duration / 2.0 + 1.0) / sigma);
                real(&|t| (sech((t - duration / 2.0) / sigma) - end) / (1.0 - end));
            }
            Shape::SechOpen => real(&|t| sech((t - duration / 2.0) / sigma)),
            Shape::SechDeriv => real(&|t| {
                let x = (t - duration / 2.0) / sigma;
                -x.tanh() * sech(x) / sigma
            }),
            Shape::GaussianSquare => {
                let square = FlatTop::new(duration / 2.0, self.get(Width), -1.0, duration + 1.0, sigma);
                real(&|t| square.at(t));
            }
            Shape::Constant => real(&|_| 1.0),
            Shape::Sin => real(&|t| (TAU * freq * t + phase).sin()),
            Shape::Cos => real(&|t| (TAU * freq * t + phase).cos()),
            Shape::Sawtooth => real(&|t| sawtooth(t * freq + phase / TAU)),
            Shape::Triangle => real(&|t| 1.0 - 2.0 * sawtooth(t * freq + phase / TAU - 0.25).abs()),
            Shape::Square => real(&|t| {
                let x = freq * t + phase / TAU;
                2.0 * (2.0 * x.floor() - (2.0 * x).floor()) + 1.0
            }),
            Shape::Drag => {
                let gaussian = Lifted::new(duration / 2.0, duration + 1.0, sigma);
                self.derived(put, |t| gaussian.with_derivative(t, self.get(Beta)));
            }
            Shape::GaussianSquareDrag => {
                let square = FlatTop::new(duration / 2.0, self.get(Width), -1.0, duration + 1.0, sigma);
                self.derived(put, |t| match square.edge(t) {
                    Some(edge) => edge.with_derivative(t, self.get(Beta)),
                    None => [1.0, 0.0],
                });
            }
            Shape::GaussianSquareEcho => self.echo(put),
        }
    }

    /// `amp * exp(i * angle)` times a complex form.
    fn derived(&self, mut put: impl FnMut(f64, f64), envelope: impl Fn(f64) -> Complex) {
        let [re, im] = polar(self.amp, self.angle);
        times(self.duration).for_each(|t| {
            let [x, y] = envelope(t);
            put(re * x - im * y, re * y + im * x);
        });
    }

    /// A flat top in the first half, the same with the other sign in the second half, and one over all of it that has
    /// an amplitude of its own.
    fn echo(&self, mut put: impl FnMut(f64, f64)) {
        let (duration, sigma, width) = (f64::from(self.duration), self.get(Sigma), self.get(Width));
        let (half, width_echo) = (duration / 2.0, (duration - 2.0 * (duration - width)) / 2.0);
        let first = FlatTop::new(duration / 4.0, width_echo, -1.0, half + 1.0, sigma);
        let second = FlatTop::new(half + duration / 4.0, width_echo, half - 1.0, duration + 1.0, sigma);
        let active = FlatTop::new(half, width, -1.0, duration + 1.0, sigma);
        let echoed = polar(self.amp, self.angle);
        let whole = polar(self.get(ActiveAmp), self.get(ActiveAngle));
        times(self.duration).for_each(|t| {
            let echo = if t <= half { first.at(t) } else { -second.at(t) };
            let all = active.at(t);
            put(echoed[0] * echo + whole[0] * all, echoed[1] * echo + whole[1] * all);
        });
    }
}

fn times(duration: u32) -> impl Iterator<Item = f64> {
    (0..duration).map(|sample| f64::from(sample) + 0.5)
}

fn polar(amp: f64, angle: f64) -> Complex {
    [amp * angle.cos(), amp * angle.sin()]
}

/// A line from -1 to 1 within each period of 1, which is 0 at integers.
fn sawtooth(x: f64) -> f64 {
    2.0 * (x - (x + 0.5).floor())
}

/// A gaussian, moved down so that it is 0 at a given time, and stretched so that its peak is 1.
#[derive(Clone, Copy)]
struct Lifted {
    center: f64,
    sigma: f64,
    offset: f64,
}

impl Lifted {
    fn new(center: f64, zero_at: f64, sigma: f64) -> Self {
        Self { center, sigma, offset: gaussian((zero_at - center) / sigma) }
    }

    #[inline]
    fn at(&self, t: f64) -> f64 {
        (gaussian((t - self.center) / self.sigma) - self.offset) / (1.0 - self.offset)
    }

    /// The gaussian, and `beta` times the derivative that it would have if it were not lifted, for the imaginary part.
    #[inline]
    fn with_derivative(&self, t: f64, beta: f64) -> Complex {
        let value = self.at(t);
        [value, beta * (-(t - self.center) / (self.sigma * self.sigma) * value)]
    }
}

fn gaussian(x: f64) -> f64 {
    (-(x * x) / 2.0).exp()
}

fn sech(x: f64) -> f64 {
    1.0 / x.cosh()
}

/// 1 over `width`, and half a lifted gaussian before and after.
struct FlatTop {
    start: f64,
    end: f64,
    rise: Lifted,
    fall: Lifted,
}

impl FlatTop {
    fn new(center: f64, width: f64, zero_before: f64, zero_behind: f64, sigma: f64) -> Self {
        let (start, end) = (center - width / 2.0, center + width / 2.0);
        Self { start, end, rise: Lifted::new(start, zero_before, sigma), fall: Lifted::new(end, zero_behind, sigma) }
    }

    /// The edge that `t` is on, unless it is on the flat part.
    #[inline]
    fn edge(&self, t: f64) -> Option<&Lifted> {
        if t <= self.start {
            Some(&self.rise)
        } else if t >= self.end {
            Some(&self.fall)
        } else {
            None
        }
    }

    #[inline]
    fn at(&self, t: f64) -> f64 {
        self.edge(t).map_or(1.0, |edge| edge.at(t))
    }
}
