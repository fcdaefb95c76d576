# `make` lists the verbs. Each sets up what it needs in .venv; nothing else on the machine is touched.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
export PYTHONPATH := layers/csms/python:functions:.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
BIN := .venv/bin
IN_PARALLEL := -n 2 --dist loadfile
CDK_CLI := aws-cdk@2.1148.1

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.venv/local: requirements.txt
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/local
	@$(BIN)/pip install -q -r requirements-dev.txt
	@touch $@

run: .venv/local ## start the local stack (OCPP_PORT, API_PORT, AWS_PORT)
	@exec $(BIN)/python -m local

demo: .venv/local ## a simulated fleet against the running local stack (ARGS="--stations 20")
	@exec $(BIN)/python -m local.fleet $(ARGS)

demo-site: .venv/dev ## a simulated day of a site that shares its power: report and chart (ARGS="--scale 0.8")
	@$(BIN)/python -m local.demo_site $(ARGS)

test: .venv/dev ## all tests
	@$(BIN)/pytest $(IN_PARALLEL)

unit: .venv/dev ## the quick part of the tests
	@$(BIN)/pytest tests/unit $(IN_PARALLEL)

conformance: .venv/dev ## the certification cases against a local stack: report in .local/conformance (ARGS=--write-docs)
	@$(BIN)/python -m tests.conformance $(ARGS)

prove: .venv/dev ## what takes too long for every run: big sites, every fault (ARGS="-k every_fault")
	@$(BIN)/pytest proof $(IN_PARALLEL) $(ARGS)

fuzz: .venv/dev ## random input for all that strangers and operators reach (ARGS="--cases 100000")
	@$(BIN)/python -m proof.fuzz $(ARGS)

check: .venv/dev ## linters, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/dev ## measure handlers, imports, DynamoDB units, fleets (ARGS="--only load --stations 1000")
	@$(BIN)/python -m benchmarks $(ARGS)

synth: .venv/dev ## the CloudFormation template, into cdk.out
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --yes $(CDK_CLI) synth --quiet

bootstrap: .venv/dev ## prepare an AWS account and region for deploy, once
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --yes $(CDK_CLI) bootstrap $(ARGS)

deploy: .venv/dev ## into the AWS account of the current credentials
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --yes $(CDK_CLI) deploy --all $(ARGS)

sign-in: .venv/local ## a person's access token for the deployed API (ARGS="<SignInUrl> <PeopleClientId>")
	@$(BIN)/python -m local.sign_in $(ARGS)

lock: ## re-resolve the pinned requirement files from pyproject.toml
	@$(PYTHON) -m venv .venv && $(BIN)/pip install -q uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header pyproject.toml -o layers/dependencies/requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header pyproject.toml --extra local -c layers/dependencies/requirements.txt -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header pyproject.toml --extra local --extra dev -c requirements.txt -o requirements-dev.txt

.PHONY: help run demo demo-site test unit conformance prove fuzz check bench synth bootstrap deploy sign-in lock
