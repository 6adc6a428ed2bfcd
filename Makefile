# Yunjian from nothing: `make up` starts the platform, `make test` proves it. Both install what they need first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
DAYS ?= 7
START ?= 2026-11-16
SEED ?= 7
OUT ?= build/sample
INSTALLED := .venv/.installed

.PHONY: help install browser up sample test fast-test e2e fuzz lint types sql-style import-laws format bench doctor clean distclean

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(INSTALLED) ## The environment of the lock file, in .venv (needs python3.11 or 3.12 and the registries)

$(INSTALLED): uv.lock pyproject.toml operations/install.sh
	@operations/install.sh environment
	@touch $@

browser: ## Chromium and a Chinese font for the browser tests, by apt where possible (they skip without)
	@operations/install.sh browser

up: install ## The whole platform: sample district, Airflow, portal; Ctrl-C ends it (DAYS=7)
	@$(BIN)/yunjian up --days $(DAYS)

sample: install ## A sample district in OUT (START=2026-11-16 DAYS=7 SEED=7)
	@$(BIN)/yunjian sample --out $(OUT) --start $(START) --days $(DAYS) --seed $(SEED) --scale small

test: install browser lint ## Everything: lint, types, import laws and all tests; offline after the installation
	@$(BIN)/pytest

fast-test: install ## The tests that need no scheduler and no browser
	@$(BIN)/pytest -m "not slow and not browser"

e2e: install browser ## The slow tests alone: the real scheduler, the browser
	@$(BIN)/pytest -m "slow or browser"

fuzz: install ## The property tests with many random examples (minutes; a failing example is kept in .hypothesis)
	@YUNJIAN_TEST_PROFILE=fuzz $(BIN)/pytest -m "not slow and not browser" $$(grep -rl "^from hypothesis import" tests)

lint: install ## ruff, mypy, sqlfluff, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types sql-style import-laws

types: install
	@$(BIN)/mypy

sql-style: install
	@cd dbt_project && ../$(BIN)/sqlfluff lint models

import-laws: install
	@$(BIN)/lint-imports

format: install ## Put the code into the one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: install ## Every measured piece of work beside its peer (about an hour; several GB of temporary data)
	@$(BIN)/python -m benchmarks run --out benchmarks/RESULTS.md

doctor: install ## What is wrong with this installation, and the mend
	@$(BIN)/yunjian doctor

clean: ## Remove caches and build output; the data in var/ stays
	@rm -rf build dist test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
	  dbt_project/target dbt_project/logs
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## As clean, and remove the environment too
	@rm -rf .venv .tools
