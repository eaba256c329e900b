PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help train test check bench weights tutorials results reproduce-1998 clean

help:  ## list what can be made
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

train: $(INSTALLED)  ## set up, train a LeNet on the embedded digits, show the result
	$(BIN)/lenet train digits

test: check  ## set up, then run ruff, mypy and every test, and measure the coverage of src
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal --cov

check: $(INSTALLED)  ## set up, then run ruff and mypy alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(INSTALLED)  ## measure the speed beside other systems, and the time to 1 % error (a quarter of an hour)
	$(BIN)/python -m benchmarks.cpu
	$(BIN)/python -m benchmarks.time_to_accuracy
	$(BIN)/python -m benchmarks.kernels
	$(BIN)/python -m benchmarks.predictor

tutorials: $(INSTALLED)  ## train both tutorials over several seeds, beside their own figures (a quarter of an hour on 2 cores)
	$(BIN)/python -m reproduce.tutorials

results: $(INSTALLED)  ## train the modern recipes over several seeds (an hour and a half on 2 cores)
	$(BIN)/python -m reproduce.recipes

weights: $(INSTALLED)  ## train the networks that come with lenet again, from nothing (an hour on 2 cores)
	$(BIN)/python -m reproduce.weights

reproduce-1998: $(INSTALLED)  ## train LeNet-5 as in 1998 over its seeds, then its neighbours of Fig. 9 (two hours on 2 cores)
	$(BIN)/python -m reproduce.lecun1998 all
	$(BIN)/python -m reproduce.fig9

clean:  ## remove the environment and the caches; runs/ stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@
