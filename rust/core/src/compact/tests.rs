//! Round trips over published payloads, and refusals of everything else.

use std::sync::Arc;

use super::{COLUMNS, COLUMNS_AT, Columns, Compact, CompactError, MAGIC, VERSION, decode, encode};
use crate::columns::{GateQuantity, QubitQuantity};
use crate::configuration::GateDefinition;
use crate::diff::{Diff, Tolerance};
use crate::instant::Instant;
use crate::qargs::QargsList;
use crate::snapshot::{DeviceData, Payloads, Snapshot};

const CONFIGURATION: &str = r#"{"backend_name": "ibm_two", "n_qubits": 3, "basis_gates": ["cz", "x", "odd"],
    "supported_instructions": ["cz", "measure", "box"], "dt": 0.5, "timing_constraints": {"granularity": 8},
    "instruction_signatures": [{"name": "odd", "num_qubits": 2, "num_clbits": 1, "parameters": ["a"]}],
    "gates": [{"name": "cz", "parameters": [], "coupling_map": [[1, 0], [0, 1]]}, {"name": "x", "parameters": ["t"]},
              {"name": "ccx", "coupling_map": [[0, 1, 2], [1, 2]]}]}"#;
const PROPERTIES: &str = r#"{"backend_name": "ibm_two", "last_update_date": "2025-03-30T02:30:00.25+02:00", "qubits":
    [[{"name": "T1", "unit": "us", "value": 80.5}, {"name": "operational", "unit": "", "value": false}],
     [{"name": "T1", "unit": "us", "value": null}, {"name": "frequency", "unit": "GHz", "value": NaN}]],
    "gates": [{"gate": "cz", "qubits": [1, 0], "parameters": [{"name": "gate_error", "unit": "", "value": 1}]},
              {"gate": "cz", "qubits": [1, 0], "parameters": [{"name": "operational", "unit": "", "value": 0}]},
              {"gate": "empty", "qubits": [2], "parameters": []}]}"#;

fn snapshot(properties: Option<&'static str>) -> Snapshot<&'static str> {
    Snapshot::new(Payloads { configuration: CONFIGURATION, properties, defaults: None }).expect("sound")
}

fn assert_same(one: &DeviceData, other: &DeviceData) {
    let (a, b) = (&one.configuration, &other.configuration);
    assert_eq!((&a.backend_name, a.num_qubits, &a.basis_gates), (&b.backend_name, b.num_qubits, &b.basis_gates));
    assert_eq!(
        (&a.gates, &a.supported_instructions, &a.signatures),
        (&b.gates, &b.supported_instructions, &b.signatures)
    );
    assert_eq!((a.dt, a.timing), (b.dt, b.timing));
    assert_eq!(one.properties.is_some(), other.properties.is_some());
    let Some((a, b)) = one.properties.as_ref().zip(other.properties.as_ref()) else { return };
    assert_eq!(
        (&a.backend_name, a.last_update, a.has_surplus_qubits),
        (&b.backend_name, b.last_update, b.has_surplus_qubits)
    );
    assert_eq!(a.qubits.operational(), b.qubits.operational());
    for quantity in QubitQuantity::ALL {
        assert!(a.qubits.column(quantity).is_identical(b.qubits.column(quantity)));
    }
    assert_eq!(a.gates.len(), b.gates.len());
    for (a, b) in a.gates.iter().zip(&b.gates) {
        assert_eq!((&a.name, &a.qargs, &a.operational), (&b.name, &b.qargs, &b.operational));
        assert!(GateQuantity::ALL.into_iter().all(|quantity| a.column(quantity).is_identical(b.column(quantity))));
    }
}

fn form(with_payloads: bool) -> Vec<u8> {
    let snapshot = snapshot(Some(PROPERTIES));
    encode(snapshot.data(), snapshot.digest(), with_payloads.then(|| snapshot.payloads())).expect("short")
}

#[test]
fn a_form_gives_what_it_was_made_of() {
    for properties in [None, Some(PROPERTIES)] {
        let snapshot = snapshot(properties);
        let bytes = encode(snapshot.data(), snapshot.digest(), Some(snapshot.payloads())).expect("short");
        let Compact { data, digest, packed, .. } = decode(&bytes).expect("just made");
        assert_same(snapshot.data(), &data);
        assert!(Diff::new(snapshot.data(), &data, Tolerance::default()).is_empty());
        let payloads = packed.expect("they are there").unpack(&bytes, &digest).expect("they are sound");
        assert_eq!(payloads.in_order(), snapshot.payloads().in_order());
        assert_eq!(digest, *snapshot.digest());
    }
}

#[test]
fn payloads_may_be_left_out() {
    let bytes = form(false);
    assert!(decode(&bytes).expect("just made").packed.is_none());
    assert!(bytes.len() < form(true).len());
}

#[test]
fn equal_snapshots_have_equal_forms() {
    assert_eq!(form(true), form(true));
}

#[test]
fn a_form_that_is_cut_short_or_changed_is_refused() {
    let bytes = form(true);
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 0x40;
        assert!(decode(&other).is_err(), "{at}");
    }
}

fn refusal(bytes: &[u8]) -> CompactError {
    decode(bytes).expect_err("it is wrong")
}

#[test]
fn what_is_wrong_is_told() {
    assert_eq!(refusal(b"{}"), CompactError::NotCompact);
    assert!(refusal(&form(true)[..100]).to_string().contains("its length is not what it says"));
}

#[test]
fn versions_and_columns_that_are_not_known_are_told() {
    let changed = |at: usize, number: u16| {
        let mut other = form(false);
        other[at..at + 2].copy_from_slice(&number.to_le_bytes());
        sealed(other)
    };
    let message = refusal(&changed(MAGIC.len(), VERSION + 1)).to_string();
    let columns = "8 columns of qubits and 2 of gates";
    let expected = format!("has version 3 ({columns}), and this package reads versions up to 2 ({columns})");
    assert!(message.contains(&expected) && message.contains("a later one is needed"), "{message}");
    assert!(refusal(&changed(MAGIC.len(), 0)).to_string().contains("there is no version 0"));
    let columns = Columns { qubits: 9, ..COLUMNS };
    let other = refusal(&changed(COLUMNS_AT, 9));
    assert_eq!(other, CompactError::OtherColumns { version: VERSION, columns });
    assert!(other.to_string().contains("has version 2 and 9 columns of qubits and 2 of gates"), "{other}");
    let columns = Columns { gates: 3, ..COLUMNS };
    assert_eq!(refusal(&changed(COLUMNS_AT + 2, 3)), CompactError::OtherColumns { version: VERSION, columns });
}

/// The same bytes with the checksum that they should have.
fn sealed(mut form: Vec<u8>) -> Vec<u8> {
    let content = form.len() - 4;
    let sum = crc32fast::hash(&form[..content]).to_le_bytes();
    form[content..].copy_from_slice(&sum);
    form
}

/// A form that is made on purpose can have the right checksum; nothing of it may be believed.
#[test]
fn a_form_with_a_right_checksum_may_still_be_nonsense() {
    let bytes = form(true);
    for at in 20..bytes.len() - 4 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut other = bytes.clone();
            other[at] = value;
            let other = sealed(other);
            if let Ok(Compact { data, digest, packed, .. }) = decode(&other) {
                let num_qubits = data.configuration.num_qubits;
                let gates = data.properties.iter().flat_map(|properties| &properties.gates);
                assert!(gates.flat_map(|gate| gate.qargs.qubits()).all(|qubit| *qubit < num_qubits));
                drop(packed.map(|packed| packed.unpack(&other, &digest)));
            }
        }
    }
}

#[test]
fn an_instant_of_any_numbers_is_checked() {
    let sound = Instant::parse("2025-02-28T23:59:59.999999-12:00").expect("a date");
    assert!(sound.is_valid());
    for wrong in [
        Instant { utc_offset: i32::MIN, ..sound },
        Instant { utc_offset: 86_400, ..sound },
        Instant { year: 0, ..sound },
        Instant { month: 13, ..sound },
        Instant { day: 29, ..sound },
        Instant { hour: 24, ..sound },
        Instant { microsecond: 1_000_000, ..sound },
    ] {
        assert!(!wrong.is_valid(), "{wrong:?}");
    }
}

/// A list that thousands of gates refer to takes memory for each of them, be its rows many or long.
#[test]
fn a_small_form_cannot_ask_for_gigabytes() {
    let singles: Vec<Vec<u32>> = (0..60_000).map(|qubit| vec![qubit]).collect();
    let long = vec![(0..60_000).collect()];
    for rows in [singles, long] {
        let mut qargs = QargsList::new();
        for row in &rows {
            qargs.push(row);
        }
        let gate = |at: usize| {
            let (name, qargs) = (format!("g{at}"), Some(qargs.clone()));
            (name.clone(), GateDefinition { name, parameters: Vec::new(), qargs })
        };
        let mut configuration = snapshot(None).configuration().clone();
        (configuration.num_qubits, configuration.gates) = (60_000, (0..300).map(gate).collect());
        let data = DeviceData { configuration: Arc::new(configuration), properties: None };
        let form = encode::<String>(&data, &[0; 32], None).expect("short");
        assert!(form.len() < 200_000);
        assert!(refusal(&form).to_string().contains("too often"));
    }
}
