// SPDX-License-Identifier: Apache-2.0
//! Compressed payloads of any content: refused, or as many bytes as they say; and compressed bytes come back.
//!
//! The input is a length below 2^23 and the blocks of a frame. Its header, which would take long to find, is put in front.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::columns::QubitQuantity;
use qiskit_ibm_native_core::pack::{MAX_PAYLOAD, pack, unpack};
use qiskit_ibm_native_core::series::{Selection, extract, from_bytes};

/// The magic number, and a descriptor: eight bytes of length, no checksum.
const HEADER: [u8; 5] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0];

fuzz_target!(|content: &[u8]| {
    let packed = pack(content, 1, MAX_PAYLOAD).expect("it is short enough");
    assert_eq!(unpack(&packed, content.len(), MAX_PAYLOAD).as_deref(), Some(content));
    let Some((length, blocks)) = content.split_first_chunk::<4>() else { return };
    let length = u32::from_le_bytes(*length) as usize >> 9;
    let frame = [&HEADER[..], &(length as u64).to_le_bytes(), blocks].concat();
    if let Some(bytes) = unpack(&frame, length, MAX_PAYLOAD) {
        assert_eq!(bytes.len(), length);
    }
    assert_eq!(unpack(&frame, length + 1, MAX_PAYLOAD), None);
    drop(unpack(content, length, MAX_PAYLOAD));
    let selection = [Selection::Operational, Selection::Qubits(QubitQuantity::T1), Selection::Gate("cx")];
    let extracted = extract(vec![(&frame, length, 5)], selection[length % 3], 1).remove(0);
    if let Ok(bytes) = extracted {
        from_bytes(&bytes, selection[length % 3], 5).expect("just made");
    }
    for selection in selection {
        // An extract of any content, with the checksum that it should have.
        let extract = [blocks, &crc32fast::hash(blocks).to_le_bytes()].concat();
        if let Ok(Some(values)) = from_bytes(&extract, selection, 5) {
            let again = from_bytes(&values.to_bytes(), selection, 5).expect("just made").expect("it is listed");
            assert_eq!(again.to_bytes(), values.to_bytes());
        }
    }
});
