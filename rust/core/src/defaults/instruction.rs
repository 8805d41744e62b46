// SPDX-License-Identifier: Apache-2.0
//! Instructions of commands.

use crate::error::Invalid;
use crate::json::Span;
use crate::pulse::channel::Channel;
use crate::pulse::envelope::{Envelope, Parameter, Shape};

/// A phase in radians, or a frequency in Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Index of an expression of the gate's parameters.
    Expression(u32),
}

/// Action of an instruction; indices are into the tables of the payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operation {
    /// Plays a parametric pulse.
    Parametric(u32),
    /// Plays a waveform of the library.
    Waveform(u32),
    /// Adds to the phase of the channel.
    ShiftPhase(Value),
    /// Sets the phase of the channel.
    SetPhase(Value),
    /// Adds to the frequency of the channel.
    ShiftFrequency(Value),
    /// Sets the frequency of the channel.
    SetFrequency(Value),
    /// Waits, dt.
    Delay(u32),
    /// Records signals.
    Acquire(u32),
    /// Cannot be done; the index is of what is wrong.
    Faulty(u32),
}

/// One instruction of a command.
#[derive(Debug, Clone, Copy)]
pub struct Instruction {
    /// Offset in the payload.
    pub offset: u32,
    /// Start, dt from the start of the command.
    pub start: u32,
    /// Channel; acquisitions have their own.
    pub channel: Option<Channel>,
    /// Action.
    pub operation: Operation,
}

/// A parametric pulse as the payload has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parametric {
    /// Its shape.
    pub shape: Shape,
    /// Its label, without the quotes, if it has one.
    pub label: Option<Span>,
    /// Number of samples.
    pub duration: u32,
    /// Its complex amplitude; the second number is `None` if the payload has a real one.
    pub amp: (f64, Option<f64>),
    /// By [`Parameter`], NaN where there is none.
    pub values: [f64; Parameter::COUNT],
    /// Bits of the `values` that the payload has; `integers` has the bits of those that are integers.
    pub present: u16,
    /// See `present`.
    pub integers: u16,
}

impl Parametric {
    /// The payload's value of a parameter, and whether it is an integer.
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> Option<(f64, bool)> {
        let bit = 1 << parameter as u16;
        (self.present & bit != 0).then(|| (self.values[parameter as usize], self.integers & bit != 0))
    }

    pub(super) fn set(&mut self, parameter: Parameter, value: f64, is_integer: bool) {
        let bit = 1 << parameter as u16;
        self.values[parameter as usize] = value;
        self.present |= bit;
        self.integers = (self.integers & !bit) | if is_integer { bit } else { 0 };
    }

    /// The envelope; fails with what is missing or too much.
    pub fn envelope(&self) -> Result<Envelope, Invalid> {
        let mut parameters = self.values;
        let shape = self.shape;
        for parameter in Parameter::ALL {
            let fits = shape.parameters().contains(&parameter)
                || parameter == Parameter::Angle
                || (parameter == Parameter::RisefallSigmaRatio && shape.parameters().contains(&Parameter::Width));
            if self.get(parameter).is_some() && !fits {
                return Err(Invalid::new(format!("no \"{}\" in a {}", parameter.name(), shape.name())));
            }
        }
        if let Some((ratio, _)) = self.get(Parameter::RisefallSigmaRatio) {
            if self.get(Parameter::Width).is_some() {
                return Err(Invalid::new("a \"width\" or a \"risefall_sigma_ratio\", not both"));
            }
            let sigma = self.values[Parameter::Sigma as usize];
            parameters[Parameter::Width as usize] = f64::from(self.duration) - 2.0 * ratio * sigma;
        }
        for parameter in [shape.parameters(), &[Parameter::Angle]].concat() {
            let value = &mut parameters[parameter as usize];
            if value.is_nan() && self.get(parameter).is_none() {
                let default = shape.default_of(parameter);
                *value = default.ok_or_else(|| Invalid::new(format!("a \"{}\"", parameter.name())))?;
            }
        }
        let (amp, angle) = match self.amp {
            (re, Some(im)) => (re.hypot(im), im.atan2(re)),
            (amp, None) => (amp, parameters[Parameter::Angle as usize]),
        };
        Ok(Envelope { shape, duration: self.duration, amp, angle, parameters })
    }
}

/// Qubits that an acquisition records, and the slots for them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Acquisition {
    /// Duration, dt.
    pub duration: u32,
    /// Qubits.
    pub qubits: Vec<u32>,
    /// Memory slots, one a qubit.
    pub memory_slots: Vec<u32>,
    /// Register slots, one a qubit.
    pub register_slots: Option<Vec<u32>>,
    /// Span of the kernels in the payload, if it has some.
    pub kernels: Option<Span>,
    /// Span of the discriminators.
    pub discriminators: Option<Span>,
}
