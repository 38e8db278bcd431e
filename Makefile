# Each target does its own set-up: nothing but Python 3.11 or newer, make and the package registries is needed.
PYTHON ?= python3
CONFIG ?= cluster.yaml
OUT ?= dist
MEMBERS ?= 30
export IMAGE_BUILD ?= docker build
export IMAGE_LOAD ?= kind load docker-image

VENV := .venv
BIN := $(VENV)/bin
# Its many dependencies would hold back those of everything else.
CHECKOV := .venv-checkov
BENCH := PYTHONPATH=tests $(BIN)/python bench
# Node's own programs find `node` on PATH.
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: synth test wheel check checkov images e2e bench bench-images bench-members imports schema docs clean

synth: $(VENV)/synth  ## write the manifests of CONFIG to OUT
	CONFIG="$(CONFIG)" CDK8S_OUTDIR="$(OUT)" $(BIN)/python -O app.py

test: $(VENV)/dev node_modules  ## unit, snapshot and contract tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

wheel: $(VENV)/dev  ## a wheel in an empty environment of each supported Python that is at hand
	$(BIN)/python -m pytest tests/wheel

check: $(VENV)/dev node_modules  ## lint, layers and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(NODE) node_modules/.bin/pyright

checkov: synth $(VENV)/dev $(CHECKOV)/bin/checkov  ## what checkov says of the manifests; each failed check has a reason in docs/security.md
	$(BIN)/python tests/audit_manifests.py $(CHECKOV)/bin/checkov $(OUT)

images: $(VENV)/synth  ## build the images that CONFIG names with IMAGE_BUILD and load them with IMAGE_LOAD
	where=$$(CONFIG="$(CONFIG)" $(BIN)/python -m jupyter_cluster_constructs.images) && $(BIN)/python docker/build.py --load $$where

e2e: $(VENV)/dev  ## tests on the cluster of the current KUBECONFIG, with the images of `make images`
	$(BIN)/python -m pytest tests/e2e --numprocesses 2 --max-worker-restart 0 --durations=15

bench: $(VENV)/dev  ## what it costs and how it compares, on the cluster of the current KUBECONFIG, with the images of `make images`
	$(BENCH)/run.py $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

bench-images: $(VENV)/synth  ## build the image of Dask and Ray, for `make bench`, from that of the workers, and load it
	where=$$(CONFIG="$(CONFIG)" $(BIN)/python -m jupyter_cluster_constructs.images) && PYTHONPATH=. $(BIN)/python bench/build_neighbours.py $$where

bench-members: $(VENV)/dev  ## how long MEMBERS members wait who log in at once, and what they take
	$(BENCH)/members.py --members $(MEMBERS)

imports: $(VENV)/synth node_modules  ## regenerate the bindings of imports/crds/
	$(NODE) npx cdk8s import --language python

schema: $(VENV)/synth  ## regenerate the JSON Schema and the table of the settings
	$(BIN)/python -m jupyter_cluster_constructs.schema docs/settings.md

docs: $(VENV)/dev node_modules  ## the documentation as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) $(CHECKOV) node_modules $(OUT) site

$(VENV)/pip:
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name it by PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/synth: $(VENV)/pip pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[cli,node]'
	touch $@

$(VENV)/dev: $(VENV)/synth
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench,check,cli,docs,node,test,testing]'
	touch $@

$(CHECKOV)/bin/checkov: Makefile
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30
	touch $@

node_modules: package-lock.json | $(VENV)/synth
	$(NODE) npm ci --no-audit --no-fund --silent
	touch $@
