// SPDX-License-Identifier: Apache-2.0
//! Checks of payloads that the official client decodes later.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use qiskit_ibm_native_core::official::{check_configuration, check_properties};

use crate::error::NativeResult;
use crate::snapshot::{PayloadBytes, members};

#[pyfunction]
pub fn check_official_configuration(
    py: Python<'_>,
    payload: PayloadBytes,
) -> NativeResult<(Bound<'_, PyDict>, Vec<String>)> {
    let PayloadBytes(bytes) = payload;
    let (found, open_gates) = py.detach(|| check_configuration(&bytes))?;
    Ok((members(py, &found, &bytes)?, open_gates))
}

#[pyfunction]
pub fn check_official_properties(py: Python<'_>, payload: PayloadBytes) -> NativeResult<(Bound<'_, PyDict>, u32)> {
    let PayloadBytes(bytes) = payload;
    let (found, listed_qubits) = py.detach(|| check_properties(&bytes))?;
    Ok((members(py, &found, &bytes)?, listed_qubits))
}
