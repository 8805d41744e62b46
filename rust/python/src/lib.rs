// SPDX-License-Identifier: Apache-2.0
//! `qiskit_ibm_native._native`: takes bytes in, detaches from the interpreter, calls the core, makes Python objects.
//!
//! Nothing is decided here. Docstrings of what is exported live in the stub, `_native.pyi`.

mod array;
mod blocks;
mod defaults;
mod diff;
mod envelope;
mod error;
mod instant;
mod instructions;
mod objects;
mod official;
mod pack;
mod plan;
mod schedule;
mod score;
mod series;
mod shots;
mod snapshot;

use pyo3::prelude::*;

// No free-threaded build is made or tested, and `GcPause` relies on the GIL.
#[pymodule(gil_used = true)]
mod _native {
    use super::PyResult;
    use pyo3::prelude::*;
    use qiskit_ibm_native_core::pulse::envelope::AMPLITUDE_TOLERANCE;

    #[pymodule_export]
    use super::array::PyArray;
    #[pymodule_export]
    use super::blocks::{block_columns, block_problem, make_blocks, read_blocks};
    #[pymodule_export]
    use super::defaults::PyDefaults;
    #[pymodule_export]
    use super::diff::PyDiff;
    #[pymodule_export]
    use super::envelope::PyEnvelope;
    #[pymodule_export]
    use super::instant::parse_instant;
    #[pymodule_export]
    use super::instructions::{pack_instructions, unpack_instructions};
    #[pymodule_export]
    use super::official::{check_official_configuration, check_official_properties};
    #[pymodule_export]
    use super::pack::{pack_payload, unpack_payload};
    #[pymodule_export]
    use super::plan::{PyPlanner, PyTargetOperation, PyTargetPlan, PyVocabulary};
    #[pymodule_export]
    use super::schedule::{PyCommandSchedule, PyParametricPulse, PyScheduleStep};
    #[pymodule_export]
    use super::score::PyScoredCircuit;
    #[pymodule_export]
    use super::series::stack_snapshots;
    #[pymodule_export]
    use super::shots::{count_shots, hex_shots};
    #[pymodule_export]
    use super::snapshot::PySnapshot;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("AMPLITUDE_TOLERANCE", AMPLITUDE_TOLERANCE)?;
        module.add("BLOCK_FORMAT", qiskit_ibm_native_core::blocks::FORMAT)?;
        module.add("PULSE_SHAPES", super::envelope::pulse_shapes(module.py())?)?;
        // Benchmarks refuse a debug build.
        module.add("build_profile", if cfg!(debug_assertions) { "debug" } else { "release" })
    }
}
