// SPDX-License-Identifier: Apache-2.0
//! Which payloads are known to be decoded by the official client, written in any way.

mod support;

use qiskit_ibm_native_core::official::{check_configuration, check_properties, converts};
use serde_json::{Value, json};

fn value(device: &str, kind: &str) -> Value {
    serde_json::from_slice(&support::payload(device, kind)).expect("JSON")
}

/// The content with another value at a JSON pointer, or without that member.
fn changed(content: &Value, pointer: &str, other: Option<Value>) -> Vec<u8> {
    let mut content = content.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = content.pointer_mut(parent).expect("a place");
    match (parent, other) {
        (Value::Object(members), Some(other)) => drop(members.insert(key.to_owned(), other)),
        (Value::Object(members), None) => drop(members.remove(key)),
        (Value::Array(elements), Some(other)) => elements[key.parse::<usize>().expect("an index")] = other,
        _ => panic!("no place at {pointer}"),
    }
    serde_json::to_vec(&content).expect("JSON")
}

#[test]
fn every_bundled_device_is_taken_however_it_is_written() {
    for device in support::DEVICES {
        let snapshot = support::snapshot(device);
        let (configuration, properties) = (value(device, "configuration"), value(device, "properties"));
        for write in [serde_json::to_vec::<Value>, serde_json::to_vec_pretty::<Value>] {
            let (members, _) = check_configuration(&write(&configuration).expect("JSON")).expect(device);
            assert!(members.iter(&write(&configuration).expect("JSON")).any(|(key, _)| key == "basis_gates"));
            let (_, listed) = check_properties(&write(&properties).expect("JSON")).expect(device);
            assert!(converts(snapshot.data(), listed), "{device}");
            assert!(!converts(snapshot.data(), listed - 1), "{device}");
        }
    }
}

#[test]
fn what_the_client_may_refuse_is_refused_with_its_place() {
    let content = value("lima", "configuration");
    let cases = [
        ("/memory", None),
        ("/online_date", None),
        ("/online_date", Some(json!("some day"))),
        ("/online_date", Some(json!("1969-12-31T23:59:59Z"))),
        ("/gates/0/new_key", Some(json!(1))),
        ("/gates/0/qasm_def", None),
        ("/gates/0/coupling_map", Some(json!([["0"]]))),
        ("/rep_times", Some(json!(1))),
        ("/meas_lo_range", Some(json!([[1]]))),
        ("/u_channel_lo", Some(json!([[{"q": 0, "scale": [1]}]]))),
        ("/timing_constraints", Some(json!({"num_qubits": 4}))),
        ("/timing_constraints", Some(Value::Null)),
        ("/dt", Some(json!(9_007_199_254_740_993_u64))),
        ("/self", Some(json!(1))),
        ("/instruction_signatures", Some(json!([{"name": "m", "num_qubits": 1, "num_clbits": 0}]))),
    ];
    for (pointer, other) in cases {
        let error = check_configuration(&changed(&content, pointer, other)).expect_err(pointer);
        assert!(error.path.starts_with('$'), "{error}");
    }
    let content = value("lima", "properties");
    let cases = [
        ("/general", None),
        ("/general", Some(json!([[1]]))),
        ("/last_update_date", Some(Value::Null)),
        ("/qubits/1", Some(json!([]))),
        ("/qubits/0/0/unit", Some(json!("xs"))),
        ("/qubits/0/0/value", Some(Value::Null)),
        ("/qubits/0/0/value", Some(json!(true))),
        ("/qubits/0/0/value", Some(json!(9_007_199_254_740_993_u64))),
        ("/qubits/0/0/date", None),
        ("/qubits/0/0/new_key", Some(json!(1))),
        ("/gates/3/parameters/0/date", Some(json!("2024-02-30"))),
        ("/gates/3/parameters", None),
        ("/gates/3/name", Some(json!("u2"))),
        ("/gates/3/name", Some(json!("rx"))),
        ("/gates/3/qubits", Some(json!([0.5]))),
    ];
    for (pointer, other) in cases {
        let error = check_properties(&changed(&content, pointer, other)).expect_err(pointer);
        assert!(error.path.starts_with('$'), "{error}");
    }
}

#[test]
fn gates_with_open_parameters_are_told() {
    let content = value("lima", "configuration");
    let named = |bytes: &[u8]| check_configuration(bytes).expect("taken").1;
    let before = named(&serde_json::to_vec(&content).expect("JSON"));
    let mut after = named(&changed(&content, "/gates/0/parameters", Some(Value::Null)));
    let first = content.pointer("/gates/0/name").and_then(Value::as_str).expect("a name");
    assert!(!before.iter().any(|gate| gate == first));
    after.retain(|gate| !before.contains(gate));
    assert_eq!(after, [first]);
}

#[test]
fn text_that_python_would_change_is_refused() {
    let payload = support::payload("lima", "configuration");
    let text = String::from_utf8(payload.clone()).expect("UTF-8");
    let with = |member: &str| text.replacen('{', &format!("{{\"other\": {member}, "), 1).into_bytes();
    for member in ["1", "\"\\u00e9\"", &"9".repeat(4300), "1e999"] {
        check_configuration(&with(member)).expect(member);
    }
    for member in ["\"\\ud800\"", "\"\\uDfff\"", &"9".repeat(4301), &format!("[{}]", "1".repeat(9000))] {
        check_configuration(&with(member)).expect_err(member);
    }
    check_configuration(&[b"\xef\xbb\xbf", &*payload].concat()).expect_err("a byte order mark");
}

#[test]
fn a_payload_that_is_cut_short_is_refused() {
    for (kind, step) in [("configuration", 7), ("properties", 31)] {
        let payload = support::payload("vigo", kind);
        for length in (0..payload.len()).step_by(step) {
            let error = if kind == "configuration" {
                check_configuration(&payload[..length]).map(|_| ()).expect_err("cut short")
            } else {
                check_properties(&payload[..length]).map(|_| ()).expect_err("cut short")
            };
            assert!(error.offset <= length);
        }
    }
}

#[test]
fn a_faulty_gate_that_is_allowed_everywhere_is_not_converted() {
    let (mut configuration, mut properties) = (value("lima", "configuration"), value("lima", "properties"));
    let gate = properties["gates"][0]["gate"].as_str().expect("a gate").to_owned();
    properties["gates"][0]["parameters"]
        .as_array_mut()
        .expect("parameters")
        .push(json!({"date": "2024-01-01T00:00:00Z", "name": "operational", "unit": "", "value": 0}));
    let read = |configuration: &Value, properties: &Value| {
        qiskit_ibm_native_core::snapshot::Snapshot::new(qiskit_ibm_native_core::snapshot::Payloads {
            configuration: serde_json::to_vec(configuration).expect("JSON"),
            properties: Some(serde_json::to_vec(properties).expect("JSON")),
            defaults: None,
        })
        .expect("a device")
    };
    assert!(converts(read(&configuration, &properties).data(), 5));
    for definition in configuration["gates"].as_array_mut().expect("gates") {
        if definition["name"] == gate.as_str() {
            definition.as_object_mut().expect("a gate").remove("coupling_map");
        }
    }
    assert!(!converts(read(&configuration, &properties).data(), 5));
}
