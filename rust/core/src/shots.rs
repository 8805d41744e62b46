// SPDX-License-Identifier: Apache-2.0
//! Results shot by shot: counting words, and writing them in hexadecimal.
//!
//! A word is a big-endian number of a fixed number of bytes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// Return each different word with how often it occurs, in the order in which they occur first.
///
/// `data` is one word after the other, each of `width` bytes. What is left at the end is no word.
///
/// ```
/// # use qiskit_ibm_native_core::shots::count;
/// assert_eq!(count(&[1, 0, 1], 1), [(&[1][..], 2), (&[0][..], 1)]);
/// ```
#[must_use]
pub fn count(data: &[u8], width: usize) -> Vec<(&[u8], u64)> {
    match width {
        0 => Vec::new(),
        1 => count_bytes(data),
        2..=8 => count_by(data, width, |word| word.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte))),
        _ => count_by(data, width, |word| word),
    }
}

fn count_bytes(data: &[u8]) -> Vec<(&[u8], u64)> {
    let mut places = [usize::MAX; 256];
    let mut counts: Vec<(&[u8], u64)> = Vec::new();
    for word in data.chunks_exact(1) {
        let place = &mut places[usize::from(word[0])];
        if *place == usize::MAX {
            *place = counts.len();
            counts.push((word, 0));
        }
        counts[*place].1 += 1;
    }
    counts
}

/// The hash map only finds indices; the order of the result does not come from it.
fn count_by<'data, K: Eq + std::hash::Hash>(
    data: &'data [u8],
    width: usize,
    key: impl Fn(&'data [u8]) -> K,
) -> Vec<(&'data [u8], u64)> {
    let mut places: HashMap<K, usize, BuildHasherDefault<WordHasher>> = HashMap::default();
    let mut counts: Vec<(&[u8], u64)> = Vec::new();
    for word in data.chunks_exact(width) {
        match places.entry(key(word)) {
            Entry::Occupied(entry) => counts[*entry.get()].1 += 1,
            Entry::Vacant(entry) => {
                entry.insert(counts.len());
                counts.push((word, 1));
            }
        }
    }
    counts
}

/// A hash of words. Measurements do not choose words that collide, so the hash need not be a safe one; the standard one
/// takes half of the time of counting.
#[derive(Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut part = [0; 8];
            part[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(part));
        }
    }

    fn write_u64(&mut self, part: u64) {
        // An odd number with as many ones as zeros, and a rotation so that high bits get low.
        self.0 = (self.0 ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    }
}

/// Write a word as Python's `hex` writes numbers: lower case, behind `0x`, without zeros in front. What was in `text` is
/// gone.
pub fn write_hex<'text>(word: &[u8], text: &'text mut Vec<u8>) -> &'text str {
    text.clear();
    text.extend_from_slice(b"0x");
    match word.iter().position(|&byte| byte != 0) {
        None => text.push(b'0'),
        Some(start) => {
            let first = PAIRS[usize::from(word[start])];
            text.extend_from_slice(if first[0] == b'0' { &first[1..] } else { &first });
            for &byte in &word[start + 1..] {
                text.extend_from_slice(&PAIRS[usize::from(byte)]);
            }
        }
    }
    // Digits are ASCII.
    std::str::from_utf8(text).unwrap_or_default()
}

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::{count, write_hex};
    use proptest::prelude::*;

    #[test]
    fn the_first_of_a_kind_comes_first() {
        assert_eq!(count(&[3, 1, 3, 3], 1), [(&[3][..], 3), (&[1][..], 1)]);
        assert_eq!(count(&[0, 1, 1, 0, 0, 1], 2), [(&[0, 1][..], 2), (&[1, 0][..], 1)]);
        assert!(count(&[], 3).is_empty());
        assert!(count(&[1, 2], 0).is_empty());
    }

    proptest! {
        #[test]
        fn counts_are_those_of_counting_one_by_one(data in prop::collection::vec(0_u8..3, 0..200), width in 1_usize..12) {
            let mut expected: Vec<(&[u8], u64)> = Vec::new();
            for word in data.chunks_exact(width) {
                match expected.iter_mut().find(|(other, _)| *other == word) {
                    Some((_, number)) => *number += 1,
                    None => expected.push((word, 1)),
                }
            }
            prop_assert_eq!(count(&data, width), expected);
        }

        #[test]
        fn hexadecimal_is_that_of_the_number(number in any::<u128>(), shift in 0_u32..128) {
            let number = number >> shift;
            let mut text = Vec::new();
            prop_assert_eq!(write_hex(&number.to_be_bytes(), &mut text), format!("{number:#x}"));
        }
    }
}
