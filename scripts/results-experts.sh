#!/usr/bin/env bash
# Regenerates docs/results/experts.md: the models compact and experts (scripts/get-maxim.sh) side by side on the test
# sets of configs/datasets/shared.toml and on real pairs, with the program's own choice of precision.
#   scripts/results-experts.sh
# Environment: DACLIP (default build/release/bin/daclip), DATA (root of the list's paths, default: that of the list),
# REAL (a folder of scripts/split-real-data.sh; without it no real pairs), REPORT (default results/experts),
# EXPERTS (default experts, a name or file), DACLIP_METRIC_WEIGHTS.
set -eu
cd "$(dirname "$0")/.."
program=${DACLIP:-build/release/bin/daclip} report=${REPORT:-results/experts} experts=${EXPERTS:-experts}
models=(--model models/compact --model "experts=$experts" --no-pictures)

"$program" eval configs/datasets/shared.toml ${DATA:+--root "$DATA"} "${models[@]}" -o "$report/test" \
  --title "compact and experts on the test sets" --sets rainy_Rain100H jpeg_LIVE1 inpainting_CelebA-HQ256 \
  hazy_RESIDE_SOTS-indoor hazy_RESIDE_SOTS-outdoor lowlight_LOL raindrop_RainDrop rainy_SIRR \
  blurry_synthetic-leftthomas CBSD68-noisy
cp "$report/test/tables.md" docs/results/experts.md
if [ -n "${REAL:-}" ]; then
  "$program" eval configs/datasets/real.toml --root "$REAL" "${models[@]}" -o "$report/real" --limit 30 \
    --title "compact and experts on real pairs" --sets noisy-polyu shadowed-uiuc_guo clean-exif_cameras
  { echo; cat "$report/real/tables.md"; } >> docs/results/experts.md
fi
