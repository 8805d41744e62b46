// SPDX-License-Identifier: Apache-2.0
//! Estimated success probability and duration of a transpiled circuit over many calibrations.
//!
//! The estimate is a product: `1 - error` of every gate and readout, and for every time that a qubit waits between two of
//! its instructions, the average fidelity of thermal relaxation over that time,
//! `1/2 + exp(-t/T1)/6 + exp(-t/T2)/3`. Instructions are played as late as they can be.

use std::collections::HashMap;

use crate::columns::QubitQuantity;
use crate::parallel::in_parallel;
use crate::plan::{EntryFinder, InstructionValues, Options, TargetPlan};
use crate::snapshot::DeviceData;

/// Number of calibrations that a thread takes at once, within which it reuses the rows of the last one.
const BLOCK: usize = 64;

/// Length of a delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// s
    Seconds(f64),
    /// In units of the device's time resolution.
    Samples(f64),
}

/// A transpiled circuit, as far as its success and its duration depend on it.
#[derive(Debug, Default)]
pub struct Circuit {
    operations: Vec<Operation>,
    /// Indices of operations by name.
    names: HashMap<Box<str>, usize>,
    steps: Vec<Step>,
    /// One more than the last qubit.
    num_qubits: usize,
}

/// An operation of a circuit, with its qargs, each once.
#[derive(Debug)]
struct Operation {
    name: Box<str>,
    qargs: Vec<Vec<u32>>,
    /// Indices of qargs.
    known: HashMap<Vec<u32>, usize>,
}

#[derive(Debug)]
enum Step {
    /// Index of an operation, and of qargs of it.
    Operation(usize, usize),
    Delay(Vec<u32>, Delay),
    Barrier(Vec<u32>),
}

/// Estimates for a circuit on one calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Estimated success probability; NaN if the circuit cannot run there.
    pub success: f64,
    /// s; NaN if the circuit cannot run there.
    pub duration: f64,
}

impl Score {
    const IMPOSSIBLE: Self = Self { success: f64::NAN, duration: f64::NAN };
}

impl Circuit {
    /// A circuit of no instructions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Add an operation.
    pub fn operation(&mut self, name: &str, qubits: &[u32]) {
        self.include(qubits);
        let operation = self.names.get(name).copied().unwrap_or_else(|| {
            self.names.insert(name.into(), self.operations.len());
            self.operations.push(Operation { name: name.into(), qargs: Vec::new(), known: HashMap::new() });
            self.operations.len() - 1
        });
        let Operation { qargs, known, .. } = &mut self.operations[operation];
        let index = known.get(qubits).copied().unwrap_or_else(|| {
            known.insert(qubits.to_vec(), qargs.len());
            qargs.push(qubits.to_vec());
            qargs.len() - 1
        });
        self.steps.push(Step::Operation(operation, index));
    }

    /// Add a delay of each of `qubits`.
    pub fn delay(&mut self, qubits: &[u32], delay: Delay) {
        self.include(qubits);
        self.steps.push(Step::Delay(qubits.to_vec(), delay));
    }

    /// Add a barrier: what comes behind it begins when all of `qubits` are done with what is before it.
    pub fn barrier(&mut self, qubits: &[u32]) {
        self.include(qubits);
        self.steps.push(Step::Barrier(qubits.to_vec()));
    }

    fn include(&mut self, qubits: &[u32]) {
        let last = qubits.iter().max().map_or(0, |qubit| *qubit as usize + 1);
        self.num_qubits = self.num_qubits.max(last);
    }

    /// The operations by name, and their qargs, each once, in the order of their first use.
    #[must_use]
    pub fn operations(&self) -> impl ExactSizeIterator<Item = (&str, &[Vec<u32>])> {
        self.operations.iter().map(|operation| (&*operation.name, &*operation.qargs))
    }

    /// Score the circuit on each of `readings`, in their order.
    #[must_use]
    pub fn score(&self, devices: &[&DeviceData], options: Options<'_>, threads: usize) -> Vec<Score> {
        let blocks = devices.chunks(BLOCK).collect();
        let score = |block: &[&DeviceData]| {
            let mut scorer = Scorer::new(self);
            block.iter().map(|data| scorer.score(data, options)).collect::<Vec<_>>()
        };
        in_parallel(blocks, threads, score).into_iter().flatten().collect()
    }

    /// Score the circuit by values that come from no calibration.
    ///
    /// `values` has durations (s) and errors as [`Circuit::operations`] has operations and qargs, `relaxation` has `T1`
    /// and `T2` (s) by qubit; a qubit that it does not have does not relax. Without a value for each qargs, the score is
    /// impossible.
    #[must_use]
    pub fn score_by_values(
        &self,
        values: &[Vec<InstructionValues>],
        dt: Option<f64>,
        relaxation: &[(Option<f64>, Option<f64>)],
    ) -> Score {
        let is_complete = values.len() == self.operations.len()
            && self.operations.iter().zip(values).all(|(operation, values)| operation.qargs.len() == values.len());
        if !is_complete {
            return Score::IMPOSSIBLE;
        }
        let mut playback = Playback::default();
        let Some(gates) = playback.play(self, dt, |operation, index| values[operation][index]) else {
            return Score::IMPOSSIBLE;
        };
        let waits = playback.relaxation_fidelity(|qubit| {
            let (t1, t2) = relaxation.get(qubit).copied().unwrap_or_default();
            limited(t1, t2)
        });
        Score { success: gates * waits, duration: playback.duration() }
    }
}

/// A circuit on one calibration after the other.
struct Scorer<'c> {
    circuit: &'c Circuit,
    /// The finder of each operation.
    finders: Vec<EntryFinder>,
    playback: Playback,
}

impl<'c> Scorer<'c> {
    fn new(circuit: &'c Circuit) -> Self {
        let finders = circuit.operations().map(|(name, qargs)| EntryFinder::new(name, qargs)).collect();
        Self { circuit, finders, playback: Playback::default() }
    }

    fn score(&mut self, data: &DeviceData, options: Options<'_>) -> Score {
        let plan = TargetPlan::new(data, options);
        let fits = self.circuit.num_qubits <= plan.num_qubits() as usize;
        if !fits || !self.finders.iter_mut().all(|finder| finder.find(&plan)) {
            return Score::IMPOSSIBLE;
        }
        let values = |operation: usize, index| self.finders[operation].values(index);
        let Some(gates) = self.playback.play(self.circuit, plan.dt(), values) else { return Score::IMPOSSIBLE };
        let waits = data.properties.as_ref().map_or(1.0, |properties| {
            let [t1, t2] = [QubitQuantity::T1, QubitQuantity::T2].map(|quantity| properties.qubits.column(quantity));
            self.playback.relaxation_fidelity(|qubit| limited(t1.cell(qubit).number(), t2.cell(qubit).number()))
        });
        Score { success: gates * waits, duration: self.playback.duration() }
    }
}

/// State of a qubit while a circuit is gone through from its end.
#[derive(Debug, Clone, Copy, Default)]
struct QubitTimeline {
    /// Time before the end of the circuit at which the qubit is used, s.
    busy: f64,
    /// Time that the qubit has waited since it was last used, s.
    idle: f64,
    is_used: bool,
}

/// A circuit played on one calibration.
#[derive(Debug, Default)]
struct Playback {
    timelines: Vec<QubitTimeline>,
    /// Qubits that wait, and the time, s.
    waits: Vec<(usize, f64)>,
}

impl Playback {
    /// Go through a circuit from its end, notes how long qubits wait, and returns the product of `1 - error`; `None` if
    /// a delay is in units that the device does not have.
    fn play(
        &mut self,
        circuit: &Circuit,
        dt: Option<f64>,
        values: impl Fn(usize, usize) -> InstructionValues,
    ) -> Option<f64> {
        let Self { timelines, waits } = self;
        timelines.clear();
        timelines.resize(circuit.num_qubits, QubitTimeline::default());
        waits.clear();
        let mut product = 1.0;
        for step in circuit.steps.iter().rev() {
            match step {
                Step::Operation(operation, index) => {
                    let InstructionValues { duration, error } = values(*operation, *index);
                    product *= (1.0 - error.unwrap_or(0.0)).clamp(0.0, 1.0);
                    let qubits = &circuit.operations[*operation].qargs[*index];
                    let end = synchronize(timelines, qubits);
                    for qubit in qubits.iter().map(|qubit| *qubit as usize) {
                        if timelines[qubit].is_used && timelines[qubit].idle > 0.0 {
                            waits.push((qubit, timelines[qubit].idle));
                        }
                        timelines[qubit] =
                            QubitTimeline { busy: end + duration.unwrap_or(0.0), idle: 0.0, is_used: true };
                    }
                }
                Step::Delay(qubits, delay) => {
                    let seconds = match delay {
                        Delay::Seconds(seconds) => *seconds,
                        Delay::Samples(samples) => samples * dt?,
                    };
                    for qubit in qubits.iter().map(|qubit| *qubit as usize) {
                        timelines[qubit].busy += seconds;
                        timelines[qubit].idle += seconds;
                    }
                }
                Step::Barrier(qubits) => drop(synchronize(timelines, qubits)),
            }
        }
        Some(product)
    }

    /// Return the duration of the circuit, s.
    fn duration(&self) -> f64 {
        self.timelines.iter().map(|timeline| timeline.busy).fold(0.0, f64::max)
    }

    /// Return the product of the fidelities of qubits that wait, whose `T1` and `T2` (s) are given by qubit.
    fn relaxation_fidelity(&self, relaxation: impl Fn(usize) -> (f64, f64)) -> f64 {
        self.waits.iter().map(|(qubit, seconds)| fidelity(*seconds, relaxation(*qubit))).product()
    }
}

/// Let qubits wait for the one that is used earliest, and returns when that is, s before the end.
fn synchronize(timelines: &mut [QubitTimeline], qubits: &[u32]) -> f64 {
    let meeting = qubits.iter().map(|qubit| timelines[*qubit as usize].busy).fold(0.0, f64::max);
    for qubit in qubits {
        let timeline = &mut timelines[*qubit as usize];
        timeline.idle += meeting - timeline.busy;
        timeline.busy = meeting;
    }
    meeting
}

/// `T1` and `T2` of a qubit, s. A state without a `T1` does not relax, and none dephases slower than `T1` allows.
fn limited(t1: Option<f64>, t2: Option<f64>) -> (f64, f64) {
    let t1 = t1.unwrap_or(f64::INFINITY);
    (t1, t2.unwrap_or(f64::INFINITY).min(2.0 * t1))
}

/// The average fidelity of a qubit that relaxes to its ground state and dephases for a while.
fn fidelity(seconds: f64, (t1, t2): (f64, f64)) -> f64 {
    0.5 + (-seconds / t1).exp() / 6.0 + (-seconds / t2).exp() / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_waits_for_ever_is_right_half_of_the_time() {
        assert!((fidelity(0.0, (1e-4, 1e-4)) - 1.0).abs() < 1e-15);
        assert!((fidelity(1.0, (1e-4, 1e-4)) - 0.5).abs() < 1e-15);
        assert!((fidelity(1.0, (f64::INFINITY, f64::INFINITY)) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn only_what_lies_between_two_instructions_is_a_wait() {
        let mut circuit = Circuit::new();
        circuit.delay(&[0], Delay::Seconds(5.0));
        circuit.operation("x", &[0]);
        circuit.delay(&[0], Delay::Samples(3.0));
        circuit.operation("x", &[0]);
        circuit.delay(&[0], Delay::Seconds(7.0));
        let mut playback = Playback::default();
        let values = |_, _| InstructionValues { duration: Some(1.0), error: Some(0.5) };
        assert_eq!(playback.play(&circuit, Some(2.0), values), Some(0.25));
        assert_eq!(playback.waits, [(0, 6.0)]);
        assert!((playback.duration() - 20.0).abs() < 1e-12);
        assert_eq!(playback.play(&circuit, None, values), None);
    }

    #[test]
    fn qubits_wait_for_each_other_as_late_as_they_can() {
        let mut circuit = Circuit::new();
        circuit.operation("x", &[0]);
        circuit.operation("x", &[1]);
        circuit.operation("x", &[1]);
        circuit.barrier(&[0, 1]);
        circuit.operation("x", &[0]);
        circuit.operation("x", &[0]);
        circuit.operation("x", &[1]);
        let mut playback = Playback::default();
        let values = |_, _| InstructionValues { duration: Some(1.0), error: None };
        assert_eq!(playback.play(&circuit, None, values), Some(1.0));
        // Behind the barrier, qubit 1 begins late; before it, qubit 0 does, which is no wait: nothing was there before.
        assert_eq!(playback.waits, [(1, 1.0)]);
        assert!((playback.duration() - 4.0).abs() < 1e-12);
    }
}
