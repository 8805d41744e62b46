// SPDX-License-Identifier: Apache-2.0
//! Reading one quantity of blocks, calibration by calibration.

use std::sync::Arc;

use super::listing::{Listing, Union, decode_names};
use super::{Subject, column};
use crate::qargs::QargsList;
use crate::series::{Table, TooLarge};

/// Lists of qargs, where they differ from one to the next, have together at most so many qargs, which take 0.7 GB. A device of
/// 156 qubits has 352 pairs, and may list others 20,000 times. A few bytes of a block can ask for more.
const MAX_LISTED: usize = 1 << 23;

/// A row of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Index of the block.
    pub block: usize,
    /// Row in the block.
    pub row: usize,
}

/// One quantity over time.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Qargs of a gate by first appearance.
    pub qargs: QargsList,
    /// Values by calibration and qubit or qargs.
    pub table: Table,
}

/// Reason why blocks cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// These blocks are damaged, or lack a column, or a row that was picked.
    Damaged(Vec<usize>),
    /// The table would be too large.
    TooLarge(TooLarge),
}

impl From<TooLarge> for ReadError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

/// Rows of a block that are wanted: the index of each in the series, and the row.
type Rows = Vec<(usize, usize)>;

/// Read the series of some picks.
///
/// `blocks` are the columns of each block that [`Subject::columns`] names, in that order; `None` for one that is missing.
/// The device must have at most [`MAX_QUBITS`](crate::configuration::MAX_QUBITS) qubits.
pub fn read(
    blocks: &[Vec<Option<&[u8]>>],
    picks: &[Pick],
    subject: Subject<'_>,
    num_qubits: u32,
) -> Result<Series, ReadError> {
    let mut rows: Vec<Rows> = vec![Vec::new(); blocks.len()];
    for (time, pick) in picks.iter().enumerate() {
        rows[pick.block].push((time, pick.row));
    }
    match subject {
        Subject::Gate(gate, _) => read_gate(blocks, &rows, picks, gate, num_qubits, Table::missing),
        // A gate that is not listed may not be used, and that is known.
        Subject::GateOperational(gate) => read_gate(blocks, &rows, picks, gate, num_qubits, Table::zeros),
        _ => read_qubits(blocks, &rows, picks.len(), num_qubits as usize),
    }
}

fn read_qubits(blocks: &[Vec<Option<&[u8]>>], rows: &[Rows], times: usize, width: usize) -> Result<Series, ReadError> {
    let mut table = Table::missing(times, width)?;
    all_sound(blocks.iter().zip(rows).map(|(columns, rows)| {
        if rows.is_empty() {
            return Some(());
        }
        let (from, count) = column::decode((*columns.first()?)?, width)?;
        for (time, row) in rows {
            if *row >= count {
                return None;
            }
            let (into, range) = (time * width, row * width..(row + 1) * width);
            table.values[into..into + width].copy_from_slice(&from.values[range.clone()]);
            table.valid[into..into + width].copy_from_slice(&from.valid[range]);
        }
        Some(())
    }))?;
    Ok(Series { qargs: QargsList::new(), table })
}

fn read_gate(
    blocks: &[Vec<Option<&[u8]>>],
    rows: &[Rows],
    picks: &[Pick],
    gate: &str,
    num_qubits: u32,
    empty: impl FnOnce(usize, usize) -> Result<Table, TooLarge>,
) -> Result<Series, ReadError> {
    let listings = listings(blocks, rows, gate, num_qubits)?;
    let mut union = Union::default();
    let mut previous: Option<&Arc<QargsList>> = None;
    for pick in picks {
        let list = listings[pick.block].by_row[pick.row].as_ref();
        if let Some(list) = list
            && !previous.is_some_and(|previous| Arc::ptr_eq(previous, list))
        {
            union.add(list);
            previous = Some(list);
        }
    }
    let width = union.qargs.len();
    let mut table = empty(picks.len(), width)?;
    all_sound(blocks.iter().zip(rows).zip(&listings).map(|((columns, rows), listing)| {
        let of_block = listing.union();
        if rows.is_empty() || of_block.qargs.is_empty() {
            return Some(());
        }
        let count = of_block.qargs.len();
        let (from, _) = column::decode((*columns.get(2)?)?, count).filter(|(_, rows)| *rows == listing.by_row.len())?;
        // Calibrations mostly list the same qargs.
        let mut places: (Option<&Arc<QargsList>>, Vec<(usize, usize)>) = (None, Vec::new());
        for (time, row) in rows {
            let Some(list) = &listing.by_row[*row] else { continue };
            if !places.0.is_some_and(|previous| Arc::ptr_eq(previous, list)) {
                places = (Some(list), of_block.numbers(list).into_iter().zip(union.numbers(list)).collect());
            }
            for (place, into) in &places.1 {
                let (cell, into) = (row * count + place, time * width + into);
                (table.values[into], table.valid[into]) = (from.values[cell], from.valid[cell]);
            }
        }
        Some(())
    }))?;
    Ok(Series { qargs: union.qargs, table })
}

/// The qargs on which calibrations of each block list a gate.
fn listings(
    blocks: &[Vec<Option<&[u8]>>],
    rows: &[Rows],
    gate: &str,
    num_qubits: u32,
) -> Result<Vec<Listing>, ReadError> {
    let (mut listings, mut listed) = (Vec::with_capacity(blocks.len()), 0);
    let mut known: Option<Arc<QargsList>> = None;
    all_sound(blocks.iter().zip(rows).map(|(columns, rows)| {
        if rows.is_empty() {
            listings.push(Listing::default());
            return Some(());
        }
        let (names, count) = decode_names((*columns.first()?)?)?;
        let mut listing = if names.iter().any(|name| name == gate) {
            Listing::decode((*columns.get(1)?)?, num_qubits)?
        } else {
            Listing { by_row: vec![None; count] }
        };
        if listing.by_row.len() != count || rows.iter().any(|(_, row)| *row >= count) {
            return None;
        }
        // Lists that come again from block to block are kept once.
        for list in listing.by_row.iter_mut().flatten() {
            match &known {
                Some(known) if Arc::ptr_eq(known, list) => {}
                Some(known) if known == list => *list = Arc::clone(known),
                _ => {
                    listed += list.len();
                    known = Some(Arc::clone(list));
                }
            }
        }
        if listed <= MAX_LISTED {
            listings.push(listing);
        }
        Some(())
    }))?;
    if listed > MAX_LISTED {
        return Err(TooLarge { times: rows.iter().map(Vec::len).sum(), places: listed }.into());
    }
    Ok(listings)
}

/// Go through blocks; fails with all that are damaged.
fn all_sound(blocks: impl Iterator<Item = Option<()>>) -> Result<(), ReadError> {
    let is_damaged = |(index, read): (usize, Option<()>)| read.is_none().then_some(index);
    let damaged: Vec<usize> = blocks.enumerate().filter_map(is_damaged).collect();
    if damaged.is_empty() { Ok(()) } else { Err(ReadError::Damaged(damaged)) }
}
