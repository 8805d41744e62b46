// SPDX-License-Identifier: Apache-2.0
//! The plan of a `CouplingMap`.

use std::collections::HashMap;

use super::{InstructionValues, PlacedInstruction, Qargs, TargetPlan};

/// Nodes and edges of a coupling map.
#[derive(Debug)]
pub struct CouplingPlan<'s> {
    /// By qubit: the one-qubit operation that the target lists last there, with its values. `None` where
    /// the target lists none.
    pub nodes: Vec<Option<Option<InstructionValues>>>,
    /// Edges by first appearance.
    pub edges: Vec<Edge<'s>>,
}

/// A directed edge.
#[derive(Debug)]
pub struct Edge<'s> {
    /// Source of the edge.
    pub source: u32,
    /// Target of the edge.
    pub target: u32,
    /// The operation that makes it an edge.
    pub first: (&'s str, Option<InstructionValues>),
    /// Further operations on it, in the target's order.
    pub more: Vec<(&'s str, Option<InstructionValues>)>,
}

impl<'s> CouplingPlan<'s> {
    /// Plan the coupling map of a target; `None` if nothing restricts which qubits may interact.
    #[must_use]
    pub fn new(plan: &TargetPlan<'s, '_>) -> Option<Self> {
        let operations = plan.operations().iter();
        let exists_everywhere = |width: fn(u32) -> bool| {
            operations.clone().any(move |it| it.definition.num_qubits().is_some_and(width) && plan.is_everywhere(it))
        };
        if exists_everywhere(|num_qubits| num_qubits == 2) {
            return None;
        }
        let mut coupling = Self { nodes: vec![None; plan.num_qubits() as usize], edges: Vec::new() };
        let mut known = HashMap::new();
        let of_width = |width| {
            operations
                .clone()
                .filter(move |it| it.definition.num_qubits() == Some(width) || plan.is_on_other_numbers_of_qubits(it))
        };
        for operation in of_width(2) {
            coupling.add_edges(operation.name, &plan.entries(operation).unwrap_or_default(), &mut known);
        }
        if coupling.edges.is_empty() && exists_everywhere(|_| true) {
            return None;
        }
        // The last operation on a qubit counts, and as a rule it is on all of them.
        for operation in of_width(1).rev() {
            if coupling.nodes.iter().all(Option::is_some) {
                break;
            }
            coupling.add_nodes(&plan.entries(operation).unwrap_or_default());
        }
        Some(coupling)
    }

    fn add_nodes(&mut self, entries: &[PlacedInstruction<'_>]) {
        for entry in entries {
            if let Qargs::One(qubit) = entry.qargs {
                self.nodes[qubit as usize].get_or_insert(entry.values);
            }
        }
    }

    fn add_edges(&mut self, name: &'s str, entries: &[PlacedInstruction<'_>], known: &mut HashMap<(u32, u32), usize>) {
        // The edges of one operation are distinct, so only a second one has to look for what is there.
        let look = !self.edges.is_empty();
        if look && known.is_empty() {
            known.extend(self.edges.iter().enumerate().map(|(index, edge)| ((edge.source, edge.target), index)));
        }
        for entry in entries {
            let Qargs::Two(source, target) = entry.qargs else { continue };
            let next = self.edges.len();
            let index = if look { *known.entry((source, target)).or_insert(next) } else { next };
            match self.edges.get_mut(index) {
                Some(edge) => edge.more.push((name, entry.values)),
                None => self.edges.push(Edge { source, target, first: (name, entry.values), more: Vec::new() }),
            }
        }
    }
}
