// SPDX-License-Identifier: Apache-2.0
//! The one error of the binding, and the Python exceptions it becomes. No other file knows classes of exceptions.

use std::convert::Infallible;

use pyo3::exceptions::{PyLookupError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use qiskit_ibm_native_core::compact::CompactError;
use qiskit_ibm_native_core::error::{Invalid, PayloadError};
use qiskit_ibm_native_core::series::{SeriesError, TooLarge};

/// Reason why a native function fails.
pub enum NativeError {
    /// A payload is refused: `BackendPayloadError`.
    Payload(PayloadError),
    /// A payload of the snapshot at this index of a list is refused: `BackendPayloadError` with a note.
    PayloadOfMany(usize, PayloadError),
    /// A compact form is refused: `CompactFormError`.
    Compact(CompactError),
    /// The snapshot has no payloads, and the call needs them: `CompactFormError`.
    NoPayloads,
    /// The payload, or the column, has no such element: `LookupError`.
    NoElement,
    /// A value makes no sense: `ValueError`.
    Value(String),
    /// An exception of Python.
    Python(PyErr),
}

/// Result of a native function.
pub type NativeResult<T> = Result<T, NativeError>;

impl From<PayloadError> for NativeError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<CompactError> for NativeError {
    fn from(error: CompactError) -> Self {
        Self::Compact(error)
    }
}

impl From<SeriesError> for NativeError {
    fn from(error: SeriesError) -> Self {
        Self::Value(error.to_string())
    }
}

impl From<TooLarge> for NativeError {
    fn from(error: TooLarge) -> Self {
        Self::Value(error.to_string())
    }
}

impl From<Invalid> for NativeError {
    fn from(invalid: Invalid) -> Self {
        Self::Value(invalid.to_string())
    }
}

impl From<PyErr> for NativeError {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Infallible> for NativeError {
    fn from(error: Infallible) -> Self {
        match error {}
    }
}

impl From<NativeError> for PyErr {
    #[cold]
    fn from(error: NativeError) -> Self {
        match error {
            NativeError::Payload(error) => Python::attach(|py| payload_error(py, &error)),
            NativeError::PayloadOfMany(index, error) => Python::attach(|py| {
                let error = payload_error(py, &error);
                // Notes came with Python 3.11.
                let _ = error.value(py).call_method1("add_note", (format!("in payloads[{index}]"),));
                error
            }),
            NativeError::Compact(error) => Python::attach(|py| compact_error(py, &error.to_string())),
            NativeError::NoPayloads => Python::attach(|py| {
                compact_error(py, "this snapshot was made of a compact form without payloads, which this would need")
            }),
            NativeError::NoElement => PyLookupError::new_err("the payload has no such element"),
            NativeError::Value(message) => PyValueError::new_err(message),
            NativeError::Python(error) => error,
        }
    }
}

fn compact_error(py: Python<'_>, message: &str) -> PyErr {
    let class = py.import("qiskit_ibm_native.exceptions").and_then(|module| module.getattr("CompactFormError"));
    match class.and_then(|class| class.call1((message,))) {
        Ok(error) => PyErr::from_value(error),
        Err(cause) => cause,
    }
}

/// Make the `BackendPayloadError` of a refused payload. The class is defined in Python, and importing it imports
/// Qiskit; that is why it happens here, not when the module is loaded.
fn payload_error(py: Python<'_>, error: &PayloadError) -> PyErr {
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
