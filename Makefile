# Everything starts here. On a fresh Debian or Ubuntu with Python 3.11 or newer: make demo
.DEFAULT_GOAL := help
.PHONY: help demo test setup lint format bench lock clean
BIN := .venv/bin

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## set everything up and run it: sandbox vendors, web, worker, clock
	@$(BIN)/makegood demo $(ARGS)

test: setup ## set everything up and run all tests (ARGS="-k money" for some)
	@bash scripts/test.sh $(ARGS)

setup: ## make .venv from the lock
	@PYTHON="$(PYTHON)" bash scripts/setup.sh

lint: setup ## format, lint, types and import rules, as CI checks them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## format, and mend what the linter can mend by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## run the benchmarks
	@$(BIN)/makegood bench $(ARGS)

lock: setup ## resolve the dependencies anew (ARGS=--upgrade for newer versions)
	@bash scripts/lock.sh $(ARGS)

clean: ## remove what was installed, fetched and cached here
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
