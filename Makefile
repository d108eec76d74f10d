# Needs Python >= 3.11 with venv, and make; everything else goes into .venv.
#   make demo       two designs, three metals: table, report, files for ParaView
#   make test       the default test suite
#   make test-slow  the long tests; CASE_RESULTS=folder keeps what the small cases write
#   make lint       style
#   make verify     docs/verification.md, written by its tests
#   make clean      remove .venv, results and caches

VENV ?= .venv
PY   := $(VENV)/bin/python
# One thread per process: the matrices are sparse, and BLAS threads only get in each other's way.
export OMP_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow verify lint clean

help:
	@sed -n '2,7s/^# *//p' Makefile

demo: $(VENV)/.installed
	$(PY) cases/vga_vs_hga.py
	@echo
	@echo "Table: results/vga_vs_hga/report.csv    Report with pictures: results/vga_vs_hga/report.html"
	@echo "ParaView: open results/vga_vs_hga/*.pvd, or run  pvpython results/vga_vs_hga/view.py"

test: $(VENV)/.installed-test
	$(PY) -m pytest -n auto --dist loadfile

test-slow: $(VENV)/.installed-test
	$(PY) -m pytest -m slow -n auto --durations=10 $(if $(CASE_RESULTS),--case-results=$(CASE_RESULTS))

# Rewrites docs/verification.md and its figures from the tests that it describes (some minutes).
verify: $(VENV)/.installed-test
	$(PY) -m pytest tests -m verification --verification-docs docs

lint: $(VENV)/.installed-test
	$(PY) -m ruff check

clean:
	rm -rf $(VENV) results build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second run start at once; a changed pyproject.toml installs again.
$(VENV)/.installed: pyproject.toml | $(PY)
	@echo "installing cellfem and what it needs into $(VENV)"
	@$(PY) -m pip install -qq --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(PY)
	@echo "installing cellfem with the test tools into $(VENV)"
	@$(PY) -m pip install -qq --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.installed

# A name on PATH is not yet a Python that runs: each candidate is asked.  PYTHON=... picks one by hand.
$(PY):
	@for python in $(PYTHON) python3.12 python3.13 python3.11 python3 python; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "creating $(VENV) with $$($$python --version)"; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	  fi; \
	done; \
	echo "make: no Python >= 3.11 with venv was found on PATH; install one (Debian, Ubuntu: apt install python3 python3-venv)" >&2; \
	echo "      or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
	exit 1
