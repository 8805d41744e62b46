// SPDX-License-Identifier: Apache-2.0
//! The schedule of a command: its instructions in order, once it is clear that they can be played together.

use std::collections::HashSet;

use crate::defaults::{Acquisition, Amplitude, Defaults, Instruction, Operation, Parametric};
use crate::error::Fault;
use crate::json::ReadResult;
use crate::pulse::channel::{Line, name_key};
use crate::pulse::envelope::Envelope;

/// Kind of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelKind {
    /// A line of signals.
    Line(Line),
    /// Acquisition of the signals of a qubit.
    Acquire,
    /// A memory slot of results.
    Memory,
    /// A slot of a fast register.
    Register,
}

/// Action of a step of a schedule.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// An instruction of the command.
    Instruction(&'a Instruction),
    /// All that an acquisition records, by the names of its channels.
    AcquireAll(u32),
    /// One qubit of an acquisition: the acquisition, and which one by the names of its channels.
    AcquireOne(u32, u32),
}

/// The steps of a command, sorted by start, then duration, then names of channels.
#[derive(Debug)]
pub struct SchedulePlan<'a> {
    /// Start, dt, and action of each step.
    pub steps: Vec<(u32, Action<'a>)>,
    /// End of the last step, dt.
    pub duration: u64,
}

/// One action on one channel; an acquisition is several.
struct Item<'a> {
    start: u32,
    duration: u32,
    names: [u64; 3],
    action: Action<'a>,
}

impl<'a> SchedulePlan<'a> {
    /// Plan a command of `defaults`. Fails if one of its instructions makes no sense, or if two overlap.
    pub fn new(defaults: &'a Defaults, command: usize) -> ReadResult<Self> {
        let sequence = defaults.sequence(command);
        let mut items = Vec::with_capacity(sequence.len());
        let mut times: Vec<(ChannelKind, u32, u32, u64, u32)> = Vec::with_capacity(sequence.len());
        for instruction in sequence {
            let duration = duration_of(defaults, instruction)?;
            let (start, end) = (instruction.start, u64::from(instruction.start) + u64::from(duration));
            if let Operation::Acquire(at) = instruction.operation {
                let acquisition = &defaults.acquisitions[at as usize];
                for (rank, position) in acquisition.order().into_iter().enumerate() {
                    let channels = acquisition.channels(position);
                    times.extend(
                        channels.iter().flatten().map(|(channel, at)| (*channel, *at, start, end, instruction.offset)),
                    );
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "each took at least one of fewer than 2^32 bytes"
                    )]
                    let action = Action::AcquireOne(at, rank as u32);
                    items.push(Item { start, duration, names: acquisition.names(position), action });
                }
            } else if let Some(channel) = instruction.channel {
                times.push((ChannelKind::Line(channel.line), channel.index, start, end, instruction.offset));
                let names = [channel.name_key(), 0, 0];
                items.push(Item { start, duration, names, action: Action::Instruction(instruction) });
            }
        }
        check_overlaps(&mut times)?;
        items.sort_by_key(|item| (item.start, item.duration, item.names));
        let duration = times.iter().map(|(_, _, _, end, _)| *end).max().unwrap_or(0);
        Ok(Self { steps: steps(defaults, &items), duration })
    }

    /// Return the channels of a command in the order in which its instructions name them.
    #[must_use]
    pub fn channels(defaults: &Defaults, command: usize) -> Vec<(ChannelKind, u32)> {
        let mut seen = HashSet::new();
        let mut channels = Vec::new();
        let mut note = |channel| {
            if seen.insert(channel) {
                channels.push(channel);
            }
        };
        for instruction in defaults.sequence(command) {
            if let Operation::Acquire(at) = instruction.operation {
                let acquisition = &defaults.acquisitions[at as usize];
                (0..acquisition.qubits.len())
                    .for_each(|position| acquisition.channels(position).into_iter().flatten().for_each(&mut note));
            } else if let Some(channel) = instruction.channel {
                note((ChannelKind::Line(channel.line), channel.index));
            }
        }
        channels
    }
}

impl Acquisition {
    fn channels(&self, position: usize) -> [Option<(ChannelKind, u32)>; 3] {
        [
            Some((ChannelKind::Acquire, self.qubits[position])),
            Some((ChannelKind::Memory, self.memory_slots[position])),
            self.register_slots.as_ref().map(|slots| (ChannelKind::Register, slots[position])),
        ]
    }

    /// The names of the channels of a position, sorted, as numbers that sort as they do.
    fn names(&self, position: usize) -> [u64; 3] {
        let (acquire, memory) = (name_key(b'a', self.qubits[position]), name_key(b'm', self.memory_slots[position]));
        match &self.register_slots {
            Some(slots) => [acquire, name_key(b'c', slots[position]), memory],
            None => [acquire, memory, 0],
        }
    }

    /// The positions of its lists, sorted by the names of their channels.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.qubits.len()).collect();
        order.sort_by_key(|position| self.names(*position));
        order
    }
}

/// The parametric pulse of an instruction as an envelope that can be sampled.
pub fn envelope(parametric: &Parametric, at: u32) -> ReadResult<Envelope> {
    let envelope = parametric.envelope().map_err(|expected| Fault::expected(at as usize, expected))?;
    envelope.check(true).map_err(|expected| Fault::expected(at as usize, expected))?;
    Ok(envelope)
}

fn duration_of(defaults: &Defaults, instruction: &Instruction) -> ReadResult<u32> {
    Ok(match instruction.operation {
        Operation::Faulty(at) => return Err(Box::new(defaults.faults[at as usize].clone())),
        Operation::Parametric(at) => envelope(&defaults.parametric[at as usize], instruction.offset)?.duration,
        Operation::Waveform(at) => {
            if defaults.library.amplitude(at) == Amplitude::Excessive {
                let expected =
                    format!("a waveform whose samples are at most 1, unlike {:?}", defaults.library.name(at));
                return Err(Fault::expected(instruction.offset as usize, expected));
            }
            let span = defaults.library.span(at);
            span.end - span.start
        }
        Operation::Delay(duration) => duration,
        Operation::Acquire(at) => defaults.acquisitions[at as usize].duration,
        Operation::ShiftPhase(_)
        | Operation::SetPhase(_)
        | Operation::ShiftFrequency(_)
        | Operation::SetFrequency(_) => 0,
    })
}

/// Check that nothing starts on a channel before the action before it has ended.
fn check_overlaps(times: &mut [(ChannelKind, u32, u32, u64, u32)]) -> ReadResult<()> {
    times.sort_unstable();
    for pair in times.windows(2) {
        let [(channel, index, _, end, _), (next_place, next_index, start, _, at)] = pair else { continue };
        if (channel, index) == (next_place, next_index) && u64::from(*start) < *end {
            return Err(Fault::expected(*at as usize, "an instruction that overlaps with no other on its channel"));
        }
    }
    Ok(())
}

/// The steps of sorted items; where all of an acquisition comes in a row, it is one step.
fn steps<'a>(defaults: &Defaults, items: &[Item<'a>]) -> Vec<(u32, Action<'a>)> {
    let (mut steps, mut at) = (Vec::with_capacity(items.len()), 0);
    while let Some(item) = items.get(at) {
        if let Action::AcquireOne(acquisition, _) = item.action {
            let whole = defaults.acquisitions[acquisition as usize].qubits.len();
            let same = |other: &&Item<'_>| {
                other.start == item.start && matches!(other.action, Action::AcquireOne(it, _) if it == acquisition)
            };
            let run = items[at..].iter().take_while(same).count();
            // Once, not less, and not twice at the same time.
            if run == whole {
                steps.push((item.start, Action::AcquireAll(acquisition)));
            } else {
                steps.extend(items[at..at + run].iter().map(|item| (item.start, item.action)));
            }
            at += run;
            continue;
        }
        steps.push((item.start, item.action));
        at += 1;
    }
    steps
}
