// SPDX-License-Identifier: Apache-2.0
//! The same work by five JSON readers: the columns of configuration and properties, from the bundled payloads' bytes.
//!
//! All are built without `-C target-cpu`, because wheels are; sonic-rs, whose fast ways are chosen at build time, is
//! measured as users of a wheel would have it. Results are compared first.

mod with_jiter;
mod with_serde;

use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use flate2::read::GzDecoder;
use qiskit_ibm_native_core::columns::{GateQuantity, QubitQuantity};
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

/// What a reader has read, as far as it is compared: counts, and sums whose order of addition is the payload's.
#[derive(Debug, Default, PartialEq)]
pub struct Summary {
    pub num_qubits: u32,
    pub defined_places: usize,
    pub measured_places: usize,
    pub t1_sum: f64,
    pub error_sum: f64,
    pub duration_sum: f64,
}

const DEVICES: [&str; 10] =
    ["vigo", "lima", "hanoi", "miami", "sherbrooke", "washington", "torino", "boston", "fez", "kingston"];

fn payload(device: &str, kind: &str) -> Vec<u8> {
    let devices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/qiskit_ibm_native/snapshot/devices");
    let file = std::fs::File::open(devices.join(device).join(format!("{kind}.json.gz"))).expect("a bundled device");
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    bytes
}

fn ours(configuration: &[u8], properties: &[u8]) -> Summary {
    let payloads = Payloads { configuration, properties: Some(properties), defaults: None };
    let snapshot = Snapshot::new(payloads).expect("a published payload");
    let measured = snapshot.properties().expect("there are some");
    let t1 = measured.qubits.column(QubitQuantity::T1);
    let rows = || measured.gates.iter().flat_map(|gate| (0..gate.qargs.len()).map(move |row| (gate, row)));
    Summary {
        num_qubits: snapshot.configuration().num_qubits,
        defined_places: snapshot.configuration().gates.values().filter_map(|it| it.qargs.as_ref()).map(|it| it.len()).sum(),
        measured_places: measured.gates.iter().map(|gate| gate.qargs.len()).sum(),
        t1_sum: (0..t1.len()).filter_map(|qubit| t1.cell(qubit).number()).map(|value| value * 1e6).sum(),
        error_sum: rows().filter_map(|(gate, row)| gate.column(GateQuantity::Error).cell(row).number()).sum(),
        duration_sum: rows()
            .filter_map(|(gate, row)| gate.column(GateQuantity::Duration).cell(row).number())
            .map(|value| value * 1e9)
            .sum(),
    }
}

/// Median nanoseconds of a call.
fn median(mut call: impl FnMut() -> Summary) -> f64 {
    let mut times: Vec<u128> = (0..300)
        .map(|_| {
            let start = Instant::now();
            black_box(call());
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2] as f64
}

fn close(a: &Summary, b: &Summary) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs();
    (a.num_qubits, a.defined_places, a.measured_places) == (b.num_qubits, b.defined_places, b.measured_places)
        && near(a.t1_sum, b.t1_sum)
        && near(a.error_sum, b.error_sum)
        && near(a.duration_sum, b.duration_sum)
}

fn main() {
    type Reader = fn(&[u8], &[u8]) -> Summary;
    let readers: [(&str, Reader); 5] = [
        ("serde_json", with_serde::serde_json),
        ("sonic-rs", with_serde::sonic_rs),
        ("simd-json", with_serde::simd_json),
        ("jiter", with_jiter::jiter),
        ("ours", ours),
    ];
    let mut rows = serde_json::Map::new();
    for device in DEVICES {
        let (configuration, properties) = (payload(device, "configuration"), payload(device, "properties"));
        let size = configuration.len() + properties.len();
        let expected = ours(&configuration, &properties);
        let mut figures = serde_json::Map::new();
        for (name, reader) in readers {
            let found = reader(&configuration, &properties);
            assert!(close(&found, &expected), "{name} reads {device} differently: {found:?}, {expected:?}");
            let speed = size as f64 / median(|| reader(&configuration, &properties));
            figures.insert(name.to_owned(), ((speed * 1000.0).round() / 1000.0).into());
        }
        println!("{device}: {}", serde_json::Value::from(figures.clone()));
        rows.insert(device.to_owned(), serde_json::json!({"bytes": size, "gb_per_s": figures}));
    }
    let about = "The same columns of the bundled payloads, by JSON readers; GB/s, medians of 300 runs";
    let result = serde_json::json!({"subject": "tokenizers", "about": about, "devices": rows});
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/tokenizers.json");
    std::fs::write(file, format!("{result:#}\n")).expect("a file that can be written");
}
