# The only interface: people, .ci/run and pipelines call these targets and nothing else. Each one calls one script in ci/.
# make run and make test set up everything they need; a machine needs Python 3.11.

# A data file to learn from (CSV or Parquet); without it, simulated customers.
DATA ?=
# Name of a use case that ships, or the path of a YAML file.
USECASE ?= telecom
# Words handed on to the tool behind a target.
ARGS ?=

export DATA USECASE ARGS

.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-faults lock verify clean

help: ## Show the targets
	@ci/help $(MAKEFILE_LIST)

run: ## Train if needed and serve on this machine: make run [DATA=customers.csv] [USECASE=telecom]
	@ci/serve

test: ## All checks and all tests (ARGS goes to pytest)
	@ci/test

lint: ## Style, types and import contracts
	@ci/lint

bench: ## Measure speed beside peers, needs Go and half an hour (ARGS=--quick for a short look)
	@ci/bench

bench-faults: ## Kill, freeze, slow and corrupt the primary under load (needs Go)
	@ci/bench-faults

lock: ## Rewrite requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@ci/lock

verify: ## Check that generated files and the built package are current
	@ci/verify

clean: ## Remove the environment, caches and builds; .churn and .bench stay
	@ci/clean
