// SPDX-License-Identifier: Apache-2.0
//! The plan of `InstructionDurations`.

use super::{Qargs, TargetPlan};

/// Everything in a target that has a duration, in the target's order: `(operation, qubits, seconds)`.
pub fn durations<'p>(plan: &'p TargetPlan<'_>) -> impl Iterator<Item = (&'p str, Qargs<'p>, f64)> {
    plan.operations.iter().flat_map(|operation| {
        let places = operation.places.as_deref().unwrap_or_default().iter();
        places.filter_map(|place| Some((operation.name, place.qargs, place.values?.duration?)))
    })
}
