// SPDX-License-Identifier: Apache-2.0
//! Differences between two snapshots of a device.

use std::collections::{HashMap, HashSet};

use crate::columns::{Cell, GateColumns, GateQuantity, QubitColumns, QubitQuantity};
use crate::configuration::Configuration;
use crate::plan::{Operation, Options, Qargs, TargetPlan, Vocabulary};
use crate::properties::Properties;
use crate::snapshot::DeviceData;

/// Distance within which values count as equal: `|new - old| <= absolute + relative * |old|`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tolerance {
    /// Relative to the old value.
    pub relative: f64,
    /// In the unit of the value.
    pub absolute: f64,
}

/// A quantity of a qubit or of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedQuantity {
    /// A quantity of qubits.
    Qubit(QubitQuantity),
    /// A quantity of gates.
    Gate(GateQuantity),
    /// The flag that tells whether the qubit or the gate may be used: 1 or 0.
    Operational,
}

impl ChangedQuantity {
    /// The name of the quantity in payloads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qubit(quantity) => quantity.name(),
            Self::Gate(quantity) => quantity.name(),
            Self::Operational => "operational",
        }
    }
}

/// A value that changed; a value on one side only is a change, too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The quantity that changed.
    pub quantity: ChangedQuantity,
    /// The value before, SI units.
    pub old: Option<f64>,
    /// The value after, SI units.
    pub new: Option<f64>,
}

/// Location of a row: its snapshot, the index of its table there, and its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLocation {
    /// True if only the old snapshot has the row.
    pub is_old: bool,
    /// Index of the gate's table.
    pub table: u32,
    /// Index of the row.
    pub row: u32,
}

/// Differences.
#[derive(Debug, Default)]
pub struct Diff {
    /// By qubit.
    pub qubits: Vec<(u32, Change)>,
    /// By row of a gate, in the order of the new snapshot; rows that it does not have come last.
    pub gates: Vec<(RowLocation, Change)>,
    /// Operations and qargs that a target has now and did not have before, in the order of targets, by ascending qubits;
    /// `None` for everywhere.
    pub appeared: Vec<(String, Option<Vec<u32>>)>,
    /// Operations that a target had before and does not have now.
    pub vanished: Vec<(String, Option<Vec<u32>>)>,
    /// Keys of the configuration whose values changed, as far as targets are made of them.
    pub configuration: Vec<&'static str>,
}

impl Diff {
    /// Compare two snapshots.
    #[must_use]
    pub fn new(old: &DeviceData, new: &DeviceData, tolerance: Tolerance) -> Self {
        if std::ptr::eq(old, new) {
            return Self::default();
        }
        let mut diff = Self { configuration: changed_keys(&old.configuration, &new.configuration), ..Self::default() };
        let none = Properties::default();
        let (before, after) = (old.properties.as_ref().unwrap_or(&none), new.properties.as_ref().unwrap_or(&none));
        diff.compare_qubits(&before.qubits, &after.qubits, tolerance);
        for (table, gate) in (0..).zip(&after.gates) {
            diff.compare_gates(before.gate(&gate.name), gate, table, tolerance);
        }
        for (table, gate) in (0..).zip(&before.gates) {
            diff.compare_vanished(gate, after.gate(&gate.name), table, tolerance);
        }
        let same = diff.configuration.is_empty() && old.properties.is_some() == new.properties.is_some();
        if !(same && usable_alike(before, after)) {
            diff.compare_entries(old, new);
        }
        diff
    }

    /// Compare the qargs of the operations of targets, independent of the meaning of names.
    fn compare_entries(&mut self, old: &DeviceData, new: &DeviceData) {
        let vocabulary = vocabulary([&old.configuration, &new.configuration]);
        let (old, new) = (TargetPlan::new(old, all(&vocabulary)), TargetPlan::new(new, all(&vocabulary)));
        for (plan, other, list) in [(&new, &old, &mut self.appeared), (&old, &new, &mut self.vanished)] {
            let known: HashMap<&str, _> = other.operations().iter().map(|it| (it.name, it)).collect();
            for operation in plan.operations() {
                let there = entries(plan, operation);
                let gone = match known.get(operation.name) {
                    Some(known) => only_in(there, entries(other, known)),
                    None => there,
                };
                let own = |qargs: Option<Qargs<'_>>| (operation.name.to_owned(), qargs.map(|qargs| qargs.to_vec()));
                list.extend(gone.into_iter().map(own));
            }
        }
    }

    /// Return whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { qubits, gates, appeared, vanished, configuration } = self;
        qubits.is_empty() && gates.is_empty() && appeared.is_empty() && vanished.is_empty() && configuration.is_empty()
    }

    fn compare_qubits(&mut self, old: &QubitColumns, new: &QubitColumns, tolerance: Tolerance) {
        // A column at a time, because that is how they lie in memory; sorted by qubit in the end.
        for quantity in QubitQuantity::ALL {
            let (before, after) = (old.column(quantity), new.column(quantity));
            for qubit in 0..old.len().max(new.len()) {
                let change = changed(before.cell(qubit), after.cell(qubit), tolerance);
                let quantity = ChangedQuantity::Qubit(quantity);
                self.qubits.extend(change.map(|(old, new)| (index(qubit), Change { quantity, old, new })));
            }
        }
        for qubit in 0..old.len().max(new.len()) {
            let change = flag(old.is_operational(qubit), new.is_operational(qubit));
            self.qubits.extend(change.map(|change| (index(qubit), change)));
        }
        self.qubits.sort_by_key(|(qubit, _)| *qubit);
    }

    fn compare_gates(&mut self, old: Option<&GateColumns>, new: &GateColumns, table: u32, tolerance: Tolerance) {
        let is_aligned = old.is_some_and(|old| old.qargs == new.qargs) && !new.repeats();
        for (row, qargs) in new.qargs.iter().enumerate() {
            // If a calibration repeats qargs, the last row counts.
            if !is_aligned && new.row(qargs) != Some(row) {
                continue;
            }
            let known = old.and_then(|old| if is_aligned { Some(row) } else { old.row(qargs) }.map(|row| (old, row)));
            let entry = RowLocation { is_old: false, table, row: index(row) };
            self.compare_rows(entry, known, Some((new, row)), tolerance);
        }
    }

    /// Compare the rows that only the old snapshot lists.
    fn compare_vanished(&mut self, old: &GateColumns, new: Option<&GateColumns>, table: u32, tolerance: Tolerance) {
        if new.is_some_and(|new| new.qargs == old.qargs) {
            return;
        }
        for (row, qargs) in old.qargs.iter().enumerate() {
            let is_there = new.is_some_and(|new| new.row(qargs).is_some());
            if !is_there && old.row(qargs) == Some(row) {
                self.compare_rows(
                    RowLocation { is_old: true, table, row: index(row) },
                    Some((old, row)),
                    None,
                    tolerance,
                );
            }
        }
    }

    fn compare_rows(
        &mut self,
        entry: RowLocation,
        old: Option<(&GateColumns, usize)>,
        new: Option<(&GateColumns, usize)>,
        tolerance: Tolerance,
    ) {
        for quantity in GateQuantity::ALL {
            let cell = |side: Option<(&GateColumns, usize)>| {
                side.map_or_else(Cell::default, |(table, row)| table.column(quantity).cell(row))
            };
            if let Some((old, new)) = changed(cell(old), cell(new), tolerance) {
                self.gates.push((entry, Change { quantity: ChangedQuantity::Gate(quantity), old, new }));
            }
        }
        if let Some(((old, known), (new, row))) = old.zip(new) {
            self.gates.extend(flag(old.operational[known], new.operational[row]).map(|change| (entry, change)));
        }
    }
}

#[inline]
fn changed(old: Cell, new: Cell, tolerance: Tolerance) -> Option<(Option<f64>, Option<f64>)> {
    let (before, after) = (old.number(), new.number());
    let is_same = match (before, after) {
        (Some(old), Some(new)) => {
            old.to_bits() == new.to_bits()
                || (old.is_nan() && new.is_nan())
                || (old.is_finite()
                    && new.is_finite()
                    && (new - old).abs() <= tolerance.absolute + tolerance.relative * old.abs())
        }
        (None, None) => true,
        _ => false,
    };
    (!is_same).then_some((before, after))
}

fn flag(old: bool, new: bool) -> Option<Change> {
    let number = |flag| Some(f64::from(u8::from(flag)));
    (old != new).then(|| Change { quantity: ChangedQuantity::Operational, old: number(old), new: number(new) })
}

#[expect(clippy::cast_possible_truncation, reason = "qubits and rows each took some of fewer than 2^32 bytes")]
fn index(at: usize) -> u32 {
    at as u32
}

/// Keys of the payload whose values differ, as far as they were read.
fn changed_keys(old: &Configuration, new: &Configuration) -> Vec<&'static str> {
    if std::ptr::eq(old, new) {
        return Vec::new();
    }
    let same = [
        ("backend_name", old.backend_name == new.backend_name),
        ("n_qubits", old.num_qubits == new.num_qubits),
        ("basis_gates", old.basis_gates == new.basis_gates),
        ("gates", old.gates == new.gates),
        ("supported_instructions", old.supported_instructions == new.supported_instructions),
        ("instruction_signatures", old.signatures == new.signatures),
        ("dt", old.dt.map(f64::to_bits) == new.dt.map(f64::to_bits)),
        ("timing_constraints", old.timing == new.timing),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}

/// Return whether two calibrations list the same rows, each once, and the same faults.
fn usable_alike(old: &Properties, new: &Properties) -> bool {
    let same = |(a, b): (&GateColumns, &GateColumns)| {
        a.name == b.name && a.qargs == b.qargs && a.operational == b.operational && !a.repeats()
    };
    old.gates.len() == new.gates.len()
        && old.gates.iter().zip(&new.gates).all(same)
        && old.qubits.operational() == new.qubits.operational()
}

/// Every name that any of the configurations lists, as one that has a meaning.
fn vocabulary(configurations: [&Configuration; 2]) -> Vocabulary {
    let names = configurations.into_iter().flat_map(|configuration| {
        configuration.basis_gates.iter().chain(configuration.supported_instructions.iter().flatten())
    });
    let by_default = ["measure", "reset", "delay"].map(str::to_owned);
    let num_qubits = names.cloned().chain(by_default).map(|name| (name, None)).collect();
    Vocabulary { num_qubits, fractional: HashSet::new() }
}

/// Everything that a target can have.
fn all(vocabulary: &Vocabulary) -> Options<'_> {
    Options { vocabulary, use_fractional_gates: true, include_control_flow: true, add_delay: true, filter_faulty: true }
}

/// Return the qargs of an operation, sorted; `None` for everywhere.
fn entries<'r>(plan: &TargetPlan<'r, '_>, operation: &Operation<'r>) -> Vec<Option<Qargs<'r>>> {
    let Some(entries) = plan.entries(operation) else { return vec![None] };
    let mut qargs: Vec<_> = entries.into_iter().map(|entry| Some(entry.qargs)).collect();
    qargs.sort_unstable();
    qargs
}

/// Return the sorted qargs that are not among others.
fn only_in<'r>(entries: Vec<Option<Qargs<'r>>>, others: Vec<Option<Qargs<'r>>>) -> Vec<Option<Qargs<'r>>> {
    let mut others = others.into_iter().peekable();
    let mut is_among = |qargs: &Option<Qargs<'r>>| {
        while others.peek().is_some_and(|other| other < qargs) {
            others.next();
        }
        others.peek() == Some(qargs)
    };
    entries.into_iter().filter(|qargs| !is_among(qargs)).collect()
}
