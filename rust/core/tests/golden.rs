// SPDX-License-Identifier: Apache-2.0
//! Plans of the bundled devices, compared with what they were when they were last looked at.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the files anew; read the difference before committing it. That the plans are
//! those of the official client is shown by the Python tests.

mod support;

use std::fmt::Write;
use std::path::Path;

use qiskit_ibm_native_core::plan::{CouplingPlan, Options, TargetPlan, durations};
use support::{DEVICES, snapshot, vocabulary};

/// A plan as text: floats as they print shortest, which reads back to the same bits.
fn describe(device: &str) -> String {
    let (snapshot, vocabulary) = (snapshot(device), vocabulary());
    let options = Options {
        vocabulary: &vocabulary,
        use_fractional_gates: true,
        include_control_flow: true,
        add_delay: true,
        filter_faulty: true,
    };
    let plan = TargetPlan::new(snapshot.data(), options);
    let mut text = String::new();
    let _ = writeln!(text, "{} qubits, dt {:?}, {:?}", plan.num_qubits(), plan.dt(), plan.timing());
    let _ = writeln!(text, "unknown: {:?}", plan.unknown());
    for (qubit, values) in plan.qubits().unwrap_or_default().iter().enumerate() {
        let _ = writeln!(text, "{qubit}: {values:?}");
    }
    for operation in plan.operations() {
        let _ = writeln!(text, "{}: {:?} qubits", operation.name, operation.definition.num_qubits());
        for entry in plan.entries(operation).unwrap_or_default() {
            let _ = writeln!(text, "  {:?} {:?}", entry.qargs, entry.values);
        }
    }
    let (mut count, mut sum) = (0, 0.0);
    let _ = durations(&plan, |_, _, duration| {
        (count, sum) = (count + 1, sum + duration);
        Ok::<(), ()>(())
    });
    let _ = writeln!(text, "{count} durations, {sum:?} s");
    let edges = CouplingPlan::new(&plan).map(|coupling| coupling.edges.len());
    let _ = writeln!(text, "edges: {edges:?}");
    text
}

/// FNV-1a, so that a change anywhere in a long text shows.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("a file that can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("a golden file");
    assert_eq!(found, expected, "{name} has changed; UPDATE_GOLDEN=1 accepts it");
}

#[test]
fn plan_of_a_small_device() {
    check("vigo.txt", &describe("vigo"));
}

#[test]
fn plans_of_all_bundled_devices() {
    let lines = DEVICES.map(|device| {
        let text = describe(device);
        format!("{device}: {} lines, {:016x}\n", text.lines().count(), hash(&text))
    });
    check("all.txt", &lines.concat());
}
