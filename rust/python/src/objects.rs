// SPDX-License-Identifier: Apache-2.0
//! The small Python objects that targets are full of: tuples of qubits and instruction properties.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple, PyType};
use qiskit_ibm_native_core::plan::{InstructionValues, Qargs};

/// Makes qargs. The integers and the tuples of one qubit are made once.
pub struct QargsMaker<'py> {
    py: Python<'py>,
    qubits: Vec<Bound<'py, PyInt>>,
    singles: Vec<Bound<'py, PyTuple>>,
}

impl<'py> QargsMaker<'py> {
    pub fn new(py: Python<'py>, num_qubits: u32) -> PyResult<Self> {
        let qubits = (0..num_qubits).map(|qubit| Ok(qubit.into_pyobject(py)?)).collect::<PyResult<Vec<_>>>()?;
        let singles = qubits.iter().map(|qubit| PyTuple::new(py, [qubit])).collect::<PyResult<Vec<_>>>()?;
        Ok(Self { py, qubits, singles })
    }

    /// The tuple of `qargs`; snapshots have no index that is not below their number of qubits.
    pub fn make(&self, qargs: Qargs<'_>) -> PyResult<Bound<'py, PyTuple>> {
        let qubit = |qubit: u32| &self.qubits[qubit as usize];
        match qargs {
            Qargs::One(one) => Ok(self.singles[one as usize].clone()),
            Qargs::Two(first, second) => PyTuple::new(self.py, [qubit(first), qubit(second)]),
            Qargs::Many(many) => PyTuple::new(self.py, many.iter().map(|one| qubit(*one))),
        }
    }
}

/// Makes instances of a class such as `InstructionProperties(duration, error)`.
///
/// The class is Python's, its base is native. Going through the `__new__` and `__init__` of the class, which only pass
/// their arguments on to the base, takes 0.45 us; its base's `tp_new` takes 0.07 us, and a target has 1,500 of them.
/// The tuple of arguments and the float of a duration that repeats are made once, which is a fifth of that.
pub struct PropertiesMaker<'py> {
    class: Bound<'py, PyType>,
    new: ffi::newfunc,
    arguments: Bound<'py, PyTuple>,
    /// The duration in `arguments`.
    duration: Option<u64>,
}

impl<'py> PropertiesMaker<'py> {
    pub fn new(class: Bound<'py, PyType>) -> PyResult<Self> {
        let base = class.getattr("__base__")?.cast_into::<PyType>()?;
        // SAFETY: `base` is a type object, and the slot of a type is of the type that its number says.
        let new = unsafe {
            let slot = ffi::PyType_GetSlot(base.as_type_ptr(), ffi::Py_tp_new);
            std::mem::transmute::<*mut std::ffi::c_void, Option<ffi::newfunc>>(slot)
        };
        let new = new.ok_or_else(|| PyTypeError::new_err("instances of the base class cannot be made"))?;
        let arguments = PyTuple::new(class.py(), [class.py().None(), class.py().None()])?;
        Ok(Self { class, new, arguments, duration: None })
    }

    pub fn make(&mut self, values: InstructionValues) -> PyResult<Bound<'py, PyAny>> {
        let duration = values.duration.map(f64::to_bits);
        if duration != self.duration {
            self.set_argument(0, values.duration)?;
            self.duration = duration;
        }
        self.set_argument(1, values.error)?;
        // SAFETY: `new` is the `tp_new` of a base of `class`, called with what it takes: a type derived from its own,
        // a tuple, and no keywords. It returns a new reference, or null with an exception set.
        unsafe {
            let object = (self.new)(self.class.as_type_ptr(), self.arguments.as_ptr(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(self.class.py(), object)
        }
    }

    fn set_argument(&self, index: ffi::Py_ssize_t, value: Option<f64>) -> PyResult<()> {
        let py = self.class.py();
        let value = value.into_pyobject(py)?;
        // SAFETY: the tuple is ours alone, which the interpreter checks; it takes over the reference in any case.
        let result = unsafe { ffi::PyTuple_SetItem(self.arguments.as_ptr(), index, value.into_ptr()) };
        if result == 0 { Ok(()) } else { Err(PyErr::fetch(py)) }
    }
}

/// Pauses automatic garbage collections while it lives, if they are on.
///
/// A collection in the midst of making a target finds no garbage, and there would be hundreds: for 10,000 qubits they
/// take as long as everything else.
///
/// The switch is one of the whole process, so no code of another thread may run between `new` and `drop`: it could see
/// or set the switch. The owner holds the GIL, which only the interpreter's loop over bytecode and native code that
/// detaches give away; so a pause may cover the making of native objects (`tuple`, `dict`, graphs, and instances by the
/// native `tp_new` of [`PropertiesMaker`]), and no call of a class or function that Python may have defined. A build
/// without the GIL has no such guarantee; the module does not claim to support one.
pub struct GcPause {
    were_on: bool,
}

impl GcPause {
    pub fn new(_: Python<'_>) -> Self {
        // SAFETY: the token shows that this thread is attached to the interpreter.
        Self { were_on: unsafe { ffi::PyGC_Disable() } == 1 }
    }
}

impl Drop for GcPause {
    fn drop(&mut self) {
        if self.were_on {
            // SAFETY: this thread is attached, as it was in `new`; the value lives on the stack of one method.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}
