.DEFAULT_GOAL := help

# What is built here does not depend on the settings of the machine.
export GOFLAGS := -mod=readonly -buildvcs=false
export GOWORK := off

# A module of its own, so that the linter's dependencies do not raise ours.
GO_LINT := go tool -modfile=tools/go.mod golangci-lint
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# What tests need beside the tools, and what runs a command with all of it:
# servers that TEST_ variables name, that are installed here, or from Docker.
# Built, not "go run": signals reach it. RabbitMQ takes some seconds to start,
# which is left out where nothing needs it.
STORES := postgres redis-server pgbouncer
SERVERS := $(STORES) rabbitmq-server
WITH_STORES := bin/services -without rabbitmq --
WITH_SERVICES := bin/services --

# The files of ports with something to mock: ports that act. What keeps state
# is read from adapters/memory instead.
MOCKED := mailer
MOCKGEN := go tool mockgen -package portmock

##@ Start here

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup: ## Install the tools and servers that are missing, and fetch all modules
	@tools/need --install go git cc $(SERVERS)
	go mod download
	go mod download -modfile=tools/go.mod

.PHONY: demo
demo: build ## Run the whole product in one process, with nothing else: http://localhost:8000
	@bin/rowhouse demo

.PHONY: build
build: ## Build bin/rowhouse
	@tools/need go
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/rowhouse ./cmd/rowhouse

##@ Every change

.PHONY: check
check: ## The fast one: vet and short tests, no services
	@tools/need go
	go vet ./...
	go test -short ./...

# The tests over HTTP run twice: on the memory adapters, and on the real ones.
# Those that start the product as processes, and measure it, run by themselves:
# what they measure is the product, not the tests of other packages.
.PHONY: test
test: bin/services ## Every test, with the race detector and in random order
	@tools/need --install go cc $(SERVERS)
	CGO_ENABLED=1 $(WITH_SERVICES) sh -ec '\
	  go test -race -shuffle=on $$(go list ./... | grep -v /test/service$$); \
	  go test -race -shuffle=on ./test/service; \
	  TEST_ASSEMBLY=production go test -race -shuffle=on ./adapters/httpapi ./test/acceptance'

.PHONY: services
services: bin/services ## A shell with the servers that tests need, until it ends
	@tools/need $(SERVERS)
	@$(WITH_SERVICES) sh -c 'env | grep ^TEST_ | sort; "$${SHELL:-sh}" || true'

.PHONY: bin/services
bin/services:
	@tools/need go
	@go build -o bin/services ./test/services

.PHONY: lint
lint: ## golangci-lint, its own rules put to the test, generated code that is out of date
	@tools/need go
	$(GO_LINT) run ./...
	go test -count=1 -tags lint -run '^TestLinter' ./test/architecture
	@echo "generated code"
	@$(MAKE) --no-print-directory up-to-date || { echo 'Generated code is out of date: run "make generate" and commit the result.' >&2; exit 1; }

.PHONY: fmt
fmt: ## Format everything
	@tools/need go
	$(GO_LINT) fmt ./...

.PHONY: generate
generate: ## Mocks, wire code and the OpenAPI document
	@tools/need go
	@mkdir -p ports/portmock
	@for file in $(MOCKED); do \
	  echo "ports/portmock/$$file.go"; \
	  $(MOCKGEN) -source "ports/$$file.go" > ports/portmock/new.tmp && mv ports/portmock/new.tmp "ports/portmock/$$file.go" || exit 1; \
	done
	go tool wire ./bootstrap/...
	@echo "docs/openapi.json"
	@go run ./cmd/rowhouse openapi > docs/openapi.json.tmp && mv docs/openapi.json.tmp docs/openapi.json

# What `make generate` makes, beside what is there; nothing is written.
.PHONY: up-to-date
up-to-date:
	@go tool wire diff ./bootstrap/...
	@for file in $(MOCKED); do \
	  $(MOCKGEN) -source "ports/$$file.go" | diff -u "ports/portmock/$$file.go" - || exit 1; \
	done
	@go run ./cmd/rowhouse openapi | diff -u docs/openapi.json -

##@ Now and then

# Covered is what we ship: neither tests and their contracts, nor generated
# code, nor main, which only starts the rest.
.PHONY: cover
cover: bin/services ## Go coverage, in total and by function; fails under 90 %
	@tools/need --install go $(SERVERS)
	@mkdir -p coverage
	$(WITH_SERVICES) go test -covermode=atomic -coverprofile=coverage/all.out -coverpkg="$$(go list ./adapters/... ./bootstrap/... ./cmd/... ./core/... ./ports/... | grep -v -e '/coretest$$' -e '/portmock$$' -e '/porttest$$' | paste -sd, -)" ./...
	@grep -v -e '/wire_gen\.go:' -e '/cmd/rowhouse/main\.go:' coverage/all.out > coverage/go.out
	@go tool cover -func=coverage/go.out > coverage/go.txt
	@awk '/^total:/ {total = $$3 + 0; print "total: " total " % (by function: coverage/go.txt)"} END {exit total < 90}' coverage/go.txt

.PHONY: hammer
hammer: bin/services ## A million statements of mixed tenants, looking for a row of another
	@tools/need --install go $(STORES)
	HAMMER_REQUESTS=1000000 $(WITH_STORES) go test -count=1 -timeout 60m -v -run Hammer ./adapters/postgres

# As in `make test`, but longer: CHAOS_ variables say how long.
.PHONY: chaos
chaos: bin/services ## Kill everything 120 times, and take the broker away for ten minutes
	@tools/need --install go $(SERVERS)
	CHAOS_KILLS=$${CHAOS_KILLS:-120} CHAOS_BROKER_KILLS=$${CHAOS_BROKER_KILLS:-5} CHAOS_JOBS=$${CHAOS_JOBS:-4000} CHAOS_OUTAGE=$${CHAOS_OUTAGE:-10m} \
	  $(WITH_SERVICES) go test -count=1 -timeout 60m -v -run 'TestNothingIsLost|TestWritesDoNotNeed' ./test/service

.PHONY: bench
bench: build bin/services ## How fast it is, in ratios against a peer in the same run
	@tools/need --install go $(STORES)
	$(WITH_STORES) go run ./test/bench
