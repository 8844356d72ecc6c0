# Everything a person needs is here; `make` alone lists it. Each target sets up what it needs from nothing.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
KILLS ?= 200
SEED ?= 1
GATEWAYS ?= 0
BACKUP ?=
RELOAD ?=
WORKERS ?= 4
FOLDER ?= build/performance

# With PYTHONDONTWRITEBYTECODE set, every process would compile its modules again, and the tests start hundreds.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test test-thorough serve crash bench spec package lint format clean

help:
	@echo "make demo    install into $(VENV) and show a server at work, killed and started again"
	@echo "make test    install into $(VENV) with what the tests need, and run them in WORKERS=$(WORKERS) processes"
	@echo "make test-thorough    the same with all seeds, examples and cells"
	@echo "make serve   run a server here"
	@echo "make bench   FOLDER=$(FOLDER): everything of the performance page, measured here (an hour)"
	@echo "make crash   KILLS=$(KILLS) SEED=$(SEED) GATEWAYS=$(GATEWAYS): SIGKILL under load, and the count of what was lost"
	@echo "             with BACKUP=1 RELOAD=1 a backup and a reload every second as well"
	@echo "make spec    write again what is made from the tables (protocol-spec/, docs/reference/)"
	@echo "make package build the sdist and the wheel into dist/"
	@echo "make lint    ruff and mypy; make format: ruff format"
	@echo "make clean   remove $(VENV) and what was built"

$(VENV)/.installed: setup.cfg pyproject.toml tools/bootstrap.py
	@test -n "$(PYTHON)" || { echo "rcim needs Python 3.11 or newer; none was found (set PYTHON=...)"; exit 1; }
	@$(PYTHON) tools/bootstrap.py $(VENV) .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PYTHON) tools/bootstrap.py $(VENV) '.[test]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/rcim demo

# More workers than cores: half of a test's time is waiting for a clock of the server's.
test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-thorough: $(VENV)/.installed-test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --thorough

serve: $(VENV)/.installed
	@$(BIN)/rcim serve

crash: $(VENV)/.installed
	@$(BIN)/rcim-bench crash --kills $(KILLS) --seed $(SEED) --gateways $(GATEWAYS) \
		$(if $(BACKUP),--backup) $(if $(RELOAD),--reload)

bench: $(VENV)/.installed
	@$(BIN)/rcim-bench all $(FOLDER)
	@$(BIN)/rcim-bench report $(FOLDER) --page $(FOLDER)/performance.md --no-pictures

spec: $(VENV)/.installed
	@$(BIN)/python -m rcim_tools.spec

# Without a network: setuptools is part of what the tests need.
package: $(VENV)/.installed-test
	@$(BIN)/python -m build --no-isolation --outdir dist .

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: $(VENV)/.installed-test
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info
