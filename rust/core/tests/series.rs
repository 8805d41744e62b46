//! Differences and series over real payloads, against what a reader of JSON finds.

mod support;

use qiskit_ibm_native_core::columns::{GateQuantity, NO_DATE, QubitQuantity};
use qiskit_ibm_native_core::configuration::MAX_QUBITS;
use qiskit_ibm_native_core::diff::{ChangedQuantity, Diff, Tolerance};
use qiskit_ibm_native_core::series::{MAX_CELLS, TooLarge, cells, check_qubits, stack, stack_gate};
use qiskit_ibm_native_core::snapshot::{Payloads, Snapshot};

fn changed(device: &str, from: &str, to: &str) -> (Snapshot<Vec<u8>>, Snapshot<Vec<u8>>) {
    let payloads = support::payloads(device);
    let text = String::from_utf8(payloads.properties.clone().expect("it has some")).expect("text");
    assert_ne!(text, text.replacen(from, to, 1), "{from} is there");
    let other = Payloads { properties: Some(text.replacen(from, to, 1).into_bytes()), ..payloads.clone() };
    (Snapshot::new(payloads).expect("published"), Snapshot::new(other).expect("almost published"))
}

#[test]
fn a_snapshot_does_not_differ_from_itself() {
    for device in ["vigo", "hanoi", "fez"] {
        let snapshot = support::snapshot(device);
        assert!(Diff::new(snapshot.data(), snapshot.data(), Tolerance::default()).is_empty());
    }
}

#[test]
fn one_value_is_one_change() {
    let (old, new) = changed("fez", "\"value\": 48.806207822303335", "\"value\": 50");
    let diff = Diff::new(old.data(), new.data(), Tolerance::default());
    let [(0, change)] = diff.qubits[..] else { panic!("{diff:?}") };
    assert_eq!(change.quantity, ChangedQuantity::Qubit(QubitQuantity::T1));
    assert_eq!((change.old, change.new), (Some(48.806_207_822_303_335 / 1e6), Some(50.0 / 1e6)));
    assert!(diff.gates.is_empty() && diff.appeared.is_empty() && diff.vanished.is_empty());
    let relative = Tolerance { relative: 0.03, absolute: 0.0 };
    assert!(Diff::new(old.data(), new.data(), relative).is_empty());
    let absolute = Tolerance { relative: 0.0, absolute: 1e-6 };
    assert!(!Diff::new(old.data(), new.data(), absolute).is_empty());
}

#[test]
fn what_is_not_operational_has_vanished() {
    let operational = "[{\"date\": null, \"name\": \"operational\", \"unit\": \"\", \"value\": false}, ";
    let (old, new) = changed("vigo", "\"qubits\": [[", &format!("\"qubits\": [{operational}"));
    let diff = Diff::new(old.data(), new.data(), Tolerance::default());
    assert_eq!(diff.qubits.len(), 1);
    assert!(diff.appeared.is_empty());
    assert!([[0, 1], [1, 0]].iter().all(|pair| diff.vanished.contains(&("cx".to_owned(), Some(pair.to_vec())))));
    assert!(diff.vanished.iter().all(|(_, qargs)| qargs.as_ref().is_some_and(|qargs| qargs.contains(&0))));
    let back = Diff::new(new.data(), old.data(), Tolerance::default());
    assert_eq!(back.appeared.len(), diff.vanished.len());
}

#[test]
fn series_have_a_row_for_each_calibration() {
    let snapshot = support::snapshot("hanoi");
    let properties = snapshot.properties().expect("it has some");
    let table = properties.gate("cx").expect("it is listed");
    let series = stack_gate(&[None, Some(table), Some(table)]).expect("it is small");
    assert_eq!(series.qargs, table.qargs);
    let width = table.qargs.len();
    let errors = &series.columns[GateQuantity::Error as usize];
    assert_eq!(errors.values.len(), 3 * width);
    assert!(errors.valid[..width].iter().all(|valid| !valid) && series.operational[width..].iter().all(|it| *it));
    assert_eq!(errors.values[2 * width..], *table.column(GateQuantity::Error).values());
    let column = properties.qubits.column(QubitQuantity::T1);
    let table = stack(&[Some(column), None], 27).expect("it is small");
    assert_eq!((&table.values[..27], table.valid[27]), (column.values(), false));
}

/// An archive says how many qubits its devices have; a block of some bytes can have a value for each.
#[test]
fn tables_that_are_too_large_are_refused_before_memory_is_asked_for() {
    let refused = check_qubits(MAX_QUBITS + 1).expect_err("too many");
    assert!(refused.to_string().contains("65537 qubits are more than a device may have"));
    assert_eq!(cells(1 << 14, 1 << 13), Ok(MAX_CELLS));
    let too_large = TooLarge { times: 3, places: MAX_CELLS / 2 };
    assert_eq!(cells(3, MAX_CELLS / 2), Err(too_large));
    assert_eq!(stack(&[None; 3], MAX_CELLS / 2).expect_err("too many"), too_large);
    assert!(cells(usize::MAX, 2).expect_err("too many").to_string().contains("choose a shorter period"));
}

#[test]
fn dates_are_read_when_they_are_asked_for() {
    let snapshot = support::snapshot("fez");
    let bytes = snapshot.payloads().properties.as_deref().expect("it has some");
    let gate = snapshot.properties().and_then(|properties| properties.gate("id")).expect("it is listed");
    let updated = gate.updated(bytes);
    assert_eq!(updated.len(), 156);
    // 2025-02-24T04:40:29-05:00
    assert_eq!(updated[0], 1_740_390_029_000_000);
    assert!(updated.iter().all(|at| *at != NO_DATE));
}
