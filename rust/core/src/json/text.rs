// SPDX-License-Identifier: Apache-2.0
//! Strings. They are borrowed as they stand and decoded only when they are read.

use std::borrow::Cow;

use wide::i8x16;

use super::{Fault, ReadResult, Reader, Span};

/// A string of a payload, without its quotes, escapes still in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    /// Only printable ASCII without escapes, so that `raw` is the value.
    plain: bool,
    /// Offset of the opening quote.
    start: u32,
}

impl<'a> Text<'a> {
    /// The value as bytes.
    #[inline(always)]
    #[must_use]
    pub fn bytes(self) -> Cow<'a, [u8]> {
        if self.plain { Cow::Borrowed(self.raw) } else { Cow::Owned(self.decode().into_owned().into_bytes()) }
    }

    /// Offset of the opening quote.
    #[must_use]
    pub fn offset(self) -> u32 {
        self.start
    }

    /// The value. An unpaired surrogate, which no `str` holds, becomes U+FFFD.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        let raw = String::from_utf8_lossy(self.raw);
        if self.plain || !raw.contains('\\') {
            return raw;
        }
        Cow::Owned(unescape(&raw))
    }
}

/// Replace the escapes of a string that [`Reader::text`] has checked.
fn unescape(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        value.push_str(before);
        let (character, length) = match after.as_bytes().first() {
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'u') => code_point(after),
            // `"`, `\` and `/` stand for themselves.
            _ => (after.chars().next().unwrap_or('\\'), 1),
        };
        value.push(character);
        rest = after.get(length..).unwrap_or_default();
    }
    value.push_str(rest);
    value
}

/// The character of an escape that starts with `u`, or of two that are a surrogate pair, and the length of the text.
fn code_point(text: &str) -> (char, usize) {
    let unit = |from: usize| text.get(from..from + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let high = unit(1).unwrap_or(0xfffd);
    let low = if text.get(5..7) == Some("\\u") { unit(7) } else { None };
    if let Some(low @ 0xdc00..=0xdfff) = low
        && (0xd800..=0xdbff).contains(&high)
        && let Some(Ok(character)) = char::decode_utf16([high, low]).next()
    {
        return (character, 11);
    }
    (char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER), 5)
}

impl<'a> Reader<'a> {
    /// Move to the first byte that is no plain text: `"`, `\`, a control character, or a byte above 0x7f.
    #[inline(always)]
    pub(super) fn pass_plain(&mut self) {
        while let Some(chunk) = self.bytes[self.position..].first_chunk() {
            let marks = marks(*chunk);
            if marks != 0 {
                self.position += marks.trailing_zeros() as usize;
                return;
            }
            self.position += chunk.len();
        }
        while let Some(0x20..=0x7f) = self.bytes.get(self.position)
            && !matches!(self.byte(), b'"' | b'\\')
        {
            self.position += 1;
        }
    }

    /// Pass over plain text up to a closing quote, which stays unread; `length` is a guess of how much.
    #[inline(always)]
    pub fn pass_text(&mut self, length: usize) -> bool {
        if self.pass_guessed(length) {
            return true;
        }
        self.pass_plain();
        self.byte() == b'"'
    }

    /// Pass over `length` characters of plain text if a quote follows; that stays unread.
    ///
    /// The processor goes on with a guess while it is being checked. When it has to search for the quote, everything
    /// that follows waits for its offset.
    #[inline(always)]
    pub(super) fn pass_guessed(&mut self, length: usize) -> bool {
        if length < 32
            && let Some(window) = self.bytes[self.position..].first_chunk::<32>()
            && let (Some(low), Some(high)) = (window.first_chunk(), window.last_chunk())
            && (marks(*low) | marks(*high) << 16) << (31 - length) == 1 << 31
            && window[length] == b'"'
        {
            self.position += length;
            return true;
        }
        false
    }

    /// Take `literal` if it is next.
    #[inline(always)]
    pub fn take_literal(&mut self, literal: &[u8]) -> bool {
        let found =
            self.bytes.get(self.position..self.position + literal.len()).is_some_and(|text| same(text, literal));
        if found {
            self.position += literal.len();
        }
        found
    }

    /// The text between two offsets.
    pub(crate) fn between(&self, start: u32, end: u32) -> &'a [u8] {
        &self.bytes[start as usize..end as usize]
    }

    /// Return the span of the text of the string at `span`, without its quotes; `None` unless it is plain.
    pub(crate) fn plain_text(&self, span: Span) -> Option<Span> {
        let mut reader = self.moved(span.start);
        reader.known_text().ok().filter(|text| text.plain)?;
        Some(Span { start: span.start + 1, end: span.end - 1 })
    }

    /// Read a string.
    #[inline(always)]
    pub fn text(&mut self) -> ReadResult<Text<'a>> {
        self.peek();
        self.known_text()
    }

    /// Read a string whose opening quote is next, as [`Self::peek`] leaves it.
    #[inline(always)]
    pub fn known_text(&mut self) -> ReadResult<Text<'a>> {
        if self.byte() != b'"' {
            return Err(Fault::expected(self.position, "a string"));
        }
        let opening = self.offset();
        self.position += 1;
        let start = self.position;
        self.pass_plain();
        let plain = self.byte() == b'"';
        if !plain {
            self.pass_rest(start)?;
        }
        let text = Text { raw: &self.bytes[start..self.position], plain, start: opening };
        self.position += 1;
        Ok(text)
    }

    /// The rest of a string from the first byte that needs a closer look up to its closing quote.
    #[inline(never)]
    pub(super) fn pass_rest(&mut self, start: usize) -> ReadResult<()> {
        let mut is_ascii = true;
        loop {
            match self.byte() {
                b'"' => break,
                b'\\' => self.pass_escape()?,
                0x80.. => {
                    is_ascii = false;
                    self.position += 1;
                }
                _ if self.position >= self.bytes.len() => {
                    return Err(Fault::expected(self.position, "`\"` to end a string"));
                }
                _ => return Err(Fault::expected(self.position, "no control character in a string")),
            }
            self.pass_plain();
        }
        if is_ascii {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[start..self.position]) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::expected(start + error.valid_up_to(), "UTF-8")),
        }
    }

    #[inline(always)]
    fn pass_escape(&mut self) -> ReadResult<()> {
        let escape = self.bytes.get(self.position + 1).copied().unwrap_or(0);
        if matches!(escape, b'\\' | b'n' | b'"' | b'/' | b'b' | b'f' | b'r' | b't') {
            self.position += 2;
            return Ok(());
        }
        if escape != b'u' {
            return Err(Fault::expected(self.position, "an escape sequence"));
        }
        let digits = self.bytes.get(self.position + 2..self.position + 6);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(Fault::expected(self.position, "four hexadecimal digits after `\\u`"));
        }
        self.position += 6;
        Ok(())
    }
}

/// Mark bytes that end a run of plain text, one bit each.
#[inline(always)]
fn marks(chunk: [u8; 16]) -> u32 {
    let text = i8x16::new(chunk.map(u8::cast_signed));
    // Signed: bytes above 0x7f are negative, so the comparison finds them and the control characters.
    let ends = text.simd_eq(i8x16::splat(0x22)) | text.simd_eq(i8x16::splat(0x5c)) | text.simd_lt(i8x16::splat(0x20));
    ends.to_bitmask()
}

/// Return whether two texts of equal length are equal: `==`, without its call to the C library.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    if let (Some(last_a), Some(last_b)) = (a.last_chunk::<16>(), b.last_chunk::<16>()) {
        let equal = |(a, b): (&[u8; 16], &[u8; 16])| a == b;
        return a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0).all(equal) && last_a == last_b;
    }
    // Shorter ones from both ends: the two halves overlap.
    ends::<8>(a, b).or_else(|| ends::<4>(a, b)).unwrap_or_else(|| a.iter().zip(b).all(|(a, b)| a == b))
}

/// Return whether the first and the last `N` bytes are equal; `None` if there are fewer.
#[inline(always)]
fn ends<const N: usize>(a: &[u8], b: &[u8]) -> Option<bool> {
    Some(a.first_chunk::<N>()? == b.first_chunk::<N>()? && a.last_chunk::<N>()? == b.last_chunk::<N>()?)
}
