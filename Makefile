# Any Python 3.11 or newer; `make PYTHON=python3.13 …` chooses another.
PYTHON ?= python3
PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check bench fuzz corpus clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## install everything into .venv and set up the data directory; starts nothing
	@$(PYTHON) scripts/install.py
	@$(PY) manage.py setup

run: ## set up what is missing, then run everything (listener, web, tasks, Valkey) until Ctrl-C
	@$(PYTHON) scripts/install.py
	@exec $(PY) manage.py runall

demo: ## fill the newest mailbox of a running instance with realistic mail
	@$(PYTHON) scripts/install.py
	@$(PY) manage.py demo

# The tests start hundreds of processes; where bytecode is not to be kept, each would compile everything again.
test: export PYTHONDONTWRITEBYTECODE =
test: ## install what the tests need (Chromium too), then run the whole suite
	@$(PYTHON) scripts/install.py --dev
	@$(PY) scripts/test_programs.py
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: ## what is checked before the tests: ruff, mypy, imports, Django's checks, migrations
	@$(PYTHON) scripts/install.py --dev
	@$(PY) scripts/check.py

bench: ## measure speed and memory on this machine
	@$(PYTHON) scripts/install.py --dev
	@$(PY) scripts/test_programs.py
	@$(PY) -m tests.bench

fuzz: ## SECONDS=60 TARGETS="parse codes": fuzz what reads mail, guided by coverage; finds go to tests/fuzz/cases
	@$(PYTHON) scripts/install.py --dev
	@$(PY) -m tests.fuzz $(or $(SECONDS),60) $(TARGETS)

corpus: ## DIR=folder: every message in it through reception and reading, with a report and a contact sheet (SHEET)
	@test -n "$(DIR)" || { echo "error: say which folder: make corpus DIR=…" >&2; exit 2; }
	@$(PYTHON) scripts/install.py --dev
	@$(PY) scripts/test_programs.py
	@$(PY) -m tests.corpus "$(DIR)" --sheet "$(or $(SHEET),contact-sheet)"

clean: ## remove .venv and caches; the data directory stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +
