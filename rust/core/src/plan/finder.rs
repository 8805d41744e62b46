// SPDX-License-Identifier: Apache-2.0
//! What is measured at a few places of an operation, calibration after calibration.

use super::entries::{InstructionValues, Measured};
use super::target::{Operation, TargetPlan};
use crate::qargs::QargsList;

/// Finds some places of one operation. Calibrations of a device list the same places as a rule; where they are is worked
/// out once then, which takes a fifth of the time of listing all places of each calibration.
#[derive(Debug)]
pub struct EntryFinder {
    name: String,
    wanted: Vec<Vec<u32>>,
    /// The lists of defined and of measured places that `rows` is about.
    lists: Option<(QargsList, QargsList)>,
    rows: Vec<Row>,
    /// What was found last, by wanted place.
    values: Vec<InstructionValues>,
}

/// Where a place is in these lists.
#[derive(Debug, Clone, Copy)]
enum Row {
    Nowhere,
    Defined,
    Measured(usize),
}

impl EntryFinder {
    /// Looks for some places of the operation called `name`.
    #[must_use]
    pub fn new(name: &str, wanted: &[Vec<u32>]) -> Self {
        let values = vec![InstructionValues::default(); wanted.len()];
        Self { name: name.to_owned(), wanted: wanted.to_vec(), lists: None, rows: Vec::new(), values }
    }

    /// What is measured at a place, by its number among those that were wanted; after it was found.
    #[must_use]
    pub fn values(&self, entry: usize) -> InstructionValues {
        self.values[entry]
    }

    /// Finds all places in a plan; false if the operation does not exist at one of them.
    pub fn find(&mut self, plan: &TargetPlan<'_, '_>) -> bool {
        let Some(operation) = plan.operations().iter().find(|operation| operation.name == self.name) else {
            return false;
        };
        self.find_rows(plan, operation).unwrap_or_else(|| self.find_places(plan, operation))
    }

    /// Finds the places among the rows that were measured; `None` if the plan does not know the operation by such rows.
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

    /// Finds the places among all of the operation.
    fn find_places(&mut self, plan: &TargetPlan<'_, '_>, operation: &Operation<'_>) -> bool {
        let Some(entries) = plan.entries(operation) else {
            self.values.fill(InstructionValues::default());
            return true;
        };
        for (qubits, values) in self.wanted.iter().zip(&mut self.values) {
            // Places of one qubit each are in the order of qubits, unless some are left out.
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
