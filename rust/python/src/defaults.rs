// SPDX-License-Identifier: Apache-2.0
//! Pulse defaults: commands, and what they refer to; samples as bytes.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use qiskit_ibm_native_core::defaults::{Amplitude, Defaults};
use qiskit_ibm_native_core::error::{Fault, Payload};
use qiskit_ibm_native_core::json::Span;
use qiskit_ibm_native_core::plan::schedule::SchedulePlan;
use qiskit_ibm_native_core::pulse::envelope::Parameter;
use qiskit_ibm_native_core::pulse::expression::{Expression, Node};
use qiskit_ibm_native_core::snapshot::read_defaults;

use crate::error::{NativeError, NativeResult};
use crate::schedule::{PyCommandSchedule, channel_kind_name};
use crate::snapshot::{PayloadBytes, members};

#[pyclass(name = "Defaults", module = "qiskit_ibm_native._native", frozen)]
pub struct PyDefaults {
    pub payload: PyBackedBytes,
    pub columns: Arc<Defaults>,
}

type Frequencies<'a> = (&'a [f64], &'a [f64]);
type Slots = (u32, u32, Option<u32>);
/// Duration, slots, and the texts of kernels and discriminators.
type Acquires<'a> = (u32, Vec<Slots>, Option<&'a str>, Option<&'a str>);

#[pymethods]
impl PyDefaults {
    #[staticmethod]
    fn read(py: Python<'_>, payload: PayloadBytes) -> NativeResult<Option<Self>> {
        let payload = payload.0;
        let columns = py.detach(|| read_defaults(&payload))?;
        Ok(columns.map(|columns| Self { payload, columns: Arc::new(columns) }))
    }

    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok((&self.payload).into_pyobject(py)?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (py.get_type::<Self>().getattr("read")?, (self.payload(py)?,)).into_pyobject(py)
    }

    fn members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        members(py, &self.columns.members, &self.payload)
    }

    #[getter]
    fn frequencies(&self) -> Frequencies<'_> {
        (&self.columns.qubit_freq_est, &self.columns.meas_freq_est)
    }

    #[getter]
    fn instructions(&self) -> Vec<&str> {
        self.columns.commands.iter().map(|commands| commands.name.as_str()).collect()
    }

    fn qubits_of<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let commands = self.columns.commands_of(name).into_iter();
        let qargs = commands.flat_map(|commands| commands.qargs.iter().map(|qargs| PyTuple::new(py, qargs)));
        PyList::new(py, qargs.collect::<PyResult<Vec<_>>>()?)
    }

    #[expect(clippy::needless_pass_by_value, reason = "arguments of Python methods are owned")]
    fn find(&self, name: &str, qubits: Vec<u32>) -> Option<usize> {
        self.columns.commands_of(name)?.find(&qubits)
    }

    fn commands<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let listed = self.columns.listed();
        let commands = listed.into_iter().map(|(name, qargs)| (name, PyTuple::new(py, qargs)?).into_pyobject(py));
        PyList::new(py, commands.collect::<PyResult<Vec<_>>>()?)
    }

    fn schedule(&self, py: Python<'_>, command: usize) -> NativeResult<PyCommandSchedule> {
        let (columns, command) = (&self.columns, self.checked(command)?);
        let plan = py.detach(|| SchedulePlan::new(columns, command)).map_err(|fault| self.refused(*fault))?;
        PyCommandSchedule::new(py, self, &plan)
    }

    fn channels(&self, command: usize) -> NativeResult<Vec<(&'static str, u32)>> {
        let channels = SchedulePlan::channels(&self.columns, self.checked(command)?);
        Ok(channels.into_iter().map(|(kind, index)| (channel_kind_name(kind), index)).collect())
    }

    fn acquisition(&self, index: usize) -> NativeResult<Acquires<'_>> {
        let acquisition = self.columns.acquisitions.get(index).ok_or(NativeError::NoElement)?;
        let slots = acquisition.order().into_iter().map(|position| {
            let register = acquisition.register_slots.as_ref().map(|slots| slots[position]);
            (acquisition.qubits[position], acquisition.memory_slots[position], register)
        });
        let text = |span: Option<Span>| span.and_then(|span| std::str::from_utf8(span.slice(&self.payload)).ok());
        Ok((acquisition.duration, slots.collect(), text(acquisition.kernels), text(acquisition.discriminators)))
    }

    fn expression<'py>(&self, py: Python<'py>, index: usize) -> NativeResult<(String, Bound<'py, PyAny>)> {
        let expression = self.columns.expressions.get(index).ok_or(NativeError::NoElement)?;
        Ok((expression.to_string(), tree(py, expression.root(), expression)?))
    }

    fn parametric<'py>(&self, py: Python<'py>, index: usize) -> NativeResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        let parametric = self.columns.parametric.get(index).ok_or(NativeError::NoElement)?;
        let amp = match parametric.amp {
            (re, Some(im)) => pyo3::types::PyComplex::from_doubles(py, re, im).into_any(),
            (amp, None) => amp.into_pyobject(py)?.into_any(),
        };
        let mut items = vec![("amp", amp), ("duration", parametric.duration.into_pyobject(py)?.into_any())];
        for parameter in Parameter::ALL {
            if let Some((value, is_integer)) = parametric.get(parameter) {
                items.push((parameter.name(), number(py, value, is_integer)?));
            }
        }
        Ok(items)
    }

    #[getter]
    fn waveforms(&self) -> Vec<(&str, u32, u32)> {
        let library = &self.columns.library;
        let waveforms = 0..u32::try_from(library.len()).unwrap_or(0);
        waveforms.map(|index| (library.name(index), library.span(index).start, library.span(index).end)).collect()
    }

    fn is_rounded_above_one(&self, waveform: u32) -> NativeResult<bool> {
        if waveform as usize >= self.columns.library.len() {
            return Err(NativeError::NoElement);
        }
        Ok(self.columns.library.amplitude(waveform) == Amplitude::Rounded)
    }

    fn samples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let samples = self.columns.library.samples();
        PyBytes::new_with(py, 16 * samples.len(), |bytes| {
            let parts = samples.as_flattened();
            bytes.as_chunks_mut().0.iter_mut().zip(parts).for_each(|(bytes, part)| *bytes = part.to_ne_bytes());
            Ok(())
        })
    }
}

impl PyDefaults {
    fn checked(&self, command: usize) -> NativeResult<usize> {
        (command < self.columns.num_commands()).then_some(command).ok_or(NativeError::NoElement)
    }

    /// Return the error of an instruction that makes no sense.
    fn refused(&self, fault: Fault) -> NativeError {
        fault.in_payload(Payload::Defaults, &self.payload).into()
    }
}

pub fn number(py: Python<'_>, value: f64, is_integer: bool) -> PyResult<Bound<'_, PyAny>> {
    if is_integer {
        #[expect(clippy::cast_possible_truncation, reason = "integers of the payload are below 2^53")]
        return Ok((value as i64).into_pyobject(py)?.into_any());
    }
    Ok(value.into_pyobject(py)?.into_any())
}

/// Return a tree: a number, the name of a parameter as `str`, or a tuple `(operator, operand, ...)`.
fn tree<'py>(py: Python<'py>, node: &Node, expression: &Expression) -> PyResult<Bound<'py, PyAny>> {
    let pair = |operator: &str, nodes: &[Node; 2]| {
        let operands = (tree(py, &nodes[0], expression)?, tree(py, &nodes[1], expression)?);
        Ok((operator, operands.0, operands.1).into_pyobject(py)?.into_any())
    };
    match node {
        Node::Number(number) => Ok(number.into_pyobject(py)?.into_any()),
        Node::Parameter(index) => Ok(PyString::new(py, &expression.parameters()[*index]).into_any()),
        Node::Negative(node) => Ok(("-", tree(py, node, expression)?).into_pyobject(py)?.into_any()),
        Node::Call(function, node) => Ok((function.name(), tree(py, node, expression)?).into_pyobject(py)?.into_any()),
        Node::Sum(nodes) => pair("+", nodes),
        Node::Difference(nodes) => pair("-", nodes),
        Node::Product(nodes) => pair("*", nodes),
        Node::Quotient(nodes) => pair("/", nodes),
        Node::Power(nodes) => pair("**", nodes),
    }
}
