# GymBro Console. `make run` and `make test` each set up everything they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DESKTOP := $(VENV)/.desktop
WINDOW ?= 1
SOURCES := main.py gymbro_ui components services db
COMPILE := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q -j 0

.PHONY: setup run native package test check fix bench screenshots soak docs coverage mutate words lock test-local-model test-locust clean

setup: $(STAMP)  ## make .venv from requirements.lock and compile it

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(COMPILE) $(VENV)/lib $(SOURCES) > /dev/null || true
	touch $(STAMP)

run: $(STAMP)  ## start the console on 127.0.0.1:9999 and open it
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python main.py $(ARGS)

$(DESKTOP): requirements-desktop.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-desktop.lock
	touch $(DESKTOP)

native: $(DESKTOP)  ## start in a window of its own (installs the extra `native` first)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python main.py --native $(ARGS)

package: $(DESKTOP)  ## dist/gymbro-console: the self-contained app for this system (WINDOW=0: without Qt)
	GYMBRO_PACKAGE_WINDOW=$(WINDOW) $(BIN)/python -m PyInstaller --noconfirm --log-level WARN --workpath build/package gymbro-console.spec

test: $(DESKTOP)  ## everything: lint, types, contracts, tests, real parts
	bash tests/system_parts.sh
	$(COMPILE) $(SOURCES) tests  # the tests start some fifty processes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --threads 2
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: $(STAMP)  ## the static part and the tests that need no server
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not browser and not postgres and not package and not window" $(ARGS)

fix: $(STAMP)  ## format and repair what a tool can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## speed and memory, beside the peers where there are some
	$(BIN)/python -m tests.benchmarks $(ARGS)

soak: $(STAMP)  ## schedule, load, faults and open pages for MINUTES (30), then judged
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30) $(ARGS)

docs:  ## build the manual in both languages into site/
	$(PYTHON) -m venv build/docs-venv
	build/docs-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-docs.lock
	NO_MKDOCS_2_WARNING=1 build/docs-venv/bin/mkdocs build --quiet

screenshots: $(STAMP)  ## the pictures of docs/images; ARGS="--out DIR --states empty,error …" for any others
	$(BIN)/python -m tests.support.screens $(ARGS)

coverage: $(DESKTOP)  ## the tests with the lines and branches they reach; fails below 90 %
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term $(ARGS)

mutate: $(STAMP)  ## changes in the pure modules that no test notices, into build/mutation.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/mutation/requirements.txt
	mkdir -p build
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results > build/mutation.txt

words: $(STAMP)  ## compile the catalogues
	$(BIN)/python -m components.words compile

test-local-model: $(STAMP)  ## an E2E through a real small language model
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/local_model/requirements.txt
	$(BIN)/python -m pytest tests/local_model $(ARGS)

test-locust: $(STAMP)  ## the same load test by Locust's master and workers
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/load_beyond/requirements.txt
	$(BIN)/python -m pytest tests/load_beyond $(ARGS)

lock:  ## pin pyproject.toml anew (needs uv on PATH)
	uv pip compile --quiet --no-emit-index-url --no-header --universal --generate-hashes --group dev pyproject.toml -o requirements.lock --python-version 3.11
	uv pip compile --quiet --no-emit-index-url --no-header --universal --generate-hashes --group docs -o requirements-docs.lock --python-version 3.11

clean:  ## remove what the build made, never the data
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache build dist
