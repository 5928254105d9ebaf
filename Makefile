# Two commands for everybody: `make demo` restores the photos in examples/, `make test` builds and tests everything.
# Each installs the Debian packages that are missing.

JOBS ?= $(shell nproc)
.PHONY: demo test asan tsan bench clean

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

clean:
	rm -rf build
