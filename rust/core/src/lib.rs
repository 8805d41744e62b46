// SPDX-License-Identifier: Apache-2.0
//! From the bytes that a quantum device publishes to a plan of the Qiskit objects they become.
//!
//! Data flows one way: bytes, [`json`] tokens, [`columns`], a [`plan`]. Nothing here knows Python, files, the network
//! or the time.
#![forbid(unsafe_code)]

pub mod columns;
pub mod configuration;
pub mod error;
pub mod instant;
pub mod json;
pub mod members;
pub mod plan;
pub mod properties;
pub mod qargs;
pub mod quantity;
pub mod snapshot;
pub mod unit;
