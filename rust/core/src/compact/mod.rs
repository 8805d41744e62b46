// SPDX-License-Identifier: Apache-2.0
//! The compact form of a snapshot: what was read of it, and its payloads behind that, compressed.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 2 | [`VERSION`] |
//! | 2 | 1 if there are payloads, else 0 |
//! | 8 | length of the whole |
//! | 32 | digest of the snapshot |
//! | 4 + n | length of what was read, and that |
//! | 3 x (4 + 4 + n) | for each payload its length, the length compressed, and that; lengths of 2^32 - 1 if there is none |
//! | 4 | CRC-32 of everything before |
//!
//! Numbers are little-endian. A form is read as a whole or refused; payloads are decompressed when they are asked for.

mod bytes;
mod columns;

use std::fmt;
use std::ops::Range;

use self::bytes::Reader;
use crate::pack::{pack, unpack};
use crate::snapshot::{Payloads, Reading};

pub(crate) use self::columns::{read_column, read_gate, write_column, write_gate};

/// What every compact form starts with. The first byte is no text, and the last ones show it when something took the
/// whole for text.
pub const MAGIC: [u8; 8] = *b"\x89QIN\r\n\x1a\n";
/// The version that is written, and the last one that is read.
pub const VERSION: u16 = 1;
/// Stands for a payload that there is none of.
const NONE: u32 = u32::MAX;
/// Higher levels take twice the time for a twentieth less.
const LEVEL: i32 = 5;
const HEADER: usize = 52;

/// Why bytes are no compact form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompactError {
    /// They are something else.
    NotCompact,
    /// They are of a later version.
    Version(u16),
    /// They are not as they were written.
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// About where.
        offset: usize,
    },
}

impl fmt::Display for CompactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCompact => f.write_str("these bytes are no compact form of a snapshot"),
            Self::Version(version) => write!(
                f,
                "the compact form has version {version}, and this package reads versions up to {VERSION}; a later one is needed"
            ),
            Self::Damaged { what, offset } => write!(f, "the compact form is damaged: {what} (byte {offset})"),
        }
    }
}

impl std::error::Error for CompactError {}

/// Where the compressed payloads are: length and place of each.
#[derive(Debug, Clone)]
pub struct Packed([Option<(usize, Range<usize>)>; 3]);

/// A snapshot as its compact form has it.
#[derive(Debug)]
pub struct Compact {
    /// What was read of the payloads.
    pub reading: Reading,
    /// The digest of the snapshot.
    pub digest: [u8; 32],
    /// The payloads, unless they were left out.
    pub packed: Option<Packed>,
}

/// Writes the compact form, with payloads if there are any.
#[must_use]
pub fn encode<B: AsRef<[u8]>>(reading: &Reading, digest: &[u8; 32], payloads: Option<&Payloads<B>>) -> Vec<u8> {
    let columns = columns::write(reading);
    let mut out = Vec::with_capacity(columns.len() + HEADER + 64);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&u16::from(payloads.is_some()).to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(digest);
    push_block(&mut out, &columns);
    for payload in payloads.iter().flat_map(|payloads| payloads.in_order()) {
        let length = payload.and_then(|bytes| u32::try_from(bytes.len()).ok()).unwrap_or(NONE);
        out.extend_from_slice(&length.to_le_bytes());
        match payload {
            Some(bytes) => push_block(&mut out, &pack(bytes, LEVEL)),
            None => out.extend_from_slice(&NONE.to_le_bytes()),
        }
    }
    let length = out.len() as u64 + 4;
    out[12..20].copy_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    out
}

fn push_block(out: &mut Vec<u8>, block: &[u8]) {
    // Columns and payloads are below 4 GiB, as payloads are.
    out.extend_from_slice(&u32::try_from(block.len()).unwrap_or(NONE).to_le_bytes());
    out.extend_from_slice(block);
}

/// Reads a compact form.
pub fn decode(bytes: &[u8]) -> Result<Compact, CompactError> {
    let mut reader = Reader::new(bytes);
    if !bytes.starts_with(&MAGIC) {
        return Err(CompactError::NotCompact);
    }
    reader.take(MAGIC.len())?;
    let version = reader.array().map(u16::from_le_bytes)?;
    if version > VERSION {
        return Err(CompactError::Version(version));
    }
    let has_payloads = reader.array().map(u16::from_le_bytes)?;
    let length = reader.array().map(u64::from_le_bytes)?;
    if length != bytes.len() as u64 {
        return Err(reader.damaged("its length is not what it says"));
    }
    let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(|| reader.damaged("it ends too early"))?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return Err(reader.damaged("its checksum does not agree"));
    }
    let digest = reader.array()?;
    let size = reader.u32()? as usize;
    let reading = columns::read(reader.take(size)?)?;
    let mut at = HEADER + 4 + size;
    let mut packed = Packed([None, None, None]);
    for place in packed.0.iter_mut().filter(|_| has_payloads > 0) {
        let (length, size) = (reader.u32()?, reader.u32()?);
        at += 8;
        if length != NONE {
            reader.take(size as usize)?;
            *place = Some((length as usize, at..at + size as usize));
            at += size as usize;
        }
    }
    reader.take(4)?;
    reader.finish()?;
    let packed = (has_payloads > 0).then_some(packed);
    Ok(Compact { reading, digest, packed })
}

impl Packed {
    /// How long the pulse defaults are, 0 if there are none.
    #[must_use]
    pub fn defaults_length(&self) -> usize {
        self.0[2].as_ref().map_or(0, |(length, _)| *length)
    }

    /// Decompresses the payloads of a form that was read; `bytes` must be it, and `digest` the one that it has.
    pub fn unpack(&self, bytes: &[u8], digest: &[u8; 32]) -> Result<Payloads<Vec<u8>>, CompactError> {
        let damaged = |what| CompactError::Damaged { what, offset: HEADER };
        let one = |place: &Option<(usize, Range<usize>)>| {
            let Some((length, range)) = place else { return Ok(None) };
            let packed = bytes.get(range.clone()).ok_or_else(|| damaged("a payload is not there"))?;
            unpack(packed, *length).map(Some).ok_or_else(|| damaged("a payload cannot be decompressed"))
        };
        let [configuration, properties, defaults] = &self.0;
        let configuration = one(configuration)?.ok_or_else(|| damaged("there is no configuration"))?;
        let payloads = Payloads { configuration, properties: one(properties)?, defaults: one(defaults)? };
        if payloads.digest() != *digest {
            return Err(damaged("the payloads are not those of its digest"));
        }
        Ok(payloads)
    }
}

#[cfg(test)]
mod tests;
