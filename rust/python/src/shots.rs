// SPDX-License-Identifier: Apache-2.0
//! Measured words, as counts and as texts.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyList, PyString};
use qiskit_ibm_native_core::shots;

use crate::error::{NativeError, NativeResult};

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn count_shots(py: Python<'_>, words: PyBackedBytes, width: usize) -> NativeResult<Bound<'_, PyDict>> {
    check(&words, width)?;
    let counts = py.detach(|| shots::count(&words, width));
    let dict = PyDict::new(py);
    let mut text = Vec::new();
    for (word, number) in counts {
        dict.set_item(shots::write_hex(word, &mut text), number)?;
    }
    Ok(dict)
}

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn hex_shots(py: Python<'_>, words: PyBackedBytes, width: usize) -> NativeResult<Bound<'_, PyList>> {
    check(&words, width)?;
    let mut text = Vec::new();
    let texts = words.chunks_exact(width).map(|word| PyString::new(py, shots::write_hex(word, &mut text)));
    Ok(PyList::new(py, texts)?)
}

fn check(words: &[u8], width: usize) -> NativeResult<()> {
    if width == 0 || !words.len().is_multiple_of(width) {
        return Err(NativeError::Value(format!("{} bytes are not words of {width} bytes", words.len())));
    }
    Ok(())
}
