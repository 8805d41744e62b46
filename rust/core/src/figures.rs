// SPDX-License-Identifier: Apache-2.0
//! Size and depth of a circuit, as Qiskit counts them.

/// Figures of a circuit without control flow, counted one instruction at a time.
#[derive(Debug, Default)]
pub struct CircuitFigures {
    /// Number of instructions, but for directives such as barriers.
    pub size: usize,
    /// Number of instructions on two qubits, but for directives.
    pub two_qubit_count: usize,
    /// Depth of each bit: qubits, then classical bits.
    levels: Vec<u32>,
    /// Depth of each qubit in instructions on two qubits.
    two_qubit_levels: Vec<u32>,
}

impl CircuitFigures {
    /// Figures of an empty circuit of so many qubits and classical bits.
    #[must_use]
    pub fn new(num_qubits: usize, num_clbits: usize) -> Self {
        Self { levels: vec![0; num_qubits + num_clbits], two_qubit_levels: vec![0; num_qubits], ..Self::default() }
    }

    /// Count an instruction.
    ///
    /// A directive does not count, but the bits behind it have the depth of the deepest of them, as
    /// `QuantumCircuit.depth` has it. `bits` has the indices of qubits, then those of classical bits behind those of all
    /// qubits; the first `num_qubits` are qubits.
    ///
    /// # Panics
    ///
    /// If an index is not that of a bit of the circuit.
    pub fn count(&mut self, bits: &[u32], num_qubits: usize, is_directive: bool) {
        let level = meet(&self.levels, bits) + u32::from(!is_directive);
        for bit in bits {
            self.levels[*bit as usize] = level;
        }
        if is_directive {
            return;
        }
        self.size += 1;
        if num_qubits == 2 {
            self.two_qubit_count += 1;
            let level = meet(&self.two_qubit_levels, &bits[..2]) + 1;
            for bit in &bits[..2] {
                self.two_qubit_levels[*bit as usize] = level;
            }
        }
    }

    /// The length of the longest path.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.levels.iter().copied().max().unwrap_or(0)
    }

    /// The length of the longest path in instructions on two qubits; directives do not connect there.
    #[must_use]
    pub fn two_qubit_depth(&self) -> u32 {
        self.two_qubit_levels.iter().copied().max().unwrap_or(0)
    }
}

fn meet(levels: &[u32], bits: &[u32]) -> u32 {
    bits.iter().map(|bit| levels[*bit as usize]).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_connects_but_does_not_count() {
        let mut figures = CircuitFigures::new(2, 1);
        figures.count(&[0], 1, false);
        figures.count(&[0], 1, false);
        figures.count(&[0, 1], 2, true);
        figures.count(&[1, 2], 1, false);
        assert_eq!((figures.size, figures.depth()), (3, 3));
        assert_eq!((figures.two_qubit_count, figures.two_qubit_depth()), (0, 0));
        figures.count(&[0, 1], 2, false);
        assert_eq!((figures.depth(), figures.two_qubit_depth()), (4, 1));
    }
}
