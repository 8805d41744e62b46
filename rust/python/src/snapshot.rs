// SPDX-License-Identifier: Apache-2.0
//! The native half of `Snapshot`.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{PyLookupError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDateTime, PyDelta, PyDict, PyList, PyMemoryView, PyString, PyTuple, PyTzInfo};
use qiskit_ibm_native_core::columns::{Cell, QubitQuantity, State};
use qiskit_ibm_native_core::compact::{Compact, Packed, VERSION, decode, encode};
use qiskit_ibm_native_core::configuration::Configuration;
use qiskit_ibm_native_core::diff::Tolerance;
use qiskit_ibm_native_core::error::PayloadError;
use qiskit_ibm_native_core::instant::Instant;
use qiskit_ibm_native_core::members::Members;
use qiskit_ibm_native_core::parallel::in_parallel;
use qiskit_ibm_native_core::properties::Properties;
use qiskit_ibm_native_core::snapshot::{DeviceData, Payloads, Snapshot, read_configuration};

use crate::array::PyArray;
use crate::columns::gate_arrays;
use crate::defaults::PyDefaults;
use crate::diff::PyDiff;
use crate::error::{compact_error, payload_error};

/// A snapshot whose bytes Python keeps.
pub type Native = Snapshot<PyBackedBytes>;

#[pyclass(name = "Snapshot", module = "qiskit_ibm_native._native", frozen)]
pub struct PySnapshot {
    pub data: Arc<DeviceData>,
    source: Source,
}

/// A payload as Python gives it: `bytes` are borrowed, everything else that has bytes is copied.
pub struct PayloadBytes(pub PyBackedBytes);

impl<'py> FromPyObject<'_, 'py> for PayloadBytes {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let bytes = if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            bytes.to_owned()
        } else if let Ok(text) = object.cast::<PyString>() {
            // A str may hold what UTF-8 does not; the reader tells where.
            text.call_method1("encode", ("utf-8", "surrogatepass"))?.cast_into()?
        } else {
            let view = PyMemoryView::from(&object).map_err(|_| {
                let found = object.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
                PyTypeError::new_err(format!("a payload must be bytes-like or str, not {found}"))
            })?;
            object.py().get_type::<PyBytes>().call1((view,))?.cast_into()?
        };
        Ok(Self(bytes.into()))
    }
}

type Parts = (PayloadBytes, Option<PayloadBytes>, Option<PayloadBytes>);

fn payloads((configuration, properties, defaults): Parts) -> Payloads<PyBackedBytes> {
    Payloads {
        configuration: configuration.0,
        properties: properties.map(|payload| payload.0),
        defaults: defaults.map(|payload| payload.0),
    }
}

/// Where the payloads of a snapshot are.
enum Source {
    Payloads(Native),
    Compact { version: u16, bytes: PyBackedBytes, digest: [u8; 32], packed: Option<Packed>, full: OnceLock<Native> },
}

impl PySnapshot {
    fn of(native: Native) -> Self {
        Self { data: native.data().clone(), source: Source::Payloads(native) }
    }

    /// The snapshot with its payloads, which are decompressed and read if that has not been done.
    fn full(&self, py: Python<'_>) -> PyResult<&Native> {
        let (bytes, digest, packed, full) = match &self.source {
            Source::Payloads(native) => return Ok(native),
            Source::Compact { bytes, digest, packed, full, .. } => (bytes, digest, packed, full),
        };
        if let Some(native) = full.get() {
            return Ok(native);
        }
        let packed = packed.as_ref().ok_or_else(|| {
            compact_error(py, "this snapshot was made of a compact form without payloads, which this would need")
        })?;
        let unpacked =
            py.detach(|| packed.unpack(bytes, digest)).map_err(|error| compact_error(py, &error.to_string()))?;
        let keep = |bytes: Vec<u8>| PyBackedBytes::from(PyBytes::new(py, &bytes));
        let payloads = Payloads {
            configuration: keep(unpacked.configuration),
            properties: unpacked.properties.map(keep),
            defaults: unpacked.defaults.map(keep),
        };
        let native = py.detach(|| Native::new(payloads)).map_err(|error| payload_error(py, &error))?;
        Ok(full.get_or_init(|| native))
    }

    /// How long the pulse defaults are, 0 if there are none; `None` if there are no payloads.
    fn defaults_length(&self) -> Option<usize> {
        match &self.source {
            Source::Payloads(native) => Some(native.payloads().defaults.as_ref().map_or(0, |payload| payload.len())),
            Source::Compact { packed, .. } => packed.as_ref().map(Packed::defaults_length),
        }
    }

    fn digest_bytes(&self, py: Python<'_>) -> [u8; 32] {
        match &self.source {
            Source::Payloads(native) => *py.detach(|| native.digest()),
            Source::Compact { digest, .. } => *digest,
        }
    }
}

#[pymethods]
impl PySnapshot {
    #[new]
    #[pyo3(signature = (configuration, properties=None, defaults=None))]
    fn new(
        py: Python<'_>,
        configuration: PayloadBytes,
        properties: Option<PayloadBytes>,
        defaults: Option<PayloadBytes>,
    ) -> PyResult<Self> {
        let payloads = payloads((configuration, properties, defaults));
        py.detach(|| Native::new(payloads)).map(Self::of).map_err(|error| payload_error(py, &error))
    }

    #[staticmethod]
    fn parse_many(py: Python<'_>, payloads: &Bound<'_, PyList>, threads: usize) -> PyResult<Vec<Self>> {
        let inputs = payloads.iter().map(|each| one_of_many(&each)).collect::<PyResult<Vec<_>>>()?;
        let snapshots = py.detach(|| parse_many(inputs, threads));
        snapshots.map(|all| all.into_iter().map(Self::of).collect()).map_err(|(at, error)| {
            let error = payload_error(py, &error);
            // Which of many it was is worth saying; notes came with Python 3.11.
            let _ = error.value(py).call_method1("add_note", (format!("in payloads[{at}]"),));
            error
        })
    }

    #[staticmethod]
    fn from_compact(py: Python<'_>, form: PayloadBytes) -> PyResult<Self> {
        let bytes = form.0;
        let compact = py.detach(|| decode(&bytes)).map_err(|error| compact_error(py, &error.to_string()))?;
        let Compact { version, data, digest, packed } = compact;
        let source = Source::Compact { version, bytes, digest, packed, full: OnceLock::new() };
        Ok(Self { data: Arc::new(data), source })
    }

    fn to_compact<'py>(&self, py: Python<'py>, payloads: bool) -> PyResult<Bound<'py, PyBytes>> {
        if let Source::Compact { bytes, version: VERSION, packed: Some(_), .. } = &self.source
            && payloads
        {
            return Ok(bytes.into_pyobject(py)?);
        }
        let digest = self.digest_bytes(py);
        let payloads = if payloads { Some(self.full(py)?.payloads()) } else { None };
        let form = py.detach(|| encode(&self.data, &digest, payloads));
        Ok(PyBytes::new(py, &form.map_err(|error| compact_error(py, &error.to_string()))?))
    }

    #[getter]
    fn has_payloads(&self) -> bool {
        !matches!(&self.source, Source::Compact { packed: None, .. })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.data.configuration.backend_name
    }

    #[getter]
    fn num_qubits(&self) -> u32 {
        self.data.configuration.num_qubits
    }

    #[getter]
    fn last_update<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.properties().and_then(|properties| properties.last_update).map(|it| datetime(py, it)).transpose()
    }

    #[getter]
    fn digest(&self, py: Python<'_>) -> String {
        self.digest_bytes(py).iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    #[getter]
    fn payloads<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let Payloads { configuration, properties, defaults } = self.full(py)?.payloads();
        (configuration, properties.as_ref(), defaults.as_ref()).into_pyobject(py)
    }

    #[getter]
    fn has_properties(&self) -> bool {
        self.properties().is_some()
    }

    #[getter]
    fn defaults(&self, py: Python<'_>) -> PyResult<Option<PyDefaults>> {
        let native = self.full(py)?;
        let Some((columns, payload)) = native.defaults().zip(native.payloads().defaults.as_ref()) else {
            return Ok(None);
        };
        let payload = payload.into_pyobject(py)?.into();
        Ok(Some(PyDefaults { payload, columns: columns.clone() }))
    }

    #[getter]
    fn faulty_qubits(&self) -> Option<Vec<usize>> {
        let properties = self.properties().filter(|properties| !properties.has_surplus_qubits)?;
        let qubits = &properties.qubits;
        Some((0..qubits.len()).filter(|qubit| !qubits.is_operational(*qubit)).collect())
    }

    #[getter]
    fn has_faulty_gates(&self) -> bool {
        let gates = self.properties().map_or(&[][..], |properties| &properties.gates);
        gates.iter().any(|gate| gate.operational.contains(&false))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let form = self.to_compact(py, self.has_payloads())?;
        (py.get_type::<Self>().getattr("from_compact")?, (form,)).into_pyobject(py)
    }

    fn configuration_members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let native = self.full(py)?;
        members(py, &native.configuration().members, &native.payloads().configuration)
    }

    fn properties_members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let native = self.full(py)?;
        match (native.properties(), &native.payloads().properties) {
            (Some(properties), Some(bytes)) => members(py, &properties.members, bytes),
            _ => Ok(PyDict::new(py)),
        }
    }

    fn qubit_quantity<'py>(&self, py: Python<'py>, name: &str, qubit: usize) -> PyResult<Bound<'py, PyAny>> {
        let column = self.properties().zip(QubitQuantity::named(name.as_bytes()));
        let cell = column.map_or_else(Cell::default, |(it, quantity)| it.qubits.column(quantity).cell(qubit));
        exact(py, cell)
    }

    fn gate_quantity<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        gate: &str,
        qargs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let qargs: Vec<u32> = qargs.extract()?;
        let gate = self.properties().and_then(|properties| properties.gate(gate));
        let row = gate.and_then(|gate| gate.row(&qargs).map(|row| (gate, row)));
        let cell = match (row, name) {
            (Some((gate, row)), "gate_error") => gate.error.cell(row),
            (Some((gate, row)), "gate_length") => gate.duration.cell(row),
            _ => Cell::default(),
        };
        exact(py, cell)
    }

    fn qubit_column(&self, name: &str) -> Option<(PyArray, PyArray)> {
        let quantity = QubitQuantity::named(name.as_bytes())?;
        let column = |data: &DeviceData| data.properties.as_ref().map(|it| it.qubits.column(quantity).clone());
        let valid: Vec<bool> = column(&self.data)?.states().iter().map(|state| state.is_valid()).collect();
        let shape = vec![valid.len()];
        let values = PyArray::view(&self.data, shape.clone(), |data| match &data.properties {
            Some(properties) => properties.qubits.column(quantity).values(),
            None => &[],
        });
        Some((values, PyArray::own(valid, shape)))
    }

    #[getter]
    fn operational_qubits(&self) -> Option<PyArray> {
        let length = self.properties()?.qubits.len();
        Some(PyArray::view(&self.data, vec![length], |data| match &data.properties {
            Some(properties) => properties.qubits.operational(),
            None => &[],
        }))
    }

    #[getter]
    fn gate_names(&self) -> Vec<&str> {
        let gates = self.properties().map_or(&[][..], |properties| &properties.gates);
        gates.iter().map(|gate| gate.name.as_str()).collect()
    }

    fn gate_columns<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
        gate_arrays(py, &self.data, name)
    }

    fn gate_dates(&self, py: Python<'_>, name: &str) -> PyResult<Option<PyArray>> {
        let native = self.full(py)?;
        let table = native.properties().and_then(|properties| properties.gate(name));
        let Some((table, bytes)) = table.zip(native.payloads().properties.as_ref()) else { return Ok(None) };
        let dates = py.detach(|| table.updated(bytes));
        let shape = vec![dates.len()];
        Ok(Some(PyArray::own(dates, shape)))
    }

    fn has_other_defaults(&self, py: Python<'_>, other: &Self) -> PyResult<Option<bool>> {
        if let (Some(one), Some(two)) = (self.defaults_length(), other.defaults_length()) {
            if one != two || one == 0 {
                return Ok(Some(one != two));
            }
            let (one, two) = (self.full(py)?.payloads(), other.full(py)?.payloads());
            return Ok(Some(one.defaults.as_deref() != two.defaults.as_deref()));
        }
        Ok((self.digest_bytes(py) == other.digest_bytes(py)).then_some(false))
    }

    fn diff(&self, py: Python<'_>, other: &Self, rtol: f64, atol: f64) -> PyDiff {
        let tolerance = Tolerance { relative: rtol, absolute: atol };
        py.detach(|| PyDiff::new(&self.data, &other.data, tolerance))
    }
}

impl PySnapshot {
    pub fn properties(&self) -> Option<&Properties> {
        self.data.properties.as_ref()
    }
}

/// The inputs of a snapshot, from a tuple `(configuration, properties)` or `(configuration, properties, defaults)`.
fn one_of_many(payloads: &Bound<'_, PyAny>) -> PyResult<Payloads<PyBackedBytes>> {
    if let Ok((configuration, properties)) = payloads.extract() {
        return Ok(self::payloads((configuration, properties, None)));
    }
    Ok(self::payloads(payloads.extract()?))
}

/// Parses on `threads` threads. The error is that of the first payload that has one, whatever the threads do.
///
/// The same object as configuration of many is read once.
fn parse_many(inputs: Vec<Payloads<PyBackedBytes>>, threads: usize) -> Result<Vec<Native>, (usize, PayloadError)> {
    let mut shared: HashMap<(*const u8, usize), OnceLock<Arc<Configuration>>> = HashMap::new();
    let key = |payloads: &Payloads<PyBackedBytes>| (payloads.configuration.as_ptr(), payloads.configuration.len());
    for input in &inputs {
        shared.entry(key(input)).or_default();
    }
    let keyed: Vec<_> = inputs.into_iter().map(|input| (&shared[&key(&input)], input)).collect();
    let results = in_parallel(keyed, threads, |(known, input)| {
        let configuration = if let Some(configuration) = known.get() {
            configuration.clone()
        } else {
            let configuration = Arc::new(read_configuration(&input.configuration)?);
            known.get_or_init(|| configuration).clone()
        };
        Native::with_configuration(input, configuration)
    });
    results.into_iter().enumerate().map(|(at, result)| result.map_err(|error| (at, error))).collect()
}

pub fn members<'py>(py: Python<'py>, members: &Members, bytes: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let spans = PyDict::new(py);
    for (key, span) in members.iter(bytes) {
        spans.set_item(key, (span.start, span.end))?;
    }
    Ok(spans)
}

/// A cell as the Python object that its text means. A missing cell, or one whose exact value only the payload has, is a
/// `LookupError`.
fn exact(py: Python<'_>, cell: Cell) -> PyResult<Bound<'_, PyAny>> {
    match cell.state {
        State::Float => Ok(cell.value.into_pyobject(py)?.into_any()),
        #[expect(clippy::cast_possible_truncation, reason = "integers of this state are below 2^53")]
        State::Integer => Ok((cell.value as i64).into_pyobject(py)?.into_any()),
        State::Null => Ok(py.None().into_bound(py)),
        State::Missing | State::Other => Err(PyLookupError::new_err(())),
    }
}

fn datetime(py: Python<'_>, at: Instant) -> PyResult<Bound<'_, PyDateTime>> {
    let offset = PyDelta::new(py, 0, at.utc_offset, 0, true)?;
    let zone = PyTzInfo::fixed_offset(py, offset)?;
    let (year, microsecond) = (i32::from(at.year), at.microsecond);
    PyDateTime::new(py, year, at.month, at.day, at.hour, at.minute, at.second, microsecond, Some(&zone))
}

#[pyfunction]
pub fn parse_instant<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyDateTime>> {
    let instant =
        Instant::parse(text).ok_or_else(|| PyValueError::new_err(format!("no date in ISO 8601: {text:?}")))?;
    datetime(py, instant)
}
