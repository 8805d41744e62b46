// SPDX-License-Identifier: Apache-2.0
//! Plans as the Python objects that Qiskit's constructors take.

use std::collections::{HashMap, HashSet};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};
use qiskit_ibm_native_core::plan::{
    CouplingPlan, Definition, InstructionValues, Operation, Options, PlacedInstruction, QubitValues, TargetPlan,
    Vocabulary, durations,
};

use crate::objects::{GcPause, PropertiesMaker, QargsMaker};
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

#[pyclass(name = "TargetPlan", module = "qiskit_ibm_native._native", frozen, get_all)]
pub struct PyTargetPlan {
    constructor: Py<PyDict>,
    operations: Py<PyList>,
    unknown: Py<PyList>,
}

#[pyclass(name = "TargetOperation", module = "qiskit_ibm_native._native", frozen, get_all)]
pub struct PyTargetOperation {
    name: Py<PyString>,
    kind: Py<PyString>,
    num_qubits: Option<u32>,
    num_clbits: Option<u32>,
    parameters: Py<PyTuple>,
    properties: Option<Py<PyDict>>,
}

impl PyTargetOperation {
    fn new<'py>(py: Python<'py>, operation: &Operation<'_>, properties: Option<Bound<'py, PyDict>>) -> PyResult<Self> {
        let (kind, num_clbits, parameters): (_, _, &[String]) = match operation.definition {
            Definition::ControlFlow => ("control_flow", None, &[]),
            Definition::Known(_) => ("known", None, &[]),
            Definition::Gate(gate) => ("gate", None, &gate.parameters),
            Definition::Signature(signature) => ("instruction", Some(signature.num_clbits), &signature.parameters),
        };
        Ok(Self {
            name: PyString::new(py, operation.name).unbind(),
            kind: PyString::intern(py, kind).unbind(),
            num_qubits: operation.definition.num_qubits(),
            num_clbits,
            parameters: PyTuple::new(py, parameters)?.unbind(),
            properties: properties.map(Bound::unbind),
        })
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
        qubit_properties: &Bound<'py, PyType>,
    ) -> PyResult<PyTargetPlan> {
        let plan = self.plan(snapshot);
        // Before the pause: in Qiskit 2.2 the class is Python's, and its code may let other threads run.
        let qubits = plan.qubits().map(|qubits| qubit_values(qubit_properties, &qubits)).transpose()?;
        let _pause = GcPause::new(py);
        let (qargs, mut maker) =
            (QargsMaker::new(py, plan.num_qubits())?, PropertiesMaker::new(instruction_properties)?);
        let operations = plan.operations().iter().map(|operation| {
            let entries = plan.entries(operation);
            let properties =
                entries.map(|entries| properties_by_qargs(py, &entries, &qargs, &mut maker)).transpose()?;
            Bound::new(py, PyTargetOperation::new(py, operation, properties)?)
        });
        let operations = PyList::new(py, operations.collect::<PyResult<Vec<_>>>()?)?.unbind();
        let constructor = constructor(py, &plan, qubits)?.unbind();
        Ok(PyTargetPlan { constructor, operations, unknown: PyList::new(py, plan.unknown())?.unbind() })
    }

    fn durations<'py>(&self, py: Python<'py>, snapshot: &PySnapshot) -> PyResult<(Bound<'py, PyDict>, Option<f64>)> {
        let _pause = GcPause::new(py);
        let plan = self.plan(snapshot);
        let (qargs_maker, by_name_and_qubits) = (QargsMaker::new(py, plan.num_qubits())?, PyDict::new(py));
        let seconds = PyString::intern(py, "s");
        // A device has a handful of durations, and tuples are immutable: each is made once.
        let mut values: HashMap<u64, Bound<'py, PyTuple>> = HashMap::new();
        let mut name: Option<(&str, Bound<'py, PyString>)> = None;
        durations(&plan, |operation, qargs, duration| {
            let operation = match &name {
                Some((last, object)) if *last == operation => object.clone(),
                _ => name.insert((operation, PyString::new(py, operation))).1.clone(),
            };
            let value = match values.get(&duration.to_bits()) {
                Some(value) => value.clone(),
                None => values.entry(duration.to_bits()).or_insert((duration, &seconds).into_pyobject(py)?).clone(),
            };
            by_name_and_qubits.set_item((operation, qargs_maker.make(qargs)?), value)
        })?;
        Ok((by_name_and_qubits, plan.dt()))
    }

    fn coupling<'py>(
        &self,
        py: Python<'py>,
        snapshot: &PySnapshot,
        instruction_properties: Bound<'py, PyType>,
        graph: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        let _pause = GcPause::new(py);
        let plan = self.plan(snapshot);
        let Some(coupling) = CouplingPlan::new(&plan) else { return Ok(false) };
        let mut maker = PropertiesMaker::new(instruction_properties)?;
        let mut nodes = Vec::with_capacity(coupling.nodes.len());
        for node in &coupling.nodes {
            nodes.push(match node {
                Some(values) => properties(py, &mut maker, *values)?,
                None => PyDict::new(py).into_any(),
            });
        }
        graph.call_method1("add_nodes_from", (nodes,))?;
        let add_edge = graph.getattr("add_edge")?;
        let mut names: HashMap<&str, Bound<'py, PyString>> = HashMap::new();
        let mut name_of = |name| names.entry(name).or_insert_with(|| PyString::intern(py, name)).clone();
        for edge in &coupling.edges {
            let payload = PyDict::new(py);
            for (name, values) in std::iter::once(&edge.first).chain(&edge.more) {
                payload.set_item(name_of(name), properties(py, &mut maker, *values)?)?;
            }
            add_edge.call1((edge.source, edge.target, payload))?;
        }
        Ok(true)
    }
}

impl PyPlanner {
    pub fn options(&self) -> Options<'_> {
        let Self { vocabulary, use_fractional_gates, include_control_flow, add_delay, filter_faulty } = self;
        Options {
            vocabulary: &vocabulary.get().0,
            use_fractional_gates: *use_fractional_gates,
            include_control_flow: *include_control_flow,
            add_delay: *add_delay,
            filter_faulty: *filter_faulty,
        }
    }

    fn plan<'s>(&'s self, snapshot: &'s PySnapshot) -> TargetPlan<'s, 's> {
        TargetPlan::new(&snapshot.data, self.options())
    }
}

fn properties<'py>(
    py: Python<'py>,
    maker: &mut PropertiesMaker<'py>,
    values: Option<InstructionValues>,
) -> PyResult<Bound<'py, PyAny>> {
    values.map_or_else(|| Ok(py.None().into_bound(py)), |values| maker.make(values))
}

fn properties_by_qargs<'py>(
    py: Python<'py>,
    entries: &[PlacedInstruction<'_>],
    qargs: &QargsMaker<'py>,
    maker: &mut PropertiesMaker<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for entry in entries {
        dict.set_item(qargs.make(entry.qargs)?, properties(py, maker, entry.values)?)?;
    }
    Ok(dict)
}

/// Return the keyword arguments of `Target`.
fn constructor<'py>(
    py: Python<'py>,
    plan: &TargetPlan<'_, '_>,
    qubits: Option<Bound<'py, PyList>>,
) -> PyResult<Bound<'py, PyDict>> {
    let timing = plan.timing();
    let constructor = PyDict::new(py);
    constructor.set_item("num_qubits", plan.num_qubits())?;
    constructor.set_item("dt", plan.dt())?;
    constructor.set_item("granularity", timing.granularity)?;
    constructor.set_item("min_length", timing.min_length)?;
    constructor.set_item("pulse_alignment", timing.pulse_alignment)?;
    constructor.set_item("acquire_alignment", timing.acquire_alignment)?;
    constructor.set_item("qubit_properties", qubits)?;
    Ok(constructor)
}

fn qubit_values<'py>(class: &Bound<'py, PyType>, qubits: &[QubitValues]) -> PyResult<Bound<'py, PyList>> {
    let objects = qubits.iter().map(|qubit| class.call1((qubit.t1, qubit.t2, qubit.frequency)));
    PyList::new(class.py(), objects.collect::<PyResult<Vec<_>>>()?)
}
