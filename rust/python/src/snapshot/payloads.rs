// SPDX-License-Identifier: Apache-2.0
//! Payloads as Python gives them, one snapshot or many.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyMemoryView, PyString};
use qiskit_ibm_native_core::configuration::Configuration;
use qiskit_ibm_native_core::error::PayloadError;
use qiskit_ibm_native_core::members::Members;
use qiskit_ibm_native_core::parallel::in_parallel;
use qiskit_ibm_native_core::snapshot::{Payloads, read_configuration};

use super::source::Native;

/// A payload as Python gives it: `bytes` are borrowed, other objects with bytes are copied.
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

pub fn payloads((configuration, properties, defaults): Parts) -> Payloads<PyBackedBytes> {
    Payloads {
        configuration: configuration.0,
        properties: properties.map(|payload| payload.0),
        defaults: defaults.map(|payload| payload.0),
    }
}

/// Extract the payloads of one of many snapshots: a tuple `(configuration, properties)` or
/// `(configuration, properties, defaults)`.
pub fn extract_payloads(element: &Bound<'_, PyAny>) -> PyResult<Payloads<PyBackedBytes>> {
    if let Ok((configuration, properties)) = element.extract() {
        return Ok(payloads((configuration, properties, None)));
    }
    Ok(payloads(element.extract()?))
}

/// Parse on `threads` threads. The error is that of the first payload that has one, however the threads run.
///
/// A configuration that is the same object for many is parsed once.
pub fn parse_many(inputs: Vec<Payloads<PyBackedBytes>>, threads: usize) -> Result<Vec<Native>, (usize, PayloadError)> {
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
    results.into_iter().enumerate().map(|(index, result)| result.map_err(|error| (index, error))).collect()
}

/// Return the byte range of each top-level value of a payload.
pub fn members<'py>(py: Python<'py>, members: &Members, bytes: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let spans = PyDict::new(py);
    for (key, span) in members.iter(bytes) {
        spans.set_item(key, (span.start, span.end))?;
    }
    Ok(spans)
}
