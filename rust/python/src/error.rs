// SPDX-License-Identifier: Apache-2.0
//! The core's error as a Python exception.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use qiskit_ibm_native_core::error::PayloadError;

/// Makes the `CompactFormError` of bytes that are no compact form.
#[cold]
pub fn compact_error(py: Python<'_>, message: &str) -> PyErr {
    let class = py.import("qiskit_ibm_native.exceptions").and_then(|module| module.getattr("CompactFormError"));
    match class.and_then(|class| class.call1((message,))) {
        Ok(error) => PyErr::from_value(error),
        Err(cause) => cause,
    }
}

/// Makes the `BackendPayloadError` of a refused payload. The class is defined in Python, and importing it imports
/// Qiskit; that is why it happens here, not when the module is loaded.
#[cold]
pub fn payload_error(py: Python<'_>, error: &PayloadError) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = py.import("qiskit_ibm_native.exceptions")?.getattr("BackendPayloadError")?;
        let arguments = (error.to_string(), error.payload.to_string(), &error.path, error.offset);
        Ok(PyErr::from_value(class.call1(arguments)?))
    };
    make().unwrap_or_else(|cause| {
        let fallback = PyRuntimeError::new_err(error.to_string());
        fallback.set_cause(py, Some(cause));
        fallback
    })
}
