// SPDX-License-Identifier: Apache-2.0
//! Plans: what Qiskit objects a snapshot becomes, in what order and with what values.
//!
//! A plan borrows from its snapshot and holds no Python object. Durations and couplings are read off the plan of the
//! target, because they are views of it in Qiskit, too. Schedules are of pulse defaults, and stand alone.

mod coupling;
mod durations;
mod entries;
mod finder;
pub mod schedule;
mod target;

pub use coupling::{CouplingPlan, Edge};
pub use durations::durations;
pub use entries::{InstructionValues, PlacedInstruction, Qargs};
pub use finder::EntryFinder;
pub use target::{Definition, Operation, Options, QubitValues, TargetPlan, Vocabulary};
