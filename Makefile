# Every target sets up .venv by itself; a second call installs nothing. Needs Python 3.11 or later and make.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXTRAS := $(VENV)/.extras

.PHONY: refresh extras test thorough check bench crash fuzz serve site words lock clean help
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or later found. Install one, or say which: make PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(EXTRAS): $(READY) requirements-extras.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements-extras.lock
	@touch $@

extras: $(EXTRAS)  ## also install what clusters, object stores and PostgreSQL need (0.5 GB)

refresh: $(READY)  ## build, check and publish everything from the embedded snapshots, offline
	@$(BIN)/observatory refresh

test: $(READY)  ## the tests, without a network
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

thorough: $(READY)  ## the tests that take many minutes: every page in every language, every model on Spark, the daemon on PostgreSQL
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m thorough

check: $(READY)  ## lint, format, types, import contract, audit of the dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit

bench: $(READY)  ## measure the budgets as ratios in one run, into data/build/bench.json
	@$(BIN)/python -m tests.bench

fuzz: $(READY)  ## feed every parser hostile bytes, FUZZ_SECONDS each (600); failures are saved to be replayed
	@$(BIN)/python -m tests.fuzz

crash: $(READY)  ## kill a refresh at 200 counted moments and look at what is left; about half an hour
	@$(BIN)/python -m tests.integration.crashing 200

serve: $(READY)  ## the Dagster web interface on http://127.0.0.1:3000
	@mkdir -p data/.dagster
	@DAGSTER_HOME=$(CURDIR) $(BIN)/dagster dev --host 127.0.0.1 --module-name observatory.definitions

site: $(READY)  ## the site of the latest release, plain files in data/site
	@$(BIN)/observatory site build

words: $(READY)  ## bring the Spanish and Basque catalogues up to the texts of models and checks; says what is missing
	@$(BIN)/python -m observatory.publishing.extraction

lock:  ## resolve the dependencies anew into requirements.lock, with hashes and no index address
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	.venv-lock/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --quiet --output-file requirements.lock
	.venv-lock/bin/uv pip compile pyproject.toml --all-extras --constraint requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements-extras.lock
	rm -rf .venv-lock

clean:  ## delete what runs made, except fetched snapshots and releases
	rm -rf data/build data/observatory.duckdb .venv .venv-lock
