# Two commands for everybody: `make demo` restores the photos in examples/, `make test` builds and tests everything.
# Each installs the Debian packages that are missing.

JOBS ?= $(shell nproc)
.PHONY: demo test asan tsan bench bench-peers clean

demo:
	scripts/packages.sh run
	cmake --preset demo > /dev/null
	cmake --build --preset demo --target daclip_program -j $(JOBS)
	scripts/demo.sh build/demo/bin/daclip

test:
	scripts/packages.sh test
	cmake --preset release > /dev/null
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

asan tsan:
	scripts/packages.sh test
	cmake --preset $@ > /dev/null
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

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
