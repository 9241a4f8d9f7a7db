# Each target stands alone; git, make and python3 (3.11 or newer) are enough to start. See README.md.
PYTHON ?= python3
JOBS ?= 2
# The long matrices wait more than they work.
JOBS_FULL ?= 3
# Which of all tests test-full runs: "-m full" leaves out those that make test has.
ONLY ?=
OUT ?= build/tour
BIN := .venv/bin
export PYTHON
# Nothing of the caller's own Python settings may leak into the program or its tests.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE
PYTEST = $(BIN)/python -P -m pytest -q --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup setup-run run check test test-full tour pictures bench az clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## make .venv from the pinned requirements; the program is .venv/bin/cmk-admin
	@packaging/setup.sh dev

setup-run:
	@packaging/setup.sh run

run: setup-run ## the window on the embedded sandbox (without a display: the tour)
	@if $(BIN)/python -P -m cmk_admin.runtime.display; then exec $(BIN)/cmk-admin --sandbox; \
	else echo "There is no display here, so the same window is driven unseen; its pictures go to $(OUT)."; \
	$(BIN)/python -P -m tests.tour --out "$(OUT)"; fi

check: setup ## ruff, strict types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## the checks and the everyday tests
	$(PYTEST) -n $(JOBS) -m "not full"

test-full: setup ## every boundary, fault and matrix cell too
	$(PYTEST) -n $(JOBS_FULL) $(ONLY)

tour: setup-run ## drive the real window through the main job and take pictures
	$(BIN)/python -P -m tests.tour --out "$(OUT)"

pictures: tour ## renew the pictures of the README
	$(BIN)/python -P -m tests.tour.pictures "$(OUT)" resources/screenshots

bench: setup ## how fast it is: a table, and one line of JSON last
	@$(BIN)/python -P -m tests.bench

az: setup ## the real az, and Microsoft's JavaScript and Python clients, against the sandbox
	@packaging/az.sh
	CMK_ADMIN_AZ=build/az-venv/bin/az $(PYTEST) -n 0 tests/az

clean: ## remove what was built and the environment
	rm -rf build dist .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis
