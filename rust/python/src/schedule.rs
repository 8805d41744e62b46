// SPDX-License-Identifier: Apache-2.0
//! The schedule of a command as Python objects.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use qiskit_ibm_native_core::defaults::{Defaults, Instruction, Operation, Value};
use qiskit_ibm_native_core::plan::schedule::{Action, ChannelKind, SchedulePlan};
use qiskit_ibm_native_core::pulse::channel::{Channel, Line};
use qiskit_ibm_native_core::pulse::envelope::{Envelope, Parameter};

use crate::defaults::{PyDefaults, number};
use crate::error::{NativeError, NativeResult};

#[pyclass(name = "CommandSchedule", module = "qiskit_ibm_native._native", frozen, get_all)]
pub struct PyCommandSchedule {
    steps: Py<PyList>,
    duration: u64,
}

#[pyclass(name = "ScheduleStep", module = "qiskit_ibm_native._native", frozen, get_all)]
pub struct PyScheduleStep {
    start: u32,
    kind: Py<PyString>,
    channel: Option<Py<PyTuple>>,
    operand: Py<PyAny>,
}

#[pyclass(name = "ParametricPulse", module = "qiskit_ibm_native._native", frozen, get_all)]
pub struct PyParametricPulse {
    index: u32,
    shape: Py<PyString>,
    label: Option<String>,
    duration: u32,
    parameters: Py<PyDict>,
}

impl PyCommandSchedule {
    pub fn new(py: Python<'_>, defaults: &PyDefaults, plan: &SchedulePlan<'_>) -> NativeResult<Self> {
        let mut maker = StepMaker { py, defaults, channels: HashMap::new() };
        let steps = plan.steps.iter().map(|(start, action)| Bound::new(py, maker.step(*start, action)?));
        let steps = PyList::new(py, steps.collect::<PyResult<Vec<_>>>()?)?;
        Ok(Self { steps: steps.unbind(), duration: plan.duration })
    }
}

/// Makes the steps of one command. Each channel is made once.
struct StepMaker<'d, 'py> {
    py: Python<'py>,
    defaults: &'d PyDefaults,
    channels: HashMap<Channel, Bound<'py, PyTuple>>,
}

impl<'py> StepMaker<'_, 'py> {
    fn step(&mut self, start: u32, action: &Action<'_>) -> PyResult<PyScheduleStep> {
        let py = self.py;
        match action {
            Action::Instruction(instruction) => self.instruction(instruction),
            Action::AcquireAll(acquisition) => Ok(self.acquire(start, (acquisition, py.None()).into_pyobject(py)?)),
            Action::AcquireOne(acquisition, position) => {
                Ok(self.acquire(start, (acquisition, position).into_pyobject(py)?))
            }
        }
    }

    fn acquire(&self, start: u32, operand: Bound<'py, PyTuple>) -> PyScheduleStep {
        let kind = PyString::intern(self.py, "acquire").unbind();
        PyScheduleStep { start, kind, channel: None, operand: operand.into_any().unbind() }
    }

    fn instruction(&mut self, instruction: &Instruction) -> PyResult<PyScheduleStep> {
        let py = self.py;
        let value = |value| match value {
            Value::Number(number) => Ok(number.into_pyobject(py)?.into_any()),
            Value::Expression(index) => PyResult::Ok(index.into_pyobject(py)?.into_any()),
        };
        let (kind, operand) = match instruction.operation {
            Operation::Parametric(index) => ("parametric_pulse", self.pulse(index)?),
            Operation::Waveform(index) => ("waveform", index.into_pyobject(py)?.into_any()),
            Operation::ShiftPhase(phase) => ("fc", value(phase)?),
            Operation::SetPhase(phase) => ("setp", value(phase)?),
            Operation::ShiftFrequency(frequency) => ("shiftf", value(frequency)?),
            Operation::SetFrequency(frequency) => ("setf", value(frequency)?),
            Operation::Delay(duration) => ("delay", duration.into_pyobject(py)?.into_any()),
            // A plan has neither.
            Operation::Acquire(_) | Operation::Faulty(_) => return Err(NativeError::NoElement.into()),
        };
        let channel = instruction.channel.map(|channel| self.channel(channel)).transpose()?;
        let kind = PyString::intern(py, kind).unbind();
        Ok(PyScheduleStep { start: instruction.start, kind, channel, operand: operand.unbind() })
    }

    fn channel(&mut self, channel: Channel) -> PyResult<Py<PyTuple>> {
        if let Some(known) = self.channels.get(&channel) {
            return Ok(known.clone().unbind());
        }
        let kind = PyString::intern(self.py, channel_kind_name(ChannelKind::Line(channel.line)));
        let made = (kind, channel.index).into_pyobject(self.py)?;
        Ok(self.channels.entry(channel).or_insert(made).clone().unbind())
    }

    fn pulse(&self, index: u32) -> PyResult<Bound<'py, PyAny>> {
        let (py, defaults) = (self.py, self.defaults);
        let parametric = &defaults.columns.parametric[index as usize];
        // A plan has checked the pulse.
        let Envelope { shape, duration, amp, angle, parameters } = parametric.envelope().map_err(NativeError::from)?;
        let by_name = PyDict::new(py);
        for name in shape.parameter_names() {
            let value = match name {
                "amp" => amp.into_pyobject(py)?.into_any(),
                "angle" => angle.into_pyobject(py)?.into_any(),
                name => {
                    let parameter = Parameter::named(name.as_bytes()).ok_or(NativeError::NoElement)?;
                    let is_integer = parametric.get(parameter).is_some_and(|(_, is_integer)| is_integer);
                    number(py, parameters[parameter as usize], is_integer)?
                }
            };
            by_name.set_item(PyString::intern(py, name), value)?;
        }
        let pulse = PyParametricPulse {
            index,
            shape: PyString::intern(py, shape.name()).unbind(),
            label: parametric.label.map(|span| Defaults::text(&defaults.payload, span)),
            duration,
            parameters: by_name.unbind(),
        };
        Ok(Bound::new(py, pulse)?.into_any())
    }
}

/// Return the name of a kind of channel, as in `channels()` of commands.
pub fn channel_kind_name(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Line(Line::Drive) => "drive",
        ChannelKind::Line(Line::Measure) => "measure",
        ChannelKind::Line(Line::Control) => "control",
        ChannelKind::Acquire => "acquire",
        ChannelKind::Memory => "memory",
        ChannelKind::Register => "register",
    }
}
