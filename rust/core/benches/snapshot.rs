// SPDX-License-Identifier: Apache-2.0
//! Payload bytes to a snapshot, and a snapshot to the plans of a target and of a coupling map.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use qiskit_ibm_native_core::plan::{CouplingPlan, Options, TargetPlan};
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for device in ["vigo", "hanoi", "sherbrooke", "fez", "boston"] {
        let payloads = support::payloads(device);
        let (configuration, properties) = (&payloads.configuration[..], payloads.properties.as_deref());
        let size = configuration.len() + properties.map_or(0, <[u8]>::len);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(device, |bencher| {
            bencher.iter(|| {
                let payloads = Payloads { configuration: black_box(configuration), properties, defaults: None };
                Snapshot::new(payloads).expect("a published payload")
            });
        });
    }
    group.finish();
}

fn plan(criterion: &mut Criterion) {
    let vocabulary = support::vocabulary();
    let options = Options {
        vocabulary: &vocabulary,
        use_fractional_gates: true,
        include_control_flow: true,
        add_delay: true,
        filter_faulty: true,
    };
    let mut group = criterion.benchmark_group("plan");
    for device in ["vigo", "fez"] {
        let snapshot = support::snapshot(device);
        group.bench_function(format!("target/{device}"), |bencher| {
            bencher.iter(|| {
                let plan = TargetPlan::new(black_box(snapshot.data()), options);
                plan.operations().iter().map(|it| plan.entries(it).map_or(0, |entries| entries.len())).sum::<usize>()
            });
        });
        group.bench_function(format!("coupling/{device}"), |bencher| {
            bencher.iter(|| CouplingPlan::new(&TargetPlan::new(black_box(snapshot.data()), options)));
        });
    }
    group.finish();
}

criterion_group!(benches, parse, plan);
criterion_main!(benches);
