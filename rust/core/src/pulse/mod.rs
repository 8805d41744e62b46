// SPDX-License-Identifier: Apache-2.0
//! Pulses: channels, expressions of phases and frequencies, and envelopes, independent of payloads.

pub mod channel;
pub mod envelope;
pub mod expression;
mod sampling;
