# Every target sets up what it needs in $(VENV), once: `make help`.

VENV := .venv
# One more than two cores: tests of real processes wait for most of their time.
WORKERS := 3
# The order is that of `tests/conftest.py`: what takes longest begins first.
PYTEST = -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# The processes share the cores: more threads would wait for each other.
ONE_THREAD = TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
PAPER := lm21
ARGS :=

# The first Python that TensorFlow has packages for, unless PYTHON=... names one.
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
    $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
    2>/dev/null && { echo $$python; break; }; done)
endif
PYTHON_VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)

BIN := $(VENV)/bin
# Both are there only after the step that they stand for has ended well.
CREATED := $(VENV)/.created-$(PYTHON_VERSION)
READY_DEMO := $(VENV)/.ready-demo
READY_RECIPES := $(VENV)/.ready-recipes
READY_DEV := $(VENV)/.ready-dev
INSTALLING := $(VENV)/.installing

export KERAS_BACKEND := tensorflow
export MPLBACKEND := Agg
export TF_CPP_MIN_LOG_LEVEL := 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0
unexport PYTHONHOME

# An install that was interrupted may have left half a package, which pip would
# take for a whole one: then the environment is made anew.
# $(1): the extra; $(2): what is ready afterwards.
define install
	@test ! -e $(INSTALLING) || { rm -rf $(VENV) && $(MAKE) --no-print-directory $(CREATED); }
	@echo "Installing the packages of [$(1)] into $(VENV): a few minutes the first time (TensorFlow is 600 MB) ..."
	@rm -f $(READY_DEMO) $(READY_RECIPES) $(READY_DEV) && touch $(INSTALLING)
	@$(BIN)/python -m pip install --quiet --editable ".[$(1)]"
	@rm -f $(INSTALLING) && touch $(2)
	@echo "Ready."
endef

# Run $(1) without what TensorFlow writes to stderr whenever it is imported (2.21
# does not heed TF_CPP_MIN_LOG_LEVEL there), with its stdout and exit status. Ctrl-C is
# for $(1) alone, which then has a last word.
TF_NOISE := ^[IW]0000 |^WARNING: All log messages before absl::InitializeLog
define quietly
{ { { $(1); echo $$? >&4; } 2>&1 >&3 | { trap '' INT; grep -v -E '$(TF_NOISE)' >&2; }; } \
    4>&1 | { read -r status; exit $$status; }; } 3>&1
endef

.PHONY: help demo recipe test test-minimum test-bounds lint format docs bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:  ## Show this
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-13s %s\n", $$1, $$2 }'
	@echo "Variables: PYTHON=python3.12, VENV=.venv, WORKERS=3 (processes of pytest), ARGS=... (for demo, recipe, bench)"

demo: $(READY_DEMO)  ## Sweep alpha on handwritten digits: table, figure, TensorBoard logs
	@$(call quietly,$(BIN)/python -m recipes.demo $(ARGS))

recipe: $(READY_RECIPES)  ## Repeat a paper in miniature: make recipe PAPER=lm21
	@$(call quietly,$(BIN)/python -m recipes run $(PAPER) $(ARGS))

test: $(READY_DEV)  ## Format, lint, types, docs, then the tests
	@$(MAKE) --no-print-directory docs & docs=$$!; \
	    $(MAKE) --no-print-directory lint; lint=$$?; wait $$docs && exit $$lint
	@$(call quietly,$(ONE_THREAD) $(BIN)/python -m pytest $(PYTEST) $(ARGS))

# An environment of its own; the tools that check format and types are left out,
# since their verdict is about the code, not about the versions it runs with.
test-minimum:  ## The tests with the lowest versions that pyproject.toml admits
	@$(MAKE) --no-print-directory test-bounds VENV=.venv-minimum

test-bounds: $(CREATED)
	@echo "Installing the lowest versions into $(VENV) ..."
	@$(BIN)/python tools/lower_bounds.py > $(VENV)/constraints.txt
	@$(BIN)/python -m pip install --quiet --constraint $(VENV)/constraints.txt --editable ".[dev]"
	@$(call quietly,$(ONE_THREAD) $(BIN)/python -m pytest $(PYTEST) $(ARGS))

lint: $(READY_DEV)  ## Check format, lint and types
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy

format: $(READY_DEV)  ## Format the code and fix what can be fixed
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

docs: $(READY_DEV)  ## Build the documentation into docs/_build/html, warnings as errors
	@$(call quietly,$(BIN)/python -m sphinx -q -W --keep-going --fresh-env -b html docs docs/_build/html)
	@echo "Documentation: docs/_build/html/index.html"

bench: $(READY_DEV)  ## Cost of a training step beside a plain model's
	@$(call quietly,$(BIN)/python -m tools.bench_train_step $(ARGS))

clean:  ## Remove the environment, caches and built files (not runs/)
	rm -rf $(VENV) .venv-minimum build dist docs/_build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY_DEMO): pyproject.toml $(CREATED)
	$(call install,demo,$(READY_DEMO))

# With everything for the tests there, the demo and the recipes have what they need.
$(READY_RECIPES): pyproject.toml $(CREATED)
	$(call install,recipes,$(READY_DEMO) $(READY_RECIPES))

$(READY_DEV): pyproject.toml $(CREATED)
	$(call install,dev,$(READY_DEMO) $(READY_RECIPES) $(READY_DEV))

$(CREATED):
	@test -n "$(PYTHON_VERSION)" || { \
	    echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow has no packages for others)."; \
	    echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) ($(PYTHON_VERSION)) comes without venv or ensurepip."; \
	    echo "Install them: on Debian and Ubuntu, apt install python3-venv."; exit 1; }
	@echo "Creating $(VENV) with Python $(PYTHON_VERSION) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@
