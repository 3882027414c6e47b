# Every set-up step leaves a stamp, so that a second run goes straight to the work.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARCHITECTURE ?= arm64
RUNTIME ?= 3.13
SOURCE ?=
export SOURCE
CDK_ARGS ?=
YES ?=
STACK ?=
JOBS ?= 100
SEED ?= 1
TINY ?=
FULL ?=
MINUTES ?= 10
TESTS ?=
PYTEST_ARGS ?= -n 4

HOST_PYTHON = $(eval HOST_PYTHON := $(shell $(firstword $(wildcard $(BIN)/python) $(PYTHON)) \
	-c 'import sys; print("%d.%d" % sys.version_info[:2])'))$(HOST_PYTHON)
HOST_ARCH := $(patsubst aarch64,arm64,$(patsubst amd64,x86_64,$(shell uname -m)))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export CDK_DISABLE_CLI_TELEMETRY := true
# Node 20 does all that is asked of it here.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

READY := $(VENV)/.ready $(BIN)/reelwright node_modules/.package-lock.json
LOCAL_ASSEMBLY := build/cdk.local.out
LOAD_ASSEMBLY := build/cdk.load.out

.PHONY: help setup layers layers-aws sbom audit synth demo test test-iam model fuzz check format lock docs bench \
	peers load soak bootstrap deploy test-aws prune destroy local-up local-down local-forget clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Set-up

setup: $(READY) ## virtual environment, `.venv/bin/reelwright` and npm tools

$(VENV)/.ready: requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: $(PYTHON) was not found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: $(PYTHON) is $$($(PYTHON) --version 2>&1); name another by PYTHON=…" >&2; exit 1; }
	@echo "setting up $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes --requirement requirements/dev.txt
	@touch $@

# The checkout itself, editable. uv builds it by itself: nothing is fetched.
$(BIN)/reelwright: $(VENV)/.ready pyproject.toml
	@$(BIN)/uv pip install --quiet --offline --no-deps --python $(BIN)/python --editable .
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@command -v node >/dev/null || { echo "Node 20 or newer is needed: node was not found." >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
		|| { echo "Node 20 or newer is needed: this is $$(node --version)." >&2; exit 1; }
	@echo "setting up node_modules"
	@npm ci --loglevel=error
	@touch $@

HOST_LAYERS = $(addprefix build/layers/,\
	ffmpeg-$(HOST_ARCH).stamp python-py$(subst .,,$(HOST_PYTHON))-$(HOST_ARCH).stamp \
	probe-py$(subst .,,$(HOST_PYTHON))-$(HOST_ARCH).stamp)
aws_layers = $(addprefix build/layers/,\
	ffmpeg-$(1).stamp python-py$(subst .,,$(RUNTIME))-$(1).stamp probe-py$(subst .,,$(RUNTIME))-$(1).stamp)
AWS_LAYERS := $(call aws_layers,arm64) $(call aws_layers,x86_64)

layers: $(HOST_LAYERS) ## layers for this machine

layers-aws: $(call aws_layers,$(ARCHITECTURE)) ## layers for Lambda (ARCHITECTURE=arm64 or x86_64)

build/layers/ffmpeg-%.stamp: $(VENV)/.ready node_modules/.package-lock.json requirements/ffmpeg.txt \
	layers/building.py layers/ffmpeg/build.py layers/ffmpeg/fonts.conf
	@$(BIN)/python -m layers.ffmpeg.build --architecture $*
	@touch $@

# $* is py313-arm64; the build wants 3.13 and arm64.
build/layers/python-py%.stamp: $(VENV)/.ready requirements/functions.txt layers/building.py layers/python/build.py
	@$(BIN)/python -m layers.python.build $(call built_for,$*)
	@touch $@

build/layers/probe-py%.stamp: $(VENV)/.ready requirements/probe.txt layers/building.py layers/probe/build.py
	@$(BIN)/python -m layers.probe.build $(call built_for,$*)
	@touch $@

sbom: $(AWS_LAYERS) ## what is in each layer for Lambda and the npm tools, with licences, into build/sbom
	@$(BIN)/python -m layers.sbom --python $(RUNTIME)

audit: $(READY) build/audit/.ready ## ask the advisory databases about every locked package
	@$(BIN)/python -m layers.audit --pip-audit build/audit/bin/pip-audit

build/audit/.ready: $(VENV)/.ready requirements/audit.txt
	@echo "setting up build/audit"
	@rm -rf build/audit && $(BIN)/python -m venv build/audit
	@build/audit/bin/python -m pip install -qq --require-hashes --requirement requirements/audit.txt
	@touch $@

built_for = --python $(shell echo $(firstword $(subst -, ,$(1))) | sed 's/^./&./') \
	--architecture $(lastword $(subst -, ,$(1)))

##@ The template

# Written anew only when a file came or went, so that a removed file is noticed too.
build/sources.list: FORCE
	@mkdir -p build
	@find app.py cdk.json infrastructure statemachine functions -name '*.pyc' -prune -o -type f -print \
		| LC_ALL=C sort > $@.$$PPID.new
	@cmp -s $@.$$PPID.new $@ && rm $@.$$PPID.new || mv $@.$$PPID.new $@

SOURCES = build/sources.list $(shell find app.py cdk.json infrastructure statemachine functions \
	-name '*.pyc' -prune -o -type f -print)

# Made beside and moved, so that nobody reads half of one. It is as old as its beginning: a source
# changed meanwhile counts as newer.
define synthesize
	@echo "synthesizing the template: $(1)"
	@new=build/.cdk.$(1).$$PPID; rm -rf $$new && touch $$new.began; \
		CDK_OUTDIR=$$new CDK_CONTEXT_JSON='$(2)' $(BIN)/python app.py; \
		touch -r $$new.began $$new/manifest.json; rm $$new.began; \
		rm -rf build/cdk.$(1).out; mv -T $$new build/cdk.$(1).out
endef

synth: $(READY) $(LOCAL_ASSEMBLY)/manifest.json ## the template for this machine, into build/cdk.local.out

$(LOCAL_ASSEMBLY)/manifest.json: $(HOST_LAYERS) $(SOURCES)
	$(call synthesize,local,{"target": "local"$(comma) "architecture": "$(HOST_ARCH)"$(comma) "python": "$(HOST_PYTHON)"$(comma) "removal_policy": "destroy"})

$(LOAD_ASSEMBLY)/manifest.json: $(HOST_LAYERS) $(SOURCES)
	$(call synthesize,load,{"target": "local"$(comma) "architecture": "$(HOST_ARCH)"$(comma) "python": "$(HOST_PYTHON)"$(comma) "removal_policy": "destroy"$(comma) "max_active_jobs": 3})

build/cdk.%.out/manifest.json: $(AWS_LAYERS) $(SOURCES)
	$(call synthesize,$*,{"architecture": "$*"})

comma := ,

##@ Working

# What Lambda's runtime supplies to functions on AWS.
RUNTIME_STAMP = build/runtime-$(HOST_PYTHON)/.lock
build/runtime-%/.lock: $(VENV)/.ready requirements/runtime.txt
	@$(BIN)/python -m local runtime > /dev/null
	@touch $@

demo: synth $(RUNTIME_STAMP) ## render a clip on the embedded AWS (SOURCE=path/to/any/video)
	@$(BIN)/python -m local.demo --assembly $(LOCAL_ASSEMBLY) $${SOURCE:+--source="$$SOURCE"}

test: synth $(AWS_LAYERS) $(RUNTIME_STAMP) ## set everything up and run every test that needs no AWS account
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-iam: synth $(RUNTIME_STAMP) ## take away each grant of each function in turn: something must fail
	@$(BIN)/python -m pytest -q -s tests/integration/permissions/every_grant.py

model: $(VENV)/.ready ## ten thousand random histories of the turn protocol, and the planted bugs
	@$(BIN)/python -m tests.model
	@$(BIN)/python -m tests.model --mutations

fuzz: $(READY) $(HOST_LAYERS) ## requests drawn by chance, for MINUTES=10; each that fails is told
	@FUZZ_MINUTES=$(MINUTES) $(BIN)/python -m pytest -q -s tests/media/test_any_request.py -k as_many

check: $(READY) build/cdk.arm64.out/manifest.json build/cdk.x86_64.out/manifest.json ## linters, types, state machine and templates
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@mkdir -p build
	@sed -E -e 's/\$$\{ChunkExecutionType\}/STANDARD/' \
		-e 's/\$$\{([A-Za-z]+)\}/arn:aws:any:::\1/' statemachine/render_job.asl.json > build/render_job.asl.json
	@node_modules/.bin/asl-validator --json-path build/render_job.asl.json
	@$(BIN)/cfn-lint build/cdk.arm64.out/*.template.json build/cdk.x86_64.out/*.template.json
	@echo "all checks passed"

format: $(VENV)/.ready ## sort imports and format
	@$(BIN)/ruff check --quiet --fix --select I
	@$(BIN)/ruff format --quiet

lock: $(VENV)/.ready ## renew requirements/*.txt and package-lock.json
	@for name in requirements/*.in; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--no-annotate --no-emit-index-url --no-emit-find-links $$name -o $${name%.in}.txt; \
	done
	@npm install --package-lock-only --silent
	@npm install --package-lock-only --silent --prefix benchmarks/peers/remotion

docs: $(VENV)/.ready ## write docs/job.md from the request's model
	@$(BIN)/python -m reelwright.job_docs > docs/job.md

bench: synth $(RUNTIME_STAMP) ## every benchmark in half an hour, into benchmarks/results (FULL=1: hours)
	@PATH="$(CURDIR)/build/layers/ffmpeg-$(HOST_ARCH)/bin:$$PATH" \
		$(BIN)/python -m benchmarks --assembly $(LOCAL_ASSEMBLY) $(if $(FULL),--full)

peers: synth $(RUNTIME_STAMP) ## the same picture by a job, MoviePy and Remotion, which are fetched first
	@PATH="$(CURDIR)/build/layers/ffmpeg-$(HOST_ARCH)/bin:$$PATH" \
		$(BIN)/python -m benchmarks.peers --assembly $(LOCAL_ASSEMBLY)

# TINY=1: equal, tiny jobs instead, under the ceiling that a stack has by default.
LOAD_ON = $(if $(TINY),$(LOCAL_ASSEMBLY),$(LOAD_ASSEMBLY))

load: $(READY) $(LOAD_ON)/manifest.json $(RUNTIME_STAMP) ## many jobs under a ceiling of 3, every promise checked (JOBS=100 SEED=1)
	@PATH="$(CURDIR)/build/layers/ffmpeg-$(HOST_ARCH)/bin:$$PATH" \
		$(BIN)/python -m benchmarks.load --assembly $(LOAD_ON) --jobs $(JOBS) --seed $(SEED) \
		--ceiling $(if $(TINY),10 --tiny,3)

soak: $(READY) $(LOAD_ASSEMBLY)/manifest.json $(RUNTIME_STAMP) ## jobs, cancels and faults by chance, then what grew (MINUTES=30 SEED=1)
	@PATH="$(CURDIR)/build/layers/ffmpeg-$(HOST_ARCH)/bin:$$PATH" \
		$(BIN)/python -m benchmarks.soak --assembly $(LOAD_ASSEMBLY) --ceiling 3 --seed $(SEED) --minutes $(MINUTES)

local-up: synth $(RUNTIME_STAMP) ## start the embedded AWS, deploy, and leave it up
	@$(BIN)/python -m local up --assembly $(LOCAL_ASSEMBLY)

local-down: $(VENV)/.ready ## stop the embedded AWS; it keeps its state
	@$(BIN)/python -m local down

local-forget: $(VENV)/.ready ## stop the embedded AWS and remove what it keeps
	@$(BIN)/python -m local down --forget

##@ AWS

CDK = node_modules/.bin/cdk
CDK_CONTEXT = --no-notices -c architecture=$(ARCHITECTURE) -c python=$(RUNTIME) $(CDK_ARGS)

bootstrap: $(READY) layers-aws ## prepare the AWS account and region in use for cdk, once
	@$(CDK) bootstrap $(CDK_CONTEXT)

deploy: $(READY) layers-aws ## deploy to the AWS account in use (CDK_ARGS="-c max_parallel=200")
	@$(CDK) deploy $(CDK_CONTEXT)

test-aws: $(READY) ## integration tests against a stack on AWS (STACK=Reelwright); removes what they made, says what it cost
	@test -n "$(STACK)" || { echo "Name the deployed stack: make test-aws STACK=Reelwright" >&2; exit 1; }
	@$(BIN)/python -m tests.on_aws "$(STACK)" $(TESTS)

# What is said and asked comes first: cdk's own question would come after the buckets are empty.
prune: $(READY) ## delete versions that no job needs any more (STACK=name; DRY=1: only say which)
	@$(BIN)/python -m reelwright.old_versions $(or $(STACK),Reelwright) $(if $(DRY),--dry-run)

destroy: $(READY) layers-aws ## delete the stack; says which data stays and asks (YES=1: does not)
	@stack=$$($(CDK) list $(CDK_CONTEXT) | tail -n 1); \
		$(BIN)/python -m reelwright.teardown "$$stack" $(if $(YES),--yes)
	@$(CDK) destroy --force $(CDK_CONTEXT)

clean: ## stop the embedded AWS and remove all that make made
	@test ! -e .reelwright/local.json || $(BIN)/python -m local down
	@rm -rf build cdk.out node_modules $(VENV) .reelwright .mypy_cache .ruff_cache .pytest_cache
