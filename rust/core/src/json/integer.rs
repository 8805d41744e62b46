// SPDX-License-Identifier: Apache-2.0
//! Integers, and the short lists of them that tell which qubits something is about.

use wide::i8x16;

use super::number::leading_digits;
use super::{Fault, ReadResult, Reader};

/// One or two integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortQargs {
    /// `[a]`
    One(u32),
    /// `[a, b]`
    Two(u32, u32),
}

impl Reader<'_> {
    /// Take a list of one or two short integers if it is next, written with at most one space, as payloads have
    /// thousands of them. Everything else, right or wrong, is left to the general way.
    ///
    /// Sixteen bytes are classified at once, so that where the list ends does not wait for what it says.
    #[inline(always)]
    pub fn match_short_qargs(&mut self) -> Option<ShortQargs> {
        let window: &[u8; 16] = self.bytes.get(self.position..)?.first_chunk()?;
        let text = i8x16::new(window.map(u8::cast_signed));
        let others = text.simd_lt(i8x16::splat(0x30)) | text.simd_gt(i8x16::splat(0x39));
        let others = others.to_bitmask();
        let first_end = 1 + (others >> 1).trailing_zeros() as usize;
        if window[0] != b'[' || !(2..9).contains(&first_end) || (window[1] == b'0' && first_end > 2) {
            return None;
        }
        let first = small(self.chunk(self.position + 1));
        if window[first_end] == b']' {
            self.position += first_end + 1;
            return Some(ShortQargs::One(first));
        }
        let start = first_end + 1 + usize::from(window[first_end + 1] == b' ');
        let length = (others >> start).trailing_zeros() as usize;
        let end = start + length;
        let written_right = (1..8).contains(&length) && !(window[start] == b'0' && length > 1);
        if window[first_end] != b',' || !written_right || window.get(end) != Some(&b']') {
            return None;
        }
        let second = small(self.chunk(self.position + start));
        self.position += end + 1;
        Some(ShortQargs::Two(first, second))
    }

    /// Read a qubit index: an integer from 0, below `limit`.
    #[inline(always)]
    pub fn index(&mut self, limit: u32) -> ReadResult<u32> {
        self.peek();
        let start = self.position;
        match self.natural() {
            Some(value) if value < u64::from(limit) => Ok(u32::try_from(value).unwrap_or(0)),
            Some(_) => Err(Fault::expected(start, format!("an integer below {limit}"))),
            None => Err(Fault::expected(start, "an integer from 0")),
        }
    }

    /// Read a count: an integer from 0 that 32 bits hold.
    pub fn count(&mut self) -> ReadResult<u32> {
        self.peek();
        let start = self.position;
        let value = self.natural().and_then(|value| u32::try_from(value).ok());
        value.ok_or_else(|| Fault::expected(start, "an integer from 0 to 4294967295"))
    }

    /// Read an integer without a sign; huge ones saturate.
    #[inline(always)]
    fn natural(&mut self) -> Option<u64> {
        let start = self.position;
        let (count, mut value) = leading_digits(self.chunk(start));
        self.position += count as usize;
        if count == 8 {
            while let digit @ b'0'..=b'9' = self.byte() {
                value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
                self.position += 1;
            }
        }
        let count = self.position - start;
        let written_right = count > 0 && (count == 1 || self.bytes[start] != b'0');
        (written_right && !matches!(self.byte(), b'.' | b'e' | b'E')).then_some(value)
    }
}

/// The value of up to seven digits at the start of eight bytes.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below 10^7")]
fn small(chunk: u64) -> u32 {
    leading_digits(chunk).1 as u32
}
