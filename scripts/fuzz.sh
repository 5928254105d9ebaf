#!/usr/bin/env bash
# Builds the fuzz targets with clang's libFuzzer and the address and undefined sanitizers, and runs each from its seeds:
#   scripts/fuzz.sh [SECONDS [TARGET...]]     60 seconds each of all targets; TARGET is image, pack, ...
# Prints, for each target, the inputs of this run and of all runs, the edges before and after, and the inputs kept.
# build/fuzz/corpus/TARGET keeps what a run found, and the next one starts from it; build/fuzz/runs counts the inputs.
# An input that crashes a target is written to build/fuzz/crashes; build/fuzz/bin/TARGET_fuzz FILE repeats it.
# JOBS=N runs N processes of a target at once. Needs scripts/packages.sh fuzz. docs/fuzzing.md says more.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=($(cd fuzz && ls *_fuzz.cpp | sed 's/_fuzz\.cpp//'))

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "${BUILD_JOBS:-$(nproc)}" --target "${targets[@]/%/_fuzz}"

crashes=build/fuzz/crashes failed=()
mkdir -p "$crashes" build/fuzz/runs
printf '%-16s %12s %12s %8s %8s %8s\n' target inputs 'in all' edges after kept
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target log=build/fuzz/$target.log count=build/fuzz/runs/$target
  mkdir -p "$corpus"
  options=("$corpus" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$crashes/$target-"
           -print_final_stats=1)
  dictionary=fuzz/dictionaries/$target.dict
  [ ! -e "$dictionary" ] || options+=(-dict="$dictionary")
  rm -f "$log"
  pids=()
  for ((job = 0; job < ${JOBS:-1}; job++)); do
    FUZZ_SEEDS=$corpus UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS=suppressions=cmake/lsan.supp \
      "build/fuzz/bin/${target}_fuzz" "${options[@]}" \
      > "$log.$job" 2>&1 & pids+=($!)
  done
  ok=true
  for pid in "${pids[@]}"; do wait "$pid" || ok=false; done
  $ok || failed+=("$target")
  cat "$log".* > "$log"
  rm "$log".*
  now=$(awk '/^stat::number_of_executed_units:/ {n += $2} END {print n + 0}' "$log")
  total=$((now + $(cat "$count" 2>/dev/null || echo 0)))
  echo "$total" > "$count"
  read -r before after < <(awk '{for (i = 1; i < NF; i++) if ($i == "cov:") {
      if ($2 == "INITED" && !first) first = $(i + 1)
      if ($(i + 1) > last) last = $(i + 1)
    }} END {print first + 0, last + 0}' "$log")
  printf '%-16s %12s %12s %8s %8s %8s\n' "$target" "$now" "$total" "$before" "$after" "$(ls "$corpus" | wc -l)"
done
for target in "${failed[@]}"; do
  echo "fuzz.sh: $target failed; the end of build/fuzz/$target.log:" >&2
  tail -60 "build/fuzz/$target.log" >&2
done
[ ${#failed[@]} -eq 0 ]
