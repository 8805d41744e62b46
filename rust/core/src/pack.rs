// SPDX-License-Identifier: Apache-2.0
//! Payloads as compressed bytes (Zstandard), with a checksum of what they are.

use zstd::bulk::Compressor;

/// Compresses; higher levels, up to 22, take longer for less.
///
/// # Panics
///
/// Only without memory.
#[must_use]
pub fn pack(bytes: &[u8], level: i32) -> Vec<u8> {
    let compress = || {
        let mut compressor = Compressor::new(level)?;
        compressor.include_checksum(true)?;
        compressor.compress(bytes)
    };
    compress().expect("compression into memory does not fail")
}

/// Decompresses `length` bytes; `None` if that is not what `packed` has.
#[must_use]
pub fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    // The frame says how long it is, so that a wrong length cannot ask for memory.
    if zstd::zstd_safe::get_frame_content_size(packed).ok().flatten() != Some(length as u64) {
        return None;
    }
    zstd::bulk::decompress(packed, length).ok().filter(|bytes| bytes.len() == length)
}
