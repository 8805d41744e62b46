// SPDX-License-Identifier: Apache-2.0
//! Checks of payloads that the official client decodes later.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use qiskit_ibm_native_core::official::{check_configuration, check_properties};

use crate::error::NativeResult;
use crate::snapshot::{PayloadBytes, members};

#[pyfunction]
pub fn check_official_configuration<'py>(
    py: Python<'py>,
    payload: PayloadBytes,
) -> NativeResult<(Bound<'py, PyDict>, Vec<String>)> {
    let (found, open_gates) = py.detach(|| check_configuration(&payload.0))?;
    Ok((members(py, &found, &payload.0)?, open_gates))
}

#[pyfunction]
pub fn check_official_properties<'py>(
    py: Python<'py>,
    payload: PayloadBytes,
) -> NativeResult<(Bound<'py, PyDict>, u32)> {
    let (found, listed_qubits) = py.detach(|| check_properties(&payload.0))?;
    Ok((members(py, &found, &payload.0)?, listed_qubits))
}
