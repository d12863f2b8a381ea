.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# What the user may set; see `make help`.
IMAGES ?=
SEED ?=

.PHONY: help
help: ## List every target
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9_-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ── Set-up: a virtual environment, the CDK command line, the Lambda layer's wheels ──────────────────────

.PHONY: setup
setup: .venv/.ready node_modules/.ready build/wheels/.ready ## Install everything the other targets need

# torch comes first, from PyTorch's own CPU index: on Linux the default wheel is a CUDA build of several gigabytes.
.venv/.ready: requirements.txt constraints.txt pyproject.toml
	@echo "Setting up .venv (a few minutes the first time) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu \
		"$$(grep -o '^torch==[0-9.]*' requirements.txt)"
	$(BIN)/pip install --constraint constraints.txt --requirement requirements.txt | sed '/already satisfied/d'
	$(BIN)/pip install --quiet --no-deps --editable .
	@$(BIN)/pip check
	@touch $@

node_modules/.ready: package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Node 22 or newer is needed (20 works): https://nodejs.org/en/download"; exit 1; }
	npm ci --no-audit --no-fund
	@touch $@

build/wheels/.ready: lambdas/layers/imaging/requirements.txt scripts/release/fetch_wheels.py .venv/.ready
	$(BIN)/python -m scripts.release.fetch_wheels
	@touch $@

.PHONY: lock
lock: .venv/.ready ## Write constraints.txt anew from what is installed
	@(sed -n 1p constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//') > constraints.new && mv constraints.new constraints.txt

# ── Run ─────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: demo
demo: setup ## Deploy to a laptop cloud, moderate sample drawings (or IMAGES="a.jpg b.png"), stop (SEED=n draws others)
	@$(BIN)/python -m local demo $(if $(SEED),--seed $(SEED)) $(if $(IMAGES),--images $(IMAGES))

.PHONY: local
local: setup ## Keep the laptop cloud running and print how to use it with the AWS CLI
	@$(BIN)/python -m local up

.PHONY: synth
synth: setup ## Synthesise both stacks into cdk.out/
	@cdk synth --quiet && echo "Templates are in cdk.out/"

# ── Check ───────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: test
test: setup lint types ## Lint, types and the whole test suite with its coverage, on two cores
	COVERAGE_CORE=$$($(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') \
		$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=html

build/transformers5/.ready: tests/model/transformers5.txt .venv/.ready
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

.PHONY: test-transformers5
test-transformers5: build/transformers5/.ready ## BLIP-2's handler on the transformers of newer container images
	PYTHONPATH=build/transformers5 $(BIN)/python -c 'import transformers; print("transformers", transformers.__version__)'
	PYTHONPATH=build/transformers5 $(BIN)/python -m pytest tests/model/test_blip2_*.py tests/model/test_demo_equality.py

.PHONY: wheel-test
wheel-test: setup ## Build the wheel, install it from the package index, run the command's tests against it
	$(BIN)/python -m pytest tests/packaging --from-index

.PHONY: lint
lint: .venv/.ready ## Ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: .venv/.ready ## mypy: --strict on our packages, plain on the tests
	$(BIN)/mypy

.PHONY: format
format: .venv/.ready ## Let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: pr
pr: test wheel-test ## The gate for a change: what CI runs

# ── Measure ─────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: setup ## Measure the pipeline on the laptop cloud with instant models
	@$(BIN)/python -m scripts.bench

.PHONY: bench-models
bench-models: setup ## Measure BLIP-2: ours against the sample's way
	@$(BIN)/python -m scripts.bench.models

.PHONY: bench-rights
bench-rights: setup ## Measure what deciding a call by the policies costs on the laptop cloud
	@$(BIN)/python -m scripts.bench.rights

.PHONY: record-calls
record-calls: setup ## Run every path on the laptop cloud and write down which rights it takes
	@$(BIN)/python -m scripts.release.record_calls

.PHONY: soak
soak: setup ## Soak the pipeline in faults on the laptop cloud (IMAGES=10000 of them, SEED=n for others)
	@$(BIN)/python -m scripts.soak $(if $(IMAGES),--images $(IMAGES)) $(if $(SEED),--seed $(SEED))

.PHONY: soak-page
soak-page: .venv/.ready ## Write what the last soak found into docs/reliability.md and docs/scale.md
	@$(BIN)/python -m scripts.soak.page

.PHONY: outage
outage: setup ## Take the vision endpoint away for an hour: calculated, and measured on a sample (20 minutes)
	@$(BIN)/python -m scripts.outage

.PHONY: demo-check
demo-check: setup ## Hold the demo against its labels: ten seeds, 120 drawings
	@$(BIN)/python -m scripts.evaluation.demo_check

.PHONY: measure-calls
measure-calls: setup ## Count what one image makes the deployment do, for `moderate cost`
	@$(BIN)/python -m scripts.costs.measure_calls

.PHONY: cost-pages
cost-pages: .venv/.ready ## Write the tables and the chart of docs/costs.md and docs/scale.md anew
	@$(BIN)/python -m scripts.costs

.PHONY: calibrate
calibrate: setup ## Fit temperatures and thresholds of the demo pack on drawings
	@$(BIN)/python -m scripts.evaluation.calibrate

.PHONY: quality
quality: setup ## Hold 1,000 drawings against their labels and write docs/quality.md
	@$(BIN)/python -m scripts.evaluation

.PHONY: e2e
e2e: setup ## Deploy to the AWS account of the environment, moderate, destroy: costs money, asks first (ARGS="--help")
	@$(BIN)/python -m scripts.release $(ARGS)

.PHONY: e2e-laptop
e2e-laptop: setup ## The same against an empty laptop cloud, for nothing
	@$(BIN)/python -m scripts.release.laptop --yes $(ARGS)

.PHONY: fuzz
fuzz: setup ## Hostile and damaged files through the decoder for MINUTES=2
	@$(BIN)/python -m scripts.evaluation.fuzz $(if $(MINUTES),--minutes $(MINUTES))

build/mutmut/.ready: scripts/evaluation/mutmut.txt .venv/.ready
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

.PHONY: mutate
mutate: build/mutmut/.ready ## Change the domain in one place at a time, and count what no unit test notices (MODULES="record")
	@$(BIN)/python -m scripts.evaluation.mutation $(MODULES)

.PHONY: clean
clean: ## Remove everything that set-up, synthesis and tests made
	rm -rf .venv node_modules build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
