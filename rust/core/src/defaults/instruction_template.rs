// SPDX-License-Identifier: Apache-2.0
//! Recognising instructions that are written like an earlier one, but for their values.
//!
//! A device's commands have a handful of kinds of instructions, each written thousands of times with the same keys in
//! the same order. The text between the values, some hundred bytes, is compared instead of being read.

use super::instruction::Operation;
use super::partial_instruction::{Field, PartialInstruction};
use super::tables::InstructionTables;
use crate::json::{Reader, Span};

/// Number of templates that are kept; published payloads need up to eight.
const MAX_TEMPLATES: usize = 12;

/// The ways in which instructions are written.
#[derive(Default)]
pub(super) struct InstructionTemplates<'a> {
    known: Vec<InstructionTemplate<'a>>,
    /// Index of the template that last followed each; sequences repeat, too.
    next: [usize; MAX_TEMPLATES],
    last: usize,
}

struct InstructionTemplate<'a> {
    /// Texts, each with the value behind it.
    pieces: Vec<(&'a [u8], Field)>,
    /// The text behind the last value.
    end: &'a [u8],
    /// Values that are the same in all instructions of the template.
    partial: PartialInstruction,
}

impl<'a> InstructionTemplates<'a> {
    /// Read an instruction into `partial` if it is written like an earlier one. If not, be it right or wrong, the reader
    /// is left anywhere.
    #[inline(always)]
    pub fn read(
        &mut self,
        reader: &mut Reader<'a>,
        partial: &mut PartialInstruction,
        tables: &mut InstructionTables<'a>,
    ) -> bool {
        let (start, guess) = (reader.clone(), self.next[self.last]);
        let others = (0..self.known.len()).filter(|index| *index != guess);
        for index in std::iter::once(guess).chain(others) {
            if let Some(template) = self.known.get(index) {
                *reader = start.clone();
                if template.read(reader, partial, tables) {
                    self.next[self.last] = index;
                    self.last = index;
                    return true;
                }
            }
        }
        false
    }

    /// Keep how the instruction at `whole` is written; `fields` are where its values are.
    pub fn cache(
        &mut self,
        reader: &Reader<'a>,
        whole: Span,
        mut fields: Vec<(Span, Field)>,
        partial: PartialInstruction,
    ) {
        if self.known.len() == MAX_TEMPLATES {
            return;
        }
        fields.sort_unstable_by_key(|(span, _)| span.start);
        let (mut pieces, mut from) = (Vec::with_capacity(fields.len()), whole.start);
        for (span, field) in fields {
            if span.start < from {
                return;
            }
            pieces.push((reader.between(from, span.start), field));
            from = span.end;
        }
        self.known.push(InstructionTemplate { pieces, end: reader.between(from, whole.end), partial });
    }
}

impl<'a> InstructionTemplate<'a> {
    #[inline(always)]
    fn read(
        &self,
        reader: &mut Reader<'a>,
        partial: &mut PartialInstruction,
        tables: &mut InstructionTables<'a>,
    ) -> bool {
        partial.instruction = self.partial.instruction;
        partial.in_ghz = self.partial.in_ghz;
        if matches!(partial.instruction.operation, Operation::Parametric(_)) {
            partial.parametric = self.partial.parametric;
        }
        for (text, field) in &self.pieces {
            if !reader.take_literal(text) || partial.take(*field, reader, tables).is_err() {
                return false;
            }
        }
        reader.take_literal(self.end)
    }
}
