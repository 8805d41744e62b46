// SPDX-License-Identifier: Apache-2.0
//! Compression of payloads.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use qiskit_ibm_native_core::pack::{MAX_PAYLOAD, pack, unpack};

use crate::error::{NativeError, NativeResult};

/// Level of compression. An archive is written once and read often.
const LEVEL: i32 = 6;

#[pyfunction(name = "pack")]
#[pyo3(signature = (payload, limit = MAX_PAYLOAD))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn pack_payload(py: Python<'_>, payload: PyBackedBytes, limit: usize) -> NativeResult<Bound<'_, PyBytes>> {
    let packed = py.detach(|| pack(&payload, LEVEL, limit)).ok_or_else(|| {
        NativeError::Value(format!("{} bytes are too many to be kept, of which there may be {limit}", payload.len()))
    })?;
    Ok(PyBytes::new(py, &packed))
}

#[pyfunction(name = "unpack")]
#[pyo3(signature = (packed, length, limit = MAX_PAYLOAD))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn unpack_payload(
    py: Python<'_>,
    packed: PyBackedBytes,
    length: usize,
    limit: usize,
) -> NativeResult<Bound<'_, PyBytes>> {
    let bytes = py.detach(|| unpack(&packed, length, limit));
    let bytes = bytes.ok_or_else(|| NativeError::Value("the payload cannot be decompressed".to_owned()))?;
    Ok(PyBytes::new(py, &bytes))
}
