// SPDX-License-Identifier: Apache-2.0
//! Dates of payloads as aware datetimes.

use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyTzInfo};
use qiskit_ibm_native_core::instant::Instant;

use crate::error::{NativeError, NativeResult};

/// Return the aware datetime of an instant, in the offset from UTC that its text has.
pub fn datetime(py: Python<'_>, instant: Instant) -> PyResult<Bound<'_, PyDateTime>> {
    let Instant { year, month, day, hour, minute, second, microsecond, utc_offset } = instant;
    let zone = PyTzInfo::fixed_offset(py, PyDelta::new(py, 0, utc_offset, 0, true)?)?;
    PyDateTime::new(py, i32::from(year), month, day, hour, minute, second, microsecond, Some(&zone))
}

#[pyfunction]
pub fn parse_instant<'py>(py: Python<'py>, text: &str) -> NativeResult<Bound<'py, PyDateTime>> {
    let instant = Instant::parse(text).ok_or_else(|| NativeError::Value(format!("no date in ISO 8601: {text:?}")))?;
    Ok(datetime(py, instant)?)
}
