// SPDX-License-Identifier: Apache-2.0
//! Measured values of an operation on a few qargs, calibration after calibration.

use super::entries::{InstructionValues, Measured};
use super::target::{Operation, TargetPlan};
use crate::qargs::QargsList;

/// Finds some entries of one operation. Calibrations of a device list the same qargs as a rule; their rows are worked
/// out once then, which takes a fifth of the time of listing all entries of each calibration.
#[derive(Debug)]
pub struct EntryFinder {
    name: String,
    wanted: Vec<Vec<u32>>,
    /// The lists of defined and of measured qargs that `rows` is about.
    lists: Option<(QargsList, QargsList)>,
    rows: Vec<Row>,
    /// Values of the last plan by wanted qargs.
    values: Vec<InstructionValues>,
}

/// Position of qargs in these lists.
#[derive(Debug, Clone, Copy)]
enum Row {
    Nowhere,
    Defined,
    Measured(usize),
}

impl EntryFinder {
    /// Create a finder of some qargs of the operation called `name`.
    #[must_use]
    pub fn new(name: &str, wanted: &[Vec<u32>]) -> Self {
        let values = vec![InstructionValues::default(); wanted.len()];
        Self { name: name.to_owned(), wanted: wanted.to_vec(), lists: None, rows: Vec::new(), values }
    }

    /// Return the values on the wanted qargs of an index, after [`Self::find`] has returned true.
    #[must_use]
    pub fn values(&self, entry: usize) -> InstructionValues {
        self.values[entry]
    }

    /// Find the values of a plan; return false if the operation does not exist on some of the qargs.
    pub fn find(&mut self, plan: &TargetPlan<'_, '_>) -> bool {
        let Some(operation) = plan.operations().iter().find(|operation| operation.name == self.name) else {
            return false;
        };
        self.find_rows(plan, operation).unwrap_or_else(|| self.find_places(plan, operation))
    }

    /// Find the qargs among the measured rows; `None` if the plan does not know the operation by such rows.
    fn find_rows(&mut self, plan: &TargetPlan<'_, '_>, operation: &Operation<'_>) -> Option<bool> {
        let (defined, measured, calibration) = plan.rows(operation)?;
        let is_known = self.lists.as_ref().is_some_and(|lists| (&lists.0, &lists.1) == (defined, &measured.qargs));
        if !is_known {
            let (order, other) = (measured.qargs.order(), defined.order());
            let row = |qubits: &Vec<u32>| match order.find(&measured.qargs, qubits) {
                Some((_, last)) => Row::Measured(last),
                None if other.find(defined, qubits).is_some() => Row::Defined,
                None => Row::Nowhere,
            };
            self.rows = self.wanted.iter().map(row).collect();
            self.lists = Some((defined.clone(), measured.qargs.clone()));
        }
        for ((row, qubits), values) in self.rows.iter().zip(&self.wanted).zip(&mut self.values) {
            let state = match *row {
                Row::Nowhere => return Some(false),
                Row::Defined => Measured::Nothing,
                Row::Measured(row) => calibration.state(measured, qubits, row),
            };
            if state.is_left_out() {
                return Some(false);
            }
            *values = state.values(measured).unwrap_or_default();
        }
        Some(true)
    }

    /// Find the qargs among all entries of the operation.
    fn find_places(&mut self, plan: &TargetPlan<'_, '_>, operation: &Operation<'_>) -> bool {
        let Some(entries) = plan.entries(operation) else {
            self.values.fill(InstructionValues::default());
            return true;
        };
        for (qubits, values) in self.wanted.iter().zip(&mut self.values) {
            // Entries of one qubit are in the order of qubits, unless some are left out.
            let first = qubits.first().and_then(|qubit| entries.get(*qubit as usize));
            let guess = first.filter(|entry| entry.qargs.is(qubits));
            let Some(entry) = guess.or_else(|| entries.iter().find(|entry| entry.qargs.is(qubits))) else {
                return false;
            };
            *values = entry.values.unwrap_or_default();
        }
        true
    }
}
