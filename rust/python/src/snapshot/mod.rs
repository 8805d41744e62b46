// SPDX-License-Identifier: Apache-2.0
//! The native half of `Snapshot`.

mod payloads;
mod quantities;
mod source;

use std::fmt::Write;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime, PyDict, PyList, PyTuple};
use qiskit_ibm_native_core::diff::Tolerance;
use qiskit_ibm_native_core::properties::Properties;
use qiskit_ibm_native_core::snapshot::{DeviceData, Payloads};

use self::payloads::{extract_payloads, parse_many, payloads};
use self::source::{CompactSource, Native, Source};
use crate::array::PyArray;
use crate::defaults::PyDefaults;
use crate::diff::PyDiff;
use crate::error::{NativeError, NativeResult};
use crate::instant::datetime;

pub use self::payloads::{PayloadBytes, members};
pub use self::quantities::width;

#[pyclass(name = "Snapshot", module = "qiskit_ibm_native._native", frozen)]
pub struct PySnapshot {
    pub data: Arc<DeviceData>,
    source: Source,
}

impl PySnapshot {
    fn from_native(native: Native) -> Self {
        Self { data: native.data().clone(), source: Source::Payloads(native) }
    }

    fn properties(&self) -> Option<&Properties> {
        self.data.properties.as_ref()
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
    ) -> NativeResult<Self> {
        let payloads = payloads((configuration, properties, defaults));
        Ok(Self::from_native(py.detach(|| Native::new(payloads))?))
    }

    #[staticmethod]
    fn parse_many(py: Python<'_>, payloads: &Bound<'_, PyList>, threads: usize) -> NativeResult<Vec<Self>> {
        let inputs = payloads.iter().map(|element| extract_payloads(&element)).collect::<PyResult<Vec<_>>>()?;
        let natives = py.detach(|| parse_many(inputs, threads));
        let natives = natives.map_err(|(index, error)| NativeError::PayloadOfMany(index, error))?;
        Ok(natives.into_iter().map(Self::from_native).collect())
    }

    #[staticmethod]
    fn from_compact(py: Python<'_>, data: PayloadBytes) -> NativeResult<Self> {
        let (data, compact) = CompactSource::decode(py, data.0)?;
        Ok(Self { data: Arc::new(data), source: Source::Compact(compact) })
    }

    fn to_compact<'py>(&self, py: Python<'py>, payloads: bool) -> NativeResult<Bound<'py, PyBytes>> {
        self.source.to_compact(py, &self.data, payloads)
    }

    #[getter]
    fn has_payloads(&self) -> bool {
        self.source.has_payloads()
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
        self.properties().and_then(|properties| properties.last_update).map(|instant| datetime(py, instant)).transpose()
    }

    #[getter]
    fn digest(&self, py: Python<'_>) -> String {
        self.source.digest(py).iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    #[getter]
    fn payloads<'py>(&self, py: Python<'py>) -> NativeResult<Bound<'py, PyTuple>> {
        let Payloads { configuration, properties, defaults } = self.source.full(py)?.payloads();
        Ok((configuration, properties.as_ref(), defaults.as_ref()).into_pyobject(py)?)
    }

    #[getter]
    fn has_properties(&self) -> bool {
        self.properties().is_some()
    }

    #[getter]
    fn defaults(&self, py: Python<'_>) -> NativeResult<Option<PyDefaults>> {
        let native = self.source.full(py)?;
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

    fn official_converts(&self, listed_qubits: u32) -> bool {
        qiskit_ibm_native_core::official::converts(&self.data, listed_qubits)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> NativeResult<Bound<'py, PyTuple>> {
        let bytes = self.to_compact(py, self.has_payloads())?;
        Ok((py.get_type::<Self>().getattr("from_compact")?, (bytes,)).into_pyobject(py)?)
    }

    fn configuration_members<'py>(&self, py: Python<'py>) -> NativeResult<Bound<'py, PyDict>> {
        let native = self.source.full(py)?;
        Ok(members(py, &native.configuration().members, &native.payloads().configuration)?)
    }

    fn properties_members<'py>(&self, py: Python<'py>) -> NativeResult<Bound<'py, PyDict>> {
        let native = self.source.full(py)?;
        match (native.properties(), &native.payloads().properties) {
            (Some(properties), Some(bytes)) => Ok(members(py, &properties.members, bytes)?),
            _ => Ok(PyDict::new(py)),
        }
    }

    fn qubit_quantity<'py>(&self, py: Python<'py>, name: &str, qubit: usize) -> NativeResult<Bound<'py, PyAny>> {
        quantities::qubit_quantity(py, &self.data, name, qubit)
    }

    fn gate_quantity<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        gate: &str,
        qargs: &Bound<'py, PyAny>,
    ) -> NativeResult<Bound<'py, PyAny>> {
        quantities::gate_quantity(py, &self.data, name, gate, &qargs.extract::<Vec<u32>>()?)
    }

    fn qubit_column(&self, name: &str) -> Option<(PyArray, PyArray)> {
        quantities::qubit_column(&self.data, name)
    }

    #[getter]
    fn operational_qubits(&self) -> Option<PyArray> {
        quantities::operational_qubits(&self.data)
    }

    #[getter]
    fn gate_names(&self) -> Vec<&str> {
        let gates = self.properties().map_or(&[][..], |properties| &properties.gates);
        gates.iter().map(|gate| gate.name.as_str()).collect()
    }

    fn gate_columns<'py>(&self, py: Python<'py>, name: &str) -> NativeResult<Option<Bound<'py, PyDict>>> {
        quantities::gate_columns(py, &self.data, name)
    }

    fn gate_dates(&self, py: Python<'_>, name: &str) -> NativeResult<Option<PyArray>> {
        let native = self.source.full(py)?;
        let table = native.properties().and_then(|properties| properties.gate(name));
        let Some((table, bytes)) = table.zip(native.payloads().properties.as_ref()) else { return Ok(None) };
        let dates = py.detach(|| table.updated(bytes));
        let shape = vec![dates.len()];
        Ok(Some(PyArray::own(dates, shape)))
    }

    fn has_other_defaults(&self, py: Python<'_>, other: &Self) -> NativeResult<Option<bool>> {
        self.source.has_other_defaults(py, &other.source)
    }

    fn diff(&self, py: Python<'_>, other: &Self, rtol: f64, atol: f64) -> PyDiff {
        let tolerance = Tolerance { relative: rtol, absolute: atol };
        py.detach(|| PyDiff::new(&self.data, &other.data, tolerance))
    }
}
