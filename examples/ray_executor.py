# SPDX-License-Identifier: Apache-2.0
"""A sweep on a Ray cluster: one that is there already, or processes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import ray

from described import arguments, described, report


class RayExecutor(Executor):
    """Has Ray call functions, each on one processor of whatever machine of the cluster has one to spare."""

    def __init__(self, num_cpus: float = 1) -> None:
        """Begin; each call takes so many processors."""
        self._call = ray.remote(lambda function, args, kwargs: function(*args, **kwargs)).options(num_cpus=num_cpus)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a call."""
        future: Future[Any] = self._call.remote(fn, args, kwargs).future()
        return future


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--address", help="the address of a cluster, such as ray://10.0.0.1:10001")
    chosen = parser.parse_args()
    ray.init(address=chosen.address, num_cpus=None if chosen.address else 2, include_dashboard=False)
    report(described(chosen.seeds).run(RayExecutor(), chosen.ledger))
    ray.shutdown()
