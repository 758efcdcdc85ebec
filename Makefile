# The only interface: people, .ci/run and pipelines call these targets and nothing else. Each one calls one script in ci/.
# make run and make test set up everything they need; a machine needs Python 3.11.

# A data file to learn from (CSV or Parquet); without it, simulated customers.
DATA ?=
# Name of a use case that ships, or the path of a YAML file.
USECASE ?= telecom
# Words handed on to the tool behind a target.
ARGS ?=

# How make cluster gets one: plain processes, or kind where Docker and a registry exist.
PROVIDER ?= processes

export DATA USECASE ARGS PROVIDER

.DEFAULT_GOAL := help
.PHONY: help run test ci lint charts images compose install cluster cluster-down e2e bench bench-faults bench-models bench-batch bench-outcomes bench-policies bench-decisions bench-gate bench-survival mutation slo dashboards lock verify clean

help: ## Show the targets
	@ci/help $(MAKEFILE_LIST)

run: ## Train if needed and serve on this machine: make run [DATA=customers.csv] [USECASE=telecom]
	@ci/serve

test: ## All checks and all tests (ARGS goes to pytest)
	@ci/test

ci: ## Everything that continuous integration runs, side by side (ARGS="tests charts" for some stages; CI_FRESH=1 skips nothing)
	@ci/run-stages

lint: ## Style, types, import contracts and shell scripts
	@ci/lint

charts: ## Lint, unit tests, schemas and policies of the Helm chart (builds its tools once, needs Go)
	@ci/charts

images: ## Build the container images and print their sizes (buildah or Docker; ARGS="gateway predictor" for some)
	@ci/images

compose: ## Everything with Docker: gateway, backends, MLflow, Prometheus, Alertmanager, Grafana with dashboards (compose.yaml)
	@ci/compose

install: ## Images, the chart with its preset small and the first answer, on the cluster of KUBECONFIG or make cluster (REGISTRY=... for others)
	@ci/install

cluster: ## Start a throwaway Kubernetes with KServe on this machine (needs root and Go; PROVIDER=kind uses Docker)
	@ci/cluster-up

cluster-down: ## Stop it and remove everything but what was built
	@ci/cluster-down

e2e: ## Prove everything on a live cluster; starts a throwaway one unless KUBECONFIG is set (ARGS goes to pytest)
	@ci/e2e

bench: ## Measure speed beside peers, needs Go and 45 minutes (ARGS=--quick for a short look, ARGS="--against REV" beside a former commit)
	@ci/bench

bench-faults: ## Hurt the primary in seven ways and attack every door, under load, an hour (needs Go; ARGS=--quick for a short look)
	@ci/bench-faults

bench-models: ## Measure models beside CatBoost, FLAML and AutoGluon on DATA (file:id:label:positive, or a folder of public data; ARGS="--seeds 3")
	@ci/bench-models

bench-batch: ## Read and score a million customers made of DATA, beside pandas, 5 minutes (ARGS="--rows 100000" for fewer)
	@ci/bench-batch

bench-outcomes: ## Report on a month of a hundred million answers, 15 minutes and 15 GB of disk (ARGS="--rows 10000000" for fewer)
	@ci/bench-outcomes

bench-policies: ## Simulate what each way to choose whom to contact brings, by company size, hours (ARGS="--minutes 20" for a part; goes on)
	@ci/bench-policies

bench-decisions: ## How often campaigns and experiments on DATA claim what is not there, hours (ARGS="--null-worlds 20 --effect-worlds 0" for less; goes on)
	@ci/bench-decisions

bench-gate: ## How often the gate promotes what it should not, and what it should, on DATA (ARGS="--worlds 20 --attacks 1" for less)
	@ci/bench-gate

bench-survival: ## Count how often the intervals of `churn value` hold the simulated truth (ARGS="--snapshots 20" for fewer)
	@ci/bench-survival

mutation: ## Change the code in one place after the other: do the tests notice? (ARGS="core --modules breaker" for a part)
	@ci/mutation

slo: ## Prove objectives, alerts, routes and runbooks (needs Go and promtool; ci/slo --write makes the rules anew)
	@ci/slo

dashboards: ## Write Grafana's dashboards from ci/dashboards (make verify checks that they are current)
	@ci/generate-dashboards

lock: ## Rewrite requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@ci/lock

verify: ## Check that generated files and the built package are current
	@ci/verify

clean: ## Remove the environment, caches and builds; .churn and .bench stay
	@ci/clean
