# The only interface: people, .ci/run and pipelines call these targets and nothing else. Each one calls one script in ci/.
# make run and make test set up everything they need; a machine needs Python 3.11.

# A data file to learn from (CSV or Parquet); without it, simulated customers.
DATA ?=
# Name of a use case that ships, or the path of a YAML file.
USECASE ?= telecom
# Words handed on to the tool behind a target.
ARGS ?=

# Where images and charts are pushed, as registry.example.com/team; the version that make release makes.
REGISTRY ?=
VERSION ?=
# How make cluster gets one: plain processes, or kind where Docker and a registry exist.
PROVIDER ?= processes

export DATA USECASE ARGS PROVIDER REGISTRY VERSION

.DEFAULT_GOAL := help
.PHONY: help setup run test ci lint charts images compose install cluster cluster-down e2e sbom scan push sign verify-images release bench bench-check bench-faults bench-models bench-batch bench-marketing bench-outcomes bench-log-kills bench-storage-away bench-healthy bench-policies bench-decisions bench-gate bench-survival mutation airflow pipeline promote-staging promote-prod slo dashboards documents lock verify clean

help: ## Show the targets
	@ci/help $(MAKEFILE_LIST)

setup: ## Make the environment .venv, some minutes the first time (make run and make test do it by themselves)
	@ci/setup

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

sbom: ## Write dist/sbom: what is in each image, by syft from the bytes that are pushed, held against them
	@ci/sbom

scan: ## Look for known vulnerabilities that have a fix, and for anything not pinned (ARGS=--require-database fails where none can be had)
	@ci/scan

push: ## Push the images by digest and write dist/images.json: make push REGISTRY=registry.example.com/team
	@ci/push

sign: ## Sign the pushed images with the key of COSIGN_KEY, by cosign
	@ci/sign

verify-images: ## Prove the signatures of what an environment runs: make verify-images ARGS="--check cosign.pub --environment prod"
	@ci/sign

release: ## Make wheel, images and charts of one version: make release VERSION=1.2.3 says what it would do, ARGS=--yes does it (REGISTRY, COSIGN_KEY)
	@ci/release

bench: ## Measure speed beside peers, needs Go and 45 minutes (ARGS=--quick for a short look, ARGS="--against REV" beside a former commit)
	@ci/bench

bench-faults: ## Hurt the primary in seven ways and attack every door, under load, an hour (needs Go; ARGS=--quick for a short look)
	@ci/bench-faults

bench-models: ## Measure models beside CatBoost, FLAML and AutoGluon on DATA (file:id:label:positive, or a folder of public data; ARGS="--seeds 3")
	@ci/bench-models

bench-batch: ## Read and score a million customers made of DATA, beside pandas, 5 minutes (ARGS="--rows 100000" for fewer)
	@ci/bench-batch

bench-marketing: ## Ask the app for people for every page over a million customers made of DATA, 10 minutes (ARGS="--rows 100000" for fewer)
	@ci/bench-marketing

bench-outcomes: ## Report on a month of a hundred million answers, 15 minutes and 15 GB of disk (ARGS="--rows 10000000" for fewer)
	@ci/bench-outcomes

bench-log-kills: ## Kill gateway, shipper and object storage at random under load: is every answer one row? (MINUTES=30 RATE=500)
	@ci/bench-log-kills

bench-storage-away: ## Take object storage away for an hour under load: is every answer one row, and do callers notice? (MINUTES=60 RATE=20)
	@ci/bench-storage-away

bench-healthy: ## Serve DATA for an hour to customers like those it learned from: does any alert tell anybody? (MINUTES=60 RATE=20)
	@ci/bench-healthy

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

documents: ## Make the documents one site, in .site, to be read without a network
	@ci/documents/build

dashboards: ## Write Grafana's dashboards from ci/dashboards (make verify checks that they are current)
	@ci/generate-dashboards

# Number of a version in the registry, to promote; the commit that make bench-check measures beside this one.
MODEL_VERSION ?=
AGAINST ?=
export MODEL_VERSION AGAINST

bench-check: ## Refuse what is a tenth slower than the last release, measured beside it, 10 minutes (AGAINST=REV for another commit)
	@ci/bench-check

airflow: ## Prove the DAG of continuous training as Airflow reads it, in an environment of its own (280 MB, made once)
	@ci/airflow

pipeline: ## Prove the Jenkins pipeline, ci/Jenkinsfile, step by step without a Jenkins (needs Java 17 or later)
	@ci/pipeline

promote-staging: ## Have staging serve a version of the registry, by a commit: make promote-staging MODEL_VERSION=7 [USECASE=telecom]
	@ci/promote staging

promote-prod: ## Have prod serve what staging has served, by a commit: make promote-prod MODEL_VERSION=7 [USECASE=telecom]
	@ci/promote prod

lock: ## Rewrite requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@ci/lock

verify: ## Check that generated files and the built package are current
	@ci/verify

clean: ## Remove the environment, caches and builds; .churn and .bench stay
	@ci/clean
