// SPDX-License-Identifier: Apache-2.0
//! The record that calibrations are made of: a quantity with its date, name, unit and value.

use crate::error::Fault;
use crate::json::{Number, NumberKind, ReadResult, Reader};
use crate::unit::Unit;

/// The value of a named quantity as it stands in a payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number, scaled to SI.
    Number(Number),
    /// `null`: the quantity is named, but has no value.
    Null,
    /// `true` or `false`, which count as 1 and 0.
    Boolean(bool),
    /// Text or a container; `true` if Python would take it for true.
    Other(bool),
}

impl Value {
    /// Read any value.
    #[inline(always)]
    pub(crate) fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        Ok(match reader.peek() {
            b'-' | b'0'..=b'9' | b'N' | b'I' => Self::Number(reader.known_number()?),
            b'n' => {
                reader.null()?;
                Self::Null
            }
            b't' | b'f' => Self::Boolean(reader.boolean()?),
            _ => Self::Other(!reader.skip_is_empty()?),
        })
    }

    /// Whether Python would take the value for true; an `operational` flag means just that.
    #[must_use]
    pub fn is_true(self) -> bool {
        match self {
            Self::Number(number) => number.value != 0.0,
            Self::Null => false,
            Self::Boolean(value) | Self::Other(value) => value,
        }
    }
}

/// One measured quantity; `K` is what its name means to the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity<K> {
    pub kind: K,
    pub value: Value,
    /// Offset of the value, for faults.
    pub value_at: u32,
    /// Offset of the date; 0 if there is none.
    pub date_at: u32,
}

/// Reads the quantities of many lists, such as the lists of all qubits.
///
/// Quantities at the same position of their lists differ in date and value only, as a rule: the text between those,
/// some fifty bytes with name and unit, repeats. So the text of the last quantity at each position is kept, and where
/// it comes again (three comparisons of 16 bytes) its meaning is known without reading it.
pub(crate) struct QuantityReader<'a, K> {
    /// Meaning of names.
    kind: fn(&[u8]) -> K,
    templates: [Option<RecordTemplate<'a, K>>; 8],
}

/// The text of a quantity around its date and its value, both left out, and what it means.
#[derive(Debug, Clone, Copy)]
struct RecordTemplate<'a, K> {
    /// From the opening brace up to the text of the date.
    before: &'a [u8],
    date_length: usize,
    /// From the closing quote of the date up to the value.
    between: &'a [u8],
    kind: K,
    unit: Unit,
}

impl<'a, K: Copy> QuantityReader<'a, K> {
    pub(crate) fn new(kind: fn(&[u8]) -> K) -> Self {
        Self { kind, templates: [None; 8] }
    }

    /// Read a list, giving each quantity to `take`.
    #[inline(always)]
    pub(crate) fn read(
        &mut self,
        reader: &mut Reader<'a>,
        mut take: impl FnMut(Quantity<K>) -> ReadResult<()>,
    ) -> ReadResult<()> {
        let mut position = 0;
        reader.array(|reader| {
            let start = reader.clone();
            let template = self.templates.get(position).and_then(Option::as_ref);
            let quantity = if let Some(quantity) = template.and_then(|template| template.match_record(reader)) {
                quantity
            } else {
                *reader = start;
                self.parse_and_cache_template(reader, position)?
            };
            position += 1;
            take(quantity)
        })
    }

    /// Read a quantity that is written in any way, and cache its template if the text may come again.
    #[cold]
    fn parse_and_cache_template(&mut self, reader: &mut Reader<'a>, position: usize) -> ReadResult<Quantity<K>> {
        let start = reader.offset();
        let (mut name, mut unit, mut value, mut date) = (None, None, None, None);
        reader.object(|reader, key| {
            let at = reader.offset();
            match &*key.bytes() {
                b"name" => name = Some(reader.known_text()?),
                b"unit" => unit = Some(Unit::read(reader)?),
                b"value" => value = Some((at, Value::read(reader)?, reader.offset())),
                b"date" => date = Some(reader.skip()?),
                _ => drop(reader.skip()?),
            }
            Ok(())
        })?;
        let name = name.ok_or_else(|| Fault::missing(start as usize, "name"))?;
        let unit = unit.ok_or_else(|| Fault::missing(start as usize, "unit"))?;
        let (value_at, value, value_end) = value.ok_or_else(|| Fault::missing(start as usize, "value"))?;
        let kind = (self.kind)(&name.bytes());
        let unscaled = value;
        let value = match value {
            Value::Number(number) => Value::Number(unit.scale(number)),
            // Python counts a boolean as an integer, also when a unit scales it.
            Value::Boolean(flag) if unit != Unit::default() => {
                Value::Number(unit.scale(Number { value: f64::from(u8::from(flag)), kind: NumberKind::Integer }))
            }
            Value::Other(_) if unit != Unit::default() => {
                return Err(Fault::expected(value_at as usize, "a number or null, because there is a unit"));
            }
            value => value,
        };
        let date_at = date.map_or(0, |date| date.start);
        if let Some(date) = date
            && let Some(template) = self.templates.get_mut(position)
            && let Value::Number(_) = unscaled
            && date.end < value_at
            && reader.offset() == value_end + 1
        {
            *template = reader.plain_text(date).map(|date| RecordTemplate {
                before: reader.between(start, date.start),
                date_length: (date.end - date.start) as usize,
                between: reader.between(date.end, value_at),
                kind,
                unit,
            });
        }
        Ok(Quantity { kind, value, value_at, date_at })
    }
}

impl<K: Copy> RecordTemplate<'_, K> {
    /// Read a quantity that matches the template; `None`, with the reader anywhere, if it does not, be it right or wrong.
    #[inline(always)]
    fn match_record(&self, reader: &mut Reader<'_>) -> Option<Quantity<K>> {
        if !reader.take_literal(self.before) {
            return None;
        }
        // `before` ends in the quote.
        let date_at = reader.offset() - 1;
        if !(reader.pass_text(self.date_length) && reader.take_literal(self.between)) {
            return None;
        }
        let value_at = reader.offset();
        let value = Value::Number(self.unit.scale(reader.known_number().ok()?));
        reader.take_literal(b"}").then_some(Quantity { kind: self.kind, value, value_at, date_at })
    }
}
