// SPDX-License-Identifier: Apache-2.0
//! Pulse defaults: commands as plain tuples, samples as bytes.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::exceptions::{PyLookupError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use qiskit_ibm_native_core::defaults::{Amplitude, Defaults, Instruction, Operation, Value};
use qiskit_ibm_native_core::error::{Fault, Payload};
use qiskit_ibm_native_core::json::Span;
use qiskit_ibm_native_core::plan::schedule::{Action, ChannelKind, SchedulePlan};
use qiskit_ibm_native_core::pulse::channel::{Channel, Line};
use qiskit_ibm_native_core::pulse::envelope::{Envelope, Parameter, Shape};
use qiskit_ibm_native_core::pulse::expression::{Expression, Node};
use qiskit_ibm_native_core::snapshot::read_defaults;

use crate::error::payload_error;
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
    fn read(py: Python<'_>, payload: PayloadBytes) -> PyResult<Option<Self>> {
        let payload = payload.0;
        let columns = py.detach(|| read_defaults(&payload)).map_err(|error| payload_error(py, &error))?;
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

    fn schedule<'py>(&self, py: Python<'py>, command: usize) -> PyResult<(Bound<'py, PyList>, u64)> {
        let (columns, command) = (&self.columns, self.checked(command)?);
        let plan = py.detach(|| SchedulePlan::new(columns, command)).map_err(|fault| self.error(py, *fault))?;
        let steps = plan.steps.iter().map(|(start, action)| match action {
            Action::Instruction(instruction) => self.step(py, instruction),
            Action::AcquireAll(at) => (start, "acquire", at, py.None()).into_pyobject(py),
            Action::AcquireOne(at, position) => (start, "acquire", at, position).into_pyobject(py),
        });
        Ok((PyList::new(py, steps.collect::<PyResult<Vec<_>>>()?)?, plan.duration))
    }

    fn channels(&self, command: usize) -> PyResult<Vec<(&'static str, u32)>> {
        let channels = SchedulePlan::channels(&self.columns, self.checked(command)?);
        Ok(channels.into_iter().map(|(channel, index)| (channel_kind_name(channel), index)).collect())
    }

    fn acquisition(&self, at: usize) -> PyResult<Acquires<'_>> {
        let acquisition = self.columns.acquisitions.get(at).ok_or_else(missing)?;
        let slots = acquisition.order().into_iter().map(|position| {
            let register = acquisition.register_slots.as_ref().map(|slots| slots[position]);
            (acquisition.qubits[position], acquisition.memory_slots[position], register)
        });
        let text = |span: Option<Span>| span.and_then(|span| std::str::from_utf8(span.of(&self.payload)).ok());
        Ok((acquisition.duration, slots.collect(), text(acquisition.kernels), text(acquisition.discriminators)))
    }

    fn expression<'py>(&self, py: Python<'py>, at: usize) -> PyResult<(String, Bound<'py, PyAny>)> {
        let expression = self.columns.expressions.get(at).ok_or_else(missing)?;
        Ok((expression.to_string(), tree(py, expression.root(), expression)?))
    }

    fn parametric<'py>(&self, py: Python<'py>, at: usize) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        let parametric = self.columns.parametric.get(at).ok_or_else(missing)?;
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
        waveforms.map(|at| (library.name(at), library.span(at).start, library.span(at).end)).collect()
    }

    fn is_rounded_above_one(&self, waveform: u32) -> PyResult<bool> {
        if waveform as usize >= self.columns.library.len() {
            return Err(missing());
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
    fn checked(&self, command: usize) -> PyResult<usize> {
        (command < self.columns.num_commands()).then_some(command).ok_or_else(missing)
    }

    fn error(&self, py: Python<'_>, fault: Fault) -> PyErr {
        payload_error(py, &fault.in_payload(Payload::Defaults, &self.payload))
    }

    fn step<'py>(&self, py: Python<'py>, instruction: &Instruction) -> PyResult<Bound<'py, PyTuple>> {
        let channel = instruction.channel.map(code);
        let value = |value| match value {
            Value::Number(number) => Ok(number.into_pyobject(py)?.into_any()),
            Value::Expression(at) => PyResult::Ok(at.into_pyobject(py)?.into_any()),
        };
        let (kind, operand) = match instruction.operation {
            Operation::Parametric(at) => ("parametric_pulse", self.pulse(py, at)?.into_any()),
            Operation::Waveform(at) => ("waveform", at.into_pyobject(py)?.into_any()),
            Operation::ShiftPhase(it) => ("fc", value(it)?),
            Operation::SetPhase(it) => ("setp", value(it)?),
            Operation::ShiftFrequency(it) => ("shiftf", value(it)?),
            Operation::SetFrequency(it) => ("setf", value(it)?),
            Operation::Delay(duration) => ("delay", duration.into_pyobject(py)?.into_any()),
            // A plan has neither.
            Operation::Acquire(_) | Operation::Faulty(_) => return Err(missing()),
        };
        (instruction.start, PyString::intern(py, kind), channel, operand).into_pyobject(py)
    }

    /// `(index, shape, label, duration, amp, angle, values)`, with the values that the shape needs in its order.
    fn pulse<'py>(&self, py: Python<'py>, index: u32) -> PyResult<Bound<'py, PyTuple>> {
        let parametric = &self.columns.parametric[index as usize];
        // A plan has checked it.
        let Envelope { shape, duration, amp, angle, parameters } =
            parametric.envelope().map_err(PyLookupError::new_err)?;
        let values = shape.parameters().iter().map(|parameter| {
            let is_integer = parametric.get(*parameter).is_some_and(|(_, is_integer)| is_integer);
            number(py, parameters[*parameter as usize], is_integer)
        });
        let values = PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)?;
        let label = parametric.label.map(|span| Defaults::text(&self.payload, span));
        (index, PyString::intern(py, shape.name()), label, duration, amp, angle, values).into_pyobject(py)
    }
}

#[pyclass(name = "Envelope", module = "qiskit_ibm_native._native", frozen)]
pub struct PyEnvelope(Envelope);

#[pymethods]
impl PyEnvelope {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
    fn new(
        shape: &str,
        duration: u32,
        amp: f64,
        angle: f64,
        parameters: HashMap<String, f64>,
        limit_amplitude: bool,
    ) -> PyResult<Self> {
        let invalid = |expected: &str| PyValueError::new_err(format!("expected {expected}"));
        let shape = Shape::named(shape.as_bytes()).ok_or_else(|| invalid("a pulse shape that is known"))?;
        let mut values = [0.0; Parameter::COUNT];
        for parameter in shape.parameters() {
            let value = parameters.get(parameter.name()).ok_or_else(|| invalid(parameter.name()))?;
            values[*parameter as usize] = *value;
        }
        let envelope = Envelope { shape, duration, amp, angle, parameters: values };
        envelope.check(limit_amplitude).map_err(invalid)?;
        Ok(Self(envelope))
    }

    fn samples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        PyBytes::new_with(py, 16 * self.0.duration as usize, |bytes| {
            let mut samples = bytes.as_chunks_mut::<16>().0.iter_mut();
            self.0.sample(|re, im| {
                if let Some(sample) = samples.next() {
                    sample[..8].copy_from_slice(&re.to_ne_bytes());
                    sample[8..].copy_from_slice(&im.to_ne_bytes());
                }
            });
            Ok(())
        })
    }
}

fn missing() -> PyErr {
    PyLookupError::new_err("the payload has no such element")
}

/// A channel as an integer: four times its index, plus 0 for a drive, 1 for a measurement, 2 for a control.
fn code(channel: Channel) -> u32 {
    4 * channel.index + channel.line as u32
}

fn channel_kind_name(channel: ChannelKind) -> &'static str {
    match channel {
        ChannelKind::Line(Line::Drive) => "drive",
        ChannelKind::Line(Line::Measure) => "measure",
        ChannelKind::Line(Line::Control) => "control",
        ChannelKind::Acquire => "acquire",
        ChannelKind::Memory => "memory",
        ChannelKind::Register => "register",
    }
}

fn number(py: Python<'_>, value: f64, is_integer: bool) -> PyResult<Bound<'_, PyAny>> {
    if is_integer {
        #[expect(clippy::cast_possible_truncation, reason = "integers of the payload are below 2^53")]
        return Ok((value as i64).into_pyobject(py)?.into_any());
    }
    Ok(value.into_pyobject(py)?.into_any())
}

/// A number, the name of a parameter as `str`, or a tuple `(operator, operand, ...)`.
fn tree<'py>(py: Python<'py>, node: &Node, expression: &Expression) -> PyResult<Bound<'py, PyAny>> {
    let pair = |operator: &str, nodes: &[Node; 2]| {
        let operands = (tree(py, &nodes[0], expression)?, tree(py, &nodes[1], expression)?);
        Ok((operator, operands.0, operands.1).into_pyobject(py)?.into_any())
    };
    match node {
        Node::Number(number) => Ok(number.into_pyobject(py)?.into_any()),
        Node::Parameter(at) => Ok(PyString::new(py, &expression.parameters()[*at]).into_any()),
        Node::Negative(node) => Ok(("-", tree(py, node, expression)?).into_pyobject(py)?.into_any()),
        Node::Call(function, node) => Ok((function.name(), tree(py, node, expression)?).into_pyobject(py)?.into_any()),
        Node::Sum(nodes) => pair("+", nodes),
        Node::Difference(nodes) => pair("-", nodes),
        Node::Product(nodes) => pair("*", nodes),
        Node::Quotient(nodes) => pair("/", nodes),
        Node::Power(nodes) => pair("**", nodes),
    }
}
