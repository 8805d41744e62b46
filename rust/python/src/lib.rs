// SPDX-License-Identifier: Apache-2.0
//! `qiskit_ibm_native._native`: takes bytes in, detaches from the interpreter, calls the core, makes Python objects.
//!
//! Nothing is decided here. Docstrings of what is exported live in the stub, `_native.pyi`.

mod array;
mod columns;
mod defaults;
mod diff;
mod error;
mod objects;
mod plan;
mod score;
mod shots;
mod snapshot;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _native {
    use super::PyResult;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::array::PyArray;
    #[pymodule_export]
    use super::columns::{
        damaged_extracts, extract_packed, pack_payload, stack_extracted, stack_snapshots, unpack_payload,
    };
    #[pymodule_export]
    use super::defaults::{PyDefaults, PyEnvelope};
    #[pymodule_export]
    use super::diff::PyDiff;
    #[pymodule_export]
    use super::plan::{PyPlanner, PyVocabulary};
    #[pymodule_export]
    use super::score::PyScoredCircuit;
    #[pymodule_export]
    use super::shots::{count_shots, hex_shots};
    #[pymodule_export]
    use super::snapshot::{PySnapshot, parse_instant};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Benchmarks refuse a debug build.
        module.add("build_profile", if cfg!(debug_assertions) { "debug" } else { "release" })
    }
}
