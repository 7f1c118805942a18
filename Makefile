# Every command a person needs here. `make run` and `make test` do all of their set-up themselves: a clone, git, make and
# Python 3.11 or newer are enough. `make check` is what .ci/run calls, so what passes here passes there.

# The first of these that runs and is new enough makes the environment; PYTHON=... on the command line decides instead.
PYTHON ?= python3 python3.13 python3.12 python3.11
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= $(or $(AUTHZ_DATA),data)
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check install
LOCK   := $(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
# How many test processes; pytest-xdist's `auto` is one a core.
CORES  ?= auto
SOURCES := authz tests $(wildcard bench) $(wildcard scripts)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install dev demo run test quick gate-test check fmt format-check lint types imports policies bench mutants bench-quick openapi lock \
        audit-lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# ---------------------------------------------------------------------------------------------------- set-up (stamped)

$(BIN)/python:
	@for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo "$$python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }; \
	  echo "making the environment in $(VENV) with $$("$$python" --version)"; \
	  exec "$$python" -m venv $(VENV); \
	done; \
	echo 'Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.12 ...' >&2; exit 1

# Runtime: what `authz serve` needs, exactly as locked, and the project itself (editable, built with the locked backend).
$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	@echo 'installing the locked dependencies'
	@$(PIP) --require-hashes -r requirements-build.lock -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo 'installing the locked tools for development'
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.runtime ## the environment in .venv, with .venv/bin/authz
	@echo 'ready: $(BIN)/authz --help'

dev: $(VENV)/.dev ## install, and the tools for tests and checks
	@echo 'ready: make test'

# --------------------------------------------------------------------------------------------------------- the service

$(DATA)/.demo: $(wildcard examples/*.yaml) $(VENV)/.runtime
	@mkdir -p -m 700 $(DATA)
	@echo 'loading the demo registry into $(DATA)/'
	@for file in $(sort $(wildcard examples/*.yaml)); do \
	  AUTHZ_DATA=$(DATA) $(BIN)/authz registry load "$$file" \
	    || { echo 'the demo registry in $(DATA)/ stays as it was; to begin anew: rm -r $(DATA)' >&2; exit 1; }; \
	done
	@touch $@

demo: $(DATA)/.demo ## fill data/ with the fictional people of examples/

run: $(DATA)/.demo ## the service with the demo registry on 127.0.0.1:8000
	@AUTHZ_DATA=$(DATA) exec $(BIN)/authz serve

# ----------------------------------------------------------------------------------------------------------- the proof

test: $(VENV)/.dev $(VENV)/.nginx ## everything the tests know, on every core (make test ARGS="-n 0 -k ..." for a part)
	@$(BIN)/python -m pytest -n $(CORES) $(ARGS)

quick: $(VENV)/.dev ## the tests that take no more than a moment
	@$(BIN)/python -m pytest -m 'not slow and not e2e and not postgres' $(ARGS)

# Debian's own nginx beside the wheel's: unpacked into the environment, so nothing is installed and no service starts. Where it
# cannot be had (no apt, no package lists), this says so and the tests run with what there is.
$(VENV)/.nginx: | $(BIN)/python
	@if command -v nginx >/dev/null || test -x /usr/sbin/nginx; then \
	  echo 'the gate is tested with the nginx of this machine, too'; \
	elif command -v apt-get >/dev/null && folder=$$(mktemp -d) && chmod 755 "$$folder" && cd "$$folder" \
	    && { apt-get -qq download nginx || { apt-get -qq update && apt-get -qq download nginx; }; } >apt.log 2>&1 \
	    && dpkg-deb -x nginx_*.deb "$(CURDIR)/$(VENV)/debian-nginx"; then \
	  echo "the gate is tested with Debian's nginx, too"; rm -r "$$folder"; \
	else \
	  echo "Debian's nginx is not to be had here; the gate is tested with the other proxies alone"; \
	fi
	@touch $@

gate-test: $(VENV)/.dev $(VENV)/.nginx ## the templates of deploy/gate on the real nginx, Caddy, Envoy and Traefik
	@$(BIN)/python -m pytest tests/gate $(ARGS)

check: format-check lint types imports policies test ## format, lint, types, imports, policies, tests: what CI runs

fmt: $(VENV)/.dev ## format the code, repair what lint can repair
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

format-check: $(VENV)/.dev
	@$(BIN)/ruff format --check $(SOURCES)

lint: $(VENV)/.dev ## ruff, with every rule on but the ones pyproject.toml argues against
	@$(BIN)/ruff check $(SOURCES)

types: $(VENV)/.dev ## mypy --strict over code and tests
	@$(BIN)/mypy

imports: $(VENV)/.dev ## the architecture: who may import whom
	@$(BIN)/lint-imports --no-logo

policies: $(VENV)/.runtime ## authz check and authz test over the shipped policy sets
	@$(BIN)/authz check policies
	@$(BIN)/authz test policies --min-coverage 100

mutants: $(VENV)/.dev ## break the code in a seeded list of places; the tests must notice each
	@$(BIN)/python -m tests.mutants.run $(ARGS)

# The peers stand in an environment of their own. Cerbos comes as a binary inside a package of the npm registry, held to its sum.
CERBOS      := @cerbos/cerbos-linux-x64@0.55.0
CERBOS_SUM  := 1bb7264706e49f868551b355ef0a8e3b57947cccfe0551fb3dfae503f458ff7b
PEERS       := .venv-bench

$(PEERS)/.ready: requirements.lock requirements-bench.lock requirements-build.lock $(VENV)/.runtime
	@command -v wrk >/dev/null && { command -v nginx || test -x /usr/sbin/nginx; } >/dev/null \
	  || { echo 'wrk and nginx are needed; on Debian: apt-get install wrk nginx-light' >&2; exit 1; }
	@echo 'making the environment of the peers in $(PEERS)'
	@$(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes \
	  -r requirements-build.lock -r requirements.lock -r requirements-bench.lock
	@$(PEERS)/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --no-index --editable .
	@if command -v npm >/dev/null; then npm install --silent --no-save --ignore-scripts --prefix $(PEERS)/npm $(CERBOS) \
	  && echo '$(CERBOS_SUM)  $(PEERS)/npm/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64' | sha256sum --check --quiet \
	  && ln -sf ../npm/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64 $(PEERS)/bin/cerbos; \
	else echo 'there is no npm here, so Cerbos is left out'; fi
	@touch $@

bench: $(PEERS)/.ready ## ours beside its peers, in one run; writes docs/performance.md (make bench ARGS=--short)
	@$(PEERS)/bin/python bench/growth.py $(ARGS) >/dev/null
	@$(PEERS)/bin/python bench/compare.py $(ARGS) $$(test -x $(PEERS)/bin/cerbos && echo --cerbos $(PEERS)/bin/cerbos) >/dev/null
	@$(PEERS)/bin/python bench/report.py
	@echo 'see docs/performance.md'

bench-quick: $(VENV)/.dev ## has a decision become dearer? ratios to a calibration loop, kept for each commit
	@$(BIN)/python bench/quick.py

# --------------------------------------------------------------------------------------------- files made from the code

openapi: $(VENV)/.runtime ## write openapi.json from the code
	@$(BIN)/python -m authz.web.openapi.document > openapi.json.new && mv openapi.json.new openapi.json

# Versions and hashes only: no index address, no path. Hashes of every platform's files stay in, for x86_64 and aarch64.
lock: | $(BIN)/python ## choose versions anew (make lock UPGRADE=--upgrade) and write the three lock files
	@test -x $(BIN)/uv || $(PIP) uv
	@$(LOCK) $(UPGRADE) pyproject.toml --output-file requirements.lock
	@$(LOCK) $(UPGRADE) --group dev pyproject.toml --constraints requirements.lock --output-file requirements-dev.lock
	@$(LOCK) $(UPGRADE) --group bench --constraints requirements-dev.lock --output-file requirements-bench.lock
	@$(LOCK) $(UPGRADE) --group build --constraints requirements-dev.lock --output-file requirements-build.lock

clean: ## forget the environment and every cache; data/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
