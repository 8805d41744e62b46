// SPDX-License-Identifier: Apache-2.0
//! What changed between two snapshots of a device.

use std::collections::HashSet;

use crate::columns::{Cell, GateColumns, QubitColumns, QubitQuantity};
use crate::configuration::{Configuration, GateDefinition};
use crate::properties::Properties;
use crate::qargs::QargsList;
use crate::snapshot::Reading;

/// How far values may be apart and still count as equal: `|new - old| <= absolute + relative * |old|`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tolerance {
    /// Relative to the old value.
    pub relative: f64,
    /// In the unit of the value.
    pub absolute: f64,
}

/// Which quantity of a qubit or of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A quantity of qubits.
    Qubit(QubitQuantity),
    /// The error of a gate.
    GateError,
    /// The duration of a gate.
    GateLength,
    /// Whether the qubit or the gate may be used: 1 or 0.
    Operational,
}

impl What {
    /// What payloads call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qubit(quantity) => quantity.name(),
            Self::GateError => "gate_error",
            Self::GateLength => "gate_length",
            Self::Operational => "operational",
        }
    }
}

/// A value that changed; no value on one side is a change, too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Which value.
    pub what: What,
    /// Before.
    pub old: Option<f64>,
    /// After.
    pub new: Option<f64>,
}

/// An operation somewhere: its name and its qubits, or `None` for everywhere.
type Place<'r> = (&'r str, Option<&'r [u32]>);

/// What changed. All lists are in the order of the new snapshot; what it does not have comes last.
#[derive(Debug, Default)]
pub struct Diff {
    /// By qubit.
    pub qubits: Vec<(u32, Change)>,
    /// By gate: index of its table in the new snapshot, and row.
    pub gates: Vec<(u32, u32, Change)>,
    /// Operations that can be used now and could not before.
    pub appeared: Vec<(String, Option<Vec<u32>>)>,
    /// Operations that could be used before and cannot now.
    pub vanished: Vec<(String, Option<Vec<u32>>)>,
    /// Keys of the configuration whose values changed, as far as targets are made of them.
    pub configuration: Vec<&'static str>,
}

impl Diff {
    /// Compares two snapshots.
    #[must_use]
    pub fn new(old: &Reading, new: &Reading, tolerance: Tolerance) -> Self {
        if std::ptr::eq(old, new) {
            return Self::default();
        }
        let mut diff = Self { configuration: changed_keys(&old.configuration, &new.configuration), ..Self::default() };
        let none = Properties::default();
        let (before, after) = (old.properties.as_ref(), new.properties.as_ref());
        diff.compare_qubits(&before.unwrap_or(&none).qubits, &after.unwrap_or(&none).qubits, tolerance);
        for (index, table) in (0..).zip(after.map(|it| &it.gates[..]).unwrap_or_default()) {
            if let Some(known) = before.and_then(|properties| properties.gate(&table.name)) {
                diff.compare_gates(known, table, index, tolerance);
            }
        }
        match (before, after) {
            (Some(before), Some(after)) if diff.configuration.is_empty() && lists_the_same(before, after) => {
                diff.compare_flags(before, after, &new.configuration);
            }
            _ => diff.compare_places(old, new),
        }
        diff
    }

    fn place(&mut self, name: &str, qargs: &[u32], before: bool, after: bool) {
        let list = match (before, after) {
            (true, false) => &mut self.vanished,
            (false, true) => &mut self.appeared,
            _ => return,
        };
        list.push((name.to_owned(), Some(qargs.to_vec())));
    }

    /// What became operational or not, between calibrations that list the same rows of one configuration.
    fn compare_flags(&mut self, old: &Properties, new: &Properties, configuration: &Configuration) {
        let (was, is) = (&old.qubits, &new.qubits);
        let usable =
            |qubits: &QubitColumns, qargs: &[u32]| qargs.iter().all(|qubit| qubits.is_operational(*qubit as usize));
        let is_same = was.operational() == is.operational();
        for (one, other) in old.gates.iter().zip(&new.gates) {
            if is_same && one.operational == other.operational {
                continue;
            }
            for (row, qargs) in other.qargs.iter().enumerate() {
                let before = one.operational[row] && usable(was, qargs);
                self.place(&other.name, qargs, before, other.operational[row] && usable(is, qargs));
            }
        }
        if is_same {
            return;
        }
        // What the configuration defines and the calibrations do not list depends on its qubits alone.
        for gate in sorted(configuration) {
            let table = new.gate(&gate.name);
            let listed = |qargs: &[u32]| table.is_some_and(|table| table.row(qargs).is_some());
            for qargs in gate.qargs.iter().flat_map(QargsList::iter) {
                let (before, after) = (usable(was, qargs), usable(is, qargs));
                if before != after && !listed(qargs) {
                    self.place(&gate.name, qargs, before, after);
                }
            }
        }
    }

    fn compare_places(&mut self, old: &Reading, new: &Reading) {
        let (before, after) = (places(old), places(new));
        let (known, present): (HashSet<_>, HashSet<_>) = (before.iter().collect(), after.iter().collect());
        let own = |(name, qargs): &Place<'_>| ((*name).to_owned(), qargs.map(<[u32]>::to_vec));
        self.appeared = after.iter().filter(|place| !known.contains(place)).map(own).collect();
        self.vanished = before.iter().filter(|place| !present.contains(place)).map(own).collect();
    }

    /// Whether nothing changed.
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
                self.qubits
                    .extend(change.map(|(old, new)| (index(qubit), Change { what: What::Qubit(quantity), old, new })));
            }
        }
        for qubit in 0..old.len().max(new.len()) {
            let change = flag(old.is_operational(qubit), new.is_operational(qubit));
            self.qubits.extend(change.map(|change| (index(qubit), change)));
        }
        self.qubits.sort_by_key(|(qubit, _)| *qubit);
    }

    fn compare_gates(&mut self, old: &GateColumns, new: &GateColumns, table: u32, tolerance: Tolerance) {
        let is_aligned = old.qargs == new.qargs && !new.repeats();
        for (row, qargs) in new.qargs.iter().enumerate() {
            // When a calibration repeats a place, what it says last counts.
            let known = if is_aligned { Some(row) } else { old.row(qargs).filter(|_| new.row(qargs) == Some(row)) };
            let Some(known) = known else { continue };
            let mut add = |change| self.gates.push((table, index(row), change));
            for (what, before, after) in [
                (What::GateError, old.error.cell(known), new.error.cell(row)),
                (What::GateLength, old.duration.cell(known), new.duration.cell(row)),
            ] {
                if let Some((old, new)) = changed(before, after, tolerance) {
                    add(Change { what, old, new });
                }
            }
            flag(old.operational[known], new.operational[row]).into_iter().for_each(add);
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
                || (new - old).abs() <= tolerance.absolute + tolerance.relative * old.abs()
        }
        (None, None) => true,
        _ => false,
    };
    (!is_same).then_some((before, after))
}

fn flag(old: bool, new: bool) -> Option<Change> {
    let number = |flag| Some(f64::from(u8::from(flag)));
    (old != new).then(|| Change { what: What::Operational, old: number(old), new: number(new) })
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

/// Whether two calibrations list the same rows, each once.
fn lists_the_same(old: &Properties, new: &Properties) -> bool {
    let same = |(a, b): (&GateColumns, &GateColumns)| a.name == b.name && a.qargs == b.qargs && !a.repeats();
    old.gates.len() == new.gates.len() && old.gates.iter().zip(&new.gates).all(same)
}

fn sorted(configuration: &Configuration) -> Vec<&GateDefinition> {
    let mut gates: Vec<_> = configuration.gates.values().collect();
    gates.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    gates
}

/// Where operations can be used: where the configuration defines them or the calibration lists them, but for what is not
/// operational. An operation without a place, such as control flow, is everywhere.
fn places<'r>(reading: &'r Reading) -> Vec<Place<'r>> {
    let configuration = &reading.configuration;
    let tables = reading.properties.as_ref().map(|properties| &properties.gates[..]).unwrap_or_default();
    let (mut places, mut seen) = (Vec::new(), HashSet::new());
    let mut add = |place: Place<'r>| seen.insert(place).then_some(place);
    for table in tables {
        places.extend(table.qargs.iter().filter_map(|qargs| add((table.name.as_str(), Some(qargs)))));
    }
    for gate in sorted(configuration) {
        let qargs = gate.qargs.iter().flat_map(QargsList::iter);
        places.extend(qargs.filter_map(|qargs| add((gate.name.as_str(), Some(qargs)))));
    }
    let is_faulty = |(name, qargs): &Place<'_>| {
        let (Some(properties), Some(qargs)) = (&reading.properties, qargs) else { return false };
        let row = properties.gate(name).and_then(|table| table.row(qargs).map(|row| table.operational[row]));
        row == Some(false) || qargs.iter().any(|qubit| !properties.qubits.is_operational(*qubit as usize))
    };
    places.retain(|place| !is_faulty(place));
    let with_rows: HashSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let is_placed =
        |name: &str| with_rows.contains(name) || configuration.gates.get(name).is_some_and(|gate| gate.qargs.is_some());
    let listed = configuration.basis_gates.iter().chain(configuration.supported_instructions.iter().flatten());
    let signatures = configuration.signatures.iter().map(|signature| &signature.name);
    let mut everywhere = HashSet::new();
    for name in listed.chain(signatures).map(String::as_str) {
        if !is_placed(name) && everywhere.insert(name) {
            places.push((name, None));
        }
    }
    places
}
