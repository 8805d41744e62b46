// SPDX-License-Identifier: Apache-2.0
//! The plan of `InstructionDurations`.

use super::{Qargs, TargetPlan};

/// Give `take` everything in a target that has a duration, in the target's order: operation, qubits, seconds.
pub fn durations<'s, E>(
    plan: &TargetPlan<'s, '_>,
    mut take: impl FnMut(&'s str, Qargs<'s>, f64) -> Result<(), E>,
) -> Result<(), E> {
    for operation in plan.operations() {
        for entry in plan.entries(operation).unwrap_or_default() {
            if let Some(duration) = entry.values.and_then(|values| values.duration) {
                take(operation.name, entry.qargs, duration)?;
            }
        }
    }
    Ok(())
}
