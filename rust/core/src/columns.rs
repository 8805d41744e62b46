// SPDX-License-Identifier: Apache-2.0
//! Columns of measured values: SI units, each value beside what is known about it.

use std::sync::OnceLock;

use crate::error::Fault;
use crate::instant::Instant;
use crate::json::{NumberKind, ReadResult, Reader, Span};
use crate::named_enum::named_enum;
use crate::qargs::{Order, QargsList};
use crate::quantity::{Quantity, Value};

/// State of a cell. Missing is neither NaN nor 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum State {
    /// The payload does not name the quantity here.
    #[default]
    Missing,
    /// The payload says `null`.
    Null,
    /// A float.
    Float,
    /// An integer that `f64` holds exactly.
    Integer,
    /// A boolean or a huge integer: `value` is its nearest `f64`, the payload has it as it is.
    Other,
}

impl State {
    /// Return whether there is a number.
    #[inline]
    #[must_use]
    pub fn is_valid(self) -> bool {
        matches!(self, Self::Float | Self::Integer | Self::Other)
    }
}

/// One value of a [`Column`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// SI value; NaN if `state` is `Missing` or `Null`.
    pub value: f64,
    /// State of the cell.
    pub state: State,
}

impl Default for Cell {
    fn default() -> Self {
        Self { value: f64::NAN, state: State::Missing }
    }
}

impl Cell {
    /// The value of a quantity that has to be a number.
    #[inline(always)]
    pub(crate) fn from_quantity<K>(quantity: &Quantity<K>) -> ReadResult<Self> {
        let (value, state) = match quantity.value {
            Value::Number(number) => {
                let state = match number.kind {
                    NumberKind::Float => State::Float,
                    NumberKind::Integer => State::Integer,
                    NumberKind::BigInteger => State::Other,
                };
                (number.value, state)
            }
            Value::Null => (f64::NAN, State::Null),
            Value::Boolean(flag) => (f64::from(u8::from(flag)), State::Other),
            Value::Other(_) => return Err(Fault::expected(quantity.value_at as usize, "a number or null")),
        };
        Ok(Self { value, state })
    }

    /// The number, if there is one.
    #[inline]
    #[must_use]
    pub fn number(self) -> Option<f64> {
        self.state.is_valid().then_some(self.value)
    }
}

/// Values of one quantity over qubits or over the rows of a gate.
#[derive(Debug, Clone, Default)]
pub struct Column {
    values: Vec<f64>,
    states: Vec<State>,
}

impl Column {
    /// Return the number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Return whether the column is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The cell at `row`; missing behind the end.
    #[inline]
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell {
        match (self.values.get(row), self.states.get(row)) {
            (Some(value), Some(state)) => Cell { value: *value, state: *state },
            _ => Cell::default(),
        }
    }

    /// The values by row: NaN where there is none.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Return the states by row.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Return whether all cells are equal, bit by bit.
    pub(crate) fn is_identical(&self, other: &Self) -> bool {
        let bits = |column: &Self, row: usize| column.values[row].to_bits();
        self.states == other.states && (0..self.len()).all(|row| bits(self, row) == bits(other, row))
    }

    /// A column of values and states, which must be equally many.
    pub(crate) fn from_parts(values: Vec<f64>, states: Vec<State>) -> Self {
        debug_assert_eq!(values.len(), states.len());
        Self { values, states }
    }

    /// A column of missing values.
    pub(crate) fn missing(rows: usize) -> Self {
        let Cell { value, state } = Cell::default();
        Self::from_parts(vec![value; rows], vec![state; rows])
    }

    #[inline]
    pub(crate) fn push(&mut self, cell: Cell) {
        self.values.push(cell.value);
        self.states.push(cell.state);
    }

    fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
        self.states.reserve(rows);
    }

    /// Set the cell that was pushed last.
    #[inline]
    pub(crate) fn set_last(&mut self, cell: Cell) {
        if let (Some(value), Some(state)) = (self.values.last_mut(), self.states.last_mut()) {
            (*value, *state) = (cell.value, cell.state);
        }
    }
}

named_enum! {
    /// A quantity of qubits that has a column, in the order of the columns.
    pub enum QubitQuantity {
        /// Relaxation time `T1`, s.
        T1 = "T1",
        /// Dephasing time `T2`, s.
        T2 = "T2",
        /// Transition frequency, Hz.
        Frequency = "frequency",
        /// Anharmonicity, Hz.
        Anharmonicity = "anharmonicity",
        /// Assignment error of a readout, a probability.
        ReadoutError = "readout_error",
        /// Duration of a readout, s.
        ReadoutLength = "readout_length",
        /// Probability of reading 0 after preparing 1.
        ProbMeas0Prep1 = "prob_meas0_prep1",
        /// Probability of reading 1 after preparing 0.
        ProbMeas1Prep0 = "prob_meas1_prep0",
    }
}

named_enum! {
    /// A quantity of gates that has a column, in the order of the columns.
    pub enum GateQuantity {
        /// Gate error, a probability.
        Error = "gate_error",
        /// Duration, s.
        Duration = "gate_length",
    }
}

impl GateQuantity {
    /// Return the name of the quantity's column, which is Qiskit's.
    #[must_use]
    pub fn column_name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Duration => "duration",
        }
    }
}

/// Measured values of each qubit.
#[derive(Debug, Clone, Default)]
pub struct QubitColumns {
    columns: [Column; QubitQuantity::COUNT],
    operational: Vec<bool>,
}

impl QubitColumns {
    /// Return the number of qubits of the device; one that the calibration does not list has missing values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operational.len()
    }

    /// Return whether the device has no qubits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operational.is_empty()
    }

    /// The column of `quantity`.
    #[inline]
    #[must_use]
    pub fn column(&self, quantity: QubitQuantity) -> &Column {
        &self.columns[quantity as usize]
    }

    /// Return whether the qubit may be used; true if the calibration does not tell.
    #[inline]
    #[must_use]
    pub fn is_operational(&self, qubit: usize) -> bool {
        self.operational.get(qubit).copied().unwrap_or(true)
    }

    /// Return whether each qubit may be used.
    #[must_use]
    pub fn operational(&self) -> &[bool] {
        &self.operational
    }

    /// Columns by quantity, and which qubits may be used; all must be equally long.
    pub(crate) fn from_columns(columns: [Column; QubitQuantity::COUNT], operational: Vec<bool>) -> Self {
        Self { columns, operational }
    }

    /// Make room for so many qubits.
    pub(crate) fn reserve(&mut self, num_qubits: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve(num_qubits));
        self.operational.reserve(num_qubits);
    }

    /// Start the next qubit.
    pub(crate) fn start(&mut self) {
        self.columns.iter_mut().for_each(|column| column.push(Cell::default()));
        self.operational.push(true);
    }

    /// Take a quantity of the last qubit; a later one of the same name replaces it.
    #[inline(always)]
    pub(crate) fn take(&mut self, quantity: &Quantity<QubitField>) -> ReadResult<()> {
        match quantity.kind {
            // Targets are not made of these two, so values that are no numbers count as missing.
            QubitField::Column(column @ (QubitQuantity::ProbMeas0Prep1 | QubitQuantity::ProbMeas1Prep0)) => {
                self.columns[column as usize].set_last(Cell::from_quantity(quantity).unwrap_or_default());
            }
            QubitField::Column(column) => self.columns[column as usize].set_last(Cell::from_quantity(quantity)?),
            QubitField::Operational => {
                if let Some(operational) = self.operational.last_mut() {
                    *operational = quantity.value.is_true();
                }
            }
            QubitField::Other => {}
        }
        Ok(())
    }
}

/// Meaning of the name of a qubit's quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QubitField {
    Column(QubitQuantity),
    Operational,
    Other,
}

impl QubitField {
    pub(crate) fn named(name: &[u8]) -> Self {
        match name {
            b"operational" => Self::Operational,
            name => QubitQuantity::named(name).map_or(Self::Other, Self::Column),
        }
    }
}

/// Value for no date; numpy's `NaT`.
pub const NO_DATE: i64 = i64::MIN;

/// Measured values of one gate: a row by listed qargs, in payload order.
#[derive(Debug, Clone, Default)]
pub struct GateColumns {
    /// The gate's name.
    pub name: String,
    /// Qargs by row.
    pub qargs: QargsList,
    columns: [Column; GateQuantity::COUNT],
    /// True if the gate may be used on the qargs, or if the calibration does not tell.
    pub operational: Vec<bool>,
    /// Offset of the date of the error, or else of the duration; 0 if there is none. Empty if there is no payload.
    dates: Vec<u32>,
    order: OnceLock<Order>,
}

impl GateColumns {
    /// A table without rows, and with room for some.
    pub(crate) fn named(name: &str, rows: usize) -> Self {
        let mut table = Self { name: name.to_owned(), qargs: QargsList::with_capacity(rows, 1), ..Self::default() };
        table.columns.iter_mut().for_each(|column| column.reserve(rows));
        table.operational.reserve(rows);
        table.dates.reserve(rows);
        table
    }

    /// A table of its columns, which must be equally long.
    pub(crate) fn from_columns(
        name: String,
        qargs: QargsList,
        columns: [Column; GateQuantity::COUNT],
        operational: Vec<bool>,
    ) -> Self {
        Self { name, qargs, columns, operational, ..Self::default() }
    }

    /// The column of `quantity`.
    #[inline]
    #[must_use]
    pub fn column(&self, quantity: GateQuantity) -> &Column {
        &self.columns[quantity as usize]
    }

    /// Add a row.
    #[inline(always)]
    pub(crate) fn push(&mut self, qargs: &[u32], cells: [Cell; GateQuantity::COUNT], operational: bool, date: u32) {
        self.qargs.push(qargs);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.operational.push(operational);
        self.dates.push(date);
    }

    /// Return the date of the error, or else of the duration, by row: microseconds since 1970, [`NO_DATE`] if nothing
    /// tells. `bytes` must be the payload.
    #[must_use]
    pub fn updated(&self, bytes: &[u8]) -> Vec<i64> {
        // Rows are measured in batches, so a date mostly repeats.
        let mut last = (Span::default(), NO_DATE);
        let date = |at: &u32| {
            let Some(span) = Reader::at(bytes, *at).skip().ok().filter(|_| *at > 0) else { return NO_DATE };
            if span.slice(bytes) != last.0.slice(bytes) {
                let text = Reader::at(bytes, *at).known_text().ok();
                last = (span, text.and_then(|it| Instant::parse(&it.decode())).map_or(NO_DATE, |it| it.microseconds()));
            }
            last.1
        };
        self.dates.iter().map(date).collect()
    }

    /// Return the order that finds the row of qargs; worked out when first needed.
    fn order(&self) -> &Order {
        self.order.get_or_init(|| self.qargs.order())
    }

    /// Return whether any qargs are listed more than once.
    pub(crate) fn repeats(&self) -> bool {
        self.order().repeats(&self.qargs)
    }

    /// The row that holds for `qargs`: when they repeat, the last one.
    #[must_use]
    pub fn row(&self, qargs: &[u32]) -> Option<usize> {
        self.order().find(&self.qargs, qargs).map(|(_, last)| last)
    }
}
