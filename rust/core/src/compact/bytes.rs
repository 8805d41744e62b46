// SPDX-License-Identifier: Apache-2.0
//! Numbers, texts and lists as bytes: little-endian, counts as variable-length integers.

use super::CompactError;

/// Appends to a buffer.
#[derive(Default)]
pub(super) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first; the highest bit tells that more follow.
    pub fn count(&mut self, count: usize) {
        let mut rest = count;
        while rest >= 0x80 {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
    }

    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t String>) {
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    pub fn float(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A byte that tells whether there is something, and what it is.
    pub fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads what [`Writer`] wrote. Everything is checked: bytes may come from anywhere.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    position: usize,
}

type ReadResult<T> = Result<T, CompactError>;

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub fn take(&mut self, count: usize) -> ReadResult<&'b [u8]> {
        let rest = &self.bytes[self.position..];
        let taken = rest.get(..count).ok_or_else(|| self.damaged("it ends too early"))?;
        self.position += count;
        Ok(taken)
    }

    /// Return the number of bytes read.
    pub fn position(&self) -> usize {
        self.position
    }

    pub fn array<const N: usize>(&mut self) -> ReadResult<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn byte(&mut self) -> ReadResult<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u32(&mut self) -> ReadResult<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn float(&mut self) -> ReadResult<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// A count of things, each of which takes at least one of the bytes that are left.
    pub fn count(&mut self) -> ReadResult<usize> {
        let count = self.number()?;
        self.check_left(count)?;
        Ok(count)
    }

    /// Check that there are so many bytes left.
    pub fn check_left(&self, count: usize) -> ReadResult<()> {
        if count > self.bytes.len() - self.position {
            return Err(self.damaged("a count is larger than what follows"));
        }
        Ok(())
    }

    /// Any number below 2^32.
    pub fn number(&mut self) -> ReadResult<usize> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let below = usize::try_from(number).ok().filter(|number| u32::try_from(*number).is_ok());
                return below.ok_or_else(|| self.damaged("a number is too large"));
            }
            shift += 7;
            if shift > 28 {
                return Err(self.damaged("a number is too long"));
            }
        }
    }

    pub fn text(&mut self) -> ReadResult<String> {
        let length = self.count()?;
        let bytes = self.take(length)?.to_vec();
        String::from_utf8(bytes).map_err(|_| self.damaged("a text is not UTF-8"))
    }

    pub fn texts(&mut self) -> ReadResult<Vec<String>> {
        self.list(Self::text)
    }

    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> ReadResult<T>) -> ReadResult<Vec<T>> {
        let count = self.count()?;
        (0..count).map(|_| read(self)).collect()
    }

    pub fn flag(&mut self) -> ReadResult<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged("a flag is neither 0 nor 1")),
        }
    }

    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> ReadResult<T>) -> ReadResult<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    pub fn finish(&self) -> ReadResult<()> {
        if self.position == self.bytes.len() { Ok(()) } else { Err(self.damaged("more follows than there should be")) }
    }

    #[cold]
    pub fn damaged(&self, what: &'static str) -> CompactError {
        CompactError::Damaged { what, offset: self.position }
    }
}
