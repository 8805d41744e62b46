// SPDX-License-Identifier: Apache-2.0
//! What changed between two snapshots, as tuples that are made when they are asked for.

use pyo3::prelude::*;
use qiskit_ibm_native_core::diff::{Change, Diff, Place, Tolerance};
use qiskit_ibm_native_core::snapshot::Reading;

type QubitChange = (u32, &'static str, Option<f64>, Option<f64>);
type GateChange<'d> = (&'d str, &'d [u32], &'static str, Option<f64>, Option<f64>);

#[pyclass(name = "Diff", module = "qiskit_ibm_native._native", frozen)]
pub struct PyDiff {
    qubits: Vec<(u32, Change)>,
    gates: Vec<(String, Vec<u32>, Change)>,
    appeared: Vec<(String, Option<Vec<u32>>)>,
    vanished: Vec<(String, Option<Vec<u32>>)>,
    configuration: Vec<&'static str>,
}

impl PyDiff {
    pub fn new(old: &Reading, new: &Reading, tolerance: Tolerance) -> Self {
        let Diff { qubits, gates, appeared, vanished, configuration } = Diff::new(old, new, tolerance);
        let own = |places: Vec<Place<'_>>| {
            places.into_iter().map(|(name, qargs)| (name.to_owned(), qargs.map(<[u32]>::to_vec))).collect()
        };
        Self {
            qubits,
            gates: gates.into_iter().map(|(name, qargs, change)| (name.to_owned(), qargs.to_vec(), change)).collect(),
            appeared: own(appeared),
            vanished: own(vanished),
            configuration,
        }
    }
}

#[pymethods]
impl PyDiff {
    #[getter]
    fn qubits(&self) -> Vec<QubitChange> {
        self.qubits.iter().map(|(qubit, change)| (*qubit, change.what.name(), change.old, change.new)).collect()
    }

    #[getter]
    fn gates(&self) -> Vec<GateChange<'_>> {
        let changes = self.gates.iter();
        changes.map(|(name, qargs, it)| (name.as_str(), &qargs[..], it.what.name(), it.old, it.new)).collect()
    }

    #[getter]
    fn appeared(&self) -> Vec<(&str, Option<&[u32]>)> {
        self.appeared.iter().map(|(name, qargs)| (name.as_str(), qargs.as_deref())).collect()
    }

    #[getter]
    fn vanished(&self) -> Vec<(&str, Option<&[u32]>)> {
        self.vanished.iter().map(|(name, qargs)| (name.as_str(), qargs.as_deref())).collect()
    }

    #[getter]
    fn configuration(&self) -> Vec<&'static str> {
        self.configuration.clone()
    }

    fn __bool__(&self) -> bool {
        let Self { qubits, gates, appeared, vanished, configuration } = self;
        !(qubits.is_empty()
            && gates.is_empty()
            && appeared.is_empty()
            && vanished.is_empty()
            && configuration.is_empty())
    }
}
