// SPDX-License-Identifier: Apache-2.0
//! Reading pulse defaults payloads: the waveforms of a device, and the commands that its gates are made of.
//!
//! A fault of the payload as a whole fails at once. A fault of one instruction, such as a waveform that
//! the library does not have, concerns the commands that use it, and is told when one of them is asked for.

mod instruction;
mod instruction_template;
mod library;
mod lists;
mod partial_instruction;
mod sequence;
mod tables;

use std::collections::HashMap;
use std::sync::OnceLock;

pub use instruction::{Acquisition, Instruction, Operation, Parametric, Value};
pub use library::{Amplitude, Library};

use crate::error::Fault;
use crate::json::{ReadResult, Reader, Span};
use crate::members::Members;
use crate::pulse::channel::MAX_INDEX;
use crate::pulse::expression::Expression;
use crate::qargs::{Order, QargsList, read_qargs};
use sequence::Sequences;

/// Pulse defaults as columns; everything else that the payload contains stays where it is.
#[derive(Debug, Default)]
pub struct Defaults {
    /// Estimated frequencies of the qubits as the payload has them: in GHz, as a rule.
    pub qubit_freq_est: Vec<f64>,
    /// Estimated frequencies of the readouts, in the same unit.
    pub meas_freq_est: Vec<f64>,
    /// Sampled waveforms.
    pub library: Library,
    /// Commands by name, in order of first appearance.
    pub commands: Vec<Commands>,
    /// The rows of each command in `instructions`: where they end.
    ends: Vec<u32>,
    /// The instructions of all commands, one command after the other.
    pub instructions: Vec<Instruction>,
    /// Parametric pulses that instructions refer to.
    pub parametric: Vec<Parametric>,
    /// Acquisitions that instructions refer to.
    pub acquisitions: Vec<Acquisition>,
    /// Expressions that phases and frequencies refer to.
    pub expressions: Vec<Expression>,
    /// Faults of single instructions.
    pub faults: Vec<Fault>,
    /// Index into `commands` by name.
    by_name: HashMap<String, usize>,
    /// Span of each top-level value.
    pub members: Members,
}

/// Commands of one name.
#[derive(Debug, Default)]
pub struct Commands {
    /// Their name.
    pub name: String,
    /// On which qubits.
    pub qargs: QargsList,
    /// Index of each command in the payload.
    indices: Vec<u32>,
    order: OnceLock<Order>,
}

impl Commands {
    /// The index of the command on `qargs`: when they repeat, the last one.
    #[must_use]
    pub fn find(&self, qargs: &[u32]) -> Option<usize> {
        let order = self.order.get_or_init(|| self.qargs.order());
        order.find(&self.qargs, qargs).map(|(_, last)| self.indices[last] as usize)
    }
}

const REQUIRED: [&str; 5] = ["qubit_freq_est", "meas_freq_est", "buffer", "pulse_library", "cmd_def"];

impl Defaults {
    /// Read a payload. `{}` and `null` mean that the device has no pulses.
    pub fn read(bytes: &[u8]) -> ReadResult<Option<Self>> {
        let mut reader = Reader::new(bytes)?;
        if reader.is_nothing() {
            return Ok(None);
        }
        let (mut defaults, mut sequences) = (Self::default(), Sequences::with_room(bytes.len()));
        let mut seen = [false; REQUIRED.len()];
        reader.peek();
        let start = reader.offset() as usize;
        reader.object(|reader, key| {
            let (from, name) = (reader.offset(), key.bytes());
            match &*name {
                b"qubit_freq_est" => defaults.qubit_freq_est = lists::numbers(reader)?,
                b"meas_freq_est" => defaults.meas_freq_est = lists::numbers(reader)?,
                b"pulse_library" => defaults.library = Library::read(reader)?,
                b"cmd_def" => {
                    sequences = Sequences::default();
                    defaults.read_commands(reader, &mut sequences)?;
                }
                _ => drop(reader.skip()?),
            }
            if let Some(index) = REQUIRED.iter().position(|required| required.as_bytes() == &*name) {
                seen[index] = true;
            }
            defaults.members.push(key.offset(), from, reader.offset());
            Ok(())
        })?;
        reader.finish()?;
        if let Some(missing) = seen.iter().position(|seen| !seen) {
            return Err(Fault::missing(start, REQUIRED[missing]));
        }
        let mut tables = sequences.tables;
        tables.resolve(&defaults.library, bytes);
        defaults.instructions = tables.instructions;
        defaults.parametric = tables.parametric;
        defaults.acquisitions = tables.acquisitions;
        defaults.expressions = tables.expressions;
        defaults.faults = tables.faults;
        Ok(Some(defaults))
    }

    /// Read `cmd_def`, the last one of which counts.
    fn read_commands<'a>(&mut self, reader: &mut Reader<'a>, sequences: &mut Sequences<'a>) -> ReadResult<()> {
        (self.commands, self.ends, self.by_name) = Default::default();
        let mut qubits = Vec::new();
        reader.array(|reader| {
            let (start, first) = (reader.offset() as usize, sequences.tables.instructions.len());
            let (mut name, mut has_qubits, mut has_sequence) = (None, false, false);
            reader.object(|reader, key| {
                match &*key.bytes() {
                    b"name" => name = Some(reader.text()?),
                    b"qubits" => {
                        qubits.clear();
                        read_qargs(reader, MAX_INDEX + 1, &mut qubits)?;
                        has_qubits = true;
                    }
                    b"sequence" => {
                        sequences.tables.instructions.truncate(first);
                        reader.array(|reader| sequences.read(reader))?;
                        has_sequence = true;
                    }
                    _ => drop(reader.skip()?),
                }
                Ok(())
            })?;
            let name = name.ok_or_else(|| Fault::missing(start, "name"))?;
            if !(has_qubits && has_sequence) {
                return Err(Fault::missing(start, if has_qubits { "sequence" } else { "qubits" }));
            }
            let index = lists::index(self.ends.len());
            self.ends.push(lists::index(sequences.tables.instructions.len()));
            let commands = self.commands_named(&name.decode());
            commands.qargs.push(&qubits);
            commands.indices.push(index);
            Ok(())
        })
    }

    fn commands_named(&mut self, name: &str) -> &mut Commands {
        let index = if let Some(index) = self.by_name.get(name) {
            *index
        } else {
            self.by_name.insert(name.to_owned(), self.commands.len());
            self.commands.push(Commands { name: name.to_owned(), ..Commands::default() });
            self.commands.len() - 1
        };
        &mut self.commands[index]
    }

    /// Return the number of commands that the payload lists, those that a later one replaces included.
    #[must_use]
    pub fn num_commands(&self) -> usize {
        self.ends.len()
    }

    /// Each command with its name and its qubits, in payload order.
    #[must_use]
    pub fn listed(&self) -> Vec<(&str, &[u32])> {
        let mut listed = vec![("", &[][..]); self.ends.len()];
        for commands in &self.commands {
            for (index, qargs) in commands.indices.iter().zip(commands.qargs.iter()) {
                listed[*index as usize] = (&commands.name, qargs);
            }
        }
        listed
    }

    /// The commands called `name`.
    #[must_use]
    pub fn commands_of(&self, name: &str) -> Option<&Commands> {
        self.by_name.get(name).map(|index| &self.commands[*index])
    }

    /// The instructions of a command, in payload order.
    #[must_use]
    pub fn sequence(&self, command: usize) -> &[Instruction] {
        let start = if command == 0 { 0 } else { self.ends[command - 1] as usize };
        &self.instructions[start..self.ends[command] as usize]
    }

    /// The text of a string of the payload, given without its quotes.
    #[must_use]
    pub fn text(bytes: &[u8], inner: Span) -> String {
        Reader::at(bytes, inner.start - 1).text().map_or_else(|_| String::new(), |text| text.decode().into_owned())
    }
}
