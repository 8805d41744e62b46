// SPDX-License-Identifier: Apache-2.0
//! Instructions of `QuantumCircuit`s as bytes.

use std::collections::HashSet;

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyTuple};
use qiskit_ibm_native_core::instructions::{Instructions, Kind, Writer};

const DELAY: &str = "delay";
/// Integers up to here are floats without rounding.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads the indices of bits of a circuit's instructions.
pub struct BitReader<'py> {
    known: Bound<'py, PyDict>,
    pub num_qubits: usize,
    pub num_clbits: usize,
    /// Indices of the bits of the instruction that was read last: its qubits, then its classical bits, which are
    /// counted behind all qubits of the circuit.
    pub indices: Vec<u32>,
}

impl<'py> BitReader<'py> {
    pub fn new(circuit: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = circuit.py();
        let qubits = circuit.getattr(intern!(py, "qubits"))?;
        let clbits = circuit.getattr(intern!(py, "clbits"))?;
        let known = PyDict::new(py);
        for (index, bit) in qubits.try_iter()?.chain(clbits.try_iter()?).enumerate() {
            known.set_item(bit?, index)?;
        }
        Ok(Self { known, num_qubits: qubits.len()?, num_clbits: clbits.len()?, indices: Vec::new() })
    }

    /// Read the bits of a `CircuitInstruction`; return its number of qubits.
    pub fn read(&mut self, instruction: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = instruction.py();
        self.indices.clear();
        self.add(&instruction.getattr(intern!(py, "qubits"))?)?;
        let num_qubits = self.indices.len();
        self.add(&instruction.getattr(intern!(py, "clbits"))?)?;
        Ok(num_qubits)
    }

    fn add(&mut self, bits: &Bound<'_, PyAny>) -> PyResult<()> {
        for bit in bits.cast::<PyTuple>()? {
            self.indices.push(self.known.as_any().get_item(bit)?.extract()?);
        }
        Ok(())
    }
}

#[pyfunction]
pub fn pack_instructions<'py>(
    circuit: &Bound<'py, PyAny>,
    classes: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let py = circuit.py();
    let mut bits = BitReader::new(circuit)?;
    let num_qubits = u32::try_from(bits.num_qubits)?;
    let (mut writer, mut params) = (Writer::default(), Vec::new());
    // Standard gates of one name have the same number of parameters, and most have none.
    let mut without_params = HashSet::new();
    for instruction in circuit.getattr(intern!(py, "data"))?.try_iter()? {
        let instruction = instruction?;
        let name = instruction.getattr(intern!(py, "name"))?;
        let name = name.extract::<&str>()?;
        let Some(is_gate) = is_plain(&instruction, name, classes)? else { return Ok(None) };
        params.clear();
        if !is_gate || !without_params.contains(name) {
            if !read_params(&instruction, name, &mut params)? {
                return Ok(None);
            }
            if is_gate && params.is_empty() {
                without_params.insert(name.to_owned());
            }
        }
        let split = bits.read(&instruction)?;
        let (qubits, clbits) = bits.indices.split_at_mut(split);
        for bit in clbits.iter_mut() {
            *bit -= num_qubits;
        }
        if name == DELAY {
            let Some(kind) = kind_of_delay(&instruction)? else { return Ok(None) };
            writer.add(&kind, qubits, clbits, &params);
        } else {
            writer.add(name, qubits, clbits, &params);
        }
    }
    Ok(writer.finish().map(|bytes| PyBytes::new(py, &bytes)))
}

/// Whether an instruction is a standard gate; `None` if it may be more than its name, bits and parameters say.
fn is_plain(instruction: &Bound<'_, PyAny>, name: &str, classes: &Bound<'_, PyDict>) -> PyResult<Option<bool>> {
    let py = instruction.py();
    if !instruction.getattr(intern!(py, "label"))?.is_none() {
        return Ok(None);
    }
    if instruction.call_method0(intern!(py, "is_standard_gate"))?.is_truthy()? {
        return Ok(Some(true));
    }
    let Some(class) = classes.get_item(name)? else { return Ok(None) };
    let operation = instruction.getattr(intern!(py, "operation"))?;
    Ok(operation.getattr(intern!(py, "base_class"))?.is(&class).then_some(false))
}

/// Read the parameters of an instruction; tell whether floats are all that there is to them. Lengths of delays may be
/// integers, which [`kind_of_delay`] notes.
fn read_params(instruction: &Bound<'_, PyAny>, name: &str, params: &mut Vec<f64>) -> PyResult<bool> {
    for value in instruction.getattr(intern!(instruction.py(), "params"))?.cast::<PyList>()? {
        let is_integer = name == DELAY && value.is_exact_instance_of::<PyInt>();
        match value.extract::<f64>() {
            Ok(number) if is_integer && number < MAX_EXACT => params.push(number),
            Ok(number) if value.is_exact_instance_of::<PyFloat>() => params.push(number),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The name of the kind of a delay: unit and type of its length, which QPY leaves out.
fn kind_of_delay(instruction: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let operation = instruction.getattr("operation")?;
    let unit: String = operation.getattr("unit")?.extract()?;
    let is_integer = operation.getattr("duration")?.is_exact_instance_of::<PyInt>();
    let kind = if is_integer { "int" } else { "float" };
    Ok((unit != "expr").then(|| format!("{DELAY} {unit} {kind}")))
}

/// Kinds as `(name, number of parameters)`, and by instruction its kind, qubits, classical bits and parameters.
type Read<'py> = (Vec<(String, u8)>, Vec<Bound<'py, PyTuple>>);

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn unpack_instructions(py: Python<'_>, packed: PyBackedBytes) -> PyResult<Read<'_>> {
    let read = Instructions::read(&packed).ok_or_else(|| PyValueError::new_err("these bytes are no instructions"))?;
    let instructions = read.iter().map(|(kind, qubits, clbits, params)| {
        (kind, PyTuple::new(py, qubits)?, PyTuple::new(py, clbits)?, PyTuple::new(py, params)?).into_pyobject(py)
    });
    let instructions = instructions.collect::<PyResult<_>>()?;
    Ok((read.kinds.into_iter().map(|Kind { name, params, .. }| (name.into(), params)).collect(), instructions))
}
