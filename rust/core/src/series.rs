// SPDX-License-Identifier: Apache-2.0
//! One quantity over many calibrations: columns stacked in the order of time.

use std::collections::HashMap;
use std::fmt;

use crate::blocks::MAX_GATES;
use crate::columns::{Column, GateColumns, GateQuantity, State};
use crate::configuration::MAX_QUBITS;
use crate::error::PayloadError;
use crate::qargs::QargsList;

/// A table has at most so many cells, which take 1.2 GB: 2,000 calibrations of 10,000 qubits need a sixth. Blocks and
/// payloads from outside can ask for more of it than they have bytes.
pub const MAX_CELLS: usize = 1 << 27;

/// Values by calibration and qubit or qargs, row by row.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// NaN where there is none.
    pub values: Vec<f64>,
    /// Mask of the numbers.
    pub valid: Vec<bool>,
}

/// Refusal of a table that would be too large for this process, or for [`MAX_CELLS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Number of calibrations.
    pub times: usize,
    /// Number of qubits or qargs.
    pub places: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, places } = self;
        write!(f, "a series of {times} calibrations and {places} places is too large; choose a shorter period")
    }
}

impl std::error::Error for TooLarge {}

/// Reason why a series, or an element of one, cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeriesError {
    /// The number of qubits is more than [`MAX_QUBITS`].
    TooManyQubits(u32),
    /// The compressed payload cannot be decompressed.
    NotDecompressed,
    /// The payload is refused.
    Payload(PayloadError),
    /// The payload lists more gates than [`MAX_GATES`].
    TooManyGates(usize),
    /// The table would be too large.
    TooLarge(TooLarge),
}

impl fmt::Display for SeriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyQubits(num_qubits) => {
                write!(f, "{num_qubits} qubits are more than a device may have, which is {MAX_QUBITS}")
            }
            Self::NotDecompressed => f.write_str("the payload cannot be decompressed"),
            Self::Payload(error) => error.fmt(f),
            Self::TooManyGates(gates) => {
                write!(f, "{gates} gates are more than columns are kept of, which is {MAX_GATES}")
            }
            Self::TooLarge(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SeriesError {}

impl From<PayloadError> for SeriesError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<TooLarge> for SeriesError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

/// Return the number of cells of a table; fails if they are too many.
pub fn cells(times: usize, places: usize) -> Result<usize, TooLarge> {
    times.checked_mul(places).filter(|cells| *cells <= MAX_CELLS).ok_or(TooLarge { times, places })
}

/// An empty list with room for a table.
fn room<T>(times: usize, places: usize) -> Result<Vec<T>, TooLarge> {
    let mut list = Vec::new();
    let reserved = list.try_reserve_exact(cells(times, places)?);
    reserved.map(|()| list).map_err(|_| TooLarge { times, places })
}

impl Table {
    fn with_capacity(times: usize, places: usize) -> Result<Self, TooLarge> {
        Ok(Self { values: room(times, places)?, valid: room(times, places)? })
    }

    /// A table without values.
    pub(crate) fn missing(times: usize, places: usize) -> Result<Self, TooLarge> {
        let mut table = Self::with_capacity(times, places)?;
        table.add_missing(times * places);
        Ok(table)
    }

    /// A table of zeros.
    pub(crate) fn zeros(times: usize, places: usize) -> Result<Self, TooLarge> {
        let mut table = Self::with_capacity(times, places)?;
        table.values.resize(times * places, 0.0);
        table.valid.resize(times * places, true);
        Ok(table)
    }

    fn add(&mut self, column: &Column) {
        self.values.extend_from_slice(column.values());
        self.valid.extend(column.states().iter().map(|state| state.is_valid()));
    }

    fn add_missing(&mut self, cells: usize) {
        self.values.resize(self.values.len() + cells, f64::NAN);
        self.valid.resize(self.valid.len() + cells, false);
    }
}

/// A gate over many calibrations.
#[derive(Debug, Clone, Default)]
pub struct GateSeries {
    /// Qargs by first appearance.
    pub qargs: QargsList,
    /// Values by [`GateQuantity`].
    pub columns: [Table; GateQuantity::COUNT],
    /// True where the gate is listed and may be used.
    pub operational: Vec<bool>,
}

/// Stack columns that are `width` long, or missing.
pub fn stack(columns: &[Option<&Column>], width: usize) -> Result<Table, TooLarge> {
    let mut table = Table::with_capacity(columns.len(), width)?;
    for column in columns {
        match column {
            Some(column) => table.add(column),
            None => table.add_missing(width),
        }
    }
    Ok(table)
}

/// Stack the tables of a gate. If a calibration repeats qargs, its last row counts.
pub fn stack_gate(tables: &[Option<&GateColumns>]) -> Result<GateSeries, TooLarge> {
    let mut qargs = QargsList::new();
    let mut at: HashMap<&[u32], usize> = HashMap::new();
    let mut last: Option<&QargsList> = None;
    for table in tables.iter().flatten().filter(|table| !table.qargs.is_empty()) {
        // Calibrations mostly list the same qargs.
        if last != Some(&table.qargs) {
            for row in table.qargs.iter() {
                at.entry(row).or_insert_with(|| {
                    qargs.push(row);
                    qargs.len() - 1
                });
            }
            last = Some(&table.qargs);
        }
    }
    let width = qargs.len();
    let mut operational = room(tables.len(), width)?;
    operational.resize(tables.len() * width, false);
    let mut columns: [Table; GateQuantity::COUNT] = Default::default();
    for column in &mut columns {
        *column = Table::missing(tables.len(), width)?;
    }
    let mut series = GateSeries { columns, operational, qargs: QargsList::new() };
    let mut places: (Option<&QargsList>, Vec<usize>) = (None, Vec::new());
    for (time, table) in tables.iter().enumerate() {
        let Some(table) = table else { continue };
        if places.0 != Some(&table.qargs) {
            places = (Some(&table.qargs), table.qargs.iter().map(|row| at[row]).collect());
        }
        for (row, place) in places.1.iter().enumerate() {
            let cell = time * width + place;
            for (into, quantity) in series.columns.iter_mut().zip(GateQuantity::ALL) {
                let from = table.column(quantity).cell(row);
                (into.values[cell], into.valid[cell]) = (from.value, from.state.is_valid());
            }
            series.operational[cell] = table.operational[row];
        }
    }
    series.qargs = qargs;
    Ok(series)
}

/// Flags as a column of numbers.
#[must_use]
pub fn flags(flags: &[bool]) -> Column {
    let values = flags.iter().map(|flag| f64::from(u8::from(*flag))).collect();
    Column::from_parts(values, vec![State::Integer; flags.len()])
}

/// Check that there can be a device of so many qubits.
pub fn check_qubits(num_qubits: u32) -> Result<(), SeriesError> {
    if num_qubits > MAX_QUBITS { Err(SeriesError::TooManyQubits(num_qubits)) } else { Ok(()) }
}
