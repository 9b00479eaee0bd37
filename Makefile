# What README.md, CONTRIBUTING.md and .ci/run call. `make` alone lists the targets.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
CLOCKLESS := tests/drift tests/integration/test_rules.py tests/integration/test_recorded.py
WEB := dashgen/preview/web
BUNDLE := dashgen/preview/bundle/LICENCES.txt
AIRFLOWS := .tools/airflow-3.3.2/.installed .tools/airflow-2.11.2/.installed

.PHONY: help build test lint demo demo-emit bench preview-bundle wheel schemas requirements servers clean
.DELETE_ON_ERROR:

help:
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

build: $(INSTALLED) ## generate out/ from the built-in catalog
	$(BIN)/dashgen build

# A whole Airflow leaves half of two processors: tests that no clock can fail get those, at the lowest priority.
# The others mostly wait for servers: so there are more of them at a time than processors.
test: $(INSTALLED) $(AIRFLOWS) servers preview-bundle ## run every test, against real servers
	status=0; beside=$$(mktemp); \
	nice -n 19 $(BIN)/pytest $(CLOCKLESS) >$$beside 2>&1 & pid=$$!; \
	trap "kill $$pid 2>/dev/null" EXIT; \
	$(BIN)/pytest -m alone tests/e2e || status=$$?; \
	wait $$pid || status=$$?; \
	cat $$beside; rm $$beside; \
	$(BIN)/pytest --numprocesses=$$(($$(nproc) * 3 / 2)) --dist=loadfile --no-loadscope-reorder \
	    -m 'not alone' $(addprefix --ignore=,$(CLOCKLESS)) || status=$$?; \
	exit $$status

lint: $(INSTALLED) ## style, types, and out/ against its definitions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/dashgen build --check
	$(BIN)/dashgen lint

demo: $(INSTALLED) .tools/airflow-3.3.2/.installed servers ## run the whole system here, with a real Airflow, until Ctrl-C
	$(BIN)/python -m demo

demo-emit: $(INSTALLED) servers ## the same with a made-up fleet instead of Airflow
	$(BIN)/python -m demo --emit

bench: $(INSTALLED) .tools/airflow-3.3.2/.installed servers ## time the command, the rules, the listener and the sweeper
	-tools/install-servers bench
	$(BIN)/python -m bench

preview-bundle: $(BUNDLE) ## build the page of `dashgen preview`

wheel: $(INSTALLED) $(BUNDLE) ## build the package, with the page of `dashgen preview`, into dist/
	$(BIN)/python -m hatchling build -t wheel -t sdist -d dist

schemas: ## regenerate dashgen/schemas from Grafana's own types
	tools/install-servers node
	tools/schemas/generate

requirements: $(INSTALLED) ## recompile the pinned requirements
	$(BIN)/uv pip compile pyproject.toml requirements/dev.in --output-file requirements/dev.txt \
	    --universal --python-version 3.10 --upgrade --quiet \
	    --no-annotate --no-header --no-emit-index-url --no-emit-find-links

clean: ## remove the environments and the tools made here
	rm -rf .venv .tools

# A program that cannot be had here must not keep the other tests from running:
# those that need it fail, and name it.
servers: $(INSTALLED)
	-tools/install-servers

# Checked, bundled, and its licences held against those that may be shipped.
$(BUNDLE): $(WEB)/node_modules/.package-lock.json $(shell find $(WEB)/check $(WEB)/lint $(WEB)/src $(WEB)/tools -type f) $(wildcard $(WEB)/*.json $(WEB)/*.mjs)
	npm --prefix $(WEB) run --silent check
	npm --prefix $(WEB) run --silent build

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc
	tools/install-servers node
	npm --prefix $(WEB) ci --loglevel=error

$(INSTALLED): pyproject.toml requirements/dev.txt tools/make-venv
	tools/make-venv $(PYTHON) .venv
	$(BIN)/python -m pip install --quiet --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# The range is what both Airflows run on; uv finds such a Python or fetches one. Compiled once
# here, not by each test that copies it.
.tools/airflow-%/.installed: | $(INSTALLED)
	$(BIN)/uv venv --quiet --clear --python '>=3.10,<3.13' $(@D)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(@D) 'apache-airflow[statsd]==$*'
	touch $@
