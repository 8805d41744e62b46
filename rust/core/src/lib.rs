// SPDX-License-Identifier: Apache-2.0
//! From the bytes that a quantum device publishes to a plan of the Qiskit objects they become.
//!
//! Data flows one way: bytes, [`json`] tokens, [`columns`], a [`plan`]. Nothing here knows Python, files, the network
//! or the time.
//!
//! ```
//! use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};
//!
//! let configuration = r#"{"backend_name": "ibm_one", "n_qubits": 1, "basis_gates": ["x"], "gates": []}"#;
//! let snapshot = Snapshot::new(Payloads { configuration, properties: None, defaults: None })?;
//! assert_eq!(snapshot.configuration().num_qubits, 1);
//!
//! let truncated = Payloads { configuration: &configuration[..40], properties: None, defaults: None };
//! let error = Snapshot::new(truncated).unwrap_err();
//! assert_eq!((error.path.as_str(), error.offset), ("$.n_qubits", 40));
//! # Ok::<(), qiskit_ibm_native_core::error::PayloadError>(())
//! ```
#![forbid(unsafe_code)]

pub mod blocks;
pub mod columns;
pub mod compact;
pub mod configuration;
pub mod defaults;
pub mod diff;
pub mod error;
pub mod figures;
pub mod instant;
pub mod instructions;
pub mod official;
pub mod plan;
pub mod properties;
pub mod pulse;
pub mod score;
pub mod series;
pub mod shots;
pub mod snapshot;

// The binding and the fuzz targets need these; they are no interface.
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod members;
#[doc(hidden)]
pub mod pack;
#[doc(hidden)]
pub mod parallel;
#[doc(hidden)]
pub mod qargs;

mod named_enum;
mod quantity;
mod unit;
