#!/usr/bin/env bash
# Builds without training, runs the tests, and writes which lines they reach: build/coverage/report/index.html, and
# summary.txt beside it. Needs scripts/packages.sh coverage.
set -eu
cd "$(dirname "$0")/.."
build=build/coverage report=build/coverage/report

cmake --preset coverage > /dev/null
cmake --build --preset coverage -j "${JOBS:-$(nproc)}"
find "$build" -name '*.gcda' -delete
ctest --preset coverage -j "${JOBS:-$(nproc)}"
mkdir -p "$report"
gcovr --root . --filter 'src/' --filter 'apps/' --filter 'include/' -j "${JOBS:-$(nproc)}" "$build" \
  --html-details "$report/index.html" --txt "$report/summary.txt"
tail -3 "$report/summary.txt"
