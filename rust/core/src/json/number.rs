// SPDX-License-Identifier: Apache-2.0
//! Decimal text to the nearest `f64`.
//!
//! Calibration values carry 15 to 19 significant digits, more than the usual exact shortcut (a mantissa below 2^53)
//! can take, so the general case matters here: eight digits are read at a time, and the quotient `mantissa / 10^k` is
//! rounded once, from an exact 128-bit division. Everything that does not fit goes to [`str::parse`].

use super::{Fault, ReadResult, Reader};

/// A number of a payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The nearest `f64`, ties to even.
    pub value: f64,
    /// Kind of the text.
    pub kind: NumberKind,
}

/// Notation of a number; Python tells `1` from `1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// With a fraction or an exponent, or `NaN`, or an infinity.
    Float,
    /// An integer that `f64` holds exactly.
    Integer,
    /// An integer of 2^53 or more in size: `value` may be rounded.
    BigInteger,
}

const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
const POWERS_OF_TEN_BELOW_9: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// `5^k` for every `k` that a `u64` holds.
const POWERS_OF_FIVE: [u64; 28] = {
    let mut powers = [1_u64; 28];
    let mut k = 1;
    while k < 28 {
        powers[k] = powers[k - 1] * 5;
        k += 1;
    }
    powers
};

const EXACT_INTEGERS: u64 = 1 << 53;

/// Mark each of eight bytes that is above 9 by its top bit, which is set in the byte, or by adding 118 to its low seven
/// bits.
#[inline(always)]
fn others(values: u64) -> u64 {
    (((values & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
}

/// The digits at the start of eight bytes, as `(how many, their value)`.
#[inline(always)]
pub(super) fn leading_digits(chunk: u64) -> (u32, u64) {
    let values = chunk ^ 0x3030_3030_3030_3030;
    let count = others(values).trailing_zeros() / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros move in front, so that the eight-digit sum below serves any count.
    let padded = values << (64 - 8 * count);
    let pairs = padded.wrapping_mul(10).wrapping_add(padded >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (count, low.wrapping_add(high) >> 32)
}

/// `mantissa * 10^exponent`, rounded once; `None` where the short ways do not reach.
#[inline(always)]
fn scale(mantissa: u64, exponent: i64) -> Option<f64> {
    if mantissa < EXACT_INTEGERS {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let exact = mantissa as f64;
        match exponent {
            0 => return Some(exact),
            // One correctly rounded operation on two exact numbers.
            -22..0 => return Some(exact / POWERS_OF_TEN[usize::try_from(-exponent).ok()?]),
            1..=22 => return Some(exact * POWERS_OF_TEN[usize::try_from(exponent).ok()?]),
            _ if mantissa == 0 => return Some(0.0),
            _ => {}
        }
    }
    if !(-27..0).contains(&exponent) {
        return None;
    }
    Some(divide(mantissa, usize::try_from(-exponent).ok()?))
}

/// `mantissa / 10^k` for `0 < k < 28`, rounded to nearest, ties to even.
///
/// `10^k = 5^k * 2^k`, and both operands are shifted to have their top bit set, so the quotient has 63 or 64 bits. Its
/// lowest bit takes the remainder as a sticky bit, far below the bit that rounding to 53 looks at.
#[inline(always)]
fn divide(mantissa: u64, k: usize) -> f64 {
    let divisor = POWERS_OF_FIVE[k];
    let (up, up_divisor) = (mantissa.leading_zeros(), divisor.leading_zeros());
    let (dividend, divisor) = (u128::from(mantissa << up) << 63, u128::from(divisor << up_divisor));
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    #[expect(clippy::cast_possible_truncation, reason = "dividend < 2^127 and divisor >= 2^63")]
    let sticky = quotient as u64 | u64::from(remainder != 0);
    #[expect(clippy::cast_precision_loss, reason = "this is the one rounding")]
    let rounded = sticky as f64;
    let exponent = 1023 + u64::from(up_divisor) - u64::from(up) - 63 - k as u64;
    rounded * f64::from_bits(exponent << 52)
}

impl Reader<'_> {
    /// Eight bytes from `at`, zeros behind the end.
    #[inline(always)]
    pub(super) fn chunk(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or_default();
        if let Some(chunk) = rest.first_chunk() {
            return u64::from_le_bytes(*chunk);
        }
        let mut padded = [0; 8];
        padded[..rest.len()].copy_from_slice(rest);
        u64::from_le_bytes(padded)
    }

    /// Read a run of digits into `mantissa`; returns how many, and whether the value still fits.
    #[inline(always)]
    fn digits(&mut self, mantissa: &mut u64) -> (usize, bool) {
        let (start, mut fits) = (self.position, true);
        loop {
            let (count, value) = leading_digits(self.chunk(self.position));
            self.position += count as usize;
            let next = mantissa.checked_mul(POWERS_OF_TEN_BELOW_9[count as usize]).and_then(|m| m.checked_add(value));
            fits &= next.is_some();
            *mantissa = next.unwrap_or(0);
            if count < 8 {
                return (self.position - start, fits);
            }
        }
    }

    /// Read a number; `NaN`, `Infinity` and `-Infinity` count as numbers, as for Python's reader.
    #[inline(always)]
    pub fn number(&mut self) -> ReadResult<Number> {
        self.peek();
        self.known_number()
    }

    /// Read a number whose first byte is next, as [`Self::peek`] leaves it.
    #[inline(always)]
    pub fn known_number(&mut self) -> ReadResult<Number> {
        let start = self.position;
        let negative = self.byte() == b'-';
        if negative {
            self.position += 1;
        }
        let first = self.byte();
        let mut mantissa = 0;
        let (count, mut fits) = self.digits(&mut mantissa);
        if count == 0 || (first == b'0' && count > 1) {
            return self.number_token(start);
        }
        let (mut kind, mut exponent) = (NumberKind::Integer, 0_i64);
        if self.byte() == b'.' {
            self.position += 1;
            let (count, fits_still) = self.digits(&mut mantissa);
            if count == 0 {
                return Err(Fault::expected(self.position, "a digit after the decimal point"));
            }
            fits &= fits_still;
            kind = NumberKind::Float;
            exponent = -i64::try_from(count).unwrap_or(i64::MAX);
        }
        if self.byte() | 0x20 == b'e' {
            let (written, fits_still) = self.exponent()?;
            kind = NumberKind::Float;
            fits &= fits_still;
            exponent = exponent.saturating_add(written);
        }
        if kind == NumberKind::Integer && (mantissa >= EXACT_INTEGERS || !fits) {
            kind = NumberKind::BigInteger;
        }
        let size = if fits { scale(mantissa, exponent) } else { None };
        let value = match size {
            // An integer has no negative zero.
            Some(size) if negative && (mantissa != 0 || kind == NumberKind::Float) => -size,
            Some(size) => size,
            None => self.parse_with_std(start)?,
        };
        Ok(Number { value, kind })
    }

    /// The part from `e` on: its value, and whether it fits.
    fn exponent(&mut self) -> ReadResult<(i64, bool)> {
        self.position += 1;
        let sign = self.byte();
        if matches!(sign, b'+' | b'-') {
            self.position += 1;
        }
        let mut value = 0;
        let (count, fits) = self.digits(&mut value);
        if count == 0 {
            return Err(Fault::expected(self.position, "a digit in the exponent"));
        }
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        Ok((if sign == b'-' { -value } else { value }, fits))
    }

    #[cold]
    fn parse_with_std(&self, start: usize) -> ReadResult<f64> {
        let value =
            std::str::from_utf8(&self.bytes[start..self.position]).ok().and_then(|text| text.parse::<f64>().ok());
        match value {
            Some(value) if value.is_finite() => Ok(value),
            _ => Err(Fault::expected(start, "a number that a 64-bit float can hold")),
        }
    }

    /// `NaN`, `Infinity`, `-Infinity`, or a fault.
    #[cold]
    fn number_token(&mut self, start: usize) -> ReadResult<Number> {
        self.position = start;
        for (token, value) in [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)] {
            if self.bytes[start..].starts_with(token.as_bytes()) {
                self.position += token.len();
                return Ok(Number { value, kind: NumberKind::Float });
            }
        }
        Err(Fault::expected(start, "a number"))
    }

    /// Pass over a number. Its size does not matter here.
    #[inline(always)]
    pub(super) fn skip_number(&mut self) -> ReadResult<()> {
        let start = self.position;
        if self.byte() == b'-' {
            self.position += 1;
        }
        let first = self.byte();
        let count = self.skip_digits();
        if count == 0 || (first == b'0' && count > 1) {
            return self.number_token(start).map(|_| ());
        }
        if self.byte() == b'.' {
            self.position += 1;
            if self.skip_digits() == 0 {
                return Err(Fault::expected(self.position, "a digit after the decimal point"));
            }
        }
        if self.byte() | 0x20 == b'e' {
            self.position += 1;
            if matches!(self.byte(), b'+' | b'-') {
                self.position += 1;
            }
            if self.skip_digits() == 0 {
                return Err(Fault::expected(self.position, "a digit in the exponent"));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn skip_digits(&mut self) -> usize {
        let start = self.position;
        loop {
            let values = self.chunk(self.position) ^ 0x3030_3030_3030_3030;
            let count = (others(values).trailing_zeros() / 8) as usize;
            self.position += count;
            if count < 8 {
                return self.position - start;
            }
        }
    }
}
