// SPDX-License-Identifier: Apache-2.0
//! Entries of a target: qargs of an operation with their properties.

use std::collections::HashMap;

use super::target::{Options, QubitValues};
use crate::columns::{GateColumns, GateQuantity, QubitQuantity};
use crate::configuration::Configuration;
use crate::properties::Properties;
use crate::qargs::QargsList;

/// Qargs of an operation with their properties, if any are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlacedInstruction<'s> {
    /// The qubits.
    pub qargs: Qargs<'s>,
    /// Duration and error on these qargs.
    pub values: Option<InstructionValues>,
}

/// The values of `InstructionProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct InstructionValues {
    /// s
    pub duration: Option<f64>,
    /// Probability.
    pub error: Option<f64>,
}

/// The qubits an operation acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qargs<'s> {
    /// One qubit.
    One(u32),
    /// An ordered pair.
    Two(u32, u32),
    /// Any number.
    Many(&'s [u32]),
}

impl<'s> Qargs<'s> {
    /// The qubits as a list.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u32> {
        match *self {
            Self::One(qubit) => vec![qubit],
            Self::Two(first, second) => vec![first, second],
            Self::Many(qubits) => qubits.to_vec(),
        }
    }

    /// Return whether these are the qubits.
    #[must_use]
    pub fn is(&self, qubits: &[u32]) -> bool {
        match *self {
            Self::One(qubit) => qubits == [qubit],
            Self::Two(first, second) => qubits == [first, second],
            Self::Many(many) => qubits == many,
        }
    }

    fn from_slice(qubits: &'s [u32]) -> Self {
        match *qubits {
            [qubit] => Self::One(qubit),
            [first, second] => Self::Two(first, second),
            ref many => Self::Many(many),
        }
    }
}

/// The qargs of a gate whose definition lists none.
pub(super) static NOWHERE: QargsList = QargsList::new();

/// The measured side of a snapshot, and which of its qubits are left out.
#[derive(Debug)]
pub(super) struct Calibration<'s> {
    pub(super) properties: &'s Properties,
    /// Empty if every qubit stays.
    faulty: Vec<bool>,
    filter_faulty: bool,
}

impl<'s> Calibration<'s> {
    pub(super) fn new(properties: &'s Properties, configuration: &Configuration, options: Options<'_>) -> Self {
        let qubits = 0..configuration.num_qubits as usize;
        let faulty: Vec<bool> = qubits.map(|qubit| !properties.qubits.is_operational(qubit)).collect();
        let any = options.filter_faulty && faulty.contains(&true);
        Self { properties, faulty: if any { faulty } else { Vec::new() }, filter_faulty: options.filter_faulty }
    }

    pub(super) fn is_left_out(&self, qubit: u32) -> bool {
        self.faulty.get(qubit as usize).copied().unwrap_or(false)
    }

    fn is_row_left_out(&self, gate: &GateColumns, qargs: &[u32], row: usize) -> bool {
        let touches_faulty = !self.faulty.is_empty() && qargs.iter().any(|qubit| self.is_left_out(*qubit));
        self.filter_faulty && (touches_faulty || !gate.operational[row])
    }

    /// Return the state of the qargs in a row of a gate's table.
    pub(super) fn state(&self, gate: &GateColumns, qargs: &[u32], row: usize) -> Measured {
        if self.is_row_left_out(gate, qargs, row) { Measured::LeftOut } else { Measured::Row(row) }
    }

    pub(super) fn qubits(&self, num_qubits: u32) -> Vec<QubitValues> {
        let columns = &self.properties.qubits;
        let [t1, t2, frequency] =
            [QubitQuantity::T1, QubitQuantity::T2, QubitQuantity::Frequency].map(|quantity| columns.column(quantity));
        let values = |qubit| QubitValues {
            t1: t1.cell(qubit).number(),
            t2: t2.cell(qubit).number(),
            frequency: frequency.cell(qubit).number(),
        };
        (0..num_qubits as usize).map(values).collect()
    }
}

/// Return the entries of a gate by its definition alone.
pub(super) fn merge_without_calibration(defined: Option<&QargsList>) -> Option<Vec<PlacedInstruction<'_>>> {
    let entry = |(_, qargs)| PlacedInstruction { qargs: Qargs::from_slice(qargs), values: None };
    defined.map(|defined| defined.first_rows(&defined.order()).map(entry).collect())
}

/// State of the qargs of a gate in a calibration.
#[derive(Clone, Copy)]
pub(super) enum Measured {
    Nothing,
    LeftOut,
    Row(usize),
}

impl Measured {
    pub(super) fn is_left_out(self) -> bool {
        matches!(self, Self::LeftOut)
    }

    /// Return the values on the qargs, if any were measured.
    pub(super) fn values(self, gate: &GateColumns) -> Option<InstructionValues> {
        let Self::Row(row) = self else { return None };
        let number = |quantity| gate.column(quantity).cell(row).number();
        Some(InstructionValues { duration: number(GateQuantity::Duration), error: number(GateQuantity::Error) })
    }
}

/// Merge the qargs of a gate's definition, with their measured values, and the qargs that only the calibration has. If a
/// calibration repeats qargs, their last row counts.
pub(super) fn merge<'s>(
    defined: Option<&'s QargsList>,
    measured: Option<&'s GateColumns>,
    calibration: &Calibration<'s>,
) -> Option<Vec<PlacedInstruction<'s>>> {
    let Some(measured) = measured.filter(|measured| !measured.qargs.is_empty()) else {
        return merge_without_calibration(defined);
    };
    let defined = defined.unwrap_or(&NOWHERE);
    let order = defined.order();
    let state = |qargs, row| calibration.state(measured, qargs, row);
    let mut found = vec![Measured::Nothing; defined.len()];
    let mut elsewhere = Elsewhere::new(&measured.qargs);
    let mut guess = 0;
    for (row, qargs) in measured.qargs.iter().enumerate() {
        // Lists that are in the same order meet without a search.
        let same = guess < defined.len() && defined.get(guess) == qargs && order.is_payload_order();
        let at = if same { Some(guess) } else { order.find(defined, qargs).map(|(first, _)| first) };
        match at {
            Some(at) => {
                found[at] = state(qargs, row);
                guess = at + 1;
            }
            None => elsewhere.add(qargs, state(qargs, row)),
        }
    }
    let mut entries = Vec::with_capacity(defined.len() + elsewhere.entries.len());
    let mut add = |qargs: &'s [u32], there: Measured| {
        if !there.is_left_out() {
            entries.push(PlacedInstruction { qargs: Qargs::from_slice(qargs), values: there.values(measured) });
        }
    };
    defined.first_rows(&order).for_each(|(row, qargs)| add(qargs, found[row]));
    elsewhere.entries.into_iter().for_each(|(qargs, there)| add(qargs, there));
    Some(entries)
}

/// Qargs that a calibration has and a definition does not, by first appearance.
struct Elsewhere<'s> {
    entries: Vec<(&'s [u32], Measured)>,
    /// Index into `entries` by qargs, if qargs can repeat.
    index: Option<HashMap<&'s [u32], usize>>,
}

impl<'s> Elsewhere<'s> {
    fn new(measured: &'s QargsList) -> Self {
        Self { entries: Vec::new(), index: (!measured.is_ascending()).then(HashMap::new) }
    }

    fn add(&mut self, qargs: &'s [u32], state: Measured) {
        let at = match &mut self.index {
            Some(index) => *index.entry(qargs).or_insert(self.entries.len()),
            None => self.entries.len(),
        };
        match self.entries.get_mut(at) {
            Some((_, known)) => *known = state,
            None => self.entries.push((qargs, state)),
        }
    }
}
