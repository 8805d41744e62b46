// SPDX-License-Identifier: Apache-2.0
//! A table of floats over the calibrations of a block, as bytes.
//!
//! Most values are the ones of the calibration before, some places never change, and some are always what another one is
//! (`cz` on (0, 1) and on (1, 0)). The rest is close to the value before: the difference of the bits as integers has zeros
//! in front, and bytes of the same rank are put together. Floats come back bit by bit.
//!
//! | section | content |
//! |---|---|
//! | head | rows (1 byte), places (4), whether there is a mask (1) |
//! | kinds | a byte per place: constant, varying, the same as an earlier one |
//! | same | for each place of the last kind, which one (4) |
//! | first | values of constant and varying places in the first calibration: 8 planes of bytes |
//! | changes | a bit per later calibration and varying place |
//! | differences | of those that changed: 8 planes of bytes |
//! | mask | a bit per cell: whether there is a value; only if NaN does not tell it |

use std::collections::HashMap;

use super::MAX_ROWS;
use super::frame::{Taker, compress, decompress};
use crate::series::Table;

const CONSTANT: u8 = 0;
const VARYING: u8 = 1;
const SAME: u8 = 2;
/// Bytes of a float, and planes.
const PLANES: usize = 8;
const HEAD: usize = 6;

/// Write a table of `rows` calibrations, of which there are at most [`MAX_ROWS`].
#[expect(clippy::cast_possible_truncation, reason = "there are at most 128 rows and 2^22 cells")]
pub(super) fn encode(table: &Table, rows: usize) -> Vec<u8> {
    let width = table.values.len() / rows;
    let bits: Vec<u64> = table.values.iter().map(|value| value.to_bits()).collect();
    let places = Places::new(&bits, width);
    let has_mask = table.values.iter().zip(&table.valid).any(|(value, valid)| value.is_nan() == *valid);
    let mut head = vec![rows as u8];
    head.extend_from_slice(&(width as u32).to_le_bytes());
    head.push(u8::from(has_mask));
    let first: Vec<u64> = places.own().map(|place| bits[place]).collect();
    let varying: Vec<usize> = places.varying().collect();
    let (mut changes, mut differences) = (Bits::default(), Vec::new());
    for row in 1..rows {
        let (before, now) = (&bits[(row - 1) * width..], &bits[row * width..]);
        for place in &varying {
            let difference = now[*place].wrapping_sub(before[*place]);
            changes.push(difference != 0);
            if difference != 0 {
                differences.push(folded(difference));
            }
        }
    }
    let mut sections = vec![head, places.kinds, places.same.iter().flat_map(|place| place.to_le_bytes()).collect()];
    sections.extend(planes(&first));
    sections.push(changes.bytes);
    sections.extend(planes(&differences));
    if has_mask {
        let mut mask = Bits::default();
        table.valid.iter().for_each(|valid| mask.push(*valid));
        sections.push(mask.bytes);
    }
    compress(&sections)
}

/// Read a table of `width` places; `None` if it is damaged, or has another width. Gives the number of its rows, too.
pub(super) fn decode(frame: &[u8], width: usize) -> Option<(Table, usize)> {
    let cells = width * MAX_ROWS;
    let bytes = decompress(frame, HEAD + width * (5 + PLANES) + cells * PLANES + cells / 4 + 2)?;
    let mut from = Taker(&bytes);
    let rows = usize::from(from.byte()?);
    if !(1..=MAX_ROWS).contains(&rows) || from.u32()? as usize != width {
        return None;
    }
    let has_mask = from.byte()? == 1;
    let places = Places::read(&mut from, width)?;
    let first = take_planes(&mut from, places.own().count())?;
    let varying: Vec<usize> = places.varying().collect();
    let count = varying.len() * (rows - 1);
    let changes = from.take(count.div_ceil(8))?;
    let moves = (0..count).filter(|index| bit(changes, *index)).count();
    let mut differences = take_planes(&mut from, moves)?.into_iter();
    let mask = if has_mask { Some(from.take((rows * width).div_ceil(8))?) } else { None };
    from.finish()?;
    let mut bits = vec![0; rows * width];
    for (place, value) in places.own().zip(first) {
        bits[place] = value;
    }
    for row in 1..rows {
        bits.copy_within((row - 1) * width..row * width, row * width);
        for (index, place) in varying.iter().enumerate() {
            if bit(changes, (row - 1) * varying.len() + index) {
                let cell = &mut bits[row * width + place];
                *cell = cell.wrapping_add(unfolded(differences.next()?));
            }
        }
    }
    for (place, earlier) in places.same_as() {
        (0..rows).for_each(|row| bits[row * width + place] = bits[row * width + earlier]);
    }
    let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    let valid = match mask {
        Some(mask) => (0..values.len()).map(|cell| bit(mask, cell)).collect(),
        None => values.iter().map(|value| !value.is_nan()).collect(),
    };
    Some((Table { values, valid }, rows))
}

/// How each place changes over time.
struct Places {
    kinds: Vec<u8>,
    /// For each place of the kind [`SAME`], which one it is the same as.
    same: Vec<u32>,
}

impl Places {
    #[expect(clippy::cast_possible_truncation, reason = "there are at most 2^22 cells")]
    fn new(bits: &[u64], width: usize) -> Self {
        let (mut is_constant, mut sums) = (vec![true; width], vec![0_u64; width]);
        for row in bits.chunks_exact(width.max(1)) {
            for (place, value) in row.iter().enumerate() {
                is_constant[place] &= *value == bits[place];
                sums[place] = (sums[place] ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            }
        }
        let is_same = |place: usize, earlier: usize| bits.chunks_exact(width).all(|row| row[place] == row[earlier]);
        let (mut kinds, mut same) = (Vec::with_capacity(width), Vec::new());
        let mut known: HashMap<u64, usize> = HashMap::new();
        for place in 0..width {
            if is_constant[place] {
                kinds.push(CONSTANT);
                continue;
            }
            let earlier = *known.entry(sums[place]).or_insert(place);
            if earlier != place && is_same(place, earlier) {
                kinds.push(SAME);
                same.push(earlier as u32);
            } else {
                kinds.push(VARYING);
            }
        }
        Self { kinds, same }
    }

    /// Read kinds; a place can only be the same as an earlier one with values of its own.
    fn read(from: &mut Taker<'_>, width: usize) -> Option<Self> {
        let kinds = from.take(width)?.to_vec();
        let of_kind = kinds.iter().filter(|kind| **kind == SAME);
        let same = of_kind.map(|_| from.u32()).collect::<Option<Vec<_>>>()?;
        let places = Self { kinds, same };
        let is_sound = places.kinds.iter().all(|kind| *kind <= SAME)
            && places.same_as().all(|(place, earlier)| earlier < place && places.kinds[earlier] == VARYING);
        is_sound.then_some(places)
    }

    fn of(&self, is_wanted: impl Fn(u8) -> bool) -> impl Iterator<Item = usize> {
        self.kinds.iter().enumerate().filter(move |(_, kind)| is_wanted(**kind)).map(|(place, _)| place)
    }

    /// Places with values of their own.
    fn own(&self) -> impl Iterator<Item = usize> {
        self.of(|kind| kind != SAME)
    }

    fn varying(&self) -> impl Iterator<Item = usize> {
        self.of(|kind| kind == VARYING)
    }

    fn same_as(&self) -> impl Iterator<Item = (usize, usize)> {
        self.of(|kind| kind == SAME).zip(self.same.iter().map(|earlier| *earlier as usize))
    }
}

/// Numbers close to 0, of either sign, as small numbers.
fn folded(difference: u64) -> u64 {
    (difference << 1) ^ 0_u64.wrapping_sub(difference >> 63)
}

fn unfolded(folded: u64) -> u64 {
    (folded >> 1) ^ 0_u64.wrapping_sub(folded & 1)
}

/// Bytes of the same rank of all numbers, the highest rank first.
fn planes(numbers: &[u64]) -> [Vec<u8>; PLANES] {
    std::array::from_fn(|plane| numbers.iter().map(|number| number.to_be_bytes()[plane]).collect())
}

fn take_planes(from: &mut Taker<'_>, count: usize) -> Option<Vec<u64>> {
    let bytes = from.take(count * PLANES)?;
    let number = |index| u64::from_be_bytes(std::array::from_fn(|plane| bytes[plane * count + index]));
    Some((0..count).map(number).collect())
}

/// A list of flags, the lowest bit of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, flag: bool) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(flag) << (self.count % 8);
        }
        self.count += 1;
    }
}

fn bit(bytes: &[u8], index: usize) -> bool {
    bytes[index / 8] >> (index % 8) & 1 == 1
}
