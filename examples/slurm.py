# SPDX-License-Identifier: Apache-2.0
"""A sweep on a cluster with Slurm: workers are Slurm jobs, which dask-jobqueue submits."""

from __future__ import annotations

from dask.distributed import Client
from dask_jobqueue import SLURMCluster

from described import arguments, described, report

if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--jobs", type=int, default=4, help="how many Slurm jobs (default: %(default)s)")
    parser.add_argument("--cores", type=int, default=16, help="processors of each (default: %(default)s)")
    parser.add_argument("--memory", default="64GB", help="memory of each (default: %(default)s)")
    parser.add_argument("--walltime", default="04:00:00", help="how long a job may run (default: %(default)s)")
    parser.add_argument("--queue", help="the partition")
    chosen = parser.parse_args()
    with SLURMCluster(
        queue=chosen.queue,
        cores=chosen.cores,
        # As many workers as processors, with a thread each.
        processes=chosen.cores,
        memory=chosen.memory,
        walltime=chosen.walltime,
    ) as cluster:
        # Jobs whose time is over before the sweep is are replaced by new ones.
        cluster.adapt(minimum_jobs=1, maximum_jobs=chosen.jobs)
        with Client(cluster) as client:
            report(described(chosen.seeds).run(client.get_executor(), chosen.ledger))
