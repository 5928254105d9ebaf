#!/usr/bin/env bash
# Regenerates docs/results/: evaluates the shipped model on all sets in configs/datasets/shared.toml. Tables and charts
# only.
#   scripts/results.sh [options of daclip eval...]
# Environment: DACLIP (the program, default build/release/bin/daclip), DATA (root of the list's paths, default: the root
# given in the list), REPORT (working folder, default results/compact; an interrupted run continues there), RESULTS
# (default docs/results), DACLIP_METRIC_WEIGHTS.
set -eu
cd "$(dirname "$0")/.."
program=${DACLIP:-build/release/bin/daclip} report=${REPORT:-results/compact} results=${RESULTS:-docs/results}

status=0
"$program" eval configs/datasets/shared.toml ${DATA:+--root "$DATA"} --model models/compact --precision f32 \
  --no-pictures --title "The model compact on the test sets" -o "$report" "$@" || status=$?
[ "$status" -le 1 ] || exit "$status"  # exit code 1: some images failed; the tables list them

mkdir -p "$results"
rm -f "$results"/*.svg "$results"/tables.* "$results"/results.csv "$results"/summary.json
cp "$report"/*.svg "$report"/tables.md "$report"/tables.tex "$report"/results.csv "$report"/summary.json "$results"
exit "$status"
