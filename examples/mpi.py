# SPDX-License-Identifier: Apache-2.0
"""Run a sweep on the ranks of MPI, a driver and eight workers: ``mpiexec -n 9 python -m mpi4py.futures mpi.py``."""

from __future__ import annotations

from mpi4py.futures import MPIPoolExecutor

from described import arguments, described, report

if __name__ == "__main__":
    chosen = arguments(__doc__).parse_args()
    with MPIPoolExecutor() as executor:
        report(described(chosen.seeds).run(executor, chosen.ledger))
