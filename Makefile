# Everything is run through make; `make help` lists it. Tools are Go tools pinned in hack/tools/go.mod and
# built by `go tool`: nothing is downloaded by a script.

SHELL         := /usr/bin/env bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Images of docker-build and deploy: $(REGISTRY)/controller:$(TAG) and $(REGISTRY)/apiserver:$(TAG).
REGISTRY ?= ghcr.io/taskexec
TAG      ?= v0.1.0
# How long fuzz runs each fuzz test.
FUZZTIME ?= 30s
# Port of this machine on which `make run` serves the REST API.
PORT ?= 8080
# How long `make soak` lets runs come.
DURATION ?= 30m

GO             ?= go
KUBECTL        ?= kubectl
DOCKER         ?= docker
TOOL           := $(GO) tool -modfile=$(CURDIR)/hack/tools/go.mod
CONTROLLER_GEN := $(TOOL) controller-gen
KUSTOMIZE      := $(TOOL) kustomize
GOLANGCI_LINT  := $(TOOL) golangci-lint
# In a module of its own: it needs another version of a YAML parser than golangci-lint.
ACTIONLINT     := $(GO) tool -modfile=$(CURDIR)/hack/tools/actionlint/go.mod actionlint

# Modules that are linted and tested. Those below hack/localcluster are Kubernetes, containerd, runc and CNI
# themselves: they are built for the local cluster only.
MODULES   := . hack/localcluster
OVERLAYS  := crd rbac manager apiserver default all-namespaces namespaced prometheus local samples
SCRIPTS   := $(wildcard hack/*.sh) .ci/run

export GO KUBECTL KUSTOMIZE ACTIONLINT PORT

##@ General

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "; printf "Usage: make TARGET [VARIABLE=value]\n"} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build localcluster ## Run Taskexec: on a local cluster, or with KUBECONFIG set, against that cluster.
	@hack/run.sh

.PHONY: down
down: localcluster ## Stop the local cluster that run started.
	@bin/localcluster down

##@ Development

.PHONY: generate
generate: ## Generate the DeepCopy functions.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate the CustomResourceDefinitions.
	$(CONTROLLER_GEN) crd:generateEmbeddedObjectMeta=true paths=./api/... output:crd:dir=config/crd/bases
	$(GO) run ./hack/crdtrim config/crd/bases/*.yaml

.PHONY: fmt
fmt: ## Format the code.
	@for module in $(MODULES); do (cd $$module && $(GOLANGCI_LINT) fmt ./...); done

.PHONY: vet
vet: ## Run go vet, over the tests of every tier too.
	@for module in $(MODULES); do (cd $$module && $(GO) vet -tags=envtest,e2e,clients ./...); done

.PHONY: lint
lint: ## Run golangci-lint, which also guards the architecture.
	@for module in $(MODULES); do echo "golangci-lint $$module"; (cd $$module && $(GOLANGCI_LINT) run ./...); done

.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities; GOVULNDB=file:///folder takes a copy of the database. No part of CI.
	@hack/vulncheck.sh

.PHONY: verify
verify: ## Check that all is generated, formatted, tidy, linted and committed.
	@$(MAKE) --no-print-directory generate manifests
	@hack/verify.sh "$(OVERLAYS)" "$(SCRIPTS)"
	@$(MAKE) --no-print-directory lint
	@hack/verify-clean.sh

.PHONY: docs
docs: ## Build the documentation site into dist/docs, with Node and npm; it opens without network.
	@cd docs && npm ci --no-audit --no-fund --loglevel=error && npm run build

##@ Build

.PHONY: build
build: ## Build bin/controller, bin/controller-cloud and bin/apiserver, static.
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/controller ./cmd/apiserver
	CGO_ENABLED=0 $(GO) build -tags=cloud -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/controller-cloud ./cmd/controller

.PHONY: localcluster
localcluster: ## Build bin/localcluster, which brings up a real Kubernetes without Docker.
	@mkdir -p bin
	@cd hack/localcluster && $(GO) build -o ../../bin/localcluster .

bin/kwok: hack/bench/kwok/go.mod
	@mkdir -p bin
	$(GO) build -modfile=hack/bench/kwok/go.mod -o $@ sigs.k8s.io/kwok/cmd/kwok

.PHONY: images
images: build localcluster ## Build the two images without Docker and load them into the local cluster.
	@hack/images.sh

.PHONY: docker-build
docker-build: ## Build the two images with Docker.
	@for program in controller apiserver; do \
		$(DOCKER) build --target $$program --build-arg VERSION=$(VERSION) -t $(REGISTRY)/$$program:$(TAG) .; \
	done

##@ Test

.PHONY: test
test: build localcluster ## Run all tests, those on the local cluster included.
	@hack/test.sh unit clients envtest e2e

.PHONY: test-unit
test-unit: ## Run the tests that need nothing.
	@hack/test.sh unit

.PHONY: test-clients
test-clients: ## Generate clients from the description of the API, compile and drive them; the TypeScript one needs npm.
	@hack/test.sh clients

.PHONY: test-envtest
test-envtest: localcluster ## Run the tests that need an API server and etcd.
	@hack/test.sh envtest

.PHONY: test-e2e
test-e2e: build localcluster ## Run the tests that need a whole cluster, with the operator deployed in it.
	@hack/test.sh e2e

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZTIME (30s); test runs only their seeds.
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build localcluster bin/kwok ## Measure what a run costs beside a bare Job, on simulated nodes; FLAGS=-help lists the flags.
	@$(GO) run ./hack/bench/runs -assets "$$(bin/localcluster assets)" $(FLAGS)

.PHONY: soak
soak: build localcluster bin/kwok ## Run steadily with random faults, on simulated nodes, for DURATION (30m).
	@$(GO) run ./hack/bench/soak -assets "$$(bin/localcluster assets)" -duration $(DURATION) $(FLAGS)

.PHONY: bench-logs
bench-logs: build localcluster ## Measure the lag and the cost of logs on the local cluster; FLAGS=-help lists the flags.
	@E2E_UP= hack/e2e.sh $(GO) run ./hack/bench/logs $(FLAGS)

.PHONY: bench-facade
bench-facade: build localcluster ## Measure polls and lists of 10,000 executions beside the API server's own; FLAGS=-help lists the flags.
	@KUBEBUILDER_ASSETS=$$(bin/localcluster assets) $(GO) run ./hack/bench/facade $(FLAGS)

##@ Deployment, to the cluster that kubectl points to

.PHONY: install
install: ## Install the CustomResourceDefinitions.
	$(KUBECTL) apply -f config/crd/bases

.PHONY: uninstall
uninstall: ## Remove the CustomResourceDefinitions, and with them every Task, run and schedule.
	$(KUBECTL) delete --ignore-not-found -f config/crd/bases

.PHONY: deploy
deploy: ## Install everything, with the images $(REGISTRY)/...:$(TAG).
	@mkdir -p bin/deploy
	@printf '%s\n' 'resources: [../../config/default]' 'images:' \
		'  - {name: ghcr.io/taskexec/controller, newName: $(REGISTRY)/controller, newTag: "$(TAG)"}' \
		'  - {name: ghcr.io/taskexec/apiserver, newName: $(REGISTRY)/apiserver, newTag: "$(TAG)"}' \
		> bin/deploy/kustomization.yaml
	$(KUSTOMIZE) build bin/deploy | $(KUBECTL) apply -f -

.PHONY: undeploy
undeploy: ## Remove the two programs. Tasks, schedules and their runs stay until `make uninstall`.
	$(KUBECTL) delete --ignore-not-found namespace taskexec-system
	$(KUBECTL) delete --all-namespaces -l app.kubernetes.io/name=taskexec \
		clusterroles,clusterrolebindings,roles,rolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings
	-$(KUBECTL) delete --ignore-not-found -l app.kubernetes.io/name=taskexec mutatingadmissionpolicies,mutatingadmissionpolicybindings # Kubernetes 1.36
