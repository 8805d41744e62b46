// SPDX-License-Identifier: Apache-2.0
//! An instruction while it is being read, field by field.

use super::instruction::{Instruction, Operation, Parametric, Value};
use super::lists::complex;
use super::tables::InstructionTables;
use crate::json::{NumberKind, ReadResult, Reader, Span};
use crate::pulse::channel::Channel;
use crate::pulse::envelope::{Parameter, Shape};

/// A value that may vary between two instructions of one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Start,
    Channel,
    Value,
    Duration,
    Label,
    Amp,
    PulseDuration,
    Parameter(Parameter),
}

/// An instruction while it is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartialInstruction {
    pub instruction: Instruction,
    pub parametric: Parametric,
    /// Numbers of the payload are in GHz, as `frequency` is.
    pub in_ghz: bool,
}

impl Default for PartialInstruction {
    fn default() -> Self {
        let parametric = Parametric {
            shape: Shape::Constant,
            label: None,
            duration: 0,
            amp: (f64::NAN, None),
            values: [f64::NAN; Parameter::COUNT],
            present: 0,
            integers: 0,
        };
        let operation = Operation::Delay(0);
        Self { instruction: Instruction { offset: 0, start: 0, channel: None, operation }, parametric, in_ghz: false }
    }
}

impl PartialInstruction {
    /// Read one field.
    #[inline(always)]
    pub fn take<'a>(
        &mut self,
        field: Field,
        reader: &mut Reader<'a>,
        tables: &mut InstructionTables<'a>,
    ) -> ReadResult<()> {
        match field {
            Field::Start => self.instruction.start = reader.index(u32::MAX)?,
            Field::Channel => {
                let fault_at = reader.clone();
                let channel = Channel::parse(&reader.text()?.bytes());
                self.instruction.channel =
                    Some(channel.ok_or_else(|| fault_at.wrong("a channel such as d0, m0 or u0"))?);
            }
            Field::Value => {
                let fault_at = reader.clone();
                let value = if reader.peek() == b'"' {
                    Value::Expression(tables.expression(reader, self.in_ghz)?)
                } else {
                    let number = reader.number()?.value * if self.in_ghz { 1e9 } else { 1.0 };
                    if !number.is_finite() {
                        return Err(fault_at.wrong("a finite number"));
                    }
                    Value::Number(number)
                };
                match &mut self.instruction.operation {
                    Operation::ShiftPhase(operand)
                    | Operation::SetPhase(operand)
                    | Operation::ShiftFrequency(operand)
                    | Operation::SetFrequency(operand) => *operand = value,
                    _ => {}
                }
            }
            Field::Duration => self.instruction.operation = Operation::Delay(reader.index(u32::MAX)?),
            Field::Label => {
                let text = reader.text()?;
                self.parametric.label = Some(Span { start: text.offset() + 1, end: reader.offset() - 1 });
            }
            Field::Amp => {
                let [re, im] = complex(reader)?;
                self.parametric.amp = (re, Some(im));
            }
            Field::PulseDuration => self.parametric.duration = reader.index(u32::MAX)?,
            Field::Parameter(parameter) => {
                let number = reader.number()?;
                self.parametric.set(parameter, number.value, number.kind == NumberKind::Integer);
            }
        }
        Ok(())
    }
}
