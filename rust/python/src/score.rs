// SPDX-License-Identifier: Apache-2.0
//! Circuits that are scored on many snapshots.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use qiskit_ibm_native_core::figures::CircuitFigures;
use qiskit_ibm_native_core::plan::InstructionValues;
use qiskit_ibm_native_core::score::{Circuit, Delay};

use crate::array::PyArray;
use crate::instructions::BitReader;
use crate::plan::PyPlanner;
use crate::snapshot::PySnapshot;

/// Duration (s) and error, or `T1` and `T2` (s).
type Pair = (Option<f64>, Option<f64>);
/// Name of an operation, and its qargs.
type Named<'a, 'py> = (&'a str, Vec<Bound<'py, PyTuple>>);

#[pyclass(name = "ScoredCircuit", module = "qiskit_ibm_native._native", frozen)]
pub struct PyScoredCircuit {
    circuit: Circuit,
    figures: CircuitFigures,
}

#[pymethods]
impl PyScoredCircuit {
    #[new]
    fn new(circuit: &Bound<'_, PyAny>, length_of_delay: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = circuit.py();
        let mut bits = BitReader::new(circuit)?;
        let figures = CircuitFigures::new(bits.num_qubits, bits.num_clbits);
        let mut new = Self { circuit: Circuit::new(), figures };
        for instruction in circuit.getattr(intern!(py, "data"))?.try_iter()? {
            new.add(&instruction?, &mut bits, length_of_delay)?;
        }
        Ok(new)
    }

    #[getter]
    fn size(&self) -> usize {
        self.figures.size
    }

    #[getter]
    fn depth(&self) -> u32 {
        self.figures.depth()
    }

    #[getter]
    fn two_qubit_count(&self) -> usize {
        self.figures.two_qubit_count
    }

    #[getter]
    fn two_qubit_depth(&self) -> u32 {
        self.figures.two_qubit_depth()
    }

    #[getter]
    fn operations<'py>(&self, py: Python<'py>) -> PyResult<Vec<Named<'_, 'py>>> {
        let tuples = |qargs: &[Vec<u32>]| qargs.iter().map(|qubits| PyTuple::new(py, qubits)).collect::<PyResult<_>>();
        self.circuit.operations().map(|(name, qargs)| Ok((name, tuples(qargs)?))).collect()
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
            let scores = self.circuit.score(&devices, planner.options(), threads);
            scores.into_iter().map(|score| (score.success, score.duration)).unzip::<_, _, Vec<_>, Vec<_>>()
        });
        let shape = || vec![devices.len()];
        (PyArray::own(success, shape()), PyArray::own(duration, shape()))
    }

    #[expect(clippy::needless_pass_by_value, reason = "arguments of Python methods are owned")]
    fn score_by_values(&self, values: Vec<Vec<Pair>>, dt: Option<f64>, relaxation: Vec<Pair>) -> (f64, f64) {
        let values: Vec<Vec<_>> = values
            .into_iter()
            .map(|pairs| pairs.into_iter().map(|(duration, error)| InstructionValues { duration, error }).collect())
            .collect();
        let score = self.circuit.score_by_values(&values, dt, &relaxation);
        (score.success, score.duration)
    }
}

impl PyScoredCircuit {
    /// Add a `CircuitInstruction`.
    fn add(
        &mut self,
        instruction: &Bound<'_, PyAny>,
        bits: &mut BitReader<'_>,
        length_of_delay: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = instruction.py();
        let num_qubits = bits.read(instruction)?;
        let is_directive = instruction.call_method0(intern!(py, "is_directive"))?.is_truthy()?;
        self.figures.count(&bits.indices, num_qubits, is_directive);
        let qubits = &bits.indices[..num_qubits];
        let name = instruction.getattr(intern!(py, "name"))?;
        match name.extract::<&str>()? {
            "delay" => {
                let operation = instruction.getattr(intern!(py, "operation"))?;
                let (length, is_in_dt) = length_of_delay.call1((operation,))?.extract()?;
                self.circuit.delay(qubits, if is_in_dt { Delay::Samples(length) } else { Delay::Seconds(length) });
            }
            "barrier" => self.circuit.barrier(qubits),
            name if !is_directive => self.circuit.operation(name, qubits),
            _ => {}
        }
        Ok(())
    }
}
