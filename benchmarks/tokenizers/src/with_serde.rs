// SPDX-License-Identifier: Apache-2.0
//! Readers behind `serde`: typed, borrowing, unknown keys ignored.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Summary;

#[derive(Deserialize)]
struct Configuration {
    n_qubits: u32,
    gates: Vec<Gate>,
}

#[derive(Deserialize)]
struct Gate {
    #[serde(default)]
    coupling_map: Option<Vec<Vec<u32>>>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    qubits: Vec<Vec<Quantity<'a>>>,
    #[serde(borrow)]
    gates: Vec<Measured<'a>>,
}

#[derive(Deserialize)]
struct Quantity<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    #[allow(dead_code, reason = "read, as everybody does")]
    unit: Cow<'a, str>,
    value: f64,
}

#[derive(Deserialize)]
struct Measured<'a> {
    #[allow(dead_code, reason = "read, as everybody does")]
    qubits: Vec<u32>,
    #[serde(borrow)]
    #[allow(dead_code, reason = "read, as everybody does")]
    gate: Cow<'a, str>,
    #[serde(borrow)]
    parameters: Vec<Quantity<'a>>,
}

fn summary(configuration: &Configuration, properties: &Properties<'_>) -> Summary {
    let parameters = || properties.gates.iter().flat_map(|it| &it.parameters);
    let sum = |name: &str| parameters().filter(|it| it.name == name).map(|it| it.value).sum();
    Summary {
        num_qubits: configuration.n_qubits,
        defined_places: configuration.gates.iter().filter_map(|it| it.coupling_map.as_ref()).map(Vec::len).sum(),
        measured_places: properties.gates.len(),
        t1_sum: properties.qubits.iter().flatten().filter(|it| it.name == "T1").map(|it| it.value).sum(),
        error_sum: sum("gate_error"),
        duration_sum: sum("gate_length"),
    }
}

pub fn serde_json(configuration: &[u8], properties: &[u8]) -> Summary {
    summary(
        &serde_json::from_slice(configuration).expect("JSON"),
        &serde_json::from_slice(properties).expect("JSON"),
    )
}

pub fn sonic_rs(configuration: &[u8], properties: &[u8]) -> Summary {
    summary(&sonic_rs::from_slice(configuration).expect("JSON"), &sonic_rs::from_slice(properties).expect("JSON"))
}

/// Writes into its input, so the copy that keeps the payload is part of the work.
pub fn simd_json(configuration: &[u8], properties: &[u8]) -> Summary {
    let (mut configuration, mut properties) = (configuration.to_vec(), properties.to_vec());
    summary(
        &simd_json::serde::from_slice(&mut configuration).expect("JSON"),
        &simd_json::serde::from_slice(&mut properties).expect("JSON"),
    )
}
