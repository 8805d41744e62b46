// SPDX-License-Identifier: Apache-2.0
//! Payloads as compressed bytes (Zstandard), with a checksum of what they are.
//!
//! Frames may come from outside. The length in a frame is checked, and never asks for memory: room is given as
//! far as bytes came out.

use zstd::bulk::Compressor;
use zstd::zstd_safe::{DCtx, get_error_name, get_frame_content_size};

/// No payload that is kept is longer. Published ones have 1.5 MB, and 10,000 qubits would take 30 MB. What is read of a
/// payload may take twelve times as much memory as it has bytes, and a few kilobytes can be decompressed to all of it.
pub const MAX_PAYLOAD: usize = 64 << 20;
/// The room at first: enough for all published payloads, so that these are decompressed once.
const FIRST_ROOM: usize = 4 << 20;
/// Factor by which room grows when it was too little. A factor of 2 would decompress 30 MB twice, this one a seventh of it.
const MORE_ROOM: usize = 8;
/// Message of Zstandard if more comes out than there is room for; the crate has no code for it.
const NO_ROOM: &str = "Destination buffer is too small";

/// Compress at most `limit` bytes; higher levels, up to 22, take longer for less. `None` if there are more.
///
/// # Panics
///
/// Only without memory.
#[must_use]
pub fn pack(bytes: &[u8], level: i32, limit: usize) -> Option<Vec<u8>> {
    let compress = || {
        let mut compressor = Compressor::new(level)?;
        compressor.include_checksum(true)?;
        compressor.compress(bytes)
    };
    (bytes.len() <= limit).then(|| compress().expect("compression into memory does not fail"))
}

/// Decompress `length` bytes; `None` if that is not what `packed` has, or more than `limit`.
#[must_use]
pub fn unpack(packed: &[u8], length: usize, limit: usize) -> Option<Vec<u8>> {
    let mut unpacker = Unpacker::new()?;
    unpacker.unpack(packed, length, limit)?;
    Some(unpacker.bytes)
}

/// Decompresses one payload after the other into the same memory. To make memory ready for each takes a twentieth of
/// the time in which it is read.
pub(crate) struct Unpacker {
    context: DCtx<'static>,
    bytes: Vec<u8>,
}

impl Unpacker {
    /// `None` without memory.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { context: DCtx::try_create()?, bytes: Vec::new() })
    }

    /// As [`unpack`].
    pub(crate) fn unpack(&mut self, packed: &[u8], length: usize, limit: usize) -> Option<&[u8]> {
        if length > limit || get_frame_content_size(packed).ok().flatten() != Some(length as u64) {
            return None;
        }
        let mut room = length.min(FIRST_ROOM);
        loop {
            self.bytes.clear();
            self.bytes.try_reserve_exact(room).ok()?;
            match self.context.decompress(&mut self.bytes, packed) {
                Ok(_) => return (self.bytes.len() == length).then_some(&self.bytes),
                Err(code) if room < length && get_error_name(code) == NO_ROOM => room = length.min(room * MORE_ROOM),
                Err(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_ROOM, MAX_PAYLOAD, MORE_ROOM, pack, unpack};

    /// A frame whose only block has `length` zeros, and whose header says that there are `claimed`.
    fn frame_of_zeros(claimed: u64, length: u32) -> Vec<u8> {
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
        frame.extend_from_slice(&claimed.to_le_bytes());
        // One byte that is repeated, and no block after it.
        frame.extend_from_slice(&(3 | (length << 3)).to_le_bytes()[..3]);
        frame.push(0);
        frame
    }

    #[test]
    fn what_was_packed_comes_back_whatever_its_length() {
        let lengths = [0, 1, FIRST_ROOM - 1, FIRST_ROOM, FIRST_ROOM + 1, FIRST_ROOM * MORE_ROOM + 1];
        for length in lengths {
            let bytes: Vec<u8> = (0..length).map(|at| ((at * at) >> 7).to_le_bytes()[0]).collect();
            let packed = pack(&bytes, 1, MAX_PAYLOAD).expect("it is short enough");
            assert!(unpack(&packed, length, MAX_PAYLOAD).as_ref() == Some(&bytes), "{length}");
            assert_eq!(unpack(&packed, length + 1, MAX_PAYLOAD), None);
            assert_eq!(unpack(&packed[..packed.len() - 1], length, MAX_PAYLOAD), None);
        }
    }

    #[test]
    fn the_length_that_a_frame_claims_asks_for_no_memory() {
        let unpacked = |claimed: u64| {
            let length = usize::try_from(claimed).expect("64 bits");
            unpack(&frame_of_zeros(claimed, 1000), length, usize::MAX)
        };
        assert_eq!(unpacked(1000), Some(vec![0; 1000]));
        for claimed in [1 << 60, 1 << 36, (1 << 32) - 2, MAX_PAYLOAD as u64, 1001] {
            assert_eq!(unpacked(claimed), None);
        }
    }

    #[test]
    fn nothing_longer_than_the_limit_is_packed_or_unpacked() {
        assert_eq!(pack(&[0; 1001], 1, 1000), None);
        let packed = pack(&[0; 1001], 1, 1001).expect("it is short enough");
        assert_eq!(unpack(&packed, 1001, 1001), Some(vec![0; 1001]));
        assert_eq!(unpack(&packed, 1001, 1000), None);
    }
}
