#!/usr/bin/env bash
# Builds the fuzz targets with clang's libFuzzer and the address and undefined sanitizers, and runs each from its seeds:
#   scripts/fuzz.sh [SECONDS [TARGET...]]     60 seconds each of all targets; TARGET is image, pack, ...
# build/fuzz/corpus/TARGET keeps what a run found, and the next one starts from it. An input that crashes a target is
# written to build/fuzz/crashes; build/fuzz/bin/TARGET_fuzz FILE repeats it. Needs scripts/packages.sh fuzz.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=($(cd fuzz && ls *_fuzz.cpp | sed 's/_fuzz\.cpp//'))

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "${JOBS:-$(nproc)}" --target "${targets[@]/%/_fuzz}"

crashes=build/fuzz/crashes failed=()
mkdir -p "$crashes"
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target log=build/fuzz/$target.log
  mkdir -p "$corpus"
  FUZZ_SEEDS=$corpus UBSAN_OPTIONS=print_stacktrace=1 "build/fuzz/bin/${target}_fuzz" "$corpus" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$crashes/$target-" \
    -print_final_stats=1 > "$log" 2>&1 || failed+=("$target")
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
done
for target in "${failed[@]}"; do
  echo "fuzz.sh: $target failed; the end of build/fuzz/$target.log:" >&2
  tail -60 "build/fuzz/$target.log" >&2
done
[ ${#failed[@]} -eq 0 ]
