// SPDX-License-Identifier: Apache-2.0
//! The instructions of a circuit as bytes: columns of what differs, and a table of what repeats.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | [`VERSION`] |
//! | 4 + 1 | number of instructions; number of kinds |
//! | (1 + n + 1 + 1 + 1) x kinds | name of a kind, its numbers of qubits, classical bits and parameters |
//! | 1 x instructions | index of the kind |
//! | 2 x ... | qubits of all instructions, then their classical bits |
//! | 8 x ... | parameters of all instructions |
//!
//! Numbers are little-endian. This is a format of files: another one is another version, and each stays readable.

use std::collections::HashMap;

/// The version that is written.
pub const VERSION: u8 = 1;

/// A kind of instruction: what all instructions of one name have, if they have the same numbers of bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The name of the operation.
    pub name: Box<str>,
    /// Number of qubits.
    pub qubits: u8,
    /// Number of classical bits.
    pub clbits: u8,
    /// Number of parameters.
    pub params: u8,
}

/// Instructions of a circuit.
#[derive(Debug, Default, PartialEq)]
pub struct Instructions {
    /// The kinds of instructions, each once.
    pub kinds: Vec<Kind>,
    /// By instruction, the index of its kind.
    pub indices: Vec<u8>,
    /// Indices of the qubits of all instructions.
    pub qubits: Vec<u16>,
    /// Indices of the classical bits of all instructions.
    pub clbits: Vec<u16>,
    /// The parameters of all instructions.
    pub params: Vec<f64>,
}

/// Writes instructions one by one.
#[derive(Debug, Default)]
pub struct Writer {
    written: Instructions,
    known: HashMap<Kind, u8>,
    /// Whether there was something that the format cannot have.
    is_full: bool,
}

impl Writer {
    /// Add an instruction. Indices of bits are below 2^16 in what this can write.
    pub fn add(&mut self, name: &str, qubits: &[u32], clbits: &[u32], params: &[f64]) {
        let Some(index) = self.index(name, [qubits.len(), clbits.len(), params.len()]) else {
            self.is_full = true;
            return;
        };
        let Instructions { indices, qubits: all_qubits, clbits: all_clbits, params: all_params, .. } =
            &mut self.written;
        indices.push(index);
        for (bits, all) in [(qubits, all_qubits), (clbits, all_clbits)] {
            for bit in bits {
                let Ok(bit) = u16::try_from(*bit) else {
                    self.is_full = true;
                    return;
                };
                all.push(bit);
            }
        }
        all_params.extend_from_slice(params);
    }

    fn index(&mut self, name: &str, numbers: [usize; 3]) -> Option<u8> {
        let is_it =
            |kind: &Kind| &*kind.name == name && [kind.qubits, kind.clbits, kind.params].map(usize::from) == numbers;
        let last = self.written.indices.last().copied();
        if let Some(last) = last.filter(|last| is_it(&self.written.kinds[usize::from(*last)])) {
            return Some(last);
        }
        let [qubits, clbits, params] = numbers.map(|number| u8::try_from(number).ok());
        let kind = Kind { name: name.into(), qubits: qubits?, clbits: clbits?, params: params? };
        if let Some(index) = self.known.get(&kind) {
            return Some(*index);
        }
        // Their number has a byte, and so has the length of a name.
        let index = u8::try_from(self.written.kinds.len()).ok().filter(|index| *index < u8::MAX)?;
        u8::try_from(name.len()).ok()?;
        self.known.insert(kind.clone(), index);
        self.written.kinds.push(kind);
        Some(index)
    }

    /// The instructions as bytes; `None` if the format cannot have them.
    #[must_use]
    pub fn finish(&self) -> Option<Vec<u8>> {
        let Instructions { kinds, indices, qubits, clbits, params } = &self.written;
        if self.is_full {
            return None;
        }
        let mut bytes = vec![VERSION];
        bytes.extend(u32::try_from(indices.len()).ok()?.to_le_bytes());
        bytes.push(u8::try_from(kinds.len()).ok()?);
        for kind in kinds {
            bytes.push(u8::try_from(kind.name.len()).ok()?);
            bytes.extend(kind.name.as_bytes());
            bytes.extend([kind.qubits, kind.clbits, kind.params]);
        }
        bytes.extend(indices);
        bytes.extend(qubits.iter().chain(clbits).flat_map(|bit| bit.to_le_bytes()));
        bytes.extend(params.iter().flat_map(|value| value.to_le_bytes()));
        Some(bytes)
    }
}

impl Instructions {
    /// Read what a [`Writer`] wrote; `None` if it is something else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        if take(&mut rest, 1)? != [VERSION] {
            return None;
        }
        let number = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?) as usize;
        let kinds = (0..take(&mut rest, 1)?[0]).map(|_| read_kind(&mut rest)).collect::<Option<Vec<_>>>()?;
        let indices = take(&mut rest, number)?.to_vec();
        let mut sizes = [0_usize; 3];
        for index in &indices {
            let Kind { qubits, clbits, params, .. } = kinds.get(usize::from(*index))?;
            for (size, more) in sizes.iter_mut().zip([qubits, clbits, params]) {
                *size += usize::from(*more);
            }
        }
        let [qubits, clbits] = [sizes[0], sizes[1]].map(|size| {
            let pairs = take(&mut rest, 2 * size)?.chunks_exact(2);
            Some(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect::<Vec<_>>())
        });
        let words = take(&mut rest, 8 * sizes[2])?.chunks_exact(8);
        let params = words.map(|word| word.try_into().map(f64::from_le_bytes)).collect::<Result<Vec<_>, _>>().ok()?;
        rest.is_empty().then_some(Self { kinds, indices, qubits: qubits?, clbits: clbits?, params })
    }

    /// Kind, qubits, classical bits and parameters of one instruction after the other.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u16], &[u16], &[f64])> {
        let (mut qubits, mut clbits, mut params) = (&*self.qubits, &*self.clbits, &*self.params);
        self.indices.iter().map(move |index| {
            let kind = &self.kinds[usize::from(*index)];
            let (these, clbits_of_it, values);
            (these, qubits) = qubits.split_at(usize::from(kind.qubits));
            (clbits_of_it, clbits) = clbits.split_at(usize::from(kind.clbits));
            (values, params) = params.split_at(usize::from(kind.params));
            (usize::from(*index), these, clbits_of_it, values)
        })
    }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

fn read_kind(rest: &mut &[u8]) -> Option<Kind> {
    let length = usize::from(take(rest, 1)?[0]);
    let name = std::str::from_utf8(take(rest, length)?).ok()?.into();
    let numbers = take(rest, 3)?;
    Some(Kind { name, qubits: numbers[0], clbits: numbers[1], params: numbers[2] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.add("rz", &[3], &[], &[0.5]);
        writer.add("rz", &[4], &[], &[-0.0]);
        writer.add("cz", &[3, 400], &[], &[]);
        writer.add("barrier", &[0, 1, 2], &[], &[]);
        writer.add("barrier", &[], &[], &[]);
        writer.add("measure", &[1], &[7], &[]);
        writer.finish().expect("the format can have it")
    }

    #[test]
    fn what_was_written_is_read() {
        let read = Instructions::read(&written()).expect("it was written");
        assert_eq!(read.kinds.len(), 5);
        let all: Vec<_> = read
            .iter()
            .map(|(kind, qubits, clbits, params)| (&*read.kinds[kind].name, qubits, clbits, params))
            .collect();
        assert_eq!(all[0], ("rz", &[3][..], &[][..], &[0.5][..]));
        assert_eq!(all[2], ("cz", &[3, 400][..], &[][..], &[][..]));
        assert_eq!(all[5], ("measure", &[1][..], &[7][..], &[][..]));
        assert!(all[1].3[0].is_sign_negative());
    }

    #[test]
    fn every_other_length_is_refused() {
        let bytes = written();
        for length in 0..bytes.len() {
            assert_eq!(Instructions::read(&bytes[..length]), None);
        }
        assert_eq!(Instructions::read(&[&*bytes, &[0]].concat()), None);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_without_a_panic() {
        let bytes = written();
        for position in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[position] ^= flip;
                if let Some(read) = Instructions::read(&damaged) {
                    assert_eq!(read.iter().count(), read.indices.len());
                }
            }
        }
    }

    #[test]
    fn more_than_the_format_can_have_is_not_written() {
        let mut writer = Writer::default();
        writer.add("x", &[1 << 16], &[], &[]);
        assert_eq!(writer.finish(), None);
        let mut writer = Writer::default();
        for number in 0..300 {
            writer.add(&format!("gate{number}"), &[0], &[], &[]);
        }
        assert_eq!(writer.finish(), None);
        let mut writer = Writer::default();
        writer.add("barrier", &[0; 300], &[], &[]);
        assert_eq!(writer.finish(), None);
    }
}
