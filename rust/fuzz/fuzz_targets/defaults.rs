// SPDX-License-Identifier: Apache-2.0
//! Pulse defaults of any content: an error with an offset, or commands that are the same when their JSON is written in
//! another way, without white space and with its keys sorted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::defaults::{Defaults, Operation};
use qiskit_ibm_native_core::plan::schedule::{Action, SchedulePlan, envelope};
use qiskit_ibm_native_core::snapshot::read_defaults;

/// Everything that goes into schedules, with floats as bits.
fn content(bytes: &[u8], defaults: &Defaults) -> Vec<String> {
    let mut content = vec![format!("{:?}", (&defaults.qubit_freq_est, &defaults.meas_freq_est))];
    for (command, (name, qargs)) in defaults.listed().into_iter().enumerate() {
        let found = defaults.commands_of(name).and_then(|commands| commands.find(qargs));
        assert!(found.is_some_and(|last| last >= command));
        assert!(defaults.instructions.len() >= defaults.sequence(command).len());
        content.push(format!("{name} {qargs:?} {:?}", SchedulePlan::channels(defaults, command)));
        let Ok(plan) = SchedulePlan::new(defaults, command) else {
            content.push("cannot be played".to_owned());
            continue;
        };
        content.push(format!("{}", plan.duration));
        for (start, action) in plan.steps {
            content.push(format!("{start} {}", described(bytes, defaults, action)));
        }
    }
    content
}

fn described(bytes: &[u8], defaults: &Defaults, action: Action<'_>) -> String {
    let instruction = match action {
        Action::Instruction(instruction) => instruction,
        Action::AcquireAll(at) => return format!("{:?}", defaults.acquisitions[at as usize].order()),
        Action::AcquireOne(at, rank) => {
            let acquisition = &defaults.acquisitions[at as usize];
            return format!("{:?}", acquisition.qubits[acquisition.order()[rank as usize]]);
        }
    };
    match instruction.operation {
        Operation::Parametric(at) => {
            let parametric = &defaults.parametric[at as usize];
            let envelope = envelope(parametric, instruction.offset).expect("planned");
            let mut count = 0;
            let mut sum = 0.0;
            if envelope.duration < 10_000 {
                envelope.sample(|re, im| {
                    count += 1;
                    sum += re + im;
                });
                assert_eq!(count, envelope.duration);
            }
            let label = parametric.label.map(|span| Defaults::text(bytes, span));
            format!("{label:?} {:?} {} {:x}", envelope.shape, envelope.duration, f64::to_bits(sum))
        }
        Operation::Waveform(at) => {
            let span = defaults.library.span(at);
            format!("{:?}", &defaults.library.samples()[span.start as usize..span.end as usize])
        }
        operation => format!("{:?} {operation:?}", instruction.channel),
    }
}

/// The same JSON, written in another way; `None` where `serde_json` cannot hold it as it is. It takes the integer -0 for
/// a float, which has a sign.
fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.windows(3).any(|text| text.starts_with(b"-0") && !matches!(text[2], b'.' | b'e' | b'E')) {
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    serde_json::to_vec(&value).ok()
}

fuzz_target!(|bytes: &[u8]| match read_defaults(bytes) {
    Ok(None) => {}
    Ok(Some(defaults)) => {
        let content = content(bytes, &defaults);
        if let Some(again) = rewritten(bytes) {
            let other = read_defaults(&again).expect("the same JSON").expect("the same content");
            let other_content = self::content(&again, &other);
            // Faults have other numbers where objects are written in another order.
            assert_eq!(content, other_content);
        }
    }
    Err(error) => {
        assert!(error.offset <= bytes.len() && error.path.starts_with('$'));
        assert!(!error.found.is_empty() && error.to_string().len() < 1000 + bytes.len());
    }
});
