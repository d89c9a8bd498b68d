# Mnemoscope. Needs Python 3.11, 3.12 or 3.13 and nothing else; everything goes into .venv.

PYTHON ?=
PORT   ?=
VENV   := .venv
PY     := $(VENV)/bin/python
TESTS  ?= tests
# Other people's clients pin what ours do not: they have an environment of their own.
CLIENTS := .venv-clients
NODE    := tests/clients/node_modules/.package-lock.json
# One pytest worker per core; browser and engine tests start servers, so not more than four.
JOBS   ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; echo $$n)

.DEFAULT_GOAL := help
.PHONY: help run demo test test-clients lint format bench lock demo-vectors clean distclean

help:  ## Say what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.ready  ## Open the dashboard on 127.0.0.1 (PORT=8501, MNEMOSCOPE_STORE=directory)
	@$(PY) scripts/serve.py $(if $(PORT),--port $(PORT))

demo: $(VENV)/.ready  ## Open the dashboard with the demo world, in a store of its own
	@$(PY) scripts/serve.py --demo $(if $(PORT),--port $(PORT))

test: $(VENV)/.ready-dev  ## Run the tests (TESTS=tests/core, JOBS=2)
	@$(PY) -m pytest $(TESTS) -n $(JOBS) --dist worksteal

test-clients: $(VENV)/.ready $(CLIENTS)/.ready $(NODE)  ## Run other people's clients of S3 Vectors against our endpoint
	@MNEMOSCOPE_CLIENTS=1 $(CLIENTS)/bin/python -m pytest -c tests/clients/clients.ini --rootdir .

lint: $(VENV)/.ready-dev  ## Check style, format and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: $(VENV)/.ready-dev  ## Format the code and mend what can be mended
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(VENV)/.ready-dev  ## Measure the engine, a search and the first page (benchmarks/README.md)
	@$(PY) benchmarks/run.py

demo-vectors: $(VENV)/.ready  ## Embed the demo world's texts again, after its story was edited
	@$(PY) -m core.demo

lock: $(VENV)/.ready-dev  ## Resolve requirements*.txt again from pyproject.toml
	@sh scripts/lock.sh $(PY)

clean:  ## Remove caches and test results
	@rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache build test-results
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## Remove the virtual environments too; stores are not touched
	@rm -rf $(VENV) $(CLIENTS) tests/clients/node_modules

$(VENV)/.ready: requirements.txt scripts/setup.sh
	@PYTHON='$(PYTHON)' sh scripts/setup.sh $(VENV) requirements.txt
	@touch $@

$(VENV)/.ready-dev: requirements.txt requirements-dev.txt scripts/setup.sh
	@PYTHON='$(PYTHON)' sh scripts/setup.sh $(VENV) requirements.txt requirements-dev.txt
	@touch $(VENV)/.ready $@

$(CLIENTS)/.ready: requirements-clients.txt scripts/setup.sh
	@PYTHON='$(PYTHON)' SIZE='0.8 GB' sh scripts/setup.sh $(CLIENTS) requirements-clients.txt
	@touch $@

$(NODE): tests/clients/package-lock.json | $(CLIENTS)/.ready
	@sh scripts/node.sh $(CLIENTS)/bin/python tests/clients
