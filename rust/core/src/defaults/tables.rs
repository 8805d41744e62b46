// SPDX-License-Identifier: Apache-2.0
//! The tables that the instructions of commands refer to, and how one instruction is read into them.

use std::collections::HashMap;

use super::instruction::{Acquisition, Instruction, Operation, Parametric, Value};
use super::library::Library;
use super::lists::index;
use super::partial_instruction::{Field, PartialInstruction};
use crate::error::Fault;
use crate::json::{ReadResult, Reader, Span, Text};
use crate::pulse::channel::MAX_INDEX;
use crate::pulse::envelope::{Parameter, Shape};
use crate::pulse::expression::Expression;

/// The instructions of all commands, and the tables that they refer to, while they are being read.
#[derive(Default)]
pub(super) struct InstructionTables<'a> {
    pub instructions: Vec<Instruction>,
    pub parametric: Vec<Parametric>,
    pub acquisitions: Vec<Acquisition>,
    pub expressions: Vec<Expression>,
    pub faults: Vec<Fault>,
    /// Expressions by their text and whether they are in GHz, so that each is read once.
    known: HashMap<(&'a [u8], bool), u32>,
    /// Instructions that play a waveform, with where its name is; the library may come later.
    plays: Vec<(u32, u32)>,
}

/// Names of instructions with the keys that they need.
const KINDS: [(&[u8], &[&str]); 8] = [
    (b"fc", &["ch", "phase"]),
    (b"setp", &["ch", "phase"]),
    (b"shiftf", &["ch", "frequency"]),
    (b"setf", &["ch", "frequency"]),
    (b"delay", &["ch", "duration"]),
    (b"parametric_pulse", &["ch", "pulse_shape", "parameters"]),
    (b"acquire", &["duration", "qubits", "memory_slot"]),
    (b"snapshot", &[]),
];

/// Return the span of each value of an object with its key. A key that repeats is listed each time.
fn values(reader: &mut Reader<'_>) -> ReadResult<Vec<(String, Span)>> {
    let mut values = Vec::new();
    reader.object(|reader, key| {
        values.push((key.decode().into_owned(), reader.skip()?));
        Ok(())
    })?;
    Ok(values)
}

pub(super) type Fields = Vec<(Span, Field)>;

impl<'a> InstructionTables<'a> {
    #[inline(always)]
    pub fn push(&mut self, partial: &PartialInstruction) {
        let mut instruction = partial.instruction;
        if let Operation::Parametric(at) = &mut instruction.operation {
            *at = index(self.parametric.len());
            self.parametric.push(partial.parametric);
        }
        self.instructions.push(instruction);
    }

    /// Read an instruction that is written in any way; tells where its values are if it may be written so again.
    pub fn parse(&mut self, reader: &mut Reader<'a>) -> ReadResult<(PartialInstruction, Option<Fields>)> {
        let at = reader.offset();
        let values = values(reader)?;
        let bytes = reader.clone();
        // `null` counts as missing.
        let is_null = |span: &Span| bytes.moved(span.start).null().unwrap_or(false);
        let find = |key: &str| {
            values.iter().rfind(|(known, _)| known == key).map(|(_, span)| *span).filter(|span| !is_null(span))
        };
        let name = find("name").ok_or_else(|| Fault::missing(at as usize, "name"))?;
        let name = reader.moved(name.start).text()?;
        let t0 = find("t0").ok_or_else(|| Fault::missing(at as usize, "t0"))?;
        let mut partial = PartialInstruction::default();
        partial.instruction.offset = at;
        let mut fields = vec![(t0, Field::Start)];
        let kind = KINDS.iter().find(|(known, _)| *known == &*name.bytes());
        let result = partial.take(Field::Start, &mut bytes.moved(t0.start), self).and_then(|()| match kind {
            Some((b"snapshot", _)) => {
                Err(Fault::expected(at as usize, "an instruction of a device, not a simulator's"))
            }
            Some((kind, needs)) => {
                for key in *needs {
                    find(key).ok_or_else(|| Fault::missing(at as usize, key))?;
                }
                self.take_kind(kind, &mut partial, &mut fields, &bytes, &find)
            }
            None => {
                let channel = find("ch").ok_or_else(|| Fault::missing(at as usize, "ch"))?;
                partial.take(Field::Channel, &mut bytes.moved(channel.start), self)?;
                self.plays.push((index(self.instructions.len()), name.offset()));
                Ok(())
            }
        });
        let is_right = result.is_ok();
        if let Err(fault) = result {
            partial.instruction.operation = self.fault(*fault);
        }
        Ok((partial, (is_right && kind.is_some()).then_some(fields)))
    }

    fn fault(&mut self, fault: Fault) -> Operation {
        self.faults.push(fault);
        Operation::Faulty(index(self.faults.len() - 1))
    }

    /// Read what an instruction of a kind consists of; the keys that it needs are there.
    fn take_kind(
        &mut self,
        kind: &[u8],
        partial: &mut PartialInstruction,
        fields: &mut Fields,
        bytes: &Reader<'a>,
        find: &dyn Fn(&str) -> Option<Span>,
    ) -> ReadResult<()> {
        let none = Operation::ShiftPhase(Value::Number(0.0));
        let (operation, used): (Operation, &[(&str, Field)]) = match kind {
            b"fc" => (none, &[("ch", Field::Channel), ("phase", Field::Value)]),
            b"setp" => (Operation::SetPhase(Value::Number(0.0)), &[("ch", Field::Channel), ("phase", Field::Value)]),
            b"shiftf" => {
                let operation = Operation::ShiftFrequency(Value::Number(0.0));
                (operation, &[("ch", Field::Channel), ("frequency", Field::Value)])
            }
            b"setf" => {
                (Operation::SetFrequency(Value::Number(0.0)), &[("ch", Field::Channel), ("frequency", Field::Value)])
            }
            b"delay" => (Operation::Delay(0), &[("ch", Field::Channel), ("duration", Field::Duration)]),
            b"acquire" => (Operation::Acquire(self.acquisition(bytes, find)?), &[]),
            _ => (Operation::Parametric(0), &[("ch", Field::Channel), ("label", Field::Label)]),
        };
        partial.instruction.operation = operation;
        partial.in_ghz = matches!(operation, Operation::ShiftFrequency(_) | Operation::SetFrequency(_));
        for (key, field) in used {
            if let Some(span) = find(key) {
                partial.take(*field, &mut bytes.moved(span.start), self)?;
                fields.push((span, *field));
            }
        }
        if let (Operation::Parametric(_), Some(shape), Some(parameters)) =
            (operation, find("pulse_shape"), find("parameters"))
        {
            let mut reader = bytes.moved(shape.start);
            let fault_at = reader.clone();
            let known = Shape::named(&reader.text()?.bytes());
            partial.parametric.shape = known.ok_or_else(|| fault_at.wrong("a pulse shape that is known"))?;
            self.take_parameters(partial, fields, &mut bytes.moved(parameters.start))?;
        }
        Ok(())
    }

    fn take_parameters(
        &mut self,
        partial: &mut PartialInstruction,
        fields: &mut Fields,
        reader: &mut Reader<'a>,
    ) -> ReadResult<()> {
        let start = reader.clone();
        let (mut amp, mut duration) = (None, None);
        let mut others = [None; Parameter::COUNT];
        // The last one of a name counts.
        for (key, span) in values(reader)? {
            match key.as_str() {
                "amp" => amp = Some(span),
                "duration" => duration = Some(span),
                name => {
                    let known = Parameter::named(name.as_bytes());
                    let at = start.moved(span.start);
                    let known = known.ok_or_else(|| at.wrong("no parameter that the shape does not have"))?;
                    others[known as usize] = Some(span);
                }
            }
        }
        let missing = |key| Fault::missing(start.offset() as usize, key);
        let (amp, duration) = (amp.ok_or_else(|| missing("amp"))?, duration.ok_or_else(|| missing("duration"))?);
        let others = Parameter::ALL.into_iter().zip(others).map(|(known, span)| (span, Field::Parameter(known)));
        let mut wanted: Fields = others.filter_map(|(span, field)| Some((span?, field))).collect();
        wanted.push((duration, Field::PulseDuration));
        let mut at_amp = start.moved(amp.start);
        if at_amp.peek() == b'[' {
            wanted.push((amp, Field::Amp));
        } else {
            partial.parametric.amp = (at_amp.number()?.value, None);
        }
        for (span, field) in wanted {
            partial.take(field, &mut start.moved(span.start), self)?;
            fields.push((span, field));
        }
        partial.parametric.envelope().map(drop).map_err(|expected| start.wrong(expected))
    }

    fn acquisition(&mut self, bytes: &Reader<'a>, find: &dyn Fn(&str) -> Option<Span>) -> ReadResult<u32> {
        let mut acquisition = Acquisition::default();
        let mut list = |span: Span| {
            let mut list = Vec::new();
            let reader = &mut bytes.moved(span.start);
            reader.array(|reader| {
                list.push(reader.index(MAX_INDEX + 1)?);
                Ok(())
            })?;
            ReadResult::Ok(list)
        };
        for (key, kept) in [("qubits", &mut acquisition.qubits), ("memory_slot", &mut acquisition.memory_slots)] {
            *kept = find(key).map(&mut list).transpose()?.unwrap_or_default();
        }
        acquisition.register_slots = find("register_slot").map(&mut list).transpose()?;
        let lengths = [Some(&acquisition.memory_slots), acquisition.register_slots.as_ref()];
        if lengths.into_iter().flatten().any(|slots| slots.len() < acquisition.qubits.len()) {
            let at = find("memory_slot").map_or(0, |span| span.start);
            return Err(bytes.moved(at).wrong("a slot for each qubit"));
        }
        if let Some(span) = find("duration") {
            acquisition.duration = bytes.moved(span.start).index(u32::MAX)?;
        }
        acquisition.kernels = find("kernels");
        acquisition.discriminators = find("discriminators");
        if self.acquisitions.last() != Some(&acquisition) {
            self.acquisitions.push(acquisition);
        }
        Ok(index(self.acquisitions.len() - 1))
    }

    /// The expression that `text` is; each text is read once.
    #[inline(always)]
    pub fn expression(&mut self, reader: &mut Reader<'a>, in_ghz: bool) -> ReadResult<u32> {
        let fault_at = reader.clone();
        let text = reader.text()?;
        let raw = reader.between(text.offset() + 1, reader.offset() - 1);
        if let Some(known) = self.known.get(&(raw, in_ghz)) {
            return Ok(*known);
        }
        let expression = Expression::parse(&text.decode()).map_err(|expected| fault_at.wrong(expected))?;
        self.expressions.push(if in_ghz { expression.scaled(1e9) } else { expression });
        let at = index(self.expressions.len() - 1);
        self.known.insert((raw, in_ghz), at);
        Ok(at)
    }

    /// Look up the waveforms that instructions play.
    pub fn resolve(&mut self, library: &Library, bytes: &[u8]) {
        for (row, name_at) in std::mem::take(&mut self.plays) {
            let name = Reader::at(bytes, name_at).text().map_or_else(|_| "".into(), Text::decode);
            let operation = match library.find(&name) {
                Some(waveform) => Operation::Waveform(waveform),
                None => self.fault(*Fault::expected(name_at as usize, "a waveform that is in the pulse library")),
            };
            // Rows of a sequence that a later one of its command replaced are gone, or are others' now.
            if let Some(instruction) = self.instructions.get_mut(row as usize)
                && instruction.offset < name_at
            {
                instruction.operation = operation;
            }
        }
    }
}
