// SPDX-License-Identifier: Apache-2.0
//! Where the top-level values of a payload are, for whoever wants one of them later.

use crate::json::{Span, Text};

/// Keys and byte spans of an object's values, in payload order.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(Box<str>, Span)>);

impl Members {
    pub(crate) fn push(&mut self, key: Text<'_>, start: u32, end: u32) {
        self.0.push((key.decode().into(), Span { start, end }));
    }

    /// Keys with the spans of their values; a key that repeats is listed each time, and its last value counts.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, Span)> {
        self.0.iter().map(|(key, span)| (&**key, *span))
    }
}
