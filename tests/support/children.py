# SPDX-License-Identifier: Apache-2.0
"""Main program of child processes that answer, or misbehave as they are told."""

from __future__ import annotations

import os
import struct
import sys
import time

from qiskit_ibm_native._processes import channel_to_parent

ECHO, HALF_A_PIECE, HUGE_LENGTH, ENDLESS, PRINT, FORK, SILENT = range(7)


def main(descriptor: int, action: int) -> None:
    channel = channel_to_parent(descriptor)
    if action == ECHO:
        while (message := channel.receive()) is not None:
            channel.send(message)
    elif action == HALF_A_PIECE:
        os.write(descriptor, struct.pack("!i", 1000) + b"x" * 10)
        time.sleep(600)
    elif action == HUGE_LENGTH:
        os.write(descriptor, struct.pack("!iQ", -1, 1 << 50))
        time.sleep(600)
    elif action == ENDLESS:
        while True:
            os.write(descriptor, struct.pack("!i", 1 << 14) + bytes(1 << 14))
    elif action == PRINT:
        sys.stdout.write("printed")
        sys.stdout.flush()
        os.write(2, b"x" * 1_000_000 + b"the end")
        os._exit(3)
    elif action == FORK:
        # The forked process holds the channel, and lives on.
        if os.fork():
            channel.send(b"forked")
            os._exit(0)
        time.sleep(600)
    else:
        time.sleep(600)
