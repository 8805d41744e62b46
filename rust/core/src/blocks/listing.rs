// SPDX-License-Identifier: Apache-2.0
//! Names of the gates of a block, and the qargs on which each of its calibrations lists a gate, as bytes.

use std::collections::HashMap;
use std::sync::Arc;

use super::frame::{Taker, compress, decompress};
use super::{MAX_BLOCK_CELLS, MAX_GATES, MAX_ROWS};
use crate::columns::GateColumns;
use crate::pack::MAX_PAYLOAD;
use crate::qargs::QargsList;

/// Qargs of a gate by calibration, without repetitions; `None` for a calibration that does not list it. Calibrations that
/// list the same share them.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub by_row: Vec<Option<Arc<QargsList>>>,
}

/// Numbers of qargs in the order in which they first appear.
#[derive(Debug, Default)]
pub(super) struct Union {
    pub qargs: QargsList,
    number: HashMap<Box<[u32]>, usize>,
}

impl Union {
    pub fn add(&mut self, list: &QargsList) {
        for qargs in list.iter() {
            if !self.number.contains_key(qargs) {
                self.number.insert(qargs.into(), self.qargs.len());
                self.qargs.push(qargs);
            }
        }
    }

    /// The numbers of qargs that were added.
    pub fn numbers(&self, list: &QargsList) -> Vec<usize> {
        list.iter().filter_map(|qargs| self.number.get(qargs).copied()).collect()
    }
}

impl Listing {
    pub fn new(tables: &[Option<&GateColumns>]) -> Self {
        let (mut by_row, mut last): (Vec<Option<Arc<QargsList>>>, Option<&QargsList>) = (Vec::new(), None);
        let mut distinct = Arc::default();
        for table in tables {
            by_row.push(table.map(|table| {
                if last != Some(&table.qargs) {
                    last = Some(&table.qargs);
                    distinct = Arc::new(without_repetitions(&table.qargs));
                }
                Arc::clone(&distinct)
            }));
        }
        Self { by_row }
    }

    /// All qargs by first appearance; columns of the gate have their places in this order.
    pub fn union(&self) -> Union {
        let mut union = Union::default();
        self.lists().0.into_iter().for_each(|list| union.add(list));
        union
    }

    /// Different lists in the order of time, and the number of each calibration's, from 1; 0 if there is none.
    fn lists(&self) -> (Vec<&Arc<QargsList>>, Vec<usize>) {
        let mut lists: Vec<&Arc<QargsList>> = Vec::new();
        let numbers = self.by_row.iter().map(|list| {
            let Some(list) = list else { return 0 };
            let is_same = |known: &&Arc<QargsList>| Arc::ptr_eq(known, list) || *known == list;
            let known = lists.iter().position(is_same).unwrap_or_else(|| {
                lists.push(list);
                lists.len() - 1
            });
            known + 1
        });
        let numbers = numbers.collect();
        (lists, numbers)
    }

    /// The listing as bytes: how many calibrations and lists there are, the list of each calibration, and each list: how
    /// many qargs, of how many qubits (0 if that varies: then of how many is each), and which.
    #[expect(clippy::cast_possible_truncation, reason = "there are at most 128 lists, and 2^22 qargs")]
    pub fn encode(&self) -> Vec<u8> {
        let (lists, numbers) = self.lists();
        let mut head = vec![numbers.len() as u8, lists.len() as u8];
        head.extend(numbers.iter().map(|number| *number as u8));
        let mut sections = vec![head];
        for list in lists {
            let mut bytes = Vec::new();
            let mut put = |number: usize| bytes.extend_from_slice(&(number as u32).to_le_bytes());
            put(list.len());
            put(list.width().unwrap_or(0));
            if list.width().is_none() {
                list.iter().for_each(|qargs| put(qargs.len()));
            }
            list.qubits().iter().for_each(|qubit| put(*qubit as usize));
            sections.push(bytes);
        }
        compress(&sections)
    }

    /// Read the listing of a device with `num_qubits` qubits; `None` if it is damaged.
    pub fn decode(frame: &[u8], num_qubits: u32) -> Option<Self> {
        let bytes = decompress(frame, MAX_PAYLOAD)?;
        let mut from = Taker(&bytes);
        let (rows, count) = (usize::from(from.byte()?), usize::from(from.byte()?));
        let numbers = from.take(rows)?;
        if !(1..=MAX_ROWS).contains(&rows) || count > rows {
            return None;
        }
        let (mut lists, mut total) = (Vec::with_capacity(count), 0);
        for _ in 0..count {
            let list = take_list(&mut from, num_qubits)?;
            total += list.len();
            if total > MAX_BLOCK_CELLS {
                return None;
            }
            lists.push(Arc::new(list));
        }
        from.finish()?;
        let list = |number: &u8| match number.checked_sub(1) {
            None => Some(None),
            Some(index) => lists.get(usize::from(index)).map(|list| Some(Arc::clone(list))),
        };
        Some(Self { by_row: numbers.iter().map(list).collect::<Option<_>>()? })
    }
}

fn take_list(from: &mut Taker<'_>, num_qubits: u32) -> Option<QargsList> {
    let (count, width) = (from.count(4)?, from.u32()? as usize);
    let widths = match width {
        0 => (0..count).map(|_| from.u32().map(|width| width as usize)).collect::<Option<Vec<_>>>()?,
        width => vec![width; count],
    };
    let mut list = QargsList::with_capacity(count, 1);
    for width in widths {
        let bytes = from.take(width.checked_mul(4)?)?;
        let qubit = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let qargs: Vec<u32> = bytes.chunks_exact(4).map(qubit).collect();
        if qargs.is_empty() || qargs.iter().any(|qubit| *qubit >= num_qubits) {
            return None;
        }
        list.push(&qargs);
    }
    Some(list)
}

fn without_repetitions(qargs: &QargsList) -> QargsList {
    if qargs.is_ascending() {
        return qargs.clone();
    }
    let mut union = Union::default();
    union.add(qargs);
    union.qargs
}

/// Names of gates as bytes: the number of calibrations, the number of names, the length of each, and the name.
#[expect(
    clippy::cast_possible_truncation,
    reason = "there are at most 128 rows, and payloads have fewer than 2^32 bytes"
)]
pub(super) fn encode_names(names: &[&str], rows: usize) -> Vec<u8> {
    let mut bytes = vec![rows as u8];
    bytes.extend_from_slice(&(names.len() as u32).to_le_bytes());
    for name in names {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
    }
    compress(&[bytes])
}

/// Read names of gates, and the number of calibrations; `None` if they are damaged.
pub(super) fn decode_names(frame: &[u8]) -> Option<(Vec<String>, usize)> {
    let bytes = decompress(frame, MAX_PAYLOAD)?;
    let mut from = Taker(&bytes);
    let rows = usize::from(from.byte()?);
    let count = from.count(4).filter(|count| *count <= MAX_GATES)?;
    let mut name = || {
        let length = from.u32()? as usize;
        String::from_utf8(from.take(length)?.to_vec()).ok()
    };
    let names = (0..count).map(|_| name()).collect::<Option<_>>()?;
    from.finish()?;
    (1..=MAX_ROWS).contains(&rows).then_some((names, rows))
}
