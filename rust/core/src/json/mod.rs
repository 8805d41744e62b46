// SPDX-License-Identifier: Apache-2.0
//! The tokenizer: a pull reader over the bytes of one payload.
//!
//! Callers know the shape they want, so nothing is built for them: they ask for a number, a text or the next key, and
//! skip what they do not know. Skipped values are still checked to be JSON. Positions are byte offsets; a failed read
//! carries one, and `path::path_at` turns it into a JSON path by a second scan that only failures pay for.
//!
//! One contract holds about white space. Methods that read a value or a token (`peek`, `null`, `boolean`, `number`,
//! `text`, `index`, `count`, `array`, `object`, `skip`, `finish`) pass over white space first. `known_number` and
//! `known_text` do not: their caller has peeked, and the reader is at the first byte of the value. `match_short_qargs`,
//! `take_literal` and `pass_text` compare bytes as they are, and are for text that repeats.
//!
//! Accepted beyond the standard, because Python's reader accepts it: `NaN`, `Infinity`, `-Infinity`, unpaired surrogate
//! escapes, and a byte order mark in front. When a key repeats, the last one counts.

mod integer;
mod number;
pub(crate) mod path;
mod repeat;
mod skip;
mod text;

use std::borrow::Cow;

pub use integer::ShortQargs;
pub use number::{Number, NumberKind};
pub use text::Text;

use crate::error::Fault;

/// Result of a read. The fault is boxed, so that the happy path moves one word.
pub type ReadResult<T> = Result<T, Box<Fault>>;

/// Limit of the nesting of containers, a bit each in the 128 of a `u128`; published payloads need six levels.
pub const MAX_DEPTH: u32 = 128;

/// A range of bytes of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// Return the bytes that the span covers; `bytes` must be the payload it was taken from.
    #[must_use]
    pub fn slice(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// Reads one payload from front to back.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    /// Offset of the next byte.
    position: usize,
}

impl<'a> Reader<'a> {
    /// Start at the front, behind a byte order mark if there is one.
    pub fn new(bytes: &'a [u8]) -> ReadResult<Self> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Fault::expected(0, "a payload below 4 GiB"));
        }
        let position = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Ok(Self { bytes, position })
    }

    /// Start at an offset where an earlier reader has been.
    pub(crate) fn at(bytes: &'a [u8], offset: u32) -> Self {
        Self { bytes, position: offset as usize }
    }

    /// A reader of the same payload at an offset where this one has been.
    pub(crate) fn moved(&self, offset: u32) -> Self {
        Self::at(self.bytes, offset)
    }

    /// Return the offset of the next byte.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "`new` refuses 4 GiB")]
    pub fn offset(&self) -> u32 {
        self.position as u32
    }

    /// The byte here, 0 behind the end (no JSON text contains a bare 0).
    #[inline(always)]
    fn byte(&self) -> u8 {
        self.bytes.get(self.position).copied().unwrap_or(0)
    }

    /// The first byte of the next token, which stays unread.
    #[inline(always)]
    pub fn peek(&mut self) -> u8 {
        // Published payloads have one space between tokens or none.
        if self.byte() == b' ' {
            self.position += 1;
        }
        if self.byte() <= b' ' {
            while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
                self.position += 1;
            }
        }
        self.byte()
    }

    /// Take `token` if it is next.
    #[inline(always)]
    fn take(&mut self, token: u8) -> bool {
        if self.peek() != token {
            return false;
        }
        self.position += 1;
        true
    }

    /// Read an array; `element` must read one value each time.
    #[inline(always)]
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> ReadResult<()>) -> ReadResult<()> {
        if !self.take(b'[') {
            return Err(Fault::expected(self.position, "an array"));
        }
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.peek();
            element(self)?;
            if self.take(b',') {
                continue;
            }
            if self.take(b']') {
                return Ok(());
            }
            return Err(Fault::expected(self.position, "`,` or `]`"));
        }
    }

    /// Read an object; `member` gets each key and must read one value.
    #[inline(always)]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Text<'a>) -> ReadResult<()>) -> ReadResult<()> {
        if !self.take(b'{') {
            return Err(Fault::expected(self.position, "an object"));
        }
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != b'"' {
                return Err(Fault::expected(self.position, "a key in double quotes"));
            }
            let key = self.known_text()?;
            if !self.take(b':') {
                return Err(Fault::expected(self.position, "`:`"));
            }
            self.peek();
            member(self, key)?;
            if self.take(b',') {
                continue;
            }
            if self.take(b'}') {
                return Ok(());
            }
            return Err(Fault::expected(self.position, "`,` or `}`"));
        }
    }

    /// Take `null` if it is next.
    #[inline(always)]
    pub fn null(&mut self) -> ReadResult<bool> {
        if self.peek() != b'n' {
            return Ok(false);
        }
        self.literal("null").map(|()| true)
    }

    /// Read a string, or `null` for none.
    pub fn optional_text(&mut self) -> ReadResult<Option<String>> {
        Ok(if self.null()? { None } else { Some(self.text()?.decode().into()) })
    }

    /// Read `true` or `false`.
    pub fn boolean(&mut self) -> ReadResult<bool> {
        match self.peek() {
            b't' => self.literal("true").map(|()| true),
            b'f' => self.literal("false").map(|()| false),
            _ => Err(Fault::expected(self.position, "true or false")),
        }
    }

    #[inline(always)]
    fn literal(&mut self, word: &'static str) -> ReadResult<()> {
        if !self.bytes[self.position..].starts_with(word.as_bytes()) {
            return Err(Fault::expected(self.position, word));
        }
        self.position += word.len();
        Ok(())
    }

    /// Pass over one value, checking that it is JSON, and tells where it was.
    #[inline(always)]
    pub fn skip(&mut self) -> ReadResult<Span> {
        self.peek();
        let start = self.offset();
        self.skip_value()?;
        Ok(Span { start, end: self.offset() })
    }

    /// Return whether the rest of the payload is `null` or `{}`, which servers send in place of a payload.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let mut rest = self.clone();
        let nothing = match rest.peek() {
            b'{' => {
                rest.position += 1;
                rest.take(b'}')
            }
            _ => rest.null().unwrap_or(false),
        };
        nothing && rest.finish().is_ok()
    }

    /// Check that nothing but white space follows.
    pub fn finish(&mut self) -> ReadResult<()> {
        self.peek();
        if self.position == self.bytes.len() {
            return Ok(());
        }
        Err(Fault::expected(self.position, "the end of the payload"))
    }

    /// A fault here: `expected` says what should have been here instead.
    #[cold]
    pub fn wrong(&self, expected: impl Into<Cow<'static, str>>) -> Box<Fault> {
        Fault::expected(self.position, expected)
    }
}

#[cfg(test)]
mod tests;
