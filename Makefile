# `make help` lists the targets. Tools are Go tools that are pinned in hack/tools/go.mod and built by `go tool`. No script downloads
# anything.

SHELL         := /usr/bin/env bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Images of docker-build and deploy: $(REGISTRY)/controller:$(TAG) and $(REGISTRY)/apiserver:$(TAG).
REGISTRY ?= ghcr.io/taskexec
TAG      ?= v0.1.0
# How long fuzz runs each fuzz test.
FUZZTIME ?= 30s
# What the linker writes into the programs: their version.
LDFLAGS := -s -w -X github.com/prometheus/common/version.Version=$(VERSION)
# Port on this machine where `make run` serves the REST API.
PORT ?= 8080
# How long `make soak` and `make soak-archive` create runs.
DURATION ?= 30m

GO             ?= go
KUBECTL        ?= kubectl
DOCKER         ?= docker
TOOL           := $(GO) tool -modfile=$(CURDIR)/hack/tools/go.mod
CONTROLLER_GEN := $(TOOL) controller-gen
KUSTOMIZE      := $(TOOL) kustomize
GOLANGCI_LINT  := $(TOOL) golangci-lint
CRD_REF_DOCS   := $(TOOL) crd-ref-docs
# It has a module of its own because it needs another version of a YAML parser than golangci-lint.
ACTIONLINT     := $(GO) tool -modfile=$(CURDIR)/hack/tools/actionlint/go.mod actionlint

# Modules that are linted and tested (docs/decisions/0044). The modules below hack/localcluster are Kubernetes, containerd, runc and
# CNI; they are only built, for the local cluster.
MODULES   := . api hack/bench hack/gitops hack/localcluster
OVERLAYS  := crd rbac manager apiserver default all-namespaces namespaced prometheus local samples
SCRIPTS   := $(wildcard hack/*.sh) .ci/run

export GO KUBECTL KUSTOMIZE ACTIONLINT PORT REGISTRY TAG MODULES

##@ General

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*## "; printf "Usage: make TARGET [VARIABLE=value]\n"} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build localcluster ## Run Taskexec on a local cluster, with CLUSTER=kind on kind, or with KUBECONFIG against that cluster.
	@hack/run.sh

.PHONY: down
down: localcluster ## Stop the local cluster that run started.
	@bin/localcluster down

##@ Development

.PHONY: generate
generate: ## Generate the DeepCopy functions and the texts of the REST API's schemas.
	cd api && $(CONTROLLER_GEN) object:headerFile=../hack/boilerplate/boilerplate.go.txt paths=./...
	$(GO) run ./hack/apitexts -out apiserver/openapi/zz_generated.comments.go -skip apiserver/openapi apiserver/...

.PHONY: manifests
manifests: ## Generate the CustomResourceDefinitions and their reference in docs/reference.
	cd api && $(CONTROLLER_GEN) crd:generateEmbeddedObjectMeta=true paths=./... output:crd:dir=../config/crd/bases
	$(GO) run ./hack/crdtrim config/crd/bases/*.yaml
	cd api && $(CRD_REF_DOCS) --log-level=ERROR --source-path=. --config=../hack/reference/config.yaml --templates-dir=../hack/reference \
		--renderer=markdown --output-path=../docs/reference/resources.md

.PHONY: license
license: ## Add the license header to Go files that lack it.
	@hack/license.sh add

.PHONY: fmt
fmt: ## Format the code.
	@for module in $(MODULES); do (cd $$module && $(GOLANGCI_LINT) fmt ./...); done

.PHONY: vet
vet: ## Run go vet, also on the tests of every tier.
	@for module in $(MODULES); do (cd $$module && $(GO) vet -tags=envtest,e2e,clients ./...); done

.PHONY: lint
lint: ## Run golangci-lint, which also checks the architecture.
	@for module in $(MODULES); do echo "golangci-lint $$module"; (cd $$module && $(GOLANGCI_LINT) run ./...); done

.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities; GOVULNDB=file:///folder uses a copy of the database. Not part of CI.
	@hack/vulncheck.sh

.PHONY: verify
verify: ## Check that everything is generated, formatted, tidy, linted and committed.
	@$(MAKE) --no-print-directory generate manifests
	@hack/verify.sh "$(MODULES)" "$(OVERLAYS)" "$(SCRIPTS)"
	@$(MAKE) --no-print-directory lint
	@hack/verify-clean.sh

.PHONY: docs
docs: ## Build the documentation site into dist/docs, with Node and npm; it opens without network.
	@cd docs && npm ci --no-audit --no-fund --loglevel=error && npm run build

##@ Build

# Exit code 77 says that the machine has no Node: the programs work without the console, and say at /console/ what is missing.
.PHONY: console-if-possible
console-if-possible:
	@hack/console.sh || { rc=$$?; [ $$rc = 77 ] && echo "console: the programs are built without it" >&2; }

.PHONY: console
console: ## Build the web console, which the facade embeds, with Node and npm.
	@hack/console.sh

.PHONY: build
build: console-if-possible ## Build bin/controller, bin/controller-cloud, bin/apiserver and bin/taskexec-archive, static.
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/controller ./cmd/apiserver ./cmd/taskexec-archive
	CGO_ENABLED=0 $(GO) build -tags=cloud -trimpath -ldflags '$(LDFLAGS)' -o bin/controller-cloud ./cmd/controller

.PHONY: print-ldflags
print-ldflags:
	@echo '$(LDFLAGS)'

.PHONY: localcluster
localcluster: ## Build bin/localcluster, which runs a real Kubernetes without Docker.
	@mkdir -p bin
	@cd hack/localcluster && $(GO) build -o ../../bin/localcluster .

# The benches run from the root of the checkout, as `go run` in their own module would not.
.PHONY: benches
benches:
	@mkdir -p bin/bench
	@$(GO) build -C hack/bench -o $(CURDIR)/bin/bench/ ./...

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
test: build localcluster ## Run all tests, including those on the local cluster.
	@hack/test.sh unit clients envtest e2e

.PHONY: test-unit
test-unit: ## Run the tests that need no cluster.
	@hack/test.sh unit

.PHONY: test-clients
test-clients: ## Generate clients from the OpenAPI document, compile and use them; the TypeScript one needs npm.
	@hack/test.sh clients

.PHONY: test-envtest
test-envtest: localcluster ## Run the tests that need an API server and etcd: those in KUBEBUILDER_ASSETS, if it is set.
	@hack/test.sh envtest

.PHONY: test-e2e
test-e2e: build localcluster ## Run the tests that need a whole cluster: that of KUBECONFIG, if E2E_INSTALL=true allows it.
	@hack/test.sh e2e

.PHONY: fuzz
fuzz: ## Run each fuzz test for FUZZTIME (30s); `make test` runs only their seeds.
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build benches localcluster bin/kwok ## Compare the cost of a run with a bare Job, on simulated nodes; FLAGS=-help lists the flags.
	@bin/bench/runs -assets "$$(bin/localcluster assets)" $(FLAGS)

.PHONY: soak
soak: build benches localcluster bin/kwok ## Create runs for DURATION (30m) with random faults, on simulated nodes.
	@bin/bench/soak -assets "$$(bin/localcluster assets)" -duration $(DURATION) $(FLAGS)

.PHONY: test-clusters
test-clusters: localcluster ## Two clusters on one bucket, one built anew, and a restore of etcd, with real API servers; not part of `make test`.
	@KUBEBUILDER_ASSETS=$$(bin/localcluster assets) $(GO) test -tags=envtest -count=1 -timeout=30m -v ./hack/clusters

.PHONY: soak-archive
soak-archive: localcluster ## Let two clusters share one bucket for DURATION (30m), and compare each with a model; FLAGS=-seed=2 is another course.
	@KUBEBUILDER_ASSETS=$$(bin/localcluster assets) $(GO) test -tags=envtest -count=1 -timeout=0 -v -run '^TestTwoClustersOnOneBucket$$' ./hack/clusters \
		-args -load-for=$(DURATION) -load-every=1s $(FLAGS)

.PHONY: bench-logs
bench-logs: build benches localcluster ## Measure the lag and the cost of logs on the local cluster; FLAGS=-help lists the flags.
	@E2E_UP= hack/e2e.sh bin/bench/logs $(FLAGS)

.PHONY: bench-facade
bench-facade: build benches localcluster ## Compare polls and lists of 10,000 executions with the API server's own; FLAGS=-help lists the flags.
	@KUBEBUILDER_ASSETS=$$(bin/localcluster assets) bin/bench/facade $(FLAGS)

.PHONY: bench-console
bench-console: console build benches localcluster ## Measure the console in Debian's chromium, with 10,000 runs and a log of 1,000,000 lines; FLAGS=-help lists the flags.
	@KUBEBUILDER_ASSETS=$$(bin/localcluster assets) bin/bench/console $(FLAGS)

##@ Deployment to kubectl's current cluster

.PHONY: install
install: ## Install the CustomResourceDefinitions.
	$(KUBECTL) apply -f config/crd/bases

.PHONY: uninstall
uninstall: ## Remove the CustomResourceDefinitions and all Tasks, runs and schedules.
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
undeploy: ## Remove both programs. Tasks, schedules and runs stay until `make uninstall`.
	$(KUBECTL) delete --ignore-not-found namespace taskexec-system
	$(KUBECTL) delete --all-namespaces -l app.kubernetes.io/name=taskexec \
		clusterroles,clusterrolebindings,roles,rolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings
	-$(KUBECTL) delete --ignore-not-found -l app.kubernetes.io/name=taskexec mutatingadmissionpolicies,mutatingadmissionpolicybindings # Kubernetes 1.36
