// SPDX-License-Identifier: Apache-2.0
//! Differences between two snapshots, as tuples that are made when they are asked for.

use std::sync::Arc;

use pyo3::prelude::*;
use qiskit_ibm_native_core::diff::{Diff, RowLocation, Tolerance};
use qiskit_ibm_native_core::snapshot::DeviceData;

type QubitChange = (u32, &'static str, Option<f64>, Option<f64>);
type GateChange<'d> = (&'d str, &'d [u32], &'static str, Option<f64>, Option<f64>);
type Place<'d> = (&'d str, Option<&'d [u32]>);

#[pyclass(name = "Diff", module = "qiskit_ibm_native._native", frozen)]
pub struct PyDiff {
    old: Arc<DeviceData>,
    new: Arc<DeviceData>,
    diff: Diff,
}

impl PyDiff {
    pub fn new(old: &Arc<DeviceData>, new: &Arc<DeviceData>, tolerance: Tolerance) -> Self {
        Self { old: old.clone(), new: new.clone(), diff: Diff::new(old, new, tolerance) }
    }
}

fn places(places: &[(String, Option<Vec<u32>>)]) -> Vec<Place<'_>> {
    places.iter().map(|(name, qargs)| (name.as_str(), qargs.as_deref())).collect()
}

#[pymethods]
impl PyDiff {
    #[getter]
    fn qubits(&self) -> Vec<QubitChange> {
        self.diff
            .qubits
            .iter()
            .map(|(qubit, change)| (*qubit, change.quantity.name(), change.old, change.new))
            .collect()
    }

    #[getter]
    fn gates(&self) -> Vec<GateChange<'_>> {
        let tables = |is_old: bool| {
            let data = if is_old { &self.old } else { &self.new };
            data.properties.as_ref().map(|properties| &properties.gates[..]).unwrap_or_default()
        };
        let changes = self.diff.gates.iter().map(|(RowLocation { is_old, table, row }, change)| {
            let table = &tables(*is_old)[*table as usize];
            (table.name.as_str(), table.qargs.get(*row as usize), change.quantity.name(), change.old, change.new)
        });
        changes.collect()
    }

    #[getter]
    fn appeared(&self) -> Vec<Place<'_>> {
        places(&self.diff.appeared)
    }

    #[getter]
    fn vanished(&self) -> Vec<Place<'_>> {
        places(&self.diff.vanished)
    }

    #[getter]
    fn configuration(&self) -> Vec<&'static str> {
        self.diff.configuration.clone()
    }

    fn __bool__(&self) -> bool {
        !self.diff.is_empty()
    }
}
