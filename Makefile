# `make` lists the targets. Every target sets up what it needs; the second run starts in seconds.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test check bench fuzz generated format lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## make the virtual environment with the pinned dependencies

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) tools/require_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

browser: setup  ## install what tests need from Debian's packages: Chromium and pdftoppm
	@sh tools/ensure_debian_packages chromium:chromium pdftoppm:poppler-utils

demo: setup  ## the demo city: make demo ARGS="--seconds 60"
	@$(BIN)/ebike-server demo $(ARGS)

test: browser  ## every test: make test ARGS="-k money"
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: setup  ## style, types, import rules, architecture, fresh generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/python -m schemas.published docs/contracts --check

fuzz: setup  ## feed a million harmed frames to every codec: make fuzz ARGS="--frames 20000 --family m100"
	@$(BIN)/python -m fuzz $(ARGS)

bench: setup  ## measure beside the naive design in the same run; prints a table and writes JSON
	@$(BIN)/python -m bench $(ARGS)

generated: setup  ## write the generated documents anew
	$(BIN)/python -m schemas.published docs/contracts

format: setup  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup  ## resolve the dependencies anew (needs uv on the PATH)
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock

clean:  ## remove the virtual environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
