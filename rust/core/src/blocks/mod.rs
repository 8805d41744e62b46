// SPDX-License-Identifier: Apache-2.0
//! Blocks: all columns of up to 128 calibrations of a device, as bytes that are kept beside the payloads.
//!
//! A block is a list of columns by name, each a frame by itself, so that a series takes those that it needs:
//!
//! | name | content |
//! |---|---|
//! | `qubits T1` and so on, `qubits operational` | a table of calibrations and qubits (`column`) |
//! | `gates` | names of all gates that any of the calibrations lists (`listing`) |
//! | `listing cz` | the qargs on which each calibration lists the gate (`listing`) |
//! | `error cz`, `duration cz`, `operational cz` | a table of calibrations and qargs, by first appearance |
//!
//! Everything is made of payloads, so what is damaged is not repaired but made again. Blocks may come from outside: what
//! bounds the memory that they ask for are [`MAX_QUBITS`](crate::configuration::MAX_QUBITS), [`MAX_BLOCK_CELLS`],
//! [`MAX_PAYLOAD`](crate::pack::MAX_PAYLOAD), and [`MAX_CELLS`](crate::series::MAX_CELLS) of a series.

mod check;
mod column;
mod frame;
mod listing;
mod making;
mod reading;
#[cfg(test)]
mod tests;

use crate::columns::{GateQuantity, QubitQuantity};

pub use self::check::problem;
pub use self::making::{Block, Content, Made, PackedProperties, make};
pub use self::reading::{Pick, ReadError, Series, read};

/// Number of the format. Blocks of another number are made anew, so it goes up with whatever changes about them.
pub const FORMAT: u32 = 1;
/// A block has at most so many calibrations: reading some of one costs little, and 8 are read of a thousand.
pub const MAX_ROWS: usize = 128;
/// The tables of a block's gates have together at most so many cells of each quantity, 34 MB; those of 128 calibrations
/// of 156 qubits have a fifteenth, and any payload fits alone. Payloads from outside can ask for more together.
pub const MAX_BLOCK_CELLS: usize = 1 << 22;
/// The calibrations of a block list at most so many gates; published ones list a dozen.
pub const MAX_GATES: usize = 4096;

/// Name of the column with the names of gates.
const GATES: &str = "gates";

/// Subject of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'n> {
    /// A quantity of qubits.
    Qubits(QubitQuantity),
    /// Flags that tell whether qubits may be used.
    QubitsOperational,
    /// A quantity of a gate, by name.
    Gate(&'n str, GateQuantity),
    /// Flags that tell whether the gate may be used where it is listed.
    GateOperational(&'n str),
}

impl<'n> Subject<'n> {
    /// Return a subject by names: of qubits as payloads call the quantity, of gates as columns are called; flags are
    /// `operational`.
    #[must_use]
    pub fn named(quantity: &str, gate: Option<&'n str>) -> Option<Self> {
        Some(match (gate, quantity) {
            (None, "operational") => Self::QubitsOperational,
            (None, name) => Self::Qubits(QubitQuantity::named(name.as_bytes())?),
            (Some(gate), "operational") => Self::GateOperational(gate),
            (Some(gate), name) => {
                Self::Gate(gate, GateQuantity::ALL.into_iter().find(|quantity| quantity.column_name() == name)?)
            }
        })
    }

    /// Return the names of the columns that are read for it: of qubits the table, of a gate names, listing and table.
    #[must_use]
    pub fn columns(self) -> Vec<String> {
        match self {
            Self::Qubits(_) | Self::QubitsOperational => vec![self.table()],
            Self::Gate(gate, _) | Self::GateOperational(gate) => {
                vec![GATES.to_owned(), listing_name(gate), self.table()]
            }
        }
    }

    /// The name of the column with its values.
    fn table(self) -> String {
        match self {
            Self::Qubits(quantity) => format!("qubits {}", quantity.name()),
            Self::QubitsOperational => "qubits operational".to_owned(),
            Self::Gate(gate, quantity) => format!("{} {gate}", quantity.column_name()),
            Self::GateOperational(gate) => format!("operational {gate}"),
        }
    }

    /// All subjects of qubits.
    fn of_qubits() -> impl Iterator<Item = Self> {
        QubitQuantity::ALL.into_iter().map(Self::Qubits).chain([Self::QubitsOperational])
    }

    /// All subjects of a gate.
    fn of_gate(gate: &'n str) -> impl Iterator<Item = Self> {
        GateQuantity::ALL
            .into_iter()
            .map(move |quantity| Self::Gate(gate, quantity))
            .chain([Self::GateOperational(gate)])
    }
}

fn listing_name(gate: &str) -> String {
    format!("listing {gate}")
}
