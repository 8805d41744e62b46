// SPDX-License-Identifier: Apache-2.0
//! The plan of a `Target`.
//!
//! Operations are listed in a defined order: `basis_gates`, then what is special in `supported_instructions`
//! (measure, reset, delay and control flow), then `instruction_signatures`, each in payload order, where the first
//! mention wins. Everything else is what the official converter does, step by step.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::columns::{GateColumns, QubitColumns, QubitQuantity};
use crate::configuration::{Configuration, GateDefinition, Signature, Timing};
use crate::properties::Properties;
use crate::qargs::QargsList;
use crate::snapshot::Snapshot;

/// Names that mean control flow. They have no qargs, and their operation is a class.
const CONTROL_FLOW: [&str; 4] = ["if_else", "while_loop", "for_loop", "switch_case"];
/// Names that every device lists among its supported instructions if it has them, not among its basis gates.
const NON_UNITARY: [&str; 3] = ["measure", "delay", "reset"];
/// What a device supports that lists nothing.
const SUPPORTED_BY_DEFAULT: [&str; 3] = ["measure", "reset", "delay"];

/// Names that mean an operation by themselves, whatever a configuration says.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// How many qubits each acts on; `None` if that varies.
    pub num_qubits: HashMap<String, Option<u32>>,
    /// Those that are fractional gates.
    pub fractional: HashSet<String>,
}

/// The qargs of a gate whose definition lists none.
static NOWHERE: QargsList = QargsList::new();

/// What goes into a target.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// What names mean.
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

/// What a target is made of.
#[derive(Debug)]
pub struct TargetPlan<'s> {
    /// How many qubits it has.
    pub num_qubits: u32,
    /// Time resolution, s.
    pub dt: Option<f64>,
    /// Timing constraints, in dt.
    pub timing: Timing,
    /// A value per qubit, if the device has properties.
    pub qubits: Option<Vec<QubitValues>>,
    /// Operations in order.
    pub operations: Vec<Operation<'s>>,
    /// Names left out because nothing tells what they mean.
    pub unknown: Vec<&'s str>,
}

/// What a target says of a qubit.
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
#[derive(Debug)]
pub struct Operation<'s> {
    /// Its name.
    pub name: &'s str,
    /// What it is.
    pub definition: Definition<'s>,
    /// Where it exists; `None` for everywhere.
    pub places: Option<Vec<Place<'s>>>,
}

/// What an operation is, apart from its name.
#[derive(Debug, Clone, Copy)]
pub enum Definition<'s> {
    /// A class of control flow.
    ControlFlow,
    /// What the vocabulary means by the name, on so many qubits.
    Known(Option<u32>),
    /// A gate that the configuration defines.
    Gate(&'s GateDefinition),
    /// An instruction that only this device has.
    Signature(&'s Signature),
}

impl Definition<'_> {
    /// How many qubits the operation acts on, if that is fixed.
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

/// Where an operation exists, and with what properties, unless nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'s> {
    /// The qubits.
    pub qargs: Qargs<'s>,
    /// Duration and error there.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qargs<'s> {
    /// One qubit.
    One(u32),
    /// An ordered pair.
    Two(u32, u32),
    /// Any number.
    Many(&'s [u32]),
}

impl<'s> Qargs<'s> {
    fn of(qubits: &'s [u32]) -> Self {
        match *qubits {
            [qubit] => Self::One(qubit),
            [first, second] => Self::Two(first, second),
            ref many => Self::Many(many),
        }
    }
}

impl<'s> TargetPlan<'s> {
    /// Plans the target of a snapshot. Never fails: the snapshot has been checked.
    pub fn new<B: AsRef<[u8]>>(snapshot: &'s Snapshot<B>, options: Options<'_>) -> Self {
        let configuration = snapshot.configuration();
        let planner = Planner {
            configuration,
            calibration: snapshot.properties().map(|properties| Calibration::new(properties, configuration, options)),
            options,
        };
        let (operations, unknown) = planner.operations();
        Self {
            num_qubits: configuration.num_qubits,
            dt: configuration.dt,
            timing: configuration.timing,
            qubits: planner.calibration.as_ref().map(|calibration| calibration.qubits(configuration.num_qubits)),
            operations,
            unknown,
        }
    }
}

/// The measured side of a snapshot, and which of its qubits are left out.
struct Calibration<'s> {
    properties: &'s Properties,
    /// Empty if every qubit stays.
    faulty: Vec<bool>,
    filter_faulty: bool,
}

impl<'s> Calibration<'s> {
    fn new(properties: &'s Properties, configuration: &Configuration, options: Options<'_>) -> Self {
        let qubits = 0..configuration.num_qubits as usize;
        let faulty: Vec<bool> = qubits.map(|qubit| !properties.qubits.is_operational(qubit)).collect();
        let any = options.filter_faulty && faulty.contains(&true);
        Self { properties, faulty: if any { faulty } else { Vec::new() }, filter_faulty: options.filter_faulty }
    }

    fn is_left_out(&self, qubit: u32) -> bool {
        self.faulty.get(qubit as usize).copied().unwrap_or(false)
    }

    fn is_row_left_out(&self, gate: &GateColumns, qargs: &[u32], row: usize) -> bool {
        let touches_faulty = !self.faulty.is_empty() && qargs.iter().any(|qubit| self.is_left_out(*qubit));
        self.filter_faulty && (touches_faulty || !gate.operational[row])
    }

    fn qubits(&self, num_qubits: u32) -> Vec<QubitValues> {
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

struct Planner<'s, 'o> {
    configuration: &'s Configuration,
    calibration: Option<Calibration<'s>>,
    options: Options<'o>,
}

impl<'s> Planner<'s, '_> {
    /// The operations in order, and names that mean nothing.
    fn operations(&self) -> (Vec<Operation<'s>>, Vec<&'s str>) {
        let (mut operations, mut unknown, mut seen_unknown) = (Vec::new(), Vec::new(), HashSet::new());
        // Index into `operations` by name; a set of names would do if signatures could not redefine what is there.
        let mut known = HashMap::new();
        for name in self.names() {
            if let Entry::Vacant(vacant) = known.entry(name) {
                if let Some(definition) = self.definition(name) {
                    vacant.insert(operations.len());
                    operations.push(Operation { name, definition, places: None });
                } else if !CONTROL_FLOW.contains(&name) && seen_unknown.insert(name) {
                    unknown.push(name);
                }
            }
        }
        for signature in &self.configuration.signatures {
            let name = signature.name.as_str();
            let definition = if CONTROL_FLOW.contains(&name) {
                Definition::ControlFlow
            } else {
                Definition::Signature(signature)
            };
            match known.entry(name) {
                Entry::Occupied(at) => operations[*at.get()].definition = definition,
                Entry::Vacant(vacant) => {
                    vacant.insert(operations.len());
                    operations.push(Operation { name, definition, places: None });
                }
            }
        }
        operations.retain(|operation| self.options.add_delay || operation.name != "delay");
        for operation in &mut operations {
            if !matches!(operation.definition, Definition::ControlFlow) {
                operation.places = self.places(operation.name);
            }
        }
        (operations, unknown)
    }

    /// What `name` is; `None` if control flow is not wanted or if nothing tells.
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
        let supported = self.supported().filter(|name| {
            NON_UNITARY.contains(name) || CONTROL_FLOW.contains(name) || *name == "box"
        });
        let basis = self.configuration.basis_gates.iter().map(String::as_str);
        basis.chain(supported).filter(|name| !self.is_excluded(name))
    }

    fn supported(&self) -> impl Iterator<Item = &'s str> {
        let listed = self.configuration.supported_instructions.as_deref();
        let default: &[&str] = if listed.is_some() { &[] } else { &SUPPORTED_BY_DEFAULT };
        listed.unwrap_or_default().iter().map(String::as_str).chain(default.iter().copied())
    }

    fn gate(&self, name: &str) -> Option<&'s GateDefinition> {
        if self.is_excluded(name) { None } else { self.configuration.gates.get(name) }
    }

    /// Where the operation called `name` exists; `None` for everywhere.
    fn places(&self, name: &str) -> Option<Vec<Place<'s>>> {
        let places = match &self.calibration {
            // Readout is a quantity of qubits; whatever the gates say of it is ignored.
            Some(calibration) if name == "measure" => return Some(self.readout(calibration)),
            Some(calibration) => {
                merge(self.gate(name).and_then(|gate| gate.qargs.as_ref()), calibration.properties.gate(name), calibration)
            }
            None => merge_without_calibration(self.gate(name).and_then(|gate| gate.qargs.as_ref())),
        };
        if places.is_none() && NON_UNITARY.contains(&name) && self.supported().any(|supported| supported == name) {
            return Some(self.used_qubits().map(|qubit| Place { qargs: Qargs::One(qubit), values: None }).collect());
        }
        places
    }

    /// The qubits that stay, in order.
    fn used_qubits(&self) -> impl Iterator<Item = u32> {
        let left_out = move |qubit: &u32| self.calibration.as_ref().is_some_and(|it| it.is_left_out(*qubit));
        (0..self.configuration.num_qubits).filter(move |qubit| !left_out(qubit))
    }

    fn readout(&self, calibration: &Calibration<'s>) -> Vec<Place<'s>> {
        let columns: &QubitColumns = &calibration.properties.qubits;
        let duration = columns.column(QubitQuantity::ReadoutLength);
        let error = columns.column(QubitQuantity::ReadoutError);
        let place = |qubit: u32| Place {
            qargs: Qargs::One(qubit),
            values: Some(InstructionValues {
                duration: duration.cell(qubit as usize).number(),
                error: error.cell(qubit as usize).number(),
            }),
        };
        self.used_qubits().map(place).collect()
    }
}

fn merge_without_calibration(defined: Option<&QargsList>) -> Option<Vec<Place<'_>>> {
    let defined = defined?;
    let places = |order| defined.first_rows(order).map(|(_, qargs)| Place { qargs: Qargs::of(qargs), values: None }).collect();
    Some(places(&defined.order()))
}

/// Where a gate exists by its definition, with what was measured there; then what was measured elsewhere.
fn merge<'s>(
    defined: Option<&'s QargsList>,
    measured: Option<&'s GateColumns>,
    calibration: &Calibration<'s>,
) -> Option<Vec<Place<'s>>> {
    let Some(measured) = measured.filter(|measured| !measured.qargs.is_empty()) else {
        return merge_without_calibration(defined);
    };
    let values = |row| {
        Some(InstructionValues { duration: measured.duration.cell(row).number(), error: measured.error.cell(row).number() })
    };
    let defined = defined.unwrap_or(&NOWHERE);
    let order = defined.order();
    // By row of `defined`: what was measured there, and whether it is left out.
    let mut found: Vec<Option<InstructionValues>> = vec![None; defined.len()];
    let mut left_out: Vec<bool> = Vec::new();
    let mut elsewhere = Vec::new();
    let mut guess = 0;
    for (qargs, row) in measured.rows() {
        // Lists that are in the same order meet without a search.
        let at = if guess < defined.len() && order.is_payload_order() && defined.get(guess) == qargs {
            Some(guess)
        } else {
            order.find(defined, qargs).map(|(first, _)| first)
        };
        guess = at.map_or(guess, |at| at + 1);
        let skip = calibration.is_row_left_out(measured, qargs, row);
        match at {
            Some(at) if skip => {
                left_out.resize(defined.len(), false);
                left_out[at] = true;
            }
            Some(at) => found[at] = values(row),
            None if skip => {}
            None => elsewhere.push(Place { qargs: Qargs::of(qargs), values: values(row) }),
        }
    }
    let mut places = Vec::with_capacity(defined.len() + elsewhere.len());
    for (row, qargs) in defined.first_rows(&order) {
        if !left_out.get(row).copied().unwrap_or(false) {
            places.push(Place { qargs: Qargs::of(qargs), values: found[row] });
        }
    }
    places.append(&mut elsewhere);
    Some(places)
}
