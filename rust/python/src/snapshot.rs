// SPDX-License-Identifier: Apache-2.0
//! The native half of `Snapshot`.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyLookupError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDateTime, PyDelta, PyDict, PyList, PyMemoryView, PyString, PyTuple, PyTzInfo};
use qiskit_ibm_native_core::columns::{Cell, QubitQuantity, State};
use qiskit_ibm_native_core::error::PayloadError;
use qiskit_ibm_native_core::instant::Instant;
use qiskit_ibm_native_core::members::Members;
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

use crate::defaults::PyDefaults;
use crate::error::payload_error;

/// A snapshot whose bytes Python keeps.
pub type Native = Snapshot<PyBackedBytes>;

#[pyclass(name = "Snapshot", module = "qiskit_ibm_native._native", frozen)]
pub struct PySnapshot(pub Native);

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
        py.detach(|| Native::new(payloads)).map(Self).map_err(|error| payload_error(py, &error))
    }

    #[staticmethod]
    fn parse_many(py: Python<'_>, payloads: &Bound<'_, PyList>, threads: usize) -> PyResult<Vec<Self>> {
        let inputs = payloads.iter().map(|each| one_of_many(&each)).collect::<PyResult<Vec<_>>>()?;
        let snapshots = py.detach(|| parse_many(inputs, threads));
        snapshots.map(|all| all.into_iter().map(Self).collect()).map_err(|(at, error)| {
            let error = payload_error(py, &error);
            // Which of many it was is worth saying; notes came with Python 3.11.
            let _ = error.value(py).call_method1("add_note", (format!("in payloads[{at}]"),));
            error
        })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.configuration().backend_name
    }

    #[getter]
    fn num_qubits(&self) -> u32 {
        self.0.configuration().num_qubits
    }

    #[getter]
    fn last_update<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.0.properties().and_then(|properties| properties.last_update).map(|it| datetime(py, it)).transpose()
    }

    #[getter]
    fn digest(&self, py: Python<'_>) -> String {
        let digest = py.detach(|| self.0.digest());
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    #[getter]
    fn payloads<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let Payloads { configuration, properties, defaults } = self.0.payloads();
        (configuration, properties.as_ref(), defaults.as_ref()).into_pyobject(py)
    }

    #[getter]
    fn has_properties(&self) -> bool {
        self.0.properties().is_some()
    }

    #[getter]
    fn defaults(&self, py: Python<'_>) -> PyResult<Option<PyDefaults>> {
        let Some((columns, payload)) = self.0.defaults().zip(self.0.payloads().defaults.as_ref()) else {
            return Ok(None);
        };
        let payload = payload.into_pyobject(py)?.into();
        Ok(Some(PyDefaults { payload, columns: columns.clone() }))
    }

    #[getter]
    fn faulty_qubits(&self) -> Option<Vec<usize>> {
        let properties = self.0.properties().filter(|properties| !properties.has_surplus_qubits)?;
        let qubits = &properties.qubits;
        Some((0..qubits.len()).filter(|qubit| !qubits.is_operational(*qubit)).collect())
    }

    #[getter]
    fn has_faulty_gates(&self) -> bool {
        let gates = self.0.properties().map_or(&[][..], |properties| &properties.gates);
        gates.iter().any(|gate| gate.operational.contains(&false))
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.payloads(py)
    }

    fn configuration_members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        members(py, &self.0.configuration().members, &self.0.payloads().configuration)
    }

    fn properties_members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match (self.0.properties(), &self.0.payloads().properties) {
            (Some(properties), Some(bytes)) => members(py, &properties.members, bytes),
            _ => Ok(PyDict::new(py)),
        }
    }

    fn qubit_quantity<'py>(&self, py: Python<'py>, name: &str, qubit: usize) -> PyResult<Bound<'py, PyAny>> {
        let column = self.0.properties().zip(QubitQuantity::named(name.as_bytes()));
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
        let gate = self.0.properties().and_then(|properties| properties.gate(gate));
        let row = gate.and_then(|gate| gate.row(&qargs).map(|row| (gate, row)));
        let cell = match (row, name) {
            (Some((gate, row)), "gate_error") => gate.error.cell(row),
            (Some((gate, row)), "gate_length") => gate.duration.cell(row),
            _ => Cell::default(),
        };
        exact(py, cell)
    }
}

/// The inputs of a snapshot, from a tuple `(configuration, properties)` or `(configuration, properties, defaults)`.
fn one_of_many(payloads: &Bound<'_, PyAny>) -> PyResult<Payloads<PyBackedBytes>> {
    if let Ok((configuration, properties)) = payloads.extract() {
        return Ok(self::payloads((configuration, properties, None)));
    }
    Ok(self::payloads(payloads.extract()?))
}

/// Parses on `threads` threads, which take the next payload when they are done with one. The error is that of the first
/// payload that has one, whatever the threads do.
fn parse_many(inputs: Vec<Payloads<PyBackedBytes>>, threads: usize) -> Result<Vec<Native>, (usize, PayloadError)> {
    let threads = threads.min(inputs.len());
    let (queue, results) = (Mutex::new(inputs.into_iter().enumerate()), Mutex::new(Vec::new()));
    let work = || {
        let mut done = Vec::new();
        while let Some((at, input)) = { lock(&queue).next() } {
            done.push((at, Native::new(input)));
        }
        lock(&results).append(&mut done);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(at, result)| result.map_err(|error| (at, error))).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
