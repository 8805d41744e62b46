// SPDX-License-Identifier: Apache-2.0
//! Columns of snapshots, and of many snapshots one behind the other, as arrays.

use std::error::Error;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use qiskit_ibm_native_core::columns::{Column, GateColumns, QubitQuantity};
use qiskit_ibm_native_core::pack::{MAX_PAYLOAD, pack, unpack};
use qiskit_ibm_native_core::qargs::QargsList;
use qiskit_ibm_native_core::series::{
    GateSeries, Selection, Table, Values, check_qubits, extract, find, from_bytes, stack, stack_extracts, stack_gate,
};
use qiskit_ibm_native_core::snapshot::DeviceData;

use crate::array::PyArray;
use crate::snapshot::PySnapshot;

/// The columns of a gate by name; `None` if the calibration does not list it.
pub fn gate_arrays<'py>(py: Python<'py>, data: &Arc<DeviceData>, name: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(rows) = gate(data, name).map(|table| table.qargs.len()) else { return Ok(None) };
    let valid = |column: fn(&GateColumns) -> &Column| {
        let states = gate(data, name).map(|table| column(table).states()).unwrap_or_default();
        PyArray::own(states.iter().map(|state| state.is_valid()).collect(), vec![rows])
    };
    let values = |column: fn(&GateColumns) -> &Column| {
        PyArray::view(data, vec![rows], |data| gate(data, name).map(|it| column(it).values()).unwrap_or_default())
    };
    let width = width(gate(data, name).map(|table| &table.qargs), name)?;
    let arrays = PyDict::new(py);
    arrays.set_item(
        "qargs",
        PyArray::view(data, vec![rows, width], |data| {
            gate(data, name).map(|table| table.qargs.qubits()).unwrap_or_default()
        }),
    )?;
    arrays.set_item("error", values(|table| &table.error))?;
    arrays.set_item("error_valid", valid(|table| &table.error))?;
    arrays.set_item("duration", values(|table| &table.duration))?;
    arrays.set_item("duration_valid", valid(|table| &table.duration))?;
    arrays.set_item(
        "operational",
        PyArray::view(data, vec![rows], |data| {
            gate(data, name).map(|table| &table.operational[..]).unwrap_or_default()
        }),
    )?;
    Ok(Some(arrays))
}

fn gate<'r>(data: &'r DeviceData, name: &str) -> Option<&'r GateColumns> {
    data.properties.as_ref().and_then(|properties| properties.gate(name))
}

/// How many qubits a gate acts on, 0 if it is listed nowhere.
fn width(qargs: Option<&QargsList>, name: &str) -> PyResult<usize> {
    let Some(qargs) = qargs.filter(|qargs| !qargs.is_empty()) else { return Ok(0) };
    qargs.width().ok_or_else(|| {
        PyValueError::new_err(format!("{name} is listed on different numbers of qubits, which makes no array"))
    })
}

fn selection<'n>(quantity: &str, gate: Option<&'n str>) -> PyResult<Selection<'n>> {
    Ok(match (gate, quantity) {
        (Some(gate), _) => Selection::Gate(gate),
        (None, "operational") => Selection::Operational,
        (None, name) => Selection::Qubits(
            QubitQuantity::named(name.as_bytes())
                .ok_or_else(|| PyValueError::new_err(format!("no quantity of qubits: {name:?}")))?,
        ),
    })
}

/// Stacks a quantity of qubits, or a gate, over snapshots of as many qubits.
#[pyfunction]
#[pyo3(signature = (snapshots, quantity, gate))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn stack_snapshots<'py>(
    py: Python<'py>,
    snapshots: Vec<PyRef<'py, PySnapshot>>,
    quantity: &str,
    gate: Option<&str>,
) -> PyResult<Bound<'py, PyDict>> {
    let selection = selection(quantity, gate)?;
    let devices: Vec<_> = snapshots.iter().map(|snapshot| snapshot.data.clone()).collect();
    let num_qubits = devices.first().map_or(0, |data| data.configuration.num_qubits);
    if devices.iter().any(|data| data.configuration.num_qubits != num_qubits) {
        return Err(PyValueError::new_err("the snapshots are of devices with different numbers of qubits"));
    }
    let stacked = py.detach(|| {
        let all = || devices.iter().map(|data| data.properties.as_ref());
        let width = num_qubits as usize;
        match selection {
            Selection::Gate(name) => {
                let tables: Vec<_> = all().map(|it| it.and_then(|properties| properties.gate(name))).collect();
                stack_gate(&tables).map(Stacked::Gate)
            }
            Selection::Qubits(quantity) => {
                let columns: Vec<_> = all().map(|it| it.map(|properties| properties.qubits.column(quantity))).collect();
                stack(&columns, width).map(|table| Stacked::Qubits(table, width))
            }
            Selection::Operational => {
                let found: Vec<_> = all().map(|it| it.and_then(|properties| find(properties, selection))).collect();
                let columns: Vec<_> = found.iter().map(|found| column_of(found.as_ref())).collect();
                stack(&columns, width).map(|table| Stacked::Qubits(table, width))
            }
        }
    });
    stacked.map_err(value_error)?.arrays(py, devices.len(), gate)
}

/// Reads what is wanted of compressed properties payloads: as bytes, or as a text that says why not.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn extract_packed<'py>(
    py: Python<'py>,
    packed: Vec<(PyBackedBytes, usize, u32)>,
    quantity: &str,
    gate: Option<&str>,
    threads: usize,
) -> PyResult<Bound<'py, PyList>> {
    let selection = selection(quantity, gate)?;
    let found = py.detach(|| {
        extract(
            packed.iter().map(|(bytes, length, qubits)| (&bytes[..], *length, *qubits)).collect(),
            selection,
            threads,
        )
    });
    let objects = found.into_iter().map(|each| match each {
        Ok(bytes) => PyBytes::new(py, &bytes).into_any(),
        Err(reason) => PyString::new(py, &reason).into_any(),
    });
    PyList::new(py, objects.collect::<Vec<_>>())
}

/// Stacks what [`extract_packed`] gave of devices with as many qubits.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn stack_extracted<'py>(
    py: Python<'py>,
    extracted: Vec<PyBackedBytes>,
    quantity: &str,
    gate: Option<&str>,
    num_qubits: u32,
) -> PyResult<Bound<'py, PyDict>> {
    let selection = selection(quantity, gate)?;
    let stacked = py.detach(|| {
        if gate.is_none() {
            let table = stack_extracts(extracted.iter().map(|bytes| &bytes[..]), selection, num_qubits)?;
            return Ok(Stacked::Qubits(table, num_qubits as usize));
        }
        check_qubits(num_qubits)?;
        let found =
            extracted.iter().map(|bytes| from_bytes(bytes, selection, num_qubits)).collect::<Result<Vec<_>, _>>()?;
        let tables: Vec<_> = found.iter().map(|found| gate_of(found.as_ref())).collect();
        Ok::<_, Box<dyn Error + Send + Sync>>(Stacked::Gate(stack_gate(&tables)?))
    });
    stacked.map_err(value_error)?.arrays(py, extracted.len(), gate)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn value_error(error: impl ToString) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn gate_of(found: Option<&Values>) -> Option<&GateColumns> {
    match found {
        Some(Values::Gate(table)) => Some(table),
        _ => None,
    }
}

fn column_of(found: Option<&Values>) -> Option<&Column> {
    match found {
        Some(Values::Qubits(column)) => Some(column),
        _ => None,
    }
}

/// Tells which of many extracts are not what [`extract_packed`] gave.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn damaged_extracts(
    py: Python<'_>,
    extracted: Vec<PyBackedBytes>,
    quantity: &str,
    gate: Option<&str>,
    num_qubits: u32,
) -> PyResult<Vec<usize>> {
    let selection = selection(quantity, gate)?;
    check_qubits(num_qubits).map_err(value_error)?;
    let is_damaged =
        |(at, bytes): (usize, &PyBackedBytes)| from_bytes(bytes, selection, num_qubits).is_err().then_some(at);
    Ok(py.detach(|| extracted.iter().enumerate().filter_map(is_damaged).collect()))
}

enum Stacked {
    Qubits(Table, usize),
    Gate(GateSeries),
}

impl Stacked {
    fn arrays<'py>(self, py: Python<'py>, times: usize, gate: Option<&str>) -> PyResult<Bound<'py, PyDict>> {
        let arrays = PyDict::new(py);
        let add = |name: &str, table: Table, width: usize| {
            arrays.set_item(name, PyArray::own(table.values, vec![times, width]))?;
            arrays.set_item(format!("{name}_valid"), PyArray::own(table.valid, vec![times, width]))
        };
        match self {
            Self::Qubits(table, width) => add("values", table, width)?,
            Self::Gate(series) => {
                let (rows, width) = (series.qargs.len(), width(Some(&series.qargs), gate.unwrap_or_default())?);
                add("error", series.error, rows)?;
                add("duration", series.duration, rows)?;
                arrays.set_item("qargs", PyArray::own(series.qargs.qubits().to_vec(), vec![rows, width]))?;
                arrays.set_item("operational", PyArray::own(series.operational, vec![times, rows]))?;
            }
        }
        Ok(arrays)
    }
}

/// Compresses a payload for an archive, where it is written once and read often, or what else has at most `limit` bytes.
#[pyfunction(name = "pack")]
#[pyo3(signature = (payload, limit = MAX_PAYLOAD))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn pack_payload(py: Python<'_>, payload: PyBackedBytes, limit: usize) -> PyResult<Bound<'_, PyBytes>> {
    let packed = py.detach(|| pack(&payload, 6, limit)).ok_or_else(|| {
        PyValueError::new_err(format!("{} bytes are too many to be kept, of which there may be {limit}", payload.len()))
    })?;
    Ok(PyBytes::new(py, &packed))
}

/// Decompresses a payload, or what else has at most `limit` bytes.
#[pyfunction(name = "unpack")]
#[pyo3(signature = (packed, length, limit = MAX_PAYLOAD))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn unpack_payload(
    py: Python<'_>,
    packed: PyBackedBytes,
    length: usize,
    limit: usize,
) -> PyResult<Bound<'_, PyBytes>> {
    let bytes = py.detach(|| unpack(&packed, length, limit));
    let bytes = bytes.ok_or_else(|| PyValueError::new_err("the payload cannot be decompressed"))?;
    Ok(PyBytes::new(py, &bytes))
}
