# SPDX-License-Identifier: Apache-2.0
"""Set up a Rust toolchain in a cache of its own, on a machine without one, and write a makefile that names it.

The toolchain is the one that pip would set up to build the package from its sources: that of ``puccinialin``. Nothing
outside its cache changes. ``make`` includes the makefile that is written, and only if PATH has no cargo.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Nobody should wait to hear that something is missing: a server that is there answers in a tenth of this, in seconds.
PATIENCE = 1.0
HINT = """\
Rust is needed to build the extension, and there is no cargo here; it could not be fetched, either ({reason}).
Install it by rustup (https://rustup.rs), or as a package of the system (rustup of Debian, Fedora, Homebrew, conda-forge),
and repeat `make`. The version is that of rust-toolchain.toml."""


def cached() -> dict[str, str] | None:
    """Return the environment of the toolchain that is in the cache already."""
    mac = Path.home() / "Library/Caches"
    cache = mac if sys.platform == "darwin" else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "puccinialin"
    if not (folder / "cargo/bin/cargo").exists():
        return None
    return {
        "RUSTUP_HOME": str(folder / "rustup"),
        "CARGO_HOME": str(folder / "cargo"),
        "PATH": f"{folder / 'cargo/bin'}:{os.environ['PATH']}",
    }


def unreachable() -> str | None:
    """Return why the server of Rust's releases cannot be reached, or ``None`` if it can."""
    root = os.environ.get("RUSTUP_UPDATE_ROOT") or "https://static.rust-lang.org/rustup"
    url = f"{root.rstrip('/')}/release-stable.toml"
    answers: list[str | None] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")  # noqa: S310
            with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310
                answers.append(None)
        except OSError as error:
            answers.append(f"{url}: {error}")

    # Looking a name up has no timeout of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers[0] if answers else f"{url}: no answer within {PATIENCE:g} s"


def set_up() -> dict[str, str]:
    """Return the environment of a toolchain that ``puccinialin`` downloads into its cache."""
    print("There is no cargo here: setting up Rust in a cache of its own, as pip does (a minute) ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin/python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "puccinialin"]
        subprocess.run(pip, check=True, capture_output=True)
        answer = Path(folder) / "environment.json"
        # puccinialin trusts the certificates of `certifi`, which lack those of a company's proxy; the system has them.
        trusted = ssl.get_default_verify_paths().cafile
        environment = {**({"SSL_CERT_FILE": trusted} if trusted else {}), **os.environ}
        command = [python, "-m", "puccinialin", "--info-json", answer]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        found: dict[str, str] = json.loads(answer.read_text())["env"]
    return found


def main(makefile: Path) -> str | None:
    """Write the makefile; return what to do if there is no toolchain and none can be had."""
    environment = cached()
    if environment is None:
        if reason := unreachable():
            return HINT.format(reason=reason)
        try:
            environment = set_up()
        except subprocess.CalledProcessError as error:
            return HINT.format(reason=(error.stderr or b"").decode(errors="replace").strip()[-500:] or str(error))
    # rustup fetches the version of rust-toolchain.toml when cargo is first called in this folder.
    first = subprocess.run(
        ["cargo", "--version"], env={**os.environ, **environment}, cwd=ROOT, check=False, capture_output=True, text=True
    )
    if first.returncode:
        return HINT.format(reason=first.stderr.strip()[-500:])
    makefile.parent.mkdir(exist_ok=True)
    bin_folder = environment["PATH"].split(os.pathsep)[0]
    makefile.write_text(
        f"export RUSTUP_HOME := {environment['RUSTUP_HOME']}\n"
        f"export CARGO_HOME := {environment['CARGO_HOME']}\n"
        f"export PATH := {bin_folder}:$(PATH)\n"
    )
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
