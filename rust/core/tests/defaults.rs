// SPDX-License-Identifier: Apache-2.0
//! Pulse defaults of bundled devices, and payloads that are written in other ways.

mod support;

use qiskit_ibm_native_core::defaults::{Defaults, Operation};
use qiskit_ibm_native_core::plan::schedule::{Action, SchedulePlan, envelope};
use qiskit_ibm_native_core::pulse::envelope::{Envelope, Parameter, Shape};
use qiskit_ibm_native_core::snapshot::read_defaults;

fn read(bytes: &[u8]) -> Defaults {
    read_defaults(bytes).expect("valid").expect("not empty")
}

/// Everything of all schedules.
fn content(bytes: &[u8]) -> Vec<String> {
    let defaults = read(bytes);
    let mut content = Vec::new();
    for (command, (name, qargs)) in defaults.listed().into_iter().enumerate() {
        let plan = SchedulePlan::new(&defaults, command).expect("playable");
        content.push(format!("{name} {qargs:?} {}", plan.duration));
        for (start, action) in plan.steps {
            content.push(match action {
                Action::Instruction(instruction) => {
                    let operation = match instruction.operation {
                        Operation::Parametric(at) => {
                            let parametric = &defaults.parametric[at as usize];
                            let label = parametric.label.map(|span| Defaults::text(bytes, span));
                            format!("{label:?} {:?}", envelope(parametric, 0).expect("playable"))
                        }
                        operation => format!("{operation:?}"),
                    };
                    format!("{start} {:?} {operation}", instruction.channel)
                }
                Action::AcquireAll(at) => format!("{start} {:?}", defaults.acquisitions[at as usize]),
                Action::AcquireOne(at, position) => format!("{start} {at} {position}"),
            });
        }
    }
    content
}

#[test]
fn the_order_of_keys_and_white_space_do_not_matter() {
    for device in ["lima", "hanoi", "washington"] {
        let payload = support::payload(device, "defaults");
        let value: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
        let expected = content(&payload);
        assert_eq!(content(&serde_json::to_vec(&value).expect("JSON")), expected, "{device}, sorted");
        assert_eq!(content(&serde_json::to_vec_pretty(&value).expect("JSON")), expected, "{device}, in lines");
    }
}

#[test]
fn a_payload_that_is_cut_short_is_refused_where_it_ends() {
    let payload = support::payload("lima", "defaults");
    for length in (1..payload.len()).step_by(7) {
        let error = read_defaults(&payload[..length]).expect_err("cut short");
        assert!(error.offset <= length && error.path.starts_with('$'), "{error}");
    }
}

#[test]
fn instructions_with_a_value_of_another_type_are_told_apart_from_others() {
    let sequence = |last: &str| {
        let shift = |phase: &str| format!(r#"{{"name": "fc", "t0": 0, "ch": "d0", "phase": {phase}}}"#);
        let command = format!(
            r#"{{"name": "x", "qubits": [0], "sequence": [{}, {}, {}]}}"#,
            shift("0.5"),
            shift("\"-(P0)\""),
            shift(last)
        );
        format!(
            r#"{{"qubit_freq_est": [], "meas_freq_est": [], "buffer": 0, "pulse_library": [], "cmd_def": [{command}]}}"#
        )
    };
    assert_eq!(content(sequence("1").as_bytes()).len(), 4);
    for wrong in ["null", "[0]", "true", "{}"] {
        let defaults = read(sequence(wrong).as_bytes());
        assert!(SchedulePlan::new(&defaults, 0).is_err(), "{wrong}");
    }
    assert!(read_defaults(sequence("1 2").as_bytes()).is_err());
}

/// The samples of a shape.
fn samples(shape: Shape, duration: u32, parameters: &[(Parameter, f64)]) -> Vec<[f64; 2]> {
    let mut values = [0.0; Parameter::COUNT];
    for (parameter, value) in parameters {
        values[*parameter as usize] = *value;
    }
    let envelope = Envelope { shape, duration, amp: 0.5, angle: 0.0, parameters: values };
    envelope.check(true).expect("sensible");
    let mut samples = Vec::new();
    envelope.sample(|re, im| samples.push([re, im]));
    samples
}

#[test]
fn envelopes_are_symmetric_and_as_long_as_they_say() {
    use Parameter::{Beta, Sigma, Width};
    let all: [(Shape, &[(Parameter, f64)]); 7] = [
        (Shape::Gaussian, &[(Sigma, 16.0)]),
        (Shape::Sech, &[(Sigma, 16.0)]),
        (Shape::SechOpen, &[(Sigma, 16.0)]),
        (Shape::GaussianSquare, &[(Sigma, 8.0), (Width, 32.0)]),
        (Shape::Drag, &[(Sigma, 16.0), (Beta, 1.5)]),
        (Shape::GaussianSquareDrag, &[(Sigma, 8.0), (Width, 32.0), (Beta, 1.5)]),
        (Shape::Constant, &[]),
    ];
    for (shape, parameters) in all {
        for duration in [1, 64, 65] {
            let parameters: Vec<_> = parameters
                .iter()
                .map(|(parameter, value)| {
                    (*parameter, if *parameter == Width { value.min(duration.into()) } else { *value })
                })
                .collect();
            let samples = samples(shape, duration, &parameters);
            assert_eq!(samples.len(), duration as usize);
            for (first, last) in samples.iter().zip(samples.iter().rev()) {
                assert!((first[0] - last[0]).abs() < 1e-15 && (first[1] + last[1]).abs() < 1e-15, "{shape:?}");
                assert!(first[0] >= 0.0 && first[0] <= 0.5, "{shape:?}");
            }
        }
    }
}

#[test]
fn derivatives_are_antisymmetric_and_rise_first() {
    for shape in [Shape::GaussianDeriv, Shape::SechDeriv] {
        for duration in [2, 64, 65] {
            let samples = samples(shape, duration, &[(Parameter::Sigma, 16.0)]);
            for (first, last) in samples.iter().zip(samples.iter().rev()) {
                assert!((first[0] + last[0]).abs() < 1e-15 && first[1] == 0.0, "{shape:?}");
            }
            assert!(samples[0][0] > 0.0, "{shape:?}");
        }
    }
}
