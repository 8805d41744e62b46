// SPDX-License-Identifier: Apache-2.0
//! Measured quantities of a snapshot, one value or a column at a time.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use qiskit_ibm_native_core::columns::{Cell, GateColumns, GateQuantity, QubitQuantity, State};
use qiskit_ibm_native_core::qargs::QargsList;
use qiskit_ibm_native_core::snapshot::DeviceData;

use crate::array::PyArray;
use crate::error::{NativeError, NativeResult};

/// Return a quantity of a qubit as the Python object that its text means.
pub fn qubit_quantity<'py>(
    py: Python<'py>,
    data: &DeviceData,
    name: &str,
    qubit: usize,
) -> NativeResult<Bound<'py, PyAny>> {
    let column = data.properties.as_ref().zip(QubitQuantity::named(name.as_bytes()));
    let cell =
        column.map_or_else(Cell::default, |(properties, quantity)| properties.qubits.column(quantity).cell(qubit));
    exact(py, cell)
}

/// Return a quantity of a gate as the Python object that its text means.
pub fn gate_quantity<'py>(
    py: Python<'py>,
    data: &DeviceData,
    name: &str,
    gate_name: &str,
    qargs: &[u32],
) -> NativeResult<Bound<'py, PyAny>> {
    let row = gate(data, gate_name).and_then(|gate| Some((gate, gate.row(qargs)?)));
    let cell = row.zip(GateQuantity::named(name.as_bytes()));
    exact(py, cell.map_or_else(Cell::default, |((gate, row), quantity)| gate.column(quantity).cell(row)))
}

/// Return a cell as a Python object. There is none for a missing cell, nor for one whose exact value only the payload has.
fn exact(py: Python<'_>, cell: Cell) -> NativeResult<Bound<'_, PyAny>> {
    match cell.state {
        State::Float => Ok(cell.value.into_pyobject(py)?.into_any()),
        #[expect(clippy::cast_possible_truncation, reason = "integers of this state are below 2^53")]
        State::Integer => Ok((cell.value as i64).into_pyobject(py)?.into_any()),
        State::Null => Ok(py.None().into_bound(py)),
        State::Missing | State::Other => Err(NativeError::NoElement),
    }
}

/// Return values and mask of a quantity of qubits.
pub fn qubit_column(data: &Arc<DeviceData>, name: &str) -> Option<(PyArray, PyArray)> {
    let quantity = QubitQuantity::named(name.as_bytes())?;
    let states = data.properties.as_ref()?.qubits.column(quantity).states();
    let valid: Vec<bool> = states.iter().map(|state| state.is_valid()).collect();
    let shape = vec![valid.len()];
    let values = PyArray::view(data, shape.clone(), |data| match &data.properties {
        Some(properties) => properties.qubits.column(quantity).values(),
        None => &[],
    });
    Some((values, PyArray::own(valid, shape)))
}

/// Return which qubits may be used.
pub fn operational_qubits(data: &Arc<DeviceData>) -> Option<PyArray> {
    let length = data.properties.as_ref()?.qubits.len();
    Some(PyArray::view(data, vec![length], |data| match &data.properties {
        Some(properties) => properties.qubits.operational(),
        None => &[],
    }))
}

/// Return the columns of a gate by name; `None` if the calibration does not list the gate.
pub fn gate_columns<'py>(
    py: Python<'py>,
    data: &Arc<DeviceData>,
    name: &str,
) -> NativeResult<Option<Bound<'py, PyDict>>> {
    let Some(table) = gate(data, name) else { return Ok(None) };
    let (rows, width) = (table.qargs.len(), width(&table.qargs, name)?);
    let arrays = PyDict::new(py);
    let qargs = PyArray::view(data, vec![rows, width], |data| {
        gate(data, name).map(|table| table.qargs.qubits()).unwrap_or_default()
    });
    arrays.set_item("qargs", qargs)?;
    for quantity in GateQuantity::ALL {
        let values = PyArray::view(data, vec![rows], |data| {
            gate(data, name).map(|table| table.column(quantity).values()).unwrap_or_default()
        });
        let valid = table.column(quantity).states().iter().map(|state| state.is_valid()).collect();
        arrays.set_item(quantity.column_name(), values)?;
        arrays.set_item(format!("{}_valid", quantity.column_name()), PyArray::own(valid, vec![rows]))?;
    }
    let operational = PyArray::view(data, vec![rows], |data| {
        gate(data, name).map(|table| &table.operational[..]).unwrap_or_default()
    });
    arrays.set_item("operational", operational)?;
    Ok(Some(arrays))
}

fn gate<'d>(data: &'d DeviceData, name: &str) -> Option<&'d GateColumns> {
    data.properties.as_ref().and_then(|properties| properties.gate(name))
}

/// Return the number of qubits that a gate acts on, 0 if it is listed nowhere.
pub fn width(qargs: &QargsList, name: &str) -> NativeResult<usize> {
    if qargs.is_empty() {
        return Ok(0);
    }
    qargs.width().ok_or_else(|| {
        NativeError::Value(format!("{name} is listed on different numbers of qubits, which makes no array"))
    })
}
