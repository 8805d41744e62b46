// SPDX-License-Identifier: Apache-2.0
//! Comparison of a block with the payloads that it was made of.

use std::collections::BTreeMap;

use super::listing::decode_names;
use super::making::{PackedProperties, gate_names, gate_table, qubit_table, read_all, tables};
use super::{GATES, MAX_ROWS, Pick, Series, Subject, read};
use crate::parallel::in_parallel;
use crate::properties::Properties;
use crate::qargs::QargsList;
use crate::series::{Table, TooLarge, check_qubits, stack_gate};

/// Return the first thing about a block that is not what its payloads say; `None` if there is nothing.
///
/// `columns` has all columns by name; `packed` the payloads of some rows, and `rows` which ones. Payloads that cannot be
/// read are left out.
#[must_use]
pub fn problem(
    columns: &BTreeMap<String, &[u8]>,
    rows: &[usize],
    packed: Vec<PackedProperties<'_>>,
    num_qubits: u32,
    threads: usize,
) -> Option<String> {
    if let Err(error) = check_qubits(num_qubits) {
        return Some(error.to_string());
    }
    if rows.len() > MAX_ROWS {
        return Some(format!("it has {} calibrations, and may have {MAX_ROWS}", rows.len()));
    }
    let payloads = read_all(packed, num_qubits, threads);
    let sound = || rows.iter().zip(&payloads).filter_map(|(row, read)| Some((*row, read.as_ref().ok()?.as_ref())));
    let picks: Vec<Pick> = sound().map(|(row, _)| Pick { block: 0, row }).collect();
    let calibrations: Vec<Option<&Properties>> = sound().map(|(_, read)| read).collect();
    let Some((listed, _)) = columns.get(GATES).and_then(|bytes| decode_names(bytes)) else {
        return Some("the names of its gates are damaged".to_owned());
    };
    let mut gates = gate_names(&calibrations);
    gates.extend(listed.iter().map(String::as_str));
    let subjects = Subject::of_qubits().chain(gates.into_iter().flat_map(Subject::of_gate)).collect();
    let problems = in_parallel(subjects, threads, |subject: Subject<'_>| {
        let found = subject.columns().iter().map(|name| columns.get(name).copied()).collect();
        let Ok(found) = read(&[found], &picks, subject, num_qubits) else {
            return Some(format!("its column {:?} is damaged", subject.table()));
        };
        let expected = expected(&calibrations, subject, num_qubits);
        let is_right =
            expected.is_ok_and(|expected| found.qargs == expected.qargs && is_same(&found.table, &expected.table));
        (!is_right).then(|| format!("its column {:?} is not that of its payloads", subject.table()))
    });
    problems.into_iter().flatten().next()
}

/// The series of a subject, straight from payloads.
fn expected(calibrations: &[Option<&Properties>], subject: Subject<'_>, num_qubits: u32) -> Result<Series, TooLarge> {
    let (Subject::Gate(gate, _) | Subject::GateOperational(gate)) = subject else {
        return Ok(Series { qargs: QargsList::new(), table: qubit_table(calibrations, subject, num_qubits)? });
    };
    let series = stack_gate(&tables(calibrations, gate))?;
    Ok(Series { table: gate_table(&series, subject), qargs: series.qargs })
}

fn is_same(table: &Table, other: &Table) -> bool {
    let bits = |table: &Table| table.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    table.valid == other.valid && bits(table) == bits(other)
}
