// SPDX-License-Identifier: Apache-2.0
//! Shapes of pulses, and parametric pulses that are sampled.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use qiskit_ibm_native_core::pulse::envelope::{Envelope, Parameter, Shape};

use crate::error::{NativeError, NativeResult};

/// Return the display name and the parameters of each shape, by its name in payloads.
pub fn pulse_shapes(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let shapes = PyDict::new(py);
    for shape in Shape::ALL {
        shapes.set_item(shape.name(), (shape.display_name(), PyTuple::new(py, shape.parameter_names())?))?;
    }
    Ok(shapes)
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
    ) -> NativeResult<Self> {
        let invalid = |expected: &str| NativeError::Value(format!("expected {expected}"));
        let shape = Shape::named(shape.as_bytes()).ok_or_else(|| invalid("a pulse shape that is known"))?;
        let mut values = [0.0; Parameter::COUNT];
        for parameter in shape.parameters() {
            let value = parameters.get(parameter.name()).ok_or_else(|| invalid(parameter.name()))?;
            values[*parameter as usize] = *value;
        }
        let envelope = Envelope { shape, duration, amp, angle, parameters: values };
        envelope.check(limit_amplitude)?;
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
