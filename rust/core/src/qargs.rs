// SPDX-License-Identifier: Apache-2.0
//! Lists of qargs: the qubits that instructions act on.

use crate::json::{ReadResult, Reader, ShortQargs};

/// A list of qargs (tuples of qubit indices) in payload order, stored flat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QargsList {
    qubits: Vec<u32>,
    /// End of each tuple in `qubits`.
    ends: Vec<u32>,
    /// True if some tuple is not above the one before it, so that tuples may repeat and need sorting to be found.
    unordered: bool,
}

impl QargsList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { qubits: Vec::new(), ends: Vec::new(), unordered: false }
    }

    /// An empty list with room for `rows` tuples of `width` qubits.
    pub(crate) fn with_capacity(rows: usize, width: usize) -> Self {
        Self { qubits: Vec::with_capacity(rows * width), ends: Vec::with_capacity(rows), unordered: false }
    }

    /// The qubits of all tuples, one after the other.
    #[must_use]
    pub fn qubits(&self) -> &[u32] {
        &self.qubits
    }

    /// Return the number of qubits of each tuple; `None` if it varies, or if there is no tuple.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        let width = self.iter().next()?.len();
        self.iter().all(|qargs| qargs.len() == width).then_some(width)
    }

    /// Rows whose tuple has not come before, with the tuple; `order` must be that of this list.
    pub fn first_rows(&self, order: &Order) -> impl Iterator<Item = (usize, &[u32])> {
        self.iter().enumerate().filter(|(row, qargs)| {
            order.is_payload_order() || order.find(self, qargs).is_some_and(|(first, _)| first == *row)
        })
    }

    /// Return the number of tuples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Return whether each tuple is above the one before it, so that none repeats.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        !self.unordered
    }

    /// Return whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tuple at `row`.
    #[inline]
    #[must_use]
    pub fn get(&self, row: usize) -> &[u32] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.qubits[start..self.ends[row] as usize]
    }

    /// The tuples in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Add a tuple.
    #[inline]
    pub(crate) fn push(&mut self, qargs: &[u32]) {
        self.qubits.extend_from_slice(qargs);
        self.close();
    }

    /// End the tuple whose qubits were appended since the last one.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "each index took at least one of fewer than 2^32 bytes")]
    fn close(&mut self) {
        self.ends.push(self.qubits.len() as u32);
        let row = self.ends.len() - 1;
        self.unordered |= row > 0 && self.get(row) <= self.get(row - 1);
    }

    /// Read an array of arrays of qubit indices below `limit`.
    pub(crate) fn read(reader: &mut Reader<'_>, limit: u32) -> ReadResult<Self> {
        let mut list = Self::default();
        reader.array(|reader| {
            read_qargs(reader, limit, &mut list.qubits)?;
            list.close();
            Ok(())
        })?;
        Ok(list)
    }

    /// Rows by ascending tuple, equal tuples by ascending row.
    #[must_use]
    pub fn order(&self) -> Order {
        if !self.unordered {
            return Order(None);
        }
        #[expect(clippy::cast_possible_truncation, reason = "as in `close`")]
        let mut rows: Vec<u32> = (0..self.len() as u32).collect();
        rows.sort_unstable_by(|a, b| self.get(*a as usize).cmp(self.get(*b as usize)).then(a.cmp(b)));
        Order(Some(rows))
    }
}

/// A way to find tuples in a [`QargsList`]; `None` stands for the payload's own order.
#[derive(Debug, Clone, Default)]
pub struct Order(Option<Vec<u32>>);

impl Order {
    fn row(&self, rank: usize) -> usize {
        self.0.as_ref().map_or(rank, |rows| rows[rank] as usize)
    }

    /// The first and the last row of `list` with this tuple.
    #[must_use]
    pub fn find(&self, list: &QargsList, qargs: &[u32]) -> Option<(usize, usize)> {
        let from = self.partition(list, |other| other < qargs);
        let first = (from < list.len()).then(|| self.row(from)).filter(|row| list.get(*row) == qargs)?;
        if self.0.is_none() {
            return Some((first, first));
        }
        let behind = self.partition(list, |other| other <= qargs);
        Some((first, self.row(behind - 1)))
    }

    fn partition(&self, list: &QargsList, before: impl Fn(&[u32]) -> bool) -> usize {
        let (mut low, mut high) = (0, list.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(list.get(self.row(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Return whether any tuple of `list` occurs twice.
    pub(crate) fn repeats(&self, list: &QargsList) -> bool {
        !self.is_payload_order() && (1..list.len()).any(|rank| list.get(self.row(rank)) == list.get(self.row(rank - 1)))
    }

    /// Return whether no tuple can occur twice.
    #[must_use]
    pub fn is_payload_order(&self) -> bool {
        self.0.is_none()
    }
}

/// Read an array of one or more qubit indices below `limit` and appends them to `qubits`.
#[inline(always)]
pub(crate) fn read_qargs(reader: &mut Reader<'_>, limit: u32, qubits: &mut Vec<u32>) -> ReadResult<()> {
    let start = reader.clone();
    match reader.match_short_qargs() {
        Some(ShortQargs::One(qubit)) if qubit < limit => qubits.push(qubit),
        Some(ShortQargs::Two(first, second)) if first.max(second) < limit => qubits.extend([first, second]),
        _ => {
            *reader = start;
            return read_any_qargs(reader, limit, qubits);
        }
    }
    Ok(())
}

#[cold]
fn read_any_qargs(reader: &mut Reader<'_>, limit: u32, qubits: &mut Vec<u32>) -> ReadResult<()> {
    let (start, before) = (reader.clone(), qubits.len());
    reader.array(|reader| {
        qubits.push(reader.index(limit)?);
        Ok(())
    })?;
    if qubits.len() == before {
        return Err(start.wrong("at least one qubit index"));
    }
    Ok(())
}
