// SPDX-License-Identifier: Apache-2.0
//! Signal lines of a device, and how payloads write them.

/// Purpose of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// Drives a qubit.
    Drive,
    /// Stimulates a readout.
    Measure,
    /// Drives a pair of qubits.
    Control,
}

impl Line {
    /// The letter before the index in the name of a channel.
    #[must_use]
    pub fn prefix(self) -> u8 {
        match self {
            Self::Drive => b'd',
            Self::Measure => b'm',
            Self::Control => b'u',
        }
    }
}

/// A line with its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel {
    /// Purpose of the line.
    pub line: Line,
    /// Index of the line.
    pub index: u32,
}

/// Indices are below this, so that a name fits the eight bytes of [`name_key`].
pub const MAX_INDEX: u32 = 9_999_999;

impl Channel {
    /// The channel that `name` means, as `d12` means the drive of qubit 12: letters, then digits. What follows does not
    /// count, since it never did.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let line = match *name.first()? {
            b'd' => Line::Drive,
            b'm' => Line::Measure,
            b'u' => Line::Control,
            _ => return None,
        };
        let digits = name[1..].iter().take_while(|byte| byte.is_ascii_digit());
        let index = digits.clone().try_fold(0_u32, |index, digit| {
            Some(index.checked_mul(10)? + u32::from(digit - b'0')).filter(|index| *index <= MAX_INDEX)
        })?;
        (digits.count() > 0).then_some(Self { line, index })
    }

    /// Return a key that sorts channels as their names do.
    #[must_use]
    pub fn name_key(self) -> u64 {
        name_key(self.line.prefix(), self.index)
    }
}

/// Return a number that sorts as the text `<prefix><index>` does: `d10` comes before `d2`.
#[must_use]
pub fn name_key(prefix: u8, index: u32) -> u64 {
    let (mut key, mut shift, mut rest) = (0, 8, index);
    // From the last digit to the first, each moved in from above.
    loop {
        key = (key >> 8) | u64::from(b'0' + (rest % 10) as u8) << 48;
        rest /= 10;
        shift += 8;
        if rest == 0 || shift > 56 {
            return key | u64::from(prefix) << 56;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_and_digits() {
        let drive = |index| Some(Channel { line: Line::Drive, index });
        assert_eq!(Channel::parse(b"d0"), drive(0));
        assert_eq!(Channel::parse(b"d0126"), drive(126));
        assert_eq!(Channel::parse(b"d3junk"), drive(3));
        assert_eq!(Channel::parse(b"u7"), Some(Channel { line: Line::Control, index: 7 }));
        for name in [&b""[..], b"d", b"x1", b"D1", b"acquire1", b"du1", b"1", b"d-1", b"d10000000", b"d99999999999999"]
        {
            assert_eq!(Channel::parse(name), None, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn keys_sort_as_names_do() {
        let mut names: Vec<(u8, u32)> = (0..1200).chain([9_999_999, 1_234_567, 999_999]).map(|i| (b'd', i)).collect();
        names.extend([(b'a', 5), (b'u', 0), (b'm', 10)]);
        let text = |(prefix, index): &(u8, u32)| format!("{}{index}", char::from(*prefix));
        let mut by_key = names.clone();
        by_key.sort_by_key(|(prefix, index)| name_key(*prefix, *index));
        names.sort_by_key(text);
        assert_eq!(by_key, names);
    }
}
