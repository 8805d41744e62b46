// SPDX-License-Identifier: Apache-2.0
//! Columns come back bit by bit, and bytes of any content are refused.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::frame::compress;
use super::listing::{Listing, encode_names};
use super::{Content, MAX_ROWS, Pick, ReadError, Subject, column, make, problem, read};
use crate::columns::{GateQuantity, QubitQuantity};
use crate::pack::{MAX_PAYLOAD, pack};
use crate::series::Table;

fn table(cells: &[Option<u64>]) -> Table {
    let values = cells.iter().map(|bits| bits.map_or(f64::NAN, f64::from_bits)).collect();
    Table { values, valid: cells.iter().map(Option::is_some).collect() }
}

fn bits(table: &Table) -> (Vec<u64>, Vec<bool>) {
    (table.values.iter().map(|value| value.to_bits()).collect(), table.valid.clone())
}

/// A calibration with a T1 for each of `values`, and `gates` as their JSON.
fn calibration(values: &[&str], gates: &str) -> Vec<u8> {
    let qubit = |value: &&str| format!(r#"[{{"name": "T1", "unit": "us", "value": {value}}}]"#);
    let qubits: Vec<_> = values.iter().map(qubit).collect();
    format!(r#"{{"qubits": [{}], "gates": [{gates}]}}"#, qubits.join(",")).into_bytes()
}

fn gate(name: &str, qubits: &str, error: &str) -> String {
    let error = format!(r#"{{"name": "gate_error", "unit": "", "value": {error}}}"#);
    format!(r#"{{"gate": "{name}", "qubits": {qubits}, "parameters": [{error}]}}"#)
}

type Columns = BTreeMap<String, Vec<u8>>;

/// The columns of the only block of payloads of a device with three qubits.
fn block(payloads: &[Vec<u8>]) -> Columns {
    let packed: Vec<_> = payloads.iter().map(|payload| pack(payload, 1, MAX_PAYLOAD).expect("short")).collect();
    let packed = packed.iter().zip(payloads).map(|(packed, payload)| (&packed[..], payload.len())).collect();
    let made = make(packed, 3, 2).expect("few qubits");
    assert!(made.problems.is_empty() && made.blocks.len() == 1, "{:?}", made.problems);
    let mut columns = Columns::new();
    for (name, content) in &made.blocks[0].columns {
        let bytes = match content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Same(earlier) => columns[earlier].clone(),
        };
        columns.insert(name.clone(), bytes);
    }
    columns
}

fn column_of<'b>(block: &'b Columns, subject: Subject<'_>) -> Vec<Option<&'b [u8]>> {
    subject.columns().iter().map(|name| block.get(name).map(Vec::as_slice)).collect()
}

proptest! {
    #[test]
    fn tables_come_back_bit_by_bit(
        rows in 1..=MAX_ROWS,
        width in 0_usize..7,
        kinds in prop::collection::vec(0_u8..4, 7),
        seed in any::<u64>(),
    ) {
        let random = |row: usize, place: usize| {
            (seed ^ (row * 7 + place) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        let cell = |index: usize| {
            let (row, place) = (index / width, index % width);
            match kinds[place] {
                0 => Some(random(0, place)),
                1 => Some(random(row, 0)),
                2 => (random(row, place) % 3 > 0).then(|| random(row / 2, place)),
                _ => Some(random(row, place)),
            }
        };
        let cells: Vec<_> = (0..rows * width).map(cell).collect();
        let written = table(&cells);
        let (again, count) = column::decode(&column::encode(&written, rows), width).expect("just written");
        prop_assert_eq!(bits(&again), bits(&written));
        prop_assert_eq!(count, rows);
        prop_assert!(column::decode(&column::encode(&written, rows), width + 1).is_none());
    }

    #[test]
    fn any_content_is_refused_or_has_its_size(content in prop::collection::vec(any::<u8>(), 0..80), row in 0_usize..3) {
        let frame = compress(&[content]);
        if let Some((table, rows)) = column::decode(&frame, 3) {
            prop_assert_eq!(table.values.len(), 3 * rows);
        }
        let names = encode_names(&["cx"], 2);
        let pick = Pick { block: 0, row };
        for columns in [[&frame, &frame, &frame], [&names, &frame, &frame]] {
            let columns = columns.map(|bytes| Some(&bytes[..])).to_vec();
            if let Ok(series) = read(&[columns], &[pick], Subject::Gate("cx", GateQuantity::Error), 3) {
                prop_assert_eq!(series.table.values.len(), series.qargs.len());
            }
        }
    }
}

#[test]
fn a_mask_tells_a_missing_value_from_nan() {
    let written = table(&[Some(f64::NAN.to_bits()), None, Some(1), Some(1), None, Some(f64::NAN.to_bits())]);
    let (again, _) = column::decode(&column::encode(&written, 2), 3).expect("just written");
    assert_eq!(bits(&again), bits(&written));
}

#[test]
fn places_that_are_the_same_take_nothing() {
    let random = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2;
    let column = |width: usize| {
        let cells: Vec<_> = (0..MAX_ROWS * width).map(|cell| Some(random((cell / width) as u64 + 1))).collect();
        column::encode(&table(&cells), MAX_ROWS).len()
    };
    assert!(column(100) < column(1) + 200, "{} {}", column(100), column(1));
}

#[test]
fn a_gate_is_read_as_each_calibration_lists_it() {
    let payloads = [
        calibration(&["1", "2"], &gate("cx", "[1, 0]", "0.5")),
        calibration(&["1"], ""),
        calibration(
            &[],
            &[gate("cx", "[2, 1]", "0.25"), gate("cx", "[1, 0]", "1"), gate("cx", "[2, 1]", "0.75")].join(","),
        ),
    ];
    let block = block(&payloads);
    let subject = Subject::Gate("cx", GateQuantity::Error);
    let columns = [column_of(&block, subject)];
    let picked = |rows: &[usize], subject: Subject<'_>, columns: &[Vec<Option<&[u8]>>]| {
        let picks: Vec<_> = rows.iter().map(|row| Pick { block: 0, row: *row }).collect();
        let series = read(columns, &picks, subject, 3).expect("sound");
        let qargs: Vec<_> = series.qargs.iter().map(<[u32]>::to_vec).collect();
        (
            qargs,
            series
                .table
                .values
                .into_iter()
                .zip(series.table.valid)
                .map(|(value, valid)| valid.then_some(value))
                .collect::<Vec<_>>(),
        )
    };
    let some = |values: [Option<f64>; 4]| values.to_vec();
    // By first appearance in what is picked; of repeated qargs the last row counts.
    assert_eq!(
        picked(&[0, 2], subject, &columns),
        (vec![vec![1, 0], vec![2, 1]], some([Some(0.5), None, Some(1.0), Some(0.75)]))
    );
    assert_eq!(
        picked(&[2, 0], subject, &columns),
        (vec![vec![2, 1], vec![1, 0]], some([Some(0.75), Some(1.0), None, Some(0.5)]))
    );
    assert_eq!(picked(&[1], subject, &columns), (vec![], vec![]));
    let flags = Subject::GateOperational("cx");
    let columns = [column_of(&block, flags)];
    assert_eq!(picked(&[0, 2], flags, &columns).1, some([Some(1.0), Some(0.0), Some(1.0), Some(1.0)]));
    let nothing = Subject::Gate("none", GateQuantity::Error);
    assert_eq!(picked(&[0, 1, 2], nothing, &[column_of(&block, nothing)]), (vec![], vec![]));
}

#[test]
fn damaged_blocks_are_named() {
    let block = block(&[calibration(&["1", "2", "3"], &gate("cx", "[0, 1]", "0.5")), calibration(&["4"], "")]);
    for subject in [Subject::Qubits(QubitQuantity::T1), Subject::Gate("cx", GateQuantity::Error)] {
        let sound = column_of(&block, subject);
        for index in 0..sound.len() {
            let content = sound[index].expect("it is there");
            for offset in 0..content.len() {
                let mut wrong = content.to_vec();
                wrong[offset] ^= 0x41;
                let mut damaged = sound.clone();
                damaged[index] = Some(&wrong);
                let blocks = [damaged, sound.clone(), vec![None; sound.len()], sound.clone()];
                let mut picks = [0, 1, 2, 3].map(|block| Pick { block, row: usize::from(block == 3) * 2 }).to_vec();
                // Listings are read before tables. A block of which nothing is wanted does no harm.
                let mut found = Vec::new();
                while let Err(error) = read(&blocks, &picks, subject, 3) {
                    let ReadError::Damaged(damaged) = error else { panic!("{error:?}") };
                    picks.retain(|pick| !damaged.contains(&pick.block));
                    found.extend(damaged);
                }
                found.sort_unstable();
                assert_eq!(found, [0, 2, 3], "{offset} of {index}");
            }
        }
    }
}

#[test]
fn a_block_that_is_of_other_payloads_is_found() {
    let payloads =
        [calibration(&["1", "2"], &gate("cx", "[0, 1]", "0.5")), calibration(&["4"], &gate("x", "[0]", "0.5"))];
    let packed: Vec<_> = payloads.iter().map(|payload| pack(payload, 1, MAX_PAYLOAD).expect("short")).collect();
    let packed: Vec<_> = packed.iter().zip(&payloads).map(|(packed, payload)| (&packed[..], payload.len())).collect();
    let block = block(&payloads);
    let columns =
        || -> BTreeMap<String, &[u8]> { block.iter().map(|(name, bytes)| (name.clone(), &bytes[..])).collect() };
    assert_eq!(problem(&columns(), &[0, 1], packed.clone(), 3, 2), None);
    assert_eq!(problem(&columns(), &[1], packed[1..].to_vec(), 3, 2), None);
    let swapped = problem(&columns(), &[1, 0], packed.clone(), 3, 2).expect("rows are not these");
    assert_eq!(swapped, "its column \"qubits T1\" is not that of its payloads");
    for name in block.keys() {
        let mut without = columns();
        without.remove(name);
        assert!(problem(&without, &[0, 1], packed.clone(), 3, 2).is_some(), "{name}");
    }
    assert!(problem(&columns(), &[0, 2], packed, 3, 2).is_some());
}

#[test]
fn calibrations_that_are_too_large_together_become_several_blocks() {
    // Each lists 600 gates of its own on a qubit: together 3 * 3 * 1,800 cells, but more gates than a block may have.
    let payload = |calibration: usize| {
        let gates: Vec<_> = (0..3000).map(|number| gate(&format!("g{calibration}-{number}"), "[0]", "0.5")).collect();
        let text = format!(r#"{{"qubits": [], "gates": [{}]}}"#, gates.join(","));
        (pack(text.as_bytes(), 1, MAX_PAYLOAD).expect("short"), text.len())
    };
    let payloads: Vec<_> = (0..3).map(payload).collect();
    let made =
        make(payloads.iter().map(|(packed, length)| (&packed[..], *length)).collect(), 3, 2).expect("few qubits");
    assert_eq!(made.blocks.iter().map(|block| block.rows.clone()).collect::<Vec<_>>(), [vec![0], vec![1], vec![2]]);
    let many: Vec<_> = (0..5000).map(|number| gate(&format!("g{number}"), "[0]", "0.5")).collect();
    let text = format!(r#"{{"qubits": [], "gates": [{}]}}"#, many.join(","));
    let packed = pack(text.as_bytes(), 1, MAX_PAYLOAD).expect("short");
    let made = make(vec![(&packed, text.len()), (&[], 3)], 3, 1).expect("few qubits");
    assert!(made.blocks.is_empty());
    let problems: Vec<_> = made.problems.iter().map(|(index, error)| format!("{index} {error}")).collect();
    assert_eq!(
        problems,
        ["0 5000 gates are more than columns are kept of, which is 4096", "1 the payload cannot be decompressed"]
    );
}

#[test]
fn listings_of_one_list_share_it() {
    let read = Listing::decode(
        &{
            let payloads = vec![calibration(&[], &gate("cx", "[0, 1]", "0.5")); 3];
            block(&payloads)["listing cx"].clone()
        },
        3,
    );
    let by_row = read.expect("just written").by_row;
    assert!(by_row.windows(2).all(|pair| match (&pair[0], &pair[1]) {
        (Some(first), Some(second)) => std::sync::Arc::ptr_eq(first, second),
        _ => false,
    }));
    assert!(Listing::decode(&block(&[calibration(&[], &gate("cx", "[0, 2]", "1"))])["listing cx"], 2).is_none());
}
