// SPDX-License-Identifier: Apache-2.0
//! Memory of the core as numpy sees it: read-only, without a copy, and without numpy here.

use std::any::Any;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An array as numpy's array interface describes it. Whoever makes a view of it keeps it, and so its memory.
#[pyclass(name = "Array", module = "qiskit_ibm_native._native", frozen)]
pub struct PyArray {
    address: usize,
    typestr: &'static str,
    shape: Vec<usize>,
    /// Keeps the memory.
    _owner: Arc<dyn Any + Send + Sync>,
}

/// An element of arrays.
pub trait Element: Send + Sync + 'static {
    /// The name of the type in numpy's array interface.
    const TYPESTR: &'static str;
}

impl Element for f64 {
    const TYPESTR: &'static str = if cfg!(target_endian = "little") { "<f8" } else { ">f8" };
}

impl Element for i64 {
    const TYPESTR: &'static str = if cfg!(target_endian = "little") { "<M8[us]" } else { ">M8[us]" };
}

impl Element for u32 {
    const TYPESTR: &'static str = if cfg!(target_endian = "little") { "<u4" } else { ">u4" };
}

impl Element for bool {
    const TYPESTR: &'static str = "|b1";
}

impl PyArray {
    /// A view of memory that `owner` keeps where it is, and that nobody changes.
    pub fn view<T: Element, O: Any + Send + Sync>(
        owner: &Arc<O>,
        shape: Vec<usize>,
        elements: impl FnOnce(&O) -> &[T],
    ) -> Self {
        let elements = elements(owner);
        assert_eq!(elements.len(), shape.iter().product::<usize>(), "numpy would read beyond the end");
        Self { address: elements.as_ptr() as usize, typestr: T::TYPESTR, shape, _owner: owner.clone() }
    }

    /// An array of its own.
    pub fn own<T: Element>(elements: Vec<T>, shape: Vec<usize>) -> Self {
        Self::view(&Arc::new(elements), shape, |elements| elements)
    }
}

#[pymethods]
impl PyArray {
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", self.typestr)?;
        interface.set_item("shape", pyo3::types::PyTuple::new(py, &self.shape)?)?;
        interface.set_item("data", (self.address, true))?;
        Ok(interface)
    }
}
