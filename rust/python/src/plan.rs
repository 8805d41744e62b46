// SPDX-License-Identifier: Apache-2.0
//! Plans as the Python objects that Qiskit's constructors take.

use std::collections::{HashMap, HashSet};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyNone, PyString, PyTuple, PyType};
use qiskit_ibm_native_core::plan::{
    CouplingPlan, Definition, InstructionValues, Operation, Options, QubitValues, TargetPlan, Vocabulary, durations,
};

use crate::objects::{PropertiesMaker, QargsMaker};
use crate::snapshot::PySnapshot;

#[pyclass(name = "Vocabulary", module = "qiskit_ibm_native._native", frozen)]
pub struct PyVocabulary(Vocabulary);

#[pymethods]
impl PyVocabulary {
    #[new]
    fn new(num_qubits: HashMap<String, Option<u32>>, fractional: HashSet<String>) -> Self {
        Self(Vocabulary { num_qubits, fractional })
    }
}

#[pyclass(name = "Planner", module = "qiskit_ibm_native._native", frozen)]
pub struct PyPlanner {
    vocabulary: Py<PyVocabulary>,
    use_fractional_gates: bool,
    include_control_flow: bool,
    add_delay: bool,
    filter_faulty: bool,
}

#[pymethods]
impl PyPlanner {
    #[new]
    #[pyo3(signature = (vocabulary, *, use_fractional_gates, include_control_flow, add_delay, filter_faulty))]
    #[expect(clippy::fn_params_excessive_bools, reason = "keywords in Python")]
    fn new(
        vocabulary: Py<PyVocabulary>,
        use_fractional_gates: bool,
        include_control_flow: bool,
        add_delay: bool,
        filter_faulty: bool,
    ) -> Self {
        Self { vocabulary, use_fractional_gates, include_control_flow, add_delay, filter_faulty }
    }

    fn target<'py>(
        &self,
        py: Python<'py>,
        snapshot: &PySnapshot,
        instruction_properties: Bound<'py, PyType>,
        qubit_properties: Bound<'py, PyType>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let plan = self.plan(snapshot);
        let timing = plan.timing;
        let makers = (QargsMaker::new(py, plan.num_qubits)?, PropertiesMaker::new(instruction_properties)?);
        let operations = plan.operations.iter().map(|it| operation(py, it, &makers)).collect::<PyResult<Vec<_>>>()?;
        let qubits = plan.qubits.map(|qubits| qubit_values(&qubit_properties, &qubits)).transpose()?;
        let constructor = PyDict::new(py);
        constructor.set_item("num_qubits", plan.num_qubits)?;
        constructor.set_item("dt", plan.dt)?;
        constructor.set_item("granularity", timing.granularity)?;
        constructor.set_item("min_length", timing.min_length)?;
        constructor.set_item("pulse_alignment", timing.pulse_alignment)?;
        constructor.set_item("acquire_alignment", timing.acquire_alignment)?;
        constructor.set_item("qubit_properties", qubits)?;
        (constructor, operations, plan.unknown).into_pyobject(py)
    }

    fn durations<'py>(
        &self,
        py: Python<'py>,
        snapshot: &PySnapshot,
    ) -> PyResult<(Bound<'py, PyDict>, Option<f64>)> {
        let plan = self.plan(snapshot);
        let (qargs_maker, by_name_and_qubits) = (QargsMaker::new(py, plan.num_qubits)?, PyDict::new(py));
        let seconds = PyString::intern(py, "s");
        // A device has a handful of durations, and tuples are immutable: each is made once.
        let mut values: HashMap<u64, Bound<'py, PyTuple>> = HashMap::new();
        let mut name: Option<(&str, Bound<'py, PyString>)> = None;
        for (operation, qargs, duration) in durations(&plan) {
            let operation = match &name {
                Some((last, object)) if *last == operation => object.clone(),
                _ => name.insert((operation, PyString::new(py, operation))).1.clone(),
            };
            let value = match values.get(&duration.to_bits()) {
                Some(value) => value.clone(),
                None => values.entry(duration.to_bits()).or_insert((duration, &seconds).into_pyobject(py)?).clone(),
            };
            by_name_and_qubits.set_item((operation, qargs_maker.make(qargs)?), value)?;
        }
        Ok((by_name_and_qubits, plan.dt))
    }

    fn coupling<'py>(
        &self,
        py: Python<'py>,
        snapshot: &PySnapshot,
        instruction_properties: Bound<'py, PyType>,
    ) -> PyResult<Option<(Bound<'py, PyList>, Bound<'py, PyList>)>> {
        let plan = self.plan(snapshot);
        let Some(coupling) = CouplingPlan::new(&plan) else { return Ok(None) };
        let maker = PropertiesMaker::new(instruction_properties)?;
        let nodes = coupling.nodes.iter().map(|node| match node {
            Some(values) => properties(py, &maker, *values),
            None => Ok(PyDict::new(py).into_any()),
        });
        let edges = coupling.edges.iter().map(|edge| {
            let payload = PyDict::new(py);
            for (name, values) in &edge.operations {
                payload.set_item(PyString::intern(py, name), properties(py, &maker, *values)?)?;
            }
            (edge.source, edge.target, payload).into_pyobject(py)
        });
        let (nodes, edges) = (nodes.collect::<PyResult<Vec<_>>>()?, edges.collect::<PyResult<Vec<_>>>()?);
        Ok(Some((PyList::new(py, nodes)?, PyList::new(py, edges)?)))
    }
}

impl PyPlanner {
    fn plan<'s>(&self, snapshot: &'s PySnapshot) -> TargetPlan<'s> {
        let Self { vocabulary, use_fractional_gates, include_control_flow, add_delay, filter_faulty } = self;
        let options = Options {
            vocabulary: &vocabulary.get().0,
            use_fractional_gates: *use_fractional_gates,
            include_control_flow: *include_control_flow,
            add_delay: *add_delay,
            filter_faulty: *filter_faulty,
        };
        TargetPlan::new(&snapshot.0, options)
    }
}

fn properties<'py>(
    py: Python<'py>,
    maker: &PropertiesMaker<'py>,
    values: Option<InstructionValues>,
) -> PyResult<Bound<'py, PyAny>> {
    values.map_or_else(|| Ok(PyNone::get(py).to_owned().into_any()), |values| maker.make(values))
}

/// `(name, definition, properties)` with the definition as `None` for control flow, `True` for a name of the
/// vocabulary, or `(num_qubits, num_clbits or None, parameters)`.
fn operation<'py>(
    py: Python<'py>,
    operation: &Operation<'_>,
    (qargs_maker, maker): &(QargsMaker<'py>, PropertiesMaker<'py>),
) -> PyResult<Bound<'py, PyTuple>> {
    let definition = match operation.definition {
        Definition::ControlFlow => py.None().into_bound(py),
        Definition::Known(_) => true.into_pyobject(py)?.to_owned().into_any(),
        Definition::Gate(gate) => {
            (gate.num_qubits(), py.None(), PyTuple::new(py, &gate.parameters)?).into_pyobject(py)?.into_any()
        }
        Definition::Signature(signature) => {
            let parameters = PyTuple::new(py, &signature.parameters)?;
            (signature.num_qubits, signature.num_clbits, parameters).into_pyobject(py)?.into_any()
        }
    };
    let places = match &operation.places {
        Some(places) => {
            let dict = PyDict::new(py);
            for place in places {
                dict.set_item(qargs_maker.make(place.qargs)?, properties(py, maker, place.values)?)?;
            }
            dict.into_any()
        }
        None => py.None().into_bound(py),
    };
    (operation.name, definition, places).into_pyobject(py)
}

fn qubit_values<'py>(class: &Bound<'py, PyType>, qubits: &[QubitValues]) -> PyResult<Bound<'py, PyList>> {
    let objects = qubits.iter().map(|qubit| class.call1((qubit.t1, qubit.t2, qubit.frequency)));
    PyList::new(class.py(), objects.collect::<PyResult<Vec<_>>>()?)
}
