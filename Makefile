# wad: everything a newcomer needs. `make demo` and `make test` need nothing before them.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

.PHONY: help deps build demo run test interop bench fuzz lint fmt install clean

help:
	@echo "make demo     install packages, build, run a campaign on the simulated network"
	@echo "make test     install what tests need, build, run every test"
	@echo "make run      start wad in the foreground on the real network"
	@echo "make build    build the release programs into build/release"
	@echo "make install  install the programs below PREFIX ($(PREFIX))"
	@echo "also: deps interop bench fuzz lint fmt clean"

deps:
	@scripts/deps.sh build

build: deps
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target wad wactl watui wasandbox

demo: build
	@scripts/demo.sh build/release

run: build
	@scripts/run.sh build/release

test:
	@scripts/deps.sh test
	@scripts/test.sh

lint:
	@tests/lint/all.sh

interop:
	@scripts/deps.sh test
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS)
	@tests/interop/run.sh build/asan

bench:
	@scripts/deps.sh test
	@cmake --preset release >/dev/null && cmake --build --preset release -j $(JOBS)
	@tests/bench/run.sh build/release

fuzz:
	@scripts/deps.sh test
	@tests/fuzz/run.sh

fmt:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: build
	@cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
