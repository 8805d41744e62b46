// SPDX-License-Identifier: Apache-2.0
//! The compact form of a snapshot: its device data, and its payloads behind that, compressed.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 2 | [`VERSION`] |
//! | 2 | 1 if there are payloads, else 0 |
//! | 8 | length of the whole |
//! | 32 | digest of the snapshot |
//! | 2 + 2 | how many columns there are of qubits, and of each gate; since version 2 |
//! | 4 + n | length of what was read, and that |
//! | 3 x (4 + 4 + n) | for each payload its length, the length compressed, and that; 2^32 - 1 twice if there is none |
//! | 4 | CRC-32 of everything before |
//!
//! Numbers are little-endian. A form is read as a whole or refused; payloads are decompressed when they are asked for.
//!
//! Forms are kept in files, so each version stays readable. Version 1, that of 0.1.0, has the columns of version 2 and
//! does not say so. A new column is the last one of its enum and a new version at the end of [`VERSIONS`]; forms of
//! earlier versions have missing values there. Where a form says how many columns there are stays the same.

mod bytes;
mod columns;

use std::fmt;
use std::ops::Range;

use self::bytes::Reader;
use crate::columns::{GateQuantity, QubitQuantity};
use crate::pack::{MAX_PAYLOAD, pack, unpack};
use crate::snapshot::{DeviceData, Payloads};

/// Start of every compact form. The first byte is no text, and the last ones show it when something took the
/// whole for text.
pub const MAGIC: [u8; 8] = *b"\x89QIN\r\n\x1a\n";
/// The columns of each version, from version 1.
pub const VERSIONS: [Columns; 2] = [Columns { qubits: 8, gates: 2 }; 2];
/// The version that is written, and the last one that is read.
#[expect(clippy::cast_possible_truncation, reason = "there are few versions")]
pub const VERSION: u16 = VERSIONS.len() as u16;
/// The columns of [`VERSION`].
pub const COLUMNS: Columns = VERSIONS[VERSIONS.len() - 1];
const _: () = assert!(
    QubitQuantity::COUNT == COLUMNS.qubits as usize && GateQuantity::COUNT == COLUMNS.gates as usize,
    "other columns are a new version of the form"
);
/// Stands for a payload that there is none of.
const NONE: u32 = u32::MAX;
/// Higher levels take twice the time for a twentieth less.
const LEVEL: i32 = 5;
/// Offset of the numbers of columns.
const COLUMNS_AT: usize = 52;

/// Numbers of columns of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Quantities of qubits.
    pub qubits: u16,
    /// Quantities of each gate.
    pub gates: u16,
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} columns of qubits and {} of gates", self.qubits, self.gates)
    }
}

/// Refusal of a compact form, or of a payload for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompactError {
    /// They are something else.
    NotCompact,
    /// They are of a later version.
    Version {
        /// The version.
        version: u16,
        /// The columns that they say they have.
        columns: Columns,
    },
    /// They are of a version that is known, which has other columns.
    OtherColumns {
        /// The version.
        version: u16,
        /// The columns that they say they have.
        columns: Columns,
    },
    /// A payload is longer than any that is kept, bytes.
    TooLong(usize),
    /// They are not as they were written.
    Damaged {
        /// Description of the damage.
        what: &'static str,
        /// Approximate offset of the damage.
        offset: usize,
    },
}

impl fmt::Display for CompactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCompact => f.write_str("these bytes are no compact form of a snapshot"),
            Self::Version { version, columns } => write!(
                f,
                "the compact form has version {version} ({columns}), and this package reads versions up to {VERSION} \
                 ({COLUMNS}); a later one is needed"
            ),
            Self::OtherColumns { version, columns } => write!(
                f,
                "the compact form has version {version} and {columns}, which no release wrote; make it anew from the payloads"
            ),
            Self::TooLong(length) => {
                write!(f, "a payload of {length} bytes is too long for a compact form, which takes up to {MAX_PAYLOAD}")
            }
            Self::Damaged { what, offset } => write!(f, "the compact form is damaged: {what} (byte {offset})"),
        }
    }
}

impl std::error::Error for CompactError {}

/// Length and range of each compressed payload.
#[derive(Debug, Clone)]
pub struct Packed([Option<(usize, Range<usize>)>; 3]);

/// A snapshot as its compact form has it.
#[derive(Debug)]
pub struct Compact {
    /// The version that it has.
    pub version: u16,
    /// Data of the device.
    pub data: DeviceData,
    /// The digest of the snapshot.
    pub digest: [u8; 32],
    /// The payloads, unless they were left out.
    pub packed: Option<Packed>,
}

/// Write the compact form, with payloads if there are any.
///
/// Fails if a payload is too long.
pub fn encode<B: AsRef<[u8]>>(
    data: &DeviceData,
    digest: &[u8; 32],
    payloads: Option<&Payloads<B>>,
) -> Result<Vec<u8>, CompactError> {
    let columns = columns::write(data);
    let mut out = Vec::with_capacity(columns.len() + COLUMNS_AT + 64);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&u16::from(payloads.is_some()).to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(digest);
    out.extend_from_slice(&COLUMNS.qubits.to_le_bytes());
    out.extend_from_slice(&COLUMNS.gates.to_le_bytes());
    push_block(&mut out, &columns);
    for payload in payloads.iter().flat_map(|payloads| payloads.in_order()) {
        let Some(bytes) = payload else {
            out.extend_from_slice(&[NONE.to_le_bytes(); 2].concat());
            continue;
        };
        let packed = pack(bytes, LEVEL, MAX_PAYLOAD).ok_or(CompactError::TooLong(bytes.len()))?;
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(NONE).to_le_bytes());
        push_block(&mut out, &packed);
    }
    let length = out.len() as u64 + 4;
    out[12..20].copy_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    Ok(out)
}

fn push_block(out: &mut Vec<u8>, block: &[u8]) {
    // Columns are below 4 GiB, as payloads are.
    out.extend_from_slice(&u32::try_from(block.len()).unwrap_or(NONE).to_le_bytes());
    out.extend_from_slice(block);
}

/// Read a compact form of any version up to [`VERSION`].
pub fn decode(bytes: &[u8]) -> Result<Compact, CompactError> {
    let mut reader = Reader::new(bytes);
    if !bytes.starts_with(&MAGIC) {
        return Err(CompactError::NotCompact);
    }
    reader.take(MAGIC.len())?;
    let version = reader.array().map(u16::from_le_bytes)?;
    let has_payloads = reader.array().map(u16::from_le_bytes)?;
    let length = reader.array().map(u64::from_le_bytes)?;
    if version > VERSION {
        let columns = read_columns(&mut Reader::new(bytes.get(COLUMNS_AT..).unwrap_or_default()))?;
        return Err(CompactError::Version { version, columns });
    }
    if length != bytes.len() as u64 {
        return Err(reader.damaged("its length is not what it says"));
    }
    let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(|| reader.damaged("it ends too early"))?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return Err(reader.damaged("its checksum does not agree"));
    }
    let digest = reader.array()?;
    let columns = columns_of(&mut reader, version)?;
    let size = reader.u32()? as usize;
    let data = columns::read(reader.take(size)?, columns)?;
    let packed = if has_payloads > 0 { Some(Packed::find(&mut reader)?) } else { None };
    reader.take(4)?;
    reader.finish()?;
    Ok(Compact { version, data, digest, packed })
}

/// Return the columns of a form of a known version, which it must say that it has.
fn columns_of(reader: &mut Reader<'_>, version: u16) -> Result<Columns, CompactError> {
    let index = usize::from(version).checked_sub(1).ok_or_else(|| reader.damaged("there is no version 0"))?;
    let expected = VERSIONS[index];
    if version > 1 {
        let columns = read_columns(reader)?;
        if columns != expected {
            return Err(CompactError::OtherColumns { version, columns });
        }
    }
    Ok(expected)
}

fn read_columns(reader: &mut Reader<'_>) -> Result<Columns, CompactError> {
    let mut number = || reader.array().map(u16::from_le_bytes);
    Ok(Columns { qubits: number()?, gates: number()? })
}

impl Packed {
    fn find(reader: &mut Reader<'_>) -> Result<Self, CompactError> {
        let mut packed = Self([None, None, None]);
        for place in &mut packed.0 {
            let (length, size) = (reader.u32()?, reader.u32()? as usize);
            if length != NONE {
                let start = reader.position();
                reader.take(size)?;
                *place = Some((length as usize, start..start + size));
            }
        }
        Ok(packed)
    }

    /// Return the length of the pulse defaults in bytes, 0 if there are none.
    #[must_use]
    pub fn defaults_length(&self) -> usize {
        self.0[2].as_ref().map_or(0, |(length, _)| *length)
    }

    /// Decompress the payloads of a form that was read; `bytes` must be it, and `digest` the one that it has.
    pub fn unpack(&self, bytes: &[u8], digest: &[u8; 32]) -> Result<Payloads<Vec<u8>>, CompactError> {
        let damaged = |what| CompactError::Damaged { what, offset: COLUMNS_AT };
        let one = |place: &Option<(usize, Range<usize>)>| {
            let Some((length, range)) = place else { return Ok(None) };
            let packed = bytes.get(range.clone()).ok_or_else(|| damaged("a payload is not there"))?;
            unpack(packed, *length, MAX_PAYLOAD).map(Some).ok_or_else(|| damaged("a payload cannot be decompressed"))
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
