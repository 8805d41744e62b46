# SPDX-License-Identifier: Apache-2.0
"""A sweep on a Dask cluster: one that is there already, or processes of this machine."""

from __future__ import annotations

from dask.distributed import Client, LocalCluster

from described import arguments, described, report

if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--scheduler", help="the address of a cluster, such as tcp://10.0.0.1:8786")
    parser.add_argument("--workers", type=int, default=2, help="processes of this machine, without --scheduler")
    chosen = parser.parse_args()
    # One thread for each worker: each gets a process for the transpiler beside it.
    cluster = chosen.scheduler or LocalCluster(n_workers=chosen.workers, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        report(described(chosen.seeds).run(client.get_executor(), chosen.ledger))
    if not chosen.scheduler:
        cluster.close()
