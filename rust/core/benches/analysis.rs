// SPDX-License-Identifier: Apache-2.0
//! Work on snapshots that have been parsed: compact forms, differences, series, scores; and counts of shots.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use qiskit_ibm_native_core::blocks::{Content, Pick, Subject, make, read};
use qiskit_ibm_native_core::columns::{GateQuantity, QubitQuantity};
use qiskit_ibm_native_core::compact::{decode, encode};
use qiskit_ibm_native_core::diff::{Diff, Tolerance};
use qiskit_ibm_native_core::pack::{MAX_PAYLOAD, pack};
use qiskit_ibm_native_core::plan::Options;
use qiskit_ibm_native_core::score::{Circuit, Delay};
use qiskit_ibm_native_core::series::{stack, stack_gate};
use qiskit_ibm_native_core::shots::{count, write_hex};
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

/// The number of calibrations of series and scores.
const TIMES: usize = 100;

/// The snapshot of a device with other values: the last digit of each number that is followed by `}` is another.
fn recalibrated(device: &str) -> Snapshot<Vec<u8>> {
    let mut payloads = support::payloads(device);
    if let Some(properties) = &mut payloads.properties {
        for index in 1..properties.len() {
            if properties[index] == b'}' && matches!(properties[index - 1], b'1'..=b'8') {
                properties[index - 1] += 1;
            }
        }
    }
    Snapshot::new(payloads).expect("numbers stay numbers")
}

fn compact(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compact");
    for device in ["vigo", "fez"] {
        let snapshot = support::snapshot(device);
        let encode = |payloads| encode(snapshot.data(), snapshot.digest(), payloads).expect("short");
        group.bench_function(format!("encode/columns/{device}"), |bencher| {
            bencher.iter(|| encode(black_box(None::<&Payloads<Vec<u8>>>)));
        });
        group.bench_function(format!("encode/payloads/{device}"), |bencher| {
            bencher.iter(|| encode(black_box(Some(snapshot.payloads()))));
        });
        let bytes = encode(None);
        group.bench_function(format!("decode/{device}"), |bencher| {
            bencher.iter(|| decode(black_box(&bytes)).expect("just encoded"));
        });
    }
    group.finish();
}

fn diff(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("diff");
    for device in ["vigo", "fez"] {
        let (old, same, new) = (support::snapshot(device), support::snapshot(device), recalibrated(device));
        assert!(!Diff::new(old.data(), new.data(), Tolerance::default()).is_empty());
        for (name, other) in [("same", &same), ("recalibrated", &new)] {
            group.bench_function(format!("{name}/{device}"), |bencher| {
                bencher.iter(|| Diff::new(black_box(old.data()), other.data(), Tolerance::default()));
            });
        }
    }
    group.finish();
}

fn series(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("series");
    let snapshot = support::snapshot("fez");
    let properties = snapshot.properties().expect("fez has properties");
    let columns = vec![Some(properties.qubits.column(QubitQuantity::T1)); TIMES];
    group.bench_function("stack/T1/fez", |bencher| {
        bencher.iter(|| stack(black_box(&columns), properties.qubits.len()).expect("small"));
    });
    let tables = vec![properties.gate("cz"); TIMES];
    group.bench_function("stack/cz/fez", |bencher| {
        bencher.iter(|| stack_gate(black_box(&tables)).expect("small"));
    });
    group.finish();
}

fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("blocks");
    let old = support::payload("fez", "properties");
    let new = recalibrated("fez").payloads().properties.clone().expect("fez has properties");
    let packed = [&old, &new].map(|payload| pack(payload, 6, MAX_PAYLOAD).expect("short"));
    let calibrations: Vec<_> = (0..TIMES).map(|time| (&packed[time % 2][..], [&old, &new][time % 2].len())).collect();
    group.throughput(Throughput::Elements(TIMES as u64));
    group.bench_function("make/fez", |bencher| {
        bencher.iter(|| make(black_box(calibrations.clone()), 156, 1).expect("a device has so many qubits"));
    });
    let block = make(calibrations, 156, 1).expect("a device has so many qubits").blocks.remove(0);
    let column = |name: &String| {
        let find = |name: &String| block.columns.iter().find(|(known, _)| known == name).map(|(_, content)| content);
        match find(name) {
            Some(Content::Same(earlier)) => find(earlier),
            content => content,
        }
    };
    let picks: Vec<_> = (0..TIMES).map(|row| Pick { block: 0, row }).collect();
    let subjects = [("T1", Subject::Qubits(QubitQuantity::T1)), ("cz", Subject::Gate("cz", GateQuantity::Error))];
    for (name, subject) in subjects {
        let columns: Vec<_> = subject
            .columns()
            .iter()
            .map(|name| match column(name) {
                Some(Content::Bytes(bytes)) => Some(&bytes[..]),
                _ => None,
            })
            .collect();
        let columns = [columns];
        group.bench_function(format!("read/{name}/fez"), |bencher| {
            bencher.iter(|| read(black_box(&columns), &picks, subject, 156).expect("sound"));
        });
    }
    group.finish();
}

/// Layers of `x` on each qubit and `cz` on each coupled pair, with delays and barriers in between.
fn circuit(snapshot: &Snapshot<Vec<u8>>) -> Circuit {
    let pairs = &snapshot.properties().and_then(|properties| properties.gate("cz")).expect("fez has cz").qargs;
    let qubits: Vec<u32> = (0..snapshot.configuration().num_qubits).collect();
    let mut circuit = Circuit::new();
    for _ in 0..10 {
        for qubit in &qubits {
            circuit.operation("x", &[*qubit]);
        }
        for pair in pairs.iter() {
            circuit.operation("cz", pair);
        }
        circuit.delay(&[0, 1], Delay::Seconds(1e-6));
        circuit.barrier(&qubits);
    }
    for qubit in qubits {
        circuit.operation("measure", &[qubit]);
    }
    circuit
}

fn score(criterion: &mut Criterion) {
    let snapshot = support::snapshot("fez");
    let (vocabulary, circuit) = (support::vocabulary(), circuit(&snapshot));
    let options = Options {
        vocabulary: &vocabulary,
        use_fractional_gates: true,
        include_control_flow: true,
        add_delay: true,
        filter_faulty: false,
    };
    let devices = vec![&**snapshot.data(); TIMES];
    assert!(circuit.score(&devices[..1], options, 1)[0].duration > 0.0);
    criterion.bench_function("score/fez", |bencher| {
        bencher.iter(|| circuit.score(black_box(&devices), options, 1));
    });
}

fn shots(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shots");
    for width in [1_usize, 5, 20] {
        // 2^16 words, of which each occurs 16 times on average.
        let words: Vec<u8> = (0_u64..1 << 16)
            .flat_map(|shot| {
                let word = (shot.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52).to_be_bytes();
                (0..width).map(move |byte| if byte + 8 < width { 0 } else { word[8 - (width - byte).min(8)] })
            })
            .collect();
        group.throughput(Throughput::Elements(1 << 16));
        group.bench_function(format!("count/{width}"), |bencher| bencher.iter(|| count(black_box(&words), width)));
        group.bench_function(format!("hex/{width}"), |bencher| {
            let mut text = Vec::new();
            bencher.iter(|| words.chunks_exact(width).map(|word| write_hex(word, &mut text).len()).sum::<usize>());
        });
    }
    group.finish();
}

criterion_group!(benches, compact, diff, series, blocks, score, shots);
criterion_main!(benches);
