// SPDX-License-Identifier: Apache-2.0
//! Blocks of columns that archives keep.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList};
use qiskit_ibm_native_core::blocks::{self, Block, Content, PackedProperties, Pick, ReadError, Subject};
use qiskit_ibm_native_core::series::check_qubits;

use crate::array::PyArray;
use crate::error::{NativeError, NativeResult};
use crate::snapshot::width;

/// A compressed payload, and its length without compression.
type Packed = (PyBackedBytes, usize);

fn subject<'n>(quantity: &str, gate: Option<&'n str>) -> NativeResult<Subject<'n>> {
    Subject::named(quantity, gate).ok_or_else(|| NativeError::Value(format!("no such quantity: {quantity:?}")))
}

fn borrowed(packed: &[Packed]) -> Vec<PackedProperties<'_>> {
    packed.iter().map(|(bytes, length)| (&bytes[..], *length)).collect()
}

/// Name the columns of blocks that a series needs.
#[pyfunction]
#[pyo3(signature = (quantity, gate))]
pub fn block_columns(quantity: &str, gate: Option<&str>) -> NativeResult<Vec<String>> {
    Ok(subject(quantity, gate)?.columns())
}

/// Make blocks of compressed payloads; payloads that cannot be read by index, with the reason.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn make_blocks(
    py: Python<'_>,
    packed: Vec<Packed>,
    num_qubits: u32,
    threads: usize,
) -> NativeResult<(Bound<'_, PyList>, BTreeMap<usize, String>)> {
    let made = py.detach(|| blocks::make(borrowed(&packed), num_qubits, threads))?;
    let list = PyList::empty(py);
    for Block { rows, columns } in made.blocks {
        let by_name = PyDict::new(py);
        for (name, content) in columns {
            match content {
                Content::Bytes(bytes) => by_name.set_item(name, PyBytes::new(py, &bytes))?,
                Content::Same(earlier) => by_name.set_item(name, earlier)?,
            }
        }
        list.append((rows, by_name))?;
    }
    Ok((list, made.problems.into_iter().map(|(index, error)| (index, error.to_string())).collect()))
}

/// Read a series of picks: arrays by name, or a list of the blocks that are damaged.
#[pyfunction]
#[pyo3(signature = (columns, picks, quantity, gate, num_qubits))]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn read_blocks<'py>(
    py: Python<'py>,
    columns: Vec<Vec<Option<PyBackedBytes>>>,
    picks: Vec<(usize, usize)>,
    quantity: &str,
    gate: Option<&str>,
    num_qubits: u32,
) -> NativeResult<Bound<'py, PyAny>> {
    let subject = subject(quantity, gate)?;
    check_qubits(num_qubits)?;
    if picks.iter().any(|(block, _)| *block >= columns.len()) {
        return Err(NativeError::Value("a pick is of no block".to_owned()));
    }
    let read = py.detach(|| {
        let columns: Vec<Vec<_>> = columns.iter().map(|block| block.iter().map(|it| it.as_deref()).collect()).collect();
        let picks: Vec<_> = picks.iter().map(|&(block, row)| Pick { block, row }).collect();
        blocks::read(&columns, &picks, subject, num_qubits)
    });
    let series = match read {
        Ok(series) => series,
        Err(ReadError::Damaged(blocks)) => return Ok(PyList::new(py, blocks)?.into_any()),
        Err(ReadError::TooLarge(error)) => return Err(error.into()),
    };
    let (arrays, mut places) = (PyDict::new(py), num_qubits as usize);
    if let Some(gate) = gate {
        places = series.qargs.len();
        let width = width(&series.qargs, gate)?;
        arrays.set_item("qargs", PyArray::own(series.qargs.qubits().to_vec(), vec![places, width]))?;
    }
    arrays.set_item("values", PyArray::own(series.table.values, vec![picks.len(), places]))?;
    arrays.set_item("valid", PyArray::own(series.table.valid, vec![picks.len(), places]))?;
    Ok(arrays.into_any())
}

/// Compare a block with the payloads of some of its rows.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments of Python functions are owned")]
pub fn block_problem(
    py: Python<'_>,
    columns: BTreeMap<String, PyBackedBytes>,
    rows: Vec<usize>,
    packed: Vec<Packed>,
    num_qubits: u32,
    threads: usize,
) -> Option<String> {
    py.detach(|| {
        let columns = columns.iter().map(|(name, bytes)| (name.clone(), &bytes[..])).collect();
        blocks::problem(&columns, &rows, borrowed(&packed), num_qubits, threads)
    })
}
