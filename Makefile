.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

# What the user may set; see `make help`.
IMAGES ?=
RUNBOOKS ?=
SEED ?=

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9_-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

build/wheels/.ready: lambdas/layers/imaging/requirements.txt lambdas/layers/reading/requirements.txt scripts/release/fetch_wheels.py .venv/.ready
	$(BIN)/python -m scripts.release.fetch_wheels
	@touch $@

.PHONY: lock
lock: .venv/.ready ## Write constraints.txt from the installed packages
	@(sed -n 1p constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu//') > constraints.new && mv constraints.new constraints.txt

# ── Run ─────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: demo
demo: setup ## Deploy to a laptop cloud, moderate sample drawings (or IMAGES="a.jpg b.png"), stop (SEED=n draws others)
	@$(BIN)/python -m local demo $(if $(SEED),--seed $(SEED)) $(if $(IMAGES),--images $(IMAGES))

.PHONY: local
local: setup ## Keep the laptop cloud running and print how to use it with the AWS CLI
	@$(BIN)/python -m local up

.PHONY: synth
synth: setup ## Synthesise the stacks into cdk.out/ (ARGS="-c acceptLlama2Eula=true")
	@cdk synth --quiet $(ARGS) && echo "Templates are in cdk.out/"

# ── Check ───────────────────────────────────────────────────────────────────────────────────────────────

# Bytecode is written: hundreds of child processes and the workers import the same modules.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# Python 3.11 can only trace lines, in up to twice the time; newer ones count them at almost no cost.
TRACES := $(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 12))'

.PHONY: test
test: setup style ## Run lint, types and the whole test suite on two cores, from Python 3.12 on with its coverage
	@$(MAKE) --no-print-directory --jobs=2 imports types suite

.PHONY: suite
suite: setup
	@if $(TRACES); then $(PYTEST); else COVERAGE_CORE=sysmon $(PYTEST) --cov --cov-report=html; fi

.PHONY: coverage
coverage: setup ## Measure the coverage and check its floor, as `make test` does from Python 3.12 on
	$(PYTEST) --cov --cov-report=html tests/unit tests/adapters tests/command tests/console tests/infra

build/transformers5/.ready: tests/model/transformers5.txt .venv/.ready
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

.PHONY: test-transformers5
test-transformers5: build/transformers5/.ready ## Test BLIP-2's handler on the transformers of newer container images
	PYTHONPATH=build/transformers5 $(BIN)/python -c 'import transformers; print("transformers", transformers.__version__)'
	PYTHONPATH=build/transformers5 $(BIN)/python -m pytest tests/model/test_blip2_*.py tests/model/test_demo_equality.py

.PHONY: wheel-test
wheel-test: setup ## Build the wheel, install it from the package index, run the command's tests against it
	$(BIN)/python -m pytest tests/packaging --from-index

.PHONY: lint
lint: style imports ## Check style and format with ruff, and imports between packages with import-linter

.PHONY: style
style: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: imports
imports: .venv/.ready
	PYTHONPATH=lambdas $(BIN)/lint-imports --no-logo --no-cache

.PHONY: types
types: .venv/.ready ## Check types with mypy: --strict, plain on the tests
	$(BIN)/mypy

.PHONY: format
format: .venv/.ready ## Fix and format with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: pr
pr: test wheel-test ## Run the gate for a change, as CI does: tests, coverage, the wheel
	@if $(TRACES); then $(MAKE) --no-print-directory coverage; fi

# ── Measure ─────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: setup ## Measure the pipeline on the laptop cloud with instant models
	@$(BIN)/python -m scripts.bench

.PHONY: bench-models
bench-models: setup ## Measure our BLIP-2 handler against the sample's
	@$(BIN)/python -m scripts.bench.models

.PHONY: bench-gpu
bench-gpu: setup ## Measure our BLIP-2 handler against the sample's at full size (needs a CUDA GPU)
	@$(BIN)/python -m scripts.bench.gpu

.PHONY: bench-replay
bench-replay: setup ## Time `moderate policy replay` on exports of 20,000 and 100,000 records
	@$(BIN)/python -m scripts.bench.replay

.PHONY: bench-reading
bench-reading: setup ## Time uploads to their verdicts with and without reading, and write docs/reading.md
	@$(BIN)/python -m scripts.bench.reading

.PHONY: bench-rights
bench-rights: setup ## Measure the CPU time of IAM decisions on the laptop cloud
	@$(BIN)/python -m scripts.bench.rights

.PHONY: record-calls
record-calls: setup ## Record the rights that the workflow's calls need, on the laptop cloud
	@$(BIN)/python -m scripts.release.record_calls

.PHONY: soak
soak: setup ## Soak test the pipeline under injected faults on the laptop cloud (IMAGES=10000, SEED=n)
	@$(BIN)/python -m scripts.soak $(if $(IMAGES),--images $(IMAGES)) $(if $(SEED),--seed $(SEED))

.PHONY: soak-page
soak-page: .venv/.ready ## Write the results of the last soak into docs/reliability.md and docs/scale.md
	@$(BIN)/python -m scripts.soak.page

.PHONY: backfill-proof
backfill-proof: setup ## Prove the backfill under injected faults on the laptop cloud (OBJECTS="1000 10000", SEED=n)
	@$(BIN)/python -m scripts.backfill $(if $(OBJECTS),--objects $(OBJECTS)) $(if $(SEED),--seed $(SEED))

.PHONY: outage
outage: setup ## Simulate a one-hour outage of the vision endpoint, and measure it on a sample (20 minutes)
	@$(BIN)/python -m scripts.outage

.PHONY: runbooks
runbooks: setup ## Follow each runbook of docs/runbooks.md on the laptop cloud with the real AWS CLI (or RUNBOOKS="BrokenPack BrokenModel")
	@$(BIN)/python -m scripts.runbooks $(RUNBOOKS)

DEMO_RUN = build/demo-training-$(or $(SEED),0)

.PHONY: train-demo
train-demo: setup ## Train a demo checkpoint from scratch into build/, export and evaluate it (STEPS=3500 SEED=0; goes on where it stopped)
	$(BIN)/python -m model_artifacts.demo.train --steps $(or $(STEPS),3500) --seed $(or $(SEED),0) --output $(DEMO_RUN) --resume
	$(BIN)/python -m model_artifacts.demo.export $(DEMO_RUN) --checkpoint $(DEMO_RUN)/checkpoint
	$(BIN)/python -m model_artifacts.demo.evaluate --checkpoint $(DEMO_RUN)/checkpoint

.PHONY: demo-check
demo-check: setup ## Compare the demo's verdicts with the labels: ten seeds, 120 drawings
	@$(BIN)/python -m scripts.evaluation.demo_check

.PHONY: measure-calls
measure-calls: setup ## Count the calls and units that one image takes, for `moderate cost`
	@$(BIN)/python -m scripts.costs.measure_calls

.PHONY: cost-pages
cost-pages: .venv/.ready ## Write the tables and the chart of docs/costs.md and docs/scale.md
	@$(BIN)/python -m scripts.costs

.PHONY: cli-page
cli-page: .venv/.ready ## Write docs/cli.md anew from the command's help
	@$(BIN)/python -m scripts.release.cli_page

.PHONY: console-pictures
console-pictures: setup ## Photograph the review console on the laptop cloud, for docs/console.md
	@$(BIN)/python -m scripts.console

.PHONY: calibrate
calibrate: setup ## Fit temperatures and thresholds of the demo pack on labelled drawings
	@$(BIN)/python -m scripts.evaluation.calibrate

.PHONY: quality
quality: setup ## Evaluate 1,300 labelled drawings and write docs/quality.md
	@$(BIN)/python -m scripts.evaluation

.PHONY: quality-words
quality-words: setup ## Compare the verdicts on words with and without reading, and write docs/quality.md
	@$(BIN)/python -m scripts.evaluation.words

.PHONY: judge-modes
judge-modes: setup ## Compare the verdicts with and without the judge on every drawing, and write docs/quality.md
	@$(BIN)/python -m scripts.evaluation.judge_modes

.PHONY: review-share
review-share: setup ## Count the ordinary uploads that go to review, and write docs/quality.md
	@$(BIN)/python -m scripts.evaluation.review_share

.PHONY: e2e
e2e: setup ## Deploy to the AWS account of the environment, moderate, destroy: costs money, asks first (ARGS="--help")
	@$(BIN)/python -m scripts.release $(ARGS)

.PHONY: e2e-laptop
e2e-laptop: setup ## Run the same against an empty laptop cloud, free of charge
	@$(BIN)/python -m scripts.release.laptop --yes $(ARGS)

.PHONY: fuzz
fuzz: setup ## Decode hostile and damaged files for MINUTES=2
	@$(BIN)/python -m scripts.evaluation.fuzz $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: render-check
render-check: setup ## Compare what the pipeline sees of crafted files and of Pillow's test images with Chromium (10 minutes)
	@$(BIN)/python -m scripts.rendering

.PHONY: record-renderings
record-renderings: setup ## Record what Chromium shows of the crafted files, for `make test`
	@$(BIN)/python -m scripts.rendering.record

build/mutmut/.ready: scripts/evaluation/mutmut.txt .venv/.ready
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

.PHONY: mutate
mutate: build/mutmut/.ready ## Change the domain in one place at a time, and count what no unit test notices (MODULES="record")
	@$(BIN)/python -m scripts.evaluation.mutation $(MODULES)

.PHONY: clean
clean: ## Remove everything that set-up, synthesis and tests created
	rm -rf .venv node_modules build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
