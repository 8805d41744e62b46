// SPDX-License-Identifier: Apache-2.0
//! Units of measured values, scaled to SI exactly as Qiskit's `apply_prefix` does.
//!
//! Only the first character of a unit of two or more characters counts, as its SI prefix. Negative powers divide by the
//! exact power of ten: `value / 1e9`, never `value * 1e-9`, which differs in the last bit for two values of five.

use crate::json::{Number, NumberKind, ReadResult, Reader, Text};

/// The power of ten that brings a value to its SI unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unit {
    /// Index into [`POWERS`]; the sign tells division from multiplication.
    thousands: i8,
}

const POWERS: [f64; 6] = [1e0, 1e3, 1e6, 1e9, 1e12, 1e15];

impl Unit {
    /// Read a unit: a string, or `null` for none.
    #[inline(always)]
    pub(crate) fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        if reader.null()? {
            return Ok(Self::default());
        }
        let fault_at = reader.clone();
        let text = reader.known_text()?;
        Self::parse(text).ok_or_else(|| {
            fault_at.wrong("a unit: nothing, one character, or a first character of f p n u µ m k M G T P")
        })
    }

    /// The unit that `text` names; `None` if its prefix is unknown.
    #[inline(always)]
    pub(crate) fn parse(text: Text<'_>) -> Option<Self> {
        let thousands = match &*text.bytes() {
            [] | [_] => 0,
            [first, ..] if first.is_ascii() => thousands(char::from(*first))?,
            _ => return Self::parse_decoded(&text.decode()),
        };
        Some(Self { thousands })
    }

    #[cold]
    fn parse_decoded(text: &str) -> Option<Self> {
        let mut characters = text.chars();
        let thousands = match (characters.next(), characters.next()) {
            (Some(prefix), Some(_)) => thousands(prefix)?,
            _ => 0,
        };
        Some(Self { thousands })
    }

    /// Bring a number to SI. An integer stays one unless it is divided, as in Python.
    #[inline(always)]
    #[must_use]
    pub fn scale(self, number: Number) -> Number {
        let power = POWERS[usize::from(self.thousands.unsigned_abs())];
        if self.thousands < 0 {
            return Number { value: number.value / power, kind: NumberKind::Float };
        }
        let value = number.value * power;
        let exact = number.kind == NumberKind::Integer && value.abs() < 9_007_199_254_740_992.0;
        let kind = if number.kind == NumberKind::Float || exact { number.kind } else { NumberKind::BigInteger };
        Number { value, kind }
    }
}

fn thousands(prefix: char) -> Option<i8> {
    Some(match prefix {
        'f' => -5,
        'p' => -4,
        'n' => -3,
        'u' | 'µ' => -2,
        'm' => -1,
        'k' => 1,
        'M' => 2,
        'G' => 3,
        'T' => 4,
        'P' => 5,
        _ => return None,
    })
}
