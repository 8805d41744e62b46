// SPDX-License-Identifier: Apache-2.0
//! One quantity of many snapshots, stacked in the order of time.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use qiskit_ibm_native_core::columns::{Column, GateColumns, GateQuantity, QubitQuantity};
use qiskit_ibm_native_core::series::{
    GateSeries, Selection, SeriesError, Table, Values, check_qubits, extract, find, from_bytes, stack, stack_extracts,
    stack_gate,
};

use crate::array::PyArray;
use crate::error::{NativeError, NativeResult};
use crate::snapshot::{PySnapshot, width};

fn selection<'n>(quantity: &str, gate: Option<&'n str>) -> NativeResult<Selection<'n>> {
    Ok(match (gate, quantity) {
        (Some(gate), _) => Selection::Gate(gate),
        (None, "operational") => Selection::Operational,
        (None, name) => Selection::Qubits(
            QubitQuantity::named(name.as_bytes())
                .ok_or_else(|| NativeError::Value(format!("no quantity of qubits: {name:?}")))?,
        ),
    })
}

/// Stack a quantity of qubits, or a gate, over snapshots of as many qubits.
#[pyfunction]
#[pyo3(signature = (snapshots, quantity, gate))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn stack_snapshots<'py>(
    py: Python<'py>,
    snapshots: Vec<PyRef<'py, PySnapshot>>,
    quantity: &str,
    gate: Option<&str>,
) -> NativeResult<Bound<'py, PyDict>> {
    let selection = selection(quantity, gate)?;
    let devices: Vec<_> = snapshots.iter().map(|snapshot| snapshot.data.clone()).collect();
    let num_qubits = devices.first().map_or(0, |data| data.configuration.num_qubits);
    if devices.iter().any(|data| data.configuration.num_qubits != num_qubits) {
        return Err(NativeError::Value("the snapshots are of devices with different numbers of qubits".to_owned()));
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
    stacked?.arrays(py, devices.len(), gate)
}

/// Read what is wanted of compressed properties payloads: as bytes, or as a text that says why not.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn extract_packed<'py>(
    py: Python<'py>,
    packed: Vec<(PyBackedBytes, usize, u32)>,
    quantity: &str,
    gate: Option<&str>,
    threads: usize,
) -> NativeResult<Bound<'py, PyList>> {
    let selection = selection(quantity, gate)?;
    let found = py.detach(|| {
        extract(
            packed.iter().map(|(bytes, length, qubits)| (&bytes[..], *length, *qubits)).collect(),
            selection,
            threads,
        )
    });
    let objects = found.into_iter().map(|result| match result {
        Ok(bytes) => PyBytes::new(py, &bytes).into_any(),
        Err(reason) => PyString::new(py, &reason.to_string()).into_any(),
    });
    Ok(PyList::new(py, objects.collect::<Vec<_>>())?)
}

/// Stack what [`extract_packed`] gave of devices with as many qubits.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn stack_extracted<'py>(
    py: Python<'py>,
    extracted: Vec<PyBackedBytes>,
    quantity: &str,
    gate: Option<&str>,
    num_qubits: u32,
) -> NativeResult<Bound<'py, PyDict>> {
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
        Ok::<_, SeriesError>(Stacked::Gate(stack_gate(&tables)?))
    });
    stacked?.arrays(py, extracted.len(), gate)
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

/// Tell which of many extracts are not what [`extract_packed`] gave.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn damaged_extracts(
    py: Python<'_>,
    extracted: Vec<PyBackedBytes>,
    quantity: &str,
    gate: Option<&str>,
    num_qubits: u32,
) -> NativeResult<Vec<usize>> {
    let selection = selection(quantity, gate)?;
    check_qubits(num_qubits)?;
    let is_damaged =
        |(index, bytes): (usize, &PyBackedBytes)| from_bytes(bytes, selection, num_qubits).is_err().then_some(index);
    Ok(py.detach(|| extracted.iter().enumerate().filter_map(is_damaged).collect()))
}

enum Stacked {
    Qubits(Table, usize),
    Gate(GateSeries),
}

impl Stacked {
    fn arrays<'py>(self, py: Python<'py>, times: usize, gate: Option<&str>) -> NativeResult<Bound<'py, PyDict>> {
        let arrays = PyDict::new(py);
        let add = |name: &str, table: Table, width: usize| {
            arrays.set_item(name, PyArray::own(table.values, vec![times, width]))?;
            arrays.set_item(format!("{name}_valid"), PyArray::own(table.valid, vec![times, width]))
        };
        match self {
            Self::Qubits(table, width) => add("values", table, width)?,
            Self::Gate(series) => {
                let (rows, width) = (series.qargs.len(), width(&series.qargs, gate.unwrap_or_default())?);
                for (quantity, table) in GateQuantity::ALL.into_iter().zip(series.columns) {
                    add(quantity.column_name(), table, rows)?;
                }
                arrays.set_item("qargs", PyArray::own(series.qargs.qubits().to_vec(), vec![rows, width]))?;
                arrays.set_item("operational", PyArray::own(series.operational, vec![times, rows]))?;
            }
        }
        Ok(arrays)
    }
}
