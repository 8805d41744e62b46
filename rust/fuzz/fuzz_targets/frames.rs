// SPDX-License-Identifier: Apache-2.0
//! Compressed payloads of any content: refused, or as many bytes as they say; and compressed bytes come back.
//!
//! The input is a length below 2^23 and the blocks of a frame. Its header, which would take long to find, is put in front.
//! The same content is read as columns of calibrations, and payloads that can be read become columns that say the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::blocks::{Content, Pick, Subject, make, problem, read};
use qiskit_ibm_native_core::columns::{GateQuantity, QubitQuantity};
use qiskit_ibm_native_core::pack::{MAX_PAYLOAD, pack, unpack};

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
    check_columns(content, blocks);
    check_blocks(&frame, length);
});

/// Read columns of any content: refused, or tables of the size that they should have.
fn check_columns(content: &[u8], blocks: &[u8]) {
    let packed = pack(blocks, 1, MAX_PAYLOAD).expect("it is short enough");
    let pick = Pick { block: 0, row: usize::from(content[0]) };
    let names = make(vec![(&pack(NAMED, 1, MAX_PAYLOAD).expect("short")[..], NAMED.len())], 5, 1).expect("few qubits");
    let Content::Bytes(names) = &names.blocks[0].columns[0].1 else { panic!("the first column has bytes") };
    for subject in [Subject::QubitsOperational, Subject::Qubits(QubitQuantity::T1)] {
        if let Ok(series) = read(&[vec![Some(&packed)]], &[pick], subject, 5) {
            assert_eq!((series.table.values.len(), series.table.valid.len()), (5, 5));
        }
    }
    for columns in [[&packed, names, names], [names, &packed, names], [names, &packed, &packed]] {
        let columns = columns.map(|bytes| Some(&bytes[..])).to_vec();
        if let Ok(series) = read(&[columns], &[pick], Subject::Gate("cx", GateQuantity::Error), 5) {
            assert_eq!(series.table.values.len(), series.qargs.len());
        }
    }
}

/// A calibration that lists the gate.
const NAMED: &[u8] = br#"{"qubits": [], "gates": [{"qubits": [0, 1], "gate": "cx", "parameters": []}]}"#;

/// Make a block of a payload of any content, which is not read or becomes what it says.
fn check_blocks(frame: &[u8], length: usize) {
    let made = make(vec![(frame, length); 2], 5, 1).expect("a device has so many qubits");
    for block in made.blocks {
        let bytes = |name: &str| block.columns.iter().find(|(known, _)| known == name).map(|(_, content)| content);
        let columns = block.columns.iter().map(|(name, content)| match content {
            Content::Bytes(bytes) => (name.clone(), &bytes[..]),
            Content::Same(earlier) => match bytes(earlier) {
                Some(Content::Bytes(bytes)) => (name.clone(), &bytes[..]),
                _ => panic!("the earlier column has bytes"),
            },
        });
        let packed = vec![(frame, length); block.rows.len()];
        let rows: Vec<usize> = (0..block.rows.len()).collect();
        assert_eq!(problem(&columns.collect(), &rows, packed, 5, 1), None);
    }
}
