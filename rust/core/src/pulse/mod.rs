// SPDX-License-Identifier: Apache-2.0
//! Pulses: what channels, phases and envelopes are, whatever payload they come from.

pub mod channel;
pub mod envelope;
pub mod expression;
mod sampling;
