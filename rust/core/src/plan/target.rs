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

/// The plan of a target: its operations in order. Where they exist is worked out when asked for.
#[derive(Debug)]
pub struct TargetPlan<'s, 'o> {
    configuration: &'s Configuration,
    calibration: Option<Calibration<'s>>,
    options: Options<'o>,
    operations: Vec<Operation<'s>>,
    unknown: Vec<&'s str>,
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
#[derive(Debug, Clone, Copy)]
pub struct Operation<'s> {
    /// Its name.
    pub name: &'s str,
    /// What it is.
    pub definition: Definition<'s>,
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

/// The measured side of a snapshot, and which of its qubits are left out.
#[derive(Debug)]
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

impl<'s, 'o> TargetPlan<'s, 'o> {
    /// Plans the target of a snapshot. Never fails: the snapshot has been checked.
    pub fn new<B: AsRef<[u8]>>(snapshot: &'s Snapshot<B>, options: Options<'o>) -> Self {
        let configuration = snapshot.configuration();
        let calibration = snapshot.properties().map(|properties| Calibration::new(properties, configuration, options));
        let mut plan = Self { configuration, calibration, options, operations: Vec::new(), unknown: Vec::new() };
        plan.list_operations();
        plan
    }

    /// How many qubits the target has.
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
        // Index into `operations` by name; a set of names would do if signatures could not redefine what is there.
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
        let supported =
            self.supported().filter(|name| NON_UNITARY.contains(name) || CONTROL_FLOW.contains(name) || *name == "box");
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

    /// Where an operation of this plan exists; `None` for everywhere.
    #[must_use]
    pub fn places(&self, operation: &Operation<'s>) -> Option<Vec<Place<'s>>> {
        let name = operation.name;
        if matches!(operation.definition, Definition::ControlFlow) {
            return None;
        }
        let defined = self.gate(name).and_then(|gate| gate.qargs.as_ref());
        let places = match &self.calibration {
            // Readout is a quantity of qubits; whatever the gates say of it is ignored.
            Some(calibration) if name == "measure" => return Some(self.readout(calibration)),
            Some(calibration) => merge(defined, calibration.properties.gate(name), calibration),
            None => merge_without_calibration(defined),
        };
        if places.is_none() && self.is_on_each_qubit(name) {
            return Some(self.used_qubits().map(|qubit| Place { qargs: Qargs::One(qubit), values: None }).collect());
        }
        places
    }

    /// Whether an operation of this plan exists everywhere. Control flow, whose width varies, does.
    #[must_use]
    pub fn is_everywhere(&self, operation: &Operation<'s>) -> bool {
        let name = operation.name;
        let is_defined = || self.gate(name).is_some_and(|gate| gate.qargs.is_some());
        let is_measured = |it: &Calibration<'_>| name == "measure" || it.properties.gate(name).is_some();
        let is_listed =
            is_defined() || self.calibration.as_ref().is_some_and(is_measured) || self.is_on_each_qubit(name);
        matches!(operation.definition, Definition::ControlFlow) || !is_listed
    }

    /// Whether an operation that nothing else tells the places of exists on every qubit that stays.
    fn is_on_each_qubit(&self, name: &str) -> bool {
        NON_UNITARY.contains(&name) && self.supported().any(|supported| supported == name)
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
    let place = |(_, qargs)| Place { qargs: Qargs::of(qargs), values: None };
    defined.map(|defined| defined.first_rows(&defined.order()).map(place).collect())
}

/// What a calibration says of a place where a gate is defined.
#[derive(Clone, Copy)]
enum Measured {
    Nothing,
    LeftOut,
    Row(usize),
}

/// Where a gate exists by its definition, with what was measured there; then what was measured elsewhere. When a
/// calibration repeats a place, what it says last counts.
fn merge<'s>(
    defined: Option<&'s QargsList>,
    measured: Option<&'s GateColumns>,
    calibration: &Calibration<'s>,
) -> Option<Vec<Place<'s>>> {
    let Some(measured) = measured.filter(|measured| !measured.qargs.is_empty()) else {
        return merge_without_calibration(defined);
    };
    let defined = defined.unwrap_or(&NOWHERE);
    let order = defined.order();
    let state = |qargs, row| {
        if calibration.is_row_left_out(measured, qargs, row) { Measured::LeftOut } else { Measured::Row(row) }
    };
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
    let mut places = Vec::with_capacity(defined.len() + elsewhere.places.len());
    let mut add = |qargs: &'s [u32], measured_there| {
        let values = match measured_there {
            Measured::LeftOut => return,
            Measured::Nothing => None,
            Measured::Row(row) => Some(InstructionValues {
                duration: measured.duration.cell(row).number(),
                error: measured.error.cell(row).number(),
            }),
        };
        places.push(Place { qargs: Qargs::of(qargs), values });
    };
    defined.first_rows(&order).for_each(|(row, qargs)| add(qargs, found[row]));
    elsewhere.places.into_iter().for_each(|(qargs, measured_there)| add(qargs, measured_there));
    Some(places)
}

/// Places that a calibration knows and a definition does not, by first appearance.
struct Elsewhere<'s> {
    places: Vec<(&'s [u32], Measured)>,
    /// Index into `places`, if places can repeat.
    index: Option<HashMap<&'s [u32], usize>>,
}

impl<'s> Elsewhere<'s> {
    fn new(measured: &'s QargsList) -> Self {
        Self { places: Vec::new(), index: (!measured.is_ascending()).then(HashMap::new) }
    }

    fn add(&mut self, qargs: &'s [u32], state: Measured) {
        let at = match &mut self.index {
            Some(index) => *index.entry(qargs).or_insert(self.places.len()),
            None => self.places.len(),
        };
        match self.places.get_mut(at) {
            Some((_, known)) => *known = state,
            None => self.places.push((qargs, state)),
        }
    }
}
