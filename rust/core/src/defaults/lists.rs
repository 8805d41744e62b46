// SPDX-License-Identifier: Apache-2.0
//! Lists of numbers.

use crate::json::{ReadResult, Reader};

/// A length or a position as an index; every element of a payload takes at least one of fewer than 2^32 bytes.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
pub(super) fn index(position: usize) -> u32 {
    position as u32
}

/// Read an array of numbers.
pub(super) fn numbers(reader: &mut Reader<'_>) -> ReadResult<Vec<f64>> {
    let mut numbers = Vec::new();
    reader.array(|reader| {
        numbers.push(reader.known_number()?.value);
        Ok(())
    })?;
    Ok(numbers)
}

/// Read `[re, im]`.
#[inline(always)]
pub(super) fn complex(reader: &mut Reader<'_>) -> ReadResult<[f64; 2]> {
    let (start, mut parts, mut count) = (reader.clone(), [0.0; 2], 0);
    reader.array(|reader| {
        let part = reader.known_number()?.value;
        if let Some(place) = parts.get_mut(count) {
            *place = part;
        }
        count += 1;
        Ok(())
    })?;
    if count == 2 { Ok(parts) } else { Err(start.wrong("two numbers, a real and an imaginary part")) }
}
