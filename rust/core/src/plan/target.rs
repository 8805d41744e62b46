// SPDX-License-Identifier: Apache-2.0
//! The plan of a `Target`.
//!
//! Operations are listed in a defined order: `basis_gates`, then what is special in `supported_instructions`
//! (measure, reset, delay and control flow), then `instruction_signatures`, each in payload order, where the first
//! mention wins. Everything else is what the official converter does, step by step.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::entries::{
    Calibration, InstructionValues, NOWHERE, PlacedInstruction, Qargs, merge, merge_without_calibration,
};
use crate::columns::{GateColumns, QubitColumns, QubitQuantity};
use crate::configuration::{Configuration, GateDefinition, Signature, Timing};
use crate::qargs::QargsList;
use crate::snapshot::DeviceData;

/// Names that mean control flow. They have no qargs, and their operation is a class.
const CONTROL_FLOW: [&str; 4] = ["if_else", "while_loop", "for_loop", "switch_case"];
/// Names that every device lists among its supported instructions if it has them, not among its basis gates.
const NON_UNITARY: [&str; 3] = ["measure", "delay", "reset"];
/// Instructions of a device that lists none.
const SUPPORTED_BY_DEFAULT: [&str; 3] = ["measure", "reset", "delay"];

/// Names that mean an operation by themselves, independent of configurations.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Number of qubits that each name acts on; `None` if it varies.
    pub num_qubits: HashMap<String, Option<u32>>,
    /// Those that are fractional gates.
    pub fractional: HashSet<String>,
}

/// Choices about the content of a target.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// Meaning of names.
    pub vocabulary: &'o Vocabulary,
    /// Read the device as if it had its fractional gates.
    pub use_fractional_gates: bool,
    /// List control flow.
    pub include_control_flow: bool,
    /// List `delay`.
    pub add_delay: bool,
    /// Leave out qubits and gates that are not operational.
    pub filter_faulty: bool,
}

/// The plan of a target: its operations in order. Their entries are worked out when asked for.
#[derive(Debug)]
pub struct TargetPlan<'s, 'o> {
    configuration: &'s Configuration,
    calibration: Option<Calibration<'s>>,
    options: Options<'o>,
    operations: Vec<Operation<'s>>,
    unknown: Vec<&'s str>,
}

/// Values of a qubit of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QubitValues {
    /// s
    pub t1: Option<f64>,
    /// s
    pub t2: Option<f64>,
    /// Hz
    pub frequency: Option<f64>,
}

/// An operation of a target.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'s> {
    /// Its name.
    pub name: &'s str,
    /// Definition of the operation.
    pub definition: Definition<'s>,
}

/// Definition of an operation, apart from its name.
#[derive(Debug, Clone, Copy)]
pub enum Definition<'s> {
    /// A class of control flow.
    ControlFlow,
    /// Meaning of the name in the vocabulary, with the number of qubits.
    Known(Option<u32>),
    /// A gate that the configuration defines.
    Gate(&'s GateDefinition),
    /// An instruction that only this device has.
    Signature(&'s Signature),
}

impl Definition<'_> {
    /// Return the number of qubits that the operation acts on, if it is fixed.
    #[must_use]
    pub fn num_qubits(&self) -> Option<u32> {
        match self {
            Self::ControlFlow => None,
            Self::Known(num_qubits) => *num_qubits,
            Self::Gate(gate) => Some(gate.num_qubits()),
            Self::Signature(signature) => Some(signature.num_qubits),
        }
    }
}

impl<'s, 'o> TargetPlan<'s, 'o> {
    /// Plan the target of a device. Never fails: what was read has been checked.
    #[must_use]
    pub fn new(data: &'s DeviceData, options: Options<'o>) -> Self {
        let configuration = &*data.configuration;
        let calibration =
            data.properties.as_ref().map(|properties| Calibration::new(properties, configuration, options));
        let mut plan = Self { configuration, calibration, options, operations: Vec::new(), unknown: Vec::new() };
        plan.list_operations();
        plan
    }

    /// Return the number of qubits.
    #[must_use]
    pub fn num_qubits(&self) -> u32 {
        self.configuration.num_qubits
    }

    /// Time resolution, s.
    #[must_use]
    pub fn dt(&self) -> Option<f64> {
        self.configuration.dt
    }

    /// Timing constraints, in dt.
    #[must_use]
    pub fn timing(&self) -> Timing {
        self.configuration.timing
    }

    /// A value per qubit, if the device has properties.
    #[must_use]
    pub fn qubits(&self) -> Option<Vec<QubitValues>> {
        self.calibration.as_ref().map(|calibration| calibration.qubits(self.num_qubits()))
    }

    /// The operations in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation<'s>] {
        &self.operations
    }

    /// Names left out because nothing tells what they mean.
    #[must_use]
    pub fn unknown(&self) -> &[&'s str] {
        &self.unknown
    }

    fn list_operations(&mut self) {
        // Index into `operations` by name. The official converter overwrites an operation that a signature repeats: its
        // position stays, its definition is another.
        let (mut known, mut unknown) = (HashMap::new(), HashSet::new());
        let mut operations = Vec::new();
        let mut left_out = Vec::new();
        for name in self.names() {
            if let Entry::Vacant(vacant) = known.entry(name) {
                if let Some(definition) = self.definition(name) {
                    vacant.insert(operations.len());
                    operations.push(Operation { name, definition });
                } else if !CONTROL_FLOW.contains(&name) && unknown.insert(name) {
                    left_out.push(name);
                }
            }
        }
        for signature in &self.configuration.signatures {
            let name = signature.name.as_str();
            let definition =
                if CONTROL_FLOW.contains(&name) { Definition::ControlFlow } else { Definition::Signature(signature) };
            match known.entry(name) {
                Entry::Occupied(at) => operations[*at.get()].definition = definition,
                Entry::Vacant(vacant) => {
                    vacant.insert(operations.len());
                    operations.push(Operation { name, definition });
                }
            }
        }
        operations.retain(|operation| self.options.add_delay || operation.name != "delay");
        (self.operations, self.unknown) = (operations, left_out);
    }

    /// Return the definition of `name`; `None` if control flow is left out, or if nothing defines the name.
    fn definition(&self, name: &str) -> Option<Definition<'s>> {
        if CONTROL_FLOW.contains(&name) {
            return self.options.include_control_flow.then_some(Definition::ControlFlow);
        }
        match self.options.vocabulary.num_qubits.get(name) {
            Some(num_qubits) => Some(Definition::Known(*num_qubits)),
            None => self.gate(name).map(Definition::Gate),
        }
    }

    fn is_excluded(&self, name: &str) -> bool {
        !self.options.use_fractional_gates && self.options.vocabulary.fractional.contains(name)
    }

    fn names(&self) -> impl Iterator<Item = &'s str> {
        let supported =
            self.supported().filter(|name| NON_UNITARY.contains(name) || CONTROL_FLOW.contains(name) || *name == "box");
        let basis = self.configuration.basis_gates.iter().map(String::as_str);
        basis.chain(supported).filter(|name| !self.is_excluded(name))
    }

    fn supported(&self) -> impl Iterator<Item = &'s str> {
        let listed = self.configuration.supported_instructions.as_deref().unwrap_or_default();
        let mut listed = listed.iter().map(String::as_str).filter(|name| !self.is_excluded(name)).peekable();
        // A list of which nothing is left counts as none.
        let default: &[&str] = if listed.peek().is_some() { &[] } else { &SUPPORTED_BY_DEFAULT };
        listed.chain(default.iter().copied())
    }

    fn gate(&self, name: &str) -> Option<&'s GateDefinition> {
        if self.is_excluded(name) { None } else { self.configuration.gates.get(name) }
    }

    /// Return the entries of an operation of this plan; `None` if it exists everywhere.
    #[must_use]
    pub fn entries(&self, operation: &Operation<'s>) -> Option<Vec<PlacedInstruction<'s>>> {
        let name = operation.name;
        if matches!(operation.definition, Definition::ControlFlow) {
            return None;
        }
        let defined = self.gate(name).and_then(|gate| gate.qargs.as_ref());
        let entries = match &self.calibration {
            // Readout is a quantity of qubits; a gate called so is ignored.
            Some(calibration) if name == "measure" => return Some(self.readout(calibration)),
            Some(calibration) => merge(defined, calibration.properties.gate(name), calibration),
            None => merge_without_calibration(defined),
        };
        if entries.is_none() && self.is_on_each_qubit(name) {
            return Some(
                self.used_qubits().map(|qubit| PlacedInstruction { qargs: Qargs::One(qubit), values: None }).collect(),
            );
        }
        entries
    }

    /// Return the defined qargs and the measured rows of an operation, if its entries are made of such rows.
    pub(super) fn rows(&self, operation: &Operation<'s>) -> Option<(&'s QargsList, &'s GateColumns, &Calibration<'s>)> {
        let name = operation.name;
        if matches!(operation.definition, Definition::ControlFlow) || name == "measure" {
            return None;
        }
        let calibration = self.calibration.as_ref()?;
        let measured = calibration.properties.gate(name).filter(|measured| !measured.qargs.is_empty())?;
        Some((self.gate(name).and_then(|gate| gate.qargs.as_ref()).unwrap_or(&NOWHERE), measured, calibration))
    }

    /// Return whether an operation of this plan exists everywhere. Control flow, whose width varies, does.
    #[must_use]
    pub fn is_everywhere(&self, operation: &Operation<'s>) -> bool {
        let name = operation.name;
        let is_defined = || self.gate(name).is_some_and(|gate| gate.qargs.is_some());
        let is_measured = |it: &Calibration<'_>| name == "measure" || it.properties.gate(name).is_some();
        let is_listed =
            is_defined() || self.calibration.as_ref().is_some_and(is_measured) || self.is_on_each_qubit(name);
        matches!(operation.definition, Definition::ControlFlow) || !is_listed
    }

    /// Return whether an operation is listed on other numbers of qubits than its own, as Qiskit lets `store` be.
    pub(super) fn is_on_other_numbers_of_qubits(&self, operation: &Operation<'s>) -> bool {
        let num_qubits = match operation.definition {
            Definition::ControlFlow | Definition::Known(_) => return false,
            Definition::Gate(gate) => gate.num_qubits(),
            Definition::Signature(signature) => signature.num_qubits,
        };
        let is_other = |list: &QargsList| !list.is_empty() && list.width() != Some(num_qubits as usize);
        let defined = self.gate(operation.name).and_then(|gate| gate.qargs.as_ref());
        let measured = self.calibration.as_ref().and_then(|it| it.properties.gate(operation.name));
        defined.is_some_and(is_other) || measured.is_some_and(|gate| is_other(&gate.qargs))
    }

    /// Return whether an operation without listed qargs exists on every qubit that stays.
    fn is_on_each_qubit(&self, name: &str) -> bool {
        NON_UNITARY.contains(&name) && self.supported().any(|supported| supported == name)
    }

    /// The qubits that stay, in order.
    fn used_qubits(&self) -> impl Iterator<Item = u32> {
        let left_out = move |qubit: &u32| self.calibration.as_ref().is_some_and(|it| it.is_left_out(*qubit));
        (0..self.configuration.num_qubits).filter(move |qubit| !left_out(qubit))
    }

    fn readout(&self, calibration: &Calibration<'s>) -> Vec<PlacedInstruction<'s>> {
        let columns: &QubitColumns = &calibration.properties.qubits;
        let duration = columns.column(QubitQuantity::ReadoutLength);
        let error = columns.column(QubitQuantity::ReadoutError);
        let entry = |qubit: u32| PlacedInstruction {
            qargs: Qargs::One(qubit),
            values: Some(InstructionValues {
                duration: duration.cell(qubit as usize).number(),
                error: error.cell(qubit as usize).number(),
            }),
        };
        self.used_qubits().map(entry).collect()
    }
}
