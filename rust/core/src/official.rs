// SPDX-License-Identifier: Apache-2.0
//! Payloads that the official client decodes without an error and converts as this crate does.
//!
//! The client reads payloads into classes whose constructors refuse what they do not know, and converts dates and units
//! of all values at once. A caller that puts this crate in its place, and fills those classes later or never, must know
//! beforehand that filling them cannot fail. The checks are stricter than the client: what is passed here, it takes;
//! what is refused here, it may take or not, and the caller should ask it.

use std::borrow::Cow;

use crate::configuration::Configuration;
use crate::error::{Fault, Payload, PayloadError};
use crate::instant::Instant;
use crate::json::{Number, NumberKind, ReadResult, Reader, Span};
use crate::members::Members;
use crate::properties::Properties;
use crate::qargs::QargsList;
use crate::snapshot::DeviceData;
use crate::unit::Unit;

/// Integers of more digits are an error in Python.
const MAX_DIGITS: usize = 4_300;
/// Years of dates that every clock can show in local time.
const YEARS: std::ops::RangeInclusive<u16> = 1971..=2200;

/// Top-level values of a configuration payload that the official client takes, and the names of gates whose parameters
/// are `null`, which is an error in the client unless Qiskit knows the gate.
pub fn check_configuration(bytes: &[u8]) -> Result<(Members, Vec<String>), PayloadError> {
    configuration(bytes).map_err(|fault| fault.in_payload(Payload::Configuration, bytes))
}

/// Top-level values of a properties payload that the official client takes, and the number of qubits with values.
pub fn check_properties(bytes: &[u8]) -> Result<(Members, u32), PayloadError> {
    properties(bytes).map_err(|fault| fault.in_payload(Payload::Properties, bytes))
}

/// Whether the official client converts the payloads of a device, each of which has been checked, without an error.
///
/// `listed_qubits` is the number that [`check_properties`] returned. The client fails for a device with a qubit that has
/// no values, and for a gate that the configuration allows everywhere and that is faulty somewhere.
#[must_use]
pub fn converts(data: &DeviceData, listed_qubits: u32) -> bool {
    let DeviceData { configuration, properties } = data;
    properties.as_ref().is_none_or(|properties| {
        listed_qubits >= configuration.num_qubits && !has_faulty_gate_of_all_qubits(configuration, properties)
    })
}

fn has_faulty_gate_of_all_qubits(configuration: &Configuration, properties: &Properties) -> bool {
    let is_faulty = |qubit: &u32| !properties.qubits.is_operational(*qubit as usize);
    properties.gates.iter().any(|gate| {
        let is_tied = configuration.gates.get(&gate.name).is_some_and(|definition| definition.qargs.is_some());
        !is_tied && (gate.operational.contains(&false) || touches(&gate.qargs, is_faulty))
    })
}

fn touches(qargs: &QargsList, is_faulty: impl Fn(&u32) -> bool) -> bool {
    (0..qargs.len()).any(|index| qargs.get(index).iter().any(&is_faulty))
}

/// Start reading a payload in which no text is one that Python or this crate would change.
fn reader_of(bytes: &[u8]) -> ReadResult<Reader<'_>> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Fault::expected(0, "no byte order mark"));
    }
    if let Some(offset) = surrogate_escape(bytes) {
        return Err(Fault::expected(offset, "no escape of half a surrogate pair"));
    }
    if let Some(offset) = long_digits(bytes) {
        return Err(Fault::expected(offset, format!("at most {MAX_DIGITS} digits")));
    }
    Reader::new(bytes)
}

/// Offset of an escape that may be half of a surrogate pair.
fn surrogate_escape(bytes: &[u8]) -> Option<usize> {
    // Published payloads have no backslash at all, and `contains` looks for one faster than anything else.
    if !bytes.contains(&b'\\') {
        return None;
    }
    bytes.windows(3).position(|window| matches!(window, [b'\\', b'u', b'd' | b'D']))
}

/// Offset within a run of more digits than [`MAX_DIGITS`]. Such a run covers one of the bytes looked at.
fn long_digits(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).step_by(MAX_DIGITS / 2).find(|&offset| {
        let is_digit = |byte: &&u8| byte.is_ascii_digit();
        let before = bytes[..offset].iter().rev().take_while(is_digit).count();
        bytes[offset].is_ascii_digit() && before + bytes[offset..].iter().take_while(is_digit).count() > MAX_DIGITS
    })
}

/// Marks of the keys that an object must have, a bit each.
struct Required<const N: usize> {
    keys: [&'static str; N],
    found: u32,
    start: usize,
}

impl<const N: usize> Required<N> {
    fn new(reader: &mut Reader<'_>, keys: [&'static str; N]) -> Self {
        reader.peek();
        Self { keys, found: 0, start: reader.offset() as usize }
    }

    /// Mark a key as found; false if it is none of these.
    fn mark(&mut self, key: &[u8]) -> bool {
        let index = self.keys.iter().position(|required| required.as_bytes() == key);
        self.found |= index.map_or(0, |index| 1 << index);
        index.is_some()
    }

    fn finish(&self) -> ReadResult<()> {
        let missing = self.keys.iter().enumerate().find(|(index, _)| self.found & (1 << index) == 0);
        missing.map_or(Ok(()), |(_, key)| Err(Fault::missing(self.start, key)))
    }
}

/// Read an object that must have some keys; `member` gets the name of each key and must read one value.
fn object<'a, const N: usize>(
    reader: &mut Reader<'a>,
    keys: [&'static str; N],
    mut member: impl FnMut(&mut Reader<'a>, &[u8]) -> ReadResult<()>,
) -> ReadResult<()> {
    let mut required = Required::new(reader, keys);
    reader.object(|reader, key| {
        let name = key.bytes();
        required.mark(&name);
        member(reader, &name)
    })?;
    required.finish()
}

fn configuration(bytes: &[u8]) -> ReadResult<(Members, Vec<String>)> {
    let (mut reader, mut members, mut open_gates) = (reader_of(bytes)?, Members::default(), Vec::new());
    let mut required = Required::new(
        &mut reader,
        [
            "backend_name",
            "backend_version",
            "n_qubits",
            "basis_gates",
            "gates",
            "local",
            "simulator",
            "conditional",
            "open_pulse",
            "memory",
            "coupling_map",
            "online_date",
        ],
    );
    reader.object(|reader, key| {
        let from = reader.offset();
        let name = key.bytes();
        required.mark(&name);
        match &*name {
            b"backend_name" | b"backend_version" => drop(reader.text()?),
            b"online_date" => date(reader, &mut None)?,
            b"n_qubits" => drop(reader.count()?),
            b"basis_gates" | b"supported_instructions" => texts(reader)?,
            b"gates" => reader.array(|reader| gate_definition(reader, &mut open_gates))?,
            b"instruction_signatures" => reader.array(signature)?,
            b"timing_constraints" => reader.object(timing_constraint)?,
            b"dt" | b"dtm" | b"default_rep_delay" => optional_number(reader)?,
            b"rep_delay_range" if !reader.null()? => numbers(reader)?,
            b"rep_times" => numbers(reader)?,
            b"qubit_lo_range" | b"meas_lo_range" => reader.array(pair)?,
            b"u_channel_lo" => reader.array(|reader| reader.array(channel_frequency))?,
            b"rep_delay_range" => {}
            b"self" => return Err(reader.wrong("another key than \"self\"")),
            _ => drop(reader.skip()?),
        }
        members.push(key.offset(), from, reader.offset());
        Ok(())
    })?;
    reader.finish()?;
    required.finish()?;
    Ok((members, open_gates))
}

fn properties(bytes: &[u8]) -> ReadResult<(Members, u32)> {
    let (mut reader, mut members, mut num_qubits) = (reader_of(bytes)?, Members::default(), 0);
    let keys = ["backend_name", "backend_version", "last_update_date", "qubits", "gates", "general"];
    let mut required = Required::new(&mut reader, keys);
    let (mut of_qubits, mut of_gates) = (Quantities::default(), Quantities::default());
    reader.object(|reader, key| {
        let from = reader.offset();
        let name = key.bytes();
        required.mark(&name);
        match &*name {
            b"backend_name" | b"backend_version" => drop(reader.text()?),
            b"last_update_date" => date(reader, &mut None)?,
            b"qubits" => {
                num_qubits = 0;
                reader.array(|reader| {
                    num_qubits += 1;
                    let start = reader.clone();
                    let is_empty = of_qubits.read(reader)? == 0;
                    if is_empty { Err(start.wrong("the values of a qubit")) } else { Ok(()) }
                })?;
            }
            b"gates" => reader.array(|reader| gate_row(reader, &mut of_gates))?,
            b"general" => drop(Quantities::default().read(reader)?),
            b"self" => return Err(reader.wrong("another key than \"self\"")),
            _ => drop(reader.skip()?),
        }
        members.push(key.offset(), from, reader.offset());
        Ok(())
    })?;
    reader.finish()?;
    required.finish()?;
    Ok((members, num_qubits))
}

fn gate_row<'a>(reader: &mut Reader<'a>, quantities: &mut Quantities<'a>) -> ReadResult<()> {
    object(reader, ["qubits", "gate", "parameters"], |reader, name| match name {
        b"qubits" => reader.array(|reader| reader.count().map(drop)),
        b"gate" => reader.text().map(drop),
        b"parameters" => quantities.read(reader).map(drop),
        b"name" => row_name(reader),
        b"self" => Err(reader.wrong("another key than \"self\"")),
        _ => reader.skip().map(drop),
    })
}

/// Read the name of a row, such as `rx0`. The client leaves out rows of which this, not the gate, is the name of a
/// fractional gate.
fn row_name(reader: &mut Reader<'_>) -> ReadResult<()> {
    let start = reader.clone();
    let text = reader.text()?;
    let is_row =
        text.bytes().last().is_some_and(u8::is_ascii_digit) && !matches!(&*text.bytes(), b"u1" | b"u2" | b"u3");
    if is_row { Ok(()) } else { Err(start.wrong("the name of a gate on some qubits")) }
}

/// Reads lists of quantities. The text around date and value repeats at a position of the lists, as in
/// [`crate::quantity::QuantityReader`]; comparing it takes a third of the time of reading it.
#[derive(Default)]
struct Quantities<'a> {
    templates: [Option<Template<'a>>; 8],
    /// Dates repeat, too.
    last_date: Option<Cow<'a, [u8]>>,
}

/// The text of a quantity around its date and its value, both left out.
#[derive(Clone, Copy)]
struct Template<'a> {
    /// From the opening brace up to the date.
    before: &'a [u8],
    /// From behind the date up to the value.
    between: &'a [u8],
    unit: Unit,
}

impl<'a> Quantities<'a> {
    /// Read a list and return its length.
    fn read(&mut self, reader: &mut Reader<'a>) -> ReadResult<usize> {
        let mut length = 0;
        reader.array(|reader| {
            let start = reader.clone();
            if !self.match_template(reader, length) {
                *reader = start;
                self.parse_and_cache_template(reader, length)?;
            }
            length += 1;
            Ok(())
        })?;
        Ok(length)
    }

    /// Read a quantity like the last one at its position; false, with the reader anywhere, if it is not.
    #[inline(always)]
    fn match_template(&mut self, reader: &mut Reader<'a>, position: usize) -> bool {
        let Some(template) = self.templates.get(position).copied().flatten() else { return false };
        let Template { before, between, unit } = template;
        reader.take_literal(before)
            && date(reader, &mut self.last_date).is_ok()
            && reader.take_literal(between)
            && matches!(reader.peek(), b'-' | b'0'..=b'9')
            && reader.known_number().is_ok_and(|number| is_exact(unit, number))
            && reader.take_literal(b"}")
    }

    /// Read a quantity: these four keys, and no other.
    #[cold]
    fn parse_and_cache_template(&mut self, reader: &mut Reader<'a>, position: usize) -> ReadResult<()> {
        let mut required = Required::new(reader, ["date", "name", "unit", "value"]);
        let (start, mut unit, mut value) = (reader.clone(), Unit::default(), None);
        let (mut date_span, mut value_span) = (Span::default(), Span::default());
        reader.object(|reader, key| {
            let (name, from) = (key.bytes(), reader.offset());
            required.mark(&name);
            match &*name {
                b"date" => {
                    date(reader, &mut self.last_date)?;
                    date_span = Span { start: from, end: reader.offset() };
                }
                b"name" => drop(reader.text()?),
                b"unit" => {
                    let before = reader.clone();
                    unit = Unit::parse(reader.text()?).ok_or_else(|| before.wrong("a unit with an SI prefix"))?;
                }
                b"value" => {
                    value = match reader.peek() {
                        b't' | b'f' => reader.boolean().map(|_| None)?,
                        _ => Some(reader.number()?),
                    };
                    value_span = Span { start: from, end: reader.offset() };
                }
                _ => return Err(reader.wrong("a date, a name, a unit or a value")),
            }
            Ok(())
        })?;
        required.finish()?;
        if value.map_or(unit != Unit::default(), |number| !is_exact(unit, number)) {
            return Err(start.wrong("a number with a unit, or a flag without"));
        }
        if let Some(template) = self.templates.get_mut(position) {
            let is_last = value.is_some() && date_span.end < value_span.start && value_span.end + 1 == reader.offset();
            *template = is_last.then(|| Template {
                before: reader.between(start.offset(), date_span.start),
                between: reader.between(date_span.end, value_span.start),
                unit,
            });
        }
        Ok(())
    }
}

fn date<'a>(reader: &mut Reader<'a>, last: &mut Option<Cow<'a, [u8]>>) -> ReadResult<()> {
    let start = reader.clone();
    let text = reader.text()?;
    let bytes = text.bytes();
    if last.as_ref() == Some(&bytes) {
        return Ok(());
    }
    let instant = Instant::parse(&text.decode()).filter(|instant| YEARS.contains(&instant.year));
    if instant.is_none() {
        return Err(start.wrong(format!("a date in ISO 8601 from {} to {}", YEARS.start(), YEARS.end())));
    }
    *last = Some(bytes);
    Ok(())
}

fn gate_definition(reader: &mut Reader<'_>, open_gates: &mut Vec<String>) -> ReadResult<()> {
    let (mut gate, mut is_open) = (None, false);
    object(reader, ["name", "parameters", "qasm_def"], |reader, name| {
        match name {
            b"name" => gate = Some(reader.text()?.decode().into_owned()),
            b"parameters" => {
                is_open = reader.null()?;
                if !is_open {
                    texts(reader)?;
                }
            }
            b"coupling_map" => optional_lists(reader)?,
            b"qasm_def" | b"latency_map" | b"conditional" | b"description" => drop(reader.skip()?),
            _ => return Err(reader.wrong("a key of a gate")),
        }
        Ok(())
    })?;
    open_gates.extend(gate.filter(|_| is_open));
    Ok(())
}

fn signature(reader: &mut Reader<'_>) -> ReadResult<()> {
    object(reader, ["name", "num_qubits", "num_clbits", "parameters"], |reader, name| match name {
        b"name" => reader.text().map(drop),
        b"num_qubits" | b"num_clbits" => reader.count().map(drop),
        b"parameters" => texts(reader),
        _ => reader.skip().map(drop),
    })
}

fn timing_constraint(reader: &mut Reader<'_>, key: crate::json::Text<'_>) -> ReadResult<()> {
    match &*key.bytes() {
        b"granularity" | b"min_length" | b"pulse_alignment" | b"acquire_alignment" => reader.count().map(drop),
        _ => Err(reader.wrong("a timing constraint")),
    }
}

fn channel_frequency(reader: &mut Reader<'_>) -> ReadResult<()> {
    object(reader, ["q", "scale"], |reader, name| if name == b"scale" { pair(reader) } else { reader.skip().map(drop) })
}

fn texts(reader: &mut Reader<'_>) -> ReadResult<()> {
    reader.array(|reader| reader.text().map(drop))
}

fn numbers(reader: &mut Reader<'_>) -> ReadResult<()> {
    reader.array(number)
}

fn optional_number(reader: &mut Reader<'_>) -> ReadResult<()> {
    if reader.null()? { Ok(()) } else { number(reader) }
}

fn number(reader: &mut Reader<'_>) -> ReadResult<()> {
    let start = reader.clone();
    let number = reader.number()?;
    if is_exact(Unit::default(), number) { Ok(()) } else { Err(start.wrong("a number that a float holds exactly")) }
}

/// Return whether a number is the same as a float and as an integer of Python, which has any number of digits.
fn is_exact(unit: Unit, number: Number) -> bool {
    number.kind != NumberKind::BigInteger && unit.scale(number).kind != NumberKind::BigInteger
}

fn optional_lists(reader: &mut Reader<'_>) -> ReadResult<()> {
    if reader.null()? { Ok(()) } else { reader.array(|reader| reader.array(|reader| reader.count().map(drop))) }
}

/// Read an array of two numbers.
fn pair(reader: &mut Reader<'_>) -> ReadResult<()> {
    let (start, mut length) = (reader.clone(), 0);
    reader.array(|reader| {
        length += 1;
        number(reader)
    })?;
    if length == 2 { Ok(()) } else { Err(start.wrong("two numbers")) }
}
