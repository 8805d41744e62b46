# SPDX-License-Identifier: Apache-2.0
"""Saved snapshots, archives and ledgers that somebody else made run nothing, end nothing, and fill nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import socket
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

from calibrations import calibration
from device import configuration, payload, properties
from qiskit_ibm_native import BackendPayloadError, CalibrationArchive, IBMError, Ledger, Snapshot, Sweep
from qiskit_ibm_native.archive import store
from qiskit_ibm_native.exceptions import (
    ArchiveDamagedError,
    ArchiveError,
    IBMInputValueError,
    LedgerDamagedError,
    LedgerError,
)
from qiskit_ibm_native.storage import VARIABLE
from sweeping import ghz

FILES = ("configuration", "properties", "defaults")
