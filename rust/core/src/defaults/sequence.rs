// SPDX-License-Identifier: Apache-2.0
//! Reading the sequences of commands.

use super::instruction_template::InstructionTemplates;
use super::partial_instruction::PartialInstruction;
use super::tables::InstructionTables;
use crate::json::{ReadResult, Reader, Span};

/// The instructions of all commands while they are being read.
#[derive(Default)]
pub(super) struct Sequences<'a> {
    pub tables: InstructionTables<'a>,
    templates: InstructionTemplates<'a>,
    partial: PartialInstruction,
}

impl<'a> Sequences<'a> {
    /// Make room for what a payload of `length` bytes may have.
    pub fn with_room(length: usize) -> Self {
        let mut sequences = Self::default();
        sequences.tables.instructions.reserve(length / 128);
        sequences.tables.parametric.reserve(length / 384);
        sequences
    }

    /// Read an element of a sequence.
    #[inline(always)]
    pub fn read(&mut self, reader: &mut Reader<'a>) -> ReadResult<()> {
        let start = reader.clone();
        if self.templates.read(reader, &mut self.partial, &mut self.tables) {
            self.partial.instruction.offset = start.offset();
            self.tables.push(&self.partial);
            return Ok(());
        }
        *reader = start;
        self.parse_and_cache_template(reader)
    }

    /// Read an instruction that is written in any way, and keeps how it is written if it may come again.
    #[cold]
    fn parse_and_cache_template(&mut self, reader: &mut Reader<'a>) -> ReadResult<()> {
        let at = reader.offset();
        let (partial, fields) = self.tables.parse(reader)?;
        self.tables.push(&partial);
        if let Some(fields) = fields {
            self.templates.cache(reader, Span { start: at, end: reader.offset() }, fields, partial);
        }
        Ok(())
    }
}
