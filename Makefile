# `make demo` restores the photos in examples/, `make test` builds and tests everything, `make lint` checks style.
# Each command installs the Debian packages that are missing.

JOBS ?= $(shell nproc)
export JOBS
.PHONY: build demo test asan tsan clang lint tidy fuzz coverage docs package check-package bench bench-peers clean

build:
	scripts/packages.sh run
	cmake --preset demo > /dev/null
	cmake --build --preset demo --target daclip_program daclip -j $(JOBS)

demo: build
	scripts/demo.sh build/demo/bin/daclip

test:
	scripts/packages.sh test
	cmake --preset release > /dev/null
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

# The other presets with tests.
asan: PACKAGES = test
tsan: PACKAGES = tsan
clang: PACKAGES = clang
asan tsan clang:
	scripts/packages.sh $(PACKAGES)
	cmake --preset $@ > /dev/null
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

lint:
	scripts/packages.sh lint
	scripts/lint.sh format text quick

# Every check of .clang-tidy, over the tests too: three times the time.
tidy:
	scripts/packages.sh lint
	scripts/lint.sh tidy

# FUZZ_SECONDS for each target.
FUZZ_SECONDS ?= 60
fuzz:
	scripts/packages.sh fuzz
	scripts/fuzz.sh $(FUZZ_SECONDS)

coverage:
	scripts/packages.sh coverage
	scripts/coverage.sh

docs:
	scripts/packages.sh docs
	cmake --preset demo > /dev/null
	cmake --build --preset demo --target docs

# A Debian package and a tar archive in build/packages.
package:
	scripts/packages.sh package
	scripts/package.sh

# Installs and runs both on fresh Debian systems. Needs root.
check-package:
	scripts/packages.sh package
	scripts/check-package.sh

# The paper's networks at full size: this engine beside plain PyTorch, as ratios. Wants an idle machine.
bench: PACKAGES = bench
# The same beside a current PyTorch and OpenVINO from pip (5 GB in build/peers).
bench-peers: PACKAGES = peers
bench-peers: PEERS = --peers
bench bench-peers:
	scripts/packages.sh $(PACKAGES)
	cmake --preset demo -DDACLIP_BENCH=ON > /dev/null
	cmake --build --preset demo --target network_bench -j $(JOBS)
	scripts/bench.sh $(PEERS) build/demo

clean:
	rm -rf build
