// SPDX-License-Identifier: Apache-2.0
//! Spans of the top-level values of a payload, for values that are decoded later.

use std::borrow::Cow;

use crate::json::{Reader, Span};

/// Offsets of an object's keys and spans of their values, in payload order.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(u32, Span)>);

impl Members {
    /// Add the span of a value and the offset of the quote before its key.
    pub(crate) fn push(&mut self, key: u32, start: u32, end: u32) {
        self.0.push((key, Span { start, end }));
    }

    /// Keys with the spans of their values; `bytes` must be the payload. A key that repeats is listed each time, and its
    /// last value counts.
    #[must_use]
    pub fn iter<'b>(&self, bytes: &'b [u8]) -> impl DoubleEndedIterator<Item = (Cow<'b, str>, Span)> {
        self.0.iter().filter_map(|(key, span)| Some((Reader::at(bytes, *key).known_text().ok()?.decode(), *span)))
    }
}
