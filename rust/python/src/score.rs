// SPDX-License-Identifier: Apache-2.0
//! Circuits that are scored on many snapshots.

use pyo3::prelude::*;
use qiskit_ibm_native_core::score::{Circuit, Delay};

use crate::array::PyArray;
use crate::plan::PyPlanner;
use crate::snapshot::PySnapshot;

/// Name and qubits, and for delays how long they are, and whether that is in dt.
type Instruction = (String, Vec<u32>, Option<(f64, bool)>);

#[pyclass(name = "ScoredCircuit", module = "qiskit_ibm_native._native", frozen)]
pub struct PyScoredCircuit(Circuit);

#[pymethods]
impl PyScoredCircuit {
    #[new]
    fn new(instructions: Vec<Instruction>) -> Self {
        let mut circuit = Circuit::new();
        for (name, qubits, delay) in instructions {
            match (name.as_str(), delay) {
                (_, Some((samples, true))) => circuit.delay(qubits, Delay::Samples(samples)),
                (_, Some((seconds, false))) => circuit.delay(qubits, Delay::Seconds(seconds)),
                ("barrier", None) => circuit.barrier(qubits),
                (_, None) => circuit.operation(&name, qubits),
            }
        }
        Self(circuit)
    }

    fn score(
        &self,
        py: Python<'_>,
        planner: &PyPlanner,
        snapshots: Vec<PyRef<'_, PySnapshot>>,
        threads: usize,
    ) -> (PyArray, PyArray) {
        let devices: Vec<_> = snapshots.iter().map(|snapshot| snapshot.data.clone()).collect();
        drop(snapshots);
        let (success, duration) = py.detach(|| {
            let devices: Vec<_> = devices.iter().map(|data| &**data).collect();
            let scores = self.0.score(&devices, planner.options(), threads);
            scores.into_iter().map(|score| (score.success, score.duration)).unzip::<_, _, Vec<_>, Vec<_>>()
        });
        let shape = || vec![devices.len()];
        (PyArray::own(success, shape()), PyArray::own(duration, shape()))
    }
}
