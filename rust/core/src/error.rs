// SPDX-License-Identifier: Apache-2.0
//! Errors of payloads, with the path and the offset of the value.

use std::borrow::Cow;
use std::fmt;

use crate::json::path;

/// One of a device's payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Qubits, gates, edges and timing.
    Configuration,
    /// Measured values: a calibration.
    Properties,
    /// Pulse defaults.
    Defaults,
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "configuration",
            Self::Properties => "properties",
            Self::Defaults => "defaults",
        })
    }
}

/// A failed read: an offset and what should have been there. [`Fault::in_payload`] makes the full error of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    offset: usize,
    expected: Cow<'static, str>,
    found: Option<Cow<'static, str>>,
}

impl Fault {
    /// At `offset` there should be something else: `expected`.
    #[cold]
    pub(crate) fn expected(offset: usize, expected: impl Into<Cow<'static, str>>) -> Box<Self> {
        Box::new(Self { offset, expected: expected.into(), found: None })
    }

    /// The object that starts at `offset` lacks a key that it needs.
    #[cold]
    pub(crate) fn missing(offset: usize, key: &str) -> Box<Self> {
        let found = Some(Cow::Borrowed("an object without it"));
        Box::new(Self { offset, expected: format!("the key \"{key}\"").into(), found })
    }

    /// Complete the fault with the payload it is from and the path of the value.
    #[must_use]
    #[cold]
    pub fn in_payload(self, payload: Payload, bytes: &[u8]) -> PayloadError {
        let offset = self.offset.min(bytes.len());
        PayloadError {
            payload,
            path: path::path_at(bytes, offset),
            offset,
            found: self.found.map_or_else(|| path::describe(bytes, offset), Cow::into_owned),
            expected: self.expected,
        }
    }
}

/// Refusal of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadError {
    /// The payload.
    pub payload: Payload,
    /// JSON path of the value, such as `$.gates[12].parameters[0].value`.
    pub path: String,
    /// Offset of the value, bytes.
    pub offset: usize,
    /// Description of what should be there.
    pub expected: Cow<'static, str>,
    /// Description of what is there.
    pub found: String,
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { payload, path, offset, expected, found } = self;
        write!(f, "{payload} payload, {path} (byte {offset}): expected {expected}, found {found}")
    }
}

impl std::error::Error for PayloadError {}

/// Part of a payload that makes no sense, wherever it is: a pulse, or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Description of what should be there instead.
    pub expected: Cow<'static, str>,
}

impl Invalid {
    #[cold]
    pub(crate) fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self { expected: expected.into() }
    }
}

impl From<Invalid> for Cow<'static, str> {
    fn from(invalid: Invalid) -> Self {
        invalid.expected
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for Invalid {}
