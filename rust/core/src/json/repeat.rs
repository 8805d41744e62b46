// SPDX-License-Identifier: Apache-2.0
//! Recognising a value that is written like an earlier one, but for its numbers.
//!
//! Configurations are full of lists whose elements differ in digits only: `"acquire7": {"operates": {"qubits": [7]},
//! …}`. Comparing an element with the one before, sixteen bytes at a time, takes far fewer
//! instructions than reading its tokens.

use wide::i8x16;

use super::Span;

/// The last two values of a kind that were found to be JSON: lists often alternate between two kinds of elements.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Templates {
    spans: [Span; 2],
    last: usize,
    /// Number of values to let pass before the next attempt, and after the next failure: values that differ in
    /// more than digits cost nothing in the long run.
    wait: u32,
    patience: u32,
}

impl Templates {
    /// The length of the value at `at` if it is like one of the templates, and so JSON as they are.
    #[inline(always)]
    pub(super) fn length_of(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        for slot in [1 - self.last, self.last] {
            if let Some(length) = length_of_like(self.spans[slot].slice(bytes), &bytes[at..]) {
                (self.last, self.patience) = (slot, 0);
                return Some(length);
            }
        }
        self.patience = (2 * self.patience + 1).min(63);
        self.wait = self.patience;
        None
    }

    /// Take a value that is JSON for a template.
    pub(super) fn cache(&mut self, span: Span) {
        self.last = 1 - self.last;
        self.spans[self.last] = span;
    }
}

/// Return the length of the start of `text` that equals `template` except for the digits of numbers and names; `None` if
/// not all of the template is there, or if it is empty.
///
/// A run of digits may be exchanged for another anywhere in JSON, with two exceptions: an integer must not start with a
/// 0, and escapes have digits of their own. Both are left to whoever reads tokens.
#[inline(always)]
fn length_of_like(template: &[u8], text: &[u8]) -> Option<usize> {
    let (mut there, mut here) = (0, 0);
    while there < template.len() {
        let (Some(a), Some(b)) = (template[there..].first_chunk::<16>(), text.get(here..)?.first_chunk::<16>()) else {
            let same = template.len() - there < 16 && text[here..].starts_with(&template[there..]);
            return same.then(|| here + template.len() - there);
        };
        let equal = i8x16::new(a.map(u8::cast_signed)).simd_eq(i8x16::new(b.map(u8::cast_signed))).to_bitmask();
        let length = (!equal).trailing_zeros() as usize;
        if length >= 16 {
            (there, here) = (there + 16, here + 16);
            continue;
        }
        (there, here) = (there + length, here + length);
        // They differ here. If a run of digits starts, goes on or ends here, and there is one in both, let it differ.
        let old = digits(&template[there..]);
        let new = digits(&text[here..]);
        if old + new == 0 {
            return None;
        }
        // The text before is the same in both, back to the end of the last run that differed.
        let before = template[..there].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let run = &text[here - before..here + new];
        let is_fraction = text[..here - before].last() == Some(&b'.');
        if before + old == 0 || run.is_empty() || (run.len() > 1 && run[0] == b'0' && !is_fraction) {
            return None;
        }
        (there, here) = (there + old, here + new);
    }
    (here > 0).then_some(here)
}

#[inline(always)]
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}
