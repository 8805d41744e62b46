// SPDX-License-Identifier: Apache-2.0
//! Skipped values are checked to be JSON: the reader must accept exactly what `serde_json` accepts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::json::Reader;
use serde::de::{Deserialize, IgnoredAny};

/// Return whether the reader accepts `bytes` as one JSON value; check numbers against the standard library on the way.
fn accepts(bytes: &[u8]) -> bool {
    let Ok(mut reader) = Reader::new(bytes) else { return false };
    if matches!(reader.peek(), b'-' | b'0'..=b'9') {
        let start = reader.offset() as usize;
        let mut number = reader.clone();
        if let Ok(read) = number.number() {
            let text = std::str::from_utf8(&bytes[start..number.offset() as usize]).expect("digits are ASCII");
            let expected: f64 = text.replace("Infinity", "inf").parse().expect("the reader took it");
            // An integer has no negative zero.
            assert!(read.value.to_bits() == expected.to_bits() || (read.value == 0.0 && expected == 0.0), "{text}");
        }
    }
    reader.skip().and_then(|_| reader.finish()).is_ok()
}

fn serde_accepts(bytes: &[u8]) -> bool {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    std::str::from_utf8(bytes).is_ok() && IgnoredAny::deserialize(&mut deserializer).is_ok() && deserializer.end().is_ok()
}

fuzz_target!(|bytes: &[u8]| {
    // Python's additions to JSON, and the limit of nesting, are ours alone.
    let text = String::from_utf8_lossy(bytes);
    let depth = bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if text.contains("NaN") || text.contains("Infinity") || bytes.starts_with(b"\xef\xbb\xbf") || depth > 120 {
        accepts(bytes);
        return;
    }
    assert_eq!(accepts(bytes), serde_accepts(bytes), "{text}");
});
