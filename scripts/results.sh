#!/usr/bin/env bash
# Makes docs/results/ anew: the shipped model over all that configs/datasets/shared.toml lists. Tables and charts only.
#   scripts/results.sh [options of daclip eval...]
# Environment: DACLIP (the program, default build/release/bin/daclip), DATA (where the list's paths start, default what
# the list says), REPORT (working folder, default results/compact; a run that was broken off goes on there), RESULTS
# (default docs/results), DACLIP_METRIC_WEIGHTS.
set -eu
cd "$(dirname "$0")/.."
program=${DACLIP:-build/release/bin/daclip} report=${REPORT:-results/compact} results=${RESULTS:-docs/results}

status=0
"$program" eval configs/datasets/shared.toml ${DATA:+--root "$DATA"} --model models/compact --precision f32 \
  --no-pictures --title "The model compact on the test sets" -o "$report" "$@" || status=$?
[ "$status" -le 1 ] || exit "$status"  # 1: some images failed, and stand in the tables

mkdir -p "$results"
rm -f "$results"/*.svg "$results"/tables.* "$results"/results.csv "$results"/summary.json
cp "$report"/*.svg "$report"/tables.md "$report"/tables.tex "$report"/results.csv "$report"/summary.json "$results"
exit "$status"
