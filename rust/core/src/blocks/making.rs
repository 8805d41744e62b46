// SPDX-License-Identifier: Apache-2.0
//! Making blocks of compressed payloads.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::listing::{Listing, encode_names};
use super::{GATES, MAX_BLOCK_CELLS, MAX_GATES, MAX_ROWS, Subject, column, listing_name};
use crate::columns::GateColumns;
use crate::error::Payload;
use crate::pack::{MAX_PAYLOAD, Unpacker};
use crate::parallel::in_parallel;
use crate::properties::Properties;
use crate::series::{GateSeries, SeriesError, Table, TooLarge, check_qubits, flags, stack, stack_gate};

/// A compressed properties payload: the bytes, and how long they are without compression.
pub type PackedProperties<'b> = (&'b [u8], usize);

/// A payload that was read; `None` for one that says that there are no properties.
type Read = Option<Properties>;

/// Blocks of some payloads.
#[derive(Debug, Default)]
pub struct Made {
    /// The blocks, which have the payloads in their order; several if one would be too large.
    pub blocks: Vec<Block>,
    /// Payloads that cannot be read, by index.
    pub problems: Vec<(usize, SeriesError)>,
}

/// All columns of some calibrations.
#[derive(Debug)]
pub struct Block {
    /// Index of the payload of each row.
    pub rows: Vec<usize>,
    /// Columns by name.
    pub columns: Vec<(String, Content)>,
}

/// Content of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The name of an earlier column with the same bytes.
    Same(String),
}

/// Make blocks of payloads of a device with `num_qubits` qubits.
pub fn make(packed: Vec<PackedProperties<'_>>, num_qubits: u32, threads: usize) -> Result<Made, SeriesError> {
    check_qubits(num_qubits)?;
    let mut made = Made::default();
    let mut sound = Vec::new();
    for (index, read) in read_all(packed, num_qubits, threads).into_iter().enumerate() {
        match read {
            Ok(read) => sound.push((index, read)),
            Err(error) => made.problems.push((index, error)),
        }
    }
    make_of(&sound, num_qubits, threads, &mut made.blocks)?;
    Ok(made)
}

/// Read payloads in parallel.
pub(super) fn read_all(
    packed: Vec<PackedProperties<'_>>,
    num_qubits: u32,
    threads: usize,
) -> Vec<Result<Read, SeriesError>> {
    // One for each thread, when all are at work.
    let unpackers = Mutex::new(Vec::new());
    let lock = || unpackers.lock().unwrap_or_else(PoisonError::into_inner);
    in_parallel(packed, threads, |(bytes, length)| {
        let idle = lock().pop();
        let mut unpacker = idle.or_else(Unpacker::new).ok_or(SeriesError::NotDecompressed)?;
        let read = read(&mut unpacker, bytes, length, num_qubits);
        lock().push(unpacker);
        read
    })
}

fn read(unpacker: &mut Unpacker, packed: &[u8], length: usize, num_qubits: u32) -> Result<Read, SeriesError> {
    let bytes = unpacker.unpack(packed, length, MAX_PAYLOAD).ok_or(SeriesError::NotDecompressed)?;
    let read = Properties::read(bytes, num_qubits).map_err(|fault| fault.in_payload(Payload::Properties, bytes))?;
    match read.as_ref().map_or(0, |properties| properties.gates.len()) {
        gates if gates > MAX_GATES => Err(SeriesError::TooManyGates(gates)),
        _ => Ok(read),
    }
}

fn make_of(sound: &[(usize, Read)], num_qubits: u32, threads: usize, blocks: &mut Vec<Block>) -> Result<(), TooLarge> {
    if sound.is_empty() {
        return Ok(());
    }
    let calibrations: Vec<_> = sound.iter().map(|(_, read)| read.as_ref()).collect();
    let gates = gate_names(&calibrations);
    if sound.len() > 1 && !fits(&calibrations, &gates) {
        let (first, second) = sound.split_at(sound.len() / 2);
        make_of(first, num_qubits, threads, blocks)?;
        return make_of(second, num_qubits, threads, blocks);
    }
    let columns = columns_of(&calibrations, gates, num_qubits, threads)?;
    blocks.push(Block { rows: sound.iter().map(|(index, _)| *index).collect(), columns: without_repetitions(columns) });
    Ok(())
}

/// Names of gates by first appearance.
pub(super) fn gate_names<'p>(calibrations: &[Option<&'p Properties>]) -> Vec<&'p str> {
    let mut known = HashSet::new();
    let gates = calibrations.iter().flatten().flat_map(|properties| &properties.gates);
    gates.map(|gate| gate.name.as_str()).filter(|name| known.insert(*name)).collect()
}

/// Return whether calibrations are surely few and small enough for one block.
fn fits(calibrations: &[Option<&Properties>], gates: &[&str]) -> bool {
    let mut places = 0;
    for gate in gates {
        let lists: Vec<_> = tables(calibrations, gate).into_iter().flatten().map(|table| &table.qargs).collect();
        places += lists.first().map_or(0, |list| list.len());
        places += lists.windows(2).map(|pair| if pair[0] == pair[1] { 0 } else { pair[1].len() }).sum::<usize>();
    }
    calibrations.len() <= MAX_ROWS && gates.len() <= MAX_GATES && places * calibrations.len() <= MAX_BLOCK_CELLS
}

pub(super) fn tables<'p>(calibrations: &[Option<&'p Properties>], gate: &str) -> Vec<Option<&'p GateColumns>> {
    calibrations.iter().map(|properties| properties.and_then(|properties| properties.gate(gate))).collect()
}

/// A part of the columns, which one thread makes.
enum Part<'n> {
    Gate(&'n str),
    Qubits(Subject<'n>),
}

fn columns_of(
    calibrations: &[Option<&Properties>],
    gates: Vec<&str>,
    num_qubits: u32,
    threads: usize,
) -> Result<Vec<(String, Vec<u8>)>, TooLarge> {
    let rows = calibrations.len();
    let mut columns = vec![(GATES.to_owned(), encode_names(&gates, rows))];
    let subjects = Subject::of_qubits().map(Part::Qubits);
    let parts = gates.into_iter().map(Part::Gate).chain(subjects).collect();
    let made = in_parallel(parts, threads, |part| match part {
        Part::Qubits(subject) => {
            let table = qubit_table(calibrations, subject, num_qubits)?;
            Ok(vec![(subject.table(), column::encode(&table, rows))])
        }
        Part::Gate(gate) => {
            let tables = tables(calibrations, gate);
            let mut columns = vec![(listing_name(gate), Listing::new(&tables).encode())];
            let series = stack_gate(&tables)?;
            for subject in Subject::of_gate(gate) {
                columns.push((subject.table(), column::encode(&gate_table(&series, subject), rows)));
            }
            Ok(columns)
        }
    });
    for part in made {
        columns.extend(part?);
    }
    Ok(columns)
}

/// Stack a quantity of qubits.
pub(super) fn qubit_table(
    calibrations: &[Option<&Properties>],
    subject: Subject<'_>,
    num_qubits: u32,
) -> Result<Table, TooLarge> {
    let width = num_qubits as usize;
    if let Subject::Qubits(quantity) = subject {
        let columns = calibrations.iter().map(|it| it.map(|properties| properties.qubits.column(quantity)));
        return stack(&columns.collect::<Vec<_>>(), width);
    }
    let flags: Vec<_> =
        calibrations.iter().map(|it| it.map(|properties| flags(properties.qubits.operational()))).collect();
    stack(&flags.iter().map(Option::as_ref).collect::<Vec<_>>(), width)
}

/// A quantity of a gate; flags are numbers, and all are valid.
pub(super) fn gate_table(series: &GateSeries, subject: Subject<'_>) -> Table {
    match subject {
        Subject::Gate(_, quantity) => series.columns[quantity as usize].clone(),
        _ => Table {
            values: series.operational.iter().map(|flag| f64::from(u8::from(*flag))).collect(),
            valid: vec![true; series.operational.len()],
        },
    }
}

/// Replace bytes that are those of an earlier column by its name.
fn without_repetitions(columns: Vec<(String, Vec<u8>)>) -> Vec<(String, Content)> {
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut distinct: Vec<(String, Content)> = Vec::with_capacity(columns.len());
    for (name, bytes) in columns {
        let earlier = *known.entry(crc32fast::hash(&bytes)).or_insert(distinct.len());
        let bytes = Content::Bytes(bytes);
        let content = match distinct.get(earlier) {
            Some((earlier, content)) if *content == bytes => Content::Same(earlier.clone()),
            _ => bytes,
        };
        distinct.push((name, content));
    }
    distinct
}
