# SPDX-License-Identifier: Apache-2.0
"""A sweep on the processors of this machine."""

from __future__ import annotations

from described import arguments, described, report

if __name__ == "__main__":
    chosen = arguments(__doc__).parse_args()
    report(described(chosen.seeds).run(ledger=chosen.ledger))
