// SPDX-License-Identifier: Apache-2.0
//! Payloads of any content: an error with an offset, or a snapshot that says the same when its JSON is written in another
//! way, without white space and with its keys sorted.
//!
//! The input is a configuration, a byte 0, and properties.
#![no_main]

use std::collections::{HashMap, HashSet};

use libfuzzer_sys::fuzz_target;
use qiskit_ibm_native_core::error::PayloadError;
use qiskit_ibm_native_core::official::{check_configuration, check_properties, converts};
use qiskit_ibm_native_core::plan::{CouplingPlan, Options, Qargs, TargetPlan, Vocabulary};
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

fn read(configuration: Vec<u8>, properties: Option<Vec<u8>>) -> Result<Snapshot<Vec<u8>>, PayloadError> {
    Snapshot::new(Payloads { configuration, properties, defaults: None })
}

/// Everything that goes into a target, with floats as bits.
fn content(snapshot: &Snapshot<Vec<u8>>) -> Vec<String> {
    let known = ["cx", "cz", "id", "rz", "sx", "x", "measure", "delay", "reset"];
    let vocabulary = Vocabulary {
        num_qubits: known.iter().map(|name| ((*name).to_owned(), Some(1 + u32::from(name.starts_with('c'))))).collect::<HashMap<_, _>>(),
        fractional: HashSet::from(["rzz".to_owned()]),
    };
    let mut content = Vec::new();
    for filter_faulty in [true, false] {
        let options = Options {
            vocabulary: &vocabulary,
            use_fractional_gates: filter_faulty,
            include_control_flow: true,
            add_delay: true,
            filter_faulty,
        };
        let plan = TargetPlan::new(snapshot.data(), options);
        content.push(format!("{} {:?} {:?}", plan.num_qubits(), plan.dt().map(f64::to_bits), plan.timing()));
        for qubit in plan.qubits().unwrap_or_default() {
            content.push(format!("{:?}", [qubit.t1, qubit.t2, qubit.frequency].map(|value| value.map(f64::to_bits))));
        }
        for operation in plan.operations() {
            let entries = plan.entries(operation);
            assert_eq!(entries.is_none(), plan.is_everywhere(operation), "{}", operation.name);
            for entry in entries.unwrap_or_default() {
                if let Qargs::Many(qubits) = entry.qargs {
                    assert!(qubits.iter().all(|qubit| *qubit < plan.num_qubits()));
                }
                let values = entry.values.map(|it| [it.duration, it.error].map(|value| value.map(f64::to_bits)));
                content.push(format!("{} {:?} {values:?}", operation.name, entry.qargs));
            }
        }
        content.push(format!("{:?}", CouplingPlan::new(&plan).map(|it| it.edges.len())));
    }
    content
}

/// The same JSON, written in another way; `None` where `serde_json` cannot hold it as it is.
fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    serde_json::to_vec(&value).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0);
    let (configuration, properties) = match at {
        Some(at) => (bytes[..at].to_vec(), Some(bytes[at + 1..].to_vec())),
        None => (bytes.to_vec(), None),
    };
    let inputs = [Some(configuration.clone()), properties.clone()];
    let of_configuration = check_configuration(&configuration);
    let listed_qubits = properties.as_deref().map(check_properties);
    for error in [of_configuration.as_ref().err(), listed_qubits.as_ref().and_then(|checked| checked.as_ref().err())] {
        assert!(error.is_none_or(|error| error.path.starts_with('$') && error.offset <= bytes.len()));
    }
    match read(configuration.clone(), properties.clone()) {
        Ok(snapshot) => {
            if let Some(Ok((_, listed_qubits))) = listed_qubits {
                let _ = converts(snapshot.data(), listed_qubits);
            }
            let again = (rewritten(&configuration), properties.as_deref().map(rewritten));
            // Sorted keys can change which of two equal names wins only inside one object, where the last one does.
            if let (Some(configuration), properties) = again
                && properties.as_ref().is_none_or(Option::is_some)
                && snapshot.configuration().num_qubits < 1000
            {
                let other = read(configuration, properties.flatten()).expect("the same JSON");
                assert_eq!(content(&snapshot), content(&other));
            }
        }
        Err(error) => {
            let longest = inputs.iter().flatten().map(Vec::len).max().unwrap_or(0);
            assert!(error.offset <= longest && error.path.starts_with('$'));
            assert!(!error.found.is_empty() && error.to_string().len() < 1000 + longest);
        }
    }
});
