// SPDX-License-Identifier: Apache-2.0
//! The data of a device as bytes.
//!
//! Lists of qargs and columns that occur several times (`sx`, `x` and `id` have the same error) are written once and
//! referred to by their number. Values are the bits of floats, so nothing is rounded.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::bytes::{Reader, Writer};
use super::{Columns, CompactError};
use crate::columns::{Column, GateColumns, GateQuantity, QubitColumns, QubitQuantity, State};
use crate::configuration::{Configuration, GateDefinition, MAX_QUBITS, Signature, Timing};
use crate::instant::Instant;
use crate::properties::Properties;
use crate::qargs::QargsList;
use crate::snapshot::DeviceData;

type ReadResult<T> = Result<T, CompactError>;

/// Limit of qubits in all lists that are referred to, 64 MiB. A reference takes a byte or two, so a few wrong ones could
/// ask for gigabytes.
const MAX_REFERRED: usize = 1 << 24;
/// Encoding of the values of a column.
const SAME: u8 = 0;
const DENSE: u8 = 1;
/// Stands for states that differ from row to row.
const MIXED: u8 = 255;

pub(super) fn write(data: &DeviceData) -> Vec<u8> {
    let mut writer = PoolWriter::default();
    writer.configuration(&data.configuration);
    writer.out.byte(u8::from(data.properties.is_some()));
    if let Some(properties) = &data.properties {
        writer.properties(properties);
    }
    writer.out.0
}

pub(super) fn read(bytes: &[u8], columns: Columns) -> ReadResult<DeviceData> {
    let mut reader = PoolReader::new(bytes, columns, 0);
    let configuration = Arc::new(reader.configuration()?);
    let properties = if reader.from.flag()? { Some(reader.properties()?) } else { None };
    reader.from.finish()?;
    Ok(DeviceData { configuration, properties })
}

#[derive(Default)]
struct PoolWriter<'r> {
    out: Writer,
    qargs: Vec<&'r QargsList>,
    columns: Vec<&'r Column>,
}

impl<'r> PoolWriter<'r> {
    fn configuration(&mut self, configuration: &'r Configuration) {
        let out = &mut self.out;
        out.text(&configuration.backend_name);
        out.count(configuration.num_qubits as usize);
        out.texts(configuration.basis_gates.iter());
        out.optional(configuration.supported_instructions.as_ref(), |out, names| out.texts(names.iter()));
        out.optional(configuration.dt, Writer::float);
        let Timing { granularity, min_length, pulse_alignment, acquire_alignment } = configuration.timing;
        for length in [granularity, min_length, pulse_alignment, acquire_alignment] {
            out.count(length as usize);
        }
        out.count(configuration.signatures.len());
        for Signature { name, num_qubits, num_clbits, parameters } in &configuration.signatures {
            out.text(name);
            out.count(*num_qubits as usize);
            out.count(*num_clbits as usize);
            out.texts(parameters.iter());
        }
        let mut gates: Vec<_> = configuration.gates.values().collect();
        gates.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        out.count(gates.len());
        for GateDefinition { name, parameters, qargs } in gates {
            self.out.text(name);
            self.out.texts(parameters.iter());
            self.out.byte(u8::from(qargs.is_some()));
            if let Some(qargs) = qargs {
                self.qargs(qargs);
            }
        }
    }

    fn properties(&mut self, properties: &'r Properties) {
        self.out.optional(properties.backend_name.as_deref(), Writer::text);
        self.out.optional(properties.last_update, put_instant);
        self.out.byte(u8::from(properties.has_surplus_qubits));
        for quantity in QubitQuantity::ALL {
            self.column(properties.qubits.column(quantity));
        }
        put_flags(&mut self.out, properties.qubits.operational());
        self.out.count(properties.gates.len());
        for gate in &properties.gates {
            self.gate(gate);
        }
    }

    fn gate(&mut self, gate: &'r GateColumns) {
        self.out.text(&gate.name);
        self.qargs(&gate.qargs);
        for quantity in GateQuantity::ALL {
            self.column(gate.column(quantity));
        }
        put_flags(&mut self.out, &gate.operational);
    }

    /// Write 0 and a list, or the number of an earlier one, from 1.
    fn qargs(&mut self, list: &'r QargsList) {
        if let Some(at) = self.qargs.iter().position(|known| *known == list) {
            return self.out.count(at + 1);
        }
        self.qargs.push(list);
        self.out.count(0);
        self.out.count(list.len());
        let width = list.iter().next().map_or(1, <[u32]>::len);
        let is_uniform = list.iter().all(|qargs| qargs.len() == width);
        self.out.count(if is_uniform { width } else { 0 });
        for qargs in list.iter() {
            if !is_uniform {
                self.out.count(qargs.len());
            }
            for qubit in qargs {
                // Below MAX_QUBITS, which is 2^16.
                self.out.0.extend_from_slice(&qubit.to_le_bytes()[..2]);
            }
        }
    }

    /// Write 0 and a column, or the number of an earlier one, from 1.
    fn column(&mut self, column: &'r Column) {
        if let Some(at) = self.columns.iter().position(|known| known.is_identical(column)) {
            return self.out.count(at + 1);
        }
        self.columns.push(column);
        self.out.count(0);
        put_column(&mut self.out, column);
    }
}

fn put_column(out: &mut Writer, column: &Column) {
    let (values, states) = (column.values(), column.states());
    match states.split_first() {
        None => out.byte(State::Missing as u8),
        Some((first, rest)) if rest.iter().all(|state| state == first) => out.byte(*first as u8),
        Some(_) => {
            out.byte(MIXED);
            out.0.extend(states.iter().map(|state| *state as u8));
        }
    }
    match values.split_first() {
        Some((first, rest)) if rest.iter().all(|value| value.to_bits() == first.to_bits()) => {
            out.byte(SAME);
            out.float(*first);
        }
        _ => {
            out.byte(DENSE);
            out.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
}

fn put_flags(out: &mut Writer, flags: &[bool]) {
    let all = flags.iter().all(|flag| *flag);
    out.byte(u8::from(all));
    if !all {
        out.0.extend(flags.iter().map(|flag| u8::from(*flag)));
    }
}

fn put_instant(out: &mut Writer, instant: Instant) {
    let Instant { year, month, day, hour, minute, second, microsecond, utc_offset } = instant;
    out.0.extend_from_slice(&year.to_le_bytes());
    out.0.extend_from_slice(&[month, day, hour, minute, second]);
    out.0.extend_from_slice(&microsecond.to_le_bytes());
    out.0.extend_from_slice(&utc_offset.to_le_bytes());
}

struct PoolReader<'b> {
    from: Reader<'b>,
    /// Numbers of columns that were written.
    written: Columns,
    num_qubits: u32,
    /// Number of qubits in the lists that were referred to so far.
    referred: usize,
    qargs: Vec<QargsList>,
    columns: Vec<Column>,
}

impl<'b> PoolReader<'b> {
    fn new(bytes: &'b [u8], written: Columns, num_qubits: u32) -> Self {
        Self { from: Reader::new(bytes), written, num_qubits, referred: 0, qargs: Vec::new(), columns: Vec::new() }
    }

    fn configuration(&mut self) -> ReadResult<Configuration> {
        let from = &mut self.from;
        let backend_name = from.text()?;
        self.num_qubits = u32(from)?;
        if self.num_qubits > MAX_QUBITS {
            return Err(from.damaged("there are too many qubits"));
        }
        let basis_gates = from.texts()?;
        let supported_instructions = from.optional(Reader::texts)?;
        let dt = from.optional(Reader::float)?;
        let timing = Timing {
            granularity: u32(from)?,
            min_length: u32(from)?,
            pulse_alignment: u32(from)?,
            acquire_alignment: u32(from)?,
        };
        let signatures = from.list(|from| {
            let (name, num_qubits, num_clbits) = (from.text()?, u32(from)?, u32(from)?);
            Ok(Signature { name, num_qubits, num_clbits, parameters: from.texts()? })
        })?;
        let mut gates = HashMap::new();
        for _ in 0..self.from.count()? {
            let (name, parameters) = (self.from.text()?, self.from.texts()?);
            let qargs = if self.from.flag()? { Some(self.qargs()?) } else { None };
            gates.insert(name.clone(), GateDefinition { name, parameters, qargs });
        }
        let num_qubits = self.num_qubits;
        Ok(Configuration {
            backend_name,
            num_qubits,
            basis_gates,
            gates,
            supported_instructions,
            signatures,
            dt,
            timing,
            ..Configuration::default()
        })
    }

    fn properties(&mut self) -> ReadResult<Properties> {
        let (backend_name, last_update) = (self.from.optional(Reader::text)?, self.from.optional(take_instant)?);
        let has_surplus_qubits = self.from.flag()?;
        let rows = self.num_qubits as usize;
        let columns = self.columns::<{ QubitQuantity::COUNT }>(self.written.qubits, rows)?;
        let qubits = QubitColumns::from_columns(columns, take_flags(&mut self.from, rows)?);
        let count = self.from.count()?;
        let gates = (0..count).map(|_| self.gate()).collect::<ReadResult<Vec<_>>>()?;
        let names: HashSet<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        if names.len() < gates.len() {
            return Err(self.from.damaged("a gate is listed twice"));
        }
        let mut properties = Properties::from_columns(qubits, gates);
        (properties.backend_name, properties.last_update) = (backend_name, last_update);
        properties.has_surplus_qubits = has_surplus_qubits;
        Ok(properties)
    }

    fn gate(&mut self) -> ReadResult<GateColumns> {
        let name = self.from.text()?;
        let qargs = self.qargs()?;
        let rows = qargs.len();
        let columns = self.columns::<{ GateQuantity::COUNT }>(self.written.gates, rows)?;
        let operational = take_flags(&mut self.from, rows)?;
        Ok(GateColumns::from_columns(name, qargs, columns, operational))
    }

    fn qargs(&mut self) -> ReadResult<QargsList> {
        let number = self.from.number()?;
        if number > 0 {
            let known =
                self.qargs.get(number - 1).ok_or_else(|| self.from.damaged("there is no such list of qubits"))?;
            self.referred += known.qubits().len();
            if self.referred > MAX_REFERRED {
                return Err(self.from.damaged("lists of qubits are referred to too often"));
            }
            return Ok(known.clone());
        }
        let (rows, width) = (self.from.count()?, self.from.count()?);
        self.from.check_left(rows.saturating_mul(2 * width))?;
        let (mut list, mut qargs) = (QargsList::with_capacity(rows, width.max(1)), Vec::new());
        for _ in 0..rows {
            let width = if width == 0 { self.from.count()? } else { width };
            qargs.clear();
            qargs.extend(
                self.from.take(2 * width)?.chunks_exact(2).map(|two| u32::from(two[0]) | u32::from(two[1]) << 8),
            );
            if qargs.is_empty() || qargs.iter().any(|qubit| *qubit >= self.num_qubits) {
                return Err(self.from.damaged("a qubit does not exist"));
            }
            list.push(&qargs);
        }
        self.qargs.push(list.clone());
        Ok(list)
    }

    /// Read the columns that were written; those that came with later versions have missing values.
    fn columns<const COUNT: usize>(&mut self, written: u16, rows: usize) -> ReadResult<[Column; COUNT]> {
        let mut columns = [(); COUNT].map(|()| Column::default());
        for (index, column) in columns.iter_mut().enumerate() {
            *column = if index < usize::from(written) { self.column(rows)? } else { Column::missing(rows) };
        }
        Ok(columns)
    }

    fn column(&mut self, rows: usize) -> ReadResult<Column> {
        let number = self.from.number()?;
        if number > 0 {
            let known = self.columns.get(number - 1).filter(|column| column.len() == rows);
            return known.cloned().ok_or_else(|| self.from.damaged("there is no such column"));
        }
        let column = take_column(&mut self.from, rows)?;
        self.columns.push(column.clone());
        Ok(column)
    }
}

fn u32(from: &mut Reader<'_>) -> ReadResult<u32> {
    let number = from.number()?;
    u32::try_from(number).map_err(|_| from.damaged("a number is too large"))
}

fn take_column(from: &mut Reader<'_>, rows: usize) -> ReadResult<Column> {
    let states = match from.byte()? {
        MIXED => from.take(rows)?.to_vec().into_iter().map(|byte| state(from, byte)).collect::<ReadResult<Vec<_>>>()?,
        byte => vec![state(from, byte)?; rows],
    };
    let values = match from.byte()? {
        SAME => vec![from.float()?; rows],
        DENSE => {
            let bytes = from.take(8 * rows)?.chunks_exact(8);
            bytes.map(|eight| f64::from_le_bytes(std::array::from_fn(|at| eight[at]))).collect()
        }
        _ => return Err(from.damaged("a column is written in an unknown way")),
    };
    Ok(Column::from_parts(values, states))
}

fn state(from: &Reader<'_>, byte: u8) -> ReadResult<State> {
    let known = [State::Missing, State::Null, State::Float, State::Integer, State::Other];
    known.get(usize::from(byte)).copied().ok_or_else(|| from.damaged("a state is unknown"))
}

fn take_flags(from: &mut Reader<'_>, rows: usize) -> ReadResult<Vec<bool>> {
    if from.flag()? {
        return Ok(vec![true; rows]);
    }
    Ok(from.take(rows)?.iter().map(|byte| *byte != 0).collect())
}

fn take_instant(from: &mut Reader<'_>) -> ReadResult<Instant> {
    let year = from.array().map(u16::from_le_bytes)?;
    let [month, day, hour, minute, second] = from.array()?;
    let (microsecond, utc_offset) = (from.u32()?, from.array().map(i32::from_le_bytes)?);
    let instant = Instant { year, month, day, hour, minute, second, microsecond, utc_offset };
    instant.is_valid().then_some(instant).ok_or_else(|| from.damaged("a date does not exist"))
}

#[cfg(test)]
mod tests {
    use super::{Column, Columns, PoolReader, Writer, put_column};
    use crate::columns::Cell;

    #[test]
    fn columns_of_later_versions_are_missing() {
        let mut written = Writer::default();
        written.byte(0);
        put_column(&mut written, &Column::missing(3));
        let mut reader = PoolReader::new(&written.0, Columns { qubits: 1, gates: 0 }, 3);
        let columns: [Column; 2] = reader.columns(1, 3).expect("one column was written");
        for column in columns {
            assert_eq!(column.len(), 3);
            assert!((0..3).all(|row| column.cell(row).state == Cell::default().state));
        }
        assert!(reader.from.finish().is_ok());
    }
}
