# Samenhub: everything a developer, an operator or CI runs. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
HUB := $(VENV)/bin/hub
PYTEST := $(VENV)/bin/python -m pytest
LOCK := deploy/locks/development.txt
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo up test test-kafka lint bench month clean lock mutants simulate vectors-live

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.installed: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Samenhub needs Python 3.11, 3.12 or 3.13; {sys.executable} is {v[0]}.{v[1]}. Use: make PYTHON=/path/to/python3.11 …")'
	@echo "== installing into $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

venv: $(VENV)/.installed ## create the virtual environment with pinned dependencies

demo: venv ## run the main job: six partners, one family, one story (ARGS=--keep leaves it running)
	@$(HUB) demo $(ARGS)

up: venv ## run the whole hub in the foreground with embedded servers (Ctrl-C stops everything)
	@$(HUB) up $(ARGS)

test: venv ## run every test but the long ones on Apache Kafka (ARGS="-k name" narrows)
	@$(PYTEST) --numprocesses 2 --dist loadscope -m "not apache_kafka" $(ARGS)

test-kafka: venv ## the long tests on Apache Kafka itself: one node and three (Java 17; Maven the first time)
	@$(PYTEST) -m apache_kafka $(ARGS)

lint: venv ## ruff, mypy --strict, import contracts
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

month: venv ## the accelerated month in full: 5,000 events, twice, once with every process restarted
	@MONTH_EVENTS=5000 $(PYTEST) tests/system/test_accelerated_month.py -s $(ARGS)

vectors-live: venv ## every vector, ours too, published to a running hub; shows the counts
	@ALL_VECTORS=1 $(PYTEST) tests/system/test_vectors_running_hub.py -s $(ARGS)

bench: venv ## measure; prints figures and ratios (method: tests/bench/RESULTS.md)
	@$(VENV)/bin/python -m tests.bench $(ARGS)

mutants: venv ## mutation testing of hub/core; an hour at most, goes on where it stopped (tests/RULES.md)
	@$(VENV)/bin/python -m tests.mutation hot --minutes 45 $(ARGS)
	@$(VENV)/bin/python -m tests.mutation cold --minutes 15 --one-in 8 $(ARGS)

simulate: venv ## the hub in a simulated world full of faults (SEEDS=10000; SEED=123 replays one; PROVE=1 tries seeded bugs)
	@$(VENV)/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000)) $(if $(PROVE),--prove) $(ARGS)

lock: venv ## pin dependencies anew after a change in pyproject.toml
	@$(VENV)/bin/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --extra embedded --extra development --output-file $(LOCK) pyproject.toml
	@$(VENV)/bin/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --output-file deploy/locks/production.txt pyproject.toml

clean: ## remove the virtual environment, caches and local state
	@rm -rf $(VENV) .hub .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
