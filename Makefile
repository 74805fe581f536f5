# Everything runs in .venv, made by the first target that needs it; `make help` lists the targets.
# PYTHON is the interpreter to make it with, as in: make PYTHON=python3.12 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A build tree left by an earlier version would put files that are gone into the wheel.
INSTALL := rm -rf build && $(PIP) install --quiet --no-build-isolation -c constraints.txt
PACKAGING := pyproject.toml constraints.txt
SOURCES := $(shell find seqtools cli -type f ! -path '*/__pycache__/*' ! -path '*.egg-info/*')

# Tests, checks and benchmarks read the working copy; the demo uses what pip installed.
HERE := PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR):$(CURDIR)/cli"
KERNELS := $(CURDIR)/$(VENV)/kernels
NORMAL := NUMBA_CACHE_DIR=$(KERNELS)/normal
# So much that both cores of two are done at about the same time.
BESIDE := tests/cli tests/browser tests/faults
BENCHMARKS := $(filter-out table,$(basename $(notdir $(wildcard benchmarks/*.py))))
GENERATED := README.md docs/commands.md

.PHONY: help demo test test-kernels check bench docs format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    install, train vectors on real text, ask, judge and draw them"
	@echo "make test    all tests; the kernels again with bounds checks and without the compiler"
	@echo "make check   formatting, lint, floors, types, generated documentation"
	@echo "make bench   measure beside other tools and write the table of README.md (hours)"
	@echo "make docs    write the generated parts of $(GENERATED)"
	@echo "make format  format the code and mend what the linter can"
	@echo "make clean   remove .venv and everything else that was made"

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh

test: $(VENV)/with-test $(KERNELS)/made
	@echo "== all tests but those of $(BESIDE); these run on the second core, after the kernels with"
	@echo "== bounds checks and as Python"
	@{ status=0; $(MAKE) --no-print-directory test-kernels || status=1; \
		$(HERE) $(NORMAL) python -m pytest $(BESIDE) || status=1; exit $$status; \
		} > $(KERNELS)/beside.log 2>&1 & beside=$$!; status=0; \
		$(HERE) $(NORMAL) python -m pytest $(addprefix --ignore=,$(BESIDE)) || status=1; \
		wait $$beside || status=1; cat $(KERNELS)/beside.log; exit $$status

test-kernels: $(VENV)/with-test $(KERNELS)/made
	@echo "== kernels with bounds checks"
	@$(HERE) NUMBA_CACHE_DIR=$(KERNELS)/bounds NUMBA_BOUNDSCHECK=1 \
		python -m pytest tests/unit/kernels
	@echo "== small kernel tests as plain Python, with the branches they take"
	@$(HERE) NUMBA_DISABLE_JIT=1 python -m pytest -m small --cov

check: $(VENV)/with-dev
	@$(HERE) ruff format --check .
	@$(HERE) ruff check .
	@$(HERE) lint-imports
	@$(HERE) mypy
	@$(HERE) cog --check --check-fail-msg="Run make docs." $(GENERATED)

bench: $(VENV)/with-dev
	@mkdir -p benchmarks/results
	@for name in $(BENCHMARKS); do echo "== $$name"; \
		$(HERE) python -m benchmarks.$$name --output benchmarks/results/$$name.json || \
		echo "$$name failed; the others go on"; done
	@$(HERE) cog -r $(GENERATED)
	@$(HERE) python -m benchmarks.table

docs: $(VENV)/with-dev
	@$(HERE) cog -r $(GENERATED)

format: $(VENV)/with-dev
	@$(HERE) ruff check --fix --quiet . || true
	@$(HERE) ruff format .

clean:
	rm -rf $(VENV) build dist demo seqtools.egg-info .coverage .hypothesis
	rm -rf .mypy_cache .ruff_cache .import_linter_cache
	find seqtools cli tests benchmarks docs examples -name __pycache__ -prune -exec rm -rf {} +

# Some systems ship Python without the module that puts pip into a new environment.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"seqtools needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	@echo "making $(VENV) and installing into it (once)"
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@$(PIP) install --quiet -c constraints.txt setuptools
	@touch $@

$(VENV)/installed: $(VENV)/made $(PACKAGING) $(SOURCES)
	@$(INSTALL) .
	@touch $@

$(VENV)/with-test: $(VENV)/made $(PACKAGING)
	@$(INSTALL) ".[test]"
	@touch $@

$(VENV)/with-dev: $(VENV)/made $(PACKAGING)
	@$(INSTALL) ".[dev]"
	@touch $@

# Numba looks at a kernel's own file only, not at the kernels it calls: any change clears the lot.
$(KERNELS)/made: $(wildcard seqtools/kernels/*.py)
	@rm -rf $(KERNELS) && mkdir -p $(KERNELS) && touch $@
