// SPDX-License-Identifier: Apache-2.0
//! Pulse defaults: bytes to columns, commands to plans, envelopes to samples.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use qiskit_ibm_native_core::defaults::Defaults;
use qiskit_ibm_native_core::plan::schedule::{SchedulePlan, envelope};

fn defaults(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("defaults");
    for device in ["lima", "hanoi", "sherbrooke", "washington"] {
        let payload = support::payload(device, "defaults");
        let read = || Defaults::read(black_box(&payload)).expect("a published payload").expect("not empty");
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(format!("read/{device}"), |bencher| bencher.iter(read));
        let columns = read();
        group.bench_function(format!("plan/{device}"), |bencher| {
            bencher.iter(|| {
                let commands = 0..columns.num_commands();
                commands.map(|it| SchedulePlan::new(&columns, it).expect("playable").steps.len()).sum::<usize>()
            });
        });
        group.bench_function(format!("sample/{device}"), |bencher| {
            bencher.iter(|| {
                let mut sum = 0.0;
                for parametric in &columns.parametric {
                    envelope(parametric, 0).expect("playable").sample(|re, im| sum += re + im);
                }
                sum
            });
        });
    }
    group.finish();
}

criterion_group!(benches, defaults);
criterion_main!(benches);
