// SPDX-License-Identifier: Apache-2.0
//! Reading properties payloads: one calibration of a device.

use std::collections::HashMap;

use crate::columns::{Cell, GateColumns, GateQuantity, QubitColumns, QubitField};
use crate::error::Fault;
use crate::instant::Instant;
use crate::json::{ReadResult, Reader, Span};
use crate::members::Members;
use crate::qargs::read_qargs;
use crate::quantity::QuantityReader;

/// A calibration as columns; everything else stays in the payload.
#[derive(Debug, Clone, Default)]
pub struct Properties {
    /// The device's name, if the payload has it.
    pub backend_name: Option<String>,
    /// Time of the last update.
    pub last_update: Option<Instant>,
    /// A row per qubit of the device.
    pub qubits: QubitColumns,
    /// True if the payload lists more qubits than the device has.
    pub has_surplus_qubits: bool,
    /// A table per gate, in order of first appearance.
    pub gates: Vec<GateColumns>,
    /// Index into `gates` by name.
    by_name: HashMap<String, usize>,
    /// Span of each top-level value.
    pub members: Members,
}

impl Properties {
    /// Read a payload of a device with `num_qubits` qubits. `{}` and `null` mean that the device has no properties.
    pub(crate) fn read(bytes: &[u8], num_qubits: u32) -> ReadResult<Option<Self>> {
        let mut reader = Reader::new(bytes)?;
        if reader.is_nothing() {
            return Ok(None);
        }
        let (mut properties, mut gates) = (Self::default(), None);
        reader.peek();
        let (mut has_qubits, start) = (false, reader.offset() as usize);
        reader.object(|reader, key| {
            let from = reader.offset();
            match &*key.bytes() {
                b"backend_name" => properties.backend_name = reader.optional_text()?,
                b"last_update_date" => properties.last_update = read_instant(reader)?,
                b"qubits" => {
                    (properties.qubits, properties.has_surplus_qubits) = read_qubits(reader, num_qubits)?;
                    has_qubits = true;
                }
                b"gates" => gates = Some(Gates::read(reader, num_qubits)?),
                _ => drop(reader.skip()?),
            }
            properties.members.push(key.offset(), from, reader.offset());
            Ok(())
        })?;
        reader.finish()?;
        if !has_qubits {
            return Err(Fault::missing(start, "qubits"));
        }
        let gates = gates.ok_or_else(|| Fault::missing(start, "gates"))?;
        (properties.gates, properties.by_name) = (gates.tables, gates.by_name);
        Ok(Some(properties))
    }

    /// A calibration of its columns alone; tables are in order of first appearance.
    pub(crate) fn from_columns(qubits: QubitColumns, gates: Vec<GateColumns>) -> Self {
        let by_name = gates.iter().enumerate().map(|(index, gate)| (gate.name.clone(), index)).collect();
        Self { qubits, gates, by_name, ..Self::default() }
    }

    /// The table of the gate called `name`.
    #[must_use]
    pub fn gate(&self, name: &str) -> Option<&GateColumns> {
        self.by_name.get(name).map(|index| &self.gates[*index])
    }
}

/// Read an ISO 8601 text, or `null` for none.
pub(crate) fn read_instant(reader: &mut Reader<'_>) -> ReadResult<Option<Instant>> {
    if reader.null()? {
        return Ok(None);
    }
    let fault_at = reader.clone();
    let text = reader.text()?.decode();
    Instant::parse(&text).map(Some).ok_or_else(|| fault_at.wrong("a date in ISO 8601"))
}

/// Read what is listed of each qubit. Lists beyond the device's qubits are checked, but get no columns.
fn read_qubits(reader: &mut Reader<'_>, num_qubits: u32) -> ReadResult<(QubitColumns, bool)> {
    let (mut qubits, mut surplus, mut has_surplus) = (QubitColumns::default(), QubitColumns::default(), false);
    surplus.start();
    qubits.reserve(num_qubits as usize);
    let mut quantities = QuantityReader::new(QubitField::named);
    reader.array(|reader| {
        if qubits.len() < num_qubits as usize {
            qubits.start();
            return quantities.read(reader, |quantity| qubits.take(&quantity));
        }
        has_surplus = true;
        quantities.read(reader, |quantity| surplus.take(&quantity))
    })?;
    while qubits.len() < num_qubits as usize {
        qubits.start();
    }
    Ok((qubits, has_surplus))
}

/// Meaning of the name of a gate's quantity.
#[derive(Debug, Clone, Copy)]
enum GateField {
    Column(GateQuantity),
    Operational,
    Other,
}

impl GateField {
    fn named(name: &[u8]) -> Self {
        match name {
            b"operational" => Self::Operational,
            name => GateQuantity::named(name).map_or(Self::Other, Self::Column),
        }
    }
}

type Quantities<'a> = QuantityReader<'a, GateField>;

/// One element of `gates`, without its gate.
#[derive(Default)]
struct Row {
    qargs: Vec<u32>,
    /// By [`GateQuantity`].
    cells: [Cell; GateQuantity::COUNT],
    operational: bool,
    /// Offsets of the dates by [`GateQuantity`]; 0 if there is none.
    dates: [u32; GateQuantity::COUNT],
}

impl Row {
    #[inline(always)]
    fn read_qargs(&mut self, reader: &mut Reader<'_>, num_qubits: u32) -> ReadResult<()> {
        self.qargs.clear();
        read_qargs(reader, num_qubits, &mut self.qargs)
    }

    #[inline(always)]
    fn read_parameters<'a>(&mut self, reader: &mut Reader<'a>, quantities: &mut Quantities<'a>) -> ReadResult<()> {
        (self.cells, self.operational, self.dates) = (<_>::default(), true, <_>::default());
        quantities.read(reader, |quantity| {
            match quantity.kind {
                GateField::Column(column) => {
                    self.cells[column as usize] = Cell::from_quantity(&quantity)?;
                    self.dates[column as usize] = quantity.date_at;
                }
                GateField::Operational => self.operational = quantity.value.is_true(),
                GateField::Other => {}
            }
            Ok(())
        })
    }
}

/// The text of an element of `gates` around its qubits, its parameters and its name, these left out. It repeats for all
/// rows of a gate; see [`QuantityReader`], which does the same within the parameters.
#[derive(Clone, Copy)]
struct RowTemplate<'a> {
    /// From the opening brace up to the qubits.
    before: &'a [u8],
    /// From behind the qubits up to the parameters; this has the gate in it.
    between: &'a [u8],
    /// From behind the parameters up to the text of the name, or to the closing brace where there is no name.
    behind: &'a [u8],
    name_length: Option<usize>,
    /// Index of the gate's table.
    table: usize,
}

/// The tables of all gates while they are being read.
struct Gates<'a> {
    num_qubits: u32,
    tables: Vec<GateColumns>,
    /// Table by gate name.
    by_name: HashMap<String, usize>,
    quantities: Quantities<'a>,
    template: Option<RowTemplate<'a>>,
}

impl<'a> Gates<'a> {
    fn read(reader: &mut Reader<'a>, num_qubits: u32) -> ReadResult<Self> {
        let quantities = Quantities::new(GateField::named);
        let mut gates = Self { num_qubits, tables: Vec::new(), by_name: HashMap::new(), quantities, template: None };
        let mut row = Row::default();
        reader.array(|reader| {
            let start = reader.clone();
            let table = if let Some(table) = gates.match_template(reader, &mut row) {
                table
            } else {
                *reader = start;
                gates.parse_and_cache_template(reader, &mut row)?
            };
            let date = row.dates.into_iter().find(|date| *date > 0).unwrap_or(0);
            gates.tables[table].push(&row.qargs, row.cells, row.operational, date);
            Ok(())
        })?;
        Ok(gates)
    }

    /// Read an element of the shape of the last one; `None` (anywhere) if its shape is another, be it right or wrong.
    #[inline(always)]
    fn match_template(&mut self, reader: &mut Reader<'a>, row: &mut Row) -> Option<usize> {
        let template = self.template.as_ref()?;
        if !reader.take_literal(template.before) {
            return None;
        }
        row.read_qargs(reader, self.num_qubits).ok()?;
        if !reader.take_literal(template.between) {
            return None;
        }
        row.read_parameters(reader, &mut self.quantities).ok()?;
        if !reader.take_literal(template.behind) {
            return None;
        }
        let ended = template.name_length.is_none_or(|length| reader.pass_text(length) && reader.take_literal(b"\"}"));
        ended.then_some(template.table)
    }

    /// Read an element that is written in any way, and cache its template if the text may come again.
    #[cold]
    fn parse_and_cache_template(&mut self, reader: &mut Reader<'a>, row: &mut Row) -> ReadResult<usize> {
        let start = reader.offset();
        let (mut gate, mut qubits, mut parameters, mut name) = (None, None, None, None);
        reader.object(|reader, key| {
            let from = reader.offset();
            let here = |reader: &Reader<'_>| Some(Span { start: from, end: reader.offset() });
            match &*key.bytes() {
                b"qubits" => {
                    row.read_qargs(reader, self.num_qubits)?;
                    qubits = here(reader);
                }
                b"gate" => gate = Some(reader.text()?),
                b"parameters" => {
                    row.read_parameters(reader, &mut self.quantities)?;
                    parameters = here(reader);
                }
                b"name" => name = Some(reader.skip()?),
                _ => drop(reader.skip()?),
            }
            Ok(())
        })?;
        let missing = |key| Fault::missing(start as usize, key);
        let qubits = qubits.ok_or_else(|| missing("qubits"))?;
        let table = self.table(&gate.ok_or_else(|| missing("gate"))?.decode());
        let parameters = parameters.ok_or_else(|| missing("parameters"))?;
        let end = reader.offset();
        let name = match name {
            Some(name) if parameters.end < name.start && name.end + 1 == end => reader.plain_text(name),
            None if parameters.end + 1 == end => Some(Span { start: end, end }),
            _ => None,
        };
        self.template = name.filter(|_| qubits.end < parameters.start).map(|name| RowTemplate {
            before: reader.between(start, qubits.start),
            between: reader.between(qubits.end, parameters.start),
            behind: reader.between(parameters.end, name.start),
            name_length: (name.start < end).then_some((name.end - name.start) as usize),
            table,
        });
        Ok(table)
    }

    fn table(&mut self, name: &str) -> usize {
        if let Some(table) = self.by_name.get(name) {
            return *table;
        }
        // As a rule a gate is on every qubit. Growing there step by step is a tenth of the time of reading; but a payload
        // of nothing but names must not get room for rows with each.
        let rows = if self.tables.len() < 32 { self.num_qubits as usize } else { 0 };
        self.tables.push(GateColumns::named(name, rows));
        self.by_name.insert(name.to_owned(), self.tables.len() - 1);
        self.tables.len() - 1
    }
}
