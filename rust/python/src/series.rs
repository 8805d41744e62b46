// SPDX-License-Identifier: Apache-2.0
//! One quantity of many snapshots, stacked in the order of time.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use qiskit_ibm_native_core::columns::{GateQuantity, QubitQuantity};
use qiskit_ibm_native_core::series::{GateSeries, Table, flags, stack, stack_gate};

use crate::array::PyArray;
use crate::error::{NativeError, NativeResult};
use crate::snapshot::{PySnapshot, width};

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
    let devices: Vec<_> = snapshots.iter().map(|snapshot| snapshot.data.clone()).collect();
    let num_qubits = devices.first().map_or(0, |data| data.configuration.num_qubits);
    if devices.iter().any(|data| data.configuration.num_qubits != num_qubits) {
        return Err(NativeError::Value("the snapshots are of devices with different numbers of qubits".to_owned()));
    }
    let wanted = QubitQuantity::named(quantity.as_bytes());
    if gate.is_none() && wanted.is_none() && quantity != "operational" {
        return Err(NativeError::Value(format!("no quantity of qubits: {quantity:?}")));
    }
    let stacked = py.detach(|| {
        let all = || devices.iter().map(|data| data.properties.as_ref());
        let width = num_qubits as usize;
        match (gate, wanted) {
            (Some(name), _) => {
                let tables: Vec<_> = all().map(|it| it.and_then(|properties| properties.gate(name))).collect();
                stack_gate(&tables).map(Stacked::Gate)
            }
            (None, Some(quantity)) => {
                let columns: Vec<_> = all().map(|it| it.map(|properties| properties.qubits.column(quantity))).collect();
                stack(&columns, width).map(|table| Stacked::Qubits(table, width))
            }
            (None, None) => {
                let found: Vec<_> =
                    all().map(|it| it.map(|properties| flags(properties.qubits.operational()))).collect();
                let columns: Vec<_> = found.iter().map(Option::as_ref).collect();
                stack(&columns, width).map(|table| Stacked::Qubits(table, width))
            }
        }
    });
    stacked?.arrays(py, devices.len(), gate)
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
