// SPDX-License-Identifier: Apache-2.0
//! Sections of bytes as one frame (Zstandard) with a checksum.

use std::io::{self, Write};

use zstd::stream::write::Encoder;
use zstd::zstd_safe::{CParameter, get_frame_content_size};

use crate::pack::unpack;

/// Higher levels take longer for nothing: most bytes are those of measured values, which no level makes shorter.
const LEVEL: i32 = 1;
/// Bits of the table of what may come again, and how many bytes have to. Of a few hundred different bytes, pieces come again
/// by chance everywhere, and to refer to them takes a tenth more than to write them out; runs of zeros are found anyway.
const TABLE: u32 = 6;
const PIECE: u32 = 7;

/// Compress sections, each by itself, so that random bytes of one do not spoil the code of another.
///
/// # Panics
///
/// Only without memory.
pub(super) fn compress(sections: &[Vec<u8>]) -> Vec<u8> {
    try_compress(sections).expect("compression into memory does not fail")
}

fn try_compress(sections: &[Vec<u8>]) -> io::Result<Vec<u8>> {
    let length: usize = sections.iter().map(Vec::len).sum();
    let mut encoder = Encoder::new(Vec::with_capacity(length / 2 + 64), LEVEL)?;
    encoder.set_parameter(CParameter::HashLog(TABLE))?;
    encoder.set_parameter(CParameter::MinMatch(PIECE))?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(length as u64))?;
    for section in sections.iter().filter(|section| !section.is_empty()) {
        encoder.write_all(section)?;
        encoder.flush()?;
    }
    encoder.finish()
}

/// Decompress what [`compress`] gave; `None` if these are other bytes, or more than `limit` come out.
pub(super) fn decompress(frame: &[u8], limit: usize) -> Option<Vec<u8>> {
    let length = get_frame_content_size(frame).ok().flatten()?;
    unpack(frame, usize::try_from(length).ok()?, limit)
}

/// Takes bytes from the front; `None` behind the end.
pub(super) struct Taker<'b>(pub &'b [u8]);

impl<'b> Taker<'b> {
    pub fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A count of things that take at least `size` bytes each of those that are left.
    pub fn count(&mut self, size: usize) -> Option<usize> {
        let count = self.u32()? as usize;
        (count <= self.0.len() / size).then_some(count)
    }

    /// `Some` if nothing is left.
    pub fn finish(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
