// SPDX-License-Identifier: Apache-2.0
//! The bundled devices, for tests and benches of the core.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use qiskit_ibm_native_core::plan::Vocabulary;
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

#[allow(dead_code, reason = "benches use some of them by name")]
pub const DEVICES: [&str; 10] =
    ["boston", "fez", "hanoi", "kingston", "lima", "miami", "sherbrooke", "torino", "vigo", "washington"];

/// A payload of a bundled device.
pub fn payload(device: &str, kind: &str) -> Vec<u8> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/qiskit_ibm_native/snapshot/devices").join(device);
    let file = std::fs::File::open(folder.join(format!("{kind}.json.gz"))).expect("a bundled device");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// Configuration and properties of a bundled device.
#[allow(dead_code, reason = "not every test and bench reads them")]
pub fn payloads(device: &str) -> Payloads<Vec<u8>> {
    let properties = Some(payload(device, "properties"));
    Payloads { configuration: payload(device, "configuration"), properties, defaults: None }
}

/// The snapshot of a bundled device.
#[allow(dead_code, reason = "not every test and bench makes one")]
pub fn snapshot(device: &str) -> Snapshot<Vec<u8>> {
    Snapshot::new(payloads(device)).expect("a published payload")
}

/// Return the meaning of the names that the bundled devices use, as Qiskit has it.
#[allow(dead_code, reason = "not every test plans")]
pub fn vocabulary() -> Vocabulary {
    let one = ["id", "rz", "sx", "x", "u1", "u2", "u3", "rx", "measure", "reset", "delay"].map(|name| (name, 1));
    let two = ["cx", "cz", "ecr", "rzz"].map(|name| (name, 2));
    Vocabulary {
        num_qubits: one.into_iter().chain(two).map(|(name, width)| (name.to_owned(), Some(width))).collect(),
        fractional: ["rx", "rzz", "u2", "u3"].map(str::to_owned).into(),
    }
}
