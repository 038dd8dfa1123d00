# Two commands do everything on a machine that has Python 3.11 (or newer) and make:
#   make film    the bundled example becomes a film, without an API key
#   make test    the tests (make test-long: those that take long)
# The first Python that really runs and is new enough (a pyenv shim may be on the path and run nothing).
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help film examples test test-long pictures speed lint ui serve clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "python -m flows lists the commands."

film: $(READY)  ## the bundled six-scene example becomes a film, in the sandbox: nothing is billed
	$(BIN)/python -m flows.produce

examples: $(READY)  ## every example of productions/examples, in the sandbox, and a table of them
	$(BIN)/python productions/make_examples.py

# Every test is in one of the two: what is not long is in test, what is long in test-long.
test: $(READY)  ## the tests, about ten minutes on two cores; all but the long ones
	$(PYTEST) -m "not long"

test-long: $(READY)  ## the long tests: whole films, chaos, worker and server processes, browsers, other people's clients
	$(PYTEST) -m long

pictures: $(READY)  ## the pictures in docs: of films, and of Prefect's UI by the tests that look at it (needs Chromium)
	$(BIN)/python docs/make_pictures.py
	DOCS_PICTURES=docs/pictures $(BIN)/python -m pytest -m long tests/browser

speed: $(READY)  ## whole films beside a plain loop over the SDK: fails where this project became slower by a quarter
	$(BIN)/python benchmarks/produce.py --short

lint: $(READY)  ## ruff, mypy --strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui: $(READY)  ## a Prefect server with its UI on http://127.0.0.1:4200, and the films that it links to
	$(BIN)/python -m deployments.ui

serve: $(READY)  ## the flows as deployments, for the UI and for schedules
	$(BIN)/python -m deployments.serve

# Bytecode is compiled now, once: without it every start of Prefect takes twice as long.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m compileall -q $(VENV)/lib/python*/site-packages flows tasks studio studio_cli luma_sandbox deployments >/dev/null 2>&1 || true  # of some packages, files are no Python
	@touch $(READY)

clean:  ## remove what was built (films, ledger and clips stay)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find flows tasks studio studio_cli luma_sandbox deployments tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
