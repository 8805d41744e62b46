// SPDX-License-Identifier: Apache-2.0
//! Compact forms of any content: refused, or a snapshot whose form is read again as the same.
//!
//! The input is a form without its checksum, which is put right, because nothing else would get past it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::columns::GateQuantity;
use qiskit_ibm_native_core::compact::{decode, encode};
use qiskit_ibm_native_core::diff::{Diff, Tolerance};
use qiskit_ibm_native_core::snapshot::Payloads;

fuzz_target!(|content: &[u8]| {
    let mut bytes = content.to_vec();
    if let Some(length) = bytes.get_mut(12..20) {
        length.copy_from_slice(&(content.len() as u64 + 4).to_le_bytes());
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    let Ok(compact) = decode(&bytes) else { return };
    for gate in compact.data.properties.iter().flat_map(|properties| &properties.gates) {
        assert!(GateQuantity::ALL.into_iter().all(|quantity| gate.column(quantity).len() == gate.qargs.len()));
        assert!(gate.qargs.qubits().iter().all(|qubit| *qubit < compact.data.configuration.num_qubits));
    }
    if let Some(packed) = &compact.packed {
        // A digest cannot be guessed, so payloads are refused; they must be so without harm.
        drop(packed.unpack(&bytes, &compact.digest));
    }
    let again = encode::<Vec<u8>>(&compact.data, &compact.digest, None::<&Payloads<Vec<u8>>>).expect("short");
    let other = decode(&again).expect("just made");
    assert!(Diff::new(&compact.data, &other.data, Tolerance::default()).is_empty());
    assert_eq!(encode::<Vec<u8>>(&other.data, &other.digest, None::<&Payloads<Vec<u8>>>).expect("short"), again);
});
