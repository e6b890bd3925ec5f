# One word per part. `make` alone prints the words.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# A toolchain that `make setup` has just installed is not on the caller's PATH yet.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)

# RocksDB is C++ and the longest compile by far; a compiler cache lets every profile and clone share it.
ifneq ($(shell command -v ccache 2>/dev/null),)
ifeq ($(origin CC),default)
export CC := ccache gcc
endif
ifeq ($(origin CXX),default)
export CXX := ccache g++
endif
endif

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
DATA ?= data
BIND ?=
PORT ?= 8848
# Length and seed of `make soak`; without a seed one is drawn and printed.
SECONDS ?= 600
SEED ?=
# Further arguments of `make run`, for example ARGS="--set key=value".
ARGS ?=
# The server that every suite starts: built once, found by this variable.
export NACRE_SERVER ?= $(TARGET)/debug/nacre
# The process that behaviour cases ask for servers, proxies and files.
export NACRE_HARNESS ?= $(TARGET)/debug/nacre-harness
# The libraries of the bindings are built with the workspace: alone they would be compiled with other features of
# their dependencies, almost everything once more. The tests of the packages want what only tests call.
TESTING := --features nacre-jni/testing,nacre-napi/testing,nacre-pyo3/testing
WITH_BUILT := CARGO_TARGET_DIR=$(TARGET) NACRE_BUILT=$(TARGET)/debug

TIMED := scripts/timed.sh
COMPAT := python3 tests/compat/run.py
COMPAT_SUITES := java go python node

.PHONY: help setup build run server-dev test test-rust test-compat $(addprefix compat-,$(COMPAT_SUITES)) \
	java node python uniffi polyglot example-spring dist vectors test-long fuzz figures figures-client soak bench \
	bench-java bench-spring bench-node bench-python lint fmt clean

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  make compat-LANG    official clients of one language: $(COMPAT_SUITES)"

setup: ## install what this machine lacks (Debian 12); does nothing the second time
	@scripts/setup.sh

build: ## build the server with the release profile
	cargo build --release --locked -p nacre-server

run: setup build ## set up, build and start the server; data goes to ./data, authentication is off
	@exec $(TARGET)/release/nacre server --data-dir $(DATA) --port $(PORT) $(if $(BIND),--bind $(BIND)) \
		--set auth.enabled=false $(ARGS)

server-dev:
	@# With the tests, so that both share one set of features and nothing is compiled twice.
	@$(TIMED) "build server" cargo build --locked --workspace --all-targets $(TESTING)

test: setup server-dev ## every test of every language
	@$(TIMED) "rust" $(MAKE) --no-print-directory test-rust
	@$(TIMED) "official clients" $(MAKE) --no-print-directory test-compat
	@$(TIMED) "java" $(MAKE) --no-print-directory java
	@$(TIMED) "node" $(MAKE) --no-print-directory node
	@$(TIMED) "python" $(MAKE) --no-print-directory python
	@$(TIMED) "uniffi" $(MAKE) --no-print-directory uniffi
	@$(TIMED) "polyglot example" examples/polyglot/check.sh
	@$(TIMED) "spring example" python3 examples/spring-boot/check.py $(NACRE_SERVER)

test-rust: server-dev ## unit, property, vector, end-to-end and crash tests
	cargo test --locked --workspace $(TESTING) --no-fail-fast

test-compat: server-dev ## the official Java, Go, Python and Node clients
	$(COMPAT) $(COMPAT_SUITES)

$(addprefix compat-,$(COMPAT_SUITES)): compat-%: server-dev
	$(COMPAT) $*

java: server-dev ## the Java client, its drop-in for nacos-client, and their tests
	$(WITH_BUILT) mvn -B -q -f java/pom.xml verify

uniffi: server-dev ## the Kotlin, Ruby and Swift clients, generated and tested
	$(WITH_BUILT) bindings/uniffi/test.sh

python: server-dev ## the Python client, its stand-in for nacos-sdk-python, and their tests
	$(WITH_BUILT) python/check.sh

polyglot: java node python ## Java, Python and Node services that find each other
	CARGO_TARGET_DIR=$(TARGET) examples/polyglot/check.sh

example-spring: server-dev ## a Spring provider, consumer and gateway that find each other
	$(WITH_BUILT) mvn -B -q -f java/pom.xml package -DskipTests -am \
		-pl ../examples/spring-boot/provider,../examples/spring-boot/consumer,../examples/spring-boot/gateway
	python3 examples/spring-boot/check.py $(NACRE_SERVER)

dist: setup ## the packages for users without Rust, in target/packages, and their install test
	CARGO_TARGET_DIR=$(TARGET) python3 packaging/dist.py $(TARGET)/packages
	CARGO_TARGET_DIR=$(TARGET) python3 packaging/install_test.py $(TARGET)/packages

bench-python: build ## measure the Python client beside nacos-sdk-python, release builds
	CARGO_TARGET_DIR=$(TARGET) NACRE_SERVER=$(TARGET)/release/nacre python/bench/run.sh

bench-java: build ## measure the Java client beside nacos-client, release builds
	cargo build --locked -p nacre-harness
	CARGO_TARGET_DIR=$(TARGET) NACRE_SERVER=$(TARGET)/release/nacre NACRE_HARNESS=$(TARGET)/debug/nacre-harness \
		mvn -B -q -f java/pom.xml -P bench -pl nacre-bench -am verify -DskipTests \
		-Dnacre.cargo.profile=dist -Dnacre.cargo.features=

bench-spring: build ## measure the Spring starter beside Spring Cloud Alibaba, release builds
	CARGO_TARGET_DIR=$(TARGET) mvn -B -q -f java/pom.xml -P bench-spring package -DskipTests -am \
		-pl nacre-spring/bench/nacre,nacre-spring/bench/alibaba \
		-Dnacre.cargo.profile=dist -Dnacre.cargo.features=
	python3 java/nacre-spring/bench/run.py $(TARGET)/release/nacre

node: server-dev ## the Node client and its tests
	$(WITH_BUILT) node/check.sh

bench-node: build ## measure the Node client beside the package nacos, release builds
	cargo build --locked -p nacre-harness
	CARGO_TARGET_DIR=$(TARGET) NACRE_SERVER=$(TARGET)/release/nacre NACRE_HARNESS=$(TARGET)/debug/nacre-harness \
		node/bench/run.sh

vectors: server-dev ## the captured Nacos scenarios, gRPC and HTTP
	cargo test --locked --workspace $(TESTING) --test 'vectors_*'

test-long: setup server-dev ## the long loops of the tests, and the original Java client in place of ours
	NACRE_TEST_LONG=1 cargo test --locked --workspace $(TESTING) --test crash --test bad_input -- --nocapture
	@# What other frameworks do with our client, they do with the original.
	$(WITH_BUILT) NACRE_TEST_LONG=1 mvn -B -q -f java/pom.xml -P original \
		-pl nacre-acceptance/dubbo,nacre-acceptance/spring -am verify -Dtest='io.nacre.acceptance.*Test' \
		-Dsurefire.failIfNoSpecifiedTests=false
	@# The Spring starter on its older and its newer line; the default one is in `make java`.
	$(WITH_BUILT) mvn -B -q -f java/pom.xml -P spring-3.2 -am verify \
		-pl nacre-spring/autoconfigure,nacre-spring/tests -Dtest='io/nacre/spring/**/*Test' \
		-Dsurefire.failIfNoSpecifiedTests=false
	$(WITH_BUILT) mvn -B -q -f java/pom.xml -P spring-4 -am verify \
		-pl nacre-spring/tests -Dtest='io/nacre/spring/tests/**/*Test' -Dsurefire.failIfNoSpecifiedTests=false
	$(WITH_BUILT) NACRE_TEST_LONG=1 bindings/uniffi/test.sh
	$(WITH_BUILT) NACRE_TEST_LONG=1 python/check.sh

fuzz: setup ## a minute of fuzzing for each decoder (SECONDS_EACH=60)
	tests/fuzz.sh

soak: setup build ## mixed load under restarts and kills; SECONDS= says how long, SEED= repeats a run
	NACRE_SERVER=$(TARGET)/release/nacre NACRE_SOAK_SEED=$(SEED) NACRE_SOAK_SECONDS=$(SECONDS) \
		cargo test --locked --workspace $(TESTING) --test soak -- --nocapture

figures: setup build ## measure the server, release profile
	cargo run --release --locked -p nacre-figures -- --server $(TARGET)/release/nacre

figures-client: setup build ## measure the client engine beside nacos-sdk, release profile
	NACRE_SERVER=$(TARGET)/release/nacre CARGO_TARGET_DIR=$(TARGET) cargo run --release --locked \
		--manifest-path tests/bench-client/Cargo.toml

bench: figures ## same as figures

lint: ## formatters and linters; names those that are not installed
	@scripts/lint.sh

fmt: ## format the sources
	cargo fmt --all
	@if command -v gofmt >/dev/null; then gofmt -w tests/compat/go; fi

clean: ## remove build output; ./data stays
	cargo clean
	rm -rf java/target java/*/target java/*/*/target examples/*/target bindings/uniffi/kotlin/target
	rm -rf tests/compat/node/node_modules node/node_modules node/dist node/native node/docs
