# Two commands on a fresh machine with Python 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PLUGINS := email sms whatsapp instagram webchat
SOURCES := pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)

.PHONY: demo test lint types check test-long roam bench docs clean setup

setup: .venv/.ready

.venv/.ready: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt --group dev \
		-e '.[all]' $(foreach plugin,$(PLUGINS),-e 'plugins/$(plugin)[simulator]')
	touch $@

demo: setup
	$(BIN)/mediacore demo $(ARGS)

# `make test WORKERS=0` runs in one process, as a debugger wants it
WORKERS ?= 2
test: setup
	$(BIN)/python -m pytest -q -m 'not long' -n $(WORKERS) --dist loadfile $(ARGS)

test-long: setup
	$(BIN)/python -m pytest -q -m long --timeout 1800 $(ARGS)

# the property tests alone, with other examples each time and ten times as many where none say how many
roam: setup
	$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=roam --timeout 1800 $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy mediacore $(foreach plugin,$(PLUGINS),plugins/$(plugin)/mediacore_$(plugin))

check: lint types test

bench: .bench/.ready
	.bench/bin/python -m benchmarks $(ARGS)

# an environment of its own, so that no peer comes near the project's; peers that cannot be had are told as missing
.bench/.ready: $(SOURCES) benchmarks/requirements.txt
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --upgrade pip
	.bench/bin/python -m pip install --quiet -c constraints.txt -r benchmarks/requirements.txt \
		-e '.[pdf,heic,av,svg,testkit]' -e 'plugins/email[simulator]'
	-.bench/bin/python -m pip install --quiet -c constraints.txt preview-generator
	-command -v npm > /dev/null && npm install --silent --no-audit --no-fund --prefix .bench/node sharp
	touch $@

docs: setup
	$(BIN)/python docs/generate.py

clean:
	rm -rf .venv .bench demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
