// SPDX-License-Identifier: Apache-2.0
//! Reading configuration payloads.

use std::collections::HashMap;

use crate::error::Fault;
use crate::json::{ReadResult, Reader, Span};
use crate::members::Members;
use crate::qargs::QargsList;

/// More qubits than this are taken for a broken payload: a `Target` costs memory per qubit, so a few wrong bytes must
/// not be able to ask for gigabytes.
pub const MAX_QUBITS: u32 = 1 << 16;

/// The part of a configuration that Qiskit objects are made of; everything else stays where it is, in the payload.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The device's name.
    pub backend_name: String,
    /// Number of qubits.
    pub num_qubits: u32,
    /// Names of its basis gates.
    pub basis_gates: Vec<String>,
    /// Its gates by name.
    pub gates: HashMap<String, GateDefinition>,
    /// Names of everything it executes, if the payload has a list that is not empty.
    pub supported_instructions: Option<Vec<String>>,
    /// Instructions that no Qiskit name stands for.
    pub signatures: Vec<Signature>,
    /// Time resolution of its input signals, s.
    pub dt: Option<f64>,
    /// Multiples that starts and lengths of instructions must be of.
    pub timing: Timing,
    /// Span of each top-level value.
    pub members: Members,
}

/// An element of `gates`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GateDefinition {
    /// The gate's name.
    pub name: String,
    /// Names of its parameters.
    pub parameters: Vec<String>,
    /// Qargs of the gate, unless the payload leaves them open.
    pub qargs: Option<QargsList>,
}

/// An element of `instruction_signatures`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signature {
    /// The instruction's name.
    pub name: String,
    /// Number of qubits that it acts on.
    pub num_qubits: u32,
    /// Number of classical bits that it writes.
    pub num_clbits: u32,
    /// Names of its parameters.
    pub parameters: Vec<String>,
}

/// Timing constraints in units of dt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Lengths are multiples of this.
    pub granularity: u32,
    /// Lengths are at least this.
    pub min_length: u32,
    /// Gates start at multiples of this.
    pub pulse_alignment: u32,
    /// Measurements start at multiples of this.
    pub acquire_alignment: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { granularity: 1, min_length: 1, pulse_alignment: 1, acquire_alignment: 1 }
    }
}

/// Values that are needed or read once the number of qubits is known.
#[derive(Default)]
struct Found {
    backend_name: Option<String>,
    num_qubits: Option<u32>,
    basis_gates: Option<Vec<String>>,
    gates: Option<Span>,
}

impl Configuration {
    /// Read a payload.
    pub(crate) fn read(bytes: &[u8]) -> ReadResult<Self> {
        let mut reader = Reader::new(bytes)?;
        let (mut configuration, mut found, mut gates_limit) = (Self::default(), Found::default(), None);
        reader.peek();
        let start = reader.offset() as usize;
        reader.object(|reader, key| {
            let from = reader.offset();
            match &*key.bytes() {
                b"backend_name" => found.backend_name = Some(reader.text()?.decode().into()),
                b"n_qubits" => found.num_qubits = Some(reader.index(MAX_QUBITS + 1)?),
                b"basis_gates" => found.basis_gates = Some(read_names(reader)?),
                b"gates" => {
                    let before = reader.clone();
                    gates_limit = found.num_qubits;
                    match gates_limit {
                        Some(num_qubits) => configuration.gates = read_gates(reader, num_qubits)?,
                        None => drop(reader.skip()?),
                    }
                    found.gates = Some(Span { start: before.offset(), end: reader.offset() });
                }
                b"supported_instructions" => {
                    let names = if reader.null()? { Vec::new() } else { read_names(reader)? };
                    configuration.supported_instructions = (!names.is_empty()).then_some(names);
                }
                b"instruction_signatures" => configuration.signatures = read_signatures(reader)?,
                // Multiplied, not divided as properties are: the official model does the same.
                b"dt" => configuration.dt = read_optional_number(reader)?.map(|dt| dt * 1e-9),
                b"timing_constraints" => configuration.timing = Timing::read(reader)?,
                _ => drop(reader.skip()?),
            }
            configuration.members.push(key.offset(), from, reader.offset());
            Ok(())
        })?;
        reader.finish()?;
        configuration.backend_name = found.backend_name.ok_or_else(|| Fault::missing(start, "backend_name"))?;
        configuration.num_qubits = found.num_qubits.ok_or_else(|| Fault::missing(start, "n_qubits"))?;
        configuration.basis_gates = found.basis_gates.ok_or_else(|| Fault::missing(start, "basis_gates"))?;
        let gates = found.gates.ok_or_else(|| Fault::missing(start, "gates"))?;
        if gates_limit != Some(configuration.num_qubits) {
            // `n_qubits` came behind `gates`, or came twice.
            let mut reader = Reader::at(bytes, gates.start);
            configuration.gates = read_gates(&mut reader, configuration.num_qubits)?;
        }
        Ok(configuration)
    }
}

impl Timing {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        let mut timing = Self::default();
        if reader.null()? {
            return Ok(timing);
        }
        reader.object(|reader, key| {
            let field = match &*key.bytes() {
                b"granularity" => &mut timing.granularity,
                b"min_length" => &mut timing.min_length,
                b"pulse_alignment" => &mut timing.pulse_alignment,
                b"acquire_alignment" => &mut timing.acquire_alignment,
                _ => return reader.skip().map(drop),
            };
            *field = if reader.null()? { 1 } else { reader.count()? };
            Ok(())
        })?;
        Ok(timing)
    }
}

fn read_names(reader: &mut Reader<'_>) -> ReadResult<Vec<String>> {
    let mut names = Vec::new();
    reader.array(|reader| {
        names.push(reader.text()?.decode().into());
        Ok(())
    })?;
    Ok(names)
}

fn read_optional_names(reader: &mut Reader<'_>) -> ReadResult<Vec<String>> {
    if reader.null()? { Ok(Vec::new()) } else { read_names(reader) }
}

fn read_optional_number(reader: &mut Reader<'_>) -> ReadResult<Option<f64>> {
    if reader.null()? { Ok(None) } else { reader.number().map(|number| Some(number.value)) }
}

/// Read gates; when a name repeats, its last definition counts.
fn read_gates(reader: &mut Reader<'_>, num_qubits: u32) -> ReadResult<HashMap<String, GateDefinition>> {
    let mut gates = HashMap::new();
    reader.array(|reader| {
        let gate = GateDefinition::read(reader, num_qubits)?;
        gates.insert(gate.name.clone(), gate);
        Ok(())
    })?;
    Ok(gates)
}

impl GateDefinition {
    /// Return the number of qubits that the gate acts on, by its first qargs; 0 if the payload leaves them open.
    #[must_use]
    pub fn num_qubits(&self) -> u32 {
        let first = self.qargs.as_ref().map_or(0, |qargs| qargs.get(0).len());
        u32::try_from(first).unwrap_or(u32::MAX)
    }

    fn read(reader: &mut Reader<'_>, num_qubits: u32) -> ReadResult<Self> {
        let start = reader.offset() as usize;
        let (mut definition, mut name) = (Self::default(), None);
        reader.object(|reader, key| {
            match &*key.bytes() {
                b"name" => name = Some(reader.text()?.decode().into_owned()),
                b"parameters" => definition.parameters = read_optional_names(reader)?,
                b"coupling_map" => {
                    let qargs =
                        if reader.null()? { QargsList::default() } else { QargsList::read(reader, num_qubits)? };
                    definition.qargs = (!qargs.is_empty()).then_some(qargs);
                }
                _ => drop(reader.skip()?),
            }
            Ok(())
        })?;
        definition.name = name.ok_or_else(|| Fault::missing(start, "name"))?;
        Ok(definition)
    }
}

fn read_signatures(reader: &mut Reader<'_>) -> ReadResult<Vec<Signature>> {
    let mut signatures = Vec::new();
    if reader.null()? {
        return Ok(signatures);
    }
    reader.array(|reader| {
        signatures.push(Signature::read(reader)?);
        Ok(())
    })?;
    Ok(signatures)
}

impl Signature {
    fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        let start = reader.offset() as usize;
        let (mut name, mut num_qubits, mut num_clbits, mut parameters) = (None, None, None, Vec::new());
        reader.object(|reader, key| {
            match &*key.bytes() {
                b"name" => name = Some(reader.text()?.decode().into_owned()),
                b"num_qubits" => num_qubits = Some(reader.count()?),
                b"num_clbits" => num_clbits = Some(reader.count()?),
                b"parameters" => parameters = read_optional_names(reader)?,
                _ => drop(reader.skip()?),
            }
            Ok(())
        })?;
        Ok(Self {
            name: name.ok_or_else(|| Fault::missing(start, "name"))?,
            num_qubits: num_qubits.ok_or_else(|| Fault::missing(start, "num_qubits"))?,
            num_clbits: num_clbits.ok_or_else(|| Fault::missing(start, "num_clbits"))?,
            parameters,
        })
    }
}
