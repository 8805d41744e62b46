// SPDX-License-Identifier: Apache-2.0
//! The plan of a `CouplingMap`.

use std::collections::HashMap;

use super::{InstructionValues, Place, Qargs, TargetPlan};

/// What a coupling map is made of.
#[derive(Debug)]
pub struct CouplingPlan<'p> {
    /// By qubit: the one-qubit operation that the target lists last there, with its values. `None` where
    /// the target lists none.
    pub nodes: Vec<Option<Option<InstructionValues>>>,
    /// Edges by first appearance.
    pub edges: Vec<Edge<'p>>,
}

/// A directed edge.
#[derive(Debug)]
pub struct Edge<'p> {
    /// From where.
    pub source: u32,
    /// To where.
    pub target: u32,
    /// The operations on it, in the target's order.
    pub operations: Vec<(&'p str, Option<InstructionValues>)>,
}

impl<'p> CouplingPlan<'p> {
    /// Plans the coupling map of a target; `None` if nothing restricts which qubits may interact.
    pub fn new(plan: &'p TargetPlan<'_>) -> Option<Self> {
        let mut coupling = Self { nodes: vec![None; plan.num_qubits as usize], edges: Vec::new() };
        let mut index = HashMap::new();
        let mut exists_everywhere = false;
        for operation in &plan.operations {
            match &operation.places {
                Some(places) => coupling.add(operation.name, places, &mut index),
                // Control flow is neither here nor there: Qiskit asks its class for its width.
                None => match operation.definition.num_qubits() {
                    Some(2) => return None,
                    Some(_) => exists_everywhere = true,
                    None => {}
                },
            }
        }
        (!coupling.edges.is_empty() || !exists_everywhere).then_some(coupling)
    }

    fn add(&mut self, name: &'p str, places: &[Place<'_>], index: &mut HashMap<(u32, u32), usize>) {
        // The edges of one operation are distinct, so only a second one has to look for what is there.
        let look = !self.edges.is_empty();
        if look && index.is_empty() {
            index.extend(self.edges.iter().enumerate().map(|(at, edge)| ((edge.source, edge.target), at)));
        }
        for place in places {
            match place.qargs {
                Qargs::One(qubit) => self.nodes[qubit as usize] = Some(place.values),
                Qargs::Two(source, target) => {
                    let at = if look { *index.entry((source, target)).or_insert(self.edges.len()) } else { self.edges.len() };
                    if at == self.edges.len() {
                        self.edges.push(Edge { source, target, operations: Vec::with_capacity(1) });
                    }
                    self.edges[at].operations.push((name, place.values));
                }
                Qargs::Many(_) => {}
            }
        }
    }
}
