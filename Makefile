# Two commands do everything on a machine that has Python 3.11 (or newer) and make:
#   make film    the bundled example becomes a film, without an API key
#   make test    the whole test suite
# The first Python that really runs and is new enough (a pyenv shim may be on the path and run nothing).
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help film examples test test-fast lint ui serve clean

help:
	@echo "make film       the bundled six-scene example becomes a film, in the sandbox: nothing is billed"
	@echo "make examples   every example of productions/examples, in the sandbox, and a table of them"
	@echo "make test       all tests (make test-fast: without the slow ones)"
	@echo "make lint       ruff, mypy --strict, import contracts"
	@echo "make ui         a Prefect server with its UI on http://127.0.0.1:4200"
	@echo "make clean      remove what was built (films, ledger and clips stay)"

film: $(READY)
	$(BIN)/python -m flows.produce

examples: $(READY)
	$(BIN)/python productions/make_examples.py

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-fast: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow and not browser"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui: $(READY)
	PREFECT_SERVER_ANALYTICS_ENABLED=false $(BIN)/prefect server start

serve: $(READY)
	$(BIN)/python -m deployments.serve

# Bytecode is compiled now, once: without it every start of Prefect takes twice as long.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	-@$(BIN)/python -m compileall -q $(VENV)/lib/python*/site-packages flows tasks studio deployments >/dev/null 2>&1
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find flows tasks studio deployments tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
