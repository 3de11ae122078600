# SPDX-License-Identifier: Apache-2.0
# The front door. Each target first installs what it needs and does not find (Debian packages, as root; tools/need says
# which), then hands over to cmake or to a script in tools/.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 170
STRESS_SECONDS ?= 600
LINK_MODEL_RUNS ?= 100000
SOAK_SECONDS ?= 900

deps:            ## everything that any target needs
	@tools/need build test shells java fuzz bench

build:           ## build/bin/ukko, build/bin/ukko-peer, build/lib/
	@tools/need build
	@cmake --preset release > build.log 2>&1 || { cat build.log; exit 1; }
	@rm -f build.log
	@cmake --build build -j $(JOBS)

run: build       ## a node with the built-in actors on 127.0.0.1:7355
	@exec build/bin/ukko node

demo: build      ## a C node and a real JVM node look each other up, send and ask
	@tools/need demo
	@tools/need --optional java
	@examples/demo

demo-workers: build ## a JVM application with ten workers in two C processes, one of which is killed and comes back
	@tools/need demo java
	@examples/workers/run

test:            ## the whole suite; the last line is "N passed, N failed"
	@tools/need build test
	@tools/need --optional shells
	@tools/need --optional python
	@tools/need --optional java
	@tools/need --optional judges
	@tools/need --optional nat
	@tools/need --optional docs
	@tools/run-tests --jobs $(JOBS)

test-real:       ## a real Flink JobManager, Akka 2.6.21, and Pekko 1.0.2, 1.1.5, 1.2.1, 1.4.0, 1.6.0, 1.7.0; the page in a browser, promtool, tshark; long, fetches 400 MB
	@tools/need build test java
	@tools/need --optional watchers
	@tools/run-tests --jobs $(JOBS) --real

conformance:     ## every two-peer scenario between all pairs and versions, and every raw case
	@tools/need build test java
	@tools/run-tests --jobs $(JOBS) --all-pairs

stress: build    ## random kills, restarts and watch storms for STRESS_SECONDS (600): nothing may be lost
	@tools/need test
	@cmake --preset release -DUKKO_TESTS=REQUIRED > /dev/null
	@cmake --build build -j $(JOBS) --target test_stress
	@STRESS_SECONDS=$(STRESS_SECONDS) build/tests/test_stress

bench:           ## everything that is measured, in one run; an hour or two
	@tools/need build bench
	@tools/need --optional bench-peers
	@tools/need --optional java
	@bench/all

bench-scale:     ## what a node, a link, a reference and a watch cost
	@tools/need build bench
	@bench/scale
model: build     ## the pure link machines of two nodes through LINK_MODEL_RUNS (100000) lives of a bad network
	@tools/need test
	@cmake --preset release -DUKKO_TESTS=REQUIRED > /dev/null
	@cmake --build build -j $(JOBS) --target test_link_model
	@LINK_MODEL_RUNS=$(LINK_MODEL_RUNS) build/tests/test_link_model

hostile: build   ## 10000 hostile connections while a peer works at full rate: what it keeps of it, and the memory
	@tests/hostile/run

faults: build    ## faults between real nodes in network namespaces: partition, blackhole, kill -9, SIGSTOP, 500 restarts; needs root
	@tests/faults/run

soak: build      ## ukko and a real JVM under random faults for SOAK_SECONDS (900): a ledger, and nothing unaccounted for
	@tools/need test java
	@tests/peer/build.sh 1.0.2
	@tests/soak/run --seconds $(SOAK_SECONDS)

bench-local:     ## L1 to L7 in one process: ukko beside other actor systems
	@tools/need build bench
	@tools/need --optional bench-peers
	@bench/local

bench-remote:    ## round trips and one-way speed: ukko, JVM, raw TCP
	@tools/need build bench
	@tools/need --optional java
	@bench/remote

bench-deploy:    ## 100000 remote children made, spoken to and stopped: ukko and the JVM, both ways; rate, and that nothing is held
	@tools/need build bench
	@tools/need --optional java
	@bench/storm

differential:    ## 100000 random messages of every kind to the JVM's serializers and back, for both versions of Pekko
	@tools/need build test java
	@tests/differential/run --count $(or $(COUNT),100000)

differential-actors:    ## random commands to a ukko peer and a JVM's, alone and in pairs: what each step brings has to be the same (SEEDS, SEED)
	@tools/need build test java
	@cmake --preset release -DUKKO_TESTS=REQUIRED > /dev/null
	@cmake --build build -j $(JOBS) --target ukko-peer
	@tests/peer/build.sh > /dev/null
	@tests/differential/actors --seeds $(or $(SEEDS),30) $(if $(SEED),--seed $(SEED))

spec-coverage:   ## which cases of Pekko's own specs are covered by a test, and pass
	@tools/need test
	@tools/spec-coverage

fuzz:            ## runs each fuzzer for FUZZ_SECONDS (170, an hour for all) on its kept corpus
	@tools/need build fuzz
	@tools/run-fuzz $(FUZZ_SECONDS)

asan:            ## the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/need build test
	@tools/run-tests --jobs $(JOBS) --only asan

tsan:            ## the unit tests with ThreadSanitizer
	@tools/need build test
	@tools/run-tests --jobs $(JOBS) --only tsan

install:         ## to PREFIX (/usr/local), below DESTDIR; with manual pages and completions
	@tools/need --optional manual
	@$(MAKE) build
	@cmake --install build --prefix "$(PREFIX)"

docs: build      ## build/site/index.html: README, guide, C reference, manual pages; no JavaScript
	@tools/need docs
	@tools/site.py build/site

tarball:         ## build/dist/ukko-VERSION.tar.gz, the committed source
	@packaging/tarball

deb:             ## Debian packages in build/deb, looked at by lintian and used
	@tools/need build deb
	@packaging/deb
	@packaging/test

abi:             ## what has changed in the library's interface since the last release (abi/)
	@tools/need build deb
	@packaging/abi

clean:
	@rm -rf build build-*
